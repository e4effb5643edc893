/** The picked row, alone or beside another: its prediction, and what that is sensitive to. */
import { useSignal } from "@preact/signals";
import { compared } from "../compared.js";
import { count, printable } from "../format.js";
import type { Instances } from "../instances.js";
import type { Local as Case } from "../local.js";
import type { Store, Wait } from "../store.js";
import { axisWords, choiceOf, predictionOf, responseOf, verdict } from "../words.js";
import { Effects } from "./effects.js";
import type { ViewProps } from "./panel.js";

export function Local({ store, root }: ViewProps) {
  const [first, second] = [store.instance.value, store.other.value];
  const unfolded = useSignal(false);
  const here = store.instances.value;
  if (first === null) return <Nothing alone={root.dataset["nbxView"] === "local"} />;
  const rows = second === null || second === first ? [first] : [first, second];
  const found = rows.map((row) => store.local(row));
  const cases = found.filter((one): one is Case => typeof one === "object" && "items" in one);
  const waits = found.filter((one): one is Wait => !cases.includes(one as Case));
  const meta = store.meta.value!;
  const shown = store.shown.value;
  const columns = cases.map(({ column }) => column);
  const response = here && cases.length ? responseOf(meta, here.state, shown, columns) : "";
  const choice = here ? choiceOf(meta, here.state, shown, columns) : "";
  const several = rows.length > 1;
  const comparison = compared(cases);
  return (
    <section class="nbx-local" aria-label="The picked instance">
      <div class="nbx-case-head">
        <h4>{several ? "Two instances" : "This instance"}</h4>
        <ul class={several ? "nbx-several" : undefined}>
          {rows.map((row, i) => (
            <Head key={row} store={store} row={row} second={i > 0} several={several} />
          ))}
        </ul>
      </div>
      {here && cases.length > 0 && comparison.largest > 0 && (
        <>
          <p class="nbx-asked">{axisWords(meta, response, choice)}</p>
          <Effects
            store={store}
            root={root}
            cases={cases}
            comparison={comparison}
            response={response}
            unfolded={unfolded}
          />
          <p class="nbx-small nbx-muted">
            Shares are squared shares of this row: more concentrated than the global ones.
          </p>
        </>
      )}
      {cases.length > 0 && !(comparison.largest > 0) && (
        <p class="nbx-quiet">
          {`At ${several ? "these rows" : "this row"} no input moves ${response}: `}
          every derivative is zero.
        </p>
      )}
      {waits.map((wait) => (
        <Pending wait={wait} />
      ))}
    </section>
  );
}

/** Label, prediction and class of one row, and a way to leave it. */
function Head({
  store,
  row,
  second,
  several,
}: {
  store: Store;
  row: number;
  second: boolean;
  several: boolean;
}) {
  const here = store.instances.value;
  const local = store.local(row);
  const known = here && local !== "asked" && "items" in local ? local : null;
  const shown = store.shown.value;
  const meta = store.meta.value!;
  const label = known?.label ?? labelOf(here, row);
  const leave = () => {
    if (second) store.choose({ other: null });
    else store.choose({ instance: store.other.peek(), other: null });
  };
  const said = known && verdict(known, meta, here!.state, shown);
  return (
    <li>
      {several && <i class={second ? "nbx-second" : "nbx-first"} aria-hidden="true" />}
      <b class="nbx-label">
        <bdi>{label}</bdi>
      </b>
      {known && (
        <span class="nbx-prediction">
          <bdi>{responseOf(meta, here!.state, shown, [known.column])}</bdi>
          {" is "}
          <b>{predictionOf(known, shown)}</b>
          {said && <span class="nbx-verdict">{` · ${said}`}</span>}
        </span>
      )}
      <button type="button" class="nbx-close" aria-label={`Leave ${label}`} onClick={leave}>
        ×
      </button>
    </li>
  );
}

export function labelOf(here: Instances | null, row: number): string {
  const place = here ? here.find(row) : -1;
  return printable(place < 0 ? `row ${count(row)}` : here!.label(place));
}

function Nothing({ alone }: { alone: boolean }) {
  return (
    <section class="nbx-local">
      <div class="nbx-bar-head">
        <h4>One instance</h4>
      </div>
      <p class="nbx-quiet">
        {alone ? (
          <>
            Pick a row to see what its prediction is sensitive to: <code>view.instance = …</code>{" "}
            with its label, or a click in an instance picker of this explanation.
          </>
        ) : (
          "Click an instance, or search for its label, to see what its prediction is sensitive to. " +
          "Alt-click another to compare."
        )}
      </p>
    </section>
  );
}

function Pending({ wait }: { wait: Wait }) {
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
