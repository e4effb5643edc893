/** The table behind the chart: for screen readers, and for whoever reads a page's text. */
import { Component } from "preact";
import { count, decimals, fixed, printable, WORDS } from "../format.js";
import { directionOf, type Ranking } from "../ranking.js";
import type { Beside } from "../methods.js";
import { Behind } from "./behind.js";
import type { Slice } from "../wire.js";
import type { Marks } from "./importance.js";

/** Enough to read; the filter reaches the rest. */
const MOST = 100;
/** Milliseconds after the last change until the table follows. */
export const RESTED = 200;

interface Props {
  names: string[];
  slice: Slice;
  ranking: Ranking;
  shown: number[];
  marked: Marks | null;
  beside: Beside | null;
}

export class Table extends Component<Props> {
  private timer: ReturnType<typeof setTimeout> | undefined;

  // What nobody looks at need not follow every move, and a hundred rows would cost each its frame.
  override shouldComponentUpdate(next: Props): boolean {
    const { props } = this;
    if ((Object.keys(next) as (keyof Props)[]).some((name) => next[name] !== props[name])) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.forceUpdate(), RESTED);
    }
    return false;
  }

  override componentWillUnmount(): void {
    clearTimeout(this.timer);
  }

  override render({ names, slice, ranking, shown, marked, beside }: Props) {
    const places = decimals(slice.share[ranking.order[0]!]!);
    const percent = (value: number) => fixed(value, places) + (Number.isNaN(value) ? "" : " %");
    const more = shown.length > MOST ? ` (the first ${MOST} of ${count(shown.length)})` : "";
    return (
      <Behind
        caption={slice.question + more}
        head={[
          "Rank",
          "Feature",
          "Importance",
          "Low (row sampling)",
          "High (row sampling)",
          "Direction",
          ...(beside ? [beside.method.title, `Rank by ${beside.method.title}`] : []),
          ...(marked ? [marked.about[0]!.toUpperCase() + marked.about.slice(1)] : []),
        ]}
        named={1}
        rows={shown
          .slice(0, MOST)
          .map((feature) => [
            String(ranking.place[feature]! + 1),
            printable(names[feature]!),
            percent(slice.share[feature]!),
            percent(slice.low[feature]!),
            percent(slice.high[feature]!),
            WORDS[directionOf(slice.direction[feature]!)],
            ...(beside ? [percent(beside.share[feature]!), String(beside.rank[feature])] : []),
            ...(marked ? [percent(marked.share[feature]!)] : []),
          ])}
      />
    );
  }
}
