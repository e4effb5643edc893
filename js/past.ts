/** What the store knows of a training: its history, and the moment that bars are taken back to. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import { count, counted } from "./format.js";
import {
  history as unpacked,
  joined,
  mapAt,
  nearest,
  sliceAt,
  type History,
  type HistoryState,
  type Moment,
} from "./history.js";
import { within, type LagMap } from "./lags.js";
import { rank, type Ranking } from "./ranking.js";
import type { Store } from "./shared.js";
import { key, type Meta, type Scrubbed, type Shown, type Slice } from "./wire.js";

export interface Past {
  /** Null of an explanation that no watch made. */
  readonly history: ReadonlySignal<History | null>;
  /** Whether it is by the method that is shown. */
  readonly own: ReadonlySignal<boolean>;
  /** The moment that bars are taken back to; null at the latest. */
  readonly moment: ReadonlySignal<Moment | null>;
  /** The importances at that moment, and their ranking. */
  readonly slice: ReadonlySignal<Slice | null>;
  readonly ranking: ReadonlySignal<Ranking | null>;
  /** The lags at that moment; null where they are not here. */
  readonly lagMap: ReadonlySignal<LagMap | null>;
}

export function createPast(
  meta: ReadonlySignal<Meta | null>,
  names: ReadonlySignal<string[]>,
  shown: ReadonlySignal<Shown>,
  left?: AbortSignal,
) {
  const history = signal<History | null>(null);
  const chosen = signal<number | null>(null);
  const own = computed(() => history.value?.method === meta.value?.method);
  // A step back is one of what was watched: another output or response has no past.
  const step = computed(() => {
    const of = history.value;
    return of && own.value && key(of) === key(shown.value) ? chosen.value : null;
  });
  const moment = computed(() => {
    const moments = history.value?.moments;
    if (step.value === null || !moments?.length) return null;
    const place = nearest(moments, step.value);
    return place < moments.length - 1 ? moments[place]! : null;
  });
  const slice = computed(() => {
    const [of, at] = [history.peek(), moment.value];
    if (!of || !at) return null;
    const question = `${of.question}, ${counted(at.rows, "row")}, at step ${count(at.step)}`;
    return sliceAt(of, at, names.value.length, question);
  });
  const stop = effect(() => {
    if (history.value && step.value === null) chosen.value = null;
  });
  left?.addEventListener("abort", stop, { once: true });
  return {
    history,
    own,
    moment,
    slice,
    lagMap: computed(() => {
      const [of, at] = [history.peek(), moment.value];
      return of && at && mapAt(of, at, meta.value?.lags, names.value.length);
    }),
    ranking: computed(() => slice.value && rank(slice.value)),
    /** Go back to a step, or with null to the latest; gives what is to be shown for that. */
    scrub(to: number | null | undefined): Shown | null {
      if (to === undefined) return null;
      const of = to === null || !own.peek() ? null : history.peek();
      chosen.value = to;
      if (!of || key(of) === key(shown.peek())) return null;
      return { response: of.response, output: of.output, step: null };
    },
    /** As it stands in a choice. */
    chosen: (): Scrubbed => (moment.peek() ? { moment: moment.peek()!.step } : {}),
    load(state: HistoryState | Record<string, never> | undefined) {
      history.value = state && "steps" in state ? unpacked(state as HistoryState) : null;
    },
    receive(state: HistoryState, anew = false) {
      const [before, later] = [history.peek(), unpacked(state)];
      history.value = anew || !before ? later : joined(before, later);
    },
  };
}

const stores = new WeakMap<Store, Store>();

/**
 * The store with the importances of the moment in the place of the latest. What is brushed is of
 * the latest, so that it leaves such importances be.
 */
export function atMoment(store: Store): Store {
  const known = stores.get(store);
  if (known) return known;
  const { past } = store;
  const unless = <V>(latest: ReadonlySignal<V | null>) =>
    computed(() => (past.moment.value ? null : latest.value));
  const found: Store = {
    ...store,
    slice: computed(() => past.slice.value ?? store.slice.value),
    ranking: computed(() => past.ranking.value ?? store.ranking.value),
    subset: unless(store.subset),
    within: computed(() => {
      const [map, lags] = [past.lagMap.value, store.lags.value];
      if (!past.moment.value) return store.within.value;
      return map && lags ? within(map, lags) : null;
    }),
    lagMap: computed(() => past.lagMap.value ?? store.lagMap.value),
    time: unless(store.time),
    methods: { ...store.methods, beside: unless(store.methods.beside) },
  };
  stores.set(store, found);
  return found;
}
