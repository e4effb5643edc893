/** λ over some rows, from the derivatives that the page holds: METHODS A1 and A6. */
import { asSwept } from "./chain.js";
import type { Instances } from "./instances.js";
import { bare, extent, percents, settle, type LagMap } from "./lags.js";
import type { Meta, Shown } from "./wire.js";

/** Per feature, in percent; NaN where the page lacks it. */
export interface Subset {
  share: Float32Array;
  /** Of sequences, by lag and feature; null where it is unknown. */
  map: LagMap | null;
  /** Rows that it is over: those with derivatives. */
  held: number;
  /** Whether a kernel would know better. */
  partial: boolean;
}

/** λ over the rows at these places, given the shares over all. */
export function subset(
  here: Instances,
  places: Uint32Array,
  shown: Shown,
  overall: Float32Array,
  times: Meta["lags"],
): Subset {
  const { state, features, whole } = here;
  const added = state.additive ? contributed(here, places, shown, extent(times)) : null;
  const { held, squares } = added ?? summed(here, places, shown);
  const partial = !whole || held < places.length || !!state.padded;
  const share = new Float32Array(features).fill(NaN);
  if (!held) return { share, map: null, held, partial };
  const cells = new Map<number, number>();
  squares.forEach((sum, e) => {
    const cell = here.cells[e]!;
    cells.set(cell, (cells.get(cell) ?? 0) + sum);
  });
  const { lags: count, leads } = extent(times);
  const map = times ? new Float32Array(count * features).fill(NaN) : null;
  const roots = new Map<number, number>();
  let total = 0;
  here.cells.forEach((cell, e) => {
    const sum = cells.get(cell);
    if (sum === undefined) return;
    cells.delete(cell);
    const owner = here.owners[e]!;
    const root = added ? sum / held : Math.sqrt(sum / held);
    const lag = here.lag(e);
    if (map) map[(lag + leads) * features + owner] = root;
    const counts = times?.definition !== "lag0" || lag === 0;
    roots.set(owner, (roots.get(owner) ?? 0) + (counts ? root : 0));
    total += root;
  });
  added?.sizes.forEach((size, owner) => roots.set(owner, size / held));
  let [sum, known] = [0, 0];
  roots.forEach((root, feature) => {
    sum += root;
    known += overall[feature]!;
  });
  // Features that are not here keep their share, until the kernel knows better.
  const of = whole ? 100 : known;
  if (sum > 0) roots.forEach((root, feature) => (share[feature] = (of / sum) * root));
  if (map && times) settle(map, times, features);
  const shares = map?.map((root) => (of / total) * root);
  const own = added && whole ? percents(added.byLag) : null;
  const lagMap = shares ? { ...bare(shares, count, leads, features), own } : null;
  return { share, map: lagMap, held, partial };
}

/**
 * Sums of |contribution| over the rows that have them: by feature, by lag, and by cell, at its first
 * entry. Entries add up with their signs before.
 */
function contributed(
  here: Instances,
  places: Uint32Array,
  { output }: Shown,
  { lags, leads }: { lags: number; leads: number },
) {
  const { width, entries, state, jacobian, cells, owners } = here;
  const alone = output !== null || state.columns.length === 1;
  const columns = alone ? [state.columns[output ?? 0]!] : state.columns;
  const firsts = new Map<number, number>();
  cells.forEach((cell, e) => firsts.set(cell, firsts.get(cell) ?? e));
  const squares = new Float64Array(entries);
  const sizes = new Map<number, number>();
  const byLag = new Float64Array(lags);
  const atLag = new Float64Array(lags);
  let held = 0;
  for (const i of places) {
    if (i >= here.held) continue;
    held += 1;
    for (const k of columns) {
      const weight = alone ? 1 : Math.sqrt(state.weights[k]!);
      const byFeature = new Map<number, number>();
      const byCell = new Map<number, number>();
      atLag.fill(0);
      for (let e = 0, a = (i * width + k) * entries; e < entries; e++, a++) {
        const [first, owner] = [firsts.get(cells[e]!)!, owners[e]!];
        byCell.set(first, (byCell.get(first) ?? 0) + jacobian[a]!);
        byFeature.set(owner, (byFeature.get(owner) ?? 0) + jacobian[a]!);
        if (lags) atLag[here.lag(e) + leads]! += jacobian[a]!;
      }
      atLag.forEach((sum, place) => (byLag[place]! += weight * Math.abs(sum)));
      byCell.forEach((sum, e) => (squares[e]! += weight * Math.abs(sum)));
      byFeature.forEach((sum, owner) =>
        sizes.set(owner, (sizes.get(owner) ?? 0) + weight * Math.abs(sum)),
      );
    }
  }
  return { held, squares, sizes, byLag };
}

/** Sums of squares by entry over the rows that have derivatives, and how many these are. */
function summed(here: Instances, places: Uint32Array, { output, response }: Shown) {
  const { width, entries, state, jacobian } = here;
  const squares = new Float64Array(entries);
  const factors = new Float64Array(width);
  const alone = output !== null || state.columns.length === 1;
  const columns = alone ? [state.columns[output ?? 0]!] : state.columns;
  const plain = asSwept(state.kind, response);
  let held = 0;
  for (const i of places) {
    if (i >= here.held) continue;
    held += 1;
    for (const k of columns) {
      const weight = alone ? 1 : state.weights[k]!;
      const at = i * width * entries;
      if (plain) {
        for (let e = 0, a = at + k * entries; e < entries; e++, a++)
          squares[e]! += weight * jacobian[a]! * jacobian[a]!;
        continue;
      }
      here.chain(factors, i, k, response);
      for (let e = 0; e < entries; e++) {
        let sum = 0;
        for (let l = 0, a = at + e; l < width; l++, a += entries) sum += factors[l]! * jacobian[a]!;
        squares[e]! += weight * sum * sum;
      }
    }
  }
  return { held, squares };
}
