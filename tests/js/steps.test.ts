/** Outputs at every step: leads, the map of time, and one step at a time. */
import { describe, expect, it } from "vitest";
import { river, tracker } from "../../js/demo/fixtures.js";
import { lagName, lagTicks, tickText } from "../../js/views/lags/axis.js";
import type { LagsState, State } from "../../js/wire.js";
import { opened } from "./kernel.js";
import { drawn, press, shown } from "./shown.js";

async function timeline(one: State = tracker()) {
  const view = shown(one, "lags");
  await drawn();
  return view;
}
const known = (view: Awaited<ReturnType<typeof timeline>>) =>
  view
    .all("[data-lag]")
    .filter((mark) => mark.querySelector(".nbx-lag-bar"))
    .map(({ dataset }) => Number(dataset["lag"]));
const slider = (view: Awaited<ReturnType<typeof timeline>>) => view.one("[role=slider]");

describe("leads", () => {
  it("are lags below 0, after now", async () => {
    const view = await timeline();
    expect(known(view)).toEqual(Array.from({ length: 26 }, (_, i) => i - 2));
    expect(view.one(".nbx-lag-ends").textContent).toBe("← pastlag, min backfuture →");
    expect(view.one("[data-lag='-2']").getAttribute("aria-label")).toMatch(/^2 min ahead, /);
    expect(view.one("tbody th").textContent).toBe("2 min ahead");
    const x = (lag: number) => Number(view.one(`[data-lag='${lag}'] rect`).getAttribute("x"));
    expect(x(-2)).toBeGreaterThan(x(0));
    expect(x(0)).toBeGreaterThan(x(23));
  });

  it("can be picked, and are followed from Python", async () => {
    const view = await timeline();
    const list = view.one("[role=listbox]");
    press(list, "End");
    expect(view.store.lags.value).toEqual([-2]);
    await drawn();
    press(list, "ArrowLeft");
    expect(view.store.lags.value).toEqual([-1]);
    view.store.choose({ lags: [-3, -1, 0, 24] });
    expect(view.store.lags.value).toEqual([-1, 0]);
    // At lag 0 range carries most, a step ahead bearing and the others little.
    const share = view.store.within.value!;
    expect(share.reduce((a, b) => a + b, 0)).toBeCloseTo(100, 3);
    expect(share[0]).toBeGreaterThan(share[1]!);
  });

  it("have names and ticks", () => {
    const about = { count: 24, leads: 23, unit: null, labels: null };
    expect(lagTicks(about, 300)).toEqual([-20, -10, 0, 10, 20]);
    expect([-20, 0, 10].map((lag) => tickText(about, lag))).toEqual(["−20", "now", "10"]);
    expect([-1, -2].map((lag) => lagName(about, lag))).toEqual(["1 step ahead", "2 steps ahead"]);
  });
});

describe("output steps", () => {
  it("are a control: one shows its own lags, features and question", async () => {
    const view = await timeline();
    const before = view.store.slice.value!.share;
    view.store.choose({ step: 9 });
    await drawn();
    expect(view.asked.at(-1)).toMatchObject({ step: 9, output: 0 });
    expect(view.root.textContent).toContain("output step 9");
    expect(Math.max(...known(view))).toBe(9);
    expect(view.store.slice.value!.share).not.toEqual(before);
    expect(slider(view).getAttribute("aria-valuetext")).toBe("output step 9");
    expect(view.all(".nbx-time .nbx-lag-row").length).toBe(1);
    view.store.choose({ step: null });
    await drawn();
    expect(known(view).length).toBe(26);
  });

  it("are chosen by keys, from the menu, and left with Escape", async () => {
    const view = await timeline();
    const key = (name: string) => (press(slider(view), name), view.store.shown.value.step);
    expect([key("ArrowDown"), key("ArrowDown"), key("End"), key("ArrowUp")]).toEqual([
      0, 1, 23, 22,
    ]);
    expect([key("Home"), key("ArrowUp"), key("x")]).toEqual([0, 0, 0]);
    expect(key("Escape") ?? null).toBe(null);
    view.one(".nbx-time button").click();
    await drawn();
    view.one("li[data-step='3']").click();
    expect(view.store.shown.value.step).toBe(3);
  });

  it("have a table behind: shares of output steps, or of the inputs of one", async () => {
    const view = await timeline();
    const rows = () =>
      [...view.all(".nbx-time tbody tr")].map((row) => parseFloat(row.children[1]!.textContent!));
    expect(rows().reduce((a, b) => a + b, 0)).toBeCloseTo(100, 0);
    view.store.choose({ step: 0 });
    await drawn();
    expect(rows().filter((share) => share > 0).length).toBe(3); // itself and two ahead
  });

  it("that are not in the page are asked for; the control stays", async () => {
    const one = tracker();
    const { slices } = one.lags as LagsState;
    const view = await timeline({ ...one, lags: { slices: slices.slice(0, 1) } });
    view.store.choose({ step: 4 });
    await drawn();
    expect(view.calls).toEqual(["lags raw 0 4"]);
    expect(view.all(".nbx-lag-panel").length).toBe(0);
    expect(view.all("[role=slider]").length).toBe(1);
    view.store.receiveLags(slices[5]!);
    await drawn();
    expect(Math.max(...known(view))).toBe(4);
  });

  it("are forgotten by data without them", () => {
    const { store } = opened(tracker());
    store.choose({ step: 9 });
    store.load(river());
    expect(store.shown.value.step).toBe(undefined);
    expect(store.time.value).toBe(null);
  });
});
