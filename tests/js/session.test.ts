import type { AnyModel, Host, InitializeProps, RenderProps } from "@anywidget/types";
import { afterEach, expect, it } from "vitest";
import { credit, simple } from "../../js/demo/fixtures.js";
import { withHistory } from "../../js/demo/training.js";
import session, { type Exports } from "../../js/session.js";
import view from "../../js/view.js";
import type { State } from "../../js/wire.js";
import { FakeModel } from "./model.js";

let controllers: AbortController[] = [];
afterEach(() => {
  controllers.forEach((controller) => controller.abort());
  controllers = [];
});

const drawn = () => new Promise((resolve) => setTimeout(resolve, 0));

function signal() {
  controllers.push(new AbortController());
  return controllers.at(-1)!.signal;
}

function opened(state: State) {
  const model = new FakeModel({ ...state });
  const props = { model: model.asModel, signal: signal() } as InitializeProps;
  return { model, exports: session.initialize(props) as Exports };
}

/** A page with these sessions by reference, and a view of one of them. */
function page(sessions: Record<string, Exports>, missing = false) {
  const model = new FakeModel({ _session: "anywidget:a", _kind: "importance", _static: "k" });
  const el = document.createElement("div");
  document.body.append(el);
  const host = {
    getWidget: async (reference: string) => {
      const exports = sessions[reference];
      if (!exports) throw new Error("no binding");
      return { exports, render: async () => {} };
    },
  } as unknown as Host;
  const props = {
    model: model.asModel as AnyModel,
    el,
    signal: signal(),
    host,
  } as unknown as RenderProps;
  return { model, el, run: () => view.render(missing ? { ...props, host: undefined! } : props) };
}

const names = (el: Element) =>
  [...el.querySelectorAll<HTMLElement>("[data-feature]")].map((row) => row.dataset["feature"]);

it("sessions of one module share nothing", async () => {
  const [a, b] = [opened(credit()), opened(credit())];
  const [one, two] = [document.createElement("div"), document.createElement("div")];
  document.body.append(one, two);
  a.exports.mount(one, "importance", { signal: signal() });
  b.exports.mount(two, "importance", { signal: signal() });
  await drawn();
  one.querySelector<HTMLElement>("[data-output='repaid'] input")!.click();
  await drawn();
  expect(one.querySelector(".nbx-question")!.textContent).toContain("repaid");
  expect(two.querySelector(".nbx-question")!.textContent).toContain("default");
});

it("views on one page have ids and radio groups of their own", async () => {
  const { exports } = opened(credit());
  const [one, two] = [page({ "anywidget:a": exports }), page({ "anywidget:a": exports })];
  await Promise.all([one.run(), two.run()]);
  await drawn();
  const of = (el: Element, name: string) =>
    [...el.querySelectorAll(`[${name}]`)].map((e) => e.getAttribute(name)!);
  for (const name of ["id", "name"]) {
    expect(of(one.el, name).length).toBeGreaterThan(0);
    expect(of(one.el, name).filter((value) => of(two.el, name).includes(value))).toEqual([]);
  }
});

it("views of one session share what is chosen", async () => {
  const { exports } = opened(credit());
  const [one, two] = [page({ "anywidget:a": exports }), page({ "anywidget:a": exports })];
  await Promise.all([one.run(), two.run()]);
  await drawn();
  one.el.querySelector<HTMLElement>("[data-response='raw'] input")!.click();
  await drawn();
  expect(names(two.el)).toEqual(names(one.el));
  expect(two.el.querySelector<HTMLInputElement>("[data-response='raw'] input")!.checked).toBe(true);
});

it("a view follows to another session", async () => {
  const [a, b] = [opened(credit()), opened(simple())];
  const { model, el, run } = page({ "anywidget:a": a.exports, "anywidget:b": b.exports });
  await run();
  await drawn();
  expect(names(el)).toHaveLength(23);
  model.receive({ _session: "anywidget:b" });
  await drawn();
  expect(names(el)).toEqual(["x0", "x1", "x2", "x3"]);
  expect(el.querySelectorAll("[data-nbx-view]")).toHaveLength(1);
});

it("a view that follows lets go of the session before", async () => {
  const signals: AbortSignal[] = [];
  const exports: Exports = {
    mount: (_el, _kind, options) => void signals.push(options.signal),
    past: () => {},
  };
  const { model, run } = page({ "anywidget:a": exports, "anywidget:b": exports });
  await run();
  model.receive({ _session: "anywidget:b" });
  await drawn();
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});

it("a view of two trainings hears of the second as it goes on, until it goes", async () => {
  const [a, b] = [
    opened(withHistory(simple(), 11)),
    opened({ ...withHistory(simple(), 6), names: ["x0", "x1", "x2", "found"] }),
  ];
  const { model, el, run } = page({ "anywidget:a": a.exports, "anywidget:b": b.exports });
  const second = { _kind: "history", _second: "anywidget:b", _runs: ["clean", "leaky"] };
  model.receive(second);
  const left = controllers.at(-1)!;
  const listeners = b.model.listeners;
  await run();
  await drawn();
  const runs = () =>
    [...el.querySelectorAll("table tr")].filter((row) => row.children[1]!.textContent === "leaky")
      .length;
  expect(runs()).toBe(6);
  expect(el.textContent).toContain("found");
  b.model.receive({ history: withHistory(simple(), 9).history });
  await drawn();
  expect(runs()).toBe(9);
  left.abort();
  b.model.receive({ history: withHistory(simple(), 4).history });
  await drawn();
  expect(el.childElementCount).toBe(0);
  expect(b.model.listeners).toBe(listeners);
});

it("a session tells of its training until the view that hears of it goes", () => {
  const { model, exports } = opened(withHistory(simple(), 11));
  const told: (number | undefined)[] = [];
  const hearing = signal();
  exports.past((_, history) => told.push(history?.moments.length), { signal: hearing });
  model.receive({ history: withHistory(simple(), 9).history });
  return Promise.resolve().then(() => {
    expect(told).toEqual([11, 9]);
    controllers.at(-1)!.abort();
    model.receive({ history: withHistory(simple(), 4).history });
    return Promise.resolve().then(() => expect(told).toEqual([11, 9]));
  });
});

it("closing a session takes its views down and leaves no listener", async () => {
  const { model, exports } = opened(credit());
  const { el, run } = page({ "anywidget:a": exports });
  await run();
  await drawn();
  controllers[0]!.abort();
  expect(el.childElementCount).toBe(0);
  expect(model.listeners).toBe(0);
});

it("without a host, and without its session, a view says what to do", async () => {
  const old = page({}, true);
  await old.run();
  expect(old.el.textContent).toContain("anywidget 0.11");
  const gone = page({});
  await gone.run();
  expect(gone.el.textContent).toContain("run the cell again");
});
