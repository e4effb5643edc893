/** What is picked, shared in the page by every explanation that has the same key. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { Picks } from "./wire.js";

/** A feature by its name, since another explanation may have it in another place. */
export interface Named {
  at: number;
  name: string;
}

export interface Linked extends Omit<Picks, "feature"> {
  feature: Named | null;
}

const NOTHING: Linked = {
  feature: null,
  instance: null,
  other: null,
  rows: null,
  lags: null,
  against: null,
};

/**
 * Plain data and listeners: hosts import the bundle once for each session, and signals of one
 * import are nothing to another.
 */
interface Hub {
  picks: Linked;
  hovered: number | null;
  /** The author of choices made in this page, and how many there were. */
  client: string;
  seq: number;
  listeners: Set<() => void>;
}

export interface Link {
  readonly picks: ReadonlySignal<Linked>;
  /** Position in X of the row under the pointer. */
  readonly hovered: ReadonlySignal<number | null>;
  readonly client: string;
  readonly seq: number;
  pick(change: Partial<Linked>): void;
  hover(row: number | null): void;
  /** One more choice was made here. */
  count(): number;
}

const REGISTRY = Symbol.for("nbexplain/1/links");

/** The link of this key, until `left` aborts; one of its own without a key. */
export function join(key: string | undefined, left?: AbortSignal): Link {
  const page = globalThis as unknown as { [REGISTRY]?: Map<string, Hub> };
  const registry = (page[REGISTRY] ??= new Map());
  const hub = (key && registry.get(key)) || newHub();
  const picks = signal(hub.picks);
  const hovered = signal(hub.hovered);
  const listener = () => {
    picks.value = hub.picks;
    hovered.value = hub.hovered;
  };
  const tell = () => hub.listeners.forEach((listen) => listen());
  hub.listeners.add(listener);
  if (key) registry.set(key, hub);
  left?.addEventListener(
    "abort",
    () => {
      hub.listeners.delete(listener);
      if (key && !hub.listeners.size) registry.delete(key);
    },
    { once: true },
  );
  return {
    picks,
    hovered,
    client: hub.client,
    get seq() {
      return hub.seq;
    },
    pick(change) {
      hub.picks = { ...hub.picks, ...change };
      tell();
    },
    hover(row) {
      if (row === hub.hovered) return;
      hub.hovered = row;
      tell();
    },
    count: () => (hub.seq += 1),
  };
}

const newHub = (): Hub => ({
  picks: NOTHING,
  hovered: null,
  client: Math.random().toString(36).slice(2),
  seq: 0,
  listeners: new Set(),
});
