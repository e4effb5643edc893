/** The rows of X that are in the page, to hover, pick and brush. */
import type { ViewProps } from "./panel.js";

export function Instances({ store }: ViewProps) {
  return <section class="nbx-instances">{store.instances.value?.count}</section>;
}
