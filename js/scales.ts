/** From values to pixels, and the round values that an axis names. */
import type { Tick } from "./format.js";

export interface Scale {
  low: number;
  high: number;
  from: number;
  to: number;
}

/** Pixels of a value; what is not finite has none. */
export const pixels = ({ low, high, from, to }: Scale, value: number): number =>
  from + ((value - low) / (high - low)) * (to - from);

/** The smallest and the largest finite value, a little apart where they are one. */
export function extent(values: ArrayLike<number>): [low: number, high: number] {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low && value > -Infinity) low = value;
    if (value > high && value < Infinity) high = value;
  }
  if (!(low <= high)) return [0, 1];
  const room = Math.abs(low) * 1e-3 || 0.5;
  return low < high ? [low, high] : [low - room, high + room];
}

/** At most about `most` round values within an axis, with the decimals of their step. */
export function ticks(low: number, high: number, most: number): Tick[] {
  const rough = (high - low) / Math.max(most, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => rough <= factor * power * (1 + 1e-9))!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  if (!(last - first < 100)) return [];
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, text: tickText(value, step, Math.max(Math.abs(low), Math.abs(high))) };
  });
}

const UNITS: [size: number, name: string][] = [
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

function tickText(value: number, step: number, largest: number): string {
  if (Math.abs(value) < step / 2) return "0";
  const minus = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (largest < 1e-3 || largest >= 1e12)
    return (
      minus +
      size
        .toExponential()
        .replace(/^(\d(?:\.\d{1,2})?)\d*e([+-])/, "$1e$2")
        .replace("e+", "e")
        .replace("e-", "e−")
    );
  const [unit, name] = (largest >= 1e4 && UNITS.find(([unit]) => largest >= unit)) || [1, ""];
  const places = Math.max(0, -Math.floor(Math.log10(step / unit) + 1e-9));
  return minus + (size / unit).toFixed(places) + name;
}
