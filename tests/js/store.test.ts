import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createStore, type FedStore } from "../../js/store.js";
import { decode, packed, type State } from "../../js/wire.js";
import type { Row } from "../../js/instances.js";
import type { Local } from "../../js/local.js";
import { digits, encoded, explained, instancesState, LINE, TWO, type Rows } from "./rows.js";

let controller: AbortController;
beforeEach(() => {
  controller = new AbortController();
});
afterEach(() => controller.abort());

const BOTH = ["a", "b"];
/** Rows with more of them in the kernel: the third one without derivatives. */
const PART: Rows = {
  ...LINE,
  jacobian: LINE.jacobian.slice(0, 2),
  values: LINE.values!.slice(0, 2),
  more: true,
};

/** A store, and what it asks of the kernel. */
function opened(state: State = explained(BOTH, LINE)) {
  const asked: unknown[] = [];
  const store = createStore(
    {
      onChoice: ({ rows, ...choice }, seq) =>
        void asked.push(["choice", { ...choice, rows: rows && [...rows] }, seq]),
      request: ({ response, output }) => void asked.push(["slice", response, output]),
      instances: () => void asked.push(["instances"]),
      row: (row) => void asked.push(["row", row]),
      find: (label) => void asked.push(["find", label]),
      subset: ({ response, output }, rows, id) =>
        void asked.push(["subset", response, output, [...rows], id]),
      again: () => void asked.push(["again"]),
    },
    undefined,
    controller.signal,
  );
  store.load(state);
  /** What was asked since, choices left out. */
  const news = () => asked.splice(0).filter((one) => (one as unknown[])[0] !== "choice");
  return { store, asked, news };
}

/** The same without a kernel, as in a saved page. */
function saved(state: State): FedStore {
  const store = createStore(null, undefined, controller.signal);
  store.load(state);
  return store;
}

/** A row as it comes from the kernel. */
const row = (at: number, jacobian = [2, 1]): Row => ({
  row: at,
  label: `row ${at}`,
  target: null,
  outputs: Float32Array.of(5),
  jacobian: Float32Array.from(jacobian),
  values: new Float32Array(jacobian.length),
  owners: Uint32Array.from(jacobian, (_, e) => e),
  named: new Map(),
});

const settled = () => new Promise<void>((done) => queueMicrotask(done));
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
    store.receiveSubset(1, Float32Array.of(90, 10), 2);
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
    store.receiveSubset(1, Float32Array.of(90, 10), 2);
    expect(store.subset.value!.partial).toBe(true);
    store.receiveSubset(2, Float32Array.of(80, 20), 2);
    expect(shares(store)).toEqual([80, 20]);
    store.choose({ rows: Uint32Array.of(12) });
    expect(store.subset.value).toMatchObject({ held: 0, partial: true });
  });

  it("is asked for again under another response", () => {
    const names = { outputs: BOTH, responses: ["prob", "raw"] };
    const { store, news } = opened(explained(["a", "b"], { ...TWO, all: 3 }, names));
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
    controller.abort();
    other.choose({ rows: Uint32Array.of(12) });
    expect(news()).toEqual([]);
  });
});

describe("a row's sensitivities", () => {
  it("are those in the page, without a question", async () => {
    const { store, news } = opened();
    const found = store.local(12) as Local;
    expect(digits(found.items.map(({ share }) => share))).toEqual([80, 20]);
    await settled();
    expect(news()).toEqual([]);
  });

  it("are asked for once, and shown when they come", async () => {
    const { store, news } = opened(explained(BOTH, PART));
    expect([store.local(12), store.local(12), store.local(99)]).toEqual(["asked", "asked", "asked"]); // prettier-ignore
    await settled();
    expect(store.local(12)).toBe("asked");
    await settled();
    expect(news()).toEqual([["row", 12], ["row", 99]]); // prettier-ignore
    store.receiveRow(row(12, [0, 3]));
    expect(store.local(12)).toMatchObject({ label: "row 12", prediction: 5 });
    expect(digits((store.local(12) as Local).items.map(({ share }) => share))).toEqual([0, 100]);
    store.refuseRow(99, "No such row.");
    expect(store.local(99)).toEqual({ error: "No such row." });
    await settled();
    expect(news()).toEqual([]);
  });

  it("are those of the leading features while the others are on their way", async () => {
    const some: Rows = { ...LINE, all: 3, rest: LINE.outputs.map(() => [[4]]) };
    const { store, news } = opened(explained(["a", "b", "c"], some));
    expect((store.local(11) as Local).rest).toBeGreaterThan(0);
    await settled();
    expect(news()).toEqual([["row", 11]]);
    store.receiveRow(row(11, [2, 1, 2]));
    expect((store.local(11) as Local).rest).toBeNull();
    expect((store.local(11) as Local).items).toHaveLength(3);
    store.refuseRow(10, "The kernel is gone.");
    expect((store.local(10) as Local).items).toHaveLength(2);
  });

  it("are forgotten, the oldest first, beyond 256 of them", async () => {
    const { store, news } = opened(explained(BOTH, PART));
    for (let at = 100; at < 100 + 257; at++) store.receiveRow(row(at));
    expect(store.local(101)).toMatchObject({ row: 101 });
    expect(store.local(356)).toMatchObject({ row: 356 });
    expect(store.local(100)).toBe("asked");
    await settled();
    expect(news()).toEqual([["row", 100]]);
  });

  it("are asked for again when there is new data", async () => {
    const { store, news } = opened(explained(BOTH, PART));
    store.receiveRow(row(12));
    store.load(explained(BOTH, PART));
    expect(store.local(12)).toBe("asked");
    await settled();
    expect(news()).toEqual([["row", 12]]);
  });

  it("without a kernel are those in the page, or a sentence", async () => {
    const store = saved(explained(BOTH, PART));
    expect(store.attended).toBe(false);
    expect(store.local(10)).toMatchObject({ row: 10 });
    expect(store.local(12)).toEqual({ error: expect.stringContaining("run the cell again") });
    expect(saved({ ...explained(BOTH, LINE), instances: {} }).local(10)).toHaveProperty("error");
    await settled();
  });
});

describe("a search", () => {
  const named = { ...LINE, labels: ["ann", "bob", "cid", "bob"] };

  it("picks the first row in the page with this label", () => {
    const { store, news } = opened(explained(BOTH, named));
    store.find(" bob ");
    expect(store.instance.value).toBe(11);
    expect(store.search.value).toEqual({ label: " bob " });
    expect(news()).toEqual([]);
  });

  it("asks the kernel for any other, and picks what it finds", () => {
    const { store, news } = opened(explained(BOTH, named));
    store.find("zoe ");
    expect(store.search.value).toEqual({ label: "zoe ", wait: "asked" });
    expect(news()).toEqual([["find", "zoe"]]);
    store.found("zoe", 70_000);
    expect(store.instance.value).toBe(70_000);
    expect(store.search.value).toEqual({ label: "zoe" });
  });

  it("takes no answer to a question before", () => {
    const { store } = opened(explained(BOTH, named));
    store.find("yan");
    store.find("zoe");
    store.found("yan", 1);
    store.refuseFind("yan", "No row is called yan.");
    expect(store.instance.value).toBeNull();
    expect(store.search.value).toEqual({ label: "zoe", wait: "asked" });
    store.refuseFind("zoe", "No row is called zoe.");
    expect(store.search.value!.wait).toEqual({ error: "No row is called zoe." });
  });

  it("without a kernel says that the page has no such row", () => {
    const store = saved(explained(BOTH, named));
    store.find("zoe");
    expect(store.search.value!.wait).toEqual({ error: expect.stringContaining("No row") });
  });
});

describe("more rows", () => {
  it("are asked for once, when a view shows them", () => {
    const { store, news } = opened(explained(BOTH, PART));
    expect(news()).toEqual([]);
    store.want();
    store.want();
    expect(news()).toEqual([["instances"]]);
    store.receiveInstances(instancesState({ ...LINE, more: true }));
    store.want();
    expect(news()).toEqual([]);
  });

  it("are not asked for where there are none", () => {
    const { store, news } = opened();
    store.want();
    expect(news()).toEqual([]);
    saved(explained(BOTH, PART)).want();
  });

  it("are asked for when the data comes after the view, and with new data", () => {
    const blank: State = { _proto: 1, status: { state: "loading" }, meta: {}, names: [], importance: {} }; // prettier-ignore
    const { store, news } = opened(blank);
    store.want();
    expect(news()).toEqual([]);
    store.load(explained(BOTH, PART));
    expect(news()).toEqual([["instances"]]);
    store.load(explained(BOTH, PART));
    expect(news()).toEqual([["instances"]]);
  });

  it("take the place of the sample and leave what is picked", () => {
    const { store, news } = opened(explained(BOTH, PART));
    store.choose({ feature: 1, instance: 12, rows: Uint32Array.of(11, 12) });
    expect(store.subset.value).toMatchObject({ held: 1, partial: true });
    news();
    store.receiveInstances(instancesState(LINE));
    expect([store.feature.value, store.instance.value]).toEqual([1, 12]);
    expect(store.instances.value!.held).toBe(4);
    expect(store.subset.value).toMatchObject({ held: 2, partial: false });
    expect(store.local(12)).toMatchObject({ row: 12 });
    expect(news()).toEqual([]);
  });
});

describe("a saved page", () => {
  const names = { outputs: BOTH, responses: ["prob", "raw"], missing: 2 };
  const reopened = (store: FedStore) => saved(decode(encoded(store.saved())) as State);

  it("opens with all that is in the page, and with what is chosen", () => {
    const { store } = opened(explained(BOTH, { ...TWO, labels: ["x", "y", "z"] }, names));
    store.choose({ output: 1, feature: 1, instance: 12, other: 10, rows: Uint32Array.of(12, 11) });
    const again = reopened(store);
    expect([again.feature.value, again.instance.value, again.other.value]).toEqual([1, 12, 10]);
    expect([...again.rows.value!]).toEqual([12, 11]);
    expect(again.shown.value).toEqual({ output: 1, response: "prob" });
    expect(again.slice.value).toEqual(store.slice.value);
    expect(again.subset.value).toEqual(store.subset.value);
    expect(again.local(12)).toEqual(store.local(12));
    expect(again.saved()).toEqual(store.saved());
  });

  it("has the slices that came from the kernel", () => {
    const { store, news } = opened(explained(BOTH, TWO, names));
    store.choose({ output: 1, response: "raw" });
    expect(news()).toEqual([["slice", "raw", 1]]);
    const values = packed(Float32Array.of(70, 30, 65, 25, 75, 35, 1, -1), 4, 2);
    store.receive({ output: 1, response: "raw", question: "Raw?" }, values);
    const again = reopened(store);
    expect(again.slice.value).toEqual(store.slice.value);
    expect(again.slice.value!.question).toBe("Raw?");
    expect(again.meta.value!.slices).toHaveLength(5);
  });

  it("has the rows that came from the kernel, and its link", () => {
    const store = createStore({ ...SILENT }, "key", controller.signal);
    store.load(explained(BOTH, PART));
    store.receiveInstances(instancesState(LINE));
    expect(reopened(store).instances.value!.held).toBe(4);
    expect(store.saved()._link).toBe("key");
  });

  it("of nothing yet says so", () => {
    const blank: State = { _proto: 1, status: { state: "empty" }, meta: {}, names: [], importance: {} }; // prettier-ignore
    const again = reopened(opened(blank).store);
    expect([again.meta.value, again.status.value]).toEqual([null, { state: "empty" }]);
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

const SILENT = {
  onChoice: () => {},
  request: () => {},
  instances: () => {},
  row: () => {},
  find: () => {},
  subset: () => {},
  again: () => {},
};
