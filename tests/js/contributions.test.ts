import { describe, expect, it } from "vitest";
import { Instances } from "../../js/instances.js";
import { profile, rowMap } from "../../js/lags.js";
import { local } from "../../js/local.js";
import { subset } from "../../js/subset.js";
import { digits, explained, rows, type Rows } from "./rows.js";
import { drawn, press, shown } from "./shown.js";

/** Two features, the second of two entries; the first row misses its prediction by 0.5. */
const GIVEN: Rows = {
  outputs: [[4], [1]],
  jacobian: [[[2, 3, -2]], [[-1, 0.5, 0.5]]],
  values: [
    [10, 1, 0],
    [20, 0, 1],
  ],
  owners: [0, 1, 1],
  cells: [0, 1, 1],
  members: ["age", "red", "green"],
  base: [[0.5], [1]],
};
const SHOWN = { output: 0, response: "raw" } as const;

async function picked(
  given: Rows = GIVEN,
  names = ["age", "colour"],
  instance = 10,
  responses = ["raw"],
  more: object = {},
) {
  const state = explained(names, given, { responses });
  Object.assign(state.meta, { baseline: "the mean", ...more });
  const view = shown(state, "local");
  view.store.choose({ instance });
  await drawn();
  const texts = (of: string) => view.all(`${of}`).map(({ textContent }) => textContent);
  return { ...view, texts };
}

/** Where each bar begins and ends, in the response's units. */
function bars(all: HTMLElement[], low: number, high: number) {
  const pad = (high - low) * 0.04;
  return all.map(({ style }) => {
    const at = (share: number) => low - pad + (share / 100) * (high - low + 2 * pad);
    const left = parseFloat(style.left);
    return digits([at(left), at(left + parseFloat(style.width))]);
  });
}

describe("contributions of one row", () => {
  it("of a feature's entries add up with their signs; shares are of absolute values", () => {
    const here = rows(GIVEN);
    const { items, sum } = local(here.row(0)!, here.state, SHOWN);
    expect(items.map(({ attribution }) => attribution)).toEqual([2, 1]);
    expect(items.map(({ value }) => value)).toEqual([10, "red"]);
    expect(digits(items.map(({ share }) => share))).toEqual([66.6667, 33.3333]);
    expect(sum).toEqual({ base: 0.5, others: 0 });
  });

  it("of what is not in the page count as one, with their sign", () => {
    const here = rows({ ...GIVEN, all: 9, rest: [[[-3]], [[0]]] });
    const { rest, sum } = local(here.row(0)!, here.state, SHOWN);
    expect([rest, sum]).toEqual([50, { base: 0.5, others: -3 }]);
  });
});

describe("the importance of brushed rows", () => {
  it("is the share of the mean absolute contribution", () => {
    const found = subset(rows(GIVEN), Uint32Array.of(0, 1), SHOWN, new Float32Array(2), null);
    // |2| + |−1| against |3 − 2| + |0.5 + 0.5|.
    expect(digits(found.share)).toEqual([60, 40]);
  });
});

describe("attributions that add up to nothing", () => {
  it("are bars from 0, and against nothing", async () => {
    const { base: _, ...rest } = GIVEN;
    const state = explained(["age", "colour"], { ...rest, outputs: [[NaN], [NaN]] });
    Object.assign(state.meta, { baseline: "", by: "captum 0.9.0" });
    Object.assign(state.instances!, { additive: true });
    const view = shown(state, "local");
    view.store.choose({ instance: 10 });
    await drawn();
    expect(view.root.textContent).toContain("What is attributed to each input, of y0");
    expect(view.all(".nbx-waterfall")).toEqual([]);
    expect(view.all(".nbx-move").map((m) => m.textContent)).toEqual(["part", "+2.00", "+1.00"]);
    expect(view.root.textContent).not.toMatch(/NaN|undefined|What if|y0 is/);
  });

  it("are drawn over values where it is not known what was predicted", async () => {
    const { base: _, ...rest } = GIVEN;
    const state = explained(["age", "colour"], { ...rest, outputs: [[NaN], [NaN]] });
    Object.assign(state.meta, { baseline: "", by: "captum 0.9.0" });
    const view = shown(state, "instances");
    await drawn();
    expect(view.one(".nbx-axis-y").dataset["axis"]).toBe("attribution");
    expect(view.one(".nbx-axis-x").dataset["axis"]).toBe("0");
  });
});

describe("lags of contributions", () => {
  /** Two features at two steps: at lag 0 they cancel, but for 1. */
  const STEPS: Rows = {
    outputs: [[4], [4]],
    jacobian: [[[1, 2, -3, 4]], [[2, 2, 0, 4]]],
    owners: [0, 1, 0, 1],
    base: [[0], [0]],
  };
  const TIMES = { count: 2, unit: null, labels: null };

  it("have shares of their own at a row: features add up with their signs", () => {
    const here = rows(STEPS);
    const found = rowMap(here.row(0)!, here.state, SHOWN, TIMES, 2);
    expect(digits(profile(found, null))).toEqual([25, 75]);
    expect(digits([...found.map])).toEqual([30, 40, 10, 20]);
    expect(digits(profile(found, 1))).toEqual(digits([400 / 6, 200 / 6]));
  });

  it("have none of their own where the page lacks features", () => {
    const here = rows({ ...STEPS, all: 8, rest: [[[1]], [[1]]] });
    const found = rowMap(here.row(0)!, here.state, SHOWN, { ...TIMES, count: 4 }, 2);
    expect(found.own).toBe(null);
  });

  it("have them over brushed rows too", () => {
    const here = new Instances(rows(STEPS).state, 2, 2);
    const found = subset(here, Uint32Array.of(0, 1), SHOWN, new Float32Array(2), TIMES);
    // |1| + |4| at lag 0, |3| + |4| at lag 1.
    expect(digits(profile(found.map!, null))).toEqual(digits([500 / 12, 700 / 12]));
  });

  it("leave the place of a value empty, and of a share where there is none", async () => {
    const { texts } = await picked({ ...STEPS, jacobian: [[[0, 0, 0, 0]], [[0, 0, 0, 0]]] });
    expect(texts("[data-feature] .nbx-value")).toEqual(["", ""]);
    expect(texts("[data-feature] .nbx-share")).toEqual(["", ""]);
  });
});

describe("the waterfall", () => {
  it("runs from the baseline to the row, and draws what is not accounted for", async () => {
    const { texts, all, root } = await picked();
    expect(root.textContent).toContain("What each input contributed to y0, against the mean");
    expect(texts(".nbx-waterfall .nbx-name")).toEqual([
      "baseline",
      "age",
      "colour",
      "not accounted for",
      "this row",
    ]);
    expect(texts(".nbx-waterfall .nbx-move")).toEqual(["0.50", "+2.00", "+1.00", "+0.50", "4.00"]);
    expect(bars(all(".nbx-waterfall .nbx-bar"), 0.5, 4)).toEqual([
      [0.5, 2.5],
      [2.5, 3.5],
      [3.5, 4],
    ]);
    expect(texts("table tbody tr").slice(-3)[0]).toContain("age");
  });

  it("draws no gap where contributions add up, and hues say which way", async () => {
    const { all, texts } = await picked(GIVEN, ["age", "colour"], 11);
    expect(texts("[data-step]")).toEqual([]);
    const hues = all("[data-feature] .nbx-track").map(({ className }) => className);
    expect(hues).toEqual(["nbx-track nbx-falls", "nbx-track nbx-rises"]);
  });

  it("picks a feature by click and by key", async () => {
    const { all, store, one } = await picked();
    all("[data-feature]")[1]!.click();
    await drawn();
    expect(store.feature.value).toBe(1);
    await press(one("[role=listbox]"), "ArrowUp");
    expect(store.feature.value).toBe(0);
    await press(one("[role=listbox]"), "Escape");
    expect(store.feature.value).toBe(null);
  });

  it("folds all but a dozen features into one bar", async () => {
    const names = Array.from({ length: 20 }, (_, f) => `f${f}`);
    const jacobian = [[names.map((_, f) => 20 - f)]];
    const { all, one, texts } = await picked({ outputs: [[210]], jacobian, base: [[0]] }, names);
    expect(all("[data-feature]").length).toBe(12);
    expect(texts("[data-step]")[0]).toContain("8 other features");
    expect(texts("[data-step] .nbx-move")).toEqual(["+36.0"]);
    one(".nbx-others button").click();
    await drawn();
    expect(all("[data-feature]").length).toBe(20);
    expect(all("[data-step]").length).toBe(0);
  });
});

describe("log-odds that were swept", () => {
  const ODDS: Rows = { outputs: [[Math.log(3)]], jacobian: [[[1]]], kind: "odds", base: [[0]] };

  it("give probabilities, and decide at zero", () => {
    const here = rows(ODDS);
    expect(digits(here.responses("prob"))).toEqual([0.75]);
    expect(digits(here.responses("logodds"))).toEqual(digits([Math.log(3)]));
    expect(rows({ ...ODDS, classes: ["no", "yes"] }).predicted(0)).toBe(1);
  });

  it("are said with the probability", async () => {
    const { one } = await picked(ODDS, ["age"], 10, ["logodds"]);
    expect(one(".nbx-said").textContent).toContain(
      "the log-odds of y0 is 1.1 (P\u00a0=\u00a00.75)",
    );
  });

  it("are those of y by its name, where that says it", async () => {
    const { one } = await picked(ODDS, ["age"], 10, ["logodds"], { positive: "default" });
    expect(one(".nbx-said").textContent).toContain("the log-odds of default is 1.1 ");
  });
});
