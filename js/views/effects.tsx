/** Signed bars from a zero in the middle, those of one row or of two on the same scale. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { compared, tickWithin } from "../compared.js";
import { compact, counted, effects, fixed, printable } from "../format.js";
import type { Item, Local } from "../local.js";
import type { Store } from "../store.js";
import { axisWords, labelOf, responseOf, valueOf, type Subject } from "../words.js";
import { Behind } from "./behind.js";
import { pickByKey } from "./keys.js";
import { lagName } from "./lags/axis.js";
import { Name } from "./name.js";
import { useUnique } from "./unique.js";
import { Field } from "./whatif.js";

/** Features before the others are folded, and when they are unfolded. */
const FEW = 12;
const MOST = 200;

interface Props {
  store: Store;
  cases: Local[];
  subject: Subject;
  /** The first row with other values, where some were changed: it stands before its ghost. */
  edited: Local | null;
}

export function Effects({ store, cases, subject, edited }: Props) {
  const id = useUnique();
  const unfolded = useSignal(false);
  const names = store.names.value;
  const selected = store.feature.value;
  const editing = store.whatIf.open.value;
  // The order is that of the rows as they are, so that none moves away under the pointer.
  const { order, items: own } = compared(cases);
  const { items: all, largest } = compared(edited ? [...cases, edited] : cases);
  const items = edited ? [all.at(-1)!, ...own.slice(1)] : own;
  const { additive } = subject.state;
  const columns = cases.map(({ column }) => column);
  const response = responseOf(subject, columns);
  const labels = cases.map(({ label }) => labelOf(subject, label));
  if (!(largest > 0) && !editing)
    return (
      <p class="nbx-quiet">
        {cases.some(({ prediction }) => Math.abs(prediction) === Infinity)
          ? `Where ${response} is infinite, derivatives count as zero.`
          : `At ${cases.length > 1 ? "these rows" : "this row"} no input moves ${response}: ` +
            `every ${additive ? "contribution" : "derivative"} is zero.`}
      </p>
    );
  const folds = order.length > FEW + 1;
  const few = order.slice(0, folds && !unfolded.value ? FEW : MOST);
  const changed = store.whatIf.changes.value.map(([feature]) => feature);
  const listed = order.filter((f, i) => i < few.length || (editing && changed.includes(f)));
  const others = counted(names.length - listed.length, "other feature");
  const seen = new Set(listed);
  const rests = items.map((known, i) => {
    const rest = (i ? cases[i] : (edited ?? cases[0]))!.rest ?? 0;
    return [...known.values()].reduce(
      (sum, of) => sum + (seen.has(of.feature) ? 0 : of.share),
      rest,
    );
  });
  const domain = largest * 1.04 || 1;
  const tick = tickWithin(domain);
  // Ticks near the ends stand within the track.
  const near = tick > 0.8 * domain;
  const write = effects(largest);
  const pooled = items.some((known) =>
    listed.some((feature) => Number.isNaN(known.get(feature)?.attribution)),
  );
  const about = store.meta.value!.lags;
  /** A feature, with the lag at which it is shown. */
  const called = (feature: number): string => {
    const lag = items.map((known) => known.get(feature)?.lag ?? null).find((at) => at !== null);
    return names[feature]! + (lag === undefined || !about ? "" : ` at ${lagName(about, lag!)}`);
  };
  const timed = listed.some((feature) => called(feature) !== names[feature]);
  const words = axisWords(subject, columns, timed);
  const at = listed.indexOf(selected ?? -1);
  const onKey = (event: KeyboardEvent) => pickByKey(event, store, listed);
  const before = (item: Item | undefined) => [valueOf(item), write(item?.attribution ?? NaN)];
  const left = (value: number) => ({ left: `${50 + (50 * value) / domain}%` });

  return (
    <>
      <p>{words}</p>
      <div class={`nbx-effects${cases.length > 1 ? " nbx-two" : ""}`}>
        <div class="nbx-effect nbx-axes" aria-hidden="true">
          <span class="nbx-name" />
          {cases.map((_, i) => (
            <Cells
              value={
                cases.length > 1 ? (
                  <b>
                    <i class={i ? "nbx-second" : "nbx-first"} /> {labels[i]}
                  </b>
                ) : (
                  "value"
                )
              }
              move={additive ? "part" : "move"}
              share="share"
            >
              {[-tick, 0, tick].map((value) => (
                <span
                  class={near && value ? (value > 0 ? "nbx-last" : "nbx-begin") : ""}
                  style={left(value)}
                >
                  {(value > 0 ? "+" : "") + compact(value)}
                </span>
              ))}
            </Cells>
          ))}
        </div>
        {/* A list of fields while values are changed: options hold no fields. */}
        <div
          {...(editing
            ? { role: "list" }
            : {
                role: "listbox",
                tabIndex: 0,
                "aria-activedescendant": at >= 0 ? `${id}-${selected}` : undefined,
                onKeyDown: onKey,
              })}
          aria-label={`Inputs that move ${response} at ${labels.join(" and ")}`}
        >
          {listed.map((feature) => (
            <div
              key={feature}
              id={`${id}-${feature}`}
              {...(editing
                ? { role: "listitem" }
                : { role: "option", "aria-selected": feature === selected })}
              class={`nbx-effect${feature === selected ? " nbx-selected" : ""}`}
              data-feature={names[feature]}
              onClick={() => store.choose({ feature: feature === selected ? null : feature })}
            >
              <Name name={called(feature)} />
              {items.map((known, i) => {
                const item = known.get(feature);
                const ghost = edited && !i ? own[0]!.get(feature) : undefined;
                const { attribution = NaN, size = 0 } = item ?? {};
                return (
                  <Cells
                    value={
                      editing && !i ? (
                        <Field
                          store={store}
                          item={own[0]!.get(feature)}
                          name={`${printable(called(feature))} at ${labels[0]}`}
                        />
                      ) : (
                        <bdi>{valueOf(item)}</bdi>
                      )
                    }
                    hue={attribution > 0 ? "rises" : attribution < 0 ? "falls" : "none"}
                    move={write(attribution)}
                    share={percent(item?.share)}
                  >
                    <i style={left(-tick)} />
                    <i style={left(tick)} />
                    <i class="nbx-zero" />
                    {item && size > 0 && (
                      <i
                        class={`nbx-bar${Number.isNaN(attribution) ? " nbx-pooled" : ""}`}
                        style={extent(item, domain)}
                      />
                    )}
                    {ghost && ghost.size > 0 && (
                      <i class="nbx-ghost" style={extent(ghost, domain)} />
                    )}
                  </Cells>
                );
              })}
            </div>
          ))}
        </div>
        {(listed.length < names.length || folds) && (
          <div class="nbx-effect nbx-others">
            <span class="nbx-name">
              {folds ? (
                <button
                  type="button"
                  aria-expanded={unfolded.value}
                  onClick={() => (unfolded.value = !unfolded.value)}
                >
                  {listed.length < order.length ? others : "Fewer features"}
                </button>
              ) : (
                others
              )}
            </span>
            {listed.length < names.length && rests.map((rest) => <Cells share={percent(rest)} />)}
          </div>
        )}
      </div>
      <p class="nbx-small nbx-muted">
        {additive
          ? "Shares are of the contributions’ absolute values."
          : `Shares are squared shares of this row${timed ? ", over all lags" : ""}: more ` +
            "concentrated than the global ones."}
        {pooled && " Grey bars are features of several entries, which have no one direction."}
      </p>
      <Behind
        caption={words}
        head={[
          "Feature",
          ...labels.flatMap((label) => [
            `Value at ${label}`,
            additive ? "Contribution" : "Move",
            additive ? "Share of this row" : "Squared share of this row",
          ]),
          ...(edited ? ["Value before the changes", "Move before the changes"] : []),
        ]}
        rows={[
          ...listed.map((feature) => [
            printable(called(feature)),
            ...items.flatMap((known) => {
              const item = known.get(feature);
              return [valueOf(item), write(item?.attribution ?? NaN), percent(item?.share)];
            }),
            ...(edited ? before(own[0]!.get(feature)) : []),
          ]),
          ...(listed.length < names.length
            ? [[others, ...rests.flatMap((rest) => ["", "", percent(rest)])]]
            : []),
        ]}
      />
    </>
  );
}

interface CellsProps {
  value?: ComponentChildren;
  /** What stands in the track. */
  children?: ComponentChildren;
  hue?: string;
  move?: string;
  share: string;
}

/** Of one row: value, bar, effect and share. */
const Cells = ({ value, children, hue = "none", move, share }: CellsProps) => (
  <>
    <span class="nbx-value">{value}</span>
    <span class={`nbx-track nbx-${hue}`}>{children}</span>
    <span class={`nbx-move nbx-${hue}`}>{move}</span>
    <span class="nbx-share">{share}</span>
  </>
);

/** Where a bar stands in its track: from the middle, or both ways where there is no direction. */
function extent({ attribution, size }: Item, domain: number): { left: string; width: string } {
  const half = (50 * size) / domain;
  const both = Number.isNaN(attribution);
  return { left: `${attribution > 0 ? 50 : 50 - half}%`, width: `${both ? 2 * half : half}%` };
}

/** Shares of one row stand below each other with one decimal. */
const percent = (share = NaN): string => fixed(share, 1) + (Number.isNaN(share) ? "" : " %");
