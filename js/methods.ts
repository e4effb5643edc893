/** Which method answers, and what another says beside it. */
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import { UNATTENDED, type Host, type Wait } from "./shared.js";
import {
  key,
  unpack,
  type Meta,
  type Methodical,
  type Packed,
  type Shown,
  type Status,
} from "./wire.js";

/** A method that may answer, and its card: of each fact what it is, the question first. */
export interface Method {
  name: string;
  title: string;
  facts: [label: string, text: string][];
}

/** What another method says of all rows, or of one; P is how arrays are held. */
export interface BesideState<P = Packed> extends Shown {
  method: string;
  /** Of all rows: how far the two agree; absent of a single feature. */
  sentence?: string;
  /** Left out of all rows. */
  row?: number | null;
  /** Of all rows share in percent and rank, `[2, features]`; of one as `RowBeside`, `[4, features]`. */
  numbers: P;
}

/** Another method's importances. */
export interface Beside {
  method: Method;
  sentence: string;
  share: Float32Array;
  rank: Float32Array;
}

/** What two methods say of one row. */
export interface RowBeside {
  method: Method;
  /** Of the one that is shown: shares of absolute values in percent, and what has a sign. */
  own: [share: Float32Array, attribution: Float32Array];
  other: [share: Float32Array, attribution: Float32Array];
}

export interface Asking {
  method: Method;
  wait: Wait;
  /** Rows done, of how many. */
  done?: number;
  total?: number | null;
}

export interface Methods {
  /** Those that may answer, the one that is shown first. */
  readonly all: ReadonlySignal<Method[]>;
  /** Whether another can be asked. */
  readonly possible: ReadonlySignal<boolean>;
  /** What is known of one that was asked for in the place of this one. */
  readonly asking: ReadonlySignal<Asking | null>;
  ask(name: string): void;
  /** As it stands in a choice. */
  chosen(): Methodical;
  /** The method beside; asks for what is not here. */
  readonly beside: ReadonlySignal<Beside | Wait | null>;
  /** What both say of the picked row, likewise. */
  readonly row: ReadonlySignal<RowBeside | Wait | null>;
}

type Of = Omit<BesideState, "numbers">;
type Found = { sentence: string; parts: Float32Array[] };

export function createMethods(
  meta: ReadonlySignal<Meta | null>,
  status: ReadonlySignal<Status>,
  shown: ReadonlySignal<Shown>,
  instance: ReadonlySignal<number | null>,
  host: Host | null,
) {
  const all = computed(() => meta.value?.methods ?? []);
  const asking = signal<Asking | null>(null);
  const name = signal<string | null>(null);
  const found = signal<ReadonlyMap<string, Found | Wait>>(new Map());
  const place = (of: Of) => `${key(of)}\n${of.method}\n${of.row ?? ""}`;
  const settle = (of: Of, value: Found | Wait) =>
    (found.value = new Map(found.peek()).set(place(of), value));
  const receive = (of: Of, numbers: Packed) => {
    const values = unpack(numbers, "<f4");
    const [count, size] = numbers.shape as [number, number];
    const part = (_: unknown, i: number) => values.subarray(i * size, (i + 1) * size);
    settle(of, { sentence: of.sentence ?? "", parts: Array.from({ length: count }, part) });
  };

  /** What is here of the method beside, of all rows or of one. */
  function look<V>(row: number | null, read: (method: Method, found: Found) => V): V | Wait | null {
    const method = all.value.slice(1).find((one) => one.name === name.value);
    if (!method || status.value.state === "live") return null;
    const about = shown.value;
    const of: Of = { ...about, method: method.name, row };
    const known = found.value.get(place(of)) ?? (host ? "asked" : { error: UNATTENDED });
    if (!isWait(known)) return read(method, known);
    if (known === "asked")
      queueMicrotask(() => {
        if (found.peek().has(place(of))) return;
        settle(of, known);
        host!.beside(of.method, about, row);
      });
    return known;
  }
  return {
    all,
    asking,
    possible: computed(() => !!host && (host.live?.value ?? true) && status.value.state !== "live"),
    ask(wanted: string) {
      const method = all.peek().find((one) => one.name === wanted);
      if (!method || method === all.peek()[0]) return void (asking.value = null);
      asking.value = { method, wait: "asked" };
      host?.method(wanted);
    },
    beside: computed(() =>
      look(null, (method, { sentence, parts: [share, rank] }): Beside => {
        return { method, sentence, share: share!, rank: rank! };
      }),
    ),
    row: computed(() =>
      instance.value === null
        ? null
        : look(instance.value, (method, { parts: [a, b, c, d] }): RowBeside => {
            return { method, own: [a!, b!], other: [c!, d!] };
          }),
    ),
    choose(wanted: string | null | undefined) {
      if (wanted !== undefined) name.value = wanted;
    },
    /** As it stands in a choice. */
    chosen: (): Methodical => (name.value === null ? {} : { beside: name.value }),
    forget: () => (found.value = new Map()),
    load(next: Meta | null, state: BesideState[] = []) {
      found.value = new Map();
      if (asking.peek()?.method.name === next?.method) asking.value = null;
      for (const one of state) receive(one, one.numbers);
    },
    /** How far a method that was asked for has come. */
    hear(of: string, answer: Partial<Asking>) {
      const now = asking.peek();
      if (now?.method.name === of) asking.value = { ...now, ...answer };
    },
    receive,
    refuseBeside: (of: Of, error: string) => void settle(of, { error }),
  };
}

export const isWait = (found: object | Wait): found is Wait =>
  found === "asked" || "error" in found;
