/** What every view is given: what it shows, and the element that it stands in. */
import type { ReadonlySignal } from "@preact/signals";
import type { Beside } from "../runs.js";
import type { Store } from "../store.js";

export interface ViewProps {
  store: Store;
  root: HTMLElement;
  /** A training beside that of the store, where there is one. */
  beside?: ReadonlySignal<Beside | null>;
}
