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

/** "3 h", "lag 3", or the lag's own name; of leads, "3 h ahead". */
export function lagName({ unit, labels }: About, lag: number): string {
  if (lag < 0)
    return `${-lag} ${unit === null ? (lag === -1 ? "step" : "steps") : short(unit)} ahead`;
  if (labels) return short(labels[lag] ?? String(lag));
  return unit === null ? `lag ${lag}` : `${lag} ${short(unit)}`;
}

/** Lags that the axis names: round ones, as many as have room in `width` pixels. */
export function lagTicks({ count, leads = 0, unit, labels }: About, width: number): number[] {
  const longest = labels ? Math.max(...labels.map(({ length }) => length)) : 4;
  const room = Math.max(1, Math.floor(width / (6.5 * Math.min(longest, MOST_LETTERS) + 18)));
  const steps = ROUND.find(([name]) => unit !== null && name.test(unit.trim()))?.[1] ?? PLAIN;
  const fits = (size: number) => Math.floor((leads + count - 1) / size) <= room;
  const step = [...steps, ...PLAIN].find(fits) ?? count;
  const before = Math.floor(leads / step);
  return Array.from({ length: before + Math.ceil(count / step) }, (_, i) => (i - before) * step);
}

/** A tick's text. */
export function tickText({ labels, leads }: About, lag: number): string {
  if (leads && lag === 0) return "now";
  if (!labels || lag < 0) return String(lag).replace("-", "−");
  const name = printable(labels[lag]!);
  return name.length > MOST_LETTERS ? `${[...name].slice(0, MOST_LETTERS - 1).join("")}…` : name;
}

/** What the axis is of. */
export const axisTitle = ({ unit, labels }: About): string =>
  labels ? "lag" : `lag, ${unit === null ? "steps" : short(unit)} back`;
