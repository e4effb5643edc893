/** What stands in the place of what is not in the page. */
import type { Wait } from "../store.js";

interface Props {
  wait: Wait;
  /** Whom it is asked of, and how far that has come. */
  of?: string;
  done?: string;
}

export function Asked({ wait, of = "", done = "" }: Props) {
  const begin = of && `${of}: `;
  if (wait !== "asked")
    return (
      <p class="nbx-quiet" role="status">
        <bdi>{begin + wait.error}</bdi>
      </p>
    );
  return (
    <div class="nbx-wait" role="status" aria-busy="true">
      <p class="nbx-soon">{`${begin}Asking the kernel …${done}`}</p>
      <p class="nbx-busy">The kernel is busy; this will fill in when it is free.</p>
    </div>
  );
}
