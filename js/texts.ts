/** Texts: the words of a row, and the tokens of the vocabulary as what is ranked. */
import { computed, signal, type Signal } from "@preact/signals";
import { explained, type Instances, type Row } from "./instances.js";
import { rowMap } from "./lags.js";
import { rank } from "./ranking.js";
import type { Store } from "./shared.js";
import { slice, unpack, type Shown } from "./wire.js";

/** One token of a text. */
export interface Word {
  id: number;
  name: string;
  /** Steps before the last token. */
  lag: number;
  /** Squared share of this row, in percent; NaN where the response is constant. */
  share: number;
  /** What it contributed, whose share of absolute values is then `share`; null for derivatives. */
  part: number | null;
}

/** The tokens of a row, first to last. */
export function sentence(row: Row, here: Instances, shown: Shown): Word[] {
  const { lags, state } = here;
  const { map } = rowMap(row, state, shown, { count: lags, unit: null, labels: null }, 1);
  const coordinates = state.all / lags;
  const own = explained(state, row.outputs, 0, shown.output) * row.values.length;
  const found: Word[] = [];
  for (let step = 0; step < lags; step++) {
    // All coordinates of a token hold its id; there is none before the first token.
    const id = row.values[step * coordinates]!;
    if (Number.isNaN(id)) continue;
    const name = row.words?.get(id) ?? here.vocabulary?.get(id) ?? String(id);
    const lag = lags - 1 - step;
    const part = state.additive ? row.jacobian[own + step]! : null;
    found.push({ id, name, lag, share: map[lag]!, part });
  }
  return found;
}

const stores = new WeakMap<Store, Store>();

/**
 * The store with tokens in the place of features: their names, shares and ranks. Which of them is
 * picked is of this page alone, and of no view of features; brushed rows and lags leave them be.
 */
export function ofTokens(store: Store): Store {
  const known = stores.get(store);
  if (known) return known;
  const about = computed(() => store.meta.value?.tokens);
  const names = computed(() => about.value?.names ?? []);
  const shares = computed(() => {
    const of = store.slice.value;
    return of?.tokens && slice(of, unpack(of.tokens, "<f4"));
  });
  const feature = computed(() => {
    const place = about.value?.ids.indexOf(pickedToken(store).value ?? NaN) ?? -1;
    return place < 0 ? null : place;
  });
  const found: Store = {
    ...store,
    names,
    slice: shares,
    ranking: computed(() => shares.value && rank(shares.value)),
    feature,
    subset: signal(null),
    within: signal(null),
    choose({ feature: place, ...change }) {
      if (place !== undefined)
        pickedToken(store).value = place === null ? null : (about.peek()?.ids[place] ?? null);
      if (Object.keys(change).length) store.choose(change);
    },
  };
  stores.set(store, found);
  return found;
}

const picked = new WeakMap<Store, Signal<number | null>>();

/** The id of the token that is picked among the ranked ones. */
export function pickedToken(store: Store): Signal<number | null> {
  const known = picked.get(store) ?? signal<number | null>(null);
  picked.set(store, known);
  return known;
}
