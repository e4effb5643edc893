import { describe, expect, it } from "vitest";
import { local } from "../../js/local.js";
import type { Shown } from "../../js/wire.js";
import { digits, instancesState, LINE, rows, type Rows } from "./rows.js";

const RAW: Shown = { output: 0, response: "raw" };
const at = (given: Rows, place: number, shown = RAW) =>
  local(rows(given).row(place)!, instancesState(given), shown);
const shares = (given: Rows, place = 0, shown = RAW) =>
  digits(at(given, place, shown).items.map(({ share }) => share));

/** Two classes, the second certain to 3/4, its log-odds rising with the first input. */
const TWO: Rows = {
  kind: "logits",
  outputs: [[0, Math.log(3)]],
  jacobian: [
    [
      [0, 3],
      [8, 3],
    ],
  ],
  target: [0],
};

it("is 80 and 20 for y = 2 x₁ + x₂: squares without a root", () => {
  const found = at(LINE, 2);
  expect(found.items).toMatchObject([
    { feature: 0, value: 1, attribution: 2, size: 2, share: 80 },
    { feature: 1, value: 1, attribution: 1, share: 20 },
  ]);
  expect(found).toMatchObject({ row: 12, label: "12", prediction: 3, rest: null, target: null });
});

it("is signed, and in the data's order", () => {
  const given: Rows = { outputs: [[0]], jacobian: [[[-3, 1]]], owners: [5, 2], values: [[7, 8]] };
  expect(at(given, 0).items.map(({ feature, attribution }) => [feature, attribution])).toEqual([
    [2, 1],
    [5, -3],
  ]);
});

it("claims nothing of a constant response", () => {
  const given: Rows = { outputs: [[1]], jacobian: [[[0, 0]]], rest: [[[0]]], all: 4 };
  expect(shares(given)).toEqual([null, null]);
  expect(at(given, 0).rest).toBeNaN();
});

describe("of a classifier", () => {
  it("explains the predicted class where outputs are combined", () => {
    const found = at(TWO, 0, { output: null, response: "prob" });
    expect(found).toMatchObject({ column: 1, predicted: 1, target: 0 });
    expect(digits([found.prediction, found.items[0]!.attribution])).toEqual([0.75, 1.5]);
    expect(digits(found.probabilities!)).toEqual([0.25, 0.75]);
  });

  it("explains the class that is asked for, whatever is predicted", () => {
    const found = at(TWO, 0, { output: 0, response: "prob" });
    expect(found).toMatchObject({ column: 0, predicted: 1 });
    expect(digits([found.prediction, found.items[0]!.attribution])).toEqual([0.25, -1.5]);
  });

  it("keeps the probabilities beside another response", () => {
    const found = at(TWO, 0, { output: 1, response: "logodds" });
    expect(digits([found.prediction])).toEqual(digits([Math.log(3)]));
    expect(digits(found.probabilities!)).toEqual([0.25, 0.75]);
    expect(digits(found.items.map(({ attribution }) => attribution))).toEqual([8, 0]);
  });

  it("regressions have no class and no probabilities", () => {
    expect(at(LINE, 0)).toMatchObject({ predicted: -1, probabilities: null });
  });
});

describe("the rest", () => {
  // Four entries with derivatives 3, 1 and, as one, 2 and 1.
  const given: Rows = { outputs: [[0]], jacobian: [[[3, 1]]], rest: [[[5]]], all: 4 };

  it("has a share like any other", () => {
    expect(shares(given)).toEqual(digits([60, 20 / 3]));
    expect(digits([at(given, 0).rest!])).toEqual(digits([100 / 3]));
  });

  it("follows the chain rule", () => {
    // Two logits: the others' derivatives are (1, 2) and (0, 2); their differences (−1, 0).
    const two: Rows = {
      ...TWO,
      jacobian: [[[0], [8]]],
      rest: [
        [
          [5, 4],
          [4, 4],
        ],
      ],
      all: 3,
    };
    const found = at(two, 0, { output: 1, response: "logodds" });
    expect(digits([found.items[0]!.share, found.rest!])).toEqual(digits([6400 / 65, 100 / 65]));
  });

  it("is never below nothing, however its products were rounded", () => {
    const two: Rows = {
      ...TWO,
      rest: [
        [
          [1, 1.0001],
          [1.0001, 1],
        ],
      ],
    };
    const found = at(two, 0, { output: 1, response: "logodds" });
    expect(found.rest).toBe(0);
    expect(digits([found.items[0]!.share])).toEqual([100]);
  });
});

describe("groups", () => {
  const given: Rows = {
    outputs: [[0]],
    jacobian: [[[1, 2, -2]]],
    owners: [1, 0, 0],
    members: ["age", "north", "south"],
    values: [[30, 0, 1]],
  };

  it("are named by the column that is on, without a direction", () => {
    expect(at(given, 0).items).toMatchObject([
      { feature: 0, value: "south", attribution: NaN, size: Math.sqrt(8) },
      { feature: 1, value: 30, attribution: 1, size: 1 },
    ]);
  });

  it("have no value where none or several are on", () => {
    for (const values of [[[30, 0, 0]], [[30, 1, 1]]])
      expect(at({ ...given, values }, 0).items[0]!.value).toBeNaN();
    expect(shares(given)).toEqual(digits([800 / 9, 100 / 9]));
  });
});

it("says what is true of the output that is explained", () => {
  const outputs = [[1, 2]];
  const several: Rows = { outputs, jacobian: [[[1], [1]]], target: [[5, 6]] };
  expect(at(several, 0, { output: 1, response: "raw" }).target).toBe(6);
  expect(at(several, 0, { output: null, response: "raw" }).target).toBe(5);
  expect(at({ ...several, target: [7] }, 0, { output: 1, response: "raw" }).target).toBe(7);
  expect(at({ ...several, target: [NaN] }, 0).target).toBeNull();
});
