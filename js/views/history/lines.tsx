/** The lines of all features over the steps, with their axes and where the scrubber stands. */
import { useMemo } from "preact/hooks";
import { percentTicks } from "../../format.js";
import type { History, Moment } from "../../history.js";
import { directionOf } from "../../ranking.js";
import { dash, path, type Frame } from "./frame.js";

interface Props {
  history: History;
  frame: Frame;
  /** Places in the history's features of the lines that stand out. */
  named: number[];
  /** Places of those that are drawn at all, and not only in the bars. */
  drawn: number[];
  /** The place of the picked feature, or -1. */
  picked: number;
  /** mean / rms of all features, the latest. */
  directions: Float32Array;
  moment: Moment | null;
}

export function Lines({ history, frame, named, drawn, picked, directions, moment }: Props) {
  const { left, right, top, bottom } = frame;
  const { features, moments } = history;
  const front = [...named.filter((place) => place !== picked), ...(picked < 0 ? [] : [picked])];
  const behind = drawn.filter((one) => !front.includes(one));
  const all = [...behind, ...front].sort((a, b) => a - b);
  const paths = useMemo(
    () =>
      new Map(
        all.map((place) => [
          place,
          path(moments.map(({ step, share }) => [frame.x(step), frame.y(share[place]!)])),
        ]),
      ),
    [history, left, right, all.join()],
  );
  const hue = (place: number) => `nbx-${directionOf(directions[features[place]!]!)}`;
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
      {behind.map((place) => (
        <path key={place} class="nbx-history-line" d={paths.get(place)} />
      ))}
      {front.map((place) => (
        <path
          key={place}
          class={`nbx-history-line nbx-history-named ${hue(place)}${place === picked ? " nbx-history-picked" : ""}`}
          stroke-dasharray={dash(named.indexOf(place))}
          d={paths.get(place)}
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
          {front
            .filter((place) => !Number.isNaN(moment.share[place]!))
            .map((place) => (
              <circle
                key={place}
                class={`nbx-history-dot nbx-${directionOf(moment.direction[place]!)}`}
                cx={x}
                cy={frame.y(moment.share[place]!)}
                r={3}
              />
            ))}
        </>
      )}
    </svg>
  );
}
