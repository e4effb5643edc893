import { describe, expect, it } from "vitest";
import { reach, rank } from "../../js/ranking.js";
import { slice } from "../../js/wire.js";
import { explained, type Rows } from "./rows.js";
import { drawn, shown } from "./shown.js";

/** Two kinds of rows: the first two hang on a, the third on b, the fourth has no derivatives. */
const KINDS: Rows = {
  outputs: [[0], [0], [0], [0]],
  jacobian: [[[3, 1]], [[3, 1]], [[0, 2]]],
};

async function brushed(rows: number[], given = KINDS) {
  const view = shown(explained(["a", "b"], given, { share: (f) => 3 - f }));
  await drawn();
  view.store.choose({ rows: Uint32Array.from(rows) });
  await drawn();
  const marks = () =>
    view
      .all("[data-feature]")
      .map((row) => row.querySelector<HTMLElement>(".nbx-brushed")?.style.left ?? null);
  return { ...view, marks };
}

describe("a brush", () => {
  it("puts one mark a row at its share over the brushed rows", async () => {
    const { marks, one, store } = await brushed([10, 11]);
    const { domain } = store.ranking.value!;
    // Shares of 3/4 and 1/4; the axis of 60 % grows in two steps of a quarter.
    expect(domain).toBeCloseTo(61.2, 3);
    const axis = domain * 1.25;
    expect(marks().map((left) => parseFloat(left!))).toEqual([
      expect.closeTo(7500 / axis, 3),
      expect.closeTo(2500 / axis, 3),
    ]);
    expect(one(".nbx-legend").textContent).toContain("λ over 2 brushed rows");
    expect(one(".nbx-legend").textContent).not.toContain("with attributions");
    expect(one("[data-feature]").getAttribute("aria-label")).toContain(
      ", 75.0 over the brushed rows",
    );
  });

  it("leaves the order as it is", async () => {
    const { names, marks } = await brushed([12]);
    expect(names()).toEqual(["a", "b"]);
    expect(marks().map((left) => parseFloat(left!))).toEqual([0, 100]);
  });

  it("says how many of its rows have attributions", async () => {
    const { one } = await brushed([11, 12, 13]);
    expect(one(".nbx-legend").textContent).toContain(
      "λ over 3 brushed rows, 2 of 3 with attributions",
    );
  });

  it("without any attributions marks nothing, and says so", async () => {
    const { one, marks } = await brushed([13]);
    expect(marks()).toEqual([null, null]);
    expect(one(".nbx-legend").textContent).toContain("0 of 1 with attributions");
    expect(one(".nbx-legend").textContent).not.toContain("λ over");
  });

  it("marks nothing of a feature that the page lacks", async () => {
    const partial: Rows = { outputs: [[0]], jacobian: [[[1]]], rest: [[[1]]], all: 2 };
    const { marks } = await brushed([10], partial);
    expect(marks()[0]).not.toBeNull();
    expect(marks()[1]).toBeNull();
  });

  it("goes, and the bars are as they were", async () => {
    const { store, marks, one } = await brushed([12]);
    const width = () => one(".nbx-bar").style.width;
    const narrow = parseFloat(width());
    store.choose({ rows: null });
    await drawn();
    expect(marks()).toEqual([null, null]);
    expect(parseFloat(width())).toBeGreaterThan(narrow);
    expect(one(".nbx-legend").textContent).not.toContain("brushed");
  });

  it("comes into the table behind once it rests", async () => {
    const { all, store } = await brushed([10, 11]);
    const last = () => all("tbody tr").map((tr) => tr.lastElementChild!.textContent);
    const head = () => all("thead th").at(-1)!.textContent;
    expect(head()).toBe("Direction");
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(head()).toBe("Over the brushed rows");
    expect(last()).toEqual(["75.0 %", "25.0 %"]);
    store.choose({ rows: null });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(head()).toBe("Direction");
  });

  it("is in the tip", async () => {
    const { one } = await brushed([10, 11]);
    const list = one(".nbx-list");
    list.dispatchEvent(new KeyboardEvent("keydown", { key: "Home", bubbles: true }));
    await drawn();
    expect(one(".nbx-tip").textContent).toContain("over 2 brushed rows75.0 %");
  });
});

describe("the axis", () => {
  const ranking = rank(
    slice(
      { response: "raw", output: 0, question: "" },
      Float32Array.of(40, 10, 38, 9, 42, 11, 1, 1),
    ),
  );
  const of = (...marks: number[]) => reach(ranking, Float32Array.from(marks));

  it("stays where every mark fits, or is missing", () => {
    expect(of(41, NaN)).toBe(ranking.domain);
    expect(reach(ranking, undefined)).toBe(ranking.domain);
  });

  it("grows in steps, never beyond 100 %", () => {
    expect(of(50, 1)).toBeCloseTo(ranking.domain * 1.25, 5);
    expect(of(51, 1)).toBe(of(50, 1));
    expect(of(60, 1)).toBeCloseTo(ranking.domain * 1.25 ** 2, 5);
    expect(of(100, 0)).toBe(100);
  });
});
