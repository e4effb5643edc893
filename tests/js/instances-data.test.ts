import { describe, expect, it } from "vitest";
import type { Kind } from "../../js/wire.js";
import { digits, LINE, rows, TWO, type Rows } from "./rows.js";

const RAW = { output: 0, response: "raw" } as const;
const COMBINED = { output: null, response: "raw" } as const;
describe("places", () => {
  const here = rows({ ...LINE, rows: [70_000, 3, 9, 5] });

  it("are found by position in X", () => {
    expect(here.find(9)).toBe(2);
    expect([here.find(0), here.find(null)]).toEqual([-1, -1]);
    expect([...here.places(Uint32Array.of(5, 6, 70_000))]).toEqual([3, 0]);
  });

  it("are called by their labels, else by their position", () => {
    expect(here.label(0)).toBe("70000");
    expect(rows({ ...LINE, labels: ["a", "", "c", "d"] }).label(1)).toBe("");
  });
});

describe("responses and predictions", () => {
  it("are those of the output", () => {
    expect(digits(rows(TWO).predictions({ output: 1, response: "prob" }))).toEqual([
      0.5, 0.75, 0.2,
    ]);
    expect(digits(rows(TWO).predictions({ output: 1, response: "logodds" }))).toEqual(
      digits(Float32Array.of(0, Math.log(3), -Math.log(4))),
    );
    expect(digits(rows(TWO).predictions({ output: 1, response: "raw" }))).toEqual(
      digits(Float32Array.of(0, Math.log(3), 0)),
    );
  });

  it("with all outputs combined, are those of the predicted class, else of the first output", () => {
    const prob = { output: null, response: "prob" };
    expect(digits(rows(TWO).predictions(prob))).toEqual([0.5, 0.75, 0.8]);
    const regression: Rows = { outputs: [[1, 5]], jacobian: [[[1], [1]]] };
    expect(digits(rows(regression).predictions(COMBINED))).toEqual([1]);
  });

  it("are those of what is asked, whatever was asked before", () => {
    const here = rows(TWO);
    for (const response of ["raw", "prob", "logodds"])
      for (const output of [0, 1, null])
        expect(here.predictions({ output, response })).toEqual(
          rows(TWO).predictions({ output, response }),
        );
  });

  it("know the column of each output that is explained", () => {
    const given: Rows = {
      kind: "probabilities",
      outputs: [[0.7, 0.1, 0.2]],
      jacobian: [[[1], [2], [3]]],
      columns: [2, 1],
    };
    const here = rows(given);
    expect(digits(here.predictions(RAW))).toEqual([0.2]);
    expect(digits(here.attributions(here.entry(0), { output: 1, response: "raw" }))).toEqual([2]);
    // Of the explained ones the largest, while the prediction is any.
    expect([here.column(0, null), here.predicted(0)]).toEqual([2, 0]);
    expect(digits(here.attributions(here.entry(0), COMBINED))).toEqual([3]);
  });

  it.each<[Kind, number[][], number[]]>([
    ["logit", [[0.1], [-0.1], [0]], [1, 0, 0]],
    ["independent", [[0.6], [0.4]], [1, 0]],
    [
      "logits",
      [
        [1, 1],
        [0, 3],
        [3, 0],
      ],
      [0, 1, 0],
    ],
  ])("of %s decide for a class", (kind, outputs, classes) => {
    const here = rows({ kind, outputs, jacobian: [] });
    expect(outputs.map((_, i) => here.predicted(i))).toEqual(classes);
  });

  it("of numbers decide for none", () => {
    expect(rows(LINE).predicted(0)).toBe(-1);
  });
});

describe("targets and errors", () => {
  it("of one column are the same for all outputs", () => {
    const here = rows({ ...LINE, target: [1, NaN, 2, 3] });
    expect(here.targeted).toBe(true);
    expect([here.target(0, 0), here.target(1, 0)]).toEqual([1, NaN]);
    expect(digits(here.errors(0))).toEqual([1, null, 1, -3]);
  });

  it("of several are those of the output", () => {
    const outputs = [
      [1, 10],
      [2, 20],
    ];
    const target = [
      [0, 11],
      [4, 16],
    ];
    const here = rows({ outputs, target, jacobian: [] });
    expect([here.target(0, 1), here.target(1, null)]).toEqual([11, 4]);
    expect(digits(here.errors(1))).toEqual([-1, 4]);
    expect(digits(here.errors(null))).toEqual([1, -2]);
  });

  it("are missing without y", () => {
    const here = rows(LINE);
    expect(here.targeted).toBe(false);
    expect(here.target(0, 0)).toBeNaN();
    expect(digits(here.errors(0))).toEqual([null, null, null, null]);
  });

  it.each<[string, Rows, number[]]>([
    ["logits", TWO, [0.5, 0.75, 0.2]],
    [
      "probabilities",
      { kind: "probabilities", outputs: [[0.25, 0.75]], jacobian: [], target: [0] },
      [0.75],
    ],
    [
      "a logit",
      { kind: "logit", outputs: [[0], [Math.log(3)]], jacobian: [], target: [1, 0] },
      [0.5, 0.75],
    ],
    [
      "a probability",
      { kind: "independent", outputs: [[0.25], [0.25]], jacobian: [], target: [1, 0] },
      [0.75, 0.25],
    ],
  ])("of %s are the probability that the true class lacks", (_, given, wanted) => {
    // Whatever output and response are shown.
    for (const output of [0, null]) expect(digits(rows(given).errors(output))).toEqual(wanted);
    const unknown = rows({ ...given, target: wanted.map(() => NaN) });
    expect(digits(unknown.errors(0))).toEqual(wanted.map(() => null));
  });
});

describe("values and attributions", () => {
  const sum: Rows = {
    ...LINE,
    jacobian: LINE.jacobian.slice(0, 3),
    values: LINE.values!.slice(0, 3),
  };

  it("are there for the rows that have derivatives", () => {
    const here = rows(sum);
    expect([here.count, here.held]).toEqual([4, 3]);
    expect(digits(here.valuesOf(here.entry(1)))).toEqual([0, 1, 1, null]);
    expect(digits(here.attributions(here.entry(0), RAW))).toEqual([2, 2, 2, null]);
  });

  it("follow the chain rule", () => {
    const here = rows(TWO);
    // p (1 − p) (∂z₁ − ∂z₀).
    expect(digits(here.attributions(here.entry(0), { output: 1, response: "prob" }))).toEqual([
      1, 1.5, 4,
    ]);
    expect(digits(here.attributions(here.entry(0), { output: 0, response: "prob" }))).toEqual([
      -1, -1.5, -4,
    ]);
    expect(digits(here.attributions(here.entry(1), { output: 1, response: "logodds" }))).toEqual([
      0, 16, 0,
    ]);
    expect(digits(here.attributions(here.entry(0), { output: null, response: "prob" }))).toEqual([
      -1, 1.5, -4,
    ]);
  });

  it("are missing for groups and for features beyond the leading ones", () => {
    const here = rows({ ...LINE, owners: [1, 1] }, 4);
    expect(here.leading).toEqual([1]);
    expect([here.entry(1), here.entry(3)]).toEqual([undefined, undefined]);
    for (const feature of [1, 3]) {
      expect(digits(here.valuesOf(here.entry(feature)))).toEqual([null, null, null, null]);
      expect(digits(here.attributions(here.entry(feature), RAW))).toEqual([null, null, null, null]);
    }
  });

  it("are those of what is asked, whatever was asked before", () => {
    const here = rows(TWO);
    const asked = [0, 1].flatMap((feature) =>
      ["raw", "prob", "logodds"].flatMap((response) =>
        [0, 1, null].map((output) => ({ feature, response, output })),
      ),
    );
    const before = asked.map((one) => here.attributions(here.entry(one.feature), one));
    for (let i = 0; i < 50; i++) here.valuesOf(i + 2);
    asked.forEach((one, i) => {
      const again = here.attributions(here.entry(one.feature), one);
      expect(again).toEqual(before[i]);
      expect(again).toEqual(rows(TWO).attributions(rows(TWO).entry(one.feature), one));
    });
  });
});

describe("a row", () => {
  const given: Rows = {
    ...LINE,
    labels: ["a", "b", "c", "d"],
    values: [
      [1, 0],
      [0, 0],
      [1, 1],
      [0, 1],
    ],
    owners: [0, 0],
    members: ["north", "south"],
    rest: [[[1]], [[2]], [[3]], [[4]]],
    target: [7, NaN, 7, 7],
    all: 5,
  };

  it("has its own part of every array", () => {
    const row = rows({ ...given, rows: [5, 6, 7, 8] }).row(2)!;
    expect(row).toMatchObject({ row: 7, label: "c", target: [7] });
    expect(digits(row.outputs)).toEqual([3]);
    expect(digits(row.jacobian)).toEqual([2, 1]);
    expect(digits(row.values)).toEqual([1, 1]);
    expect(digits(row.rest!)).toEqual([3]);
    expect([...row.owners]).toEqual([0, 0]);
  });

  it("names the member of a group that is on, where it is one", () => {
    const here = rows(given);
    const on = [0, 1, 2, 3].map((i) => here.row(i)!.named.get(0));
    expect(on).toEqual(["north", undefined, undefined, "south"]);
    expect(rows({ ...given, owners: [0, 1] }).row(0)!.named.size).toBe(0);
  });

  it("is not there without derivatives", () => {
    const here = rows({ ...LINE, jacobian: [[[2, 1]]], values: [[1, 0]] });
    expect(here.row(0)).not.toBeNull();
    expect([here.row(1), here.row(-1)]).toEqual([null, null]);
  });

  it("has a target for each output where there are several", () => {
    const here = rows({
      outputs: [
        [1, 2],
        [3, 4],
      ],
      jacobian: [
        [[1], [1]],
        [[1], [1]],
      ],
      target: [
        [5, 6],
        [7, 8],
      ],
    });
    expect(here.row(1)!.target).toEqual([7, 8]);
  });
});
