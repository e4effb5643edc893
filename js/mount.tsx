/** `mount`: a view in an element, for as long as a signal lets it. */
import { signal as createSignal } from "@preact/signals";
import { render } from "preact";
import type { Second } from "./runs.js";
import type { Store } from "./store.js";
import { adopt } from "./style.js";
import { followTheme } from "./theme.js";
import { Explorer } from "./views/explorer.js";
import { TrainingHistory } from "./views/history.js";
import { Importance } from "./views/importance.js";
import { Instances } from "./views/instances.js";
import { Lags } from "./views/lags.js";
import { Local } from "./views/local.js";
import { Panel } from "./views/panel.js";

/** One view, or the panel of all that are linked. */
export type Kind = keyof typeof VIEWS;

const VIEWS = {
  explorer: Explorer,
  importance: Importance,
  instances: Instances,
  local: Local,
  lags: Lags,
  history: TrainingHistory,
};

export interface MountOptions {
  signal: AbortSignal;
  /** Key of the script-free form that this view stands in for. */
  replaces?: string;
  /** Tells of a second training, now and as it goes on. */
  second?: (tell: (known: Second | null) => void) => void;
}

export function mount(element: HTMLElement, kind: Kind, store: Store, options: MountOptions) {
  const { signal, replaces } = options;
  if (signal.aborted) return;
  const root = element.ownerDocument.createElement("div");
  root.className = "nbx";
  root.dataset[kind === "explorer" ? "nbxPanel" : "nbxView"] = kind;
  // JupyterLab's command mode must not take the keys that a focused list understands.
  root.dataset["lmSuppressShortcuts"] = "true";
  element.classList.add("nbx-host");
  element.append(root);
  // Before the first drawing, which measures names in the font that the style sheet gives them.
  whenConnected(root, signal, () => {
    adopt(root, signal);
    followTheme(root, signal);
    if (replaces) hideStatic(root, replaces, signal);
  });
  const View = VIEWS[kind];
  const second = createSignal<Second | null>(null);
  options.second?.((known) => (second.value = known));
  const props = { store, root, second };
  render(
    <Panel {...props}>
      <View {...props} />
    </Panel>,
    root,
  );
  signal.addEventListener("abort", () => (render(null, root), root.remove()), { once: true });
}

/** Hosts render into detached elements; styles and colours need the place they end up in. */
function whenConnected(element: HTMLElement, signal: AbortSignal, then: () => void): void {
  if (element.isConnected) return then();
  const observer = new ResizeObserver(() => {
    if (!element.isConnected) return;
    observer.disconnect();
    then();
  });
  observer.observe(element);
  signal.addEventListener("abort", () => observer.disconnect(), { once: true });
}

/**
 * A rule rather than a removal: the host may draw the output again, and when this view goes the
 * script-free form is back.
 */
function hideStatic(root: HTMLElement, replaces: string, signal: AbortSignal): void {
  const id = `#nbx-static-${CSS.escape(replaces)}`;
  const outputs = ":is(.jp-OutputArea-child,.output_container,.output_area,.output)";
  const rule = `${id},${outputs}:has(${id}):not(:has([data-nbx-view])){display:none!important}`;
  adopt(root.ownerDocument.documentElement, signal, rule);
}
