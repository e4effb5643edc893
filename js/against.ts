/** Against whom: the picked rows held against a group of others, as the kernel answers it. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Row } from "./instances.js";
import type { Linked } from "./link.js";
import { UNATTENDED, type Host, type Wait } from "./shared.js";
import type { Meta } from "./wire.js";

export interface Against {
  /** Positions in X of the rows that picked ones are held against; null without any. */
  readonly group: ReadonlySignal<Uint32Array | null>;
  /** Whether a kernel can be asked, and its method holds rows against others. */
  readonly possible: ReadonlySignal<boolean>;
}

/** What rows are picked, of what, and whether something else is asked of them. */
interface Subject {
  meta: ReadonlySignal<Meta | null>;
  picks: ReadonlySignal<Linked>;
  instance: ReadonlySignal<number | null>;
  other: ReadonlySignal<number | null>;
  editing: ReadonlySignal<boolean>;
}

type Answer = Row | { error: string };

export function createAgainst(subject: Subject, host: Host | null, left?: AbortSignal) {
  const { meta, picks, instance, other, editing } = subject;
  const answered = signal<{ of: Uint32Array | null; rows: ReadonlyMap<number, Answer> }>({
    of: null,
    rows: new Map(),
  });
  const renewed = signal(0);
  let asked = 0;
  let last: Uint32Array | null = null;

  const possible = computed(
    () => !!meta.value?.against && host !== null && (host.live?.value ?? true),
  );
  // What Python echoes is no other group.
  const group = computed(() => {
    const next = (meta.value?.against && picks.value.against) || null;
    return same(next, last) ? last : (last = next);
  });
  const answers = (of: Uint32Array | null, found: Iterable<[number, Answer]> = []) =>
    void (answered.value = { of, rows: new Map(found) });
  const ask = () => {
    const [of, ...picked] = [group.value, instance.value, other.value];
    void renewed.value;
    if (of !== answered.peek().of) answers(of);
    if (!of || editing.value || !possible.value) return;
    const known = answered.peek().rows;
    const rows = picked.filter((row): row is number => row !== null && !known.has(row));
    if (rows.length) host!.against(rows, of, (asked += 1));
  };
  const stop = effect(ask);
  left?.addEventListener("abort", stop, { once: true });
  return {
    group,
    possible,
    /** What is known of a row against the group; undefined where it is not held against one. */
    of(row: number): Row | Wait | undefined {
      if (!group.value || editing.value) return undefined;
      const { of, rows } = answered.value;
      const found = of === group.value && rows.get(row);
      return found || (possible.value ? "asked" : { error: UNATTENDED });
    },
    /** The model or its data are others: what is known is out of date, but for what came along. */
    renew(rows: Row[] = []) {
      answers(
        group.peek(),
        rows.map((row) => [row.row, row]),
      );
      renewed.value += 1;
    },
    receive(id: number, rows: number[], answer: Answer) {
      if (id !== asked) return;
      const { of, rows: known } = answered.peek();
      answers(of, [...known, ...rows.map((row): [number, Answer] => [row, answer])]);
    },
  };
}

/** Whether these are the same rows. */
export const same = (a: Uint32Array | null, b: Uint32Array | null): boolean =>
  a === b || (!!a && a.length === b?.length && a.every((row, i) => row === b[i]));
