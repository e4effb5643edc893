/** Views on fixtures without Jupyter: `?show=credit,wide&kind=explorer&dark&width=500`. */
import { mount, type Kind } from "../mount.js";
import { secondOf } from "../session.js";
import { createStore, type FedStore } from "../store.js";
import { STATES } from "./fixtures.js";
import { linear } from "./kernel.js";

const query = new URLSearchParams(location.search);
const main = document.querySelector("main")!;
document.body.classList.toggle("dark", query.has("dark"));
const kind = (query.get("kind") ?? "explorer") as Kind;
const width = query.get("width");
if (width) main.style.width = `${width}px`;

const stores: Record<string, FedStore> = {};
const controllers: Record<string, AbortController> = {};
for (const name of (query.get("show") ?? "credit,flow,wide,simple,hostile").split(",")) {
  const element = document.createElement("div");
  element.id = name;
  main.append(element);
  // A kernel that answers edits only: what else the page can do, it does by itself.
  const silent = () => {};
  const store: FedStore = createStore({
    onChoice: silent,
    request: silent,
    instances: silent,
    lags: silent,
    row: silent,
    find: silent,
    subset: silent,
    edit: linear(() => store),
    against: silent,
    method: silent,
    beside: silent,
    version: silent,
    pause: silent,
    again: silent,
  });
  const state = STATES[name]!();
  store.load(state);
  const controller = new AbortController();
  mount(element, kind, store, { signal: controller.signal, ...secondOf(state) });
  stores[name] = store;
  controllers[name] = controller;
}
Object.assign(window, { mount, stores, controllers, STATES });
