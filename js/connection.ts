/** Between a Session's model and the store: traits in, debounced custom messages out. */
import type { AnyModel } from "@anywidget/types";
import { createStore, type FedStore } from "./store.js";
import {
  unpack,
  type Choice,
  type Dtype,
  type FromPage,
  type InstancesState,
  type Packed,
  type Selection,
  type State,
  type Status,
  type ToPage,
} from "./wire.js";

/** Milliseconds after the last change until Python hears of it. */
export const DEBOUNCE = 100;
/** Milliseconds that changes which do not end, as while brushing, are kept from Python. */
export const MOST_DELAY = 250;

export function connect(model: AnyModel, signal: AbortSignal): FedStore {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let since = 0;
  const send = (message: FromPage, rows?: Uint32Array) =>
    rows ? model.send(message, undefined, [bytes(rows)]) : model.send(message);

  const store = createStore(
    {
      onChoice({ rows, ...choice }: Choice, seq) {
        const now = Date.now();
        if (timer === undefined) since = now;
        clearTimeout(timer);
        const later = Math.max(0, Math.min(DEBOUNCE, since + MOST_DELAY - now));
        timer = setTimeout(() => {
          timer = undefined;
          const { client } = store.link;
          send(
            { t: "select", ...choice, rows: rows?.length ?? null, client, seq },
            rows ?? undefined,
          );
        }, later);
      },
      request: (shown) => send({ t: "slice", ...shown }),
      instances: () => send({ t: "instances" }),
      row: (row) => send({ t: "row", row }),
      find: (label) => send({ t: "find", label }),
      subset: (shown, rows, id) => send({ t: "subset", ...shown, id, rows: rows.length }, rows),
      again: () => send({ t: "again" }),
    },
    model.get("_link") as string | undefined,
    signal,
  );

  const load = () => store.load(read(model));
  // Python sets these together; hosts tell of them one by one.
  let scheduled = false;
  const reload = () => {
    if (scheduled) return;
    scheduled = true;
    queueMicrotask(() => {
      scheduled = false;
      if (!signal.aborted) load();
    });
  };
  const follow = () => {
    const selection = model.get("selection") as Partial<Selection> | undefined;
    const { client, seq } = store.link;
    const overtaken = selection?.client === client && (selection.seq ?? 0) < seq;
    // What arrives together with new data is read with it.
    if (selection?.response && !overtaken && !scheduled) store.follow(selection as Selection);
  };
  const report = () => store.report(model.get("status") as Status);
  const receive = (message: ToPage, buffers: DataView[]) => {
    try {
      take(store, message, buffers);
    } catch (error) {
      refuse(store, message, (error as Error).message);
    }
  };

  const handlers: [string, (...args: never[]) => void][] = [
    ...["_proto", "meta", "names", "importance", "instances"].map((name): [string, () => void] => [
      `change:${name}`,
      reload,
    ]),
    ["change:selection", follow],
    ["change:status", report],
    ["msg:custom", receive],
  ];
  for (const [name, handler] of handlers) model.on(name, handler as () => void);
  signal.addEventListener(
    "abort",
    () => {
      clearTimeout(timer);
      for (const [name, handler] of handlers) model.off(name, handler as () => void);
    },
    { once: true },
  );
  load();
  return store;
}

function read(model: AnyModel): State {
  const get = <K extends keyof State>(name: K) => model.get(name) as State[K];
  return {
    _proto: get("_proto"),
    status: get("status"),
    meta: get("meta"),
    names: get("names"),
    importance: get("importance"),
    instances: get("instances") ?? {},
    selection: get("selection") ?? {},
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
  if (message.t === "slice") store.receive(message, data(0, "<f4", 4, features));
  else if (message.t === "find") store.found(message.label, message.row);
  else if (message.t === "subset")
    store.receiveSubset(message.id, unpack(data(0, "<f4", features), "<f4"), message.rows);
  else if (message.t === "instances") {
    const state = { ...message.instances } as Record<string, unknown>;
    message.arrays.forEach((name, i) => {
      state[name] = { ...(state[name] as object), data: buffers[i] };
    });
    store.receiveInstances(state as unknown as InstancesState);
  } else if (message.t === "row") {
    const floats = (i: number) => unpack(data(i, "<f4", (buffers[i]?.byteLength ?? 0) / 4), "<f4");
    const { row, label, target, named } = message;
    store.receiveRow({
      row,
      label,
      target: typeof target === "number" ? [target] : target,
      outputs: floats(0),
      jacobian: floats(1),
      values: floats(2),
      owners: unpack(data(3, "<u4", (buffers[3]?.byteLength ?? 0) / 4), "<u4"),
      named: new Map(Object.entries(named).map(([feature, name]) => [Number(feature), name])),
    });
  }
}

function refuse(store: FedStore, message: ToPage, error: string): void {
  if (message.t === "slice") store.refuse(message, error);
  else if (message.t === "row") store.refuseRow(message.row, error);
  else if (message.t === "find") store.refuseFind(message.label, error);
}

const bytes = ({ buffer, byteOffset, byteLength }: Uint32Array): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
