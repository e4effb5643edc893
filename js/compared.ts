/** One row, or two side by side: one order and one scale for what they are sensitive to. */
import type { Item, Local } from "./local.js";

export interface Compared {
  /** Features, those that move the response most first. */
  order: number[];
  /** Of each row, what is known of a feature. */
  items: ReadonlyMap<number, Item>[];
  /** The largest effect of any. */
  largest: number;
}

export function compared(cases: Local[]): Compared {
  const sizes = new Map<number, number>();
  for (const { items } of cases)
    for (const { feature, size } of items)
      sizes.set(feature, Math.max(sizes.get(feature) ?? 0, size || 0));
  const order = [...sizes.keys()].sort((a, b) => sizes.get(b)! - sizes.get(a)! || a - b);
  const items = cases.map((one) => new Map(one.items.map((item) => [item.feature, item])));
  return { order, items, largest: sizes.get(order[0]!) ?? 0 };
}

/** A round value that lies within `domain`, and beyond its half. */
export function tickWithin(domain: number): number {
  const power = 10 ** Math.floor(Math.log10(domain));
  return power * [5, 2, 1].find((factor) => factor * power <= domain * (1 + 1e-9))!;
}
