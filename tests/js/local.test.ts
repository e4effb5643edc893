import { describe, expect, it } from "vitest";
import { credit, HOSTILE } from "../../js/demo/fixtures.js";
import { explained, LINE, TWO, type Rows } from "./rows.js";
import { drawn, press, shown } from "./shown.js";

const CLASSES = { outputs: ["repaid", "default"], responses: ["prob", "logodds"] };

/** The local view with rows picked: the first one by default. */
async function picked(names: string[], given: Rows, sketch = {}, instance = 10, other?: number) {
  const view = shown(explained(names, given, sketch), "local");
  if ("outputs" in sketch) view.store.choose({ output: 1 });
  view.store.choose({ instance, other: other ?? null });
  await drawn();
  const cells = (kind: string) => view.all(`.nbx-effect-list .nbx-${kind}`);
  const texts = (kind: string) =>
    view.all(`[data-feature] .nbx-${kind}`).map((cell) => cell.textContent);
  return { ...view, cells, texts };
}

/** Where a bar begins and ends, in percent of the track. */
function bars(row: HTMLElement): [number, number][] {
  return [...row.querySelectorAll<HTMLElement>(".nbx-bar")].map(({ style }) => {
    const left = parseFloat(style.left);
    return [Math.round(left), Math.round(left + parseFloat(style.width))];
  });
}

describe("of y = 2 x₁ + x₂", () => {
  it("the shares are 80 and 20, and said to be squared shares of the row", async () => {
    const { root, names, texts } = await picked(["x1", "x2"], LINE, {
      share: (f: number) => 2 - f,
    });
    expect(names()).toEqual(["x1", "x2"]);
    expect(texts("share")).toEqual(["80.0 %", "20.0 %"]);
    expect(texts("move")).toEqual(["+2.00", "+1.00"]);
    expect(root.textContent).toContain("If this input rose by one standard deviation, y0 would");
    expect(root.textContent).toContain(
      "Shares are squared shares of this row: more concentrated than the global ones.",
    );
  });

  it("bars begin at the zero in the middle; the largest nearly fills its half", async () => {
    const { all } = await picked(["x1", "x2"], LINE);
    expect(all("[data-feature]").map(bars)).toEqual([[[50, 98]], [[50, 74]]]);
    const ticks = all(".nbx-axes .nbx-track > span");
    expect(ticks.map(({ textContent }) => textContent)).toEqual(["−2", "0", "+2"]);
    expect(ticks.map(({ style }) => Math.round(parseFloat(style.left)))).toEqual([2, 50, 98]);
  });
});

describe("order, sign and value", () => {
  const given: Rows = {
    outputs: [[0.125]],
    jacobian: [[[0.5, -2, 0, 1e-9]]],
    values: [[1234567, -0.123456, 0, 12345.678]],
    target: [0.5],
  };

  it("is by size, whatever the sign; hues and signs agree", async () => {
    const { names, texts, all } = await picked(["a", "b", "c", "d"], given);
    expect(names()).toEqual(["b", "a", "d", "c"]);
    expect(texts("move")).toEqual(["−2.00", "+0.50", "≈0", "0"]);
    expect(texts("value")).toEqual(["−0.123", "1,234,567", "12,346", "0"]);
    expect(all("[data-feature]").map((row) => row.querySelector(".nbx-move")!.className)).toEqual(
      ["falls", "rises", "rises", "none"].map((hue) => `nbx-move nbx-${hue}`),
    );
    expect(bars(all("[data-feature]")[0]!)).toEqual([[2, 50]]);
    expect(bars(all("[data-feature]")[3]!)).toEqual([]);
  });

  it("says the prediction, and how far it is off", async () => {
    const { one } = await picked(["a", "b", "c", "d"], given);
    expect(one(".nbx-local li").textContent).toContain("#10");
    expect(one(".nbx-said").textContent).toBe("y0 is 0.125 · true value 0.5, off by −0.375");
  });
});

describe("a classifier's row", () => {
  it("is said to be right or wrong in words", async () => {
    const { one, store } = await picked(["a", "b"], TWO, CLASSES, 11);
    expect(one(".nbx-said").textContent).toBe(
      "P(default) is 0.75 · predicted default, truly repaid: wrong",
    );
    store.choose({ instance: 12 });
    await drawn();
    expect(one(".nbx-said").textContent).toBe("P(default) is 0.2 · predicted repaid: right");
    store.choose({ response: "logodds" });
    await drawn();
    expect(one(".nbx-said").textContent).toMatch(
      /^the log-odds of default is −1\.39 \(P\u00a0=\u00a00\.2\) · /,
    );
  });

  it("says which output is explained where none is chosen", async () => {
    const { root, store } = await picked(["a", "b"], TWO, CLASSES, 11, 12);
    expect(root.textContent).toContain("deviation, P(default) would move");
    store.choose({ output: null });
    await drawn();
    expect(root.textContent).toContain("deviation, P(its predicted class) would move");
    store.choose({ other: null });
    await drawn();
    expect(root.textContent).toContain("P(default) (the class predicted for this row) would");
  });
});

it("groups have a neutral bar both ways, no sign, and the column that is on", async () => {
  const given: Rows = {
    outputs: [[0]],
    jacobian: [[[1, 3, -4]]],
    owners: [1, 0, 0],
    members: ["age", "north", "<b>south</b>"],
    values: [[30, 0, 1]],
  };
  const { all, texts, root } = await picked(["region", "age"], given);
  expect(texts("value")).toEqual(["<b>south</b>", "30"]);
  expect(texts("move")).toEqual(["–", "+1.00"]);
  expect(texts("share")).toEqual(["96.2 %", "3.8 %"]);
  expect(bars(all("[data-feature]")[0]!)).toEqual([[2, 98]]);
  expect(all("[data-feature]")[0]!.querySelector(".nbx-track.nbx-none .nbx-pooled")).toBeTruthy();
  expect(root.querySelector("b:not([class]) b, td b")).toBeNull();
  expect(root.textContent).toContain("Grey bars are features of several entries");
});

describe("two rows", () => {
  const given: Rows = {
    outputs: [[0], [0]],
    jacobian: [[[1, -3, 0.5]], [[4, 1, 0.25]]],
    values: [
      [1, 2, 3],
      [4, 5, 6],
    ],
  };

  it("share order and scale, with the values of both", async () => {
    const { names, all, texts } = await picked(["a", "b", "c"], given, {}, 10, 11);
    expect(names()).toEqual(["a", "b", "c"]);
    expect(texts("value")).toEqual(["1", "4", "2", "5", "3", "6"]);
    expect(all("[data-feature]").map(bars)).toEqual([
      [
        [50, 62],
        [50, 98],
      ],
      [
        [14, 50],
        [50, 62],
      ],
      [
        [50, 56],
        [50, 53],
      ],
    ]);
  });

  it("share them whichever comes first", async () => {
    const { names, all } = await picked(["a", "b", "c"], given, {}, 11, 10);
    expect(names()).toEqual(["a", "b", "c"]);
    expect(bars(all("[data-feature]")[1]!)).toEqual([
      [50, 62],
      [14, 50],
    ]);
  });

  it("are left one by one: the second takes the first one's place", async () => {
    const { one, all, store } = await picked(["a", "b", "c"], given, {}, 10, 11);
    expect(one("h4").textContent).toBe("Two instances");
    one("button[aria-label='Leave 10']").click();
    await drawn();
    expect([store.instance.value, store.other.value]).toEqual([11, null]);
    expect(all("li b").map((label) => label.textContent)[0]).toBe("#11");
    one("button[aria-label='Leave 11']").click();
    await drawn();
    expect(store.instance.value).toBeNull();
    expect(one(".nbx-quiet").textContent).toContain("view.instance = …");
  });

  it("of which the second is on its way: the first is there", async () => {
    const { names, one, calls, store } = await picked(["a", "b", "c"], given, {}, 10, 99);
    expect(names()).toHaveLength(3);
    expect(calls).toContain("row 99");
    expect(one(".nbx-soon").textContent).toBe("Asking the kernel …");
    expect(one(".nbx-busy").textContent).toContain("The kernel is busy");
    store.refuseRow(99, "<i>No</i> such row.");
    await drawn();
    expect(one("p[role=status]").textContent).toBe("<i>No</i> such row.");
  });
});

describe("many features", () => {
  const names = Array.from({ length: 30 }, (_, f) => `x${f}`);
  const given: Rows = { outputs: [[0]], jacobian: [[names.map(() => 1)]] };

  it("are folded into one share, and unfold", async () => {
    const view = await picked(names, given);
    expect(view.names()).toHaveLength(12);
    const others = () => view.one(".nbx-others").textContent;
    expect(others()).toBe("18 other features60.0 %");
    view.one(".nbx-others button").click();
    await drawn();
    expect(view.names()).toEqual(names);
    view.one(".nbx-others button").click();
    await drawn();
    expect(view.names()).toHaveLength(12);
  });

  it("are at most 200 at once", async () => {
    const many = Array.from({ length: 300 }, (_, f) => `x${f}`);
    const view = await picked(many, { outputs: [[0]], jacobian: [[many.map(() => 1)]] });
    view.one(".nbx-others button").click();
    await drawn();
    expect(view.names()).toHaveLength(200);
    expect(view.one(".nbx-others").textContent).toBe("100 other features33.3 %");
  });

  it("that the page does not hold are one share until the row comes", async () => {
    const rest: Rows = { outputs: [[0]], jacobian: [[[3, 1]]], rest: [[[10]]], all: 30 };
    const { calls, one, texts } = await picked(names, rest);
    expect(calls).toContain("row 10");
    expect(texts("share")).toEqual(["45.0 %", "5.0 %"]);
    expect(one(".nbx-others").textContent).toBe("28 other features50.0 %");
    expect(one(".nbx-others button")).toBeNull();
  });
});

it("a constant row is a sentence", async () => {
  const { one, names } = await picked(["a"], { outputs: [[1]], jacobian: [[[0]]] });
  expect(names()).toEqual([]);
  expect(one(".nbx-quiet").textContent).toBe(
    "At this row no input moves y0: every derivative is zero.",
  );
});

it("the units of the axis are those of the scale", async () => {
  for (const [scale, words] of [
    ["none", "one unit,"],
    ["custom", "one given unit,"],
  ]) {
    const state = explained(["a"], { outputs: [[1]], jacobian: [[[1]]] });
    Object.assign(state.meta, { scale });
    const { store, root } = shown(state, "local");
    store.choose({ instance: 10 });
    await drawn();
    expect(root.textContent).toContain(`If this input rose by ${words}`);
  }
});

describe("picking a feature", () => {
  it("by click and by keyboard, as in the bars", async () => {
    const { store, one, all } = await picked(["a", "b"], LINE);
    all("[data-feature]")[1]!.click();
    await drawn();
    expect(store.feature.value).toBe(1);
    const list = one("[role=listbox]");
    const active = one(`#${CSS.escape(list.getAttribute("aria-activedescendant")!)}`);
    expect(active.dataset["feature"]).toBe("b");
    expect(active.getAttribute("aria-selected")).toBe("true");
    for (const [key, expected] of [
      ["ArrowDown", 1],
      ["ArrowUp", 0],
      ["ArrowUp", 0],
      ["End", 1],
      ["Home", 0],
      ["Escape", null],
      ["ArrowDown", 0],
    ] as const) {
      press(list, key);
      await drawn();
      expect(store.feature.value).toBe(expected);
    }
  });
});

it("the table behind says what the bars say, for both rows", async () => {
  const { all, texts, one } = await picked(["a", "b"], LINE, {}, 10, 11);
  const table = all("tbody tr").map((tr) => [...tr.children].map((cell) => cell.textContent));
  const [value, move, share] = ["value", "move", "share"].map(texts);
  expect(table).toEqual(
    ["a", "b"].map((name, i) => [
      name,
      ...[2 * i, 2 * i + 1].flatMap((at) => [value![at], move![at], share![at]]),
    ]),
  );
  expect(one("thead").textContent).toContain("Squared share of this row");
  expect(all("table [data-feature]")).toEqual([]);
});

it("names are text, never markup", async () => {
  const { root, names } = await picked(HOSTILE, {
    outputs: [[0]],
    jacobian: [[HOSTILE.map(() => 1)]],
    labels: ["<b>label</b>"],
  });
  expect(new Set(names())).toEqual(new Set(HOSTILE));
  expect(root.querySelectorAll("img, script, u, b b")).toHaveLength(0);
  expect(root.querySelector("li b")!.textContent).toBe("<b>label</b>");
});

it("the panel says how to pick, and shows what is picked", async () => {
  const { root, store, one } = shown(credit(), "explorer");
  await drawn();
  const words = () => one("[data-nbx-view=local]").textContent;
  expect(words()).toContain("Click an instance, or search for its label");
  store.choose({ instance: store.instances.value!.positions[0]! });
  await drawn();
  expect(words()).toContain("This instance");
  expect(root.querySelectorAll("header")).toHaveLength(1);
});
