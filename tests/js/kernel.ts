/** A store, and what it asks of the kernel. */
import { afterEach, beforeEach } from "vitest";
import { createStore, type FedStore } from "../../js/store.js";
import type { State } from "../../js/wire.js";
import { explained, LINE, type Rows } from "./rows.js";

/** Ends what the test opened. */
export let controller: AbortController;
beforeEach(() => {
  controller = new AbortController();
});
afterEach(() => controller.abort());

export const BOTH = ["a", "b"];
export const BLANK: State = {
  _proto: 1,
  status: { state: "empty" },
  meta: {},
  names: [],
  importance: {},
};
/** Rows with more of them in the kernel: the third one without derivatives. */
export const PART: Rows = {
  ...LINE,
  jacobian: LINE.jacobian.slice(0, 2),
  values: LINE.values!.slice(0, 2),
  more: true,
};

export function opened(state: State = explained(BOTH, LINE), key?: string) {
  const asked: unknown[] = [];
  const store = createStore(
    {
      onChoice: ({ rows, ...choice }, seq) =>
        void asked.push(["choice", { ...choice, rows: rows && [...rows] }, seq]),
      request: ({ response, output }) => void asked.push(["slice", response, output]),
      instances: () => void asked.push(["instances"]),
      lags: ({ response, output, step }) =>
        void asked.push(["lags", response, output, ...(step == null ? [] : [step])]),
      row: (row) => void asked.push(["row", row]),
      find: (label) => void asked.push(["find", label]),
      subset: ({ response, output }, rows, id) =>
        void asked.push(["subset", response, output, [...rows], id]),
      edit: (row, edit, id, choices) => void asked.push(["edit", row, edit, id, choices]),
      against: (rows, group, id) => void asked.push(["against", rows, [...group], id]),
      method: (name) => void asked.push(["method", name]),
      beside: (name, { response, output }, row) =>
        void asked.push(["beside", name, response, output, row]),
      version: (wish) => void asked.push(["version", wish]),
      pause: (paused) => void asked.push(["pause", paused]),
      again: () => void asked.push(["again"]),
    },
    key,
    controller.signal,
  );
  store.load(state);
  /** What was asked since, choices left out. */
  const news = () => asked.splice(0).filter((one) => (one as unknown[])[0] !== "choice");
  return { store, asked, news };
}

/** The same without a kernel, as in a saved page. */
export function saved(state: State): FedStore {
  const store = createStore(null, undefined, controller.signal);
  store.load(state);
  return store;
}
