import { describe, expect, it } from "vitest";
import { pooled } from "../../js/canvas/cells.js";
import { days, HOSTILE, river, simple, state } from "../../js/demo/fixtures.js";
import { carrying, lagMaps, lagRanges, profile, rowMap, within } from "../../js/lags.js";
import { lagName, lagTicks } from "../../js/views/lags/axis.js";
import { instances } from "../../js/export/csv.js";
import { packed, type LagsState, type State } from "../../js/wire.js";
import { opened } from "./kernel.js";
import { digits, instancesState, type Rows } from "./rows.js";
import { drawn, press, shown } from "./shown.js";

/** Three lags (rows) of two features: a carries 40, 10, 0 and b 0, 30, 20 percent. */
const MAP = [40, 0, 10, 30, 0, 20];
/** One row: derivatives 3 of a at lag 0, 1 of b at lag 2, entries from the past to now. */
const ROWS: Rows = {
  outputs: [[1], [2]],
  jacobian: [[[0, 1, 0, 0, 3, 0]], [[2, 0, 0, 2, 0, 0]]],
  owners: [0, 1, 0, 1, 0, 1],
};

function sequences(names = ["a", "b"], given: Rows = ROWS, maps = [MAP], sketch = {}): State {
  const one = state({ names, rms: (f) => 2 - f, direction: () => NaN, ...sketch });
  const shownFirst = "slices" in one.meta ? one.meta.slices : [];
  return {
    ...one,
    meta: { ...one.meta, lags: { count: 3, unit: "h", labels: null } } as State["meta"],
    lags: {
      slices: maps.map((map, s) => ({
        ...{ response: shownFirst[s]!.response, output: shownFirst[s]!.output },
        low: packed(Float32Array.of(35, 35, 15), 3),
        high: packed(Float32Array.of(45, 45, 25), 3),
        map: packed(Float32Array.from(map), 3, 2),
        widths: packed(Float32Array.of(5, 0, 4, 3, 0, 2), 3, 2),
        memory: [3, 2, 3],
      })),
    },
    instances: instancesState(given),
  };
}

const ABOUT = { count: 3, unit: "h", labels: null };
const slice = () => (sequences().lags as LagsState).slices[0]!;
const heights = (view: ReturnType<typeof shown>, panel = 0) =>
  [...view.all(".nbx-lag-panel")[panel]!.querySelectorAll("[data-lag]")].map((mark) =>
    Number(mark.querySelector(".nbx-lag-bar")?.getAttribute("height")),
  );
const ratio = (numbers: number[]) =>
  numbers.map((n) => Math.round((100 * n) / Math.max(...numbers)));

async function timeline(one: State = sequences(), kind: "lags" | "explorer" = "lags") {
  const view = shown(one, kind);
  await drawn();
  return view;
}

describe("numbers", () => {
  const { lags } = sequences();
  const map = [...lagMaps((lags as LagsState).slices, ABOUT, 2).values()][0]!;

  it("a profile is the sum of a lag's row, or what the feature's column is made of", () => {
    expect(digits(profile(map, null))).toEqual([40, 40, 20]);
    expect(digits(profile(map, 0))).toEqual([80, 20, 0]);
    expect(digits(profile(map, 1))).toEqual([0, 60, 40]);
  });

  it("λ within lags is the share of what the features carry there", () => {
    expect(digits(within(map, [0]))).toEqual([100, 0]);
    expect(digits(within(map, [1]))).toEqual([25, 75]);
    expect(digits(within(map, [1, 2]))).toEqual([16.6667, 83.3333]);
    expect(digits(within(map, [0, 1, 2]))).toEqual([50, 50]);
  });

  it("the fewest lags that carry 90 % are counted to the end of a tie with the line", () => {
    expect(carrying([50, 5, 40, 5])).toEqual([0, 2]);
    expect(carrying([10, 10, 10, 70])).toEqual([0, 1, 3]);
    expect(carrying([NaN, NaN])).toEqual([]);
    expect(carrying([0, 0])).toEqual([]);
  });

  it("a row's map has squared shares, lag 0 being the last step", () => {
    const { rowOf } = rowsOf(ROWS);
    const found = rowMap(rowOf(0), instancesState(ROWS), { output: 0, response: "raw" }, ABOUT, 2);
    expect(digits(found.map)).toEqual([90, 0, 0, 0, 0, 10]);
    expect(found.rest).toBe(0);
  });

  it("entries that are not here leave grey cells and a rest", () => {
    const part: Rows = {
      outputs: [[1]],
      jacobian: [[[0, 0, 3]]],
      owners: [0, 0, 0],
      all: 6,
      rest: [[[1]]],
    };
    const one = instancesState(part);
    // Entries of feature a stand at every other place of a row.
    one.entries = packed(Uint32Array.from([0, 2, 4, 0, 2, 4, 0, 0, 0]), 3, 3);
    const { rowOf } = rowsOf(part, one);
    const found = rowMap(rowOf(0), one, { output: 0, response: "raw" }, ABOUT, 2);
    expect(digits(found.map)).toEqual([90, null, 0, null, 0, null]);
    expect(found.rest).toBeCloseTo(10);
  });

  it("runs of lags are named by their ends", () => {
    expect(lagRanges([3])).toBe("lag 3");
    expect(lagRanges([0, 1, 2, 7])).toBe("lags 0–2, 7");
  });

  it("cells beyond the pixels are pooled to the largest; unknown ones do not hide it", () => {
    const values = [9, 1, NaN, 2, 3, NaN, 4, 5];
    const cells = { rows: 1, columns: 8, value: (_: number, c: number) => values[c]! };
    expect([...pooled(cells, 4, 2)]).toEqual([9, 2, 3, 5, 9, 2, 3, 5]);
    expect([...pooled(cells, 16, 1)].slice(0, 6)).toEqual([9, 9, 1, 1, NaN, NaN]);
  });

  it("an axis names round lags of its unit", () => {
    expect(lagTicks({ count: 64, unit: "h", labels: null }, 300)).toEqual([0, 12, 24, 36, 48, 60]);
    expect(lagTicks({ count: 64, unit: null, labels: null }, 300)).toEqual([
      0, 10, 20, 30, 40, 50, 60,
    ]);
    expect(lagTicks({ count: 3, unit: null, labels: null }, 300)).toEqual([0, 1, 2]);
    expect(lagTicks({ count: 500, unit: null, labels: null }, 40)).toEqual([0]);
    expect(lagName({ count: 3, unit: null, labels: null }, 2)).toBe("lag 2");
    expect(lagName({ count: 3, unit: "h", labels: null }, 2)).toBe("2 h");
    expect(lagName({ count: 1, unit: null, labels: ["<b>"] }, 0)).toBe("<b>");
  });
});

/** A row as the page holds it. */
function rowsOf(given: Rows, from = instancesState(given)) {
  const { store } = opened({ ...sequences(["a", "b"], given), instances: from });
  return { rowOf: (i: number) => store.instances.value!.row(i)! };
}

describe("the timeline", () => {
  it("has a bar for each lag, whiskers, words and a table", async () => {
    const view = await timeline();
    expect(view.all("[data-lag]").map(({ dataset }) => dataset["lag"])).toEqual(["0", "1", "2"]);
    expect(ratio(heights(view))).toEqual([100, 100, 50]);
    expect(view.one(".nbx-lag-memory").textContent).toBe(
      "3 lags carry 90 %, the furthest 2 h back · memory 3 h (2–3)",
    );
    const reach = view.one(".nbx-lag-reach").getAttribute("d")!;
    expect(parseFloat(reach.slice(1))).toBeCloseTo(0); // the whole window
    expect(view.one(".nbx-lag-whisker").getAttribute("d")).toMatch(/^(M[^M]+){9}$/);
    const cells = view.all("tbody tr").map((row) => [...row.children].map((c) => c.textContent));
    expect(cells[0]).toEqual(["0 h", "40.0 %", "35.0 %", "45.0 %"]);
    expect(view.names()).toEqual(["a", "b"]);
    expect(view.one(".nbx-lag-ends").textContent).toBe("← pastlag, h backnow");
  });

  it("runs either way", async () => {
    const view = await timeline();
    const x = () => view.all("[data-lag] rect").map((rect) => Number(rect.getAttribute("x")));
    const before = x();
    expect(before[0]).toBeGreaterThan(before.at(-1)!);
    view.one("[data-time=backward] input").click();
    await drawn();
    expect(x()[0]).toBe(0);
    expect(view.one(".nbx-lag-ends").textContent).toBe("nowlag, h backpast →");
  });

  it("a picked feature shows its own lags, with all of them as an outline", async () => {
    const view = await timeline();
    view.all("[data-feature]")[1]!.click();
    await drawn();
    expect(view.asked.at(-1)).toMatchObject({ feature: 1 });
    expect(ratio(heights(view))).toEqual([0, 100, 67]);
    expect(view.all(".nbx-lag-outline").length).toBe(1);
    expect(view.all(".nbx-lag-row").length).toBe(1);
    // b carries 30 and 20 at lags 1 and 2: 60 ± 3 and 40 ± 2 of its own; lag 0 has no interval.
    expect(view.one(".nbx-lag-whisker").getAttribute("d")).toMatch(/^(M[^M]+){6}$/);
    const cells = view.all("tbody tr").map((row) => [...row.children].map((c) => c.textContent));
    expect(cells[1]).toEqual(["1 h", "60.0 %", "57.0 %", "63.0 %", "40.0 %"]);
    expect(view.one(".nbx-lag-memory").textContent).toBe(
      "2 lags carry 90 %, the furthest 2 h back",
    );
    expect(view.all(".nbx-lag-reach").length).toBe(0);
  });

  it("brushed rows are marked in the bars of all rows", async () => {
    const view = await timeline();
    expect(view.all(".nbx-lag-marks").length).toBe(0);
    view.store.choose({ rows: Uint32Array.of(11), instance: 10 });
    await drawn();
    expect(view.all(".nbx-lag-marks").length).toBe(1);
    expect(view.one(".nbx-lag-legend").textContent).toContain("over 1 brushed row");
    const cells = view.all("tbody tr").map((row) => [...row.children].map((c) => c.textContent));
    // Row 11: 2 of b at lag 1 and 2 of a at lag 2; row 10: 9 of a at lag 0, 1 of b at lag 2.
    expect(cells.map((row) => row.slice(4))).toEqual([
      ["0 %", "90.0 %"],
      ["50.0 %", "0 %"],
      ["50.0 %", "10.0 %"],
    ]);
  });

  it("brushed lags rank the features within them", async () => {
    const view = await timeline();
    expect(view.all(".nbx-lag-within").length).toBe(0);
    view.store.choose({ lags: [1, 2] });
    await drawn();
    const items = () => view.all(".nbx-lag-within li").map((item) => item.textContent);
    expect(view.one(".nbx-lag-within").textContent).toContain("within lags 1–2:");
    expect(items()).toEqual(["b 83.3 %", "a 16.7 %"]);
    view.one(".nbx-lag-within button").click();
    expect(view.store.feature.value).toBe(1);
    view.store.choose({ lags: [2] });
    await drawn();
    expect(items()).toEqual(["b 100.0 %"]);
  });

  it("two picked rows have a map each", async () => {
    const view = await timeline();
    view.store.choose({ instance: 10, other: 11 });
    await drawn();
    expect(view.all(".nbx-lag-caption > bdi").map((c) => c.textContent)).toEqual([
      "all rows",
      "#10",
      "#11",
    ]);
    expect(ratio(heights(view, 1))).toEqual([100, 0, 11]);
    expect(ratio(heights(view, 2))).toEqual([0, 100, 100]);
  });

  it("a picked row shows its own map beside, of squared shares, without the kernel", async () => {
    const view = await timeline();
    view.store.choose({ instance: 10 });
    await drawn();
    expect(view.all(".nbx-lag-panel").length).toBe(2);
    expect(ratio(heights(view, 1))).toEqual([100, 0, 11]);
    expect(view.root.textContent).toContain("squared shares of this row");
    expect(view.calls).toEqual([]);
    view.store.choose({ instance: 11 });
    await drawn();
    expect(ratio(heights(view, 1))).toEqual([0, 100, 100]);
  });

  it("a click picks a lag, another leaves it; a click in the map picks the feature too", async () => {
    const view = await timeline();
    const click = async (mark: Element) => {
      for (const kind of ["pointerdown", "pointerup"])
        mark.dispatchEvent(new PointerEvent(kind, { bubbles: true, button: 0 }));
      await drawn();
    };
    await click(view.one("[data-lag='2']"));
    expect(view.store.lags.value).toEqual([2]);
    expect(view.all(".nbx-lag-band").length).toBe(1);
    expect(view.one("[data-lag='2']").getAttribute("aria-selected")).toBe("true");
    await click(view.one("[data-lag='2']"));
    expect(view.store.lags.value).toBe(null);
    view.one("canvas").click();
    expect(view.store.feature.value).toBe(0);
    expect(view.store.lags.value!.length).toBe(1);
  });

  it("arrows pick lags, with shift a range; up and down pick features; escape leaves", async () => {
    const view = await timeline();
    const list = view.one("[role=listbox]");
    const key = async (name: string, shiftKey = false) => {
      list.dispatchEvent(
        new KeyboardEvent("keydown", { key: name, shiftKey, bubbles: true, cancelable: true }),
      );
      await drawn();
      return view.store.lags.value;
    };
    expect(await key("ArrowLeft")).toEqual([0]);
    expect(await key("ArrowLeft")).toEqual([1]);
    expect(await key("ArrowLeft", true)).toEqual([1, 2]);
    expect(await key("ArrowRight", true)).toEqual([1]);
    expect(await key("ArrowRight", true)).toEqual([0, 1]);
    expect(await key("Home")).toEqual([2]);
    expect(list.getAttribute("aria-activedescendant")).toBe(view.one("[data-lag='2']").id);
    expect(await key("End", true)).toEqual([0, 1, 2]);
    await key("ArrowDown");
    expect(view.store.feature.value).toBe(0);
    await key("ArrowDown");
    expect(view.store.feature.value).toBe(1);
    expect(await key("Escape")).toBe(null);
    press(list, "x");
    expect(view.store.lags.value).toBe(null);
  });

  it("names are text", async () => {
    const view = await timeline(days());
    expect(view.names()).toEqual(HOSTILE);
    expect(view.all("img, b > b, script").length).toBe(0);
    expect(view.root.textContent).toContain("<i>Wed</i>");
  });

  it("a table has no lags, in a sentence; its Explorer has no timeline", async () => {
    const view = await timeline(simple());
    expect(view.root.textContent).toContain("There are no lags");
    const explorer = await timeline(simple(), "explorer");
    const kinds = explorer.all("[data-nbx-view]").map(({ dataset }) => dataset["nbxView"]);
    expect(kinds).toEqual(["importance", "instances", "local"]);
  });
});

describe("linked", () => {
  it("rows are coloured by the feature at the only brushed lag, else at that of most weight", () => {
    const { store } = opened(sequences());
    const here = store.instances.value!;
    const seen = (feature: number) =>
      digits(here.attributions(here.entry(feature, store.lagOf.value(feature)), store.shown.value));
    expect([0, 1].map((feature) => store.lagOf.value(feature))).toEqual([0, 1]);
    expect([seen(0), seen(1)]).toEqual([
      [3, 0],
      [0, 2],
    ]);
    const before = store.lagOf.value;
    store.choose({ lags: [1, 2] });
    expect(store.lagOf.value).toBe(before);
    store.choose({ lags: [2] });
    expect([0, 1].map((feature) => store.lagOf.value(feature))).toEqual([2, 2]);
    expect([seen(0), seen(1)]).toEqual([
      [0, 2],
      [1, 0],
    ]);
  });

  it("the picked row shows each feature at that lag, its share over all", async () => {
    const view = await timeline(sequences(), "explorer");
    view.store.choose({ instance: 10 });
    await drawn();
    const place = "[data-nbx-view=local]";
    const rows = () =>
      view.all(`${place} tbody tr`).map((row) => [...row.children].map((c) => c.textContent));
    // a carries most at lag 0, b at lag 1, where its derivative at this row is 0.
    expect(rows()).toEqual([
      ["a at 0 h", "0", "+3.00", "90.0 %"],
      ["b at 1 h", "0", "0", "10.0 %"],
    ]);
    expect(view.one(place).textContent).toContain("rose by one standard deviation at its lag");
    expect(view.one(place).textContent).toContain("squared shares of this row, over all lags");
    view.store.choose({ lags: [2] });
    await drawn();
    expect(rows()).toEqual([
      ["b at 2 h", "0", "+1.00", "10.0 %"],
      ["a at 2 h", "0", "0", "90.0 %"],
    ]);
    expect(view.one(`${place} .nbx-bar`).parentElement!.className).toContain("nbx-rises");
  });

  it("the picker says at which lag a feature is shown", async () => {
    const view = await timeline(sequences(), "explorer");
    const text = () => view.one("[data-nbx-view=instances]").textContent;
    expect(text()).toContain("attribution of a at 0 h");
    view.store.choose({ feature: 1, lags: [2] });
    await drawn();
    expect(text()).toContain("attribution of b at 2 h");
    const csv = instances(view.store);
    expect(csv.split("\r\n")[0]).toMatch(/attribution of a at 2 h,attribution of b at 2 h$/);
  });

  it("brushed lags mark λ within them in the bars", async () => {
    const view = await timeline(sequences(), "explorer");
    const kinds = view.all("[data-nbx-view]").map(({ dataset }) => dataset["nbxView"]);
    expect(kinds).toEqual(["importance", "instances", "local", "lags"]);
    expect(view.all(".nbx-track .nbx-brushed").length).toBe(0);
    view.store.choose({ lags: [1, 2] });
    await drawn();
    expect(view.one(".nbx-legend").textContent).toContain("λ within lags 1–2");
    expect(view.all(".nbx-track .nbx-brushed").length).toBe(2);
    expect(view.one("[data-feature='b']").getAttribute("aria-label")).toContain(
      "83.3 within lags 1–2",
    );
    view.store.choose({ rows: Uint32Array.of(10) });
    await drawn();
    expect(view.one(".nbx-legend").textContent).toContain(
      "λ within lags 1–2 over the brushed rows",
    );
    // At row 10 only b counts before lag 0.
    expect(view.one("[data-feature='b']").getAttribute("aria-label")).toContain(
      "100.0 within lags 1–2 over the brushed rows",
    );
    expect(view.store.subset.value!.map!.map).toEqual(Float32Array.of(75, 0, 0, 0, 0, 25));
    view.store.choose({ lags: null });
    await drawn();
    expect(view.one(".nbx-legend").textContent).toContain("λ over 1 brushed row");
  });

  it("Python hears of lags of sequences, of tables it does not", async () => {
    const { store, asked } = opened(sequences());
    store.choose({ lags: [0, 2] });
    expect(asked.at(-1)).toMatchObject(["choice", { lags: [0, 2] }, 1]);
    const other = opened();
    other.store.choose({ feature: 0 });
    expect(Object.keys((other.asked.at(-1) as [string, object])[1])).not.toContain("lags");
  });

  it("Python's lags are followed, those beyond the last left out", () => {
    const { store } = opened(sequences());
    const selection = { ...river().selection, lags: [1, 9], response: "raw" };
    store.follow(selection as never);
    expect(store.lags.value).toEqual([1]);
  });

  it("another slice is asked for once and shown when it comes", () => {
    const { store, news } = opened(
      sequences(["a", "b"], ROWS, [MAP], { responses: ["raw", "prob"] }),
    );
    news();
    store.choose({ response: "prob" });
    expect(news()).toEqual([["lags", "prob", 0]]);
    expect(store.lagMap.value).toBe("asked");
    store.receiveLags({ ...slice(), response: "prob" });
    expect(store.lagMap.value).toHaveProperty("map");
    store.refuseLags({ response: "prob", output: 0 }, "No.");
    expect(store.lagMap.value).toEqual({ error: "No." });
  });

  it("of padded sequences the kernel is asked for λ over some rows", () => {
    const one = sequences();
    const { store, news } = opened({
      ...one,
      instances: { ...(one.instances as never as object), padded: true } as never,
    });
    store.choose({ rows: Uint32Array.of(10) });
    expect(news()).toEqual([["subset", "raw", 0, [10], 1]]);
  });
});
