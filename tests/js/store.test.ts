import { describe, expect, it } from "vitest";
import type { FedStore } from "../../js/store.js";
import { packed } from "../../js/wire.js";
import { BLANK, BOTH, controller, opened, PART, saved } from "./kernel.js";
import { digits, explained, instancesState, LINE, TWO } from "./rows.js";

const shares = (store: FedStore) => digits(store.subset.value!.share);

describe("a choice", () => {
  it("is told whole, with its number", () => {
    const { store, asked } = opened();
    store.choose({ feature: 1, instance: 12 });
    store.choose({ other: 13, rows: Uint32Array.of(10) });
    const all = { feature: 1, instance: 12, output: 0, response: "raw" };
    expect(asked).toEqual([
      ["choice", { ...all, other: null, rows: null }, 1],
      ["choice", { ...all, other: 13, rows: [10] }, 2],
    ]);
  });

  it("of Python is followed and not told back", () => {
    const { store, asked } = opened();
    const rows = packed(Uint32Array.of(12, 10), 2);
    const shown = { output: 0, response: "raw" };
    store.follow({ feature: 1, instance: 11, other: null, rows, ...shown, client: "", seq: 0 });
    expect([store.feature.value, store.instance.value]).toEqual([1, 11]);
    expect([...store.rows.value!]).toEqual([12, 10]);
    expect(asked).toEqual([]);
  });

  it("stays when there is new data that has it", () => {
    const three = explained(["c", "b", "a"], { ...LINE, all: 3 }, { responses: ["raw", "prob"] });
    const { store } = opened(explained(BOTH, LINE, { responses: ["raw", "prob"] }));
    store.choose({ feature: 1, instance: 12, response: "prob" });
    store.load({ ...three, selection: {} });
    expect([store.feature.value, store.instance.value]).toEqual([1, 12]);
    store.choose({ feature: 2 });
    store.load({ ...explained(BOTH, LINE), selection: {} });
    expect(store.feature.value).toBe(0);
    expect(store.shown.value).toEqual({ output: 0, response: "raw" });
  });

  it("of an output that new data do not have is that of the new data", () => {
    const { store } = opened(explained(BOTH, TWO, { outputs: BOTH }));
    store.choose({ output: 1 });
    store.load({ ...explained(BOTH, LINE), selection: {} });
    expect(store.shown.value.output).toBe(0);
    store.load({ ...explained(BOTH, TWO, { outputs: BOTH }), selection: {} });
    expect(store.shown.value.output).toBe(0);
    store.choose({ output: null });
    store.load({ ...explained(BOTH, LINE), selection: {} });
    expect(store.shown.value.output).toBe(0);
  });

  it("asks nothing before there is an explanation", () => {
    const { store, news } = opened(BLANK);
    store.choose({ output: 1, response: "prob", feature: 0 });
    expect(news()).toEqual([]);
  });

  it("of what is not in a saved page says so", () => {
    const store = saved(explained(BOTH, TWO, { outputs: BOTH, missing: 1 }));
    store.choose({ output: 1 });
    expect(store.wait.value).toEqual({ error: expect.stringContaining("run the cell again") });
  });

  it("that is not here is asked for again when there is new data", () => {
    const part = () => explained(BOTH, TWO, { outputs: BOTH, missing: 1 });
    const { store, news } = opened(part());
    store.choose({ output: 1 });
    store.find("zoe");
    news();
    store.load({ ...part(), selection: {} });
    expect(store.wait.value).toBe("asked");
    expect(news()).toEqual([["slice", "raw", 1]]);
    expect(store.search.value).toBeNull();
  });
});

describe("λ over a brush", () => {
  it("is there at once where the page holds all that it takes", () => {
    const { store, news } = opened();
    expect(store.subset.value).toBeNull();
    store.choose({ rows: Uint32Array.of(10, 13) });
    expect(shares(store)).toEqual([66.6667, 33.3333]);
    expect(store.subset.value).toMatchObject({ held: 2, partial: false });
    store.choose({ rows: null });
    expect(store.subset.value).toBeNull();
    expect(news()).toEqual([]);
  });

  it("is what the page can say until the kernel knows better", () => {
    const { store, news } = opened(explained(BOTH, PART));
    store.choose({ rows: Uint32Array.of(11, 12) });
    expect(store.subset.value).toMatchObject({ held: 1, partial: true });
    expect(news()).toEqual([["subset", "raw", 0, [11, 12], 1]]);
    store.receiveSubset(1, Float32Array.of(90, 10), null, 2);
    expect(store.subset.value).toMatchObject({ held: 2, partial: false });
    expect(shares(store)).toEqual([90, 10]);
    expect(news()).toEqual([]);
  });

  it("is asked for where rows are not in the page at all", () => {
    const { store, news } = opened();
    store.choose({ rows: Uint32Array.of(10, 99) });
    expect(store.subset.value).toMatchObject({ held: 1, partial: true });
    expect(news()).toEqual([["subset", "raw", 0, [10, 99], 1]]);
  });

  it("takes no answer of a brush before", () => {
    const { store } = opened(explained(BOTH, PART));
    store.choose({ rows: Uint32Array.of(11, 12) });
    store.choose({ rows: Uint32Array.of(10, 12) });
    store.receiveSubset(1, Float32Array.of(90, 10), null, 2);
    expect(store.subset.value!.partial).toBe(true);
    store.receiveSubset(2, Float32Array.of(80, 20), null, 2);
    expect(shares(store)).toEqual([80, 20]);
    store.choose({ rows: Uint32Array.of(12) });
    expect(store.subset.value).toMatchObject({ held: 0, partial: true });
  });

  it("is asked for again under another response", () => {
    const names = { outputs: BOTH, responses: ["prob", "raw"] };
    const rest = TWO.jacobian.map(() => TWO.outputs[0]!.map(() => TWO.outputs[0]!.map(() => 1)));
    const { store, news } = opened(explained(["a", "b"], { ...TWO, all: 3, rest }, names));
    store.choose({ output: 1, rows: Uint32Array.of(10) });
    store.choose({ response: "raw" });
    expect(news()).toEqual([
      ["subset", "prob", 1, [10], 1],
      ["subset", "raw", 1, [10], 2],
    ]);
  });

  it("asks nothing without a kernel, nor once its page is over", () => {
    const store = saved(explained(BOTH, PART));
    store.choose({ rows: Uint32Array.of(12) });
    expect(store.subset.value).toMatchObject({ held: 0, partial: true });
    const { store: other, news } = opened(explained(BOTH, PART));
    other.choose({ rows: Uint32Array.of(12, 13) });
    expect(news()).toHaveLength(1);
    controller.abort();
    other.choose({ rows: Uint32Array.of(12) });
    other.receiveInstances(instancesState(PART));
    expect(news()).toEqual([]);
  });
});

it("data that do not fit are an error, and the page lives on", () => {
  const { store } = opened();
  const broken = explained(BOTH, LINE);
  const jacobian = packed(new Float32Array(3), 4, 1, 2);
  store.load({ ...broken, instances: { ...instancesState(LINE), jacobian } });
  expect(store.status.value).toMatchObject({
    state: "error",
    message: expect.stringContaining("12 bytes"),
  });
  expect(store.meta.value).toBeNull();
  store.load(explained(BOTH, LINE));
  expect(store.status.value.state).toBe("ready");
  expect(store.local(10)).toMatchObject({ row: 10 });
});

describe("a model that trains", () => {
  it("sends what is shown, and what was here of others is out of date", () => {
    const { store, news } = opened(explained(BOTH, LINE, { responses: ["raw", "prob"] }));
    const values = packed(Float32Array.of(90, 10, 80, 5, 95, 15, 1, -1), 4, 2);
    store.receive({ response: "raw", output: 0, question: "Now?" }, values, true);
    expect(digits(store.slice.value!.share)).toEqual([90, 10]);
    expect(store.slice.value!.question).toBe("Now?");
    news();
    store.choose({ response: "prob" });
    expect(news()).toEqual([["slice", "prob", 0]]);
  });
});
