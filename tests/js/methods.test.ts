/** Methods: which answers, its card, others in its place, and one beside it. */
import { describe, expect, it } from "vitest";
import { connect } from "../../js/connection.js";
import { importances, picked } from "../../js/export/csv.js";
import type { BesideState, Method } from "../../js/methods.js";
import { packed, type Meta, type State } from "../../js/wire.js";
import { RESTED } from "../../js/views/table.js";
import { opened, saved } from "./kernel.js";
import { FakeModel } from "./model.js";
import { explained, LINE } from "./rows.js";
import { drawn, press, shown } from "./shown.js";

const METHODS: Method[] = [
  { name: "sensitivity", title: "Sensitivity", facts: [["Question", "How far?"]] },
  { name: "deeplift", title: "DeepLIFT <b>", facts: [["Question", "How much?"]] },
  { name: "smoothgrad", title: "Smoothed", facts: [["Question", "How far nearby?"]] },
];
const NAMES = ["a", "<b>", "c"];
const ROWS = {
  ...LINE,
  outputs: [[1], [2], [3]],
  jacobian: [[[2, 1, 0]], [[2, 1, 0]], [[2, 1, 0]]],
};
const VALUES = [
  [0, 0, 0],
  [1, 1, 1],
  [2, 2, 2],
];

/** Shares 50, 33, 17 of three features, and methods that may answer. */
function state(methods = METHODS): State {
  const rows = { ...ROWS, values: VALUES, label: undefined };
  const found = explained(NAMES, rows, { share: (f: number) => 3 - f });
  return {
    ...found,
    selection: {},
    meta: { ...(found.meta as Meta), method: methods[0]!.name, methods },
  };
}

const OF = { method: "deeplift", response: "raw", output: 0 };
const SHARES = packed(Float32Array.of(20, 70, 10, 2, 1, 3), 2, 3);
const ROW = packed(Float32Array.of(60, 30, 10, 2, -1, 0, 5, 90, 5, 0.25, -4, 0), 4, 3);
const SENTENCE = "Kendall τ 0.33; 2 of the 3 leading features in common.";
const SAVED: BesideState[] = [
  { ...OF, sentence: SENTENCE, numbers: SHARES },
  { ...OF, row: 11, numbers: ROW },
];

describe("the method beside", () => {
  it("is asked for once, and its numbers are of what is shown", async () => {
    const { store, news } = opened(state());
    expect(store.methods.beside.value).toBeNull();
    store.choose({ beside: "deeplift" });
    expect(store.methods.beside.value).toBe("asked");
    await drawn();
    void store.methods.beside.value;
    await drawn();
    expect(news()).toEqual([["beside", "deeplift", "raw", 0, null]]);
    store.methods.receive({ ...OF, sentence: SENTENCE }, SHARES);
    const beside = store.methods.beside.value as { share: Float32Array; rank: Float32Array };
    expect([...beside.share]).toEqual([20, 70, 10]);
    expect([...beside.rank]).toEqual([2, 1, 3]);
    expect(beside).toMatchObject({ sentence: SENTENCE, method: METHODS[1] });
    store.choose({ beside: null });
    expect(store.methods.beside.value).toBeNull();
  });

  it("is asked for all that was shown, however soon another output was", async () => {
    const { store, news } = opened(state());
    store.choose({ beside: "deeplift" });
    void store.methods.beside.value;
    store.choose({ response: "prob" });
    void store.methods.beside.value;
    await drawn();
    expect(news()).toEqual([
      ["slice", "prob", 0],
      ["beside", "deeplift", "raw", 0, null],
      ["beside", "deeplift", "prob", 0, null],
    ]);
  });

  it("has both methods' numbers of the picked row", async () => {
    const { store, news } = opened(state());
    store.choose({ beside: "deeplift", instance: 11 });
    expect(store.methods.row.value).toBe("asked");
    await drawn();
    expect(news()).toContainEqual(["beside", "deeplift", "raw", 0, 11]);
    store.methods.receive({ ...OF, row: 11 }, ROW);
    const { own, other } = store.methods.row.value as Record<"own" | "other", Float32Array[]>;
    expect(own.map((part) => [...part])).toEqual([
      [60, 30, 10],
      [2, -1, 0],
    ]);
    expect(other.map((part) => [...part])).toEqual([
      [5, 90, 5],
      [0.25, -4, 0],
    ]);
    store.choose({ instance: 12 });
    expect(store.methods.row.value).toBe("asked");
    store.methods.refuseBeside({ ...OF, row: 12 }, "No.");
    expect(store.methods.row.value).toEqual({ error: "No." });
  });

  it("is forgotten with what it was beside, and asked anew", async () => {
    const { store, news } = opened(state());
    store.choose({ beside: "deeplift" });
    store.methods.receive(OF, SHARES);
    store.load(state());
    expect(store.methods.beside.value).toBe("asked");
    await drawn();
    expect(news()).toContainEqual(["beside", "deeplift", "raw", 0, null]);
    const [first, second, third] = METHODS as [Method, Method, Method];
    store.load(state([second, first, third]));
    expect(store.methods.beside.value).toBeNull(); // it is the one that is shown
  });

  it("is left out while the model trains", () => {
    const { store } = opened(state());
    store.choose({ beside: "deeplift" });
    store.report({ state: "live", step: 3 });
    expect(store.methods.beside.value).toBeNull();
    expect(store.methods.possible.value).toBe(false);
  });

  it("stays in a saved page, and what is not in it is said", () => {
    const selection = { ...OF, feature: null, instance: 11, other: null, rows: null };
    const store = saved({
      ...state(),
      beside: SAVED,
      selection: { ...selection, beside: "deeplift", client: "", seq: 0 },
    });
    expect(store.methods.beside.value).toMatchObject({ sentence: SENTENCE });
    expect(store.methods.row.value).toHaveProperty("own");
    store.choose({ instance: 12 });
    expect(store.methods.row.value).toHaveProperty("error");
  });

  it("crosses in messages and in choices", async () => {
    const model = new FakeModel({ ...state(), selection: {} });
    const store = connect(model.asModel, new AbortController().signal);
    store.choose({ beside: "deeplift" });
    void store.methods.beside.value;
    await drawn();
    expect(model.sent).toContainEqual({ t: "beside", ...OF });
    const view = ({ data }: typeof SHARES) =>
      new DataView(data.buffer, data.byteOffset, data.byteLength);
    model.emit("msg:custom", { t: "beside", ...OF, sentence: SENTENCE }, [view(SHARES)]);
    expect(store.methods.beside.value).toMatchObject({ sentence: SENTENCE });
    model.emit("msg:custom", { t: "beside", ...OF, row: 11 }, [view(ROW)]);
    store.choose({ instance: 11 });
    expect(store.methods.row.value).toHaveProperty("own");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(model.sent.filter(({ t }) => t === "select").at(-1)).toMatchObject({
      beside: "deeplift",
      instance: 11,
    });
    model.emit("msg:custom", { t: "beside", ...OF, error: "No rule." }, []);
    expect(store.methods.beside.value).toEqual({ error: "No rule." });
  });
});

describe("another method in the place of this one", () => {
  it("is asked for, told of and cleared once it is here", () => {
    const model = new FakeModel({ ...state(), selection: {} });
    const store = connect(model.asModel, new AbortController().signal);
    const { methods } = store;
    methods.ask("sensitivity");
    expect(methods.asking.value).toBeNull();
    methods.ask("deeplift");
    expect(model.sent).toEqual([{ t: "method", method: "deeplift" }]);
    expect(methods.asking.value).toMatchObject({ wait: "asked" });
    const rows = { done: 1_000, total: 2_000 };
    model.emit("msg:custom", { t: "method", method: "deeplift", rows }, []);
    expect(methods.asking.value).toMatchObject({ wait: "asked", ...rows });
    model.emit("msg:custom", { t: "method", method: "smoothgrad", error: "Late." }, []);
    expect(methods.asking.value).toMatchObject({ wait: "asked" });
    store.load(state());
    expect(methods.asking.value).not.toBeNull(); // data of the method before
    store.load(state([METHODS[1]!, METHODS[0]!]));
    expect(methods.asking.value).toBeNull();
    methods.ask("sensitivity");
    model.emit("msg:custom", { t: "method", method: "sensitivity", error: "No." }, []);
    expect(methods.asking.value).toMatchObject({ wait: { error: "No." } });
  });
});

const option = (view: ReturnType<typeof shown>, hook: string, name: string) =>
  view.all(`li[data-${hook}]`).find((one) => one.dataset[hook] === name)!;

describe("the header", () => {
  it("has the methods, those that are asked for, and what goes wrong", async () => {
    const view = shown(state());
    const names = view.all("li[data-method]").map(({ dataset }) => dataset["method"]);
    expect(names).toEqual(["sensitivity", "deeplift", "smoothgrad"]);
    option(view, "method", "deeplift").click();
    await drawn();
    expect(view.calls).toContain("method deeplift");
    expect(view.one(".nbx-head [aria-busy]").textContent).toContain(
      "DeepLIFT <b>: Asking the kernel …",
    );
    view.store.methods.hear("deeplift", { done: 1_000, total: 2_000 });
    await drawn();
    expect(view.one(".nbx-head [aria-busy]").textContent).toContain("1,000 of 2,000 rows");
    view.store.methods.hear("deeplift", { wait: { error: "No rule for 'cross'." } });
    await drawn();
    expect(view.one(".nbx-head .nbx-quiet").textContent).toBe("DeepLIFT <b>: No rule for 'cross'.");
    expect(view.all(".nbx-row")).toHaveLength(3);
  });

  it("has a card, which Escape closes", async () => {
    const view = shown(state());
    const card = view.one(".nbx-card") as HTMLDetailsElement;
    const summary = card.querySelector("summary")!;
    expect(summary.getAttribute("aria-label")).toBe("About Sensitivity");
    expect(card.textContent).toContain("Question How far?");
    card.open = true;
    press(card.querySelector(".nbx-popup")!, "Escape");
    expect(card.open).toBe(false);
    expect(document.activeElement).toBe(summary);
  });

  it("offers nothing where nobody answers, and says so", async () => {
    const view = shown(state());
    view.live.value = false;
    await drawn();
    expect(view.all("li[data-method], li[data-beside]")).toEqual([]);
    expect(view.one(".nbx-methods").textContent).toContain("Sensitivity");
    expect(view.one(".nbx-card").textContent).toContain("answer in a notebook");
    const only = shown(state(METHODS.slice(0, 1)));
    expect(only.all("li[data-method]")).toEqual([]);
    const older = state();
    delete (older.meta as Partial<Meta>).methods;
    expect(shown(older).all(".nbx-methods")).toEqual([]);
  });

  it("chooses a method beside", async () => {
    const view = shown(state());
    option(view, "beside", "deeplift").click();
    expect(view.asked.at(-1)).toMatchObject({ beside: "deeplift" });
    await drawn();
    option(view, "beside", "").click();
    expect(view.asked.at(-1)).not.toHaveProperty("beside");
  });
});

async function beside(kind: "importance" | "local" = "importance") {
  const view = shown(state(), kind);
  view.store.choose({ beside: "deeplift", instance: 11 });
  view.store.methods.receive({ ...OF, sentence: SENTENCE }, SHARES);
  view.store.methods.receive({ ...OF, row: 11 }, ROW);
  await drawn();
  return view;
}

const left = ({ style }: HTMLElement) => parseFloat(style.left);

describe("two methods side by side", () => {
  it("are a ring on each bar, joined to its end, on one axis", async () => {
    const { all, names } = await beside();
    expect(names()).toEqual(NAMES); // the order of the first
    const rings = all(".nbx-row .nbx-dot").map(left);
    const bars = all(".nbx-row .nbx-bar").map(({ style }) => parseFloat(style.width));
    expect(rings[1]! / bars[0]!).toBeCloseTo(70 / 50);
    expect(rings[0]! / bars[0]!).toBeCloseTo(20 / 50);
    expect(Math.max(...rings)).toBeLessThan(100);
    const spans = all(".nbx-row .nbx-span");
    expect(left(spans[0]!)).toBeCloseTo(rings[0]!);
    expect(left(spans[0]!) + parseFloat(spans[0]!.style.width)).toBeCloseTo(bars[0]!);
    expect(all(".nbx-row .nbx-moved").map(({ dataset }) => dataset["moved"])).toEqual([
      "20.0",
      "70.0",
      "10.0",
    ]);
  });

  it("say how far they agree and which question each answers, as text", async () => {
    const { one, all } = await beside();
    expect(one(".nbx-agreement [role=status]").textContent).toBe(SENTENCE);
    const said = all(".nbx-agreement li").map(({ textContent }) => textContent!.trim());
    expect(said).toEqual(["Sensitivity How far?", "DeepLIFT <b> How much?"]);
    expect(all(".nbx-row")[1]!.getAttribute("aria-label")).toContain(
      ", by DeepLIFT <b> 70.0 percent, rank 1",
    );
  });

  it("leave nothing behind", async () => {
    const { store, all } = await beside();
    store.choose({ beside: null });
    await drawn();
    expect(all(".nbx-dot, .nbx-span, .nbx-moved, .nbx-agreement")).toEqual([]);
    expect(all(".nbx-row")[1]!.getAttribute("aria-label")).not.toContain("DeepLIFT");
  });

  it("are in the table behind and in the file", async () => {
    const { store, all } = await beside();
    await new Promise((resolve) => setTimeout(resolve, RESTED + 50));
    const head = all("th[scope=col]").map(({ textContent }) => textContent);
    expect(head.slice(-2)).toEqual(["DeepLIFT <b>", "Rank by DeepLIFT <b>"]);
    const cells = [...all("tbody tr")[1]!.querySelectorAll("td")].map((td) => td.textContent);
    expect(cells.slice(-2)).toEqual(["70.0 %", "1"]);
    const [first, , second] = importances(store).split("\r\n");
    expect(first!.split(",").at(-1)).toBe("importance by DeepLIFT <b>");
    expect(second!.split(",").at(-1)).toBe("70");
  });

  it("are in the file of the picked row", async () => {
    const { store } = await beside("local");
    const lines = picked(store).split("\r\n");
    expect(lines.slice(0, 3)).toEqual([
      "feature,value,attribution,share,row,attribution by DeepLIFT <b>",
      "a,1,2,80,11,0.25",
      "<b>,1,1,20,11,-4",
    ]);
  });

  it("stand at the picked row too, with signs and shares of absolute values", async () => {
    const { all, one } = await beside("local");
    const rows = all("[data-both]");
    expect(rows.map(({ dataset }) => dataset["both"])).toEqual(NAMES);
    const moves = rows.map((row) =>
      [...row.querySelectorAll(".nbx-move")].map((m) => m.textContent),
    );
    expect(moves).toEqual([
      ["+2.00", "+0.25"],
      ["−1.00", "−4.00"],
      ["0", "0"],
    ]);
    const width = (row: HTMLElement) => row.querySelector<HTMLElement>(".nbx-bar")!.style.width;
    expect(parseFloat(width(rows[0]!))).toBeCloseTo((100 * 60) / 90);
    expect(left(rows[1]!.querySelector<HTMLElement>(".nbx-dot")!)).toBeCloseTo(100);
    expect(one(".nbx-pair").textContent).toContain("shares of absolute values, to 90.0 %");
    const table = one(".nbx-pair table");
    const cells = [...table.querySelectorAll("tbody tr")].map((row) => row.textContent);
    expect(cells[1]).toBe("<b>−1.0030.0−4.0090.0");
  });

  it("are each against its own baseline, also where the row is held against others", async () => {
    const given = state();
    const view = shown({ ...given, meta: { ...(given.meta as Meta), against: true } }, "local");
    view.store.choose({ beside: "deeplift", instance: 11, against: Uint32Array.of(10) });
    view.store.methods.receive({ ...OF, row: 11 }, ROW);
    await drawn();
    expect(view.one(".nbx-pair").textContent).toContain("90.0 %, each against its own baseline");
    view.store.choose({ against: null });
    await drawn();
    expect(view.one(".nbx-pair").textContent).not.toContain("own baseline");
  });
});
