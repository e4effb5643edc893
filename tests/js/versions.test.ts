import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { connect } from "../../js/connection.js";
import { credit, state } from "../../js/demo/fixtures.js";
import { withHistory } from "../../js/demo/training.js";
import { withVersions } from "../../js/demo/versions.js";
import { spokenChange, type VersionsState } from "../../js/versions.js";
import { decode, packed, type State } from "../../js/wire.js";
import { opened, saved } from "./kernel.js";
import { FakeModel } from "./model.js";
import { drawn, shown } from "./shown.js";

const GOLDEN = decode(
  JSON.parse(readFileSync("tests/wire/versions.json", "utf-8")),
) as VersionsState;
/** Shares 50, 25, 25 of three features: what the golden ones are compared from. */
const three = (versions: VersionsState | Record<string, never> = GOLDEN): State => ({
  ...state({ names: ["age", "<b>", "年齢"], rms: (f) => [2, 1, 1][f]!, direction: () => 1 }),
  versions,
});

describe("versions", () => {
  it("are read as Python writes them", () => {
    const before = opened(three()).store.versions.before.value!;
    expect([...before.share]).toEqual([25, 25, 50]);
    expect([...before.rank]).toEqual([2, 3, 1]);
    expect([...before.claim]).toEqual([1, 0, -1]);
  });

  it("are compared only with what they are of", () => {
    const { store } = opened(three());
    expect(store.versions.before.value).not.toBeNull();
    for (const other of [{ response: "logodds" }, { output: null }])
      expect(opened(three({ ...GOLDEN, ...other })).store.versions.before.value).toBeNull();
    const wide = { ...GOLDEN.before!, shape: [3, 4] };
    expect(opened(three({ ...GOLDEN, before: wide })).store.versions.before.value).toBeNull();
    const past = opened({
      ...withHistory(credit(), 9),
      versions: withVersions(credit()).versions!,
    });
    expect(past.store.versions.before.value).not.toBeNull();
    past.store.choose({ moment: 0 });
    expect(past.store.versions.before.value).toBeNull();
  });

  it("come as a trait of their own, without what is shown being read again", () => {
    const model = new FakeModel({ ...three({}) });
    const store = connect(model.asModel, new AbortController().signal);
    const slice = store.slice.value;
    expect(store.versions.told.value).toBeNull();
    model.receive({ versions: GOLDEN });
    expect(store.versions.told.value).toEqual(GOLDEN);
    expect(store.slice.value).toBe(slice);
    store.versions.ask({ do: "show", number: 1 });
    expect(model.sent).toEqual([{ t: "version", do: "show", number: 1 }]);
  });

  it("are spoken of", () => {
    const before = opened(three()).store.versions.before.value!;
    expect(spokenChange(before, 0, 1)).toBe(", before 25.0 percent, up 1 from rank 2, gained");
    expect(spokenChange(before, 1, 3)).toBe(", before 25.0 percent");
    const absent = { ...before, share: Float32Array.of(NaN, 1, 1) };
    expect(spokenChange(absent, 0, 1)).toBe(", not in the version before");
  });
});

describe("the panel of a followed model", () => {
  it("shows bars as they were, moves of ranks and claims", async () => {
    const { all, names } = shown(three());
    expect(names()).toEqual(["age", "<b>", "年齢"]);
    expect(all(".nbx-ghost").map(({ style }) => parseFloat(style.width))).toHaveLength(3);
    const [first, second, third] = all(".nbx-row");
    expect(first!.querySelector<HTMLElement>(".nbx-moved")!.dataset["moved"]).toBe("▲1 +25.0");
    expect(second!.querySelector<HTMLElement>(".nbx-moved")!.dataset["moved"]).toBe("▲1");
    expect(third!.querySelector<HTMLElement>(".nbx-moved")!.dataset["moved"]).toBe("▼2 −25.0");
    expect(first!.getAttribute("aria-label")).toContain("up 1 from rank 2, gained");
  });

  it("says nothing of what stayed, and of what was not there", () => {
    const still = {
      ...GOLDEN,
      before: packed(Float32Array.of(50, 25, NaN, 1, 2, NaN, 0, 0, 0), 3, 3),
    };
    const { all } = shown(three(still));
    expect(all(".nbx-moved")).toEqual([]);
    expect(all(".nbx-ghost")).toHaveLength(2);
  });

  it("keeps ghosts on the axis", () => {
    const { all } = shown(withVersions(credit()));
    for (const { style } of all(".nbx-ghost")) expect(parseFloat(style.width)).toBeLessThan(100.01);
  });

  it("says what changed, as text", () => {
    const { one, all } = shown(three());
    expect(one(".nbx-versions [role=status]").textContent).toBe(GOLDEN.sentence);
    expect(all(".nbx-versions i")).toEqual([]);
    expect(all(".nbx-notes li")[0]!.textContent).toBe(GOLDEN.notes![0]);
    expect(all("option").map(({ textContent }) => textContent)).toContain("★ as <i>trained</i>");
  });

  it("asks for versions, names and pins", async () => {
    const { one, all, calls } = shown(three());
    calls.splice(0);
    const choose = (element: HTMLElement, value: string) => {
      (element as HTMLSelectElement).value = value;
      element.dispatchEvent(new Event("change", { bubbles: true }));
    };
    const [which, against] = all(".nbx-versions select");
    choose(which!, "1");
    choose(against!, "");
    choose(one(".nbx-versions input"), "pruned");
    one(".nbx-versions button").click();
    expect(calls).toEqual([
      'version {"do":"show","number":1}',
      'version {"do":"against","number":null}',
      'version {"do":"name","number":2,"name":"pruned"}',
      'version {"do":"pin","number":2,"pinned":true}',
    ]);
    await drawn();
  });

  it("says a note alone, and offers nothing where nobody answers", async () => {
    const alone = { ...GOLDEN, list: GOLDEN.list.slice(1), note: "net is gone.", against: null };
    const only = shown(three(alone));
    expect(only.one(".nbx-versions").textContent).toBe("net is gone.");
    const quiet = shown(three({ ...alone, note: "" }));
    expect(quiet.one(".nbx-versions")).toBeNull();
    const ended = shown(three({ ...GOLDEN, followed: false }));
    expect(ended.all(".nbx-versions :disabled")).toHaveLength(4);
    expect(saved(three()).versions.possible.value).toBe(false);
    expect(opened(three()).store.versions.possible.value).toBe(true);
  });
});
