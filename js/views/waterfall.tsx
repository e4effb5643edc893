/** From the baseline's response to this row's, a bar for what each input contributed. */
import { useSignal } from "@preact/signals";
import { chance, counted, effects, fixed, levels, number, printable } from "../format.js";
import type { Item, Local } from "../local.js";
import type { Store } from "../store.js";
import { axisWords, labelOf, originOf, responseOf, valueOf, type Subject } from "../words.js";
import { Behind } from "./behind.js";
import { pickByKey } from "./keys.js";
import { Name } from "./name.js";
import { useUnique } from "./unique.js";

/** Features before the others are one bar. */
const FEW = 12;
const MOST = 200;
/** A gap below this part of the difference is that of rounding and quadrature. */
const GAP = 2e-3;

interface Props {
  store: Store;
  one: Local;
  subject: Subject;
}

/** One step of the way: from where it begins to where it ends. */
interface Step {
  key: string;
  name: string;
  feature: number | null;
  item?: Item;
  from: number;
  to: number;
}

export function Waterfall({ store, one, subject }: Props) {
  const id = useUnique();
  const unfolded = useSignal(false);
  const names = store.names.value;
  const selected = store.feature.value;
  const { base, others: elsewhere } = one.sum!;
  const ranked = [...one.items].sort((a, b) => b.size - a.size || a.feature - b.feature);
  const folds = ranked.length > FEW + 1;
  const listed = ranked.slice(0, folds && !unfolded.value ? FEW : MOST);
  const steps: Step[] = [];
  let at = base;
  const step = (key: string, name: string, by: number, item?: Item) => {
    const feature = item ? item.feature : null;
    steps.push({ key, name, feature, from: at, to: at + by, ...(item ? { item } : {}) });
    at += by;
  };
  for (const item of listed)
    step(String(item.feature), names[item.feature]!, item.attribution, item);
  const left = names.length - listed.length;
  const folded = ranked.slice(listed.length).reduce((sum, item) => sum + item.attribution, 0);
  if (left) step("others", counted(left, "other feature"), folded + elsewhere);
  const gap = one.prediction - at;
  if (Math.abs(gap) > GAP * Math.abs(one.prediction - base)) step("gap", "not accounted for", gap);
  const ends = [base, one.prediction, ...steps.map(({ to }) => to)].filter(Number.isFinite);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const pad = (high - low || 1) * 0.04;
  const place = (value: number) => (100 * (value - low + pad)) / (high - low + 2 * pad);
  const largest = Math.max(...steps.map(({ from, to }) => Math.abs(to - from)), 0);
  const write = effects(largest);
  const level = subject.shown.response === "prob" ? chance : levels(largest);
  const response = responseOf(subject, [one.column]);
  const words = axisWords(subject, [one.column]);
  const chosen = listed.some(({ feature }) => feature === selected);
  const onKey = (event: KeyboardEvent) =>
    pickByKey(
      event,
      store,
      listed.map(({ feature }) => feature),
    );
  const label = labelOf(subject, one.label);
  const origin = originOf(one);
  const mark = (value: number) => <i class="nbx-level" style={{ left: `${place(value)}%` }} />;

  return (
    <>
      <p>{words}</p>
      <div class="nbx-effects nbx-waterfall">
        <div class="nbx-effect nbx-end">
          <Name name={origin} />
          <span class="nbx-value" />
          <span class="nbx-track">{mark(base)}</span>
          <span class="nbx-move">{level(base)}</span>
        </div>
        <div
          role="listbox"
          tabIndex={0}
          aria-activedescendant={chosen ? `${id}-${selected}` : undefined}
          aria-label={`What inputs contributed to ${response} at ${label}`}
          onKeyDown={onKey}
        >
          {steps.map(({ key, name, feature, item, from, to }) => (
            <div
              key={key}
              id={`${id}-${key}`}
              role="option"
              aria-selected={feature !== null && feature === selected}
              class={`nbx-effect${feature !== null && feature === selected ? " nbx-selected" : ""}`}
              {...(feature === null ? { "data-step": key } : { "data-feature": name })}
              onClick={() =>
                feature !== null && store.choose({ feature: feature === selected ? null : feature })
              }
            >
              <Name name={name} />
              <span class="nbx-value">{item && <bdi>{known(item)}</bdi>}</span>
              <span class={`nbx-track nbx-${hue(key, to - from)}`}>
                {mark(from)}
                <i
                  class={`nbx-bar${key === "gap" ? " nbx-pooled" : ""}`}
                  style={{
                    left: `${place(Math.min(from, to))}%`,
                    width: `${Math.abs(place(to) - place(from))}%`,
                  }}
                />
              </span>
              <span class={`nbx-move nbx-${hue(key, to - from)}`}>{write(to - from)}</span>
              <span class="nbx-share">
                {item && item.share >= 0 && `${fixed(item.share, 1)} %`}
              </span>
            </div>
          ))}
        </div>
        <div class="nbx-effect nbx-end">
          <span class="nbx-name">this row</span>
          <span class="nbx-value" />
          <span class="nbx-track">{mark(one.prediction)}</span>
          <span class="nbx-move">{level(one.prediction)}</span>
        </div>
        {folds && (
          <div class="nbx-effect nbx-others">
            <span class="nbx-name">
              <button
                type="button"
                aria-expanded={unfolded.value}
                onClick={() => (unfolded.value = !unfolded.value)}
              >
                {unfolded.value ? "Fewer features" : `All ${counted(ranked.length, "feature")}`}
              </button>
            </span>
          </div>
        )}
      </div>
      <Behind
        caption={words}
        head={["Feature", `Value at ${label}`, "Contribution", "Response after it"]}
        rows={[
          [printable(origin), "", "", number(base)],
          ...steps.map(({ name, item, from, to }) => [
            printable(name),
            item ? known(item) : "",
            write(to - from),
            number(to),
          ]),
        ]}
      />
    </>
  );
}

/** Over several lags or columns there is no one value. */
const known = (item: Item): string => (Number.isNaN(item.value) ? "" : valueOf(item));

const hue = (key: string, by: number): string =>
  key === "gap" || !by ? "none" : by > 0 ? "rises" : "falls";
