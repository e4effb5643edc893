/** The module that a Session carries: data, store and all views of one explanation. */
import type { Initialize } from "@anywidget/types";
import { connect } from "./connection.js";
import { mount, type Kind } from "./mount.js";
import { createStore } from "./store.js";
import { decode, type State } from "./wire.js";

/** What views reach through `host.getWidget(session)`. */
export interface Exports {
  mount(
    element: HTMLElement,
    kind: Kind,
    options: { signal: AbortSignal; replaces?: string },
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
  mount(element, kind, store, { signal: controller.signal });
  return { destroy };
}

/** Hosts may evaluate a module once for many sessions, so all state hangs on the model. */
const initialize: Initialize = ({ model, signal }): Exports => {
  const store = connect(model, signal);
  return {
    mount: (element, kind, options) =>
      mount(element, kind, store, {
        ...options,
        signal: AbortSignal.any([signal, options.signal]),
      }),
  };
};

export default { initialize };
