/** The panel of one notebook in the right sidebar. */
import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { NotebookPanel } from "@jupyterlab/notebook";
import type { Panel } from "@lumino/widgets";
import type { Modules } from "./container.js";
import { beside, button } from "./dom.js";
import { barsIcon } from "./icon.js";

/** What a kernel docks: the model of a widget, and what it is of. */
export interface Docked {
  model_id: string;
  title: string;
}

export const WIDGET = "application/vnd.jupyter.widget-view+json";
const GONE = "The kernel that made this is gone: run the cell again that docked it.";

export interface Dock {
  /** What was docked last, whether it is shown or was closed. */
  readonly docked: Docked | undefined;
  readonly visible: boolean;
  /** Show this, or again what was docked last. */
  show(docked?: Docked): void;
  /** Bring the panel to the front of the sidebar, where there is one. */
  raise(): void;
  close(): void;
  /** The kernel that holds the models is gone. */
  end(): void;
}

export function createDock(modules: Modules, app: JupyterFrontEnd, notebook: NotebookPanel): Dock {
  const { Panel, Widget } = modules.widgets;
  let docked: Docked | undefined;
  let panel: Panel | undefined;
  const ended = new Set<string>();
  const notice = beside("p");
  notice.setAttribute("role", "status");

  const close = () => panel?.dispose();
  const raise = () => panel && app.shell.activateById(panel.id);

  const draw = ({ model_id, title }: Docked) => {
    close();
    const made = (panel = new Panel());
    made.disposed.connect(() => {
      if (panel === made) panel = undefined;
    });
    const of = notebook.title.label;
    made.id = `nbexplain-${model_id}`;
    made.node.dataset["nbxDock"] = "";
    made.title.icon = barsIcon(modules);
    made.title.caption = `nbexplain: ${title}, ${of}`;
    const span = document.createElement("span");
    span.textContent = of;
    const leave = button("×", `Close the panel of ${of}`, close);
    const head = beside("div", span, leave);
    notice.textContent = ended.has(model_id) ? GONE : "";
    const { rendermime } = notebook.content;
    const view = rendermime.createRenderer(WIDGET);
    const data = { [WIDGET]: { version_major: 2, version_minor: 0, model_id } };
    void view.renderModel(rendermime.createModel({ data, trusted: true }));
    for (const node of [head, notice]) made.addWidget(new Widget({ node }));
    made.addWidget(view);
    app.shell.add(made, "right", { rank: 1000 });
  };

  return {
    get docked() {
      return docked;
    },
    get visible() {
      return panel?.isVisible ?? false;
    },
    show(wanted = docked) {
      if (!wanted) return;
      const same = wanted.model_id === docked?.model_id;
      docked = wanted;
      if (!panel || !same) draw(wanted);
      raise();
    },
    raise,
    close,
    end() {
      if (!docked) return;
      ended.add(docked.model_id);
      notice.textContent = GONE;
    },
  };
}
