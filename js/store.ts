/** What the views of one explanation share: its data, and what is chosen. Knows no host. */
import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import { rank, type Ranking } from "./ranking.js";
import {
  key,
  PROTOCOL,
  slice as unpackedSlice,
  slices as unpackedSlices,
  unpack,
  type Choice,
  type Meta,
  type Output,
  type Packed,
  type SliceInfo,
  type Slice,
  type State,
  type Status,
} from "./wire.js";

/** Why the data cannot be shown, or how far a slice that was asked for has come. */
export type Wait = "asked" | { error: string };

export interface Store {
  readonly status: ReadonlySignal<Status>;
  readonly meta: ReadonlySignal<Meta | null>;
  readonly names: ReadonlySignal<string[]>;
  readonly choice: ReadonlySignal<Choice>;
  /** The slice of the chosen response and output; undefined until it is in the page. */
  readonly slice: ReadonlySignal<Slice | undefined>;
  readonly ranking: ReadonlySignal<Ranking | undefined>;
  /** What is known of the chosen slice while it is not here. */
  readonly wait: ReadonlySignal<Wait | undefined>;
  /** Whether a kernel may answer. */
  readonly attended: boolean;
  /** The user chose; listeners of `onChoice` hear of it. */
  choose(change: Partial<Choice>): void;
  again(): void;
}

/** What a store asks of the host, which has a kernel behind it. */
export interface Host {
  onChoice(choice: Choice): void;
  request(response: string, output: Output): void;
  again(): void;
}

/** The store with the doors that only its connection uses. */
export interface FedStore extends Store {
  load(state: State): void;
  report(status: Status): void;
  follow(choice: Choice): void;
  receive(info: SliceInfo, values: Packed): void;
  refuse(response: string, output: Output, error: string): void;
}

const NOTHING: Choice = { feature: null, output: null, response: "" };

export function createStore(host: Host | null): FedStore {
  const status = signal<Status>({ state: "empty" });
  const meta = signal<Meta | null>(null);
  const names = signal<string[]>([]);
  const choice = signal<Choice>(NOTHING);
  const slices: Signal<ReadonlyMap<string, Slice>> = signal(new Map());
  const waits: Signal<ReadonlyMap<string, Wait>> = signal(new Map());
  const slice = computed(() => slices.value.get(key(choice.value)));
  const ranking = computed(() => slice.value && rank(slice.value));
  const wait = computed(() => waits.value.get(key(choice.value)));

  const put = (target: Choice) => {
    const name = key(target);
    batch(() => {
      choice.value = target;
      if (!meta.peek() || slices.peek().has(name) || waits.peek().get(name) === "asked") return;
      waits.value = new Map(waits.peek()).set(name, host ? "asked" : { error: UNATTENDED });
      host?.request(target.response, target.output);
    });
  };

  return {
    status,
    meta,
    names,
    choice,
    slice,
    ranking,
    wait,
    attended: host !== null,
    choose(change) {
      const target = { ...choice.peek(), ...change };
      put(target);
      host?.onChoice(target);
    },
    again: () => host?.again(),
    follow: put,
    report: (next) => (status.value = next),
    load(state) {
      batch(() => {
        try {
          if (state._proto > PROTOCOL) throw new Error(OUTDATED);
          const next = "title" in state.meta ? (state.meta as Meta) : null;
          const found = next
            ? unpackedSlices(next, state.importance as Packed, state.names.length)
            : new Map<string, Slice>();
          names.value = state.names;
          slices.value = found;
          waits.value = new Map();
          meta.value = next;
          status.value = state.status;
          put(initial(state, next));
        } catch (error) {
          meta.value = null;
          status.value = { state: "error", message: (error as Error).message };
        }
      });
    },
    receive(info, values) {
      batch(() => {
        const received = unpackedSlice(info, unpack(values, "<f4"));
        slices.value = new Map(slices.peek()).set(key(info), received);
        waits.value = without(waits.peek(), key(info));
      });
    },
    refuse(response, output, error) {
      waits.value = new Map(waits.peek()).set(key({ response, output }), { error });
    },
  };
}

const OUTDATED =
  "This page has an older nbexplain than the kernel: save the notebook and reload the page.";
const UNATTENDED = "This is not in the saved page: run the cell again to see it.";

function initial(state: State, meta: Meta | null): Choice {
  const chosen = state.selection;
  if (chosen && "response" in chosen && chosen.response) return chosen as Choice;
  return meta ? { feature: null, output: meta.output, response: meta.response } : NOTHING;
}

function without<V>(map: ReadonlyMap<string, V>, name: string): Map<string, V> {
  const rest = new Map(map);
  rest.delete(name);
  return rest;
}
