/** Lags as Python would send them: planted delays, on top of a state's first slice. */
import { packed, type Packed, type State } from "../wire.js";

interface Sketch {
  lags: number;
  unit?: string | null;
  labels?: string[];
  rows: number;
}

/** The state with lags and rows that fit its one slice. */
export function withLags(state: State, sketch: Sketch): State {
  const { lags: T, unit = null, labels = null, rows: n } = sketch;
  const F = state.names.length;
  const { data } = state.importance as Packed;
  const share = new Float32Array(data.buffer as ArrayBuffer, data.byteOffset, F);
  const shape = (k: number, f: number, row = 0): number => {
    const peak = (f * 7 + row * 3) % Math.max(2, Math.round(T / 2.5));
    const wide = 1 + T / 24 + (f % 4);
    return (
      Math.exp(-(((k - peak) / wide) ** 2)) +
      0.3 * Math.exp(-k / (T / 12)) +
      (f % 3 === 0 && T > 40 && k % 24 === 0 ? 0.6 : 0)
    );
  };
  const map = new Float32Array(T * F);
  for (let f = 0; f < F; f++) {
    let total = 0;
    for (let k = 0; k < T; k++) total += shape(k, f);
    for (let k = 0; k < T; k++) map[k * F + f] = (share[f]! * shape(k, f)) / total;
  }
  const sums = Array.from({ length: T }, (_, k) =>
    map.subarray(k * F, (k + 1) * F).reduce((a, b) => a + b, 0),
  );
  let carried = 0;
  const far = 1 + sums.findIndex((sum) => (carried += sum) >= 90);
  const E = T * F;
  const entries = new Uint32Array(3 * E);
  const jacobian = new Float32Array(n * E);
  for (let e = 0; e < E; e++) {
    const [lag, f] = [T - 1 - Math.floor(e / F), e % F];
    entries.set([e], e);
    entries.set([e], E + e);
    entries.set([f], 2 * E + e);
    for (let i = 0; i < n; i++)
      jacobian[i * E + e] =
        map[lag * F + f]! * (1 + 0.5 * Math.sin(i + f)) + 0.01 * shape(lag, f, i);
  }
  const outputs = new Float32Array(n).map((_, i) => 3 * Math.sin(2 * i));
  return {
    ...state,
    meta: { ...state.meta, lags: { count: T, unit, labels } } as State["meta"],
    lags: {
      slices: [
        {
          ...{ response: "raw", output: 0, memory: [far, Math.max(1, far - 1), far + 1] },
          low: packed(
            Float32Array.from(sums, (sum) => 0.9 * sum),
            T,
          ),
          high: packed(
            Float32Array.from(sums, (sum) => 1.12 * sum),
            T,
          ),
          map: packed(map, T, F),
          widths: packed(
            map.map((cell, at) => (12 * cell) / share[at % F]!),
            T,
            F,
          ),
        },
      ],
    },
    instances: {
      rows: packed(
        Uint32Array.from({ length: n }, (_, i) => 11 * i),
        n,
      ),
      labels: null,
      outputs: packed(outputs, n, 1),
      kind: "values",
      columns: [0],
      weights: [1],
      target: packed(
        outputs.map((y, i) => y + 0.3 * Math.cos(5 * i)),
        n,
      ),
      classes: null,
      classifier: false,
      entries: packed(entries, 3, E),
      members: null,
      all: E,
      jacobian: packed(jacobian, n, 1, E),
      values: packed(new Float32Array(n * E), n, E),
      more: false,
    },
  };
}
