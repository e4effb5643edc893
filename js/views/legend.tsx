/** What hue, arrow and whisker mean; only of what occurs. */
import { ARROW, count, counted } from "../format.js";
import type { Ranking } from "../ranking.js";
import type { Subset } from "../subset.js";
import type { Marks } from "./importance.js";

interface Props {
  ranking: Ranking;
  confidence: number;
  subset: Subset | null;
  /** The marks are those within brushed lags. */
  within: Marks | null;
  /** How many rows are brushed. */
  brushed: number;
}

export function Legend({ ranking, confidence, subset, within, brushed }: Props) {
  const has = (direction: "rises" | "falls" | "both") => ranking.directions.has(direction);
  const signed = has("rises") || has("falls");
  return (
    <ul class="nbx-legend">
      {has("rises") && (
        <li class="nbx-rises">
          <i class="nbx-key" />
          <span>{ARROW.rises}</span> rises{!has("falls") && " with the input"}
        </li>
      )}
      {has("falls") && (
        <li class="nbx-falls">
          <i class="nbx-key" />
          <span>{ARROW.falls}</span> falls with the input
        </li>
      )}
      {has("both") && (
        <li class="nbx-both">
          <i class="nbx-key" /> both ways{!signed && ", depending on the row"}
        </li>
      )}
      {ranking.intervals && (
        <li>
          <i class="nbx-key-whisker" /> {Math.round(confidence * 1000) / 10} % row sampling
        </li>
      )}
      {within && (
        <li>
          <i class="nbx-key-brushed" /> λ {within.about}
        </li>
      )}
      {subset && !within && (
        <li>
          {subset.held > 0 && <i class="nbx-key-brushed" />}
          {subset.held > 0 && ` λ over ${counted(brushed, "brushed row")}`}
          {subset.held < brushed &&
            (subset.held > 0 ? ", " : "") +
              `${count(subset.held)} of ${count(brushed)} with attributions`}
        </li>
      )}
    </ul>
  );
}
