/** Numbers and words as Python writes them (nbexplain/notebook/numbers.py). */
import type { Direction } from "./ranking.js";

export const MISSING = "–";

/** Whole numbers; the locale's own way takes longer than a row of bars. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

export const counted = (n: number, noun: string): string =>
  `${count(n)} ${noun}${n === 1 ? "" : "s"}`;

/** Decimals that a column shares: three significant digits at its largest magnitude. */
export function decimals(largest: number): number {
  if (!Number.isFinite(largest) || largest <= 0) return 0;
  const exponent = Number(largest.toExponential(2).split("e")[1]);
  return Math.min(Math.max(2 - exponent, 0), 12);
}

/** An exact zero is "0" (an unused input), what merely rounds to it "<0.1". */
export function fixed(value: number, places: number): string {
  if (Number.isNaN(value)) return MISSING;
  if (value === 0) return "0";
  const text = value.toFixed(places);
  return /[1-9]/.test(text) ? text : `<${(10 ** -places).toFixed(places)}`;
}

/** A number by itself: whole ones whole, others with three to five digits; a true minus. */
export function number(value: number, digits = 3): string {
  if (Number.isNaN(value)) return MISSING;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e12))
    return minus(value.toExponential(Math.max(digits - 2, 0)).replace("e+", "e"));
  return minus(
    value.toLocaleString(
      "en-US",
      size < 1000
        ? { maximumSignificantDigits: digits }
        : { maximumFractionDigits: size < 1e4 ? 1 : 0 },
    ),
  );
}

/** A number of single precision as somebody would type it. */
export const plain = (value: number): string => String(Number(value.toPrecision(7)));

/** What somebody typed, as a number; null where it is none. */
export function numberOf(typed: string): number | null {
  const text = typed
    .trim()
    .replace("−", "-")
    .replace(/[,\u202f](?=\d{3}(?!\d))/g, "");
  return text && Number.isFinite(Number(text)) ? Number(text) : null;
}

/** Where there is no room for whole ones, large numbers have three digits and a unit. */
export function compact(value: number): string {
  const [unit, name] = Math.abs(value) >= 1e9 ? [1e9, "G"] : [1e6, "M"];
  const large = Math.abs(value) >= 1e7 && Math.abs(value) < 1e12;
  return large ? minus(String(Number((value / unit).toPrecision(3)))) + name : number(value);
}

/** A probability is 0 or 1 only where it is. */
export const chance = (p: number): string =>
  p < 1 && p >= 0.99995 ? ">0.9999" : p > 0 && p < 5e-5 ? "<0.0001" : number(p, p > 0.99 ? 4 : 3);

/** How a column of effects is written whose largest is this: always with a sign. */
export function effects(largest: number): (value: number) => string {
  const places = decimals(largest);
  const plain = largest >= 1e-3 && largest < 1e5;
  return (value) => {
    if (Number.isNaN(value)) return MISSING;
    if (value === 0) return "0";
    const size = Math.abs(value);
    const text = plain ? grouped(fixed(size, places), places) : compact(size);
    return text.startsWith("<") ? "≈0" : (value < 0 ? "−" : "+") + text;
  };
}

/** How levels are written that effects lead to and from, the largest this: as finely as they. */
export function levels(largest: number): (value: number) => string {
  const places = decimals(largest);
  const plain = largest >= 1e-3 && largest < 1e5;
  return (value) => {
    if (!plain || !(Math.abs(value) < 1e7)) return compact(value);
    const text = value.toFixed(places);
    return /[1-9]/.test(text) ? minus(grouped(text, places)) : "0";
  };
}

const grouped = (text: string, places: number): string =>
  places ? text : text.replace(/\B(?=(\d{3})+$)/g, ",");

const minus = (text: string): string => text.replaceAll("-", "−");

export interface Tick {
  value: number;
  text: string;
}

/** Round values of an axis from 0, with the decimals of their step; the last says "%". */
export function percentTicks(domain: number, most: number): Tick[] {
  const power = 10 ** Math.floor(Math.log10(domain / most));
  const step = power * [1, 2, 5, 10].find((factor) => domain / (factor * power) <= most + 1e-9)!;
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const last = Math.floor(domain / step + 1e-9);
  return Array.from({ length: last + 1 }, (_, i) => ({
    value: i * step,
    text: (i * step).toFixed(i && places) + (i === last ? " %" : ""),
  }));
}

/** "about 6 s left", "about 3 min left". */
export function left(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 5400) return `about ${Math.round(seconds / 60)} min left`;
  return `about ${Math.round(seconds / 3600)} h left`;
}

export const ARROW: Record<Direction, string> = { rises: "↑", falls: "↓", both: "", none: "" };

export const WORDS: Record<Direction, string> = {
  rises: "rises with the input",
  falls: "falls with the input",
  both: "both ways",
  none: "",
};

const RESPONSES: Record<string, string> = {
  raw: "raw",
  prob: "probability",
  logodds: "log-odds",
};

export const responseLabel = (name: string): string => RESPONSES[name] ?? name;

/** One line of visible characters: line breaks become blanks, marks that reorder text vanish. */
export const printable = (name: string): string =>
  name
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim() || "(no name)";

/**
 * A name in two parts, of which the first may be cut: endings like `_lag_12` tell names apart.
 * The second begins at a separator where there is one within reach.
 */
export function parts(name: string): [string, string] {
  const pieces = [...segments(name)];
  if (pieces.length <= 14) return [name, ""];
  const near = pieces.slice(-9, -3).findIndex((piece) => /[\s_.\-/:]/.test(piece));
  const at = near < 0 ? -6 : near - 9;
  return [pieces.slice(0, at).join(""), pieces.slice(at).join("")];
}

/** A name in a sentence: of a long one the beginning and the end. */
export function short(name: string): string {
  const pieces = [...segments(printable(name))];
  if (pieces.length <= 40) return pieces.join("");
  return `${pieces.slice(0, 27).join("")}…${pieces.slice(-12).join("")}`;
}

/** What must not be cut: a character with its marks, a joined emoji. */
function segments(text: string): Iterable<string> {
  if (typeof Intl.Segmenter !== "function" || /^[ -~]*$/.test(text)) return text;
  return Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
}
