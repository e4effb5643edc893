/** What every view is given: what it shows, and the element that it stands in. */
import type { ReadonlySignal } from "@preact/signals";
import type { Second } from "../runs.js";
import type { Store } from "../store.js";

export interface ViewProps {
  store: Store;
  root: HTMLElement;
  /** A second training, where there is one. */
  second?: ReadonlySignal<Second | null>;
}
