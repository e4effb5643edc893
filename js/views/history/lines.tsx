/** The lines of all features or lags over the steps, with their axes and the scrubber's place. */
import { useMemo } from "preact/hooks";
import { percentTicks } from "../../format.js";
import { nearest, type Moment } from "../../history.js";
import type { Runs, Subject } from "../../runs.js";
import { dash, path, type Frame, type Look } from "./frame.js";
import { lineClass } from "./labels.js";

interface Props {
  all: Runs;
  frame: Frame;
  /** Those that stand out. */
  named: Subject[];
  /** Those that are drawn at all, and not only in the bars. */
  drawn: Subject[];
  look: Look;
  moment: Moment | null;
}

export function Lines({ all, frame, named, drawn, look, moment }: Props) {
  const { left, right, top, bottom } = frame;
  const { runs, share } = all;
  const front = [...named].sort((a, b) => Number(look.picked(a)) - Number(look.picked(b)));
  const behind = drawn.filter((one) => !front.includes(one));
  const paths = useMemo(() => new Map<string, string>(), [all, left, right, frame.domain]);
  const drawnOf = (subject: Subject, run: number) => {
    const key = `${run} ${all.subjects.indexOf(subject)}`;
    if (!paths.has(key))
      paths.set(
        key,
        path(
          runs[run]!.moments.map((one) => [frame.x(one.step), frame.y(share(subject, run, one))]),
        ),
      );
    return paths.get(key);
  };
  const lines = (of: Subject[], draw: (subject: Subject, run: number) => preact.JSX.Element) =>
    // Of two runs, the other one's lines lie below.
    runs.flatMap((_, i) => of.map((subject) => draw(subject, runs.length - 1 - i)));
  const x = moment ? frame.x(moment.step) : right;
  return (
    <svg width={right + 6} height={bottom + 4} aria-hidden="true" class="nbx-history-lines">
      {percentTicks(frame.domain, 4).map(({ value, text }) => (
        <g key={value}>
          <path class="nbx-lag-line" d={`M${left} ${frame.y(value)}H${right}`} />
          <text x={left - 5} y={frame.y(value) + 4}>
            {text}
          </text>
        </g>
      ))}
      {lines(behind, (subject, run) => (
        <path class="nbx-history-line" d={drawnOf(subject, run)} />
      ))}
      {lines(front, (subject, run) => (
        <path
          class={lineClass(look, subject, run)}
          style={look.style(subject)}
          stroke-dasharray={dash(named.indexOf(subject))}
          d={drawnOf(subject, run)}
        />
      ))}
      {moment && (
        <>
          <rect
            class="nbx-history-future"
            x={x}
            y={top - 6}
            width={Math.max(right - x + 3, 0)}
            height={bottom - top + 5}
          />
          <path class="nbx-history-now" d={`M${x} ${top - 6}V${bottom}`} />
          {lines(front, (subject, run) => {
            const { moments } = runs[run]!;
            const at = run ? moments[nearest(moments, moment.step)]! : moment;
            const value = share(subject, run, at);
            const beyond = moment.step > moments.at(-1)!.step;
            if (Number.isNaN(value) || beyond) return <></>;
            return (
              <circle
                class={`nbx-history-dot ${look.class(subject, run ? undefined : moment)}`}
                style={look.style(subject)}
                cx={x}
                cy={frame.y(value)}
                r={run ? 2 : 3}
              />
            );
          })}
        </>
      )}
    </svg>
  );
}
