/** One row, or two side by side: one order and one scale for what they are sensitive to. */
import type { Item, Local } from "./local.js";

export interface Compared {
  /** Features, those that move the response most first. */
  order: number[];
  /** Of each row, what is known of a feature. */
  items: ReadonlyMap<number, Item>[];
  /** The largest effect of any. */
  largest: number;
  /** Of each row, the share of the features that the page does not hold; NaN or null as there. */
  rests: (number | null)[];
}

export function compared(cases: Local[]): Compared {
  const sizes = new Map<number, number>();
  for (const { items } of cases)
    for (const { feature, size } of items)
      sizes.set(feature, Math.max(sizes.get(feature) ?? 0, size || 0));
  const order = [...sizes.keys()].sort((a, b) => sizes.get(b)! - sizes.get(a)! || a - b);
  return {
    order,
    items: cases.map(({ items }) => new Map(items.map((item) => [item.feature, item]))),
    largest: sizes.get(order[0]!) ?? 0,
    rests: cases.map(({ rest }) => rest),
  };
}

/** The share of the features from place `from` on, together with those that are not here. */
export function shareFrom({ order, items, rests }: Compared, which: number, from: number): number {
  const rest = rests[which] ?? 0;
  return order.slice(from).reduce((sum, f) => sum + (items[which]!.get(f)?.share ?? 0), rest);
}

/** Round values on both sides of zero, at most `most` on each, as far as ±`domain`. */
export function signedTicks(domain: number, most: number): number[] {
  if (!(domain > 0)) return [0];
  const power = 10 ** Math.floor(Math.log10(domain / most));
  const step = power * [1, 2, 5, 10].find((factor) => domain / (factor * power) < most + 1)!;
  const last = Math.floor(domain / step + 1e-9);
  return Array.from({ length: 2 * last + 1 }, (_, i) => (i - last) * step);
}
