/** Keys in a list of features: up, down, to the ends; Escape picks none. */
import type { Store } from "../store.js";

/** Pick the feature that a key leads to, from the picked one. */
export function pickByKey(event: KeyboardEvent, store: Store, listed: number[]): void {
  const at = listed.indexOf(store.feature.peek() ?? -1);
  const last = listed.length - 1;
  const to: Record<string, number> = {
    ArrowDown: Math.min(at + 1, last),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: last,
    Escape: -1,
  };
  const place = to[event.key];
  if (place === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
  store.choose({ feature: listed[place] ?? null });
  event.preventDefault();
  event.stopPropagation();
}
