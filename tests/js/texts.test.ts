import { describe, expect, it } from "vitest";
import { state } from "../../js/demo/fixtures.js";
import { importances, picked } from "../../js/export/csv.js";
import { packed, type InstancesState, type SliceInfo, type State } from "../../js/wire.js";
import { instancesState } from "./rows.js";
import { opened } from "./kernel.js";
import { drawn, press, shown } from "./shown.js";

const LAGS = 4;
/** At the first row 25, 0, 25 and 50 percent of the squares, in two coordinates a token. */
const FIRST = [3, 4, 0, 0, 5, 0, 5, 5];
const SECOND = [0, 0, 1, 0, 0, 0, 0, 3];
const IDS = [
  [7, 7, 9, 9, 7, 7, 3, 3],
  [NaN, NaN, 9, 9, 3, 3, 3, 3],
];
const SHARES = [50, 30, 10];

/** Two rows of at most four tokens, with the ranked tokens "not", "good" and "<b>" of five. */
function texts(more: Partial<InstancesState> = {}): State {
  const nothing = Array<number>(2 * LAGS).fill(0);
  const one = state({
    names: ["token"],
    outputs: ["negative", "positive"],
    responses: ["prob", "logodds"],
    rms: () => 1,
    direction: () => NaN,
  });
  const infos = (one.meta as { slices: SliceInfo[] }).slices;
  const tokens = (s: number) =>
    packed(
      Float32Array.from([
        ...SHARES.map((share) => share - s),
        ...SHARES.map((share) => share - 5),
        ...SHARES.map((share) => share + 5),
        ...SHARES.map(() => NaN),
      ]),
      4,
      3,
    );
  return {
    ...one,
    meta: {
      ...one.meta,
      lags: { count: LAGS, unit: null, labels: null },
      tokens: { ids: [3, 7, 9], names: ["not", "good", "<b>"], all: 5 },
      slices: infos.map((info, s) => ({ ...info, tokens: tokens(s) })),
    } as State["meta"],
    instances: {
      ...instancesState({
        kind: "logits",
        outputs: [
          [0, 0],
          [0, Math.log(3)],
        ],
        jacobian: [
          [nothing, FIRST],
          [nothing, SECOND],
        ],
        values: IDS,
        cells: [0, 0, 1, 1, 2, 2, 3, 3],
        owners: nothing,
      }),
      words: ["good", "<b>", "not"],
      word_ids: packed(Uint32Array.of(7, 9, 3), 3),
      ...more,
    },
  };
}

async function at(instance: number, other: number | null = null, one = texts()) {
  const view = shown(one, "local");
  view.store.choose({ output: 1, response: "prob", instance, other });
  await drawn();
  const words = () => view.all("[data-lag]");
  return { ...view, words, box: () => view.one(".nbx-text") };
}

const depth = (word: HTMLElement) => Number(word.style.getPropertyValue("--nbx-share"));

describe("a text", () => {
  it("is its tokens in reading order, shaded by squared share", async () => {
    const { words, root } = await at(10);
    expect(words().map(({ textContent }) => textContent)).toEqual(["good", "<b>", "good", "not"]);
    expect(words().map(({ dataset }) => dataset["lag"])).toEqual(["3", "2", "1", "0"]);
    expect(words().map(depth)).toEqual([0.5, 0, 0.5, 1]);
    expect(words().map(({ title }) => title)).toEqual([
      "25.0 %, token 1 of 4",
      "0 %, token 2 of 4",
      "25.0 %, token 3 of 4",
      "50.0 %, token 4 of 4",
    ]);
    expect(root.textContent).toContain("what P(positive) is sensitive to at this row");
  });

  it("has no padding", async () => {
    const { words } = await at(11);
    expect(words().map(({ textContent }) => textContent)).toEqual(["<b>", "not", "not"]);
    expect(words().map(({ title }) => title)).toEqual([
      "10.0 %, token 1 of 3",
      "0 %, token 2 of 3",
      "90.0 %, token 3 of 3",
    ]);
  });

  it("has a table behind", async () => {
    const { all } = await at(10);
    const cells = all(".nbx-local tbody tr").map((row) =>
      [...row.children].map(({ textContent }) => textContent),
    );
    expect(cells).toEqual([
      ["good", "1", "25.0 %"],
      ["<b>", "2", "0 %"],
      ["good", "3", "25.0 %"],
      ["not", "4", "50.0 %"],
    ]);
  });

  it("stands beside another", async () => {
    const { all } = await at(10, 11);
    expect(all(".nbx-text").map((text) => text.children.length)).toEqual([4, 3]);
  });

  it("shades nothing where the response is constant", async () => {
    const still = texts();
    const { jacobian } = still.instances as InstancesState;
    const zeros = packed(new Float32Array(2 * 2 * 2 * LAGS), ...jacobian.shape);
    const { words } = await at(10, null, {
      ...still,
      instances: { ...(still.instances as InstancesState), jacobian: zeros },
    });
    expect(words().map(depth)).toEqual([0, 0, 0, 0]);
  });

  it("asks for a row that is not in the page, whose names come with it", async () => {
    const { store, news } = opened(texts());
    store.choose({ output: 1, response: "prob" });
    expect(store.wordsAt(99)).toBe("asked");
    await drawn();
    expect(news()).toContainEqual(["row", 99]);
    store.receiveRow({
      ...{ row: 99, label: "99", target: null, named: new Map() },
      outputs: Float32Array.of(0, 0),
      jacobian: Float32Array.from([...Array<number>(8).fill(0), 0, 0, 0, 0, 0, 0, 0, 2]),
      values: Float32Array.of(NaN, NaN, NaN, NaN, 7, 7, 40, 40),
      owners: new Uint32Array(8),
      words: new Map([[40, "rare"]]),
    });
    expect(store.wordsAt(99)).toEqual([
      { id: 7, name: "good", lag: 1, share: 0, part: null },
      { id: 40, name: "rare", lag: 0, share: 100, part: null },
    ]);
  });

  it("has hues where its tokens contributed, and says from where to where", async () => {
    const given = texts();
    const instances = instancesState({
      outputs: [
        [0.1, 0.9],
        [0, 1],
      ],
      jacobian: [
        [
          [0, 0, 0, 1],
          [0.6, -0.2, 0, 0],
        ],
        [
          [0, 0, 0, 1],
          [0, 0, 0, 0.5],
        ],
      ],
      values: [
        [7, 9, 7, 3],
        [NaN, 9, 3, 3],
      ],
      owners: [0, 0, 0, 0],
      base: [
        [0.2, 0.5],
        [0.2, 0.5],
      ],
    });
    const { words, ids } = { words: ["good", "<b>", "not"], ids: Uint32Array.of(7, 9, 3) };
    const view = await at(10, null, {
      ...given,
      meta: { ...given.meta, baseline: "the mean embedding" } as State["meta"],
      instances: { ...instances, words, word_ids: packed(ids, 3) },
    });
    expect(view.words().map(({ className }) => className)).toEqual([
      "nbx-rises",
      "nbx-falls",
      "",
      "",
    ]);
    expect(
      view
        .words()
        .map(depth)
        .map((share) => +share.toFixed(3)),
    ).toEqual([1, 0.333, 0, 0]);
    expect(view.words()[1]!.title).toBe("−0.200 (25.0 %), token 2 of 4");
    expect(view.root.textContent).toContain("What each token contributed to P(positive)");
    expect(view.root.textContent).toContain("against the mean embedding");
    expect(view.root.textContent).toContain("From 0.5 at the baseline to 0.9 here");
    expect(view.all(".nbx-local tbody tr")[0]!.textContent).toBe("good1+0.60075.0 %");
    expect(picked(view.store).split("\r\n").slice(0, 2)).toEqual([
      "token,position,lag,share,row,contribution",
      "good,1,3,75,10,0.6",
    ]);
  });
});

describe("picking", () => {
  it("a token picks its lag, and leaves it again", async () => {
    const { words, store } = await at(10);
    words()[2]!.click();
    expect(store.lags.value).toEqual([1]);
    await drawn();
    expect(words().map((word) => word.getAttribute("aria-selected"))).toEqual([
      ...["false", "false", "true", "false"],
    ]);
    expect(store.lags.value).toEqual([1]);
    words()[2]!.click();
    expect(store.lags.value).toBeNull();
  });

  it("goes by keyboard, and what is there is said", async () => {
    const { box, store, one } = await at(10);
    const press1 = async (key: string) => {
      press(box(), key);
      await drawn();
    };
    await press1("ArrowLeft");
    expect(store.lags.value).toEqual([0]);
    expect(one(".nbx-text-read").textContent).toBe("not 50.0 % · token 4 of 4 · lag 0");
    await press1("ArrowLeft");
    await press1("ArrowLeft");
    expect(store.lags.value).toEqual([2]);
    await press1("ArrowRight");
    expect(store.lags.value).toEqual([1]);
    await press1("Home");
    expect(store.lags.value).toEqual([3]);
    const active = box().getAttribute("aria-activedescendant")!;
    expect(box().querySelector(`#${active}`)!.textContent).toBe("good");
    await press1("Escape");
    expect(store.lags.value).toBeNull();
  });

  it("shows the tokens of brushed lags", async () => {
    const { words, store } = await at(10);
    store.choose({ lags: [0, 3] });
    await drawn();
    expect(words().map((word) => word.getAttribute("aria-selected"))).toEqual([
      ...["true", "false", "false", "true"],
    ]);
  });

  it("says what the pointer is at", async () => {
    const { words, one } = await at(10);
    words()[0]!.dispatchEvent(new Event("pointerenter"));
    await drawn();
    expect(one(".nbx-text-read").textContent).toBe("good 25.0 % · token 1 of 4 · lag 3");
  });
});

describe("the bars", () => {
  async function bars() {
    const view = shown(texts(), "explorer");
    view.store.choose({ output: 1, response: "prob", instance: 10 });
    await drawn();
    return view;
  }

  it("are of tokens, and say how many are not here", async () => {
    const { names, root } = await bars();
    expect(names()).toEqual(["not", "good", "<b>"]);
    expect(root.textContent).toContain("Token importance");
    expect(root.textContent).toContain("2 tokens below these are not here.");
    expect(root.textContent).toContain("5 tokens");
    // 48, 28 and 8 percent of all tokens do not reach 90 %.
    expect(root.textContent).not.toContain("carry 90 %");
  });

  it("mark a token in the text, and pick no feature", async () => {
    const { all, store } = await bars();
    press(all(".nbx-list")[0]!, "ArrowDown");
    press(all(".nbx-list")[0]!, "ArrowDown");
    await drawn();
    press(all(".nbx-list")[0]!, "ArrowDown");
    await drawn();
    expect(all(".nbx-same").map(({ textContent }) => textContent)).toEqual(["good", "good"]);
    expect(store.feature.value).toBeNull();
  });

  it("offer no coordinate of an embedding in the picker", async () => {
    const { root } = await bars();
    const picker = root.querySelector("[data-nbx-view=instances]")!;
    expect(picker.textContent).not.toContain("attribution");
    expect(picker.textContent).not.toContain("Beeswarm");
    expect(picker.textContent).not.toContain("token");
  });

  it("and the text are written as tables", async () => {
    const { store } = await bars();
    const lines = importances(store).split("\r\n");
    expect(lines[0]).toBe("token,importance,low,high,direction");
    expect(lines[1]).toMatch(/^not,/);
    expect(picked(store).split("\r\n").slice(0, 3)).toEqual([
      "token,position,lag,share,row",
      "good,1,3,25,10",
      "<b>,2,2,0,10",
    ]);
  });
});

it("of one token have no history, which is said while the model trains", async () => {
  const { one, all, store } = shown(texts(), "explorer");
  await drawn();
  expect(all("[data-nbx-view=history]")).toEqual([]);
  store.report({ state: "live", step: 3 });
  await drawn();
  expect(one("[data-nbx-view=history]").textContent).toContain(
    "Texts of one token have no history",
  );
});
