/** What lags are called, and the round ones that an axis names. */
import { printable, short } from "../../format.js";
import type { LagsMeta } from "../../wire.js";

export type About = LagsMeta;

const MOST_LETTERS = 8;
const DAYS = [1, 2, 7, 14, 28, 56, 91, 182, 364];
const SIXTIES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
/** Steps that are round in a unit. */
const ROUND: [RegExp, number[]][] = [
  [/^(h|hr|hrs|hours?)$/i, [1, 2, 3, 6, 12, 24, 48, 72, 168, 336]],
  [/^(d|days?)$/i, DAYS],
  [/^(mo|months?)$/i, [1, 2, 3, 6, 12, 24, 60, 120, 240]],
  [/^(s|sec|seconds?|min|minutes?)$/i, SIXTIES],
];
const PLAIN = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/** Whether a lag is no step, but the states before the first. */
export const begins = ({ beginning, count }: About, lag: number): boolean =>
  beginning !== undefined && lag === count - 1;

/** "3 h", "lag 3", or the lag's own name; of leads, "3 h ahead". */
export function lagName(about: About, lag: number): string {
  const { unit, labels } = about;
  if (begins(about, lag)) return short(about.beginning!);
  if (lag < 0)
    return `${-lag} ${unit === null ? (lag === -1 ? "step" : "steps") : short(unit)} ahead`;
  if (labels) return short(labels[lag] ?? String(lag));
  return unit === null ? `lag ${lag}` : `${lag} ${short(unit)}`;
}

/** Lags that the axis names: round ones, as many as have room in `width` pixels. */
export function lagTicks(about: About, width: number): number[] {
  const { count, leads = 0, unit, labels } = about;
  const longest = labels ? Math.max(...labels.map(({ length }) => length)) : 4;
  const room = Math.max(1, Math.floor(width / (6.5 * Math.min(longest, MOST_LETTERS) + 18)));
  const steps = ROUND.find(([name]) => unit !== null && name.test(unit.trim()))?.[1] ?? PLAIN;
  const fits = (size: number) => Math.floor((leads + count - 1) / size) <= room;
  const step = [...steps, ...PLAIN].find(fits) ?? count;
  const before = Math.floor(leads / step);
  const ticks = before + Math.ceil(count / step);
  const found = Array.from({ length: ticks }, (_, i) => (i - before) * step);
  // The states' name stands at the end, in the place of a step that is near.
  return about.beginning === undefined
    ? found
    : [...found.filter((lag) => !lag || count - 1 - lag > step / 2), count - 1];
}

/** A tick's text. */
export function tickText(about: About, lag: number): string {
  const { labels, leads, beginning } = about;
  const own = begins(about, lag) ? beginning : labels?.[lag];
  if (leads && lag === 0) return "now";
  if (own === undefined || lag < 0) return String(lag).replace("-", "−");
  const name = printable(own);
  return name.length > MOST_LETTERS ? `${[...name].slice(0, MOST_LETTERS - 1).join("")}…` : name;
}

/** What the axis is of. */
export const axisTitle = ({ unit, labels }: About): string =>
  labels ? "lag" : `lag, ${unit === null ? "steps" : short(unit)} back`;
