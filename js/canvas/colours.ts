/** Colours of marks: ramps of shades, in the theme that is painted behind. */

export type Theme = "light" | "dark";
export type RampName = "sign" | "size" | "share" | "class" | "none";

/** Shades of a ramp; 0 is for what is unknown. */
export const SHADES = 32;

/** What a mark's class is told by, besides its shade. */
export const SHAPES = 4;

const STOPS: Record<Theme, Record<RampName, string[]>> = {
  light: {
    // Falls, no claim (a grey that can be seen), rises.
    sign: ["#144c8c", "#5a96d3", "#9aa1a9", "#ee9355", "#a83c00"],
    size: ["#c4ccd0", "#6fb09d", "#1d7a66", "#0a3f35"],
    // Importance has no sign: from nothing to much in one hue.
    share: ["#f3f2f7", "#b8a8da", "#7654b3", "#35166f"],
    class: ["#23272c", "#0f8f79", "#8f4fb3", "#a3a9b0"],
    none: ["#6d767f", "#6d767f"],
  },
  dark: {
    sign: ["#9ccbff", "#4a8cd4", "#6d757e", "#cf6d2e", "#ffb887"],
    size: ["#4a525a", "#3f8b78", "#6fc9b0", "#dcfaf0"],
    share: ["#1f2027", "#55437f", "#9c83d4", "#ece4ff"],
    class: ["#f1f3f5", "#2fb89c", "#bd8be0", "#767e87"],
    none: ["#a0a8b1", "#a0a8b1"],
  },
};
const UNKNOWN: Record<Theme, string> = { light: "#d3d8dd", dark: "#3b424a" };

/** As many colours as there are shades, packed as a canvas holds them; the first is "unknown". */
export function palette(theme: Theme, ramp: RampName): Uint32Array {
  const stops = STOPS[theme][ramp].map(parsed);
  const found = new Uint32Array(SHADES + 1);
  found[0] = pack(parsed(UNKNOWN[theme]));
  for (let s = 0; s < SHADES; s++) {
    const at = ramp === "class" ? s % stops.length : (s / (SHADES - 1)) * (stops.length - 1);
    const below = Math.min(Math.floor(at), stops.length - 1);
    const [from, to] = [stops[below]!, stops[Math.min(below + 1, stops.length - 1)]!];
    found[s + 1] = pack(from.map((c, i) => Math.round(c + (at - below) * (to[i]! - c))));
  }
  return found;
}

/** A ramp as CSS. */
export const gradient = (theme: Theme, ramp: RampName): string =>
  `linear-gradient(90deg, ${STOPS[theme][ramp].join(", ")})`;

export const classColour = (theme: Theme, shade: number): string =>
  STOPS[theme].class[shade % STOPS[theme].class.length]!;

/** The shade of a value between two ends, 1 to SHADES; 0 where it is unknown. */
export function shade(value: number, low: number, high: number): number {
  const share = (value - low) / (high - low);
  if (Number.isNaN(share)) return Number.isNaN(value) ? 0 : 1 + SHADES / 2;
  return 1 + Math.round(Math.min(Math.max(share, 0), 1) * (SHADES - 1));
}

/** "#rrggbb" or "rgb(r g b)". */
export function parsed(colour: string): number[] {
  if (colour.startsWith("#")) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const channels = colour.match(/\d+/g)?.slice(0, 3).map(Number) ?? [];
  return channels.length === 3 ? channels : [255, 255, 255];
}

export const pack = ([red, green, blue]: number[]): number =>
  ((255 << 24) | (blue! << 16) | (green! << 8) | red!) >>> 0;
