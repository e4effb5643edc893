/** Sequences: shares by lag and feature, of all rows or of one. Lag 0 is the last step, "now". */
import { chain } from "./chain.js";
import { explained, type Row } from "./instances.js";
import { key, packed, unpack, type InstancesState, type LagsState, type Shown } from "./wire.js";

/** Shares in percent of the total, `[lags, features]`; NaN where it is unknown. */
export interface LagMap {
  lags: number;
  features: number;
  map: Float32Array;
  /** The lags' intervals; null at one row. */
  low: Float32Array | null;
  high: Float32Array | null;
  /** The share of what is not in the map; 0 where all is. */
  rest: number;
}

/** The maps of a page's state, by `key`. */
export function lagMaps(state: LagsState, lags: number, features: number): Map<string, LagMap> {
  const [low, high, map] = [state.low, state.high, state.map].map((array) => unpack(array, "<f4"));
  const count = state.slices.length;
  if (low!.length !== count * lags || map!.length !== count * lags * features)
    throw new Error(`Maps of lags do not fit ${count} slices of ${lags} lags.`);
  const cut = (array: Float32Array, s: number, size: number) =>
    array.subarray(s * size, (s + 1) * size);
  return new Map(
    state.slices.map((info, s) => [
      key(info),
      {
        lags,
        features,
        map: cut(map!, s, lags * features),
        low: cut(low!, s, lags),
        high: cut(high!, s, lags),
        rest: 0,
      },
    ]),
  );
}

/** What `lagMaps` reads. */
export function packedLags(all: [Shown, LagMap][]): LagsState | Record<string, never> {
  const first = all[0]?.[1];
  if (!first) return {};
  const { lags, features } = first;
  const joined = (of: (map: LagMap) => Float32Array, ...shape: number[]) => {
    const found = new Float32Array(shape.reduce((a, b) => a * b, all.length));
    all.forEach(([, map], s) => found.set(of(map), (s * found.length) / all.length));
    return packed(found, all.length, ...shape);
  };
  return {
    slices: all.map(([{ response, output }]) => ({ response, output })),
    low: joined(({ low }) => low!, lags),
    high: joined(({ high }) => high!, lags),
    map: joined(({ map }) => map, lags, features),
  };
}

/** Squared shares of one row by lag and feature, as `Explanation.lag_map` has them. */
export function rowMap(
  row: Row,
  state: InstancesState,
  { output, response }: Shown,
  lags: number,
  features: number,
): LagMap {
  const { outputs, jacobian, owners, values, positions } = row;
  const [width, entries] = [outputs.length, values.length];
  const factors = new Float64Array(width);
  chain(factors, outputs, 0, explained(state, outputs, 0, output), state.kind, response);
  const columns = (positions ? state.all : entries) / lags;
  const map = new Float32Array(lags * features).fill(NaN);
  let total = 0;
  for (let e = 0; e < entries; e++) {
    let g = 0;
    for (let l = 0; l < width; l++) g += factors[l]! * jacobian[l * entries + e]!;
    const lag = lags - 1 - Math.floor((positions ? positions[e]! : e) / columns);
    const at = lag * features + owners[e]!;
    map[at] = (map[at]! || 0) + g * g;
    total += g * g;
  }
  let others = 0;
  for (let k = 0; row.rest && k < width; k++)
    for (let l = 0; l < width; l++) others += factors[k]! * factors[l]! * row.rest[k * width + l]!;
  others = Math.max(others, 0);
  const scale = 100 / (total + others);
  return {
    lags,
    features,
    map: map.map((square) => (total + others > 0 ? scale * square : NaN)),
    low: null,
    high: null,
    rest: others > 0 ? scale * others : 0,
  };
}

/** Percent by lag: of the total, or of what one feature carries. */
export function profile({ lags, features, map }: LagMap, feature: number | null): Float64Array {
  const found = new Float64Array(lags);
  for (let k = 0; k < lags; k++)
    if (feature !== null) found[k] = map[k * features + feature]!;
    else for (let j = 0; j < features; j++) found[k]! += map[k * features + j]! || 0;
  const total = found.reduce((sum, share) => sum + share, 0);
  if (feature === null) return total > 0 ? found : found.fill(NaN);
  return found.map((share) => (total > 0 ? (100 * share) / total : NaN));
}

/** λ of every feature within some lags: the shares of what the features carry there. */
export function within({ features, map }: LagMap, lags: readonly number[]): Float32Array {
  const found = new Float64Array(features);
  for (const k of lags)
    for (let j = 0; j < features; j++) found[j]! += map[k * features + j] ?? NaN;
  const total = found.reduce((sum, share) => sum + share, 0);
  return Float32Array.from(found, (share) => (total > 0 ? (100 * share) / total : NaN));
}

/** The fewest lags that carry 90 % of a profile, lag 0 first; none where that is undefined. */
export function carrying(shares: ArrayLike<number>): number[] {
  const order = Array.from(shares, (_, k) => k).sort((a, b) => shares[b]! - shares[a]! || a - b);
  const total = order.reduce((sum, k) => sum + shares[k]!, 0);
  let sum = 0;
  // Float32 shares of a total that is exactly 90 % may add up to a little less.
  const last = order.findIndex((k) => (sum += (100 * shares[k]!) / total) >= 90 - 1e-5);
  return order.slice(0, last + 1).sort((a, b) => a - b);
}

/** Neighbours among ascending numbers as one: [first, last]. */
export function runs(ascending: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const at of ascending) {
    const run = found.at(-1);
    if (run && at === run[1] + 1) run[1] = at;
    else found.push([at, at]);
  }
  return found;
}

/** "lag 3", "lags 0–5", "lags 0–2, 7". */
export function lagRanges(lags: readonly number[]): string {
  const all = runs(lags);
  const told = all.slice(0, 4).map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`));
  return `lag${lags.length > 1 ? "s" : ""} ${told.join(", ")}${all.length > 4 ? ", …" : ""}`;
}
