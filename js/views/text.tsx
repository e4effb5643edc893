/** One row as text: tokens in reading order, each shaded by its share of the row. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { decimals, effects, fixed, number, printable } from "../format.js";
import type { Local } from "../local.js";
import type { Store } from "../store.js";
import { pickedToken, type Word } from "../texts.js";
import { axisWords, labelOf, originOf, predictionOf, responseOf, type Subject } from "../words.js";
import { Asked } from "./asked.js";
import { Behind } from "./behind.js";
import { lagName } from "./lags/axis.js";
import { useUnique } from "./unique.js";

interface Props {
  store: Store;
  cases: Local[];
  subject: Subject;
}

/** Rows of the table behind. */
const LISTED = 1_000;

export function Texts({ store, cases, subject }: Props) {
  const columns = cases.map(({ column }) => column);
  const { additive } = subject.state;
  return (
    <>
      <p class="nbx-muted">
        {additive
          ? axisWords(subject, columns).replace("each input", "each token")
          : `Tokens shaded by their share of what ${responseOf(subject, columns)} is sensitive to at ` +
            (cases.length > 1 ? "each row" : "this row")}
      </p>
      {additive && (
        <ul class="nbx-legend">
          <li class="nbx-rises">
            <i class="nbx-key" /> raised it
          </li>
          <li class="nbx-falls">
            <i class="nbx-key" /> lowered it
          </li>
        </ul>
      )}
      {cases.map((one, i) => {
        const words = store.wordsAt(one.row);
        const label = labelOf(subject, one.label);
        return (
          <div key={one.row}>
            {cases.length > 1 && (
              <p aria-hidden="true">
                <i class={i ? "nbx-second" : "nbx-first"} /> <b>{label}</b>
              </p>
            )}
            {one.sum && (
              <p class="nbx-muted">
                {`From ${number(one.sum.base)} ${one.against ? `(${originOf(one)})` : "at the baseline"} to ${predictionOf(subject, one)} here`}
              </p>
            )}
            {Array.isArray(words) ? (
              <Text store={store} words={words} label={label} />
            ) : (
              <Asked wait={words} />
            )}
          </div>
        );
      })}
    </>
  );
}

function Text({ store, words, label }: { store: Store; words: Word[]; label: string }) {
  const id = useUnique();
  const pointed = useSignal<number | null>(null);
  const brushed = store.lags.value;
  const token = pickedToken(store).value;
  const about = store.meta.value!.lags;
  const largest = words.reduce((most, { share }) => Math.max(most, share || 0), 0);
  const places = decimals(largest);
  const percent = (share: number) => fixed(share, places) + (Number.isNaN(share) ? "" : " %");
  const added = effects(Math.max(...words.map(({ part }) => Math.abs(part ?? 0)), 0));
  const write = ({ share, part }: Word) =>
    part === null ? percent(share) : `${added(part)} (${percent(share)})`;
  const contributed = words.some(({ part }) => part !== null);
  const only = brushed?.length === 1 ? brushed[0]! : null;
  const at = words.findIndex(({ lag }) => lag === only);
  const pick = (lag: number | null) => about && store.choose({ lags: lag === null ? null : [lag] });
  const onKey = (event: KeyboardEvent) => {
    const last = words.length - 1;
    const to: Record<string, number> = {
      ArrowRight: Math.min(at + 1, last),
      ArrowDown: Math.min(at + 1, last),
      ArrowLeft: at < 0 ? last : Math.max(at - 1, 0),
      ArrowUp: at < 0 ? last : Math.max(at - 1, 0),
      Home: 0,
      End: last,
      Escape: -1,
    };
    const place = to[event.key];
    if (place === undefined || event.metaKey || event.ctrlKey || event.altKey) return;
    pointed.value = null;
    pick(words[place]?.lag ?? null);
    event.preventDefault();
    event.stopPropagation();
  };
  const said = words[pointed.value ?? at];
  const box = useRef<HTMLDivElement>(null);
  // What is picked elsewhere is brought into sight, without moving the page.
  useLayoutEffect(() => {
    const own = box.current!;
    const word = own.querySelector<HTMLElement>(`[data-lag="${only}"]`);
    if (!word) return;
    const [top, bottom] = [word.offsetTop - 4, word.offsetTop + word.offsetHeight + 4];
    if (top < own.scrollTop) own.scrollTop = top;
    else if (bottom > own.scrollTop + own.clientHeight) own.scrollTop = bottom - own.clientHeight;
  }, [only, words]);
  return (
    <>
      <div
        ref={box}
        class="nbx-text"
        role="listbox"
        tabIndex={0}
        dir="auto"
        aria-label={`Tokens of ${label}`}
        aria-multiselectable="true"
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        onKeyDown={onKey}
        onPointerLeave={() => (pointed.value = null)}
      >
        {words.map((word, i) => {
          const { id: own, name, lag, share, part } = word;
          const hue = part ? (part > 0 ? "nbx-rises" : "nbx-falls") : "";
          return (
            <>
              <span
                key={lag}
                id={`${id}-${i}`}
                role="option"
                aria-selected={brushed?.includes(lag) ?? false}
                class={[hue, own === token && "nbx-same"].filter(Boolean).join(" ") || undefined}
                data-lag={lag}
                title={`${write(word)}, token ${i + 1} of ${words.length}`}
                style={{ "--nbx-share": largest > 0 && share > 0 ? share / largest : 0 }}
                onPointerEnter={() => (pointed.value = i)}
                onClick={() => pick(lag === only ? null : lag)}
              >
                {printable(name)}
              </span>{" "}
            </>
          );
        })}
      </div>
      <p class="nbx-text-read" aria-live="polite">
        {said && (
          <>
            <bdi>{printable(said.name)}</bdi> <b>{write(said)}</b>
            <span class="nbx-muted">
              {` · token ${words.indexOf(said) + 1} of ${words.length}`}
              {about && ` · ${lagName(about, said.lag)}`}
            </span>
          </>
        )}
      </p>
      <Behind
        caption={
          `Tokens of ${label} in reading order, with their ` +
          `${contributed ? "contributions and" : "squared"} shares of this row.` +
          (words.length > LISTED ? ` The last ${LISTED} of ${words.length}.` : "")
        }
        head={[
          ...["Token", "Position"],
          ...(contributed ? ["Contribution", "Share of this row"] : ["Squared share of this row"]),
        ]}
        rows={words
          .map(({ name, share, part }, i) => [
            ...[printable(name), String(i + 1)],
            ...(part === null ? [] : [added(part)]),
            percent(share),
          ])
          .slice(-LISTED)}
      />
    </>
  );
}
