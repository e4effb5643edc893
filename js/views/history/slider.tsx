/** The scrubber below the lines, with the steps that its axis names. */
import { count } from "../../format.js";
import type { Moment } from "../../history.js";
import { ticks } from "../../scales.js";
import type { Frame } from "./frame.js";

interface Props {
  moments: Moment[];
  frame: Frame;
  /** Where it stands. */
  moment: Moment;
  /** Go to the moment at a place. */
  scrub(place: number): void;
}

export function Slider({ moments, frame, moment, scrub }: Props) {
  const { left, right, first, last } = frame;
  const at = moments.indexOf(moment);
  const page = Math.max(1, Math.round(moments.length / 10));
  const onKey = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const places: Record<string, number> = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      PageDown: at - page,
      PageUp: at + page,
      Home: 0,
      End: moments.length - 1,
      Escape: moments.length - 1,
    };
    if (!(event.key in places)) return;
    scrub(places[event.key]!);
    event.preventDefault();
  };
  const [from, to] = [moments[0]!.step, moments.at(-1)!.step];
  const [start, x] = [frame.x(from), frame.x(moment.step)];
  const named = ticks(first, last, Math.max(2, (right - left) / 80));
  return (
    <>
      <div
        class="nbx-history-slider"
        role="slider"
        tabIndex={0}
        aria-label="Step of the training"
        aria-valuemin={from}
        aria-valuemax={to}
        aria-valuenow={moment.step}
        aria-valuetext={`step ${count(moment.step)} of ${count(to)}`}
        style={{ marginLeft: `${start}px`, width: `${frame.x(to) - start}px` }}
        onKeyDown={onKey}
      >
        <i style={{ left: `${x - start}px` }} />
      </div>
      <div class="nbx-history-axis" aria-hidden="true">
        {named.map(({ value, text }) => (
          <span key={value} style={{ left: `${frame.x(value)}px` }}>
            {text}
          </span>
        ))}
        <span class="nbx-history-step" style={{ left: `${right + 18}px` }}>
          step
        </span>
      </div>
    </>
  );
}
