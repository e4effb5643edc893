/** What the store knows of λ over the brushed rows: what the page can tell, and the kernel's answer. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Instances } from "./instances.js";
import { bare, extent } from "./lags.js";
import type { Host } from "./shared.js";
import { subset as over, type Subset } from "./subset.js";
import type { Meta, Shown, Slice } from "./wire.js";

/** What rows are brushed, and of what. */
interface Subject {
  meta: ReadonlySignal<Meta | null>;
  names: ReadonlySignal<string[]>;
  shown: ReadonlySignal<Shown>;
  slice: ReadonlySignal<Slice | undefined>;
  instances: ReadonlySignal<Instances | null>;
  rows: ReadonlySignal<Uint32Array | null>;
}

export function createBrushed(subject: Subject, host: Host | null, left?: AbortSignal) {
  const { meta, names, shown, slice, instances, rows } = subject;
  const answered = signal<{ of: Subset; better: Subset } | null>(null);
  const known = computed(() => {
    const [here, brushed, all] = [instances.value, rows.value, slice.value];
    if (!here || !brushed || !all) return null;
    const places = here.places(brushed);
    const found = over(here, places, shown.value, all.share, meta.value?.lags);
    return places.length < brushed.length ? { ...found, partial: true } : found;
  });
  let asked = 0;
  const ask = () => {
    if (!known.value?.partial || !host) return;
    asked += 1;
    host.subset(shown.peek(), rows.peek()!, asked);
  };
  const stop = effect(ask);
  left?.addEventListener("abort", stop, { once: true });
  return {
    /** λ over the brushed rows; null without a brush. */
    subset: computed((): Subset | null => {
      const answer = answered.value;
      return known.value?.partial && answer?.of === known.value ? answer.better : known.value;
    }),
    forget: () => void (answered.value = null),
    receive(
      id: number,
      share: Float32Array,
      cells: Float32Array | null,
      held: number,
      own: Float32Array | null = null,
    ) {
      const of = known.peek();
      if (id !== asked || !of) return;
      const { lags: count, leads } = extent(meta.peek()?.lags);
      const map = cells && { ...bare(cells, count, leads, names.peek().length), own };
      answered.value = { of, better: { share, map, held, partial: false } };
    },
  };
}
