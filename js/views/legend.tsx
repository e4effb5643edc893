/** What hue, arrow and whisker mean; only of what occurs. */
import { ARROW } from "../format.js";
import type { Ranking } from "../ranking.js";

export function Legend({ ranking, confidence }: { ranking: Ranking; confidence: number }) {
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
    </ul>
  );
}
