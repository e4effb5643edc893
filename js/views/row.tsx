/** One feature: rank, name, bar with its whisker from a common zero, share and arrow. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { ARROW, fixed, WORDS } from "../format.js";
import { directionOf, type Ranking } from "../ranking.js";
import type { Slice } from "../wire.js";
import { Name } from "./name.js";

export const ROW = 22;
/** Milliseconds that a row takes to its new place. */
export const GLIDE = 220;

interface Props {
  id: string;
  name: string;
  feature: number;
  slice: Slice;
  ranking: Ranking;
  /** The end of the axis. */
  domain: number;
  /** The share over what is brushed, where something is. */
  mark: number | undefined;
  /** What that is over, in words. */
  about: string | undefined;
  places: number;
  top: number;
  position: number;
  setSize: number;
  selected: boolean;
  /** Whether a change may be shown as a movement. */
  calm: boolean;
}

export function Row(props: Props) {
  const { id, feature, slice, ranking, domain, mark = NaN, places, top, selected } = props;
  const share = slice.share[feature]!;
  const low = slice.low[feature]!;
  const high = slice.high[feature]!;
  const direction = directionOf(slice.direction[feature]!);
  const rank = ranking.place[feature]! + 1;
  const percent = (value: number) => `${(100 * (value || 0)) / domain}%`;
  const known = !Number.isNaN(low) && !Number.isNaN(high);
  const row = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLElement>(null);
  const width = (share || 0) / domain;
  const was = useRef({ top, width });
  useLayoutEffect(() => {
    const before = was.current;
    was.current = { top, width };
    if (!props.calm) return;
    if (top !== before.top)
      glide(row.current, `translateY(${before.top}px)`, `translateY(${top}px)`);
    if (width !== before.width && width > 0)
      glide(bar.current, `scaleX(${before.width / width})`, "none");
  }, [top, width]);
  // In words for a screen reader: a label, since hidden text would be laid out at every change.
  const spoken =
    `${rank} ${props.name}, ${fixed(share, places)} percent` +
    (Number.isNaN(mark) ? "" : `, ${fixed(mark, places)} ${props.about}`) +
    (known ? `, row sampling ${fixed(low, places)} to ${fixed(high, places)}` : "") +
    (direction === "none" ? "" : `, ${WORDS[direction]}`);
  return (
    <div
      ref={row}
      id={id}
      class={`nbx-row nbx-${direction}${selected ? " nbx-selected" : ""}`}
      style={{ transform: `translateY(${top}px)` }}
      role="option"
      aria-label={spoken}
      aria-selected={selected}
      aria-posinset={props.position + 1}
      aria-setsize={props.setSize}
      data-feature={props.name}
    >
      {/* What is seen is part of the label, word by word: blanks keep the words apart. */}
      <span class="nbx-rank">{rank}</span> <Name name={props.name} />{" "}
      <span class="nbx-track">
        <i ref={bar} class="nbx-bar" style={{ width: percent(share) }} />
        {known && high > low && (
          <i class="nbx-whisker" style={{ left: percent(low), width: percent(high - low) }} />
        )}
        {!Number.isNaN(mark) && <i class="nbx-brushed" style={{ left: percent(mark) }} />}
      </span>
      <span class="nbx-share">{fixed(share, places)}</span>
      <span class="nbx-arrow">{ARROW[direction]}</span>
    </div>
  );
}

/** From where it was to where it is; a reader's eye follows what moves. */
function glide(element: HTMLElement | null, from: string, to: string): void {
  const view = element?.ownerDocument.defaultView;
  if (!element?.animate || view?.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const frames = [{ transform: from }, { transform: to }];
  element.animate(frames, { duration: GLIDE, easing: "cubic-bezier(0.2, 0, 0, 1)" });
}
