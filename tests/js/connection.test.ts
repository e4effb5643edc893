import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { connect, DEBOUNCE, MOST_DELAY } from "../../js/connection.js";
import { credit, state, wide } from "../../js/demo/fixtures.js";
import type { Local } from "../../js/local.js";
import { packed } from "../../js/wire.js";
import { FakeModel } from "./model.js";
import { digits, explained, instancesState, LINE } from "./rows.js";

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

it("follows what Python makes of the last choice here", async () => {
  const { model, store } = connected();
  model.receive({ names: credit().names });
  await Promise.resolve();
  store.choose({ instance: 7 });
  vi.advanceTimersByTime(DEBOUNCE);
  const { t: _, ...echo } = model.sent[0]!;
  model.receive({ selection: { ...echo, instance: 8 } });
  expect(store.instance.value).toBe(8);
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

it("hears of brushed rows by their bytes alone, and sends them", () => {
  const { model, store } = connected(explained(["a", "b"], LINE));
  // A part of a larger array: neither what is before it nor after crosses.
  store.choose({ rows: Uint32Array.of(99, 12, 10, 99).subarray(1, 3) });
  store.choose({ feature: 1 });
  vi.advanceTimersByTime(DEBOUNCE);
  expect(model.sent[0]).toMatchObject({ t: "select", feature: 1, rows: 2 });
  expect(model.rows).toEqual([[12, 10]]);
  const rows = packed(Uint32Array.of(11, 13), 2);
  model.receive({ selection: { output: 0, response: "raw", rows, client: "", seq: 0 } });
  expect([...store.rows.value!]).toEqual([11, 13]);
  store.choose({ rows: null });
  vi.advanceTimersByTime(DEBOUNCE);
  expect(model.sent[1]).toMatchObject({ t: "select", rows: null });
  expect(model.rows[1]).toBeNull();
});

it("hears now and then of changes that do not end", () => {
  const { model, store } = connected();
  const times: number[] = [];
  for (let time = 0; time < 1_000; time += 20) {
    const before = model.sent.length;
    vi.advanceTimersByTime(20);
    if (model.sent.length > before) times.push(time + 20);
    store.choose({ instance: time });
  }
  // Each time what was chosen last by then.
  expect(times).toEqual([280, 540, 800]);
  expect(model.sent.map(({ instance }) => instance)).toEqual([240, 500, 760]);
  expect(MOST_DELAY).toBe(250);
});

it("ignores that echo on whichever linked session it comes", () => {
  const key = { _link: "k" };
  const [one, two] = [connected({ ...credit(), ...key }), connected({ ...credit(), ...key })];
  one.store.choose({ feature: 1 });
  vi.advanceTimersByTime(DEBOUNCE);
  const { t: _, ...echo } = one.model.sent[0]!;
  two.store.choose({ feature: 2 });
  for (const { model } of [one, two]) model.receive({ selection: echo });
  expect([one.store.feature.value, two.store.feature.value]).toEqual([2, 2]);
  vi.advanceTimersByTime(DEBOUNCE);
  expect(two.model.sent[0]).toMatchObject({ client: echo["client"], seq: 2 });
  // Python wins over both.
  one.model.receive({ selection: { ...echo, feature: 5, client: "", seq: 0 } });
  expect(two.store.feature.value).toBe(5);
});

it("new data alone do not undo what was chosen here", async () => {
  const { model, store } = connected();
  store.choose({ feature: 3, output: 0, response: "raw" });
  model.receive({ importance: credit().importance });
  await Promise.resolve();
  expect(store.feature.value).toBe(3);
  expect(store.shown.value).toEqual({ output: 0, response: "raw" });
  // Of what Python chose before, too, the name counts and not the place.
  model.receive({ selection: { feature: 0, output: 0, response: "raw", client: "", seq: 0 } });
  await Promise.resolve();
  const { selection: __, ...next } = credit();
  model.receive({ ...next, names: [...next.names].reverse() });
  await Promise.resolve();
  expect(store.feature.value).toBe(22);
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
  store.choose({ output: 11 });
  store.choose({ output: 0 });
  store.choose({ output: 11 });
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

describe("rows that come from the kernel", () => {
  const here = () =>
    connected(explained(["a", "b"], { ...LINE, jacobian: [], values: [], more: true }));
  const floats = (...numbers: number[]) => new DataView(Float32Array.from(numbers).buffer);
  const owners = () => new DataView(Uint32Array.of(0, 1).buffer);
  const row = { t: "row", row: 12, label: "twelve", target: 3, named: { 1: "south" } };

  it("are asked for by a message each, and answered with buffers", async () => {
    const { model, store } = here();
    expect(store.local(12)).toBe("asked");
    await Promise.resolve();
    expect(model.sent).toEqual([{ t: "row", row: 12 }]);
    // As hosts deliver them: views somewhere in one buffer of the message.
    const whole = new Uint8Array(48);
    whole.set(new Uint8Array(Float32Array.of(5, 2, 1, 7, 8).buffer), 4);
    const at = (offset: number, length: number) => new DataView(whole.buffer, offset, length);
    model.emit("msg:custom", row, [at(4, 4), at(8, 8), at(16, 8), owners()]);
    const found = store.local(12) as Local;
    expect(found).toMatchObject({ label: "twelve", target: 3, prediction: 5 });
    expect(digits(found.items.map(({ share }) => share))).toEqual([80, 20]);
    expect(found.items[1]).toMatchObject({ value: 8 });
  });

  it("may have several targets, or none", () => {
    const { model, store } = here();
    const buffers = () => [floats(5), floats(2, 1), floats(7, 8), owners()];
    model.emit("msg:custom", { ...row, target: [4, 5] }, buffers());
    expect((store.local(12) as Local).target).toBe(4);
    model.emit("msg:custom", { ...row, target: null }, buffers());
    expect((store.local(12) as Local).target).toBeNull();
  });

  it.each([
    ["none at all", []],
    ["one that is missing", [floats(5), floats(2, 1), floats(7, 8)]],
    ["half a number", [new DataView(new ArrayBuffer(3)), floats(2, 1), floats(7, 8), owners()]],
    ["too few derivatives", [floats(5), floats(2), floats(7, 8), owners()]],
    ["another number of entries", [floats(5), floats(2, 1), floats(7, 8), floats(0)]],
  ])("with broken buffers are an error: %s", (_, buffers) => {
    const { model, store } = here();
    model.emit("msg:custom", row, buffers);
    expect(store.local(12)).toEqual({ error: expect.stringMatching(/The kernel's|bytes do not/) });
  });

  it("name the column of a group that is on", () => {
    const { model, store } = here();
    const group = new DataView(Uint32Array.of(1, 1).buffer);
    model.emit("msg:custom", row, [floats(5), floats(2, 1), floats(0, 1), group]);
    expect((store.local(12) as Local).items).toMatchObject([{ feature: 1, value: "south" }]);
  });

  it("are refused in the kernel's words", () => {
    const { model, store } = here();
    model.emit("msg:custom", { t: "row", row: 12, error: "X is gone." }, []);
    expect(store.local(12)).toEqual({ error: "X is gone." });
  });

  it("are found by their label", () => {
    const { model, store } = here();
    store.find("zoe");
    expect(model.sent).toEqual([{ t: "find", label: "zoe" }]);
    model.emit("msg:custom", { t: "find", label: "zoe", error: "No row is called zoe." }, []);
    expect(store.search.value!.wait).toEqual({ error: "No row is called zoe." });
    model.emit("msg:custom", { t: "find", label: "zoe", row: 70_000 }, []);
    expect(store.instance.value).toBe(70_000);
    vi.advanceTimersByTime(DEBOUNCE);
    expect(model.sent.at(-1)).toMatchObject({ t: "select", instance: 70_000 });
  });

  it("are not waited for where the kernel was started anew", async () => {
    const { model, store } = here();
    model.send = () => {
      throw new Error("Cannot send");
    };
    const error = expect.stringContaining("run the cell again");
    store.find("zoe");
    expect(store.search.value!.wait).toEqual({ error });
    store.choose({ instance: 12 });
    vi.advanceTimersByTime(DEBOUNCE);
    store.local(12);
    await Promise.resolve();
    expect(store.local(12)).toEqual({ error });
  });

  it("come all at once, take the place of the sample and leave what is picked", () => {
    const { model, store } = here();
    store.choose({ instance: 12, rows: Uint32Array.of(10) });
    store.want();
    expect(model.sent).toEqual([{ t: "instances" }]);
    const all = instancesState(LINE) as unknown as Record<string, { data: Uint8Array }>;
    const arrays = ["rows", "outputs", "jacobian", "values", "entries"];
    const bare = arrays.map((name) => [name, { ...all[name], data: undefined }]);
    const instances = { ...all, ...Object.fromEntries(bare) };
    const buffers = arrays.map((name) => new DataView(all[name]!.data.slice().buffer));
    model.emit("msg:custom", { t: "instances", instances, arrays }, buffers.slice(1));
    expect(store.instances.value!.held).toBe(0);
    model.emit("msg:custom", { t: "instances", instances, arrays }, buffers);
    expect(store.instances.value!.held).toBe(4);
    expect([store.instance.value, store.local(12)]).toMatchObject([12, { row: 12 }]);
    expect(digits(store.subset.value!.share)).toEqual([66.6667, 33.3333]);
  });

  it("are asked about in one message while a brush moves, and answered", () => {
    const { model, store } = here();
    for (const rows of [[10], [10, 11], [10, 11, 12]]) {
      store.choose({ rows: Uint32Array.from(rows) });
      vi.advanceTimersByTime(20);
    }
    expect(store.subset.value).toMatchObject({ held: 0, partial: true });
    vi.advanceTimersByTime(DEBOUNCE);
    expect(model.sent.filter(({ t }) => t === "subset")).toEqual([
      { t: "subset", response: "raw", output: 0, id: 3, rows: 3 },
    ]);
    const place = model.sent.findIndex(({ t }) => t === "subset");
    expect(model.rows[place]).toEqual([10, 11, 12]);
    const answer = { t: "subset", id: 3, rows: 2 };
    for (const broken of [[], [floats(1)], [floats(1, 2, 3)]]) {
      model.emit("msg:custom", answer, broken);
      expect(store.subset.value).toMatchObject({ partial: true });
    }
    model.emit("msg:custom", { t: "subset", id: 3, error: "It is gone." }, []);
    model.emit("msg:custom", answer, [floats(90, 10)]);
    expect(store.subset.value).toMatchObject({ held: 2, partial: false });
    expect(digits(store.subset.value!.share)).toEqual([90, 10]);
  });
});

it("asks to run the failed call again", () => {
  const { model, store } = connected();
  store.again();
  expect(model.sent).toEqual([{ t: "again" }]);
});

it("reports a newer protocol and bytes that do not fit as an error", () => {
  expect(connected({ ...credit(), _proto: 2 }).store.status.value).toMatchObject({
    state: "error",
    message: expect.stringContaining("reload"),
  });
  const broken = { ...credit(), names: ["a"] };
  expect(connected(broken).store.status.value.state).toBe("error");
});

it("leaves no listener and sends nothing once it is over", async () => {
  const { model, store } = connected();
  expect(model.listeners).toBeGreaterThanOrEqual(8);
  store.choose({ feature: 1, rows: Uint32Array.of(2_999_999) });
  expect(store.subset.value!.partial).toBe(true);
  model.receive({ names: ["a"] });
  controller.abort();
  vi.runAllTimers();
  await Promise.resolve();
  expect(model.listeners).toBe(0);
  expect(model.sent).toEqual([]);
  expect(store.meta.value).not.toBeNull();
});
