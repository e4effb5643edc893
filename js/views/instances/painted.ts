/** By what marks are coloured: shades by place, and what the legend says of them. */
import { shade, SHAPES, type RampName } from "../../canvas/colours.js";
import { effects, number } from "../../format.js";
import { classOf, entryOf, title, values, type Colour, type Scene } from "./quantities.js";

export interface Painted {
  ramp: RampName;
  shades: Uint8Array;
  shapes?: Uint8Array;
  /** What stands at the ends of the ramp. */
  ends?: [string, string];
  /** Codes of the classes, and their names. */
  classes?: { code: number; name: string }[];
  /** How many classes there are besides. */
  more?: number;
  /** Why there are no colours. */
  excuse?: string;
  /** Rows without a colour. */
  unknown: number;
}

/** Classes beyond these look alike. */
const MOST_CLASSES = 8;

export function painted(scene: Scene, colour: Colour): Painted {
  const of = values(scene, colour);
  const shades = new Uint8Array(of.length);
  if (colour === "classes") return classes(scene, of, shades);
  const signed = colour === "attribution";
  const sizes = of.subarray(0, FAIR).map(Math.abs);
  // Where nearly all are zero, the few that are not have colours still.
  const most = quantile(sizes, 0.99) || quantile(sizes, 1);
  let unknown = 0;
  for (let i = 0; i < of.length; i++) {
    shades[i] = shade(signed ? of[i]! : Math.abs(of[i]!), signed ? -most : 0, most);
    if (!shades[i]) unknown += 1;
  }
  if (unknown === of.length) return { ramp: "none", shades, excuse: excuse(scene), unknown: 0 };
  if (!most) return { ramp: "none", shades, excuse: "0 at every row", unknown };
  const text = effects(most);
  const ends: [string, string] = signed ? [text(-most), text(most)] : ["0", number(most, 3)];
  return { ramp: signed ? "sign" : "size", shades, ends, unknown };
}

function excuse(scene: Scene): string {
  const { here, feature } = scene;
  if (feature === null) return "";
  if (!here.leading.includes(feature)) return "not in the page";
  return entryOf(scene, feature) !== undefined
    ? "no attributions here"
    : "its entries have no one sign";
}

function classes(scene: Scene, of: Float32Array, shades: Uint8Array): Painted {
  const shapes = new Uint8Array(of.length);
  const codes = [...new Set(of)].filter((code) => code >= 0).sort((a, b) => a - b);
  const places = new Map(codes.map((code, place) => [code, place]));
  let unknown = 0;
  for (let i = 0; i < of.length; i++) {
    const place = places.get(of[i]!);
    if (place === undefined) unknown += 1;
    else [shades[i], shapes[i]] = look(place);
  }
  const listed = codes.slice(0, MOST_CLASSES).map((code) => ({ code, name: classOf(scene, code) }));
  return {
    ramp: "class",
    shades,
    shapes,
    classes: listed,
    more: codes.length - listed.length,
    unknown,
  };
}

/** Shade and shape of the class at a place: told apart by both. */
export function look(place: number): [shade: number, shape: number] {
  const turn = Math.floor(place / SHAPES);
  return [1 + ((place + turn) % SHAPES), place % SHAPES];
}

export const colourTitle = (scene: Scene, colour: Colour): string =>
  colour === "error"
    ? scene.here.state.classifier
      ? title(scene, "error")
      : "size of error"
    : title(scene, colour);

/** So many rows are as good as all: any first part of them is a fair sample. */
const FAIR = 20_000;

/** Of the first finite values. */
export function quantile(values: Float32Array, share: number): number {
  const sample = values.subarray(0, FAIR).filter(Number.isFinite).sort();
  return sample[Math.round(share * (sample.length - 1))] ?? NaN;
}
