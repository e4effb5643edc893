/** From one slice to what is drawn: order, the 90 % line, the axis, and what may be claimed. */
import type { Slice } from "./wire.js";

export type Direction = "rises" | "falls" | "both" | "none";

export interface Ranking {
  /** Features, most important first; ties keep the data's order, undefined shares come last. */
  order: number[];
  /** Place of each feature in `order`. */
  place: Uint32Array;
  /** How many features from the top carry 90 % of the total; 0 where that is undefined. */
  cut: number;
  /** The end of the axis in percent: every bar and whisker fits. */
  domain: number;
  /** Percent carried down to each place. */
  cumulative: Float64Array;
  /** What is claimed of any feature. */
  directions: ReadonlySet<Direction>;
  /** Whether any interval is known. */
  intervals: boolean;
}

const CUT = 90;

/** Hue and arrow follow this rule everywhere: a sign is claimed where |mean| ≥ rms / 2. */
export function directionOf(value: number): Direction {
  if (Number.isNaN(value)) return "none";
  // The ratio was rounded to float32 on its way here, so that exactly one half still counts.
  if (Math.abs(value) < 0.5 - 1e-7) return "both";
  return value > 0 ? "rises" : "falls";
}

const RANKED = new WeakMap<Slice, Ranking>();

/** Of a slice that is chosen again, the very same. */
export function rank(slice: Slice): Ranking {
  const found = RANKED.get(slice) ?? ranked(slice);
  RANKED.set(slice, found);
  return found;
}

function ranked({ share, high, low, direction }: Slice): Ranking {
  const order = Array.from(share, (_, i) => i);
  const size = (i: number): number => (Number.isNaN(share[i]) ? -1 : share[i]!);
  order.sort((a, b) => size(b) - size(a) || a - b);
  const place = new Uint32Array(share.length);
  order.forEach((feature, i) => (place[feature] = i));

  const cumulative = new Float64Array(share.length);
  // Of many tokens the leading ones are here, and their shares are of the total of all.
  const total = Math.max(
    share.reduce((sum, value) => sum + value, 0),
    100,
  );
  let sum = 0;
  order.forEach((feature, i) => (cumulative[i] = sum += (100 * share[feature]!) / total));
  // Float32 shares of a total that is exactly 90 % may add up to a little less.
  const cut = cumulative.findIndex((percent) => percent >= CUT - 1e-5) + 1;

  let domain = 0;
  let intervals = false;
  share.forEach((value, i) => {
    if (value > domain) domain = value;
    if (high[i]! > domain) domain = high[i]!;
    intervals ||= !Number.isNaN(low[i]) && !Number.isNaN(high[i]);
  });
  return {
    order,
    place,
    cut,
    domain: domain > 0 ? Math.min(domain * 1.02, 100) : 100,
    cumulative,
    directions: new Set(Array.from(direction, directionOf)),
    intervals,
  };
}

/**
 * The end of the axis with brushed shares on it. It grows in steps, so that the bars do not move
 * with every move of a brush, and is back where it was when the brush goes.
 */
export function reach({ domain }: Ranking, marks: Float32Array | undefined): number {
  let most = 0;
  marks?.forEach((mark) => (most = mark > most ? mark : most));
  if (most <= domain) return domain;
  const steps = Math.ceil(Math.log(most / domain) / Math.log(1.25) - 1e-9);
  return Math.min(domain * 1.25 ** steps, Math.max(100, domain));
}

/** Places whose name contains the query, whatever the case; null without a query. */
export function filtered(order: number[], names: string[], query: string): number[] | null {
  const wanted = query.trim().toLocaleLowerCase();
  if (!wanted) return null;
  return order.filter((feature) => names[feature]!.toLocaleLowerCase().includes(wanted));
}
