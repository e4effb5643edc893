/** Lines of lags, and of two trainings on one axis. */
import { describe, expect, it, vi } from "vitest";
import { days, simple, STATES } from "../../js/demo/fixtures.js";
import { withAnother, withHistory } from "../../js/demo/training.js";
import { training } from "../../js/export/csv.js";
import { history, joined, mapAt, packedHistory, type HistoryState } from "../../js/history.js";
import { profile } from "../../js/lags.js";
import { runsOf, type Second } from "../../js/runs.js";
import { atMoment } from "../../js/past.js";
import { secondOf } from "../../js/session.js";
import { PLAY } from "../../js/views/history/play.js";
import { packed, type Meta, type State } from "../../js/wire.js";
import { saved } from "./kernel.js";
import { drawn, shown } from "./shown.js";

const watched = () => withHistory(days(), 11);
const held = (state: State) => history(state.history as HistoryState);
const NAMES = days().names;
const rows = (all: (selector: string) => HTMLElement[], view: string) =>
  all(`${view} table tr`).map((row) => [...row.children].map((cell) => cell.textContent));

describe("lags in the history", () => {
  it("are what was packed, maps and leads included", () => {
    const of = held(watched());
    expect(of.lags).toEqual([0, 1, 2, 3, 4]);
    const ahead = { ...of, lags: [-2, -1, 0, 1, 2] };
    const again = history(packedHistory(ahead));
    expect(again.lags).toEqual(ahead.lags);
    const [one, other] = [again.moments[3]!, of.moments[3]!];
    other.lags!.share.forEach((share, k) => expect(one.lags!.share[k]).toBeCloseTo(share, 2));
    other.map!.forEach((share, k) => expect(one.map![k]).toBeCloseTo(share, 2));
    expect(packedHistory(again)).toEqual(packedHistory(history(packedHistory(again))));
  });

  it("are begun anew where others are there, and refused where they do not fit", () => {
    const of = held(watched());
    const later = { ...of, lags: [0, 1, 2, 3, 5], moments: of.moments.slice(-1) };
    expect(joined(of, later)).toBe(later);
    const state = watched().history as HistoryState;
    expect(() => history({ ...state, lag_low: state.low })).toThrow("11 moments");
  });

  it("stand in the map where they are, and nowhere where there are fewer", () => {
    const of = { ...held(watched()), lags: [-1, 0, 1, 2, 3] };
    const about = { count: 4, unit: null, labels: null, leads: 2 };
    const map = mapAt(of, of.moments[5]!, about, NAMES.length)!;
    const shares = profile(map, null);
    expect(shares[0]).toBeNaN();
    of.moments[5]!.lags!.share.forEach((share, k) => expect(shares[k + 1]).toBeCloseTo(share, 2));
    const fewer = mapAt(of, of.moments[5]!, { ...about, leads: 0, count: 3 }, NAMES.length)!;
    expect(Array.from(profile(fewer, null))[0]).toBeCloseTo(of.moments[5]!.lags!.share[1]!, 2);
    expect(mapAt(of, { ...of.moments[5]!, map: undefined } as never, about, 9)).toBeNull();
  });
});

describe("lines by lag", () => {
  const lined = async (state = watched()) => {
    const view = shown(state, "explorer");
    await drawn();
    const by = (name: string) =>
      view.one(`[data-lines=${name}] input`).dispatchEvent(new Event("change"));
    return { ...view, by };
  };

  it("are chosen, named by lag and in the table in their order", async () => {
    const { all, by } = await lined();
    expect(all(".nbx-history-names [data-feature]").length).toBe(5);
    by("lag");
    await drawn();
    const names = all(".nbx-history-names [data-lag]");
    expect(names.map((one) => one.dataset["lag"]).sort()).toEqual(["0", "1", "2", "3", "4"]);
    const hues = names.map((one) => one.style.getPropertyValue("--nbx-back"));
    expect([...hues].sort()).toEqual(["0%", "100%", "25%", "50%", "75%"]);
    expect(rows(all, ".nbx-history")[0]!.slice(-5)).toEqual(
      ["today", "<i>Wed</i>", "Tue", "Mon", "Sunday before"], // prettier-ignore
    );
  });

  it("brush their lag, and leave it", async () => {
    const { one, store, by } = await lined();
    by("lag");
    await drawn();
    one(".nbx-history-names [data-lag='2']").click();
    await drawn();
    expect(store.lags.value).toEqual([2]);
    expect(one(".nbx-history-names [data-lag='2']").getAttribute("aria-pressed")).toBe("true");
    one(".nbx-history-names [data-lag='2']").click();
    expect(store.lags.value).toBeNull();
  });

  it("go back with the scrubber, and the timeline with them", async () => {
    const { all, one, store } = await lined();
    store.choose({ lags: [4] });
    await drawn();
    const latest = rows(all, ".nbx-lags");
    store.choose({ moment: 0 });
    await drawn();
    const first = held(watched()).moments[0]!;
    const found = rows(all, ".nbx-lags").slice(1).map(([, share]) => parseFloat(share!)); // prettier-ignore
    found.forEach((share, k) => expect(share).toBeCloseTo(first.lags!.share[k]!, 1));
    expect(rows(all, ".nbx-lags")).not.toEqual(latest);
    expect(one(".nbx-back").textContent).toContain(
      "The bars and lags are those at step 0; instances",
    );
    // What the brushed lag carries of each feature is of that step too.
    const lag = first.map!.slice(4 * NAMES.length);
    const total = lag.reduce((sum, one) => sum + one, 0);
    const marks = atMoment(store).within.value!;
    lag.forEach((share, f) => expect(marks[f]).toBeCloseTo((100 * share) / total, 1));
    expect([...marks]).not.toEqual([...store.within.value!]);
    store.choose({ moment: null });
    await drawn();
    expect(rows(all, ".nbx-lags")).toEqual(latest);
  });

  it("stay where the page has no maps of before, which is said", async () => {
    const state = watched();
    const { map: _, map_unit: __, ...without } = state.history as HistoryState;
    const { all, one, store } = await lined({ ...state, history: without });
    const latest = rows(all, ".nbx-lags");
    store.choose({ moment: 0 });
    await drawn();
    expect(rows(all, ".nbx-lags")).toEqual(latest);
    expect(one(".nbx-back").textContent).toContain("The bars are those at step 0; instances, lags");
  });

  it("are not offered where there are no lags", async () => {
    const { all } = await lined(withHistory(simple(), 11));
    expect(all("[data-lines]")).toEqual([]);
  });

  it("are the only ones of texts, whose bars stay", async () => {
    const { meta, ...state } = watched();
    const tokens = { ids: [4, 7], names: ["good", "not"], all: 2 };
    const shares = packed(Float32Array.of(60, 40, 60, 40, 60, 40, NaN, NaN), 4, 2);
    const slices = (meta as Meta).slices.map((one) => ({ ...one, tokens: shares }));
    const view = await lined({ ...state, meta: { ...meta, tokens, slices } as State["meta"] });
    expect(view.all("[data-lines]")).toEqual([]);
    expect(view.all(".nbx-history-names [data-lag]").length).toBe(5);
    const question = view.one(".nbx-question").textContent;
    view.store.choose({ moment: 0 });
    await drawn();
    expect(view.one(".nbx-question").textContent).toBe(question);
    expect(view.one(".nbx-back").textContent).toContain("The lags are those at step 0; bars, inst");
  });
});

describe("two runs", () => {
  const OWN = held(withHistory(simple(), 11));
  const secondOne = (state: State): Second => {
    let found: Second | null = null;
    secondOf(state).second!((known) => (found = known));
    return found!;
  };
  const TWO = () => withAnother(withHistory(simple(), 11), "ticket");

  it("meet by the features' names, and keep those that one has alone", () => {
    const second = secondOne(TWO());
    const moved = { ...second, features: ["x1", "x0", "z", "x3", "ticket"] };
    const { subjects, runs, share } = runsOf(OWN, simple().names, moved);
    expect(runs.map(({ name }) => name)).toEqual(["clean", "leaky"]);
    const places = Object.fromEntries(subjects.map(({ name, ...of }) => [name, of]));
    expect(places).toEqual({
      x0: { at: 0, places: [0, 1] },
      x1: { at: 1, places: [1, 0] },
      x2: { at: 2, places: [2] },
      x3: { at: 3, places: [3, 3] },
      z: { at: -1, places: [undefined, 2] },
      ticket: { at: -1, places: [undefined, 4] },
    });
    expect(subjects[0]!.name).toBe("ticket");
    expect(share(subjects[0]!, 0, OWN.moments[0]!)).toBeNaN();
  });

  it("tell namesakes apart by their order", () => {
    const second = secondOne(TWO());
    const twins = { ...second, features: ["x0", "x0", "x2", "x0", "ticket"] };
    const { subjects } = runsOf(OWN, ["x0", "x0", "x2", "x3"], twins);
    const places = subjects.filter(({ name }) => name === "x0").map(({ places: [a, b] }) => [a, b]);
    expect(places.sort()).toEqual([[undefined, 3], [0, 0], [1, 1]]); // prettier-ignore
  });

  it("are drawn on one axis, named at their ends, the losses too", async () => {
    const { all, one, store } = shown(TWO(), "history", secondOf(TWO()));
    await drawn();
    const other = [...one(".nbx-history-lines").querySelectorAll(".nbx-history-other")];
    expect(other.length).toBe(4);
    const said = all(".nbx-history-names li").map((li) => li.textContent);
    expect(said).toContain("ticketleaky");
    expect(said).not.toContain("ticketclean");
    expect(said).toContain("x0clean");
    // Of both, on the axis of the longer one: half the steps are half the way.
    const ends = other.map((line) => Number(/([\d.]+) [\d.]+$/.exec(line.getAttribute("d")!)![1]));
    const right = Number(one(".nbx-history-lines").getAttribute("width")) - 6;
    for (const end of ends) expect((end - 40) / (right - 40)).toBeCloseTo(0.5, 1);
    const losses = [...one(".nbx-history-loss").querySelectorAll(".nbx-history-line")];
    expect(losses.length).toBe(2);
    expect(one(".nbx-history-loss").textContent).toMatch(/loss.*clean 0\.\d+.*leaky 0\.\d+/);
    // One that only the other has is no feature of these bars.
    all(".nbx-history-names button").find((b) => b.textContent === "ticketleaky")!.click(); // prettier-ignore
    expect(store.feature.value).toBeNull();
    expect(one("[role=slider]").getAttribute("aria-valuemax")).toBe("200");
  });

  it("are both in the table and in the file", async () => {
    const { all, store } = shown(TWO(), "history", secondOf(TWO()));
    await drawn();
    const table = rows(all, ".nbx-history");
    expect(table[0]!.slice(0, 4)).toEqual(["Step", "Run", "Epoch", "Loss"]);
    expect(new Set(table.slice(1).map(([, run]) => run))).toEqual(new Set(["clean", "leaky"]));
    const clean = table.filter(([, run]) => run === "clean").at(-1)!;
    expect(clean[table[0]!.indexOf("ticket")]).toBe("–");
    const lines = training(store, secondOne(TWO())).trim().split("\r\n");
    expect(lines[0]).toBe("run,step,seconds,rows,epoch,loss,x0,x1,x2,x3,ticket");
    expect(lines.length).toBe(1 + 11 + 6);
    expect(lines[1]).toMatch(/^clean,0,.*,$/);
    expect(lines.at(-1)).toMatch(/^leaky,100,/);
  });

  it("of one run the file has its lags too", () => {
    const [head, first] = training(saved(watched()), null).split("\r\n");
    const features = days().names.length;
    expect(head!.split(",").length).toBeGreaterThan(6 + features);
    expect(first!.startsWith(",0,0,256,,,")).toBe(true);
  });

  it("wait for the other one's first step, and are on the demo page", async () => {
    const { one } = shown({ ...TWO(), history: packedHistory({ ...OWN, moments: OWN.moments.slice(0, 1) }) }, "history", secondOf(TWO())); // prettier-ignore
    await drawn();
    expect(one(".nbx-history-lines")).not.toBeNull();
    // Playing ends, though there is but one moment to go through.
    const frames: FrameRequestCallback[] = [];
    const asked = vi
      .spyOn(window, "requestAnimationFrame")
      .mockImplementation((c) => frames.push(c));
    one(".nbx-play").click();
    await drawn();
    expect(one(".nbx-play").textContent).toBe("❚❚");
    for (let i = 0; i < 50 && one(".nbx-play").textContent !== "▶"; i++) {
      frames.splice(0).forEach((call) => call(1_000 + i * PLAY));
      await drawn();
    }
    asked.mockRestore();
    expect(one(".nbx-play").textContent).toBe("▶");
    expect(secondOne(STATES["twice"]!()).runs).toEqual(["clean", "leaky"]);
  });
});
