import type { Tick } from "../format.js";

interface Props {
  ticks: Tick[];
  domain: number;
  top: number;
  height: number;
}

/** The axis behind rows: a few lines for all of them, since what each row has is drawn anew. */
export const Lines = ({ ticks, domain, top, height }: Props) => (
  <div class="nbx-lines" aria-hidden="true" style={{ top: `${top}px`, height: `${height}px` }}>
    {ticks.map(({ value }) => (
      <i class="nbx-tick" style={{ left: `${(100 * value) / domain}%` }} />
    ))}
  </div>
);
