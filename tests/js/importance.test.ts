import { describe, expect, it, vi } from "vitest";
import { constant, credit, hostile, HOSTILE, wide } from "../../js/demo/fixtures.js";
import { WORDS } from "../../js/format.js";
import { directionOf } from "../../js/ranking.js";
import type { Choice, State } from "../../js/wire.js";
import { drawn, press, shown, type } from "./shown.js";

describe("rows", () => {
  it("stand in rank order, one a feature, under the root's hooks", async () => {
    const { root, store, names } = shown(credit());
    await drawn();
    expect(root.dataset).toMatchObject({ nbxView: "importance", nbxState: "ready" });
    expect(names()).toEqual(store.ranking.value!.order.map((f) => store.names.value[f]));
  });

  it("show hue and arrow only where the direction is real", async () => {
    const { store, all } = shown(credit());
    await drawn();
    const { direction } = store.slice.value!;
    const arrows = new Set<string>();
    store.ranking.value!.order.forEach((f, i) => {
      const row = all("[data-feature]")[i]!;
      const arrow = row.querySelector(".nbx-arrow")!.textContent;
      const expected =
        Math.abs(direction[f]!) < 0.5 ? "both" : direction[f]! > 0 ? "rises" : "falls";
      expect(row.className).toContain(`nbx-${expected}`);
      expect(arrow).toBe({ both: "", rises: "↑", falls: "↓" }[expected]);
      arrows.add(arrow!);
    });
    expect(arrows.size).toBe(3);
  });

  it("claim nothing where outputs are combined", async () => {
    const { store, all } = shown(credit());
    store.choose({ output: null });
    await drawn();
    expect(all(".nbx-rises, .nbx-falls, .nbx-both")).toEqual([]);
    expect(all(".nbx-row.nbx-none")).toHaveLength(23);
  });

  it("are separated by the 90 % line", async () => {
    const { store, one } = shown(credit());
    await drawn();
    expect(one(".nbx-cut").textContent).toBe(`${store.ranking.value!.cut} features carry 90 %`);
  });

  it("have bars and whiskers from a common zero", async () => {
    const { store, all } = shown(credit());
    await drawn();
    const { domain, order } = store.ranking.value!;
    const { share, low, high } = store.slice.value!;
    const percent = (text: string) => parseFloat(text);
    all("[data-feature]").forEach((row, i) => {
      const f = order[i]!;
      const bar = row.querySelector<HTMLElement>(".nbx-bar")!.style;
      const whisker = row.querySelector<HTMLElement>(".nbx-whisker")!.style;
      expect(percent(bar.width)).toBeCloseTo((100 * share[f]!) / domain, 3);
      expect(percent(whisker.left)).toBeCloseTo((100 * low[f]!) / domain, 3);
      expect(percent(whisker.width)).toBeCloseTo((100 * (high[f]! - low[f]!)) / domain, 3);
    });
  });

  it("are said in words", async () => {
    const { store, all } = shown(credit());
    await drawn();
    const { order } = store.ranking.value!;
    const { share, low, high } = store.slice.value!;
    const [f, one] = [order[1]!, (value: number) => value.toFixed(1)];
    const said = all("[data-feature]")[1]!.getAttribute("aria-label")!;
    expect(said).toContain(`2 ${store.names.value[f]!}, ${one(share[f]!)} percent`);
    expect(said).toContain(`row sampling ${one(low[f]!)} to ${one(high[f]!)}`);
    expect(said).toContain(WORDS[directionOf(store.slice.value!.direction[f]!)]);
  });

  it("of a constant model have no bars, no line and no claims", async () => {
    const { all, names } = shown(constant());
    await drawn();
    expect(names()).toEqual(["age", "income"]);
    expect(
      all(".nbx-share")
        .slice(1)
        .map((s) => s.textContent),
    ).toEqual(["–", "–"]);
    expect(all(".nbx-cut, .nbx-whisker")).toEqual([]);
  });

  it("that were others are as if built anew", async () => {
    const of = (root: HTMLElement) =>
      [...root.querySelectorAll("[data-feature]")].map((row) =>
        row.outerHTML.replace(/(?<= id=")[^"]*-/, ""),
      );
    vi.useFakeTimers({ toFake: ["Date"] }); // changes at once: each place keeps its element
    const { store, root } = shown(credit());
    const brushed = { rows: store.instances.value!.positions.slice(0, 9), feature: 2 };
    const steps: [State, Partial<Choice>][] = [
      [credit(), { output: null }],
      [credit(), { output: 1, ...brushed }],
      [credit(), { output: 0, response: "raw", rows: null, feature: null }],
      [hostile(), { output: 1 }],
      [constant(), {}],
      [credit(), brushed],
    ];
    for (const [state, change] of steps) {
      store.load(state);
      store.choose(change);
      await drawn();
      const anew = shown(state);
      anew.store.choose({ ...store.shown.value, rows: null, feature: null, ...change });
      await drawn();
      expect(of(root)).toEqual(of(anew.root));
      anew.controller.abort();
    }
    vi.useRealTimers();
  });

  it("are few, however many features there are", async () => {
    const { all, one } = shown(wide());
    await drawn();
    expect(all("[data-feature]").length).toBeLessThanOrEqual(60);
    expect(one("[data-feature]").getAttribute("aria-setsize")).toBe("2000");
  });
});

describe("switching", () => {
  it("changes the question, the order and the notes", async () => {
    const { store, one, all, names } = shown(credit());
    await drawn();
    const before = names();
    expect(one(".nbx-question").textContent).toContain("P(default)");
    one("[data-output='repaid'] input").click();
    one("[data-response='logodds'] input").click();
    await drawn();
    expect(store.shown.value).toEqual({ output: 0, response: "logodds" });
    expect(one(".nbx-question").textContent).toContain("the log-odds of repaid");
    expect(names()).not.toEqual(before);
    expect(one("summary").textContent).toBe("2 notes");
    expect(all(".nbx-notes li")).toHaveLength(2);
  });

  it("searches among more than ten outputs", async () => {
    const { store, one, all } = shown(wide());
    await drawn();
    one(".nbx-menu button").click();
    await drawn();
    const input = one(".nbx-popup input") as HTMLInputElement;
    type(input, "zONE 1");
    await drawn();
    expect(all(".nbx-popup [data-output]").map((o) => o.dataset["output"])).toEqual([
      "Zone 1",
      "Zone 10",
      "Zone 11",
      "Zone 12",
    ]);
    press(input, "ArrowDown");
    await drawn();
    press(input, "Enter");
    await drawn();
    expect(store.shown.value.output).toBe(9);
    expect(one(".nbx-popup").hidden).toBe(true);
  });

  it("to what is not in the page shows that it is asked for, then what comes", async () => {
    const { store, root, one, calls } = shown(wide());
    store.choose({ output: 11 });
    await drawn();
    expect(calls).toEqual(["raw 11"]);
    expect(root.dataset["nbxState"]).toBe("loading");
    expect(one(".nbx-wait").getAttribute("aria-busy")).toBe("true");
    store.refuse({ response: "raw", output: 11 }, "It is gone.");
    await drawn();
    expect(one(".nbx-wait").textContent).toBe("It is gone.");
  });
});

describe("picking", () => {
  it("by keyboard, as a listbox", async () => {
    const { store, one } = shown(credit());
    await drawn();
    const list = one("[role=listbox]");
    const { order } = store.ranking.value!;
    const picked = async (key: string) => {
      press(list, key);
      await drawn();
      return store.feature.value;
    };
    expect(await picked("PageUp")).toBe(order[0]);
    expect(await picked("Escape")).toBeNull();
    expect(await picked("ArrowDown")).toBe(order[0]);
    expect(await picked("ArrowDown")).toBe(order[1]);
    const active = one(`#${CSS.escape(list.getAttribute("aria-activedescendant")!)}`);
    expect(active.getAttribute("aria-selected")).toBe("true");
    expect(active.dataset["feature"]).toBe(store.names.value[order[1]!]);
    expect(await picked("End")).toBe(order.at(-1));
    expect(await picked("ArrowDown")).toBe(order.at(-1));
    expect(await picked("Home")).toBe(order[0]);
    expect(await picked("Escape")).toBeNull();
    expect(list.hasAttribute("aria-activedescendant")).toBe(false);
  });

  it("tells duplicates apart", async () => {
    const { store, all } = shown(hostile());
    await drawn();
    store.choose({ feature: HOSTILE.lastIndexOf("twin") });
    await drawn();
    const selected = all("[aria-selected=true][data-feature]");
    expect(selected).toHaveLength(1);
    expect(selected[0]!.textContent).toMatch(/^12 twin/);
  });
});

describe("filter", () => {
  it("keeps ranks, hides the line, and is reached by /", async () => {
    const { one, all, names } = shown(credit());
    await drawn();
    press(one("[role=listbox]"), "/");
    const input = one("input[type=search]") as HTMLInputElement;
    expect(document.activeElement).toBe(input);
    type(input, "bill");
    await drawn();
    expect(names()).toHaveLength(6);
    expect(names().every((name) => name!.startsWith("BILL"))).toBe(true);
    expect(all(".nbx-cut")).toEqual([]);
    expect(one(".nbx-filter [role=status]").textContent).toBe("6 of 23 features");
    expect(one("[data-feature] .nbx-rank").textContent).not.toBe("1");
    type(input, "_");
    await drawn();
    expect(names().length).toBeGreaterThan(15);
    expect(all(".nbx-cut")).toEqual([]);
    press(input, "Escape");
    await drawn();
    expect(names()).toHaveLength(23);
  });

  it("that finds nothing says so", async () => {
    const { one, names } = shown(credit());
    await drawn();
    type(one("input[type=search]") as HTMLInputElement, "<img>");
    await drawn();
    expect(names()).toEqual([]);
    expect(one(".nbx-nothing").textContent).toContain("<img>");
  });
});

it("the table behind the chart says what the chart says", async () => {
  const { store, all } = shown(credit());
  await drawn();
  const cells = all("tbody tr").map((tr) => [...tr.children].map((cell) => cell.textContent));
  const rows = all("[data-feature]");
  expect(cells).toHaveLength(rows.length);
  rows.forEach((row, i) => {
    expect(cells[i]![0]).toBe(row.querySelector(".nbx-rank")!.textContent);
    expect(cells[i]![1]).toBe(row.dataset["feature"]);
    expect(cells[i]![2]).toBe(`${row.querySelector(".nbx-share")!.textContent} %`);
  });
  expect(all("caption")[0]!.textContent).toBe(store.slice.value!.question);
  expect(all("table [data-feature]")).toEqual([]);
});

it("names, titles, outputs and notes are text, never markup", async () => {
  const { root, names } = shown(hostile());
  await drawn();
  expect(new Set(names())).toEqual(new Set(HOSTILE));
  expect(root.querySelectorAll("img, script, b, i:not([class]), u")).toHaveLength(0);
  expect(root.querySelector("h3")!.textContent).toBe("<b>Model</b>");
});
