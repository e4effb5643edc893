/** The loss on an axis of its own, and the beginnings of epochs, where the training's code has them. */
import { useMemo } from "preact/hooks";
import { number } from "../../format.js";
import type { Moment } from "../../history.js";
import { extent, pixels } from "../../scales.js";
import { path, type Frame } from "./frame.js";

const HEIGHT = 40;
/** Pixels from one epoch that is named to the next. */
const APART = 26;

interface Props {
  moments: Moment[];
  frame: Frame;
  moment: Moment | null;
}

export function Loss({ moments, frame, moment }: Props) {
  const { left, right } = frame;
  const [low, high] = useMemo(() => extent(moments.map(({ loss }) => loss)), [moments]);
  const y = (loss: number) => pixels({ low, high, from: HEIGHT - 3, to: 5 }, loss);
  const line = useMemo(
    () => path(moments.map(({ step, loss }) => [frame.x(step), y(loss)])),
    [moments, left, right],
  );
  const began = epochs(moments);
  if (!line && !began.length) return null;
  const shown = moment ?? moments.at(-1)!;
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
          <path class="nbx-history-line" d={line} />
          <text class="nbx-history-about" x={right} y={12}>
            loss{Number.isNaN(shown.loss) ? "" : ` ${number(shown.loss)}`}
          </text>
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
