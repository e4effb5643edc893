/** Between a Session's model and the store: traits in, debounced custom messages out. */
import type { AnyModel } from "@anywidget/types";
import { signal as createSignal, type ReadonlySignal } from "@preact/signals";
import type { HistoryState } from "./history.js";
import { rowOf } from "./answered.js";
import { createStore, type FedStore } from "./store.js";
import type { VersionsState } from "./versions.js";
import {
  unpack,
  type Choice,
  type Dtype,
  type FromPage,
  type InstancesState,
  type LagSlice,
  type Packed,
  type Selection,
  type State,
  type Status,
  type ToPage,
} from "./wire.js";

const GONE = "The kernel that made this is gone: run the cell again.";

/** Milliseconds after the last change until Python hears of it. */
export const DEBOUNCE = 100;
/** Milliseconds that changes which do not end, as while brushing, are kept from Python. */
export const MOST_DELAY = 250;

export function connect(model: AnyModel, signal: AbortSignal): FedStore {
  const send = (message: FromPage, ...rows: (Uint32Array | null | undefined)[]) => {
    try {
      const buffers = rows.flatMap((some) => (some ? [bytes(some)] : []));
      if (buffers.length) model.send(message, undefined, buffers);
      else model.send(message);
    } catch {
      refuse(store, message as ToPage, GONE); // hosts throw once a kernel was started anew
    }
  };
  const [choices, subsets, edits, contrasts] = [0, 1, 2, 3].map(() => delayed(signal)) as Delays;

  const store = createStore(
    {
      onChoice: ({ rows, against, ...choice }: Choice, seq) =>
        choices(() => {
          const { client } = store.link;
          const many = {
            rows: rows?.length ?? null,
            ...(against !== undefined && { against: against?.length ?? null }),
          };
          send({ t: "select", ...choice, ...many, client, seq }, rows, against);
        }),
      request: (shown) => send({ t: "slice", ...shown }),
      instances: () => send({ t: "instances" }),
      lags: (shown) => send({ t: "lags", ...shown }),
      row: (row) => send({ t: "row", row }),
      find: (label) => send({ t: "find", label }),
      subset: (shown, rows, id) =>
        subsets(() => send({ t: "subset", ...shown, id, rows: rows.length }, rows)),
      edit: (row, edit, id, choices) =>
        edits(() => {
          const { client } = store.link;
          send({ t: "edit", client, id, row, edit, ...(choices && { choices }) });
        }),
      against: (rows, group, id) =>
        contrasts(() => send({ t: "against", client: store.link.client, id, rows }, group)),
      method: (method) => send({ t: "method", method }),
      beside: (method, shown, row) =>
        send({ t: "beside", method, ...shown, ...(row === null ? {} : { row }) }),
      version: (wish) => send({ t: "version", ...wish }),
      pause: (paused) => send({ t: "pause", paused }),
      again: () => send({ t: "again" }),
      live: liveness(model, signal),
    },
    model.get("_link") as string | undefined,
    signal,
  );

  // Python sets these together; hosts tell of them one by one.
  let [data, choice, scheduled] = [false, false, false];
  const schedule = () => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      // New data alone do not undo what was chosen here, of which Python may not know yet.
      if (data && !signal.aborted) store.load(read(model, choice));
      data = choice = scheduled = false;
    });
  };
  const reload = () => {
    data = true;
    schedule();
  };
  const follow = () => {
    const selection = model.get("selection") as Partial<Selection> | undefined;
    const { client, seq } = store.link;
    const overtaken = selection?.client === client && (selection.seq ?? 0) < seq;
    if (!selection?.response || overtaken) return;
    choice = true;
    schedule();
    // What arrives together with new data is read with it.
    if (!data) store.follow(selection as Selection);
  };
  const report = () => store.report(model.get("status") as Status);
  const receive = (message: ToPage, buffers: DataView[]) => {
    try {
      const own = message.t === "edit" || message.t === "against";
      if (own && message.client !== store.link.client) return;
      take(store, message, buffers);
    } catch (error) {
      refuse(store, message, (error as Error).message);
    }
  };

  const handlers: [string, (...args: never[]) => void][] = [
    ...["_proto", "meta", "names", "importance", "lags", "instances", "history"].map(
      (name): [string, () => void] => [`change:${name}`, reload],
    ),
    ["change:selection", follow],
    ["change:status", report],
    ["change:versions", () => store.receiveVersions(model.get("versions") as VersionsState)],
    ["msg:custom", receive],
  ];
  for (const [name, handler] of handlers) model.on(name, handler as () => void);
  signal.addEventListener(
    "abort",
    () => {
      for (const [name, handler] of handlers) model.off(name, handler as () => void);
    },
    { once: true },
  );
  store.load(read(model, true));
  return store;
}

type Delay = ReturnType<typeof delayed>;
type Delays = [Delay, Delay, Delay, Delay];

/** Runs the last of several calls: soon after it, and while they do not end, now and then. */
function delayed(signal: AbortSignal): (call: () => void) => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let since = 0;
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return (call) => {
    const now = Date.now();
    if (timer === undefined) since = now;
    clearTimeout(timer);
    timer = setTimeout(
      () => {
        timer = undefined;
        call();
      },
      Math.max(0, Math.min(DEBOUNCE, since + MOST_DELAY - now)),
    );
  };
}

/**
 * Whether the kernel still knows this session. Hosts do not say it of the models that they hand
 * out; where they do of the layout, which every widget has and which comes and goes with it.
 */
function liveness(model: AnyModel, signal: AbortSignal): ReadonlySignal<boolean> {
  const layout = model.get("layout") as Partial<Connected> | null | undefined;
  const known = () => layout?.comm_live !== false;
  const live = createSignal(known());
  const listen = () => void (live.value = known());
  if (typeof layout?.on !== "function") return live;
  layout.on("comm_live_update", listen);
  signal.addEventListener("abort", () => layout.off?.("comm_live_update", listen), { once: true });
  return live;
}

/** What the base model of Jupyter's widgets offers. */
interface Connected {
  comm_live: boolean;
  on(name: string, handler: () => void): void;
  off(name: string, handler: () => void): void;
}

function read(model: AnyModel, chosen: boolean): State {
  const get = <K extends keyof State>(name: K) => model.get(name) as State[K];
  return {
    _proto: get("_proto"),
    status: get("status"),
    meta: get("meta"),
    names: get("names"),
    importance: get("importance"),
    lags: get("lags") ?? {},
    instances: get("instances") ?? {},
    history: get("history") ?? {},
    versions: get("versions") ?? {},
    selection: (chosen && get("selection")) || {},
  };
}

function take(store: FedStore, message: ToPage, buffers: DataView[]): void {
  if ("error" in message) return refuse(store, message, message.error);
  const data = (i: number, dtype: Dtype, ...shape: number[]): Packed => {
    const buffer = buffers[i];
    if (!buffer) throw new Error("The kernel's answer came without its numbers.");
    return { dtype, shape, data: buffer };
  };
  const features = store.names.peek().length;
  if (message.t === "slice") {
    const { tokens: count, only, ...info } = message;
    const tokens = count === undefined ? {} : { tokens: data(1, "<f4", 4, count) };
    store.receive({ ...info, ...tokens }, data(0, "<f4", 4, features), only);
  } else if (message.t === "lags") {
    store.receiveLags(filled(message, message.arrays, buffers) as LagSlice, message.only);
  } else if (message.t === "method") store.methods.hear(message.method, message.rows);
  else if (message.t === "beside") {
    const parts = message.row === undefined ? 2 : 4;
    store.methods.receive(message, data(0, "<f4", parts, features));
  } else if (message.t === "find") store.found(message.label, message.row);
  else if (message.t === "subset")
    store.receiveSubset(
      message.id,
      unpack(data(0, "<f4", features), "<f4"),
      message.lags ? unpack(data(1, "<f4", message.lags, features), "<f4") : null,
      message.rows,
      message.lags && buffers.length > 2 ? unpack(data(2, "<f4", message.lags), "<f4") : null,
    );
  else if (message.t === "instances") {
    const state = filled(message.instances, message.arrays, buffers);
    store.receiveInstances(state as InstancesState);
  } else if (message.t === "history") {
    const state = filled(message.history, message.arrays, buffers);
    store.receiveHistory(state as HistoryState, message.anew);
  } else if (message.t === "row" || message.t === "edit" || message.t === "against") {
    const floats = (i: number) => unpack(data(i, "<f4", (buffers[i]?.byteLength ?? 0) / 4), "<f4");
    const [outputs, jacobian, values] = [floats(0), floats(1), floats(2)];
    const owners = unpack(data(3, "<u4", values.length), "<u4");
    const found = rowOf(message, { outputs, jacobian, values, owners });
    if (message.t === "edit") store.receiveEdited(found, message);
    else if (message.t === "row") store.receiveRow(found);
    else store.receiveAgainst(message.id, [message.row], found);
  }
}

/** What came with its packed arrays apart, whole again. */
function filled(told: object, arrays: string[], buffers: DataView[]): unknown {
  const found = { ...told } as Record<string, unknown>;
  arrays.forEach((name, i) => {
    found[name] = { ...(found[name] as object), data: buffers[i] };
  });
  return found;
}

function refuse(store: FedStore, message: ToPage, error: string): void {
  if (message.t === "slice") store.refuse(message, error);
  else if (message.t === "lags") store.refuseLags(message, error);
  else if (message.t === "row") store.refuseRow(message.row, error);
  else if (message.t === "edit") store.refuseEdited(message.id, error);
  else if (message.t === "against") {
    // What could not be sent is of several rows.
    const rows = "rows" in message ? (message.rows as number[]) : [message.row];
    store.receiveAgainst(message.id, rows, { error });
  } else if (message.t === "method") store.methods.hear(message.method, { wait: { error } });
  else if (message.t === "beside") store.methods.refuseBeside(message, error);
  else if (message.t === "find") store.refuseFind(message.label, error);
}

const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
