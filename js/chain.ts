/** Responses and their derivatives from what was swept, as nbexplain/engine/responses.py has them. */
import type { Kind } from "./wire.js";

/** Whether a response is what was swept, so that its derivatives are those at hand. */
export const asSwept = (kind: Kind, response: string): boolean =>
  kind === "values" ||
  response === "raw" ||
  (kind === "logit" || kind === "odds"
    ? response === "logodds"
    : kind !== "logits" && response === "prob");

/** The responses `[n, width]` of the outputs `[n, width]`. */
export function respond(
  outputs: Float32Array,
  width: number,
  kind: Kind,
  response: string,
): Float32Array {
  if (asSwept(kind, response)) return outputs;
  if (kind === "logit" || kind === "odds") return outputs.map(sigmoid);
  if (kind !== "logits") return outputs.map((p) => Math.log(p) - Math.log1p(-p));
  const found = new Float32Array(outputs.length);
  for (let at = 0; at < found.length; at += width)
    for (let k = 0; k < width; k++) {
      const odds = outputs[at + k]! - rest(outputs, at, width, k);
      found[at + k] = response === "prob" ? sigmoid(odds) : odds;
    }
  return found;
}

/**
 * The derivatives of response `k` by the outputs of one row, written into `factors`: a row's
 * attribution is the sum of the derivatives at hand times these. Outputs begin at `at`.
 */
export function chain(
  factors: Float64Array,
  outputs: Float32Array,
  at: number,
  k: number,
  kind: Kind,
  response: string,
): void {
  factors.fill(0);
  factors[k] = 1;
  if (asSwept(kind, response)) return;
  const width = factors.length;
  const z = outputs[at + k]!;
  if (kind === "logit") factors[0] = variance(z);
  else if (kind === "logits") {
    const others = rest(outputs, at, width, k);
    // The product form keeps its precision where a class is nearly certain.
    const size = response === "prob" ? variance(z - others) : 1;
    for (let l = 0; l < width; l++)
      factors[l] = size * (l === k ? 1 : -Math.exp(outputs[at + l]! - others));
  } else factors[k] = z <= 0 || z >= 1 ? 0 : 1 / (z * (1 - z));
}

/** The log-sum-exp of all outputs of a row but `k`. */
function rest(outputs: Float32Array, at: number, width: number, k: number): number {
  if (width === 2) return outputs[at + 1 - k]!;
  let most = -Infinity;
  for (let l = 0; l < width; l++) if (l !== k) most = Math.max(most, outputs[at + l]!);
  let sum = 0;
  for (let l = 0; l < width; l++) if (l !== k) sum += Math.exp(outputs[at + l]! - most);
  return most + Math.log(sum);
}

export const sigmoid = (odds: number): number => 1 / (1 + Math.exp(-odds));

const variance = (odds: number): number => sigmoid(odds) * sigmoid(-odds);
