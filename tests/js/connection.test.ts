import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { connect, DEBOUNCE } from "../../js/connection.js";
import { credit, state, wide } from "../../js/demo/fixtures.js";
import { FakeModel } from "./model.js";

let controller: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  controller = new AbortController();
});
afterEach(() => {
  controller.abort();
  vi.useRealTimers();
});

function connected(traits: object = credit()) {
  const model = new FakeModel({ ...traits });
  return { model, store: connect(model.asModel, controller.signal) };
}

it("reads what Python set", () => {
  const { store } = connected();
  expect(store.names.value).toHaveLength(23);
  expect(store.shown.value).toEqual({ output: 1, response: "prob" });
  expect(store.slice.value?.question).toContain("P(default)");
});

it("tells Python of the last choice only, a little later", () => {
  const { model, store } = connected();
  store.choose({ feature: 3 });
  store.choose({ feature: 4 });
  store.choose({ output: null });
  expect(store.feature.value).toBe(4);
  expect(store.shown.value.output).toBeNull();
  vi.advanceTimersByTime(DEBOUNCE - 1);
  expect(model.sent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(model.sent).toEqual([
    {
      t: "select",
      feature: 4,
      instance: null,
      other: null,
      rows: null,
      output: null,
      response: "prob",
      client: expect.any(String),
      seq: 3,
    },
  ]);
});

it("follows Python and other pages", () => {
  const { model, store } = connected();
  model.receive({ selection: { feature: 7, output: 0, response: "raw", client: "", seq: 0 } });
  expect(store.feature.value).toBe(7);
  expect(store.shown.value).toEqual({ output: 0, response: "raw" });
  model.receive({ selection: { feature: 8, output: 0, response: "raw", client: "b", seq: 1 } });
  expect(store.feature.value).toBe(8);
});

it("ignores the echo of a choice that a later one has overtaken", () => {
  const { model, store } = connected();
  store.choose({ feature: 1 });
  vi.advanceTimersByTime(DEBOUNCE);
  const { t: _, ...echo } = model.sent[0]!;
  store.choose({ feature: 2 });
  model.receive({ selection: echo });
  expect(store.feature.value).toBe(2);
});

it("takes new data and the choice that comes with it at once", async () => {
  const { model, store } = connected();
  const orders: number[] = [];
  store.ranking.subscribe((ranking) => orders.push(ranking?.order.length ?? -1));
  const next = state({ names: ["a", "b"], rms: (f) => f + 1, direction: () => 1 });
  model.receive({ ...next, selection: { ...next.selection, feature: 1 } });
  await Promise.resolve();
  expect(store.names.value).toEqual(["a", "b"]);
  expect(store.feature.value).toBe(1);
  expect(store.shown.value.output).toBe(0);
  expect(orders).toEqual([23, 2]);
});

it("asks once for a slice that is not in the page, and shows it when it comes", () => {
  const { model, store } = connected(wide());
  store.choose({ output: 11 });
  store.choose({ feature: 5 });
  expect(model.sent.filter(({ t }) => t === "slice")).toEqual([
    { t: "slice", response: "raw", output: 11 },
  ]);
  expect(store.wait.value).toBe("asked");
  const values = new Float32Array(4 * 2_000).fill(0.05);
  const answer = { t: "slice", response: "raw", output: 11, question: "Zone 12?" };
  model.emit("msg:custom", answer, [new DataView(values.buffer)]);
  expect(store.slice.value?.question).toBe("Zone 12?");
  expect(store.wait.value).toBeUndefined();
});

it("says what the kernel says when it cannot answer, and when the answer is broken", () => {
  const { model, store } = connected(wide());
  store.choose({ output: 11 });
  const answer = { t: "slice", response: "raw", output: 11 };
  model.emit("msg:custom", { ...answer, error: "Run the cell again." }, []);
  expect(store.wait.value).toEqual({ error: "Run the cell again." });
  model.emit("msg:custom", { ...answer, question: "?" }, [new DataView(new ArrayBuffer(8))]);
  expect(store.wait.value).toEqual({ error: expect.stringContaining("8 bytes") });
});

it("reports a newer protocol and bytes that do not fit as an error", () => {
  expect(connected({ ...credit(), _proto: 2 }).store.status.value).toMatchObject({
    state: "error",
    message: expect.stringContaining("reload"),
  });
  const broken = { ...credit(), names: ["a"] };
  expect(connected(broken).store.status.value.state).toBe("error");
});

it("leaves no listener and sends nothing once it is over", () => {
  const { model, store } = connected();
  expect(model.listeners).toBe(8);
  store.choose({ feature: 1 });
  controller.abort();
  vi.runAllTimers();
  expect(model.listeners).toBe(0);
  expect(model.sent).toEqual([]);
});
