/** What the response at one row is sensitive to, as `Explanation.local` has it. */
import { chain, respond } from "./chain.js";
import { decided, explained, type Row } from "./instances.js";
import type { InstancesState, Shown } from "./wire.js";

export interface Item {
  feature: number;
  /** NaN where a feature is more than one column; a group's is the column that is on. */
  value: number | string;
  /** The signed derivative in the chosen scale; NaN where there is no one direction. */
  attribution: number;
  /** Of sequences, the lag of value and attribution; null where they are of the whole. */
  lag: number | null;
  /** The root of its summed squares: |attribution| where there is one. */
  size: number;
  /** The paper's local share, in percent: squared derivatives without a root. */
  share: number;
}

export interface Local {
  row: number;
  label: string;
  /** Column of the outputs that is explained. */
  column: number;
  /** The response of that column. */
  prediction: number;
  /** P of each class, where outputs are of classes. */
  probabilities: Float32Array | null;
  /** The predicted class, or yes or no; −1 where outputs decide for none. */
  predicted: number;
  /** y: a class code or a number; null where it is unknown. */
  target: number | null;
  /** The features at hand, in the data's order. */
  items: Item[];
  /** The share of all other features, NaN for a constant response; null where there are none. */
  rest: number | null;
  /** Of contributions: the response at the baseline, and what all other features contribute. */
  sum: { base: number; others: number } | null;
  /** What it is held against instead of the baseline. */
  against?: Row["against"];
}

/** Where features of sequences are shown. */
export interface At {
  /** Steps of a row. */
  lags: number;
  lagOf(feature: number): number | null;
}

const WHOLE: At = { lags: 1, lagOf: () => null };

export function local(
  row: Row,
  state: InstancesState,
  { output, response }: Shown,
  { lags, lagOf }: At = WHOLE,
): Local {
  const { outputs, jacobian, owners, values, positions } = row;
  const width = outputs.length;
  const column = explained(state, outputs, 0, output);
  const factors = new Float64Array(width);
  chain(factors, outputs, 0, column, state.kind, response);
  const entries = values.length;
  const found = new Map<number, Sums>();
  const step = (positions ? state.all : entries) / lags;
  for (let e = 0; e < entries; e++) {
    let g = 0;
    for (let l = 0; l < width; l++) g += factors[l]! * jacobian[l * entries + e]!;
    const owner = owners[e]!;
    const item = found.get(owner) ?? {
      lag: lagOf(owner),
      square: 0,
      sum: 0,
      all: NOTHING,
      there: NOTHING,
    };
    const lag = lags - 1 - Math.floor((positions ? positions[e]! : e) / step);
    item.square += g * g;
    item.sum += g;
    item.all = { g, value: values[e]!, count: item.all.count + 1 };
    if (lag === item.lag) item.there = { g, value: values[e]!, count: item.there.count + 1 };
    found.set(owner, item);
  }
  let others = 0;
  for (let k = 0; row.rest && k < width; k++)
    for (let l = 0; l < width; l++) others += factors[k]! * factors[l]! * row.rest[k * width + l]!;
  const { additive } = state;
  const size = additive ? Math.abs(others) : Math.max(others, 0);
  let total = size;
  found.forEach(({ square, sum }) => (total += additive ? Math.abs(sum) : square));
  const percent = (part: number) => (total > 0 ? (100 * part) / total : NaN);
  const items = [...found].map(([feature, { lag, square, sum, all, there }]): Item => {
    const one = all.count === 1 ? all : there.count === 1 ? there : null;
    // Contributions of a feature's entries add up with their signs.
    if (additive)
      return {
        feature,
        value: all.count === 1 ? all.value : (row.named.get(feature) ?? NaN),
        attribution: sum,
        lag: null,
        size: Math.abs(sum),
        share: percent(Math.abs(sum)),
      };
    return {
      feature,
      value: one ? one.value : (row.named.get(feature) ?? NaN),
      attribution: one ? one.g : NaN,
      lag: one === there ? lag : null,
      size: one ? Math.abs(one.g) : Math.sqrt(square),
      share: percent(square),
    };
  });
  const target = row.target && row.target[Math.min(column, row.target.length - 1)]!;
  return {
    row: row.row,
    label: row.label,
    column,
    prediction: respond(outputs, width, state.kind, response)[column]!,
    probabilities:
      state.classifier || state.kind === "odds"
        ? respond(outputs, width, state.kind, "prob")
        : null,
    predicted: decided(state, outputs, 0, column),
    target: target === null || Number.isNaN(target) ? null : target,
    items: items.sort((a, b) => a.feature - b.feature),
    rest: row.rest ? percent(size) : null,
    sum: additive && row.base ? { base: row.base[column]!, others } : null,
    ...(row.against && { against: row.against }),
  };
}

/** Of a feature's entries: the last of them, and how many they are. */
interface Entry {
  g: number;
  value: number;
  count: number;
}

interface Sums {
  lag: number | null;
  square: number;
  sum: number;
  all: Entry;
  /** Those at the lag. */
  there: Entry;
}

const NOTHING: Entry = { g: 0, value: NaN, count: 0 };
