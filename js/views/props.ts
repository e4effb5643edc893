/** What every view is given: what it shows, and the element that it stands in. */
import type { Store } from "../store.js";

export interface ViewProps {
  store: Store;
  root: HTMLElement;
}
