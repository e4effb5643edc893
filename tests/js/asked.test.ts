/** What a page asks of the kernel, and what it keeps of the answers. */
import { describe, expect, it } from "vitest";
import type { Row } from "../../js/instances.js";
import type { Local } from "../../js/local.js";
import { decode, packed, type State } from "../../js/wire.js";
import { BLANK, BOTH, opened, PART, saved } from "./kernel.js";
import { digits, encoded, explained, instancesState, LINE, TWO, type Rows } from "./rows.js";

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

  it("of namesakes is the first", () => {
    const labels = ["bob", "amy", "bob", "bob"];
    const { store } = opened(explained(BOTH, { ...LINE, labels, rows: [700, 5, 80, 9] }));
    store.find("bob");
    expect(store.instance.value).toBe(9);
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
    const { store, news } = opened(BLANK);
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
  it("opens with all that is in it, and with what is chosen", () => {
    const names = { outputs: BOTH, responses: ["prob", "raw"], missing: 0 };
    const state = explained(BOTH, { ...TWO, labels: ["x", "y", "z"] }, names);
    const { store } = opened(state);
    const rows = Uint32Array.of(12, 11);
    store.choose({ output: 1, feature: 1, instance: 12, other: 10, rows });
    const selection = {
      ...{ feature: 1, instance: 12, other: 10, rows: packed(rows, 2) },
      ...{ output: 1, response: "prob", client: "", seq: 0 },
    };
    const again = saved(decode(encoded({ ...state, selection })) as State);
    expect([again.feature.value, again.instance.value, again.other.value]).toEqual([1, 12, 10]);
    expect([...again.rows.value!]).toEqual([12, 11]);
    expect(again.shown.value).toEqual({ output: 1, response: "prob" });
    expect(again.slice.value).toEqual(store.slice.value);
    expect(again.subset.value).toEqual(store.subset.value);
    expect(again.local(12)).toEqual(store.local(12));
  });

  it("of nothing yet says so", () => {
    const again = saved(decode(encoded(BLANK)) as State);
    expect([again.meta.value, again.status.value]).toEqual([null, { state: "empty" }]);
  });
});
