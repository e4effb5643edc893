/** What stands in the place of what is not in the page. */
import type { Wait } from "../store.js";

export function Asked({ wait }: { wait: Wait }) {
  if (wait !== "asked")
    return (
      <p class="nbx-quiet" role="status">
        <bdi>{wait.error}</bdi>
      </p>
    );
  return (
    <div class="nbx-wait" role="status" aria-busy="true">
      <p class="nbx-soon">Asking the kernel …</p>
      <p class="nbx-busy">The kernel is busy; this will fill in when it is free.</p>
    </div>
  );
}
