/** The names of the lines that stand out, at their right ends: a click picks. */
import { printable } from "../../format.js";
import type { Runs, Subject } from "../../runs.js";
import { Name } from "../name.js";
import { dash, type Frame, type Look } from "./frame.js";

/** Pixels from one label to the next. */
const APART = 16;

interface Props {
  all: Runs;
  frame: Frame;
  named: Subject[];
  look: Look;
  /** Pixels for them. */
  labels: number;
  pick(subject: Subject): void;
}

export function Labels({ all: { runs, share }, frame, named, look, labels, pick }: Props) {
  const ends = runs.flatMap(({ name: run, moments }, r) =>
    named.flatMap((subject, rank) => {
      const end = share(subject, r, moments.at(-1)!);
      return subject.places[r] === undefined
        ? []
        : [{ subject, rank, run, r, y: frame.y(end || 0) }];
    }),
  );
  const tops = spread(
    ends.map(({ y }) => y),
    frame.top,
    frame.bottom,
  );
  return (
    <ul
      class="nbx-history-names"
      style={{ left: `${frame.right + 6}px`, width: `${labels - 8}px` }}
    >
      {ends.map(({ subject, rank, run, r }, i) => (
        <li key={`${r} ${subject.at} ${subject.name}`} style={{ top: `${tops[i]}px` }}>
          <button
            type="button"
            class={look.class(subject)}
            style={look.style(subject)}
            aria-pressed={look.picked(subject)}
            {...(r && subject.places[0] !== undefined
              ? {}
              : {
                  [look.byLag ? "data-lag" : "data-feature"]: look.byLag
                    ? subject.at
                    : subject.name,
                })}
            onClick={() => pick(subject)}
          >
            <svg width="20" height="8" aria-hidden="true">
              <path class={lineClass(look, subject, r)} stroke-dasharray={dash(rank)} d="M0 4H20" />
            </svg>
            <Name name={subject.name} />
            {run && <bdi class="nbx-muted">{printable(run)}</bdi>}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** A line that stands out, of the run at this place. */
export const lineClass = (look: Look, subject: Subject, run: number): string =>
  `nbx-history-line nbx-history-named ${look.class(subject)}` +
  `${look.picked(subject) ? " nbx-history-picked" : ""}${run ? " nbx-history-other" : ""}`;

/** Heights as near to the wanted ones as labels that do not overlap can be. */
export function spread(wanted: number[], top: number, bottom: number, apart = APART): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const found = [...wanted];
  let next = top;
  for (const i of order) {
    found[i] = Math.max(wanted[i]!, next);
    next = found[i]! + apart;
  }
  let room = bottom;
  for (const i of order.reverse()) {
    found[i] = Math.min(found[i]!, room);
    room = found[i]! - apart;
  }
  return found;
}
