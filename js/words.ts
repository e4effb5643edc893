/** What is said of a row: the response by its name, what was predicted, and whether it is so. */
import { chance, number, printable } from "./format.js";
import type { Local } from "./local.js";
import type { InstancesState, Meta, Shown } from "./wire.js";

type State = Pick<InstancesState, "kind" | "columns" | "classes" | "classifier">;

/** "P(default)", as Python's questions have it; several columns have no one name. */
export function responseOf(meta: Meta, state: State, { response }: Shown, columns: number[]) {
  if (response === "loss") return "the loss";
  if (!["raw", "prob", "logodds"].includes(response)) return printable(response);
  const single = columns.every((column) => column === columns[0]);
  const name = single
    ? printable(meta.outputs[state.columns.indexOf(columns[0]!)] ?? "")
    : "its predicted class";
  const [logits, odds] = [
    state.kind === "logits" || state.kind === "logit",
    response === "logodds",
  ];
  if (response === "prob" || (response === "raw" && state.classifier && !logits))
    return `P(${name})`;
  return odds ? `the log-odds of ${name}` : logits ? `the logit of ${name}` : name;
}

/** Which output this is, where none was chosen. */
export function choiceOf(meta: Meta, state: State, { output }: Shown, columns: number[]): string {
  const single = columns.every((column) => column === columns[0]);
  if (output !== null || meta.outputs.length < 2 || !single) return "";
  if (!state.classifier) return `, the first of ${meta.outputs.length} outputs`;
  return `, the class predicted for ${columns.length > 1 ? "both" : "this row"}`;
}

export function className(meta: Meta, state: State, position: number): string {
  const { classes } = state;
  const name = classes?.[position] ?? meta.outputs[state.columns.indexOf(position)];
  if (name !== undefined && (classes || meta.outputs.length > 1)) return printable(name);
  return position ? printable(meta.outputs[0] ?? "1") : `not ${printable(meta.outputs[0] ?? "1")}`;
}

export const predictionOf = (local: Local, { response }: Shown): string =>
  response === "prob" ? chance(local.prediction) : number(local.prediction);

/** "predicted default, truly repaid: wrong"; "true value 3.4, off by −0.21". */
export function verdict(local: Local, meta: Meta, state: State, { response }: Shown): string {
  const { predicted, target } = local;
  if (predicted < 0) {
    if (target === null || response !== "raw") return "";
    return `true value ${number(target)}, off by ${number(local.prediction - target)}`;
  }
  const said = `predicted ${className(meta, state, predicted)}`;
  if (target === null) return said;
  if (target === predicted) return `${said}: right`;
  return `${said}, truly ${className(meta, state, target)}: wrong`;
}

/** "If this input rose by one standard deviation, P(default) would move by …". */
export function axisWords(meta: Meta, response: string, choice: string): string {
  const unit: Record<string, string> = { std: "standard deviation", none: "unit" };
  const rise = `one ${unit[meta.scale] ?? "given unit"}`;
  return `If this input rose by ${rise}, ${response}${choice && `${choice},`} would move by …`;
}
