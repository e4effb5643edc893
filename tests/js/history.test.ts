import { afterEach, describe, expect, it, vi } from "vitest";
import { credit, simple, state, STATES } from "../../js/demo/fixtures.js";
import { withHistory } from "../../js/demo/training.js";
import { importances } from "../../js/export/csv.js";
import {
  history,
  joined,
  nearest,
  packedHistory,
  type History,
  type HistoryState,
  type Moment,
} from "../../js/history.js";
import { epochs } from "../../js/views/history/loss.js";
import { spread } from "../../js/views/history/labels.js";
import { path } from "../../js/views/history/frame.js";
import { runsOf, turns } from "../../js/runs.js";
import { directionOf } from "../../js/ranking.js";
import { PLAY } from "../../js/views/history/play.js";
import { packed, type Packed, type Selection, type State } from "../../js/wire.js";
import { connect } from "../../js/connection.js";
import { FakeModel } from "./model.js";
import { opened, saved } from "./kernel.js";
import { drawn, press, shown } from "./shown.js";

const moment = (
  step: number,
  share: number[],
  loss = NaN,
  epoch = NaN,
  direction = share.map(() => NaN),
): Moment => ({
  ...{ step, rows: 100 + step, seconds: step / 10, loss, epoch },
  direction: Float32Array.from(direction),
  share: Float32Array.from(share),
  low: Float32Array.from(share, (one) => one - 1),
  high: Float32Array.from(share, (one) => one + 1),
});
/** b leads at first, a in the end; c is not in the history. */
const MOMENTS = [
  moment(0, [20, 70]),
  moment(10, [30, 60], 0.5, 1),
  moment(20, [40, 50], 0.25, 1),
  moment(1_000, [60, 30], 0.125, 2),
];
const OF: History = {
  method: "sensitivity",
  response: "raw",
  output: 0,
  question: "Sensitivity of y0",
  features: Uint32Array.of(0, 1),
  lags: null,
  moments: MOMENTS,
};
const trained = (of: History = OF): State => ({
  ...state({ names: ["a", "b", "c"], rms: (f) => [6, 3, 1][f]!, direction: () => 1 }),
  history: packedHistory(of),
});

describe("the history", () => {
  it("is what was packed", () => {
    expect(history(packedHistory(OF))).toEqual(OF);
  });

  it("keeps what is small above zero, and what may be claimed of signs", () => {
    const signs = [0.5, 0.4999, -0.5, -0.01, 1, -1, NaN, 0];
    const shares = [99, 1e-6, 0, NaN, 0.25, 0.123456, 0.75, 1e-30];
    const of = { ...OF, features: Uint32Array.from(shares.keys()) };
    const packs = packedHistory({ ...of, moments: [moment(0, shares, NaN, NaN, signs)] });
    const { moments } = history(packs);
    const [found] = moments;
    expect(Array.from(found!.direction, directionOf)).toEqual(signs.map(directionOf));
    expect(found!.direction.every((d, f) => Number.isNaN(d) || Math.abs(d - signs[f]!) < 1 / 126))
      .toBe(true); // prettier-ignore
    found!.share.forEach((share, f) => {
      if (Number.isNaN(share)) return expect(shares[f]).toBeNaN();
      expect(share > 0).toBe(shares[f]! > 0);
      expect(share).toBeCloseTo(shares[f]!, 2);
    });
    expect(packedHistory({ ...of, moments })).toEqual(packs);
  });

  it("is refused where its arrays do not fit", () => {
    const state = { ...packedHistory(OF), features: packed(Uint32Array.of(0, 1, 2), 3) };
    expect(() => history(state)).toThrow("4 moments and 3 features");
  });

  it("goes on with later moments and keeps those of before as they are", () => {
    const later = { ...OF, moments: [moment(1_000, [1, 1]), moment(2_000, [65, 25])] };
    const both = joined(OF, later);
    expect(both.moments.map(({ step }) => step)).toEqual([0, 10, 20, 1_000, 2_000]);
    expect(both.moments[3]).toBe(MOMENTS[3]);
    const others = { ...later, features: Uint32Array.of(0, 2) };
    expect(joined(OF, others)).toBe(others);
  });

  it("finds the nearest moment, of two the earlier", () => {
    expect([-3, 4, 5, 6, 600, 9_999].map((step) => nearest(MOMENTS, step))).toEqual([
      0, 0, 0, 1, 3, 3,
    ]);
  });

  it("is led by the latest shares", () => {
    const leaders = (of: History) => runsOf(of, ["a", "b"], null).subjects.map(({ name }) => name);
    expect(leaders(OF)).toEqual(["a", "b"]);
    const nothing = { ...OF, moments: [moment(0, [NaN, 3])] };
    expect(leaders(nothing)).toEqual(["b", "a"]);
  });

  it("has epochs where they begin", () => {
    expect(epochs(MOMENTS)).toEqual([
      { step: 10, epoch: 1 },
      { step: 1_000, epoch: 2 },
    ]);
  });

  it("draws lines that begin anew after what is unknown", () => {
    expect(path([[0, 1], [1, NaN], [2, 3], [3, 4]])).toBe("M0.0 1.0M2.0 3.0L3.0 4.0"); // prettier-ignore
  });

  it("has labels apart, within the plot", () => {
    const tops = spread([100, 101, 102, 20], 8, 110);
    expect(tops).toEqual([78, 94, 110, 20]);
  });
});

describe("the scrubber", () => {
  it("takes the bars back and forth again", async () => {
    const { one, names, store, root } = shown(trained(), "explorer");
    await drawn();
    const bars = () =>
      [...root.querySelectorAll<HTMLElement>(".nbx-row")].map((row) => row.dataset["feature"]);
    expect(bars()).toEqual(["a", "b", "c"]);
    expect(names()).toContain("a");
    store.choose({ moment: 10 });
    await drawn();
    expect(bars()).toEqual(["b", "a", "c"]);
    expect(one(".nbx-row").getAttribute("aria-label")).toBe(
      "1 b, 60.0 percent, row sampling 59.0 to 61.0",
    );
    expect(one(".nbx-question").textContent).toBe("Sensitivity of y0, 110 rows, at step 10");
    expect(one(".nbx-back").textContent).toContain("step 10; instances and the picked row stay");
    expect(one(".nbx-history-future")).not.toBeNull();
    one("[data-latest]").click();
    await drawn();
    expect(bars()).toEqual(["a", "b", "c"]);
    expect(one(".nbx-history-future")).toBeNull();
    expect(one(".nbx-back")).toBeNull();
  });

  it("takes back hues and arrows, and says of whom it knows", async () => {
    const signs = [-0.9, 0.2];
    const of = { ...OF, moments: [moment(0, [70, 20], NaN, NaN, signs), ...MOMENTS.slice(1)] };
    const { one, all, store } = shown(trained(of), "explorer");
    await drawn();
    expect(all(".nbx-row").map((row) => row.querySelector(".nbx-arrow")!.textContent)).toEqual(
      ["↑", "↑", "↑"], // prettier-ignore
    );
    store.choose({ moment: 0 });
    await drawn();
    const rows = all(".nbx-row").map((row) => row.className.split(" ")[1]);
    expect(rows).toEqual(["nbx-falls", "nbx-both", "nbx-none"]);
    const dots = [...one(".nbx-history-lines").querySelectorAll(".nbx-history-dot")];
    expect(dots.map((dot) => dot.classList[1])).toEqual(["nbx-falls", "nbx-both"]);
    expect(one(".nbx-row").getAttribute("aria-label")).toContain("falls with the input");
    expect(one(".nbx-back").textContent).toContain("known of the 2 features that led");
  });

  it("leaves the picked row to the latest model, which is said beside it", async () => {
    const { one, all, store } = shown(withHistory(credit(), 10), "explorer");
    store.choose({ instance: store.instances.value!.positions[0]! });
    await drawn();
    const said = () => all(".nbx-local > .nbx-small").map((line) => line.textContent);
    const before = one(".nbx-local .nbx-said").textContent;
    expect(said().join()).not.toContain("latest model");
    store.choose({ moment: 60 });
    await drawn();
    expect(said()).toContain("This is what the latest model answers, not that of step 60.");
    expect(one(".nbx-local .nbx-said").textContent).toBe(before);
  });

  it("is a slider for the keyboard", async () => {
    const { one, store } = shown(trained(), "history");
    await drawn();
    const slider = one("[role=slider]");
    const told = () => slider.getAttribute("aria-valuetext");
    expect(told()).toBe("step 1,000 of 1,000");
    expect([slider.ariaValueMin ?? slider.getAttribute("aria-valuemin")]).toEqual(["0"]);
    const moves: [string, string, number | null][] = [
      ["ArrowLeft", "step 20 of 1,000", 20],
      ["PageDown", "step 10 of 1,000", 10],
      ["Home", "step 0 of 1,000", 0],
      ["ArrowLeft", "step 0 of 1,000", 0],
      ["ArrowRight", "step 10 of 1,000", 10],
      ["PageUp", "step 20 of 1,000", 20],
      ["End", "step 1,000 of 1,000", null],
      ["ArrowDown", "step 20 of 1,000", 20],
      ["Escape", "step 1,000 of 1,000", null],
    ];
    for (const [key, text, step] of moves) {
      press(slider, key);
      await drawn();
      expect([key, told(), store.past.moment.value?.step ?? null]).toEqual([key, text, step]);
    }
  });

  it("goes where the plot is clicked, and not from beside it", async () => {
    const { one, store } = shown(trained(), "history");
    await drawn();
    const click = (clientX: number) =>
      one(".nbx-history-stage").dispatchEvent(
        new PointerEvent("pointerdown", { button: 0, clientX, bubbles: true }),
      );
    click(10);
    expect(store.past.moment.value).toBeNull();
    click(41); // the lines begin at 40
    expect(store.past.moment.value?.step).toBe(0);
    click(479); // among the labels
    expect(store.past.moment.value?.step).toBe(0);
  });

  it("holds the bars while the model goes on", async () => {
    const { store, root } = shown({ ...trained(), status: { state: "live" } }, "importance");
    store.choose({ moment: 0 });
    await drawn();
    const bars = () =>
      [...root.querySelectorAll<HTMLElement>(".nbx-row")].map(
        (row) => row.ariaLabel ?? row.getAttribute("aria-label"),
      );
    const before = bars();
    const fed = store as unknown as import("../../js/store.js").FedStore;
    const values = Float32Array.from([1, 2, 97, 1, 2, 97, 1, 2, 97, 0, 0, 0]);
    const info = { response: "raw", output: 0, question: "Q" };
    fed.receive(info, packed(values, 4, 3), true);
    fed.receiveHistory(packedHistory({ ...OF, moments: [moment(2_000, [2, 1])] }));
    await drawn();
    expect(bars()).toEqual(before);
    expect(store.past.history.value!.moments.length).toBe(5);
    store.choose({ moment: null });
    await drawn();
    expect(bars()[0]).toContain("c, 97.0 percent");
  });

  it("is one of its own method", async () => {
    const { root, store } = shown(withHistory(credit(), 10), "history");
    store.choose({ moment: 40 });
    expect(store.past.moment.value?.step).toBe(40);
    const fed = store as unknown as import("../../js/store.js").FedStore;
    const state = withHistory(credit(), 10);
    fed.load({ ...state, meta: { ...state.meta, method: "deeplift" } as State["meta"] });
    store.choose({ moment: 60 });
    await drawn();
    expect(store.past.moment.value).toBeNull();
    expect(root.textContent).toContain("was followed by the method sensitivity: choose it");
    expect(root.querySelector("[role=slider]")).toBeNull();
  });

  it("goes with another output, and comes with its own", () => {
    const { store, asked } = opened(withHistory(credit(), 10));
    const first = store.shown.value;
    store.choose({ moment: 40 });
    expect(store.past.moment.value?.step).toBe(40);
    store.choose({ output: 0 });
    expect(store.past.moment.value).toBeNull();
    store.choose({ output: first.output });
    expect(store.past.moment.value).toBeNull();
    store.choose({ output: 0 });
    store.choose({ moment: 60 });
    expect(store.shown.value.output).toBe(first.output);
    const [, told] = asked.at(-1) as [string, { moment?: number }];
    expect(told.moment).toBe(60);
  });

  it("is without brushed marks, which are of the latest", async () => {
    const { store, root } = shown(withHistory(credit(), 10), "importance");
    store.choose({ rows: store.instances.value!.positions.slice(0, 50) as Uint32Array });
    await drawn();
    expect(root.querySelector(".nbx-row .nbx-brushed")).not.toBeNull();
    store.choose({ moment: 40 });
    await drawn();
    expect(root.querySelector(".nbx-row .nbx-brushed")).toBeNull();
  });

  it("is in the table that can be taken away", () => {
    const store = saved(trained());
    store.choose({ moment: 0 });
    expect(importances(store).split("\r\n")[1]).toBe("b,70,69,71,");
  });
});

describe("a line", () => {
  it("is picked by its label, and stands out where it is", async () => {
    const { one, store, all } = shown(withHistory(credit(), 10), "history");
    await drawn();
    expect(all(".nbx-history-names button").length).toBe(5);
    const second = all(".nbx-history-names button")[1]!;
    second.click();
    await drawn();
    expect(store.names.value[store.feature.value!]).toBe(second.dataset["feature"]);
    expect(second.getAttribute("aria-pressed")).toBe("true");
    const { subjects } = runsOf(store.past.history.value!, store.names.value, null);
    store.choose({ feature: subjects.at(-1)!.at });
    await drawn();
    expect(all(".nbx-history-names button").length).toBe(6);
    expect(one(".nbx-history-lines .nbx-history-picked")).not.toBeNull();
  });

  it("has the numbers of the last moments behind it", async () => {
    const { all } = shown(trained(), "history");
    await drawn();
    const rows = all("table tr").map((row) => [...row.children].map((cell) => cell.textContent));
    expect(rows[0]).toEqual(["Step", "Epoch", "Loss", "a", "b"]);
    expect(rows.at(-1)).toEqual(["1,000", "2", "0.1250", "60.0", "30.0"]);
    expect(rows[1]).toEqual(["0", "–", "–", "20.0", "70.0"]);
  });

  it("begins with the first steps, and where there is no history that is said", async () => {
    const first = shown(trained({ ...OF, moments: MOMENTS.slice(0, 1) }), "history");
    await drawn();
    expect(first.root.textContent).toContain("has not been trained since the watch began");
    const none = shown(simple(), "history");
    await drawn();
    expect(none.root.textContent).toContain("has no history: nbx.watch(model, X) keeps one");
    const explorer = shown(simple(), "explorer");
    await drawn();
    expect(explorer.root.querySelector("[data-nbx-view=history]")).toBeNull();
  });
});

describe("changes of ranking", () => {
  // b leads a by more than the intervals, then a by less than these, then beyond them, and back.
  const turning = [
    moment(0, [20, 70]),
    moment(10, [45.5, 44.5]),
    moment(20, [60, 30]),
    moment(30, [62, 28]),
    moment(40, [10, 80]),
  ];

  it("are where one overtook another beyond their intervals", () => {
    const places = (moments: Moment[]) => {
      const all = runsOf({ ...OF, moments }, ["a", "b"], null);
      return turns(all, all.subjects);
    };
    expect(places(turning)).toEqual([2, 4]);
    expect(places(turning.slice(2, 4))).toEqual([]);
    const unknown = turning.map((one) => ({ ...one, low: one.low.map(() => NaN) }));
    expect(places(unknown)).toEqual([]);
  });

  it("are jumped to and back", async () => {
    const { one, store } = shown(trained({ ...OF, moments: turning }), "history");
    await drawn();
    const [back, on] = ["Back to", "On to"].map(
      (word) => `[aria-label="${word} a change of ranking"]`,
    );
    const step = () => store.past.moment.value?.step ?? null;
    const click = async (button: string) => {
      one(button).click();
      await drawn();
      return step();
    };
    expect(one(on!).hasAttribute("disabled")).toBe(true);
    expect(await click(back!)).toBe(20);
    expect(one(back!).hasAttribute("disabled")).toBe(true);
    expect(await click(on!)).toBe(null); // the latest is a change itself
    store.choose({ moment: 10 });
    await drawn();
    expect(await click(on!)).toBe(20);
  });

  it("are not offered where there is none", async () => {
    const { all } = shown(trained({ ...OF, moments: turning.slice(2, 4) }), "history");
    await drawn();
    expect(all("[title*=ranking]")).toEqual([]);
  });
});

describe("playing", () => {
  afterEach(() => vi.restoreAllMocks());

  const played = async (reduced: boolean) => {
    const found = shown(withHistory(simple(), 101, 1), "history");
    await drawn();
    const frames: FrameRequestCallback[] = [];
    vi.spyOn(window, "requestAnimationFrame").mockImplementation((call) => frames.push(call));
    vi.spyOn(window, "matchMedia").mockImplementation(
      (query) => ({ matches: reduced && query.includes("reduce"), addEventListener() {} }) as never,
    );
    found.one(".nbx-play").click();
    await drawn();
    // What was clicked has its effect with one of the next frames, or a timer's tick.
    for (let i = 0; i < 50 && found.store.past.moment.value === null; i++) {
      frames.splice(0).forEach((call) => call(1_000));
      await drawn();
    }
    const at = async (share: number) => {
      frames.splice(0).forEach((call) => call(1_000 + share * PLAY));
      await drawn();
      return found.store.past.moment.value?.step ?? null;
    };
    return { ...found, at };
  };
  it("runs through all steps and ends at the latest", async () => {
    const { at, one } = await played(false);
    expect([await at(0), await at(0.3), await at(0.77)]).toEqual([0, 30, 77]);
    expect(await at(1)).toBeNull();
    expect(one(".nbx-play").getAttribute("aria-label")).toBe("Play the training");
  });

  it("jumps where motion is to be reduced", async () => {
    const { at } = await played(true);
    expect([await at(0), await at(0.12), await at(0.3), await at(0.49)]).toEqual([0, 0, 25, 37]);
  });

  it("ends when the scrubber is taken", async () => {
    const { at, one } = await played(false);
    await at(0.5);
    press(one("[role=slider]"), "Home");
    await drawn();
    expect(await at(0.9)).toBe(0);
  });
});

describe("what crosses", () => {
  it("is kept by a saved page, the scrubber where it was", () => {
    const again = saved({ ...trained(), selection: at(20) });
    expect(again.past.moment.value?.step).toBe(20);
    expect(again.past.history.value).toEqual(OF);
  });

  it("arrives by messages, whole or in addition", () => {
    const controller = new AbortController();
    const model = new FakeModel({ ...trained() } as Record<string, unknown>);
    const store = connect(model.asModel, controller.signal);
    const send = (of: History, anew?: boolean) => {
      const all = Object.entries(packedHistory(of)).filter(([, one]) => one?.data);
      const packs = all as [string, Packed][];
      const about = packs.map(([name, { dtype, shape }]) => [name, { dtype, shape }]);
      model.emit(
        "msg:custom",
        {
          t: "history",
          history: { ...packedHistory(of), ...Object.fromEntries(about) },
          arrays: packs.map(([name]) => name),
          ...(anew && { anew }),
        },
        packs.map(([, { data }]) => new DataView(data.buffer, data.byteOffset, data.byteLength)),
      );
    };
    const steps = () => store.past.history.value!.moments.map(({ step }) => step);
    send({ ...OF, moments: [moment(1_500, [1, 2])] });
    expect(steps()).toEqual([0, 10, 20, 1_000, 1_500]);
    send({ ...OF, moments: [MOMENTS[0]!, moment(1_500, [1, 2])] }, true);
    expect(steps()).toEqual([0, 1_500]);
    model.receive({ selection: at(0) });
    expect(store.past.moment.value?.step).toBe(0);
    controller.abort();
  });

  it("is on the demo page", () => {
    const { moments } = history(STATES["trained"]!().history as HistoryState);
    expect(moments[0]!.share.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 2);
  });
});

const at = (moment: number): Selection => ({
  ...{ feature: null, instance: null, other: null, rows: null, moment },
  ...{ output: 0, response: "raw", client: "", seq: 1 },
});
