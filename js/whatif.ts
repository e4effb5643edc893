/** What if: the picked row with other values, as the kernel answers it. */
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Edited } from "./answered.js";
import type { Row } from "./instances.js";
import type { Host, Wait } from "./shared.js";
import type { Change } from "./wire.js";

/** What is known of a changed row. */
export interface Answer extends Pick<Edited, "outside" | "near"> {
  row: Row;
}

export interface WhatIf {
  /** Whether a kernel can be asked. */
  readonly possible: ReadonlySignal<boolean>;
  /** Whether values are being changed. */
  readonly open: ReadonlySignal<boolean>;
  /** The values of the picked row that are not its own. */
  readonly changes: ReadonlySignal<readonly Change[]>;
  /** The newest answer for the picked row; null before one. */
  readonly answer: ReadonlySignal<Answer | null>;
  /** How far the newest question has come; null once it is answered. */
  readonly wait: ReadonlySignal<Wait | null>;
  /** By feature, what a one-hot group chooses between; null stands for none of its columns. */
  readonly choices: ReadonlySignal<ReadonlyMap<number, (string | null)[]>>;
  /** Let values be changed, or no longer; those that are changed stay so. */
  want(on: boolean): void;
}

export const NONE: readonly Change[] = [];

export function createWhatIf(
  instance: ReadonlySignal<number | null>,
  host: Host | null,
  left?: AbortSignal,
) {
  const wanted = signal(false);
  const told = signal<{ row: number | null; changes: readonly Change[] }>({
    row: null,
    changes: NONE,
  });
  const answered = signal<{ id: number; answer: Answer | { error: string } } | null>(null);
  const choices = signal<ReadonlyMap<number, (string | null)[]> | null>(null);
  const renewed = signal(0);
  const asked = signal(0);

  const possible = computed(() => host !== null && (host.live?.value ?? true));
  const changes = computed(() =>
    possible.value && told.value.row === instance.value ? told.value.changes : NONE,
  );
  const open = computed(() => possible.value && (wanted.value || changes.value.length > 0));
  const ask = () => {
    const [row, edit] = [instance.value, changes.value, renewed.value];
    if (!open.value || row === null) return;
    asked.value = asked.peek() + 1;
    host!.edit(row, [...edit], asked.peek(), choices.peek() === null);
  };
  const stop = effect(ask);
  left?.addEventListener("abort", stop, { once: true });
  const found = computed(() => answered.value?.answer ?? null);
  return {
    possible,
    open,
    changes,
    answer: computed(() => {
      const answer = found.value;
      return answer && "row" in answer && answer.row.row === instance.value ? answer : null;
    }),
    wait: computed((): Wait | null => {
      if (answered.value?.id !== asked.value) return "asked";
      return found.value && "error" in found.value ? found.value : null;
    }),
    choices: computed(() => choices.value ?? new Map<number, (string | null)[]>()),
    /** Takes what is chosen, here or in Python; nothing where no kernel could answer it. */
    set(row: number | null, edit: readonly Change[] | null | undefined) {
      const next = { row, changes: edit?.length ? edit : NONE };
      // What Python echoes is no other question.
      if (JSON.stringify(next) !== JSON.stringify(told.peek())) told.value = next;
    },
    want: (on: boolean) => void (wanted.value = on),
    /** As it stands in a choice. */
    chosen: () => (changes.peek().length ? { edit: [...changes.peek()] } : {}),
    /** The model or its data are others: what is known of it is out of date. */
    renew(anew: boolean) {
      if (anew) choices.value = null;
      renewed.value += 1;
    },
    receive(row: Row, { id, outside, near, choices: known }: Edited) {
      if (known)
        choices.value = new Map(Object.entries(known).map(([key, names]) => [Number(key), names]));
      if (id === asked.peek()) answered.value = { id, answer: { row, outside, near } };
    },
    refuse(id: number, error: string) {
      if (id === asked.peek()) answered.value = { id, answer: { error } };
    },
  };
}
