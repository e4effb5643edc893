/** The names of the lines that stand out, at their right ends: a click picks. */
import type { History } from "../../history.js";
import { directionOf } from "../../ranking.js";
import type { Store } from "../../store.js";
import { Name } from "../name.js";
import { dash, type Frame } from "./frame.js";

/** Pixels from one label to the next. */
const APART = 16;

interface Props {
  store: Store;
  history: History;
  frame: Frame;
  named: number[];
  picked: number;
  /** Pixels for them. */
  labels: number;
}

export function Labels({ store, history, frame, named, picked, labels }: Props) {
  const last = history.moments.at(-1)!;
  const names = store.names.value;
  const tops = spread(
    named.map((place) => frame.y(last.share[place]! || 0)),
    frame.top,
    frame.bottom,
  );
  return (
    <ul
      class="nbx-history-names"
      style={{ left: `${frame.right + 6}px`, width: `${labels - 8}px` }}
    >
      {named.map((place, rank) => {
        const feature = history.features[place]!;
        const direction = directionOf(store.slice.value!.direction[feature]!);
        return (
          <li key={place} style={{ top: `${tops[rank]}px` }}>
            <button
              type="button"
              class={`nbx-${direction}`}
              aria-pressed={place === picked}
              data-feature={names[feature]}
              onClick={() => store.choose({ feature: place === picked ? null : feature })}
            >
              <svg width="20" height="8" aria-hidden="true">
                <path
                  class={`nbx-history-line nbx-history-named${place === picked ? " nbx-history-picked" : ""}`}
                  stroke-dasharray={dash(rank)}
                  d="M0 4H20"
                />
              </svg>
              <Name name={names[feature]!} />
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** Heights as near to the wanted ones as labels that do not overlap can be. */
export function spread(wanted: number[], top: number, bottom: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  const found = [...wanted];
  let next = top;
  for (const i of order) {
    found[i] = Math.max(wanted[i]!, next);
    next = found[i]! + APART;
  }
  let room = bottom;
  for (const i of order.reverse()) {
    found[i] = Math.min(found[i]!, room);
    room = found[i]! - APART;
  }
  return found;
}
