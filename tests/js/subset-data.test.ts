import { describe, expect, it } from "vitest";
import { subset } from "../../js/subset.js";
import type { Output } from "../../js/wire.js";
import { digits, LINE, rows, TWO, type Rows } from "./rows.js";

const RAW = { output: 0, response: "raw" } as const;
const COMBINED = { output: null, response: "raw" } as const;
const all = (count: number) => Uint32Array.from({ length: count }, (_, i) => i);
const shares = (given: Rows, places: number[], shown: { output: Output; response: string } = RAW) =>
  digits(subset(rows(given), Uint32Array.from(places), shown, new Float32Array(9), null).share);

describe("λ over some rows", () => {
  it("is 66.7 and 33.3 for y = 2 x₁ + x₂, whichever they are", () => {
    expect(shares(LINE, [0, 1, 2, 3])).toEqual([66.6667, 33.3333]);
    expect(shares(LINE, [2])).toEqual([66.6667, 33.3333]);
  });

  it("is the root of the mean square over these rows alone", () => {
    const given: Rows = { outputs: [[0], [0], [0]], jacobian: [[[3, 1]], [[0, 7]], [[4, 1]]] };
    expect(shares(given, [0, 2])).toEqual(
      digits([(100 * 5) / (5 + Math.SQRT2), (100 * Math.SQRT2) / (5 + Math.SQRT2)]),
    );
  });

  it("squares the derivatives of the response", () => {
    // ∂p₁ over all three: 1, 3/2, 4 and 0, 3, 0.
    const [a, b] = [Math.sqrt(1 + 2.25 + 16), 3];
    const wanted = digits([(100 * a) / (a + b), (100 * b) / (a + b)]);
    expect(shares(TWO, [0, 1, 2], { output: 1, response: "prob" })).toEqual(wanted);
    // Both classes have the same squares.
    expect(shares(TWO, [0, 1, 2], { output: null, response: "prob" })).toEqual(wanted);
  });

  it("weighs the outputs that it combines", () => {
    const given: Rows = {
      outputs: [[0, 0, 0]],
      jacobian: [
        [
          [3, 0],
          [0, 2],
          [9, 9],
        ],
      ],
      columns: [0, 1],
      weights: [1, 4, 100],
    };
    expect(shares(given, [0], COMBINED)).toEqual([42.8571, 57.1429]);
    expect(shares(given, [0], { output: 1, response: "raw" })).toEqual([0, 100]);
  });

  it("knows the column of each output", () => {
    const given: Rows = {
      outputs: [[0, 0]],
      jacobian: [
        [
          [3, 1],
          [1, 1],
        ],
      ],
      columns: [1, 0],
    };
    expect(shares(given, [0])).toEqual([50, 50]);
    expect(shares(given, [0], { output: 1, response: "raw" })).toEqual([75, 25]);
  });

  it("does not weigh a single output", () => {
    const given: Rows = {
      outputs: [[0, 0]],
      jacobian: [
        [
          [3, 1],
          [1, 1],
        ],
      ],
      columns: [0],
      weights: [0.25, 0],
    };
    expect(shares(given, [0], COMBINED)).toEqual([75, 25]);
  });

  it("adds the squares of a group's members and the roots of a sequence's lags", () => {
    const given: Rows = { outputs: [[0]], jacobian: [[[3, 4, 5, 12]]], owners: [0, 0, 1, 1] };
    // The first feature is a group: one cell, √(9 + 16). The second has two cells, 5 + 12.
    expect(shares({ ...given, cells: [0, 0, 1, 2] }, [0])).toEqual([22.7273, 77.2727]);
    expect(shares({ ...given, cells: [0, 1, 2, 2] }, [0])).toEqual([35, 65]);
  });

  it("of every row equals the share over all", () => {
    const here = rows(TWO);
    const overall = subset(
      here,
      all(3),
      { output: 1, response: "logodds" },
      new Float32Array(2),
      null,
    );
    expect(overall).toMatchObject({ held: 3, partial: false });
    const [a, b] = [Math.hypot(4, 8, 25), Math.hypot(0, 16, 0)];
    expect(digits(overall.share)).toEqual(digits([(100 * a) / (a + b), (100 * b) / (a + b)]));
  });

  it("leaves the other features their share until the kernel knows better", () => {
    const rest = [[[1]], [[1]], [[1]], [[1]]];
    const here = rows({ ...LINE, owners: [2, 0], all: 9, rest }, 4);
    const found = subset(here, all(4), RAW, Float32Array.of(20, 30, 40, 10), null);
    expect(digits(found.share)).toEqual([20, null, 40, null]);
    expect(found.partial).toBe(true);
  });

  it("counts the rows that have derivatives", () => {
    const here = rows({
      ...LINE,
      jacobian: [[[2, 1]], [[1, 1]]],
      values: [
        [0, 0],
        [0, 0],
      ],
    });
    const found = subset(here, Uint32Array.of(1, 2, 3), RAW, new Float32Array(2), null);
    expect(found).toMatchObject({ held: 1, partial: true });
    expect(digits(found.share)).toEqual([50, 50]);
    expect(subset(here, Uint32Array.of(0, 1), RAW, new Float32Array(2), null).partial).toBe(false);
  });

  it("is undefined without rows, and where nothing changes the response", () => {
    expect(shares(LINE, [])).toEqual([null, null]);
    expect(shares({ outputs: [[1]], jacobian: [[[0, 0]]] }, [0])).toEqual([null, null]);
  });

  it("is 0 for an input that is not used", () => {
    expect(shares({ outputs: [[1]], jacobian: [[[2, 0, 2]]] }, [0])).toEqual([50, 0, 50]);
  });
});
