import { describe, expect, it, vi } from "vitest";
import { Grid } from "../../js/canvas/grid.js";
import { credit, flow, HOSTILE, hostile, state } from "../../js/demo/fixtures.js";
import { withRows } from "../../js/demo/rows.js";
import { Instances } from "../../js/instances.js";
import type { InstancesState, State } from "../../js/wire.js";
import { explained, TWO } from "./rows.js";
import { drawn, press, shown as mounted, type } from "./shown.js";

const shown = (state: State) => mounted(state, "instances");
/** So many rows that a pass over them would show. */
const large = () =>
  withRows(state({ names: ["a", "b"], rms: (f) => 2 - f, direction: () => 0.9, rows: 30_000 }), {
    rows: 30_000,
    kind: "values",
  });
const rowsOf = (state: State) => state.instances as InstancesState;
const floats = ({ data }: { data: DataView | Uint8Array }) =>
  new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);

type Where = [x: number, y: number];
function point(plot: Element, kind: string, [clientX, clientY]: Where, more: object = {}) {
  const Event = kind === "click" ? MouseEvent : PointerEvent;
  const options = { clientX, clientY, button: 0, bubbles: true, cancelable: true, ...more };
  plot.dispatchEvent(new Event(kind, options));
}
function drag(plot: Element, from: Where, to: Where, more: object = {}) {
  point(plot, "pointerdown", from, more);
  point(plot, "pointermove", to, more);
  point(plot, "pointerup", to, more);
  point(plot, "click", to, more);
}
const key = (element: Element, name: string, more: object) =>
  element.dispatchEvent(
    new KeyboardEvent("keydown", { key: name, bubbles: true, cancelable: true, ...more }),
  );

/** Where the view draws a row, from the ring of its pick. */
async function placed(view: ReturnType<typeof shown>, row: number): Promise<Where> {
  const was = view.store.instance.value;
  view.store.choose({ instance: row });
  await drawn();
  const ring = view.one(".nbx-picked circle");
  const at: Where = [Number(ring.getAttribute("cx")), Number(ring.getAttribute("cy"))];
  view.store.choose({ instance: was });
  await drawn();
  return at;
}
const mode = async (view: ReturnType<typeof shown>, name: string) => {
  view.one(`[data-mode=${name}] input`).click();
  await drawn();
};

describe("strips", () => {
  it("have a band for each true class, and count what is right and wrong in it", async () => {
    const data = credit();
    const view = shown(data);
    await drawn();
    const { outputs, target } = rowsOf(data);
    const [z, y] = [floats(outputs), floats(target!)];
    const counts: Record<string, number[]> = {};
    y.forEach((code, i) => {
      const said = z[2 * i + 1]! > z[2 * i]! ? 1 : 0;
      (counts[`${said === code ? "right" : "wrong"} ${code}`] ??= []).push(i);
    });
    expect(view.all(".nbx-band bdi").map((name) => name.textContent)).toEqual([
      "repaid",
      "default",
    ]);
    for (const [name, places] of Object.entries(counts)) {
      const button = view.one(`[data-cell="${name}"]`);
      expect(button.textContent).toContain(places.length.toLocaleString("en-US"));
      button.click();
      await drawn();
      const rows = places.map((i) => view.store.instances.value!.positions[i]!);
      expect([...view.store.rows.value!].sort()).toEqual(rows.sort());
    }
    expect(Object.keys(counts)).toHaveLength(4);
  });

  it("have the threshold in the middle of P, at 0 of the log-odds, and none of raw logits", async () => {
    const view = shown(credit());
    await drawn();
    const at = () =>
      Number(/M([\d.]+) /.exec(view.one(".nbx-threshold")?.getAttribute("d") ?? "")?.[1]);
    const tick = (text: string) =>
      Number(
        view
          .all(".nbx-frame text")
          .find((tick) => tick.textContent === text)!
          .getAttribute("x"),
      );
    expect(at()).toBeCloseTo((tick("0.4") + tick("0.6")) / 2, 6);
    view.store.choose({ response: "logodds" });
    await drawn();
    expect(at()).toBeCloseTo(tick("0"), 6);
    view.store.choose({ response: "raw" });
    await drawn();
    expect(at()).toBeNaN();
  });

  it("put every mark into its class's band, on its side of the threshold", async () => {
    const data = credit();
    const view = shown(data);
    await drawn();
    const y = floats(rowsOf(data).target!);
    const { positions } = view.store.instances.value!;
    const bands = view.all(".nbx-band").map((band) => parseFloat(band.style.top));
    for (const i of [0, 1, 2, 3, 500, 2_999]) {
      const [, top] = await placed(view, positions[i]!);
      expect(top > bands[1]! ? 1 : 0).toBe(y[i]);
    }
  });
});

describe("points", () => {
  it("are picked by a click wherever it is: the nearest one", async () => {
    const view = shown(flow());
    await drawn();
    const plot = view.one("[data-nbx-plot]");
    const { positions } = view.store.instances.value!;
    for (const i of [3, 77, 4_000]) {
      const at = await placed(view, positions[i]!);
      point(plot, "click", at);
      expect(view.store.instance.value).toBe(positions[i]);
    }
    view.store.choose({ instance: null });
    point(plot, "click", [-5_000, -5_000]);
    expect(view.store.instance.value).not.toBeNull();
  });

  it("are compared by a click with Alt, Ctrl or Meta", async () => {
    const view = shown(flow());
    await drawn();
    const plot = view.one("[data-nbx-plot]");
    point(plot, "click", [10, 10]);
    const first = view.store.instance.value;
    for (const more of [{ altKey: true }, { ctrlKey: true }, { metaKey: true }]) {
      view.store.choose({ other: null });
      point(plot, "click", [460, 200], more);
      expect(view.store.instance.value).toBe(first);
      expect(view.store.other.value).not.toBeNull();
    }
  });

  it("are hovered within 14 pixels, with a tip that says what they are", async () => {
    const view = shown(flow());
    await drawn();
    const { positions } = view.store.instances.value!;
    const [x, y] = await placed(view, positions[5]!);
    const plot = view.one("[data-nbx-plot]");
    point(plot, "pointermove", [x, y]);
    await drawn();
    expect(view.store.hovered.value).toBe(positions[5]);
    expect(view.one(".nbx-tip").textContent).toContain(view.store.instances.value!.label(5));
    expect(view.one(".nbx-tip").textContent).toContain("attribution of rain_24h");
    point(plot, "pointermove", [10, 10]);
    await drawn();
    expect(view.store.hovered.value).toBeNull();
    expect(view.one(".nbx-tip")).toBeNull();
  });

  it("are ringed where another view hovers them", async () => {
    const view = shown(flow());
    await drawn();
    view.store.hover(12);
    await drawn();
    expect(view.all(".nbx-hovered")).toHaveLength(1);
  });

  it("cost a hover nothing that grows with their number", async () => {
    const view = shown(large());
    await drawn();
    const plot = view.one("[data-nbx-plot]");
    point(plot, "pointermove", [240, 130]);
    await drawn();
    const passes = (["places", "target", "predicted", "label"] as const).map((name) =>
      vi.spyOn(Instances.prototype, name),
    );
    const made = vi.spyOn(Float32Array.prototype, "map");
    for (let i = 0; i < 20; i++) {
      point(plot, "pointermove", [200 + 4 * i, 130]);
      await drawn();
    }
    const calls = [...passes, made].reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    vi.restoreAllMocks();
    expect(view.store.hovered.value).not.toBeNull();
    expect(calls).toBeLessThan(20 * 10);
    expect(view.calls).toEqual([]);
  });
});

it("a grid reads only what is near", () => {
  const n = 100_000;
  const x = new Float32Array(n).map((_, i) => (i * 7_919) % 1_000);
  const y = new Float32Array(n).map((_, i) => (i * 104_729) % 600);
  let reads = 0;
  const counted = new Proxy(x, {
    get: (of, name) => {
      if (typeof name === "string" && /^\d+$/.test(name)) reads += 1;
      return Reflect.get(of, name, of) as unknown;
    },
  });
  const grid = new Grid(counted, y, 1_000, 600);
  for (const [px, py] of [
    [500.3, 300.2],
    [-50, -50],
    [999, 1],
  ] as const) {
    reads = 0;
    const found = grid.near(px, py);
    expect(reads).toBeLessThan(20_000);
    const distance = (i: number) => Math.hypot(x[i]! - px, y[i]! - py);
    let best = 0;
    for (let i = 0; i < n; i++) if (distance(i) < distance(best)) best = i;
    expect(distance(found)).toBe(distance(best));
  }
  expect(grid.near(-500, -500, 14)).toBe(-1);
  const inside: number[] = [];
  grid.within({ left: 100, top: 100, right: 200, bottom: 150 }, (i) => inside.push(i));
  const expected = [...x.keys()].filter(
    (i) => x[i]! >= 100 && x[i]! <= 200 && y[i]! >= 100 && y[i]! <= 150,
  );
  expect(inside.sort((a, b) => a - b)).toEqual(expected);
  expect(new Grid(new Float32Array([NaN]), new Float32Array([1]), 10, 10).near(1, 1)).toBe(-1);
});

describe("the brush", () => {
  it("holds the rows inside its rectangle; shift adds another; a click outside ends it", async () => {
    const view = shown(flow());
    await drawn();
    const plot = view.one("[data-nbx-plot]");
    const { positions } = view.store.instances.value!;
    const spots = new Map<number, Where>();
    for (let i = 0; i < 40; i++) spots.set(positions[i]!, await placed(view, positions[i]!));
    const inside = (from: Where, to: Where) =>
      [...spots].flatMap(([row, [x, y]]) =>
        x >= from[0] && x <= to[0] && y >= from[1] && y <= to[1] ? [row] : [],
      );
    const brushed = () => [...spots.keys()].filter((row) => view.store.rows.value?.includes(row));

    drag(plot, [180, 20], [320, 190]);
    const first = inside([180, 20], [320, 190]);
    expect(first.length).toBeGreaterThan(3);
    expect(brushed()).toEqual(first);
    await drawn();
    expect(view.all(".nbx-box")).toHaveLength(1);
    expect(view.one("[data-brushed]").textContent).toContain(
      `${view.store.rows.value!.length.toLocaleString("en-US")} brushed`,
    );

    const second = inside([340, 0], [470, 150]);
    drag(plot, [340, 0], [470, 150], { shiftKey: true });
    expect(second.length).toBeGreaterThan(0);
    expect(new Set(brushed())).toEqual(new Set([...first, ...second]));
    await drawn();
    expect(view.all(".nbx-box")).toHaveLength(2);

    point(plot, "click", [250, 100]);
    expect(view.store.rows.value).not.toBeNull();
    point(plot, "click", [60, 200]);
    expect(view.store.rows.value).toBeNull();
    await drawn();
    expect(view.all(".nbx-box")).toHaveLength(0);
  });

  it("ends by its chip", async () => {
    const view = shown(flow());
    await drawn();
    drag(view.one("[data-nbx-plot]"), [180, 20], [320, 190]);
    await drawn();
    view.one("[data-brushed]").click();
    expect(view.store.rows.value).toBeNull();
  });

  it("that holds no row is none", async () => {
    const view = shown(flow());
    await drawn();
    drag(view.one("[data-nbx-plot]"), [2, 2], [20, 20]);
    expect(view.store.rows.value).toBeNull();
  });

  it("says how many of its rows have attributions", async () => {
    const view = shown(credit());
    await drawn();
    const { positions, held } = view.store.instances.value!;
    view.store.choose({ rows: positions.slice(held - 3, held + 2) });
    await drawn();
    expect(view.one(".nbx-brush").textContent).toContain("3 of 5 with attributions");
  });

  it("keeps its rectangles when Python repeats its rows, and loses them when others come", async () => {
    const view = shown(flow());
    await drawn();
    drag(view.one("[data-nbx-plot]"), [180, 20], [320, 190]);
    view.store.choose({ rows: view.store.rows.value!.slice() });
    await drawn();
    expect(view.all(".nbx-box")).toHaveLength(1);
    view.store.choose({ rows: view.store.rows.value!.slice(1) });
    await drawn();
    expect(view.all(".nbx-box")).toHaveLength(0);
  });

  it("reaches the store once a frame while it is dragged", async () => {
    const view = shown(flow());
    await drawn();
    const plot = view.one("[data-nbx-plot]");
    const frames: FrameRequestCallback[] = [];
    const spy = vi
      .spyOn(globalThis, "requestAnimationFrame")
      .mockImplementation((f) => frames.push(f));
    point(plot, "pointerdown", [180, 20]);
    for (let x = 190; x < 320; x += 10) point(plot, "pointermove", [x, 190]);
    expect(view.asked).toHaveLength(0);
    expect(frames).toHaveLength(1);
    frames[0]!(0);
    expect(view.asked).toHaveLength(1);
    spy.mockRestore();
    point(plot, "pointerup", [320, 190]);
  });
});

describe("the keyboard", () => {
  it("goes to the nearest row in a direction, picks, compares and clears", async () => {
    const view = shown(flow());
    await drawn();
    const plot = view.one("[data-nbx-plot]");
    const x = () => Number(view.one(".nbx-hovered circle").getAttribute("cx"));
    press(plot, "ArrowRight");
    await drawn();
    const before = x();
    press(plot, "ArrowRight");
    await drawn();
    expect(x()).toBeGreaterThan(before);
    press(plot, "Enter");
    expect(view.store.instance.value).toBe(view.store.hovered.value);
    press(plot, "ArrowLeft");
    key(plot, "Enter", { altKey: true });
    expect(view.store.other.value).toBe(view.store.hovered.value);
    key(plot, "ArrowUp", { shiftKey: true });
    const some = view.store.rows.value!.length;
    for (let i = 0; i < 4; i++) key(plot, "ArrowRight", { shiftKey: true });
    expect(view.store.rows.value!.length).toBeGreaterThan(some);
    press(plot, "Escape");
    expect(view.store.rows.value).toBeNull();
    press(plot, "Escape");
    expect(view.store.other.value).toBeNull();
    press(plot, "Escape");
    expect(view.store.instance.value).toBeNull();
  });

  it("is told what it came to, once it rests", async () => {
    const view = shown(flow());
    await drawn();
    vi.useFakeTimers();
    press(view.one("[data-nbx-plot]"), "ArrowRight");
    press(view.one("[data-nbx-plot]"), "ArrowRight");
    vi.advanceTimersByTime(300);
    vi.useRealTimers();
    await drawn();
    const status = view.all(".nbx-field [role=status]")[0]!;
    expect(status.textContent).toContain("predicted flow");
  });
});

describe("the table", () => {
  const cells = (view: ReturnType<typeof shown>, column: number) =>
    view.all("[data-row]").map((row) => row.children[column]!.textContent!);
  const number = (text: string) => Number(text.replace("−", "-"));

  it("sorts by a click on a head, says so, and holds only rows near its window", async () => {
    const view = shown(large());
    await drawn();
    await mode(view, "table");
    expect(view.all("[data-row]").length).toBeLessThan(60);
    expect(view.one("[role=grid]").getAttribute("aria-rowcount")).toBe("30001");
    expect(cells(view, 0).slice(0, 3)).toEqual(["#0", "#1", "#2"]);
    view.one("[data-column=prediction] button").click();
    await drawn();
    const best = Math.max(...view.store.instances.value!.predictions(view.store.shown.value));
    expect(number(cells(view, 1)[0]!)).toBeCloseTo(best, 1);
    expect(view.one("[data-column=prediction]").getAttribute("aria-sort")).toBe("descending");
    view.one("[data-column=prediction] button").click();
    await drawn();
    const falling = cells(view, 1).map(number);
    expect(falling).toEqual([...falling].sort((a, b) => a - b));
    const grid = view.one("[role=grid]");
    grid.scrollTop = 24 * 20_000;
    grid.dispatchEvent(new Event("scroll"));
    await drawn();
    expect(view.all("[data-row]").length).toBeLessThan(60);
    expect(Number(view.all("[data-row]")[20]!.getAttribute("aria-rowindex"))).toBeGreaterThan(
      19_900,
    );
  });

  it("sorts labels that are numbers by size, others by letters", async () => {
    for (const [labels, sorted] of [
      [
        ["10", "-9", "9"],
        ["-9", "9", "10"],
      ],
      [
        ["r10", "-9", "9"],
        ["-9", "9", "r10"],
      ],
    ] as const) {
      const view = shown(explained(["a", "b"], { ...TWO, labels: [...labels] }));
      await drawn();
      await mode(view, "table");
      view.one("[data-column=row] button").click();
      await drawn();
      expect(view.all("[data-row]").map((row) => row.dataset["row"])).toEqual(sorted);
    }
  });

  it("is walked by keys; Enter and clicks pick", async () => {
    const view = shown(flow());
    await drawn();
    await mode(view, "table");
    const grid = view.one("[role=grid]");
    press(grid, "ArrowDown");
    press(grid, "ArrowDown");
    press(grid, "Enter");
    expect(view.store.instance.value).toBe(2);
    await drawn();
    const active = document.getElementById(grid.getAttribute("aria-activedescendant")!)!;
    expect(active.dataset["row"]).toBe("2024-0002");
    expect(active.getAttribute("aria-selected")).toBe("true");
    view
      .one('[data-row="2024-0005"]')
      .children[1]!.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    expect(view.store.instance.value).toBe(5);
  });

  it("holds only the brushed rows under a brush", async () => {
    const view = shown(flow());
    await drawn();
    await mode(view, "table");
    view.store.choose({ rows: new Uint32Array([7, 4_000, 90]) });
    await drawn();
    expect(view.all("[data-row]").map((row) => row.dataset["row"])).toEqual([
      "2024-0007",
      "2024-0090",
      "2024-4000",
    ]);
  });

  it("lists the largest errors", async () => {
    const view = shown(flow());
    await drawn();
    await mode(view, "table");
    view.one("[data-list=errors] input").click();
    await drawn();
    const here = view.store.instances.value!;
    const errors = [...here.errors(0)]
      .map(Math.abs)
      .sort((a, b) => b - a)
      .slice(0, 20);
    const found = view.all("[data-row]").map((row) => {
      const place = here.state.labels!.indexOf(row.dataset["row"]!);
      return Math.abs(here.errors(0)[place]!);
    });
    expect(found).toEqual(errors);
  });

  it("lists the most typical rows: those nearest to the mean attribution", async () => {
    const data = withRows(
      state({ names: ["a", "b"], rms: (f) => 2 - f, direction: () => 0.9, rows: 5 }),
      {
        rows: 5,
        kind: "values",
      },
    );
    const rows = rowsOf(data);
    // Means 1 and 0, mean squares around them 4 and 680.
    floats(rows.jacobian).set([0, 0, 0, 40, 0, -40, 0, 10, 5, -10]);
    const view = shown(data);
    await drawn();
    await mode(view, "table");
    view.one("[data-list=typical] input").click();
    await drawn();
    const { positions } = view.store.instances.value!;
    // Distances 0.25, 2.6, 2.6, 0.4, 4.1.
    const order = [0, 3, 1, 2, 4];
    expect(view.all("[data-row]").map((row) => row.dataset["row"])).toEqual(
      order.map((i) => String(positions[i])),
    );
  });
});

describe("the beeswarm", () => {
  it("rings the picked row on every line, and its labels pick features", async () => {
    const view = shown(credit());
    await drawn();
    await mode(view, "beeswarm");
    const { store } = view;
    const lines = view.all(".nbx-line-name");
    expect(lines.map((line) => line.title)).toEqual(
      store.ranking.value!.order.slice(0, 12).map((f) => store.names.value[f]),
    );
    lines[3]!.click();
    expect(store.feature.value).toBe(store.ranking.value!.order[3]);
    store.choose({ instance: store.instances.value!.positions[9]! });
    await drawn();
    expect(view.all(".nbx-picked circle:not(.nbx-halo)")).toHaveLength(12);
    // Rows beyond the sample are ringed as well, where the page knows them.
    point(view.one("[data-nbx-plot]"), "click", [300, 60]);
    expect(store.instance.value).not.toBe(store.instances.value!.positions[9]);
  });

  it("brushes rows by one of their marks", async () => {
    const view = shown(credit());
    await drawn();
    await mode(view, "beeswarm");
    drag(view.one("[data-nbx-plot]"), [100, 28], [300, 57]);
    const { store } = view;
    const here = store.instances.value!;
    const of = here.attributions(here.entry(store.ranking.value!.order[0]!), store.shown.value);
    const brushed = [...here.places(store.rows.value!)];
    const most = Math.max(...brushed.map((i) => of[i]!));
    const others = [...of.subarray(0, 2_000)].filter((_, i) => !brushed.includes(i));
    expect(brushed.length).toBeGreaterThan(10);
    expect(Math.min(...others)).toBeGreaterThan(most);
  });
});

describe("what is asked and said", () => {
  it("asks for all rows when it is shown, if there are more", async () => {
    const data = flow();
    rowsOf(data).more = true;
    const view = shown(data);
    await drawn();
    expect(view.calls).toEqual(["instances"]);
  });

  it("finds rows by label, in the page or by the kernel", async () => {
    const view = shown(flow());
    await drawn();
    const input = view.one(".nbx-find input") as HTMLInputElement;
    type(input, "2024-0042");
    press(input, "Enter");
    expect(view.store.instance.value).toBe(42);
    type(input, "nowhere");
    press(input, "Enter");
    await drawn();
    expect(view.calls).toEqual(["find nowhere"]);
    expect(view.one(".nbx-found").textContent).toContain("The kernel is busy");
    view.store.refuseFind("nowhere", "No row is called nowhere.");
    await drawn();
    expect(view.one(".nbx-found").textContent).toBe("No row is called nowhere.");
  });

  it("finds rows without labels as they are written", async () => {
    const view = shown(large());
    await drawn();
    const input = view.one(".nbx-find input") as HTMLInputElement;
    type(input, "#7771");
    press(input, "Enter");
    expect(view.store.instance.value).toBe(7_771);
  });

  it("names the feature that colours are about: the picked one, else the first", async () => {
    const view = shown(flow());
    await drawn();
    const words = () => view.one(".nbx-colour").textContent;
    expect(words()).toContain("attribution of rain_24h");
    view.store.choose({ feature: 2 });
    await drawn();
    expect(words()).toContain("attribution of snowmelt");
  });

  it("has another axis when one is chosen, and keeps it when more rows come", async () => {
    const view = shown(flow());
    await drawn();
    view.one('.nbx-axis-x [data-axis="tide"]').click();
    await drawn();
    expect(view.one(".nbx-axis-x").dataset["axis"]).toBe("8");
    view.store.receiveInstances(rowsOf(flow()));
    await drawn();
    expect(view.one(".nbx-axis-x").dataset["axis"]).toBe("8");
    expect(view.one("[data-nbx-plot]").getAttribute("aria-label")).toContain("tide");
  });

  it("shows predictions against the first feature where there is no y", async () => {
    const data = flow();
    rowsOf(data).target = null;
    const view = shown(data);
    await drawn();
    expect(view.one(".nbx-axis-y").dataset["axis"]).toBe("prediction");
    expect(view.one(".nbx-axis-x").dataset["axis"]).toBe("0");
    expect(view.all(".nbx-axis-x li").map((li) => li.textContent)).not.toContain("true flow");
  });

  it("says in a table what the chart says", async () => {
    const view = shown(credit());
    await drawn();
    const head = view.all(".nbx-hidden thead th").map((th) => th.textContent);
    expect(head.slice(0, 4)).toEqual(["row", "P(default)", "predicted", "true class"]);
    expect(view.all(".nbx-hidden tbody tr")).toHaveLength(100);
    expect(view.all("[data-feature]")).toEqual([]);
    const here = view.store.instances.value!;
    const p = here.predictions(view.store.shown.value)[here.find(0)]!;
    expect(view.one(".nbx-hidden tbody td").textContent).toBe(p.toFixed(3));
  });

  it("shows hostile names and labels as text", async () => {
    const data = withRows(hostile(), {
      rows: 40,
      kind: "probabilities",
      classes: HOSTILE.slice(0, 3),
      labels: (row) => HOSTILE[row % HOSTILE.length]! + row,
    });
    const view = shown(data);
    await drawn();
    await mode(view, "beeswarm");
    await mode(view, "table");
    view.store.choose({ instance: 0 });
    view.store.hover(1);
    await mode(view, "plot");
    expect(view.all("img, b script, script, u")).toEqual([]);
    expect(view.root.textContent).toContain("<img src=x onerror=window.hacked=1>");
    expect("hacked" in window).toBe(false);
  });

  it("says so where an explanation keeps no rows", async () => {
    const view = shown(state({ names: ["a"], rms: () => 1, direction: () => 1 }));
    await drawn();
    expect(view.root.textContent).toContain("keeps no rows");
  });
});
