/** What if: the picked row with other values, in the page and as the kernel answers it. */
import { describe, expect, it } from "vitest";
import { credit, HOSTILE } from "../../js/demo/fixtures.js";
import { linear } from "../../js/demo/kernel.js";
import { mount } from "../../js/mount.js";
import type { Row } from "../../js/instances.js";
import type { Edited } from "../../js/answered.js";
import type { Change } from "../../js/wire.js";
import { opened, saved } from "./kernel.js";
import { explained, LINE, TWO, type Rows } from "./rows.js";
import { drawn, press, shown, type } from "./shown.js";

const CLASSES = { outputs: ["repaid", "default"], responses: ["prob", "logodds"] };

/** The local view with a row picked and its values to be changed. */
async function editing(names: string[], given: Rows, sketch = {}, instance = 10) {
  const view = shown(explained(names, given, sketch), "local");
  if ("outputs" in sketch) view.store.choose({ output: 1 });
  view.store.choose({ instance });
  await drawn();
  view.one(".nbx-button").click();
  await drawn();
  const field = (feature: string) =>
    view.one(`[data-feature="${feature}"]`).querySelector<HTMLInputElement>(".nbx-input")!;
  /** Types a value, which the kernel then answers. */
  const change = async (feature: string, text: string, told: Partial<Row & Edited> = {}) => {
    type(field(feature), text);
    await drawn();
    return answer(told);
  };
  const answer = async (told: Partial<Row & Edited> = {}) => {
    const [row, , id] = view.edits.at(-1)!;
    const { outside = [], near = [], choices, ...changed } = told;
    const here = view.store.instances.peek()!;
    const own = here.row(here.find(row))!;
    const about = { id, outside, near, ...(choices && { choices }) };
    view.store.receiveEdited({ ...own, target: null, ...changed }, about);
    await drawn();
  };
  const said = () => view.one(".nbx-said").textContent;
  const status = () => view.one(".nbx-what-if > [role=status]").textContent;
  const chips = () => view.all("[aria-label='Changed values'] li").map((li) => li.textContent);
  return { ...view, field, change, answer, said, status, chips };
}

const extents = (row: HTMLElement, kind: string): number[][] =>
  [...row.querySelectorAll<HTMLElement>(`.nbx-${kind}`)].map(({ style }) =>
    [parseFloat(style.left), parseFloat(style.left) + parseFloat(style.width)].map(Math.round),
  );

describe("beginning", () => {
  it("asks for the row as it is, and for the choices", async () => {
    const { edits, field, status, answer } = await editing(["a", "b"], LINE);
    expect(edits).toEqual([[10, [], 1, true]]);
    expect(field("a").value).toBe("1");
    expect(status()).toContain("the kernel is running a cell");
    await answer({ choices: {} });
    expect(status()).toContain("Change values below");
  });

  it("and stopping puts everything back", async () => {
    const { one, store, change, edits, all } = await editing(["a", "b"], LINE);
    await change("a", "3");
    one(".nbx-button").click();
    await drawn();
    expect(store.whatIf.open.value).toBe(false);
    expect(store.whatIf.changes.value).toEqual([]);
    expect(all(".nbx-input")).toEqual([]);
    expect(one("[role=listbox] [role=option]")).toBeTruthy();
    expect(edits).toHaveLength(2);
  });

  it("is in a list of fields, since options hold none", async () => {
    const { one, all } = await editing(["a", "b"], LINE);
    expect(one("[role=listbox]")).toBeNull();
    expect(all("[role=list] > [role=listitem] input")).toHaveLength(2);
    expect(one(".nbx-button").getAttribute("aria-pressed")).toBe("true");
    expect(one("input").getAttribute("aria-label")).toBe("a at #10");
  });
});

describe("changing a value", () => {
  it("tells Python, asks, and shows both answers", async () => {
    const view = await editing(["x1", "x2"], LINE);
    const { one, said, store, edits, asked, field } = view;
    const before = said();
    await view.change("x1", "3", {
      outputs: new Float32Array([7]),
      jacobian: new Float32Array([1, -2]),
      values: new Float32Array([3, 0]),
    });
    expect(edits.at(-1)).toEqual([10, [[0, 3, null]], 2, true]);
    expect(asked.at(-1)).toMatchObject({ instance: 10, edit: [[0, 3, null]] });
    expect(store.whatIf.wait.value).toBeNull();
    expect(said()).toBe(before!.replace(/( · .*)?$/, " → 7$1"));
    // What was, as a ghost: 2 and 1; what is now, 1 and −2, on the same scale.
    const rows = ["x1", "x2"].map((name) => one(`[data-feature=${name}]`));
    expect(rows.map((row) => extents(row, "ghost"))).toEqual([[[50, 98]], [[50, 74]]]);
    expect(rows.map((row) => extents(row, "bar"))).toEqual([[[50, 74]], [[2, 50]]]);
    expect(rows[1]!.querySelector(".nbx-move")!.textContent).toBe("−2.00");
    expect(field("x1").className).toContain("nbx-changed");
    expect(field("x2").className).not.toContain("nbx-changed");
    expect(field("x1").getAttribute("aria-label")).toBe("x1 at #10, changed from 1");
    const cells = [...one("tbody tr").children].map((cell) => cell.textContent);
    expect(cells).toEqual(["x1", "3", "+1.00", "20.0 %", "1", "+2.00"]);
  });

  it("keeps the order of the row as it is", async () => {
    const view = await editing(["a", "b"], LINE);
    await view.change("a", "1", { jacobian: new Float32Array([0, 50]) });
    expect(view.names()).toEqual(["a", "b"]);
  });

  it("says the class where it changes, and the response of the same output", async () => {
    const { store, change, said } = await editing(["a", "b"], TWO, CLASSES, 11);
    store.choose({ output: null });
    await drawn();
    expect(said()).toBe("P(default) is 0.75 · predicted default, truly repaid: wrong");
    await change("a", "-4", { outputs: new Float32Array([Math.log(3), 0]) });
    expect(said()).toBe(
      "P(default) is 0.75 → 0.25 · predicted default, truly repaid: wrong → repaid",
    );
  });

  it("is said while it is asked: the last answer stays until the next", async () => {
    const { change, field, status, said, store } = await editing(["a", "b"], LINE);
    await change("a", "3", { outputs: new Float32Array([7]) });
    type(field("a"), "4");
    await drawn();
    expect(status()).toBe("Asked; the kernel is running a cell, and answers after it.");
    expect(said()).toContain("→ 7");
    // An answer that comes late for what was asked before is none.
    const old = store.whatIf.answer.value!.row;
    store.receiveEdited(
      { ...old, outputs: new Float32Array([9]) },
      { id: 2, outside: [], near: [] },
    );
    await drawn();
    expect(said()).toContain("→ 7");
  });

  it("to what the model cannot answer says its error in the view", async () => {
    const { change, field, status, said, edits, store, answer } = await editing(["a", "b"], LINE);
    await change("a", "3", { outputs: new Float32Array([7]) });
    type(field("a"), "-1");
    await drawn();
    store.refuseEdited(edits.at(-1)![2], "<i>RuntimeError</i>: out of luck");
    await drawn();
    expect(status()).toBe("<i>RuntimeError</i>: out of luck");
    expect(said()).not.toContain("→");
    expect(field("a").value).toBe("-1");
    type(field("a"), "2");
    await drawn();
    await answer({ outputs: new Float32Array([5]) });
    expect(said()).toContain("→ 5");
  });

  it.each([
    ["1,234.5", 1234.5],
    ["−2", -2],
    [" 1e-3 ", 0.001],
    [".5", 0.5],
    ["12,345,678", 12345678],
    ["1,5", null],
    ["much", null],
    ["1e999", null],
    ["-", null],
  ])("to %j", async (text, value) => {
    const { field, edits, store, asked } = await editing(["a", "b"], LINE);
    const told = asked.length;
    type(field("a"), text);
    await drawn();
    expect(field("a").getAttribute("aria-invalid")).toBe(String(value === null));
    expect(store.whatIf.changes.value).toEqual(value === null ? [] : [[0, value, null]]);
    expect(edits).toHaveLength(value === null ? 1 : 2);
    expect(asked.length - told).toBe(value === null ? 0 : 1);
    expect(field("a").value).toBe(text);
    field("a").dispatchEvent(new Event("blur"));
    await drawn();
    expect(field("a").value).toBe(value === null ? "1" : String(value));
  });
});

describe("putting back", () => {
  it("one by one, or all at once", async () => {
    const { change, chips, one, all, store } = await editing(["a", "b"], LINE);
    await change("a", "3");
    expect(chips()).toEqual(["a 1 → 3×"]);
    await change("b", "-2");
    expect(chips()).toEqual(["a 1 → 3×", "b 0 → −2×", "Put all back"]);
    one("[aria-label='Put a back']").click();
    await drawn();
    expect(store.whatIf.changes.value).toEqual([[1, -2, null]]);
    await change("a", "1");
    all("[aria-label='Changed values'] li:last-child button")[0]!.click();
    await drawn();
    expect(store.whatIf.changes.value).toEqual([]);
    expect(store.whatIf.open.value).toBe(true);
  });

  it("by Escape, by emptying the field, and by typing what it was", async () => {
    const { change, field, store } = await editing(["a", "b"], LINE);
    await change("a", "3");
    press(field("a"), "Escape");
    await drawn();
    expect(store.whatIf.changes.value).toEqual([]);
    expect(field("a").value).toBe("1");
    await change("a", "3");
    type(field("a"), "");
    field("a").dispatchEvent(new Event("blur"));
    await drawn();
    expect(store.whatIf.changes.value).toEqual([]);
    await change("a", "3");
    await change("a", "1");
    expect(store.whatIf.changes.value).toEqual([]);
  });

  it("another row has no changes", async () => {
    const { change, field, store, asked, edits } = await editing(["a", "b"], LINE);
    await change("a", "3");
    store.choose({ instance: 11 });
    await drawn();
    expect(store.whatIf.changes.value).toEqual([]);
    expect(asked.at(-1)).not.toHaveProperty("edit");
    expect(edits.at(-1)!.slice(0, 2)).toEqual([11, []]);
    expect(store.whatIf.answer.value).toBeNull();
    expect(field("a").className).not.toContain("nbx-changed");
  });
});

it("what is beyond the data is allowed and said", async () => {
  const { change, status } = await editing(["a", "b"], LINE);
  await change("a", "99", { outside: [[0, null, -3, 12.5]] });
  expect(status()).toBe(
    "Outlines: before the changes. Beyond the data: a is from −3 to 12.5 there.",
  );
  await change("a", "5", { outside: [] });
  expect(status()).toBe("Outlines: before the changes.");
});

it("the nearest real rows are offered, to be picked or compared", async () => {
  const view = await editing(["a", "b"], LINE);
  await view.answer({
    choices: {},
    near: [
      { row: 12, label: "12", distance: 0.25 },
      { row: 99, label: "99", distance: 1 },
      { row: 11, label: "11", distance: 2 },
    ],
  });
  const buttons = view.all(".nbx-what-if p button");
  const outputs = view.store.instances.value!.outputs;
  expect(buttons.map((button) => button.textContent)).toEqual([
    `#12 ${outputs[2]}`,
    "#99",
    `#11 ${outputs[1]}`,
  ]);
  buttons[2]!.dispatchEvent(new MouseEvent("click", { altKey: true, bubbles: true }));
  expect([view.store.instance.value, view.store.other.value]).toEqual([10, 11]);
  buttons[0]!.click();
  expect(view.store.instance.value).toBe(12);
});

describe("a one-hot group", () => {
  const given: Rows = {
    outputs: [[0]],
    jacobian: [[[1, 3, -4]]],
    owners: [1, 0, 0],
    members: ["age", "north", "<b>south</b>"],
    values: [[30, 0, 1]],
  };

  it("is a choice, and back where it was", async () => {
    const { answer, one, store, edits } = await editing(["region", "age"], given);
    const region = () => one("[data-feature=region] .nbx-input") as unknown as HTMLSelectElement;
    expect(region()).toBeNull(); // before the kernel has said what it chooses between
    await answer({ choices: { 0: ["north", "<b>south</b>", null] as (string | null)[] } });
    expect([...region().options].map(({ textContent }) => textContent)).toEqual([
      "north",
      "<b>south</b>",
      "none",
    ]);
    expect(region().selectedIndex).toBe(1);
    for (const [at, changes] of [
      [0, [[0, "north", null]]],
      [2, [[0, null, null]]],
      [1, []],
    ] as [number, Change[]][]) {
      region().selectedIndex = at;
      region().dispatchEvent(new Event("change", { bubbles: true }));
      await drawn();
      expect(store.whatIf.changes.value).toEqual(changes);
      expect(edits.at(-1)!.slice(1)).toEqual([changes, edits.length, false]);
    }
  });

  it("that is none stays as it is", async () => {
    const { answer, one } = await editing(["region", "age"], given);
    await answer({ choices: {} });
    expect(one("[data-feature=region] .nbx-value").textContent).toBe("<b>south</b>");
  });
});

describe("two rows", () => {
  it("stay beside each other: the first one's values are changed", async () => {
    const { store, change, one, all } = await editing(["a", "b"], LINE);
    store.choose({ other: 11 });
    await drawn();
    expect(all("[data-feature] .nbx-input")).toHaveLength(2);
    await change("a", "3", { outputs: new Float32Array([7]) });
    expect(all("[data-edited]")).toHaveLength(1);
    expect(all("li [data-edited]")[0]!.closest("li")!.textContent).toContain("#10");
    expect(extents(one("[data-feature=a]"), "bar")).toHaveLength(2);
    expect(extents(one("[data-feature=a]"), "ghost")).toHaveLength(1);
  });
});

describe("many features", () => {
  const names = Array.from({ length: 30 }, (_, f) => `x${f}`);
  const given: Rows = { outputs: [[0]], jacobian: [[names.map((_, f) => 30 - f)]] };

  it("one that is changed is not folded", async () => {
    const { names: listed, store, one } = await editing(names, given);
    expect(listed()).toHaveLength(12);
    store.choose({ edit: [[25, 3, null]] });
    await drawn();
    expect(listed()).toEqual([...names.slice(0, 12), "x25"]);
    expect(one(".nbx-others").textContent).toContain("17 other features");
  });
});

it("where every derivative is zero, values can be changed", async () => {
  const { all } = await editing(["a"], { outputs: [[1]], jacobian: [[[0]]] });
  expect(all(".nbx-input")).toHaveLength(1);
});

it("focus picks the feature, and a click in a field leaves it picked", async () => {
  const { field, store } = await editing(["a", "b"], LINE);
  field("b").dispatchEvent(new Event("focus"));
  expect(store.feature.value).toBe(1);
  await drawn();
  field("b").click();
  expect(store.feature.value).toBe(1);
});

describe("without a kernel", () => {
  it("changing is not offered, and said: in a saved page", async () => {
    const store = saved(explained(["a", "b"], LINE));
    const element = document.createElement("div");
    document.body.append(element);
    mount(element, "local", store, { signal: new AbortController().signal });
    store.choose({ instance: 10, edit: [[0, 3, null]] });
    await drawn();
    expect(element.textContent).toContain("What if its values were others?");
    expect(element.querySelector(".nbx-button, .nbx-input")).toBeNull();
  });

  it("and where the kernel goes", async () => {
    const { live, all, root, store } = await editing(["a", "b"], LINE);
    live.value = false;
    await drawn();
    expect(all(".nbx-button, .nbx-input")).toEqual([]);
    expect(root.textContent).toContain("run this cell again");
    expect(store.whatIf.open.value).toBe(false);
  });
});

describe("Python", () => {
  const selection = {
    ...{ feature: null, instance: 10, other: null, rows: null, output: 0, response: "raw" },
    ...{ client: "", seq: 0 },
  };

  it("changes values, and puts them back", async () => {
    const { store, news } = opened();
    store.follow({ ...selection, edit: [[1, 4, null]] });
    expect(store.whatIf.open.value).toBe(true);
    expect(news().filter((one) => (one as unknown[])[0] === "edit")).toEqual([
      ["edit", 10, [[1, 4, null]], 1, true],
    ]);
    store.follow(selection);
    expect(store.whatIf.changes.value).toEqual([]);
    expect(store.whatIf.open.value).toBe(false);
  });

  it("shows another model: what was asked is asked again, of the choices too", async () => {
    const { store, news } = opened();
    store.follow({ ...selection, edit: [[1, 4, null]] });
    store.load({ ...explained(["a", "b"], LINE), selection: {} });
    const last = news().at(-1);
    expect(last).toEqual(["edit", 10, [[1, 4, null]], 2, true]);
  });
});

it("names are text, never markup", async () => {
  const { store, root } = await editing(HOSTILE, {
    outputs: [[0]],
    jacobian: [[HOSTILE.map(() => 1)]],
    labels: ["<b>label</b>"],
  });
  store.choose({ edit: HOSTILE.map((_, f): Change => [f, 2, null]) });
  await drawn();
  expect(root.querySelectorAll("img, script, u, b b")).toHaveLength(0);
});

it("the demo page's kernel answers", async () => {
  const { store, edits, one } = shown(credit(), "local");
  store.choose({ instance: store.instances.value!.positions[0]!, edit: [[0, 2, null]] });
  await drawn();
  linear(() => store)(...edits.at(-1)!);
  await drawn();
  expect(one("[data-edited]")).toBeTruthy();
});
