/** Between a Session's model and the store: traits in, debounced custom messages out. */
import type { AnyModel } from "@anywidget/types";
import { createStore, type FedStore } from "./store.js";
import type { Choice, FromPage, Packed, Selection, State, Status, ToPage } from "./wire.js";

/** Milliseconds after the last change until Python hears of it. */
export const DEBOUNCE = 100;

export function connect(model: AnyModel, signal: AbortSignal): FedStore {
  const client = Math.random().toString(36).slice(2);
  let seq = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const send = (message: FromPage) => model.send(message);

  const store = createStore({
    onChoice({ feature, output, response }) {
      seq += 1;
      clearTimeout(timer);
      timer = setTimeout(
        () => send({ t: "select", feature, output, response, client, seq }),
        DEBOUNCE,
      );
    },
    request: (response, output) => send({ t: "slice", response, output }),
    again: () => send({ t: "again" }),
  });

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
    const overtaken = selection?.client === client && (selection.seq ?? 0) < seq;
    // What arrives together with new data is read with it.
    if (selection?.response && !overtaken && !scheduled) store.follow(selection as Choice);
  };
  const report = () => store.report(model.get("status") as Status);
  const receive = (message: ToPage, buffers: DataView[]) => {
    if (message.t !== "slice") return;
    const { response, output } = message;
    if ("error" in message) return store.refuse(response, output, message.error);
    try {
      store.receive(message, packed(buffers, store.names.peek().length));
    } catch (error) {
      store.refuse(response, output, (error as Error).message);
    }
  };

  const handlers: [string, (...args: never[]) => void][] = [
    ...["_proto", "meta", "names", "importance"].map((name): [string, () => void] => [
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
    selection: get("selection") ?? {},
  };
}

function packed(buffers: DataView[], features: number): Packed {
  const data = buffers[0];
  if (!data) throw new Error("The kernel's answer came without its numbers.");
  return { dtype: "<f4", shape: [4, features], data };
}
