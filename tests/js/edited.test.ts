/** What-if between the page and Python: questions held back a little, answers, and what ends them. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, DEBOUNCE } from "../../js/connection.js";
import { FakeModel } from "./model.js";
import { explained, LINE } from "./rows.js";

let controller: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  controller = new AbortController();
});
afterEach(() => {
  controller.abort();
  vi.useRealTimers();
});

class Layout {
  readonly handlers = new Set<() => void>();
  constructor(public comm_live: boolean) {}
  on = (_: string, handler: () => void) => void this.handlers.add(handler);
  off = (_: string, handler: () => void) => void this.handlers.delete(handler);
  turn(live: boolean) {
    this.comm_live = live;
    this.handlers.forEach((handler) => handler());
  }
}

function connected(layout: unknown = new Layout(true)) {
  const model = new FakeModel({ ...explained(["a", "b"], LINE), layout });
  const store = connect(model.asModel, controller.signal);
  store.choose({ instance: 12 });
  const asked = () => model.sent.splice(0).filter(({ t }) => t === "edit");
  return { model, store, asked, client: store.link.client };
}

const floats = (...values: number[]) => new DataView(Float32Array.from(values).buffer);
const BUFFERS = [floats(5), floats(2, 1), floats(3, 1), new DataView(Uint32Array.of(0, 1).buffer)];
const told = (client: string, id: number) => ({
  ...{ t: "edit", client, id, row: 12, label: "12", target: null, named: {} },
  ...{ outside: [[0, null, 0, 1]], near: [{ row: 10, label: "10", distance: 0.5 }] },
});

it("of several changes soon after each other the last one is asked for", () => {
  const { model, store, asked, client } = connected();
  for (const value of [1, 12, 123]) store.choose({ edit: [[0, value, null]] });
  vi.advanceTimersByTime(DEBOUNCE - 1);
  expect(asked()).toEqual([]);
  vi.advanceTimersByTime(1);
  const edit = [[0, 123, null]];
  expect(model.sent.find(({ t }) => t === "select")).toMatchObject({ instance: 12, edit });
  expect(asked()).toEqual([{ t: "edit", client, id: 3, row: 12, edit, choices: true }]);
});

it("what Python echoes is not asked again", () => {
  const { model, store, asked } = connected();
  store.choose({ edit: [[0, 3, null]] });
  vi.advanceTimersByTime(DEBOUNCE);
  const { t: _, ...echo } = model.sent.find(({ t }) => t === "select")!;
  expect(asked()).toHaveLength(1);
  model.receive({ selection: echo });
  vi.advanceTimersByTime(DEBOUNCE);
  expect(asked()).toEqual([]);
  expect(store.whatIf.changes.value).toEqual([[0, 3, null]]);
});

it("the answer is the row as it would be", () => {
  const { model, store, client } = connected();
  store.choose({ edit: [[0, 3, null]] });
  model.emit("msg:custom", { ...told(client, 1), choices: { 1: ["x", null] } }, BUFFERS);
  const { row, outside, near } = store.whatIf.answer.value!;
  expect([[...row.outputs], [...row.jacobian], [...row.values]]).toEqual([[5], [2, 1], [3, 1]]);
  expect([outside, near]).toEqual([told("", 1).outside, told("", 1).near]);
  expect([...store.whatIf.choices.value]).toEqual([[1, ["x", null]]]);
  expect(store.whatIf.wait.value).toBeNull();
});

it("answers to another page, or to an older question, are none", () => {
  const { model, store, client } = connected();
  store.choose({ edit: [[0, 3, null]] });
  store.choose({ edit: [[0, 4, null]] });
  model.emit("msg:custom", told("somebody", 2), BUFFERS);
  model.emit("msg:custom", told(client, 1), BUFFERS);
  expect(store.whatIf.answer.value).toBeNull();
  model.emit("msg:custom", told(client, 2), BUFFERS);
  expect(store.whatIf.answer.value).toBeTruthy();
});

it.each([
  [{ error: "RuntimeError: out of luck" }, [], "RuntimeError: out of luck"],
  [{}, [], "The kernel's answer came without its numbers."],
  [{}, [floats(5), floats(2), BUFFERS[2], BUFFERS[3]], "The kernel's answer is not whole."],
])("an answer that is none says why: %j", (content, buffers, sentence) => {
  const { model, store, client } = connected();
  store.choose({ edit: [[0, 3, null]] });
  const whole = "error" in content ? { t: "edit", client, id: 1, row: 12 } : told(client, 1);
  model.emit("msg:custom", { ...whole, ...content }, buffers);
  expect(store.whatIf.wait.value).toEqual({ error: sentence });
  expect(store.whatIf.answer.value).toBeNull();
});

it("where the host cannot send, it says that the kernel is gone", () => {
  const { model, store } = connected();
  model.send = () => {
    throw new Error("Cannot send");
  };
  store.choose({ edit: [[0, 3, null]] });
  vi.advanceTimersByTime(DEBOUNCE);
  expect(store.whatIf.wait.value).toEqual({ error: expect.stringContaining("run the cell again") });
});

describe("a kernel that is gone", () => {
  it("is known by the layout, whose connection ends with the session's", () => {
    const layout = new Layout(true);
    const { store } = connected(layout);
    expect(store.whatIf.possible.value).toBe(true);
    layout.turn(false);
    expect(store.whatIf.possible.value).toBe(false);
    controller.abort();
    expect(layout.handlers.size).toBe(0);
  });

  it("was never there in a saved notebook", () => {
    const { store, asked } = connected(new Layout(false));
    store.choose({ edit: [[0, 3, null]] });
    vi.advanceTimersByTime(DEBOUNCE);
    expect(asked()).toEqual([]);
    expect(store.whatIf.open.value).toBe(false);
  });

  it.each([[undefined], [null], ["IPY_MODEL_1"], [{}]])(
    "is not known of a host that says nothing: %j",
    (layout) => {
      expect(connected(layout).store.whatIf.possible.value).toBe(true);
    },
  );
});

it("another model is asked again, what groups choose between too", async () => {
  const { model, store, asked, client } = connected();
  store.choose({ edit: [[0, 3, null]] });
  vi.advanceTimersByTime(DEBOUNCE);
  model.emit("msg:custom", { ...told(client, 1), choices: {} }, BUFFERS);
  store.choose({ edit: [[0, 4, null]] });
  vi.advanceTimersByTime(DEBOUNCE);
  expect(asked()).toMatchObject([{ id: 1, choices: true }, { id: 2 }]);
  model.receive({ names: ["a", "c"] });
  await Promise.resolve();
  vi.advanceTimersByTime(DEBOUNCE);
  expect(asked()).toMatchObject([{ id: 3, edit: [[0, 4, null]], choices: true }]);
});

it("newer rows of a model that trains ask again", () => {
  const { model, store, asked, client } = connected();
  store.choose({ edit: [[0, 3, null]] });
  vi.advanceTimersByTime(DEBOUNCE);
  expect(asked()).toHaveLength(1);
  model.emit("msg:custom", told(client, 1), BUFFERS);
  store.receiveInstances(store.instances.value!.state);
  vi.advanceTimersByTime(DEBOUNCE);
  expect(asked()).toMatchObject([{ id: 2, edit: [[0, 3, null]] }]);
  expect(store.whatIf.answer.value).toBeTruthy();
});
