/** What the store knows of a model's versions: which there are, and what changed between two. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { Past } from "./past.js";
import type { Host } from "./shared.js";
import { key, unpack, type Output, type Packed, type Shown } from "./wire.js";

export interface VersionsState {
  /** Of each its number, its name, and whether it is pinned; the oldest first. */
  list: [number, string, boolean][];
  /** Numbers of the one that is shown, and of the one it is compared with. */
  shown: number;
  against: number | null;
  /** What is to be said besides: a name that is gone, a model that fails. */
  note: string;
  /** Whether the names are still followed. */
  followed: boolean;
  /** What changed, in a sentence, and what to know of it. */
  sentence?: string;
  notes?: string[];
  /** What `before` is of. */
  response?: string;
  output?: Output;
  /** `[3, features]`: share in percent and rank before (NaN: none), and 1 gained, −1 lost. */
  before?: Packed;
}

/** Importances of the version before, each `[features]` in the data's order. */
export interface Before {
  share: Float32Array;
  rank: Float32Array;
  claim: Float32Array;
}

export type Wish =
  | { do: "show"; number: number }
  | { do: "against"; number: number | null }
  | { do: "pin"; number: number; pinned: boolean }
  | { do: "name"; number: number; name: string };

export interface Versions {
  /** Null of an explanation whose names are not followed. */
  readonly told: ReadonlySignal<VersionsState | null>;
  /** Null where what is shown is compared with nothing. */
  readonly before: ReadonlySignal<Before | null>;
  /** Whether there is somebody to ask: a kernel, and names that are followed. */
  readonly possible: ReadonlySignal<boolean>;
  /** Asks the kernel. */
  ask(wish: Wish): void;
}

export function createVersions(
  names: ReadonlySignal<string[]>,
  shown: ReadonlySignal<Shown>,
  past: Pick<Past, "moment">,
  host: Host | null,
) {
  const told = signal<VersionsState | null>(null);
  const before = computed((): Before | null => {
    const of = told.value;
    const features = names.value.length;
    if (!of?.before || of.before.shape[1] !== features || past.moment.value) return null;
    if (key({ response: of.response!, output: of.output! }) !== key(shown.value)) return null;
    const values = unpack(of.before, "<f4");
    const row = (i: number) => values.subarray(i * features, (i + 1) * features);
    return { share: row(0), rank: row(1), claim: row(2) };
  });
  const possible = computed(
    () => host !== null && (host.live?.value ?? true) && !!told.value?.followed,
  );
  return {
    ask: (wish: Wish) => host?.version(wish),
    possible,
    told,
    before,
    load(state: VersionsState | Record<string, never> | undefined) {
      told.value = state && "list" in state ? (state as VersionsState) : null;
    },
  };
}

/** A feature's change in words, for a screen reader. */
export function spokenChange({ share, rank, claim }: Before, feature: number, now: number): string {
  const was = share[feature]!;
  if (Number.isNaN(was)) return ", not in the version before";
  const moved = rank[feature]! - now;
  const ranks = moved
    ? `, ${moved > 0 ? "up" : "down"} ${Math.abs(moved)} from rank ${rank[feature]}`
    : "";
  const word = { 1: ", gained", [-1]: ", lost" }[claim[feature]!] ?? "";
  return `, before ${was.toFixed(1)} percent${ranks}${word}`;
}
