/** Initial states: one more lag, before the first step, that has a name instead of a number. */
import { describe, expect, it } from "vitest";
import { state } from "../../js/demo/fixtures.js";
import { Instances } from "../../js/instances.js";
import { rowMap } from "../../js/lags.js";
import { subset } from "../../js/subset.js";
import { lagName, lagTicks, tickText } from "../../js/views/lags/axis.js";
import { packed, type LagsState, type State } from "../../js/wire.js";
import { digits, instancesState, type Rows } from "./rows.js";
import { drawn, shown } from "./shown.js";

const RAW = { output: 0, response: "raw" };
const ABOUT = { count: 3, unit: null, labels: null, beginning: "h0" };

/** A feature x of two steps, the last at lag 0, and a state h0 of two entries at lag 2. */
const ROWS: Rows = {
  outputs: [[1], [2]],
  jacobian: [[[1, 2, 0, 2]], [[3, 0, 4, 0]]],
  owners: [0, 0, 1, 1],
  all: 9,
};

/** A row of X is h0's row `[0, h, h]`, then steps `[x, 0, 0]`; zeros are not sent. */
function begun() {
  const one = instancesState(ROWS);
  const cells = [2, 4, 1, 1];
  one.entries = packed(Uint32Array.from([3, 6, 1, 2, ...cells, 0, 0, 1, 1]), 3, 4);
  return one;
}

function timeline(memory: [number, number, number] = [3, 2, 3]): State {
  const one = state({ names: ["x", "h0"], rms: (f) => 2 - f, direction: () => NaN });
  const lags: LagsState = {
    slices: [
      {
        ...{ ...RAW, memory },
        low: packed(Float32Array.of(45, 25, 5), 3),
        high: packed(Float32Array.of(55, 35, 35), 3),
        map: packed(Float32Array.of(50, 0, 30, 0, 0, 20), 3, 2),
      },
    ],
  };
  return {
    ...one,
    meta: { ...one.meta, lags: ABOUT } as State["meta"],
    lags,
    instances: begun(),
  };
}

describe("the lag of initial states", () => {
  it("is called by their name, whatever the unit", () => {
    expect([0, 1, 2].map((lag) => lagName(ABOUT, lag))).toEqual(["lag 0", "lag 1", "h0"]);
    expect([0, 1, 2].map((lag) => lagName({ ...ABOUT, unit: "h" }, lag))).toEqual([
      ...["0 h", "1 h", "h0"],
    ]);
    expect(tickText(ABOUT, 2)).toBe("h0");
    expect(tickText({ ...ABOUT, beginning: "hidden_state" }, 2)).toBe("hidden_…");
  });

  it("stands at the end of the axis, in the place of a step that is near", () => {
    expect(lagTicks({ ...ABOUT, count: 65, unit: "h" }, 300)).toEqual([0, 12, 24, 36, 48, 64]);
    expect(lagTicks({ ...ABOUT, count: 59, unit: "h" }, 300)).toEqual([0, 12, 24, 36, 48, 58]);
    expect(lagTicks(ABOUT, 300)).toEqual([0, 1, 2]);
    expect(lagTicks({ ...ABOUT, count: 2 }, 300)).toEqual([0, 1]);
  });

  it("has the shares of the states, and 0 elsewhere, at one row", () => {
    const here = new Instances(begun(), 2, 3);
    expect(here.whole).toBe(true);
    const found = rowMap(here.row(0)!, begun(), RAW, ABOUT, 2);
    // Squares 2² at lag 0 and 1² at lag 1 of x, 2² of h0 in all.
    expect(digits(found.map)).toEqual([
      ...digits([400 / 9, 0]),
      ...digits([100 / 9, 0]),
      ...digits([0, 400 / 9]),
    ]);
    expect(found.rest).toBe(0);
  });

  it("has them over some rows, where a state's entries meet inside the root", () => {
    const here = new Instances(begun(), 2, 3);
    const found = subset(here, Uint32Array.of(0, 1), RAW, Float32Array.of(50, 50), ABOUT);
    const sizes = [Math.sqrt(4 / 2), Math.sqrt(10 / 2), Math.sqrt(20 / 2)];
    const total = sizes.reduce((a, b) => a + b);
    const [now, before, h0] = sizes.map((size) => (100 * size) / total);
    expect(digits(found.map!.map)).toEqual(digits(Float32Array.of(now!, 0, before!, 0, 0, h0!)));
    expect(digits(found.share)).toEqual(digits(Float32Array.of(now! + before!, h0!)));
    expect(found.partial).toBe(false);
  });

  it("is a bar of the timeline, and its row of the table is named", async () => {
    const view = shown(timeline(), "lags");
    await drawn();
    expect(view.root.textContent).toContain("3 lags carry 90 %, the furthest: h0");
    expect(view.root.textContent).toContain("memory back to h0");
    const rows = [...view.root.querySelectorAll("table tbody tr")];
    expect(rows.map((row) => row.firstElementChild!.textContent)).toEqual(["lag 0", "lag 1", "h0"]);
    const marks = view.all("[data-lag]");
    expect(marks.map((mark) => mark.dataset["lag"]).sort()).toEqual(["0", "1", "2"]);
    expect(view.all("[data-lag='2']")[0]!.getAttribute("aria-label")).toBe("h0, 20.0 %");
  });

  it("is not where the memory ends before it", async () => {
    const view = shown(timeline([2, 2, 3]), "lags");
    await drawn();
    expect(view.root.textContent).toContain("memory 2 steps (2–3)");
  });
});
