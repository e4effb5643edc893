/** The loss on an axis of its own, and the beginnings of epochs, where the training's code has them. */
import { useMemo } from "preact/hooks";
import { number, short } from "../../format.js";
import { nearest, type Moment } from "../../history.js";
import type { Run } from "../../runs.js";
import { extent, pixels } from "../../scales.js";
import { path, type Frame } from "./frame.js";
import { spread } from "./labels.js";

const HEIGHT = 40;
/** Pixels from one epoch that is named to the next. */
const APART = 26;

interface Props {
  runs: Run[];
  frame: Frame;
  moment: Moment | null;
}

export function Loss({ runs, frame, moment }: Props) {
  const { left, right } = frame;
  const [low, high] = useMemo(
    () => extent(runs.flatMap(({ moments }) => moments.map(({ loss }) => loss))),
    [runs],
  );
  const y = (loss: number) => pixels({ low, high, from: HEIGHT - 3, to: 5 }, loss);
  const lines = useMemo(
    () =>
      runs.map(({ moments }) => path(moments.map(({ step, loss }) => [frame.x(step), y(loss)]))),
    [runs, frame.first, frame.last, left, right],
  );
  const line = lines.some(Boolean);
  const began = epochs(runs[0]!.moments);
  if (!line && !began.length) return null;
  const several = runs.length > 1;
  const shown = runs.map(({ moments }, run) => {
    const place = moment ? nearest(moments, moment.step) : moments.length - 1;
    return run || !moment ? moments[place]!.loss : moment.loss;
  });
  const ends = runs.map(({ moments }) => {
    const seen = moments.filter(({ loss }) => !Number.isNaN(loss));
    return seen.length ? y(seen.at(-1)!.loss) + 4 : 0;
  });
  const tops = spread(ends, 10, HEIGHT, 14);
  let free = -Infinity;
  const labelled = began.map(({ step, epoch }) => {
    const x = frame.x(step);
    const fits = x >= free && x < right - APART / 2;
    if (fits) free = x + APART;
    return { x, text: fits ? String(epoch) : "" };
  });
  const height = (line ? HEIGHT : 0) + (began.length ? 16 : 0);
  return (
    <svg width={right + 6} height={height} aria-hidden="true" class="nbx-history-loss">
      {line && (
        <>
          <text x={left - 5} y={13}>
            {number(high, 2)}
          </text>
          <text x={left - 5} y={HEIGHT}>
            {number(low, 2)}
          </text>
          <path class="nbx-lag-line" d={`M${left} ${HEIGHT - 2}H${right}`} />
          {lines.map((drawn, run) => (
            <path class={`nbx-history-line${run ? " nbx-history-other" : ""}`} d={drawn} />
          ))}
          <text class="nbx-history-about" x={right} y={12}>
            loss{several || Number.isNaN(shown[0]!) ? "" : ` ${number(shown[0]!)}`}
          </text>
          {several &&
            runs.map(
              ({ name }, run) =>
                lines[run] && (
                  <text class="nbx-history-start" x={right + 12} y={tops[run]}>
                    {short(name)} {number(shown[run]!)}
                  </text>
                ),
            )}
          {moment && <path class="nbx-history-now" d={`M${frame.x(moment.step)} 0V${HEIGHT}`} />}
        </>
      )}
      {labelled.map(({ x, text }) => (
        <g key={x} transform={`translate(0 ${line ? HEIGHT : 0})`}>
          <path class="nbx-history-epoch" d={`M${x} 0V${text ? 5 : 3}`} />
          <text class="nbx-history-start" x={x + 3} y={12}>
            {text}
          </text>
        </g>
      ))}
      {began.length > 0 && (
        <text x={left - 5} y={height - 4}>
          epoch
        </text>
      )}
    </svg>
  );
}

/** The first moment of each epoch that was seen. */
export function epochs(moments: Moment[]): { step: number; epoch: number }[] {
  let last = NaN;
  const found: { step: number; epoch: number }[] = [];
  for (const { step, epoch } of moments) {
    if (!Number.isNaN(epoch) && epoch !== last) found.push({ step, epoch });
    if (!Number.isNaN(epoch)) last = epoch;
  }
  return found;
}
