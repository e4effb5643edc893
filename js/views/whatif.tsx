/** What if: values of the picked row as fields, what was changed, and the real rows near it. */
import { useSignal } from "@preact/signals";
import type { Item, Local } from "../local.js";
import { number, numberOf, plain, printable } from "../format.js";
import type { Store } from "../store.js";
import { labelOf, predictionOf, valueOf, type Subject } from "../words.js";
import type { Change } from "../wire.js";
import { lagName } from "./lags/axis.js";

/** The button that lets values be changed, or puts them back; without a kernel, nothing. */
export function Toggle({ store }: { store: Store }) {
  const { possible, open } = store.whatIf;
  if (!possible.value) return null;
  const toggle = () => {
    store.whatIf.want(!open.peek());
    if (open.peek()) store.choose({ edit: null });
  };
  return (
    <button type="button" class="nbx-button" aria-pressed={open.value} onClick={toggle}>
      What if …
    </button>
  );
}

interface Props {
  store: Store;
  subject: Subject;
  /** The row as it is. */
  original: Local;
}

/** What was changed, how far the answer has come, and the nearest real rows. */
export function Changes({ store, subject, original }: Props) {
  const { changes, answer, wait } = store.whatIf;
  const [edit, known, waits] = [changes.value, answer.value, wait.value];
  const names = store.names.value;
  const about = store.meta.value!.lags;
  const called = ([feature, , lag]: Change) =>
    printable(names[feature]!) + (about && lag !== null ? ` at ${lagName(about, lag)}` : "");
  const outside = (known?.outside ?? []).flatMap(([feature, lag, low, high]) => {
    const change = edit.find((one) => one[0] === feature && (lag === null || one[2] === lag));
    const beyond = change && (+change[1]! < low || +change[1]! > high);
    const range = `${number(low)} to ${number(high)}`;
    return beyond ? `Beyond the data: ${called(change)} is from ${range} there.` : [];
  });
  const here = store.instances.value!;
  const { response } = subject.shown;
  const back = (change: Change) => store.choose({ edit: edit.filter((one) => one !== change) });
  return (
    <div class="nbx-what-if">
      {edit.length > 0 && (
        <ul aria-label="Changed values">
          {edit.map((change) => {
            const own = original.items.find((item) => matches(change, item));
            return (
              <li key={`${change[0]} ${change[2]}`}>
                <bdi>{called(change)}</bdi> {own && `${valueOf(own)} `}→{" "}
                <b>
                  <bdi>{told(change[1])}</bdi>
                </b>
                <button
                  type="button"
                  aria-label={`Put ${called(change)} back`}
                  onClick={() => back(change)}
                >
                  ×
                </button>
              </li>
            );
          })}
          {edit.length > 1 && (
            <li>
              <button type="button" onClick={() => store.choose({ edit: null })}>
                Put all back
              </button>
            </li>
          )}
        </ul>
      )}
      <p class="nbx-small nbx-muted" role="status">
        {waits === "asked" ? (
          <span class="nbx-busy">Asked; the kernel is running a cell, and answers after it.</span>
        ) : waits ? (
          <bdi class="nbx-wrong">{waits.error}</bdi>
        ) : edit.length ? (
          ["Outlines: before the changes.", ...outside].join(" ")
        ) : (
          "Change values below: the model answers, and marks what it said before."
        )}
      </p>
      {known && known.near.length > 0 && (
        <p class="nbx-small nbx-muted">
          Nearest real rows:{" "}
          {known.near.map(({ row, label, distance }) => {
            const place = here.find(row);
            const prediction = here.responses(response)[place * here.width + original.column]!;
            const said = place < 0 ? "" : ` ${predictionOf(subject, { prediction })}`;
            return (
              <>
                <button
                  key={row}
                  type="button"
                  title={`${number(distance)} away; Alt-click to compare`}
                  onClick={({ altKey }) => store.choose({ [altKey ? "other" : "instance"]: row })}
                >
                  <b>
                    <bdi>{labelOf(subject, label)}</bdi>
                  </b>
                  {said}
                </button>{" "}
              </>
            );
          })}
        </p>
      )}
    </div>
  );
}

interface FieldProps {
  store: Store;
  /** What is known of the feature at the row as it is. */
  item: Item | undefined;
  name: string;
}

/** A value that can be changed: a number, or a choice; others as they are. */
export function Field({ store, item, name }: FieldProps) {
  const { changes, choices } = store.whatIf;
  const typed = useSignal<string | null>(null);
  if (!item) return <>{valueOf(item)}</>;
  const { feature, lag } = item;
  const edit = changes.value;
  const change = edit.find((one) => matches(one, item));
  const options = choices.value.get(feature);
  const set = (value: Change[1] | undefined) => {
    const others = edit.filter((one) => one !== change);
    store.choose({ edit: value === undefined ? others : [...others, [feature, value, lag]] });
  };
  const own = {
    class: `nbx-input${change ? " nbx-changed" : ""}`,
    "aria-label": name + (change ? `, changed from ${valueOf(item)}` : ""),
    onClick: (event: Event) => event.stopPropagation(),
    onFocus: () => store.feature.peek() !== feature && store.choose({ feature }),
  };
  if (options) {
    const now = change ? change[1] : onOf(item);
    return (
      <select
        {...own}
        onChange={({ currentTarget }) => {
          const value = options[currentTarget.selectedIndex]!;
          set(value === onOf(item) ? undefined : value);
        }}
      >
        {options.map((option) => (
          <option selected={option === now}>{told(option)}</option>
        ))}
      </select>
    );
  }
  if (typeof item.value !== "number" || Number.isNaN(item.attribution)) return <>{valueOf(item)}</>;
  const shown = change ? String(change[1]) : plain(item.value);
  return (
    <input
      {...own}
      type="text"
      inputMode="decimal"
      autocomplete="off"
      value={typed.value ?? shown}
      aria-invalid={
        typed.value !== null && typed.value.trim() !== "" && numberOf(typed.value) === null
      }
      onInput={({ currentTarget }) => {
        typed.value = currentTarget.value;
        const value = numberOf(currentTarget.value);
        if (value !== null)
          set(currentTarget.value === plain(item.value as number) ? undefined : value);
      }}
      onBlur={() => {
        if (typed.value?.trim() === "") set(undefined);
        typed.value = null;
      }}
      onKeyDown={(event) => {
        if (event.key === "Enter") typed.value = null;
        else if (event.key !== "Escape") return;
        else {
          typed.value = null;
          set(undefined);
        }
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}

/** Whether a change is of what an item shows. */
const matches = ([feature, , lag]: Change, item: Item): boolean =>
  feature === item.feature && (lag === null || item.lag === null || lag === item.lag);

/** The column of a group that is on; null where none is. */
const onOf = ({ value }: Item): string | null => (typeof value === "string" ? value : null);

const told = (value: Change[1]): string =>
  value === null ? "none" : typeof value === "number" ? number(value, 5) : printable(value);
