/** The table behind the chart: for screen readers, and for whoever reads a page's text. */
import { Component } from "preact";
import { count, decimals, fixed, printable, WORDS } from "../format.js";
import { directionOf, type Ranking } from "../ranking.js";
import type { Subset } from "../instances.js";
import type { Slice } from "../wire.js";

/** Enough to read; the filter reaches the rest. */
const MOST = 100;

interface Props {
  names: string[];
  slice: Slice;
  ranking: Ranking;
  shown: number[];
  brushed: Subset | null;
}

export class Table extends Component<Props> {
  // Scrolling and picking leave the numbers as they are.
  override shouldComponentUpdate({ slice, shown, names, brushed }: Props): boolean {
    const { props } = this;
    if (brushed !== props.brushed) return true;
    return slice !== props.slice || shown !== props.shown || names !== props.names;
  }

  override render({ names, slice, ranking, shown, brushed }: Props) {
    const places = decimals(slice.share[ranking.order[0]!]!);
    const percent = (value: number) => `${fixed(value, places)} %`;
    const listed = shown.slice(0, MOST);
    return (
      <div class="nbx-hidden">
        <table>
          <caption>
            {slice.question}
            {shown.length > MOST && ` (the first ${MOST} of ${count(shown.length)})`}
          </caption>
          <thead>
            <tr>
              <th scope="col">Rank</th>
              <th scope="col">Feature</th>
              <th scope="col">Importance</th>
              <th scope="col">Low (row sampling)</th>
              <th scope="col">High (row sampling)</th>
              <th scope="col">Direction</th>
              {brushed && <th scope="col">Over the brushed rows</th>}
            </tr>
          </thead>
          <tbody>
            {listed.map((feature) => (
              <tr key={feature}>
                <td>{ranking.place[feature]! + 1}</td>
                <th scope="row">
                  <bdi>{printable(names[feature]!)}</bdi>
                </th>
                <td>{percent(slice.share[feature]!)}</td>
                <td>{percent(slice.low[feature]!)}</td>
                <td>{percent(slice.high[feature]!)}</td>
                <td>{WORDS[directionOf(slice.direction[feature]!)]}</td>
                {brushed && <td>{percent(brushed.share[feature]!)}</td>}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  }
}
