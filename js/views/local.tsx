/** The picked row, alone or beside another: its prediction, and what that is sensitive to. */
import { count, counted } from "../format.js";
import { local, type Local as Case } from "../local.js";
import type { Store } from "../store.js";
import { chanceOf, className, labelOf, predictionOf, responseOf, verdict } from "../words.js";
import { Asked } from "./asked.js";
import { AtRow } from "./beside.js";
import { Effects } from "./effects.js";
import { Texts } from "./text.js";
import type { ViewProps } from "./props.js";
import { Waterfall } from "./waterfall.js";
import { Changes, Toggle } from "./whatif.js";

export function Local({ store, root }: ViewProps) {
  const [first, second] = [store.instance.value, store.other.value];
  const here = store.instances.value;
  if (!here) return <section class="nbx-local" />;
  if (first === null)
    return (
      <section class="nbx-local">
        <h4>One instance</h4>
        <Group store={store} />
        <p class="nbx-quiet">
          {root.dataset["nbxView"] ? (
            <>
              <code>view.instance = …</code> with a row’s label, or a click in an instance picker of
              this explanation, shows what its prediction is sensitive to.
            </>
          ) : (
            "Click an instance, or search for its label, to see what its prediction is sensitive " +
            "to. Alt-click another to compare."
          )}
        </p>
      </section>
    );
  const moment = store.past.moment.value;
  const rows = second === null || second === first ? [first] : [first, second];
  const several = rows.length > 1;
  const found = rows.map((row) => store.local(row));
  const cases = found.filter((one): one is Case => one !== "asked" && "items" in one);
  const original = cases.find(({ row }) => row === first);
  const editing = original !== undefined && !here.vocabulary && store.whatIf.open.value;
  const edited = editing ? changed(store, original) : null;
  const meta = store.meta.value!;
  const group = cases[0]?.against?.words;
  const subject = {
    meta: group ? { ...meta, baseline: group } : meta,
    state: here.state,
    shown: store.shown.value,
  };
  const leave = (place: number) =>
    store.choose(place ? { other: null } : { instance: several ? second : null, other: null });
  // Tokens are not changed, and what another library computed came without a model.
  const asks = !here.vocabulary && subject.meta.by === undefined;
  return (
    <section class="nbx-local">
      <div class="nbx-case-head">
        <h4>{several ? "Two instances" : "This instance"}</h4>
        {original && asks && <Toggle store={store} />}
        {!editing && <Group store={store} words={group} />}
        <ul class={several ? "nbx-several" : ""}>
          {found.map((one, i) => {
            const known = cases.find((other) => other === one);
            const place = here.find(rows[i]!);
            const label = known?.label ?? (place < 0 ? null : here.label(place));
            const said = known && verdict(subject, known);
            const other = i || !known ? null : edited;
            return (
              <li key={rows[i]}>
                {several && <i class={i ? "nbx-second" : "nbx-first"} />}
                <b>
                  <bdi>{label === null ? `#${rows[i]}` : labelOf(subject, label)}</bdi>
                </b>
                {known && !Number.isNaN(known.prediction) && (
                  <span class="nbx-said">
                    <bdi>{responseOf(subject, [known.column])}</bdi> is{" "}
                    <b>{predictionOf(subject, known)}</b>
                    {chanceOf(subject, known)}
                    {other && (
                      <span data-edited>
                        {" "}
                        → <b>{predictionOf(subject, other)}</b>
                        {chanceOf(subject, other)}
                      </span>
                    )}
                    {said && <span class="nbx-muted"> · {said}</span>}
                    {other && other.predicted >= 0 && other.predicted !== known.predicted && (
                      <span class="nbx-muted">
                        {" "}
                        → <b>{className(subject, other.predicted, known.column)}</b>
                      </span>
                    )}
                  </span>
                )}
                <button
                  type="button"
                  aria-label={`Leave ${label ?? rows[i]}`}
                  onClick={() => leave(i)}
                >
                  ×
                </button>
              </li>
            );
          })}
        </ul>
      </div>
      {moment && (
        <p class="nbx-small nbx-muted">
          This is what the latest model answers, not that of step {count(moment.step)}.
        </p>
      )}
      {editing && <Changes store={store} subject={subject} original={original} />}
      {cases.length > 0 &&
        (here.vocabulary ? (
          <Texts store={store} cases={cases} subject={subject} />
        ) : cases.length === 1 && cases[0]!.sum && !editing ? (
          <Waterfall store={store} one={cases[0]!} subject={subject} />
        ) : (
          <Effects store={store} cases={cases} subject={subject} edited={edited} />
        ))}
      {original && asks && !store.whatIf.possible.value && (
        <p class="nbx-small nbx-muted">{UNANSWERED}</p>
      )}
      {!moment && <AtRow store={store} />}
      {found.map((one) => (one === "asked" || "error" in one ? <Asked wait={one} /> : null))}
    </section>
  );
}

/** "against 312 rows ×": picked rows are held against the method's own baseline again. */
function Group({ store, words }: { store: Store; words?: string | undefined }) {
  const group = store.against.group.value;
  if (!group) return null;
  return (
    <button
      type="button"
      class="nbx-button"
      data-against={group.length}
      onClick={() => store.choose({ against: null })}
    >
      against <bdi>{words ?? counted(group.length, "row")}</bdi> <span aria-hidden="true">×</span>
      <span class="nbx-hidden">, back to the baseline</span>
    </button>
  );
}

const UNANSWERED =
  "What if its values were others? The model answers that in a notebook: run this cell again.";

/** The row with other values, its response of the same output; null without any, or an answer. */
function changed(store: Store, original: Case): Case | null {
  const [here, answer] = [store.instances.value!, store.whatIf.answer.value];
  if (!answer || !store.whatIf.changes.value.length) return null;
  const output = here.state.columns.indexOf(original.column);
  const at = { lags: here.lags, lagOf: store.lagOf.value };
  return local(answer.row, here.state, { ...store.shown.value, output }, at);
}
