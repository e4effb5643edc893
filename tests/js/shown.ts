/** The view on a state, mounted in the test's page. */
import { signal } from "@preact/signals";
import { afterEach } from "vitest";
import { mount, type Kind, type MountOptions } from "../../js/mount.js";
import { createStore } from "../../js/store.js";
import type { Change, State } from "../../js/wire.js";

let controller: AbortController;
afterEach(() => controller?.abort());

export function shown(
  state: State,
  kind: Kind = "importance",
  second: Pick<MountOptions, "second"> = {},
) {
  controller = new AbortController();
  const element = document.createElement("div");
  document.body.append(element);
  const asked: unknown[] = [];
  const calls: string[] = [];
  const edits: [row: number, edit: Change[], id: number, choices: boolean][] = [];
  const live = signal(true);
  const store = createStore({
    onChoice: ({ rows, ...choice }) => void asked.push({ ...choice, rows: rows && [...rows] }),
    request: ({ response, output }) => void calls.push(`${response} ${output}`),
    instances: () => void calls.push("instances"),
    lags: ({ response, output, step = null }) =>
      void calls.push(`lags ${response} ${output}${step === null ? "" : ` ${step}`}`),
    row: (row) => void calls.push(`row ${row}`),
    find: (label) => void calls.push(`find ${label}`),
    subset: (_, rows, id) => void calls.push(`subset ${rows.length} ${id}`),
    edit: (...question) => void edits.push(question),
    against: (rows, group, id) => void calls.push(`against ${rows} ${group} ${id}`),
    method: (name) => void calls.push(`method ${name}`),
    beside: (name, { response, output }, row) =>
      void calls.push(`beside ${name} ${response} ${output}${row === null ? "" : ` ${row}`}`),
    version: (wish) => void calls.push(`version ${JSON.stringify(wish)}`),
    pause: (paused) => void calls.push(paused ? "pause" : "resume"),
    again: () => void calls.push("again"),
    live,
  });
  store.load(state);
  mount(element, kind, store, { signal: controller.signal, ...second });
  const root = element.querySelector<HTMLElement>("[data-nbx-state]")!;
  const all = (selector: string) => [...root.querySelectorAll<HTMLElement>(selector)];
  const names = () => all("[data-feature]").map((row) => row.dataset["feature"]);
  const one = (selector: string) => root.querySelector<HTMLElement>(selector)!;
  return { controller, store, root, all, names, one, asked, calls, edits, live };
}

/** Preact draws in a later task. */
export const drawn = () => new Promise((resolve) => setTimeout(resolve, 0));

export const press = (element: Element, key: string) =>
  element.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));

export function type(input: HTMLInputElement, text: string) {
  input.value = text;
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
