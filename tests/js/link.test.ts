import { build } from "esbuild";
import { afterEach, expect, it } from "vitest";
import { join } from "../../js/link.js";
import type { mountStandalone } from "../../js/session.js";
import { createStore, type FedStore } from "../../js/store.js";
import { encoded, explained, LINE } from "./rows.js";
import { drawn, press } from "./shown.js";

let controllers: AbortController[] = [];
afterEach(() => {
  controllers.forEach((controller) => controller.abort());
  controllers = [];
});

function signal() {
  controllers.push(new AbortController());
  return controllers.at(-1)!.signal;
}

/** A store of an explanation with these features, linked by this key. */
function opened(key?: string, names = ["a", "b"]): FedStore {
  const store = createStore(null, key, signal());
  const owners = names.map((_, f) => f).slice(0, 2);
  store.load(explained(names, { ...LINE, owners, all: names.length }));
  return store;
}

/** What is under the page's name for it; see js/link.ts. */
const registry = () =>
  (globalThis as unknown as Record<symbol, Map<string, unknown> | undefined>)[
    Symbol.for("nbexplain/1/links")
  ];

it("stores of one key share what is picked and what is under the pointer", () => {
  const [one, two] = [opened("k"), opened("k")];
  one.choose({ feature: 1, instance: 12, other: 10, rows: Uint32Array.of(11, 13) });
  expect([two.feature.value, two.instance.value, two.other.value]).toEqual([1, 12, 10]);
  expect([...two.rows.value!]).toEqual([11, 13]);
  two.choose({ instance: null, rows: null });
  expect([one.feature.value, one.instance.value, one.rows.value]).toEqual([1, null, null]);
  two.hover(13);
  expect(one.hovered.value).toBe(13);
  one.hover(null);
  expect(two.hovered.value).toBeNull();
});

it("keep output and response to themselves", () => {
  const [one, two] = [opened("k"), opened("k")];
  one.choose({ response: "other", feature: 0 });
  expect(one.shown.value.response).toBe("other");
  expect(two.shown.value.response).toBe("raw");
});

it("share nothing with another key, nor without one", () => {
  const stores = [opened("k"), opened("l"), opened(), opened()];
  stores.forEach((store, i) => store.choose({ feature: i % 2, instance: 10 + i }));
  stores[3]!.hover(11);
  expect(stores.map((store) => store.instance.value)).toEqual([10, 11, 12, 13]);
  expect(stores.map((store) => store.feature.value)).toEqual([0, 1, 0, 1]);
  expect(stores.map((store) => store.hovered.value)).toEqual([null, null, null, 11]);
});

it("know a feature by its name, wherever it is", () => {
  const [one, two, three] = [
    opened("k", ["a", "b", "c"]),
    opened("k", ["c", "a"]),
    opened("k", ["b"]),
  ];
  one.choose({ feature: 2 });
  expect([two.feature.value, three.feature.value]).toEqual([0, null]);
  two.choose({ feature: 1 });
  expect([one.feature.value, three.feature.value]).toEqual([0, null]);
  // What another lacks is not lost with its next choice.
  three.choose({ instance: 12 });
  expect([one.feature.value, two.instance.value]).toEqual([0, 12]);
});

it("of namesakes mean the same, where they are in the same place", () => {
  const twins = ["twin", "a", "twin"];
  const [one, two, three] = [opened("k", twins), opened("k", twins), opened("k", ["a", "twin"])];
  one.choose({ feature: 2 });
  expect([two.feature.value, three.feature.value]).toEqual([2, 1]);
  expect(one.feature.value).toBe(2);
});

it("one that joins later sees what is picked", () => {
  const one = opened("k");
  one.choose({ feature: 1, instance: 13 });
  one.hover(11);
  const two = createStore(null, "k", signal());
  const { selection: _, ...state } = explained(["a", "b"], LINE);
  two.load(state);
  expect([two.feature.value, two.instance.value, two.hovered.value]).toEqual([1, 13, 11]);
});

it("count choices and have one name as an author together", () => {
  const [one, two, other] = [opened("k").link, opened("k").link, opened("l").link];
  expect([one.count(), two.count(), one.count()]).toEqual([1, 2, 3]);
  expect([one.seq, two.seq, other.seq]).toEqual([3, 3, 0]);
  expect(one.client).toBe(two.client);
  expect(one.client).not.toBe(other.client);
});

it("the page forgets a key that all have left, and who has left hears nothing", () => {
  const [one, two] = [opened("k"), opened("k")];
  expect([...registry()!.keys()]).toEqual(["k"]);
  controllers[0]!.abort();
  two.choose({ instance: 12 });
  expect(one.instance.value).toBeNull();
  expect([...registry()!.keys()]).toEqual(["k"]);
  controllers[1]!.abort();
  expect([...registry()!.keys()]).toEqual([]);
  expect(opened("k").instance.value).toBeNull();
});

it("a link without a key stands in no registry", () => {
  join(undefined, signal());
  join("", signal());
  expect([...(registry()?.keys() ?? [])]).toEqual([]);
});

it("copies of the bundle that were evaluated each by itself are linked", async () => {
  const bundle = await build({
    entryPoints: ["js/session.ts"],
    bundle: true,
    write: false,
    format: "esm",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": "text" },
  });
  const text = Buffer.from(bundle.outputFiles[0]!.contents).toString("base64");
  type Module = { mountStandalone: typeof mountStandalone };
  const copies = await Promise.all(
    [1, 2].map((i) => import(/* @vite-ignore */ `data:text/javascript;base64,${text}#${i}`)),
  );
  const [one, two] = copies as [Module, Module];
  expect(one.mountStandalone).not.toBe(two.mountStandalone);
  const elements = [one, two, two].map((copy, i) => {
    const element = document.createElement("div");
    document.body.append(element);
    const saved = { ...explained(["a", "b"], LINE), _link: i < 2 ? "k" : "l" };
    copy.mountStandalone(element, encoded(saved), { kind: "importance", signal: signal() });
    return element;
  });
  await drawn();
  const row = (i: number) => elements[i]!.querySelector<HTMLElement>("[data-feature=b]")!;
  press(elements[0]!.querySelector("[role=listbox]")!, "End");
  await drawn();
  expect([0, 1, 2].map((i) => row(i).getAttribute("aria-selected"))).toEqual([
    "true",
    "true",
    "false",
  ]);
});
