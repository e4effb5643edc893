/** What is said of a row: the response by its name, what was predicted, and whether it is so. */
import { chance, number, printable, short } from "./format.js";
import { apart, exclusive } from "./instances.js";
import type { Item, Local } from "./local.js";
import type { InstancesState, Meta, Shown } from "./wire.js";

/** What the words are about. */
export interface Subject {
  meta: Meta;
  state: Pick<
    InstancesState,
    "kind" | "columns" | "classes" | "classifier" | "labels" | "outputs" | "additive"
  >;
  shown: Shown;
}

const outputName = ({ meta, state }: Subject, column: number): string =>
  meta.outputs[state.columns.indexOf(column)] ?? "";

/** y's name, where it says what the last of two classes is. */
const positive = ({ meta, state }: Subject, column: number): string | undefined =>
  column === state.outputs.shape[1]! - 1 ? meta.positive : undefined;

/** Whether the outputs that are shown are all classes there are. */
const whole = ({ state }: Subject): boolean =>
  exclusive(state) && state.columns.length === state.outputs.shape[1];

const likeliest = ({ meta }: Subject): string => `the likeliest of ${meta.outputs.length} outputs`;

/** "P(default)", as Python's questions have it. Rows of two classes have no one name. */
export function responseOf(subject: Subject, columns: number[]): string {
  const { state, shown } = subject;
  const { response } = shown;
  if (response === "loss") return "the loss";
  if (!["raw", "prob", "logodds"].includes(response)) return printable(response);
  const single = columns.every((column) => column === columns[0]);
  const name = single
    ? short(positive(subject, columns[0]!) ?? outputName(subject, columns[0]!))
    : whole(subject)
      ? "its predicted class"
      : likeliest(subject);
  if (response === "logodds") return `the log-odds of ${name}`;
  if (response === "raw" && /^logit/.test(state.kind)) return `the logit of ${name}`;
  return response === "prob" || /^(prob|indep)/.test(state.kind) ? `P(${name})` : name;
}

/** A class by its position, or yes or no to the output of a column; names as `write` has them. */
export function className(
  subject: Subject,
  position: number,
  column: number | null,
  write: (name: string) => string = short,
): string {
  const { meta, state } = subject;
  if (apart(state)) {
    if (column === null) return position ? "yes" : "no";
    return (position ? "" : "not ") + write(outputName(subject, column));
  }
  const named = state.classes?.[position];
  if (named !== undefined) return write(named);
  if (meta.outputs.length > 1) return write(outputName(subject, position));
  return (position ? "" : "not ") + write(meta.outputs[0]!);
}

export const labelOf = ({ state }: Subject, label: string): string =>
  state.labels ? printable(label) : `#${label}`;

/** What a row is held against: "mean of the 312 rows". */
export const originOf = ({ against }: Pick<Local, "against">): string =>
  against ? (against.references > 1 ? "mean of the " : "") + against.words : "baseline";

/** A number, or the column of a group that is on. */
export const valueOf = (item: Item | undefined): string =>
  typeof item?.value === "string" ? printable(item.value) : number(item?.value ?? NaN);

export const predictionOf = ({ shown }: Subject, { prediction }: Pick<Local, "prediction">) =>
  shown.response === "prob" ? chance(prediction) : number(prediction);

/** " (P = 0.729)", of log-odds, in one piece. */
export const chanceOf = ({ shown }: Subject, { probabilities, column }: Local): string =>
  shown.response === "logodds" && probabilities
    ? ` (P\u00a0=\u00a0${chance(probabilities[column]!)})`
    : "";

/** "predicted default, truly repaid: wrong", "true value 3.4, off by −0.21". */
export function verdict(subject: Subject, one: Local): string {
  const { predicted, target, prediction, column } = one;
  if (predicted >= 0) {
    const said = `predicted ${className(subject, predicted, column)}`;
    if (target === null) return said;
    if (target === predicted) return `${said}: right`;
    return `${said}, truly ${className(subject, target, column)}: wrong`;
  }
  if (target === null || subject.shown.response !== "raw") return "";
  return `true value ${number(target)}, off by ${number(prediction - target)}`;
}

/** "If this input rose by one standard deviation, P(default) would move by …". */
export function axisWords(subject: Subject, columns: number[], atLags = false): string {
  const { meta, state, shown } = subject;
  if (state.additive) {
    const [response, baseline] = [responseOf(subject, columns), meta.baseline];
    if (!baseline) return `What is attributed to each input, of ${response}`;
    return `What each input contributed to ${response}, against ${baseline}`;
  }
  const unit = { std: "standard deviation", none: "unit" }[meta.scale] ?? "given unit";
  const several = columns.length > 1;
  const which = state.classifier
    ? (whole(subject) ? "the class predicted for " : `${likeliest(subject)} at `) +
      (several ? "both" : "this row")
    : `the first of ${meta.outputs.length} outputs`;
  const unchosen = shown.output === null && meta.outputs.length > 1 && new Set(columns).size === 1;
  const response = responseOf(subject, columns) + (unchosen ? ` (${which})` : "");
  return `If this input rose by one ${unit}${atLags ? " at its lag" : ""}, ${response} would move by …`;
}
