/** A beeswarm: on a line for each feature, its attribution at each row of a sample. */
import { shade } from "../../canvas/colours.js";
import { Grid } from "../../canvas/grid.js";
import { extent, pixels, type Scale } from "../../scales.js";
import { quantile } from "./painted.js";
import type { Picture } from "./picture.js";
import { entryOf, type Scene } from "./quantities.js";

/** Rows with derivatives come first, and any first part of them is a fair sample. */
export const SAMPLE = 2_000;
/** Height of a feature's line. */
export const LINE = 30;
const AXIS = 44;
/** Above the first line. */
const TOP = 28;
const RADIUS = 1.7;

export interface Swarm extends Picture {
  features: number[];
  /** How high each row's value of the feature is, by mark. */
  shades: Uint8Array;
  sample: number;
}

export function swarm(scene: Scene, features: number[], width: number): Swarm {
  const { here, shown } = scene;
  const sample = Math.min(here.held, SAMPLE);
  const names = Math.round(Math.min(Math.max(0.26 * width, 74), 170));
  const height = Math.max(features.length, 1) * LINE + AXIS + TOP;
  const box = { left: names + 14, right: width - 12, top: TOP, bottom: height - AXIS };
  const attributions = features.map((feature) => here.attributions(entryOf(scene, feature), shown));
  const ends = attributions.map((of) => extent(of.subarray(0, sample)));
  const low = Math.min(0, ...ends.map(([low]) => low));
  const high = Math.max(0, ...ends.map(([, high]) => high));
  const room = (high - low || 1) * 0.02;
  const horizontal: Scale = { low: low - room, high: high + room, from: box.left, to: box.right };
  const x = new Float32Array(features.length * sample);
  const y = new Float32Array(x.length);
  const shades = new Uint8Array(x.length);
  features.forEach((feature, f) => {
    const at = f * sample;
    const line = x.subarray(at, at + sample);
    attributions[f]!.subarray(0, sample).forEach(
      (value, i) => (line[i] = pixels(horizontal, value)),
    );
    packed(line, y.subarray(at, at + sample), middle(f));
    const values = here.valuesOf(entryOf(scene, feature)).subarray(0, sample);
    const most = [quantile(values, 0.05), quantile(values, 0.95)] as const;
    // A value that few rows have is told from the others, too.
    const [from, to] = most[1] > most[0] ? most : extent(values);
    values.forEach((value, i) => (shades[at + i] = shade(value, from, to)));
  });
  return {
    features,
    sample,
    x,
    y,
    shades,
    grid: new Grid(x, y, width, height),
    width,
    height,
    box,
    horizontal,
    radius: RADIUS,
    cover: 0.9,
    place: (mark) => mark % sample,
    spots: (place) =>
      features.flatMap((_, f): [number, number][] => {
        const at = pixels(horizontal, attributions[f]![place] ?? NaN);
        if (!Number.isFinite(at)) return [];
        return [[at, place < sample ? y[f * sample + place]! : middle(f)]];
      }),
  };
}

export const middle = (f: number): number => TOP + (f + 0.5) * LINE;

/** Marks of one place on the line are piled up around it, in the order of their rows. */
function packed(x: Float32Array, y: Float32Array, centre: number): void {
  const BIN = 2;
  const piles = new Map<number, number>();
  const ranks = Array.from(x, (at) => {
    const bin = Math.round(at / BIN);
    const rank = piles.get(bin) ?? 0;
    piles.set(bin, rank + 1);
    return rank;
  });
  const most = Math.max(1, ...piles.values());
  const step = Math.min(1.6 * RADIUS, (LINE - 6) / most);
  ranks.forEach((rank, i) => {
    const side = rank % 2 ? 1 : -1;
    y[i] = Number.isNaN(x[i]!) ? NaN : centre + side * Math.ceil(rank / 2) * step;
  });
}
