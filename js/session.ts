/** The module that a Session carries: data, store and all views of one explanation. */
import type { Initialize } from "@anywidget/types";
import { effect } from "@preact/signals";
import { connect } from "./connection.js";
import { history, type History } from "./history.js";
import { mount, type Kind, type MountOptions } from "./mount.js";
import { createStore } from "./store.js";
import { decode, type State } from "./wire.js";

/** What views reach through `host.getWidget(session)`. */
export interface Exports {
  mount(
    element: HTMLElement,
    kind: Kind,
    options: Omit<MountOptions, "second"> & { second?: Exports | undefined; runs?: string[] },
  ): void;
  /** Tells of the training that it shows, now and as it goes on: names of features, and moments. */
  past(
    tell: (features: string[], history: History | null) => void,
    options: { signal: AbortSignal },
  ): void;
}

/** Shows a saved state without a kernel or a host; see PROTOCOL.md. */
export function mountStandalone(
  element: HTMLElement,
  state: unknown,
  { kind = "explorer", signal }: { kind?: Kind; signal?: AbortSignal } = {},
): { destroy(): void } {
  const controller = new AbortController();
  const destroy = () => controller.abort();
  signal?.addEventListener("abort", destroy, { once: true, signal: controller.signal });
  const saved = decode(state) as State;
  const store = createStore(null, saved._link, controller.signal);
  store.load(saved);
  mount(element, kind, store, { signal: controller.signal, ...secondOf(saved) });
  return { destroy };
}

/** The other training of a saved view of two. */
export const secondOf = ({ second }: State): Pick<MountOptions, "second"> =>
  second ? { second: (tell) => tell({ ...second, history: history(second.history) }) } : {};

/** Hosts may evaluate a module once for many sessions, so all state hangs on the model. */
const initialize: Initialize = ({ model, signal }): Exports => {
  const store = connect(model, signal);
  return {
    mount(element, kind, { second, runs = [], ...options }) {
      const both = { signal: AbortSignal.any([signal, options.signal]) };
      mount(element, kind, store, {
        ...options,
        ...both,
        second: (tell) =>
          second?.past((features, history) => tell(history && { runs, features, history }), both),
      });
    },
    past(tell, options) {
      const stop = effect(() => tell(store.names.value, store.past.history.value));
      AbortSignal.any([signal, options.signal]).addEventListener("abort", stop, { once: true });
    },
  };
};

export default { initialize };
