/** Views on fixtures without Jupyter: `?show=credit,wide&dark&width=500`. */
import { mount } from "../mount.js";
import { createStore, type FedStore } from "../store.js";
import { STATES } from "./fixtures.js";

const query = new URLSearchParams(location.search);
const main = document.querySelector("main")!;
document.body.classList.toggle("dark", query.has("dark"));
const width = query.get("width");
if (width) main.style.width = `${width}px`;

const stores: Record<string, FedStore> = {};
const controllers: Record<string, AbortController> = {};
for (const name of (query.get("show") ?? Object.keys(STATES).join(",")).split(",")) {
  const element = document.createElement("div");
  element.id = name;
  main.append(element);
  // A kernel that never answers: what the page can do, it does by itself.
  const store = createStore({ onChoice() {}, request() {}, again() {} });
  store.load(STATES[name]!());
  const controller = new AbortController();
  mount(element, "importance", store, { signal: controller.signal });
  stores[name] = store;
  controllers[name] = controller;
}
Object.assign(window, { mount, stores, controllers });
