/** Rows of X as Python would send them: a smooth, made-up network on made-up inputs. */
import { packed, type InstancesState, type Kind, type Packed, type State } from "../wire.js";

interface Sketch {
  rows: number;
  kind: Kind;
  classes?: string[];
  /** How much a row's derivative differs from the mean one. */
  varied?: number;
  /** Rows with derivatives; all by default. */
  held?: number;
  /** Features held; all by default. */
  leading?: number;
  labels?: (row: number) => string;
  targeted?: boolean;
  more?: boolean;
}

/** The state with rows that fit its first slice. */
export function withRows(state: State, sketch: Sketch): State {
  const { rows: n, kind, varied = 0.4, targeted = true, more = false } = sketch;
  const { held = n } = sketch;
  const all = state.names.length;
  const width = "outputs" in state.meta ? state.meta.outputs.length : 1;
  const packedShares = state.importance as Packed;
  const { buffer, byteOffset } = packedShares.data;
  const at = (quantity: number, f: number) =>
    new DataView(buffer, byteOffset).getFloat32(4 * (quantity * all + f), true);
  const order = state.names.map((_, f) => f).sort((a, b) => at(0, b) - at(0, a));
  const leading = order.slice(0, sketch.leading ?? all);
  const E = leading.length;
  const draw = normal(7);

  const X = new Float32Array(n * all).map(draw);
  const weight = leading.map((f) => (at(0, f) / 100) * (at(3, f) < 0 ? -1 : 1));
  const values = new Float32Array(held * E);
  const jacobian = new Float32Array(held * width * E);
  const outputs = new Float32Array(n * width);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    leading.forEach((f, e) => {
      const x = X[i * all + f]!;
      const bend = varied * Math.sin(1.5 * x + e);
      sum += weight[e]! * (x + varied * (Math.cos(e) - Math.cos(1.5 * x + e)) * 0.67);
      if (i >= held) return;
      values[i * E + e] = e === 1 ? Math.round(100 * (50 + 12 * x)) : x;
      for (let k = 0; k < width; k++)
        jacobian[(i * width + k) * E + e] =
          3 * weight[e]! * (1 + bend) * (width === 1 ? 1 : k === width - 1 ? 0.5 : -0.5);
    });
    for (let k = 0; k < width; k++)
      outputs[i * width + k] = 3 * sum * (width === 1 ? 1 : k === width - 1 ? 0.5 : -0.5);
  }
  const target = new Float32Array(n).map((_, i) => {
    const z = outputs[i * width + width - 1]! - (width > 1 ? outputs[i * width]! : 0);
    if (!sketch.classes) return z + 0.4 * draw();
    const noisy = z + 0.8 * draw();
    return sketch.classes.length === 2 ? Number(noisy > 0) : i % sketch.classes.length;
  });
  const others = E < all;
  const positions = new Uint32Array(n).map((_, i) => (i * 7_919) % n);
  const entries = new Uint32Array(3 * E);
  leading.forEach((f, e) => entries.set([f], e));
  leading.forEach((f, e) => entries.set([f], E + e));
  leading.forEach((f, e) => entries.set([f], 2 * E + e));
  const instances: InstancesState = {
    rows: packed(positions, n),
    labels: sketch.labels ? Array.from(positions, sketch.labels) : null,
    outputs: packed(outputs, n, width),
    kind,
    columns: Array.from({ length: width }, (_, k) => k),
    weights: Array<number>(width).fill(1),
    target: targeted ? packed(target, n) : null,
    classes: (targeted && sketch.classes) || null,
    classifier: kind !== "values",
    entries: packed(entries, 3, E),
    members: null,
    all,
    jacobian: packed(jacobian, held, width, E),
    values: packed(values, held, E),
    ...(others
      ? { rest: packed(new Float32Array(held * width * width).fill(1e-4), held, width, width) }
      : {}),
    more,
  };
  return { ...state, instances };
}

/** Normal draws that are the same on every machine: mulberry32 and Box-Muller. */
function normal(seed: number): () => number {
  let a = seed;
  const uniform = () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}
