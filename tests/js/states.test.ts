import { describe, expect, it } from "vitest";
import { credit, STATES } from "../../js/demo/fixtures.js";
import { mountStandalone } from "../../js/session.js";
import { drawn, shown } from "./shown.js";

describe("states", () => {
  it.each(["empty", "loading", "preparing", "error", "live"])("%s", async (name) => {
    const { root } = shown(STATES[name]!());
    await drawn();
    expect(root.dataset["nbxState"]).toBe(name === "preparing" ? "loading" : name);
  });

  it("empty names our own calls", async () => {
    const { root } = shown(STATES["empty"]!());
    await drawn();
    expect(root.textContent).toContain("nbx.explain(model, X)");
    expect(root.textContent).toContain("%explain model X");
  });

  it("loading counts rows and the time left", async () => {
    const { root, one, store } = shown(STATES["loading"]!());
    await drawn();
    expect(root.textContent).toContain("1,204 of 8,000 rows, about 6 s left");
    expect(one("[role=progressbar]").getAttribute("aria-valuenow")).toBe("15");
    store.report({ state: "loading", done: 500, total: null });
    await drawn();
    expect(root.textContent).toContain("500 rows so far");
  });

  it("live is paused and goes on, where a watch is behind it", async () => {
    const { one, calls, store } = shown(STATES["live"]!());
    await drawn();
    expect(one(".nbx-pause")).toBeNull();
    store.report({ state: "live", step: 1_204, paused: false });
    await drawn();
    expect(one(".nbx-live").textContent).toBe("Live · step 1,204");
    one(".nbx-pause").click();
    store.report({ state: "live", step: 1_204, paused: true });
    await drawn();
    expect(one(".nbx-live").textContent).toBe("Paused · step 1,204");
    expect(one(".nbx-pause").textContent).toBe("Resume");
    one(".nbx-pause").click();
    expect(calls).toEqual(["pause", "resume"]);
  });

  it("error holds the sentence, folds the details and tries again", async () => {
    const { one, calls } = shown(STATES["error"]!());
    await drawn();
    expect(one("[role=alert] p").textContent).toContain("37 rows of income");
    expect((one("details") as HTMLDetailsElement).open).toBe(false);
    one("button").click();
    expect(calls).toEqual(["again"]);
  });
});

it("says the latest jump at once and all of them in the notes", async () => {
  const { root, one, store } = shown(credit());
  await drawn();
  expect(root.querySelector(".nbx-jump")).toBeNull();
  const before = root.querySelectorAll(".nbx-notes li").length;
  const marks = ["At step 10 <b>a</b> jumped.", "At step 20 b jumped."];
  store.report({ state: "live", step: 20, marks });
  await drawn();
  expect(one(".nbx-jump").textContent).toBe(marks[1]);
  const notes = [...root.querySelectorAll(".nbx-notes li")].map((note) => note.textContent);
  expect(notes).toHaveLength(before + 2);
  expect(notes.slice(0, 2)).toEqual(marks);
  store.report({ state: "ready", marks });
  await drawn();
  expect(one(".nbx-jump").textContent).toBe(marks[1]);
});

it("undoes everything when its signal aborts", async () => {
  const { root, store, controller } = shown(credit());
  await drawn();
  const element = root.parentElement!;
  controller.abort();
  expect(element.childElementCount).toBe(0);
  store.choose({ feature: 1 });
  await drawn();
  expect(root.querySelectorAll("[data-feature]")).toHaveLength(0);
});

it("stands alone from JSON, and can be taken down", async () => {
  const element = document.createElement("div");
  document.body.append(element);
  const json = JSON.stringify(credit(), (_, value: unknown) =>
    value instanceof Uint8Array
      ? { base64: btoa(value.reduce((text, byte) => text + String.fromCharCode(byte), "")) }
      : value,
  );
  const { destroy } = mountStandalone(element, JSON.parse(json));
  await drawn();
  expect(element.querySelectorAll("[data-feature]")).toHaveLength(23);
  expect(element.querySelector(".nbx-title")!.textContent).toContain("Saved snapshot");
  destroy();
  expect(element.childElementCount).toBe(0);
});

it("with a kernel there is no word of a snapshot", async () => {
  const { root } = shown(credit());
  await drawn();
  expect(root.textContent).not.toContain("Saved snapshot");
});
