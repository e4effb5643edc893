/** The picked row: what the response at it is sensitive to. */
import type { ViewProps } from "./panel.js";

export function Local({ store }: ViewProps) {
  return <section class="nbx-local">{store.instance.value}</section>;
}
