/** What stands around the views of one explanation: title, question, notes, switches, states. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect } from "preact/hooks";
import { count, counted, printable, responseLabel } from "../format.js";
import type { Store } from "../store.js";
import type { Output, Status } from "../wire.js";
import { Menu, Segments, type Option } from "./choose.js";
import { Download } from "./download.js";
import { Methods, Switching } from "./methods.js";
import { Notice } from "./notice.js";
import { Versions } from "./versions.js";
import type { ViewProps } from "./props.js";

export function Panel(props: ViewProps & { children: ComponentChildren }) {
  const { store, root, children } = props;
  const status = store.status.value;
  const shown = store.meta.value && (status.state === "ready" || status.state === "live");
  const state =
    shown && !store.slice.value && store.wait.value === "asked" ? "loading" : status.state;
  useLayoutEffect(() => {
    root.dataset["nbxState"] = state;
  }, [state]);
  if (!shown) return <Notice status={status} again={store.attended && (() => store.again())} />;
  return (
    <>
      <Header {...props} />
      {store.slice.value ? children : <Waiting store={store} />}
    </>
  );
}

/** "Live · step 1,204". Given what changes with each update: drawn by a signal, it left old ones. */
function Live({ store, status }: { store: Store; status: Status }) {
  const { state, step, paused } = status;
  if (state !== "live") return null;
  return (
    <>
      <span class="nbx-live">
        {paused ? "Paused" : "Live"}
        {step === undefined ? "" : ` · step ${count(step)}`}
      </span>
      {paused !== undefined && (
        <button type="button" class="nbx-button nbx-pause" onClick={() => store.pause(!paused)}>
          {paused ? "Resume" : "Pause"}
        </button>
      )}
    </>
  );
}

function Header({ store, root, second }: ViewProps) {
  const meta = store.meta.value!;
  const { response } = store.shown.value;
  const marks = store.status.value.marks ?? [];
  const earlier = meta.tokens ? null : store.past.slice.value;
  const changed = store.versions.told.value?.notes ?? [];
  const notes = [
    ...marks,
    ...changed,
    ...(meta.responses.find(({ name }) => name === response)?.notes ?? []),
  ];
  return (
    <header class="nbx-head">
      <div class="nbx-title">
        <h3>
          <bdi>{meta.title}</bdi>
        </h3>
        <span class="nbx-muted">
          {meta.tokens
            ? counted(meta.tokens.all, "token")
            : counted(store.names.value.length, "feature")}
        </span>
        {!store.attended && <span class="nbx-pill">Saved snapshot</span>}
        <Live store={store} status={store.status.value} />
      </div>
      <div class="nbx-switches">
        <Methods store={store} />
        <Outputs store={store} />
        <Responses store={store} />
        <Download store={store} root={root} {...(second && { second })} />
      </div>
      <p class="nbx-question" aria-live="polite">
        <bdi>{(earlier ?? store.slice.value)?.question ?? " "}</bdi>
      </p>
      {marks.length > 0 && (
        <p class="nbx-jump" role="status">
          <bdi>{marks.at(-1)}</bdi>
        </p>
      )}
      <Switching store={store} />
      <Versions store={store} />
      <Back store={store} />
      {notes.length > 0 && (
        <details class="nbx-notes">
          <summary>{counted(notes.length, "note")}</summary>
          <ul>
            {notes.map((note) => (
              <li>
                <bdi>{note}</bdi>
              </li>
            ))}
          </ul>
        </details>
      )}
    </header>
  );
}

/** What is not taken back to an earlier step. */
function Back({ store }: { store: Store }) {
  const [moment, history] = [store.past.moment.value, store.past.history.value];
  if (!moment || !history) return null;
  const { lags, tokens } = store.meta.value!;
  const back = store.past.lagMap.value;
  // Of texts bars are of tokens, of which there is no history.
  const then = [!tokens && "bars", back && "lags"].filter(Boolean);
  const now = [tokens && "bars", "instances", lags && !back && "lags"].filter(Boolean);
  const kept = history.features.length;
  return (
    <p class="nbx-back nbx-muted">
      {then.length ? `The ${then.join(" and ")} are those` : "The history is"} at step{" "}
      {count(moment.step)}; {now.join(", ")} and the picked row stay those of the latest.
      {kept < store.names.value.length &&
        ` Early steps are known of the ${count(kept)} features that led at any of them.`}
    </p>
  );
}

/** Few outputs stand side by side, more go into a menu. */
const MOST_SEGMENTS = 5;
const MOST_LETTERS = 44;

function Outputs({ store }: { store: Store }) {
  const { outputs } = store.meta.value!;
  if (outputs.length < 2) return null;
  const options: Option<Output>[] = [
    { value: null, label: "all outputs", name: "" },
    ...outputs.map((name, i) => ({ value: i, label: printable(name), name })),
  ];
  const letters = options.reduce((sum, { label }) => sum + label.length, 0);
  const Choose = options.length <= MOST_SEGMENTS && letters <= MOST_LETTERS ? Segments : Menu;
  return (
    <Choose
      label="Output"
      hook="output"
      options={options}
      value={store.shown.value.output}
      onChoose={(output: Output) => store.choose({ output })}
    />
  );
}

function Responses({ store }: { store: Store }) {
  const { responses } = store.meta.value!;
  if (responses.length < 2) return null;
  return (
    <Segments
      label="Response"
      hook="response"
      options={responses.map(({ name }) => ({ value: name, label: responseLabel(name), name }))}
      value={store.shown.value.response}
      onChoose={(response: string) => store.choose({ response })}
    />
  );
}

/** The chosen slice is not in the page. */
function Waiting({ store }: { store: Store }) {
  const wait = store.wait.value;
  if (wait && wait !== "asked") return <p class="nbx-wait">{wait.error}</p>;
  return (
    <div class="nbx-wait" role="status" aria-busy="true">
      <p class="nbx-soon">Asking the kernel for these importances …</p>
      <p class="nbx-busy">The kernel is busy; this will fill in when it is free.</p>
    </div>
  );
}
