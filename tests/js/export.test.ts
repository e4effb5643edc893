import { describe, expect, it, vi } from "vitest";
import { credit, hostile, HOSTILE } from "../../js/demo/fixtures.js";
import { importances, instances, picked } from "../../js/export/csv.js";
import { drawing } from "../../js/export/drawing.js";
import { explained, TWO } from "./rows.js";
import { drawn, press, shown } from "./shown.js";

/** Cells of a file as RFC 4180 has them. */
function cells(text: string): string[][] {
  expect(text.endsWith("\r\n")).toBe(true);
  const rows: string[][] = [[""]];
  let quoted = false;
  for (const c of text.slice(0, -2).matchAll(/""|\r\n|[^]/g)) {
    const row = rows.at(-1)!;
    if (quoted && c[0] === '""') row[row.length - 1] += '"';
    else if (c[0] === '"') quoted = !quoted;
    else if (c[0] === '""' && !quoted) continue;
    else if (c[0] === "," && !quoted) row.push("");
    else if (c[0] === "\r\n" && !quoted) rows.push([""]);
    else row[row.length - 1] += c[0];
  }
  return rows;
}

describe("importances", () => {
  it("are all features in rank order, with intervals and directions", () => {
    const { store } = shown(credit());
    const [head, ...rows] = cells(importances(store));
    expect(head).toEqual(["feature", "importance", "low", "high", "direction"]);
    const { order } = store.ranking.value!;
    expect(rows.map(([name]) => name)).toEqual(order.map((f) => store.names.value[f]));
    const slice = store.slice.value!;
    rows.forEach((row, i) => {
      expect(Number(row[1])).toBeCloseTo(slice.share[order[i]!]!, 4);
      expect(Number(row[2])).toBeCloseTo(slice.low[order[i]!]!, 4);
      expect(Number(row[3])).toBeCloseTo(slice.high[order[i]!]!, 4);
    });
    expect(new Set(rows.map((row) => row[4]))).toEqual(
      new Set(["rises with the input", "falls with the input", "both ways"]),
    );
  });

  it("have the brushed share where there is a brush", () => {
    const { store } = shown(explained(["a", "b"], TWO, { outputs: ["no", "yes"] }));
    store.choose({ rows: Uint32Array.of(12), output: 0 });
    const [head, ...rows] = cells(importances(store));
    expect(head!.at(-1)).toBe("importance over the brushed rows");
    expect(rows[0]).toHaveLength(head!.length);
  });

  it("keep any name as it is", () => {
    const { store } = shown(hostile());
    const rows = cells(importances(store)).slice(1);
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(HOSTILE));
    expect(
      importances(shown(explained(['a,"b"\n'], { outputs: [[0]], jacobian: [] })).store),
    ).toContain('"a,""b""\n",100,');
  });
});

describe("instances", () => {
  const state = () =>
    explained(
      ["a", "b"],
      {
        ...TWO,
        classes: ["good", "bad"],
        jacobian: TWO.jacobian.slice(0, 2),
        labels: ["r,1", "r2", "r3"],
      },
      { outputs: ["repaid", "default"], responses: ["prob"] },
    );

  it("have what is predicted, what is true, and attributions where they are held", () => {
    const { store } = shown(state());
    store.choose({ output: 1 });
    expect(cells(instances(store))).toEqual([
      [
        "row",
        "prediction",
        "target",
        "predicted class",
        "error",
        "attribution of a",
        "attribution of b",
      ],
      ["r,1", "0.5", "bad", "good", "0.5", "1", "0"],
      ["r2", "0.75", "good", "bad", "0.75", "1.5", "3"],
      ["r3", "0.2", "good", "good", "0.2", "", ""],
    ]);
  });

  it("are only those brushed where there is a brush, in the order of X", () => {
    const { store } = shown(state());
    store.choose({ rows: Uint32Array.of(12, 11) });
    expect(cells(instances(store)).map(([label]) => label)).toEqual(["row", "r2", "r3"]);
  });

  it("are in the order of X, whatever that of the draw", () => {
    const { store } = shown(explained(["a", "b"], { ...TWO, rows: [700, 9, 80] }));
    expect(cells(instances(store)).map(([label]) => label)).toEqual(["row", "9", "80", "700"]);
  });
});

it("the picked rows are all that is known of them, most moving first", () => {
  const { store } = shown(explained(["a", "b"], TWO, { outputs: ["no", "yes"] }));
  store.choose({ instance: 11, other: 10, output: 1 });
  expect(cells(picked(store))).toEqual([
    ["feature", "value", "attribution", "share", "row"],
    ["b", "0", "16", "80", "11"],
    ["a", "0", "8", "20", "11"],
    ["b", "0", "1", "5.882353", "10"],
    ["a", "0", "4", "94.11765", "10"],
  ]);
});

describe("contributions", () => {
  const given = (): Parameters<typeof explained>[1] => ({
    outputs: [[4], [1], [2]],
    jacobian: [[[2, 3, -2]], [[-1, 0.5, 0.5]]],
    values: [
      [10, 1, 0],
      [20, 0, 1],
    ],
    owners: [0, 1, 1],
    cells: [0, 1, 1],
    base: [[0.5], [1]],
  });
  const state = (more = {}) => {
    const found = explained(["age", "colour"], { ...given(), ...more });
    Object.assign(found.meta, { baseline: "the mean" });
    return found;
  };

  it("are columns of whole features, beside baseline and prediction", () => {
    expect(cells(instances(shown(state()).store))).toEqual([
      [
        ...["row", "prediction", "target", "predicted class", "error", "baseline"],
        ...["contribution of age", "contribution of colour"],
      ],
      ["10", "4", "", "", "", "0.5", "2", "1"],
      ["11", "1", "", "", "", "1", "-1", "1"],
      ["12", "2", "", "", "", "", "", ""],
    ]);
  });

  it("end with all others, so that they add up", () => {
    const { store } = shown(state({ all: 9, rest: [[[0.5]], [[-0.25]]] }));
    const [head, first] = cells(instances(store));
    expect(head!.at(-1)).toBe("contribution of all others");
    expect(first!.slice(5).map(Number)).toEqual([0.5, 2, 1, 0.5]);
  });

  it("of the picked row come with where they lead from and to", () => {
    const { store } = shown(state());
    store.choose({ instance: 10 });
    expect(cells(picked(store)).map((row) => row.join())).toEqual([
      "feature,value,contribution,share,row,baseline,prediction",
      "age,10,2,66.66667,10,0.5,4",
      "colour,,1,33.33333,10,0.5,4",
    ]);
  });

  it("have no direction over all rows", () => {
    expect(cells(importances(shown(state()).store))[0]).toEqual([
      ...["feature", "importance", "low", "high"],
    ]);
  });
});

describe("the drawing", () => {
  // No layout here: every box is where its element is in the page's order.
  const place = () =>
    ({ left: 1, top: 2, right: 11, bottom: 12, width: 10, height: 10 }) as DOMRect;

  async function svg(state = hostile()) {
    vi.spyOn(Element.prototype, "getBoundingClientRect").mockImplementation(place);
    vi.spyOn(Range.prototype, "getBoundingClientRect").mockImplementation(place);
    const view = shown(state);
    await drawn();
    const text = drawing(view.root, state.meta.title as string);
    vi.restoreAllMocks();
    return { ...view, text, svg: new DOMParser().parseFromString(text, "image/svg+xml") };
  }

  it("has the words as text, whatever they are, and the model's title", async () => {
    const { svg: found } = await svg();
    const texts = [...found.querySelectorAll("text")].map((element) => element.textContent);
    for (const word of ["<b>Model</b>", "twin", "14.3", "גיל", "two lines and more"])
      expect(texts.join("|")).toContain(word);
    expect(found.querySelector("title")!.textContent).toBe("<b>Model</b>");
    expect(found.querySelectorAll("script, b, u, foreignObject")).toHaveLength(0);
  });

  it("puts the root back as it was", async () => {
    const { root } = await svg();
    expect(root.classList.contains("nbx-printing")).toBe(false);
  });
});

describe("the menu", () => {
  it("offers what there is, by keyboard", async () => {
    const { all, one, store } = shown(credit());
    await drawn();
    const button = one(".nbx-download button");
    expect(button.getAttribute("aria-haspopup")).toBe("menu");
    const items = () => all(".nbx-download [role=menuitem]").map((item) => item.textContent);
    expect(items()).toEqual([
      "Picture (PNG)",
      "Drawing (SVG)",
      "Importances (CSV)",
      "Instances (CSV)",
    ]);
    store.choose({ instance: 0, rows: Uint32Array.of(1, 2) });
    await drawn();
    expect(items().slice(3)).toEqual(["Brushed instances (CSV)", "Picked instance (CSV)"]);
    press(button, "ArrowDown");
    await drawn();
    const menu = one(".nbx-download [role=menu]");
    await vi.waitFor(() => expect(document.activeElement).toBe(menu));
    press(menu, "Escape");
    await drawn();
    expect(button.getAttribute("aria-expanded")).toBe("false");
    expect(document.activeElement).toBe(button);
  });

  it("hands over a file under the model's name, and lets its address go", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    const files: [string, Blob][] = [];
    const blobs = new Map<string, Blob>();
    const create = vi.spyOn(URL, "createObjectURL").mockImplementation((blob) => {
      blobs.set("blob:1", blob as Blob);
      return "blob:1";
    });
    const revoke = vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      files.push([this.download, blobs.get(this.href)!]);
    });
    const { one } = shown(hostile());
    await vi.waitFor(() => one("[data-download='importances.csv']").click());
    await vi.waitFor(() => expect(files).toHaveLength(1));
    expect(files[0]![0]).toBe("b-Model-b-importances.csv");
    expect(await files[0]![1].text()).toContain("feature,importance");
    expect(revoke).not.toHaveBeenCalled();
    vi.runAllTimers();
    expect(revoke).toHaveBeenCalledWith("blob:1");
    expect(create).toHaveBeenCalledTimes(1);
    vi.useRealTimers();
    vi.restoreAllMocks();
  });
});
