/** What is said of a row: the response by its name, what was predicted, and whether it is so. */
import { chance, number, printable } from "./format.js";
import type { Local } from "./local.js";
import type { InstancesState, Meta, Shown } from "./wire.js";

/** What the words are about. */
export interface Subject {
  meta: Meta;
  state: Pick<InstancesState, "kind" | "columns" | "classes" | "classifier" | "labels">;
  shown: Shown;
}

const outputName = ({ meta, state }: Subject, column: number): string =>
  printable(meta.outputs[state.columns.indexOf(column)] ?? "");

/** "P(default)", as Python's questions have it. Rows of two classes have no one name. */
export function responseOf(subject: Subject, columns: number[]): string {
  const { state, shown } = subject;
  const { response } = shown;
  if (response === "loss") return "the loss";
  if (!["raw", "prob", "logodds"].includes(response)) return printable(response);
  const single = columns.every((column) => column === columns[0]);
  const name = single ? outputName(subject, columns[0]!) : "its predicted class";
  if (response === "logodds") return `the log-odds of ${name}`;
  if (response === "raw" && /^logit/.test(state.kind)) return `the logit of ${name}`;
  return response === "prob" || state.classifier ? `P(${name})` : name;
}

export function className(subject: Subject, position: number): string {
  const { meta, state } = subject;
  const named = state.classes?.[position];
  if (named !== undefined) return printable(named);
  if (meta.outputs.length > 1) return outputName(subject, position);
  return (position ? "" : "not ") + printable(meta.outputs[0]!);
}

export const labelOf = ({ state }: Subject, label: string): string =>
  state.labels ? printable(label) : `#${label}`;

export const predictionOf = ({ shown }: Subject, { prediction }: Local): string =>
  shown.response === "prob" ? chance(prediction) : number(prediction);

/** "predicted default, truly repaid: wrong", "true value 3.4, off by −0.21". */
export function verdict(subject: Subject, { predicted, target, prediction }: Local): string {
  if (predicted >= 0) {
    const said = `predicted ${className(subject, predicted)}`;
    if (target === null) return said;
    if (target === predicted) return `${said}: right`;
    return `${said}, truly ${className(subject, target)}: wrong`;
  }
  if (target === null || subject.shown.response !== "raw") return "";
  return `true value ${number(target)}, off by ${number(prediction - target)}`;
}

/** "If this input rose by one standard deviation, P(default) would move by …". */
export function axisWords(subject: Subject, columns: number[]): string {
  const { meta, state, shown } = subject;
  const unit = { std: "standard deviation", none: "unit" }[meta.scale] ?? "given unit";
  const several = columns.length > 1;
  const which = state.classifier
    ? `the class predicted for ${several ? "both" : "this row"}`
    : `the first of ${meta.outputs.length} outputs`;
  const unchosen = shown.output === null && meta.outputs.length > 1 && new Set(columns).size === 1;
  const response = responseOf(subject, columns) + (unchosen ? ` (${which})` : "");
  return `If this input rose by one ${unit}, ${response} would move by …`;
}
