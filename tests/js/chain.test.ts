import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { asSwept, chain, respond } from "../../js/chain.js";
import type { Kind } from "../../js/wire.js";

/** Written by tests/wire/chain.py in double precision; "Infinity" is text there. */
interface Case {
  kind: Kind;
  response: string;
  outputs: (number | string)[][];
  jacobian: (number | string)[][][];
  predictions: (number | string)[][];
  attributions: (number | string)[][][];
}
const cases = JSON.parse(readFileSync("tests/wire/chain.json", "utf8")) as Case[];

/** Outputs cross the wire in single precision, and so do predictions. */
const SINGLE = 2 ** -23;
/** The chain rule itself is in double precision. */
const DOUBLE = 1e-12;

/** Within this much of the largest of the expected, which may be all but one infinite. */
function close(found: ArrayLike<number>, wanted: (number | string)[], tolerance: number) {
  const numbers = wanted.map(Number);
  const size = Math.max(...numbers.filter(Number.isFinite).map(Math.abs), 0);
  expect(found).toHaveLength(numbers.length);
  numbers.forEach((number, i) => {
    if (Number.isFinite(number))
      expect(Math.abs(found[i]! - number)).toBeLessThanOrEqual(tolerance * size);
    else expect(found[i]).toBe(number);
  });
}

const single = (rows: (number | string)[][]) => Float32Array.from(rows.flat(), Number);

/** The row's attributions of output k: its derivatives times the factors of the chain rule. */
function attributions(given: Case, i: number, k: number): Float64Array {
  const rows = given.jacobian[i]!;
  const factors = new Float64Array(rows.length);
  chain(factors, single(given.outputs), i * rows.length, k, given.kind, given.response);
  return Float64Array.from(rows[0]!, (_, e) =>
    rows.reduce((sum, derivatives, l) => sum + factors[l]! * Number(derivatives[e]), 0),
  );
}

it("Python wrote every kind under every response", () => {
  const kinds = ["values", "logits", "logit", "probabilities", "independent"];
  const all = kinds.flatMap((kind) => ["raw", "prob", "logodds"].map((name) => `${kind} ${name}`));
  expect(new Set(cases.map(({ kind, response }) => `${kind} ${response}`))).toEqual(new Set(all));
});

describe.each(cases)("$kind of $outputs.0 as $response", (given) => {
  const { kind, outputs, response } = given;

  it("gives the predictions that Python finds", () => {
    const found = respond(single(outputs), outputs[0]!.length, kind, response);
    // Each for itself: what is nearly impossible keeps its digits beside what is nearly certain.
    given.predictions
      .flat()
      .forEach((wanted, i) => close(found.subarray(i, i + 1), [wanted], SINGLE));
  });

  it("gives the attributions that Python finds", () => {
    outputs.forEach((row, i) => {
      // What single precision does not hold exactly is off by that much already.
      const exact = row.every((z) => Math.fround(Number(z)) === z);
      row.forEach((_, k) =>
        close(attributions(given, i, k), given.attributions[i]![k]!, exact ? DOUBLE : SINGLE),
      );
    });
  });

  it("takes derivatives as they are exactly where it may", () => {
    const untouched = JSON.stringify(given.attributions) === JSON.stringify(given.jacobian);
    expect(asSwept(kind, response)).toBe(untouched);
  });
});

it("a class that is nearly certain keeps the digits of what is left", () => {
  const outputs = Float32Array.of(40, -2);
  const factors = new Float64Array(2);
  chain(factors, outputs, 0, 0, "logits", "prob");
  // p (1 − p) at odds of 42; as 1 − p alone it would be 0.
  close(factors, [5.749522264293558e-19, -5.749522264293558e-19], DOUBLE);
  const [one, certain] = [new Float64Array(1), 4.248354255291589e-18];
  chain(one, Float32Array.of(40), 0, 0, "logit", "prob");
  close(one, [certain], DOUBLE);
});

it("leaves nothing of the row before in the factors", () => {
  const factors = Float64Array.of(7, 7, 7);
  chain(factors, Float32Array.of(0.5, 0.25, 0.25), 0, 1, "probabilities", "raw");
  expect([...factors]).toEqual([0, 1, 0]);
});
