/** Against whom: the picked rows held against a group, as the page asks and shows it. */
import { describe, expect, it, vi } from "vitest";
import { connect, DEBOUNCE } from "../../js/connection.js";
import { picked as csv } from "../../js/export/csv.js";
import type { Row } from "../../js/instances.js";
import { mount } from "../../js/mount.js";
import { packed, type State } from "../../js/wire.js";
import { controller, opened, saved } from "./kernel.js";
import { FakeModel } from "./model.js";
import { explained, type Rows } from "./rows.js";
import { drawn, shown } from "./shown.js";

/** y = 2 x₁ + x₂ against the mean, (½, ½). */
const GIVEN: Rows = {
  outputs: [[2], [1], [3], [0]],
  jacobian: [[[1, -0.5]], [[-1, 0.5]], [[1, 0.5]], [[-1, -0.5]]],
  values: [
    [1, 0],
    [0, 1],
    [1, 1],
    [0, 0],
  ],
  base: [[1.5], [1.5], [1.5], [1.5]],
};
const GROUP = Uint32Array.of(11, 13);

function additive(against = true): State {
  const state = explained(["a", "b"], GIVEN, { responses: ["raw"] });
  Object.assign(state.meta, { baseline: "the mean of each column", ...(against && { against }) });
  return state;
}

/** The first row against the group, whose mean response is ½. */
const answer = (row = 10): Row => ({
  row,
  label: String(row),
  target: null,
  outputs: Float32Array.of(2),
  jacobian: Float32Array.of(2, -0.5),
  values: Float32Array.of(1, 0),
  owners: Uint32Array.of(0, 1),
  named: new Map(),
  base: [0.5],
  against: { words: "2 rows", references: 2 },
});

const texts = (all: HTMLElement[]) => all.map(({ textContent }) => textContent);

async function local(state = additive()) {
  const view = shown(state, "local");
  view.store.choose({ instance: 10, against: GROUP });
  await drawn();
  return view;
}

describe("a picked row against a group", () => {
  it("is asked of the kernel, and pending meanwhile", async () => {
    const { calls, one, all, root } = await local();
    expect(calls).toEqual(["against 10 11,13 1"]);
    expect(one("[aria-busy]").textContent).toContain("Asking the kernel");
    expect(root.textContent).toContain("The kernel is busy");
    expect(one("[data-against]").textContent).toContain("against 2 rows");
    expect(all(".nbx-waterfall")).toEqual([]);
  });

  it("is a waterfall from the group's mean response to the row's", async () => {
    const { store, all, one, root } = await local();
    store.receiveAgainst(1, [10], answer());
    await drawn();
    expect(texts(all(".nbx-waterfall .nbx-name"))).toEqual([
      "mean of the 2 rows",
      "a",
      "b",
      "this row",
    ]);
    expect(texts(all(".nbx-waterfall .nbx-move"))).toEqual(["0.50", "+2.00", "−0.50", "2.00"]);
    expect(root.textContent).toContain("What each input contributed to y0, against 2 rows");
    expect(texts(all("table caption")).join()).toContain("against 2 rows");
    expect(one("tbody tr").textContent).toContain("mean of the 2 rows");
  });

  it("one row alone is called by its name", async () => {
    const { store, all } = await local();
    store.receiveAgainst(1, [10], { ...answer(), against: { words: "row 11", references: 1 } });
    await drawn();
    expect(texts(all(".nbx-waterfall .nbx-name"))[0]).toBe("row 11");
    expect(texts(all("[data-against]"))[0]).toContain("against row 11");
  });

  it("another row picked is asked for once, and the first is still known", async () => {
    const { store, calls } = await local();
    store.receiveAgainst(1, [10], answer());
    store.choose({ instance: 12 });
    store.receiveAgainst(2, [12], answer(12));
    store.choose({ instance: 10 });
    await drawn();
    expect(calls).toEqual(["against 10 11,13 1", "against 12 11,13 2"]);
    expect(store.local(10)).toMatchObject({ sum: { base: 0.5 } });
  });

  it("a second row is held against the same group", async () => {
    const { store, calls, all, root } = await local();
    store.receiveAgainst(1, [10], answer());
    store.choose({ other: 12 });
    expect(calls.at(-1)).toBe("against 12 11,13 2");
    store.receiveAgainst(2, [12], answer(12));
    await drawn();
    expect(all(".nbx-waterfall")).toEqual([]);
    expect(root.textContent).toContain("against 2 rows");
  });

  it("an answer for another group comes too late", async () => {
    const { store } = await local();
    store.choose({ against: Uint32Array.of(12) });
    store.receiveAgainst(1, [10], answer());
    expect(store.local(10)).toBe("asked");
  });

  it("what Python echoes is no other group", async () => {
    const { store, calls } = await local();
    const selection = { feature: null, instance: 10, other: null, output: 0, response: "raw" };
    const again = { against: packed(GROUP, 2), rows: null, client: "", seq: 0 };
    store.follow({ ...selection, ...again });
    expect(calls).toHaveLength(1);
  });

  it("another group of as many rows is another one", async () => {
    const { store, calls } = await local();
    store.choose({ against: Uint32Array.of(11, 12) });
    expect(calls.at(-1)).toBe("against 10 11,12 2");
  });

  it("an error is its sentence", async () => {
    const { store, root } = await local();
    store.receiveAgainst(1, [10], { error: "There is no rule for this." });
    await drawn();
    expect(root.textContent).toContain("There is no rule for this.");
  });

  it("goes back to the baseline", async () => {
    const { store, one, all, asked } = await local();
    store.receiveAgainst(1, [10], answer());
    await drawn();
    one("[data-against]").click();
    await drawn();
    expect(asked.at(-1)).toMatchObject({ instance: 10, against: null });
    expect(texts(all(".nbx-waterfall .nbx-name"))[0]).toBe("baseline");
    expect(all("[data-against]")).toEqual([]);
  });

  it("is not what a changed row is compared with", async () => {
    const { store, all } = await local();
    store.receiveAgainst(1, [10], answer());
    store.whatIf.want(true);
    await drawn();
    expect(all("[data-against]")).toEqual([]);
    expect(store.local(10)).toMatchObject({ sum: { base: 1.5 } });
  });

  it("is asked again of another model", async () => {
    const { store, news } = opened(additive());
    store.choose({ instance: 10, against: GROUP });
    store.receiveAgainst(1, [10], answer());
    store.load({ ...additive(), selection: {} });
    expect(news().at(-1)).toEqual(["against", [10], [11, 13], 2]);
    expect(store.local(10)).toBe("asked");
  });

  it("is in the table that is taken away", async () => {
    const { store } = await local();
    expect(csv(store).split("\r\n")[0]).toBe(
      "feature,value,contribution,share,row,baseline,prediction,against",
    );
    store.receiveAgainst(1, [10], answer());
    expect(csv(store).split("\r\n")[1]).toBe("a,1,2,80,10,0.5,2,2 rows");
    store.choose({ against: null });
    expect(csv(store).split("\r\n")[0]).toBe(
      "feature,value,contribution,share,row,baseline,prediction",
    );
  });
});

describe("a group that is brushed", () => {
  const button = (all: HTMLElement[]) => all.find((one) => one.textContent?.startsWith("Compare"));

  it("is offered, set by a click, and no longer offered", async () => {
    const { store, all, asked } = shown(additive(), "instances");
    expect(button(all("button"))).toBeUndefined();
    store.choose({ rows: GROUP });
    await drawn();
    const found = button(all("button"))!;
    expect(found.textContent).toBe("Compare with these 2");
    found.click();
    await drawn();
    expect([...store.against.group.value!]).toEqual([11, 13]);
    expect(asked.at(-1)).toHaveProperty("against");
    expect(button(all("button"))).toBeUndefined();
  });

  it("is not offered where the method compares with nothing, nor without a kernel", async () => {
    const { store, all, asked, live } = shown(additive(false), "instances");
    store.choose({ rows: GROUP, against: GROUP });
    await drawn();
    expect(button(all("button"))).toBeUndefined();
    expect(store.against.group.value).toBeNull();
    expect(asked.at(-1)).not.toHaveProperty("against");
    const other = shown(additive(), "instances");
    other.store.choose({ rows: GROUP });
    other.live.value = false;
    live.value = false;
    await drawn();
    expect(button(other.all("button"))).toBeUndefined();
  });
});

it("a saved page shows what it carries, and says what it lacks", async () => {
  const { jacobian, outputs, values, owners } = answer();
  const store = saved({
    ...additive(),
    contrasts: [
      {
        ...{ row: 10, label: "10", target: null, named: {}, base: [0.5] },
        ...{ against: "2 rows", references: 2 },
        outputs: packed(outputs, 1),
        jacobian: packed(jacobian, 1, 2),
        values: packed(values, 2),
        owners: packed(owners, 2),
      },
    ],
    selection: {
      ...{ feature: null, instance: 10, other: null, rows: null, output: 0, response: "raw" },
      ...{ against: packed(GROUP, 2), client: "", seq: 0 },
    },
  });
  const element = document.createElement("div");
  document.body.append(element);
  mount(element, "local", store, { signal: controller.signal });
  await drawn();
  expect(element.textContent).toContain("mean of the 2 rows");
  store.choose({ instance: 12 });
  await drawn();
  expect(element.textContent).toContain("run the cell again");
  element.querySelector<HTMLElement>("[data-against]")!.click();
  await drawn();
  expect(element.textContent).toContain("baseline");
});

describe("on the wire", () => {
  function connected() {
    vi.useFakeTimers();
    const model = new FakeModel({ ...additive() });
    const store = connect(model.asModel, controller.signal);
    store.choose({ instance: 10, against: GROUP, rows: Uint32Array.of(12) });
    vi.advanceTimersByTime(DEBOUNCE);
    const sent = (t: string) => model.sent.findIndex((one) => one.t === t);
    vi.useRealTimers();
    return { model, store, sent };
  }

  it("positions of brushed rows come first, then those of the group", () => {
    const { model, sent } = connected();
    const at = sent("select");
    expect(model.sent[at]).toMatchObject({ rows: 1, against: 2 });
    expect(model.buffers[at]).toEqual([[12], [11, 13]]);
  });

  it("a question and its answer", () => {
    const { model, store, sent } = connected();
    const at = sent("against");
    const { client } = store.link;
    expect(model.sent[at]).toEqual({ t: "against", client, id: 1, rows: [10] });
    expect(model.buffers[at]).toEqual([[11, 13]]);
    const { jacobian, outputs, values, owners } = answer();
    const told = { t: "against", client, id: 1, row: 10, label: "10", target: null, named: {} };
    const more = { base: [0.5], against: "2 rows", references: 2 };
    const views = [outputs, jacobian, values, owners].map(({ buffer }) => new DataView(buffer));
    model.emit("msg:custom", { ...told, ...more, client: "another" }, views);
    expect(store.local(10)).toBe("asked");
    model.emit("msg:custom", { ...told, ...more }, views);
    expect(store.local(10)).toMatchObject({ sum: { base: 0.5 }, against: { words: "2 rows" } });
  });

  it("an error, and a kernel that is gone", () => {
    const { model, store } = connected();
    const { client } = store.link;
    model.emit("msg:custom", { t: "against", client, id: 1, row: 10, error: "No." }, []);
    expect(store.local(10)).toEqual({ error: "No." });
    vi.useFakeTimers();
    model.send = () => {
      throw new Error("gone");
    };
    store.choose({ instance: 12 });
    vi.advanceTimersByTime(DEBOUNCE);
    vi.useRealTimers();
    expect(store.local(12)).toMatchObject({ error: expect.stringContaining("gone") as string });
  });
});
