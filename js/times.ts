/** What the store knows of lags: the maps that are here or asked for, and which lag is meant. */
import { computed, effect, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { lagMap as unpacked, lagMaps, peak, type LagMap } from "./lags.js";
import { UNATTENDED, type Host, type Wait } from "./shared.js";
import { key, type LagSlice, type Meta, type Picks, type Shown, type State } from "./wire.js";

/** What maps are about. */
interface Subject {
  meta: ReadonlySignal<Meta | null>;
  names: ReadonlySignal<string[]>;
  shown: ReadonlySignal<Shown>;
  picks: ReadonlySignal<Pick<Picks, "lags">>;
  /** Whether importances are shown: nothing is asked for before. */
  ready: ReadonlySignal<boolean>;
}

export function createTimes(
  { meta, names, shown, picks, ready }: Subject,
  host: Host | null,
  left?: AbortSignal,
) {
  const maps: Signal<ReadonlyMap<string, LagMap | Wait>> = signal(new Map());
  const steps = computed(() => meta.value?.lags?.count ?? 0);
  const lags = computed(() => {
    const [first, end] = [-(meta.value?.lags?.leads ?? 0), steps.value];
    const here = picks.value.lags?.filter((lag) => lag >= first && lag < end);
    return here?.length ? here : null;
  });
  const lagMap = computed(() => maps.value.get(key(shown.value)));
  const time = computed(() => {
    const all = maps.value.get(key({ ...shown.value, step: null }));
    return isMap(all) ? all.time : null;
  });
  const only = computed(() => (lags.value?.length === 1 ? lags.value[0]! : null));
  const lagOf = computed(() => {
    const [lag, map] = [only.value, lagMap.value];
    return (feature: number) => lag ?? (isMap(map) ? peak(map, feature) : null);
  });
  const set = (of: Shown, found: LagMap | Wait, only = false) => {
    maps.value = new Map(only ? [] : maps.peek()).set(key(of), found);
  };
  const ask = () => {
    if (!steps.value || lagMap.value || !ready.value) return;
    const now = shown.peek();
    set(now, host ? "asked" : { error: UNATTENDED });
    host?.lags(now);
  };
  const stop = effect(ask);
  left?.addEventListener("abort", stop, { once: true });
  return {
    steps,
    lags,
    lagMap,
    time,
    lagOf,
    load(next: Meta | null, state: State["lags"]) {
      const known = next?.lags && state && "slices" in state ? state.slices : [];
      maps.value = next?.lags
        ? lagMaps(known as LagSlice[], next.lags, names.peek().length)
        : new Map();
    },
    receive: (slice: LagSlice, only?: boolean) =>
      set(slice, unpacked(slice, meta.peek()!.lags!, names.peek().length), only),
    refuse: (of: Shown, error: string) => set(of, { error }),
  };
}

export const isMap = (found: LagMap | Wait | null | undefined): found is LagMap =>
  typeof found === "object" && found !== null && "map" in found;
