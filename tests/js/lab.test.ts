/** The extension without a page: which shared modules it takes, and what docks. */
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

type Slot = (sender: unknown, args: unknown) => void;
interface Plugin {
  id: string;
  requires?: object[];
  optional?: object[];
  activate(app: object, ...services: unknown[]): void;
}

const MIME = "application/vnd.nbexplain.dock+json";
const WIDGET = "application/vnd.jupyter.widget-view+json";

function signal() {
  const slots: Slot[] = [];
  return {
    connect: (slot: Slot) => slots.push(slot),
    emit: (args?: unknown) => slots.forEach((slot) => slot(null, args)),
  };
}

class Widget {
  id = "";
  node: HTMLElement;
  title = {} as Record<string, unknown>;
  isVisible = true;
  disposed = signal();
  children: Widget[] = [];
  constructor({ node = document.createElement("div") }: { node?: HTMLElement } = {}) {
    this.node = node;
  }
  addWidget(child: Widget) {
    this.children.push(child);
    this.node.append(child.node);
  }
  dispose() {
    this.node.remove();
    this.disposed.emit();
  }
}

class LabIcon {}
const tokens = { INotebookTracker: {}, ICommandPalette: {}, ILauncher: {} };
const module = (content: object, loaded?: number) => ({ loaded, get: async () => () => content });
const scope = {
  "@jupyterlab/apputils": { "4.6.0": module({ ICommandPalette: tokens.ICommandPalette }) },
  "@jupyterlab/launcher": { "4.6.0": module({ ILauncher: tokens.ILauncher }) },
  "@jupyterlab/notebook": {
    "4.10.0": module({ INotebookTracker: {} }),
    "4.6.0": module({ INotebookTracker: tokens.INotebookTracker }, 1), // what the page uses
  },
  "@jupyterlab/ui-components": { "4.6.0": module({ LabIcon }) },
  "@lumino/widgets": {
    "2.9.0": module({}),
    "2.10.0": module({ Widget, Panel: Widget }),
  },
};

interface Container {
  init(scope: object): void;
  get(name: string): Promise<() => { default: Plugin[] }>;
}
let container: Container;

beforeAll(async () => {
  const script = document.createElement("script");
  script.src = "http://here/lab/extensions/nbexplain/static/remoteEntry.js";
  Object.defineProperty(document, "currentScript", { value: script, configurable: true });
  vi.stubGlobal("TUTORIALS", ["a.ipynb", "quickstart.ipynb"]);
  await import("../../js/lab/container.js");
  container = (globalThis as unknown as { _JUPYTERLAB: { nbexplain: Container } })._JUPYTERLAB
    .nbexplain;
});

async function plugins(given: object = scope) {
  container.init(given);
  const found = (await container.get("./extension"))();
  return Object.fromEntries(found.default.map((plugin) => [plugin.id, plugin]));
}

it("takes the modules that the page has loaded, else the newest", async () => {
  const { "nbexplain:docking": docking, "nbexplain:tutorials": tutorials } = await plugins();
  expect(docking!.requires![0]).toBe(tokens.INotebookTracker);
  expect(docking!.optional![0]).toBe(tokens.ICommandPalette);
  expect(tutorials!.optional).toEqual([tokens.ICommandPalette, tokens.ILauncher]);
});

it("says which module a page does not share", async () => {
  const { "@lumino/widgets": _, ...rest } = scope;
  await expect(plugins(rest)).rejects.toThrow("does not share @lumino/widgets");
});

describe("a notebook's dock", () => {
  let right: Widget[];
  let shown: string[];
  let notebook: ReturnType<typeof panel>;
  let renderers: (() => Widget & { renderModel(model: object): Promise<void> })[];

  function panel(mimeTypes = [WIDGET]) {
    const rendermime = {
      mimeTypes,
      addFactory: (factory: { createRenderer: () => never }) =>
        renderers.push(factory.createRenderer),
      createModel: (options: object) => options,
      createRenderer: () => Object.assign(new Widget(), { renderModel: async () => {} }),
    };
    const sessionContext = {
      session: { kernel: { registerCommTarget: vi.fn() } },
      iopubMessage: signal(),
      statusChanged: signal(),
      kernelChanged: signal(),
    };
    const title = { label: "test.ipynb" };
    return { title, content: { rendermime }, sessionContext, disposed: signal() };
  }

  async function start(made: typeof notebook) {
    renderers = [];
    right = [];
    shown = [];
    notebook = made;
    const tracker = {
      currentWidget: notebook,
      forEach: (call: (one: typeof notebook) => void) => call(notebook),
      widgetAdded: signal(),
      currentChanged: signal(),
    };
    const app = {
      commands: { addCommand: vi.fn() },
      shell: {
        add: (widget: Widget) => right.push(widget),
        activateById: (id: string) => shown.push(id),
      },
    };
    (await plugins())["nbexplain:docking"]!.activate(app, tracker, null);
  }

  const tell = (model_id: string, msg_type = "display_data") =>
    notebook.sessionContext.iopubMessage.emit({
      header: { msg_type },
      content: { data: { [MIME]: { model_id, title: "<b>net</b>" } } },
    });

  beforeEach(() => start(panel()));

  it("shows what the kernel displays, once, and another in its place", () => {
    tell("one");
    tell("one");
    expect([right.length, shown]).toEqual([1, ["nbexplain-one", "nbexplain-one"]]);
    const gone = vi.fn();
    right[0]!.disposed.connect(gone);
    tell("two");
    expect(gone).toHaveBeenCalledOnce();
    expect(right.length).toBe(2);
    expect(right[1]!.node.querySelector("b")).toBeNull();
  });

  it("is not drawn by what is no display, or has no model", () => {
    tell("one", "execute_result");
    tell("");
    notebook.sessionContext.iopubMessage.emit({ header: { msg_type: "status" }, content: {} });
    expect(right).toEqual([]);
  });

  it("says that a kernel is gone, of what that one made", () => {
    tell("one");
    const said = () => right.at(-1)!.node.querySelector("[role=status]")!.textContent;
    notebook.sessionContext.statusChanged.emit("busy");
    expect(said()).toBe("");
    notebook.sessionContext.statusChanged.emit("restarting");
    expect(said()).toContain("is gone");
    tell("two");
    expect(said()).toBe("");
    notebook.sessionContext.kernelChanged.emit({ newValue: null });
    expect(said()).toContain("is gone");
  });

  it("goes with its notebook", () => {
    tell("one");
    const gone = vi.fn();
    right[0]!.disposed.connect(gone);
    notebook.disposed.emit();
    expect(gone).toHaveBeenCalledOnce();
  });

  it("comes back by the line in the output, after it was closed", async () => {
    tell("one");
    right[0]!.node.querySelector("button")!.click();
    const line = renderers[0]!();
    await line.renderModel({ data: { [MIME]: { model_id: "one", title: "net" } } });
    line.node.querySelector("button")!.click();
    expect(right.length).toBe(2);
    const nothing = renderers[0]!();
    await nothing.renderModel({ data: { [MIME]: {} } });
    expect(nothing.node.childElementCount).toBe(0);
  });

  it("is not promised where widgets cannot be drawn", async () => {
    await start(panel([]));
    tell("one");
    expect(right).toEqual([]);
    const line = renderers[0]!();
    const data = { [MIME]: { model_id: "one", title: "net" }, "text/plain": "what to do" };
    await line.renderModel({ data });
    expect(line.node.textContent).toBe("what to do");
    expect(line.node.querySelector("button")).toBeNull();
  });
});
