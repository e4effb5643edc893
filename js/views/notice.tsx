/** What stands in the place of a view that has nothing to draw: empty, loading, error. */
import { count, left } from "../format.js";
import type { Status } from "../wire.js";

const SKELETON = [82, 71, 58, 47, 31];

export function Notice({ status, again }: { status: Status; again: false | (() => void) }) {
  if (status.state === "error")
    return (
      <div class="nbx-notice nbx-error" role="alert">
        <h3>This could not be explained</h3>
        <p>
          <bdi>{status.message}</bdi>
        </p>
        {status.detail && (
          <details>
            <summary>Details</summary>
            {/* A long traceback scrolls, and what scrolls is reached by keyboard. */}
            <pre tabIndex={0} role="group" aria-label="Traceback">
              {status.detail}
            </pre>
          </details>
        )}
        {again && status.again && (
          <button type="button" class="nbx-button" onClick={again}>
            Try again
          </button>
        )}
      </div>
    );
  if (status.state === "loading") return <Loading status={status} />;
  return (
    <div class="nbx-notice" role="status">
      <h3>Nothing explained yet</h3>
      <p>
        Run <code>%explain model X</code>, or pass what <code>nbx.explain(model, X)</code> returns.
      </p>
    </div>
  );
}

function Loading({ status: { done = 0, total, left: seconds } }: { status: Status }) {
  const share = total ? Math.min(done / total, 1) : undefined;
  return (
    <div class="nbx-notice" role="status" aria-busy="true">
      <h3>Explaining</h3>
      <p>{done > 0 ? progress(done, total, seconds) : "Reading the first rows …"}</p>
      <div
        class="nbx-progress"
        role="progressbar"
        aria-label="Rows explained"
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === undefined ? undefined : Math.round(100 * share)}
      >
        <i style={{ width: `${100 * (share ?? 0)}%` }} />
      </div>
      <div class="nbx-skeleton" aria-hidden="true">
        {SKELETON.map((width) => (
          <i style={{ width: `${width}%` }} />
        ))}
      </div>
    </div>
  );
}

function progress(done: number, total?: number | null, seconds?: number | null): string {
  const rows = total ? `${count(done)} of ${count(total)} rows` : `${count(done)} rows so far`;
  return seconds === undefined || seconds === null ? rows : `${rows}, ${left(seconds)}`;
}
