/** Sequences: shares by lag and feature, of all rows or of one. Lag 0 is the last step, "now". */
import { chain } from "./chain.js";
import { explained, type Row } from "./instances.js";
import {
  key,
  unpack,
  type InstancesState,
  type LagSlice,
  type LagsMeta,
  type Shown,
} from "./wire.js";

/** Shares in percent of the total, `[lags, features]`; NaN where it is unknown. */
export interface LagMap {
  /** All lags, `leads` of which are below 0: the lag at place i is i − leads. */
  lags: number;
  leads: number;
  features: number;
  map: Float32Array;
  /** Of contributions, which add up with their signs before, the lags' shares; else null. */
  own: Float32Array | null;
  /** The lags' intervals; null over some rows. */
  low: Float32Array | null;
  high: Float32Array | null;
  /** Half the intervals' widths of each feature's own profile; null where they are unknown. */
  widths: Float32Array | null;
  /** Steps of the shortest window that carries 90 %, and its interval; null where it is unknown. */
  memory: Memory | null;
  /** Of all output steps together: percent by output step and input step; else null. */
  time: Float32Array | null;
  /** The share of what is not in the map; 0 where all is. */
  rest: number;
}

type Memory = LagSlice["memory"];

/** How many lags there are with the leads, and how many these are; none of tables. */
export function extent(about: LagsMeta | null | undefined): { lags: number; leads: number } {
  const { count = 0, leads = 0 } = about ?? {};
  return { lags: leads + count, leads };
}

/** The map of one slice. */
export function lagMap(slice: LagSlice, about: LagsMeta, features: number): LagMap {
  const { lags, leads } = extent(about);
  const [low, high, map] = [slice.low, slice.high, slice.map].map((array) => unpack(array, "<f4"));
  const widths = slice.widths ? unpack(slice.widths, "<f4") : null;
  const time = slice.time ? unpack(slice.time, "<f4") : null;
  const own = slice.own ? unpack(slice.own, "<f4") : null;
  const sizes = [low!.length, high!.length, map!.length, widths?.length ?? lags * features];
  if (sizes.some((size, i) => size !== lags * (i < 2 ? 1 : features)))
    throw new Error(`A map of ${sizes.join(", ")} numbers does not fit ${lags} lags.`);
  const { memory } = slice;
  return {
    ...bare(map!, lags, leads, features),
    low: low!,
    high: high!,
    widths,
    time,
    memory,
    own,
  };
}

/** A map of some rows: without intervals. */
export const bare = (
  map: Float32Array,
  lags: number,
  leads: number,
  features: number,
  rest = 0,
): LagMap => ({
  ...{ lags, leads, features, map, rest },
  ...{ low: null, high: null, widths: null, time: null, memory: null, own: null },
});

/** The maps of a page's state, by `key`. */
export const lagMaps = (
  slices: LagSlice[],
  about: LagsMeta,
  features: number,
): Map<string, LagMap> => new Map(slices.map((of) => [key(of), lagMap(of, about, features)]));

/**
 * Squared shares of one row by lag and feature, as `Explanation.lag_map` has them; of contributions
 * the shares of their absolute values.
 */
export function rowMap(
  row: Row,
  state: InstancesState,
  { output, response }: Shown,
  about: LagsMeta,
  features: number,
): LagMap {
  const { lags, leads } = extent(about);
  const { outputs, jacobian, owners, values, positions } = row;
  const [width, entries] = [outputs.length, values.length];
  const factors = new Float64Array(width);
  chain(factors, outputs, 0, explained(state, outputs, 0, output), state.kind, response);
  const columns = (positions ? state.all : entries) / about.count;
  const map = new Float32Array(lags * features).fill(NaN);
  const { additive } = state;
  for (let e = 0; e < entries; e++) {
    let g = 0;
    for (let l = 0; l < width; l++) g += factors[l]! * jacobian[l * entries + e]!;
    const place = lags - 1 - Math.floor((positions ? positions[e]! : e) / columns);
    const at = place * features + owners[e]!;
    map[at] = (map[at]! || 0) + (additive ? g : g * g);
  }
  let others = 0;
  for (let k = 0; row.rest && k < width; k++)
    for (let l = 0; l < width; l++) others += factors[k]! * factors[l]! * row.rest[k * width + l]!;
  others = additive ? Math.abs(others) : Math.max(others, 0);
  settle(map, about, features);
  // Elsewhere there may be more at every lag.
  const own = additive && !row.rest ? percents(byLag(map, lags)) : null;
  if (additive) map.forEach((part, at) => (map[at] = Math.abs(part)));
  const total = map.reduce((all, part) => all + (part || 0), 0);
  const scale = 100 / (total + others);
  const shares = map.map((part) => (total + others > 0 ? scale * part : NaN));
  return { ...bare(shares, lags, leads, features, others > 0 ? scale * others : 0), own };
}

/** Sizes of what the features contribute at each lag, added up with their signs. */
const byLag = (map: Float32Array, lags: number): Float64Array => {
  const features = map.length / lags;
  return Float64Array.from({ length: lags }, (_, k) =>
    Math.abs(map.subarray(k * features, (k + 1) * features).reduce(sum, NaN)),
  );
};

/** Parts in percent of their total. */
export function percents(parts: Float64Array): Float32Array {
  const total = parts.reduce(sum, NaN);
  return Float32Array.from(parts, (part) => (total > 0 ? (100 * part) / total : NaN));
}

/** Of features that are known, 0 where a state meets steps, or a step the states: there is no entry. */
export function settle(map: Float32Array, about: LagsMeta, features: number): void {
  if (about.beginning === undefined) return;
  for (let j = 0; j < features; j++) {
    const own = Array.from({ length: map.length / features }, (_, k) => k * features + j);
    if (own.some((at) => !Number.isNaN(map[at]!)))
      for (const at of own) if (Number.isNaN(map[at]!)) map[at] = 0;
  }
}

/** Percent by place of a lag: of the total, or of what one feature carries; NaN where there is no such lag. */
export function profile(of: LagMap, feature: number | null): Float64Array {
  const { lags, features, map, own } = of;
  if (own && feature === null) return Float64Array.from(own);
  const found = new Float64Array(lags);
  for (let k = 0; k < lags; k++)
    if (feature !== null) found[k] = map[k * features + feature]!;
    else found[k] = map.subarray(k * features, (k + 1) * features).reduce(sum, NaN);
  const total = found.reduce(sum, NaN);
  if (feature === null) return total > 0 ? found : found.fill(NaN);
  return found.map((share) => (total > 0 ? (100 * share) / total : NaN));
}

/** Of what is known; NaN where nothing is. */
const sum = (all: number, one: number): number =>
  Number.isNaN(one) ? all : Number.isNaN(all) ? one : all + one;

/** The lag at which a feature carries most; null where that is unknown. */
export function peak(of: LagMap, feature: number): number | null {
  const { lags, leads, features, map } = of;
  let best: number | null = null;
  for (let k = 0; k < lags; k++) {
    const share = map[k * features + feature]!;
    if (share > 0 && (best === null || share > map[best * features + feature]!)) best = k;
  }
  return best === null ? null : best - leads;
}

/** λ of every feature within some lags: the shares of what the features carry there. */
export function within(of: LagMap, lags: readonly number[]): Float32Array {
  const { leads, features, map } = of;
  const found = new Float64Array(features).fill(NaN);
  for (const k of lags)
    for (let j = 0; j < features; j++) found[j] = sum(found[j]!, map[(k + leads) * features + j]!);
  const total = found.reduce(sum, NaN);
  return Float32Array.from(found, (share) => (total > 0 ? (100 * share) / total : NaN));
}

/** Places of the fewest lags that carry 90 % of a profile, ascending; none where it is undefined. */
export function carrying(shares: ArrayLike<number>): number[] {
  const order = Array.from(shares, (_, k) => k)
    .filter((k) => shares[k]! >= 0)
    .sort((a, b) => shares[b]! - shares[a]! || a - b);
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
