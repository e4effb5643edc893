/** Where marks stand: rows of X as points, in bands by class, or along the lines of a beeswarm. */
import { Grid, type Box } from "../../canvas/grid.js";
import { extent, pixels, type Scale } from "../../scales.js";
import { said, threshold, values, type Axis, type Scene } from "./quantities.js";

/** Marks in CSS pixels, and what it takes to find them. */
export interface Picture {
  x: Float32Array;
  y: Float32Array;
  grid: Grid;
  width: number;
  height: number;
  /** Where marks are. */
  box: Box;
  horizontal: Scale;
  /** Radius of a mark, and how much it hides of what is below. */
  radius: number;
  cover: number;
  /** The row of a mark, by its place. */
  place(mark: number): number;
  /** Where a row is: one point, or one on each line. */
  spots(place: number): [x: number, y: number][];
}

export interface Band {
  /** The code of a class; −1 for rows of unknown class, −2 for all other classes. */
  code: number;
  top: number;
  bottom: number;
  count: number;
  right: number;
  wrong: number;
}

export interface Points extends Picture {
  axes: [x: Axis, y: Axis];
  vertical: Scale | null;
  bands: Band[];
  /** Of each row, its band. */
  band: Uint8Array | null;
  threshold: number;
}

const MARGIN = { left: 46, right: 12, top: 30, bottom: 44 };
/** A line of words above each band. */
const WORDS = 20;
const MOST_BANDS = 12;

export function points(scene: Scene, axes: [x: Axis, y: Axis], width: number): Points {
  const { here } = scene;
  const strips = axes[1] === "classes";
  const bands = strips ? bandsOf(scene) : null;
  const count = bands?.bands.length ?? 0;
  const height = strips
    ? 26 + MARGIN.bottom + count * Math.max(Math.min(84, 480 / count), 44)
    : Math.round(Math.min(Math.max(0.56 * width, 230), 380));
  const box = {
    left: strips ? 8 : MARGIN.left,
    right: width - MARGIN.right,
    top: strips ? 26 : MARGIN.top,
    bottom: height - MARGIN.bottom,
  };
  const across = values(scene, axes[0]);
  const horizontal = padded(scene, axes[0], across, box.left, box.right);
  const x = across.map((value) => pixels(horizontal, value));
  let y: Float32Array;
  let vertical: Scale | null = null;
  if (bands) {
    const each = (box.bottom - box.top) / count;
    bands.bands.forEach((band, b) => {
      band.top = box.top + b * each + WORDS;
      band.bottom = box.top + (b + 1) * each - 6;
    });
    y = jittered(x, bands.band, bands.bands, box);
  } else {
    const up = values(scene, axes[1]);
    vertical = padded(scene, axes[1], up, box.bottom, box.top);
    y = up.map((value) => pixels(vertical!, value));
  }
  const grid = new Grid(x, y, width, height);
  return {
    axes,
    x,
    y,
    grid,
    width,
    height,
    box,
    horizontal,
    vertical,
    bands: bands?.bands ?? [],
    band: bands?.band ?? null,
    threshold: axes[0] === "prediction" ? threshold(scene) : NaN,
    ...looks(grid.count, width),
    place: (mark) => mark,
    spots: (place) =>
      place < here.count && Number.isFinite(x[place]! + y[place]!) ? [[x[place]!, y[place]!]] : [],
  };
}

/** Fewer marks are larger, and hide more. */
export function looks(count: number, width: number): { radius: number; cover: number } {
  const radius = Math.min(
    Math.max(0.45 * Math.sqrt((width * 240) / Math.max(count, 1)), 1.05),
    3.4,
  );
  return { radius, cover: count > 20_000 ? 0.75 : 0.88 };
}

/** Probabilities go from 0 to 1, whatever they are; all else leaves a little room. */
function padded(scene: Scene, axis: Axis, of: Float32Array, from: number, to: number): Scale {
  let [low, high] = extent(of);
  const { response } = scene.shown;
  const share =
    scene.here.state.classifier &&
    (axis === "error" ||
      (axis === "prediction" && low >= 0 && high <= 1 && response !== "logodds"));
  if (share) [low, high] = [0, 1];
  const room = (high - low) * (share ? 0.012 : 0.03);
  return { low: low - room, high: high + room, from, to };
}

/** The classes of y as bands; of many, the most frequent ones. */
function bandsOf(scene: Scene): { bands: Band[]; band: Uint8Array } {
  const { here, shown } = scene;
  const counts = new Map<number, number>();
  const codes = new Int32Array(here.count);
  for (let i = 0; i < here.count; i++) {
    const code = here.target(i, shown.output);
    codes[i] = Number.isNaN(code) ? -1 : code;
    counts.set(codes[i]!, (counts.get(codes[i]!) ?? 0) + 1);
  }
  let kept = [...counts.keys()].sort((a, b) => a - b);
  if (kept.length > MOST_BANDS) {
    const frequent = [...kept].sort((a, b) => counts.get(b)! - counts.get(a)! || a - b);
    const few = new Set(frequent.slice(0, MOST_BANDS - 1));
    kept = [...kept.filter((code) => few.has(code)), -2];
  } else if (kept[0] === -1) kept.push(kept.shift()!);
  const places = new Map(kept.map((code, b) => [code, b]));
  const bands = kept.map((code): Band => ({
    code,
    top: 0,
    bottom: 0,
    count: 0,
    right: 0,
    wrong: 0,
  }));
  const band = new Uint8Array(here.count);
  for (let i = 0; i < here.count; i++) {
    const b = places.get(codes[i]!) ?? bands.length - 1;
    band[i] = b;
    bands[b]!.count += 1;
    if (codes[i]! >= 0) bands[b]![said(scene, i) === codes[i] ? "right" : "wrong"] += 1;
  }
  return { bands, band };
}

/** Marks of a band spread as wide as they are dense there, and the same at every drawing. */
function jittered(x: Float32Array, band: Uint8Array, bands: Band[], box: Box): Float32Array {
  const BIN = 6;
  const bins = Math.ceil((box.right - box.left) / BIN) + 1;
  const dense = bands.map(() => new Float32Array(bins));
  const bin = (at: number) => Math.min(Math.max(Math.floor((at - box.left) / BIN), 0), bins - 1);
  for (let i = 0; i < x.length; i++) if (x[i]! - x[i]! === 0) dense[band[i]!]![bin(x[i]!)]! += 1;
  const smooth = dense.map((of) => {
    const near = of.map((n, b) => (n * 2 + (of[b - 1] ?? 0) + (of[b + 1] ?? 0)) / 4);
    const most = near.reduce((a, b) => Math.max(a, b), 1);
    // Roots, so that the tails are seen as well.
    return near.map((n) => Math.sqrt(n / most));
  });
  return x.map((at, i) => {
    const { top, bottom } = bands[band[i]!]!;
    const reach = ((bottom - top) / 2) * (0.12 + 0.88 * smooth[band[i]!]![bin(at)]!);
    return Number.isNaN(at) ? NaN : (top + bottom) / 2 + (2 * noise(i) - 1) * reach;
  });
}

/** A number in [0, 1) that looks random, the same for a place always. */
export function noise(place: number): number {
  let t = Math.imul(place + 1, 0x9e3779b1);
  t = Math.imul(t ^ (t >>> 15), 0x85ebca6b);
  t = Math.imul(t ^ (t >>> 13), 0xc2b2ae35);
  return ((t ^ (t >>> 16)) >>> 0) / 4_294_967_296;
}

/** Rows of a band that the network has right, or wrong. */
export function cell(scene: Scene, { band, bands }: Points, b: number, right: boolean): number[] {
  const found: number[] = [];
  for (let i = 0; i < scene.here.count; i++) {
    if (band![i] !== b || bands[b]!.code === -1) continue;
    const target = scene.here.target(i, scene.shown.output);
    if (!Number.isNaN(target) && (said(scene, i) === target) === right) found.push(i);
  }
  return found;
}
