/**
 * A module-federation container by hand: what JupyterLab loads and asks for plugins. All that it
 * needs of JupyterLab it takes from the modules that the page shares, at run time.
 */
import type { JupyterFrontEndPlugin } from "@jupyterlab/application";
import { docking } from "./docking.js";
import { tutorials } from "./tutorials.js";

/** The modules that the page shares, of each the versions it has. */
type Scope = Record<string, Record<string, { loaded?: unknown; get(): Promise<() => unknown> }>>;

export interface Modules {
  apputils: typeof import("@jupyterlab/apputils");
  launcher: typeof import("@jupyterlab/launcher");
  notebook: typeof import("@jupyterlab/notebook");
  ui: typeof import("@jupyterlab/ui-components");
  widgets: typeof import("@lumino/widgets");
}

const here = (document.currentScript as HTMLScriptElement).src;
let scope: Scope = {};

/** The module that the page uses itself: the one it has loaded, else the newest. */
async function shared(name: string): Promise<unknown> {
  const versions = scope[name];
  if (!versions) throw new Error(`nbexplain: this page does not share ${name}.`);
  const newest = (a: string, b: string) => b.localeCompare(a, undefined, { numeric: true });
  const [version] = Object.keys(versions).sort(
    (a, b) => Number(!versions[a]!.loaded) - Number(!versions[b]!.loaded) || newest(a, b),
  );
  return (await versions[version!]!.get())();
}

async function plugins(): Promise<JupyterFrontEndPlugin[]> {
  const names = ["apputils", "launcher", "notebook", "ui-components"];
  const found = [...names.map((name) => `@jupyterlab/${name}`), "@lumino/widgets"].map(shared);
  const [apputils, launcher, notebook, ui, widgets] = await Promise.all(found);
  const modules = { apputils, launcher, notebook, ui, widgets } as Modules;
  return [docking(modules), tutorials(modules, here)];
}

const containers = ((globalThis as { _JUPYTERLAB?: Record<string, unknown> })._JUPYTERLAB ??= {});
containers["nbexplain"] = {
  init(given: Scope) {
    scope = given;
  },
  async get() {
    const found = { __esModule: true, default: await plugins() };
    return () => found;
  },
};
