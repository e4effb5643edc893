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
  /** The root of its summed squares: |attribution| where it is one column. */
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
  /** P of each class, where outputs are classes. */
  probabilities: Float32Array | null;
  /** The predicted class, or yes or no; −1 where outputs decide for none. */
  predicted: number;
  /** y: a class code or a number; null where it is unknown. */
  target: number | null;
  /** The features at hand, in the data's order. */
  items: Item[];
  /** The share of all other features, NaN for a constant response; null where there are none. */
  rest: number | null;
}

export function local(row: Row, state: InstancesState, { output, response }: Shown): Local {
  const { outputs, jacobian, owners, values } = row;
  const width = outputs.length;
  const column = explained(state, outputs, 0, output);
  const factors = new Float64Array(width);
  chain(factors, outputs, 0, column, state.kind, response);
  const entries = values.length;
  const found = new Map<number, { sum: number; square: number; value: number; count: number }>();
  for (let e = 0; e < entries; e++) {
    let g = 0;
    for (let l = 0; l < width; l++) g += factors[l]! * jacobian[l * entries + e]!;
    const item = found.get(owners[e]!) ?? { sum: 0, square: 0, value: values[e]!, count: 0 };
    item.sum += g;
    item.square += g * g;
    item.count += 1;
    found.set(owners[e]!, item);
  }
  let others = 0;
  for (let k = 0; row.rest && k < width; k++)
    for (let l = 0; l < width; l++) others += factors[k]! * factors[l]! * row.rest[k * width + l]!;
  others = Math.max(others, 0);
  let total = others;
  found.forEach(({ square }) => (total += square));
  const percent = (square: number) => (total > 0 ? (100 * square) / total : NaN);
  const items = [...found].map(([feature, { sum, square, value, count }]): Item => ({
    feature,
    value: count === 1 ? value : (row.named.get(feature) ?? NaN),
    attribution: count === 1 ? sum : NaN,
    size: Math.sqrt(square),
    share: percent(square),
  }));
  const target = row.target && row.target[Math.min(column, row.target.length - 1)]!;
  return {
    row: row.row,
    label: row.label,
    column,
    prediction: respond(outputs, width, state.kind, response)[column]!,
    probabilities: state.classifier ? respond(outputs, width, state.kind, "prob") : null,
    predicted: decided(state, outputs, 0, column),
    target: target === null || Number.isNaN(target) ? null : target,
    items: items.sort((a, b) => a.feature - b.feature),
    rest: row.rest ? percent(others) : null,
  };
}
