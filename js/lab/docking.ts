/** Panels beside the code: each notebook has one, which shows what it docked last. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { INotebookTracker, NotebookPanel, SessionContext } from "@jupyterlab/notebook";
import type { IRenderMimeRegistry, Renderer } from "@jupyterlab/rendermime";
import type { Modules } from "./container.js";
import { WIDGET, createDock, type Dock, type Docked } from "./dock.js";
import { addStyle, beside, button } from "./dom.js";

const MIME = "application/vnd.nbexplain.dock+json";
/** Comms to this target are taken, by which a kernel knows that the page docks. */
const TARGET = "nbexplain.dock";
const SHOW = "nbexplain:show-dock";

export function docking(modules: Modules): JupyterFrontEndPlugin {
  return {
    id: "nbexplain:docking",
    autoStart: true,
    requires: [modules.notebook.INotebookTracker],
    optional: [modules.apputils.ICommandPalette],
    activate: (app: JupyterFrontEnd, tracker: INotebookTracker, palette: ICommandPalette | null) =>
      activate(modules, app, tracker, palette),
  };
}

function activate(
  modules: Modules,
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  palette: ICommandPalette | null,
): void {
  addStyle();
  // Two views of one notebook have one session, and one dock.
  const docks = new Map<SessionContext, Dock>();

  const add = (notebook: NotebookPanel) => {
    const session = notebook.sessionContext;
    let dock = docks.get(session);
    if (!dock) {
      docks.set(session, (dock = createDock(modules, app, notebook)));
      attend(notebook, dock);
      notebook.disposed.connect(() => {
        docks.get(session)?.close();
        docks.delete(session);
      });
    }
    const { rendermime } = notebook.content;
    const createRenderer = () => line(modules, rendermime, dock);
    // Before the widget's own view, which stands in the same output for pages that cannot dock.
    rendermime.addFactory({ safe: false, mimeTypes: [MIME], createRenderer }, -10);
  };

  const attend = (
    { content: { rendermime }, sessionContext: session }: NotebookPanel,
    dock: Dock,
  ) => {
    const take = () => session.session?.kernel?.registerCommTarget(TARGET, () => {});
    take();
    session.kernelChanged.connect(() => {
      dock.end();
      take();
    });
    session.statusChanged.connect((_, status) => {
      if (/restarting|terminating|dead/.test(status)) dock.end();
    });
    // When it is sent rather than when it is drawn: outputs are drawn again as one scrolls, and
    // not at all before they are scrolled to.
    session.iopubMessage.connect((_, { header, content }) => {
      const told = content.data?.[MIME] as Docked | undefined;
      if (header.msg_type === "display_data" && told?.model_id && has(rendermime)) dock.show(told);
    });
  };

  tracker.forEach(add);
  tracker.widgetAdded.connect((_, notebook) => add(notebook));
  const current = () => docks.get(tracker.currentWidget?.sessionContext as SessionContext);
  tracker.currentChanged.connect(() => {
    // What stands beside the code is of this code.
    if ([...docks.values()].some((dock) => dock.visible)) current()?.raise();
  });
  app.commands.addCommand(SHOW, {
    label: "Show the Docked Panel",
    isEnabled: () => current()?.docked !== undefined,
    execute: () => current()?.show(),
  });
  palette?.addItem({ command: SHOW, category: "nbexplain" });
}

/** Whether widgets can be drawn: their manager is an extension of its own. */
const has = ({ mimeTypes }: IRenderMimeRegistry) => mimeTypes.includes(WIDGET);

/** What stands in the output of a cell that docks: a way to the panel, and else nothing. */
function line({ widgets }: Modules, rendermime: IRenderMimeRegistry, dock: Dock): Renderer {
  const renderer = new widgets.Widget();
  // The script-free form of an output hides what stands below it and was not drawn.
  renderer.node.dataset["mimeType"] = MIME;
  return Object.assign(renderer, {
    async renderModel({ data }: { data: Readonly<Record<string, unknown>> }) {
      const told = data[MIME] as Docked;
      const { node } = renderer;
      if (!told.model_id) return;
      if (!has(rendermime)) return node.replaceChildren(beside("div", String(data["text/plain"])));
      const show = button("Show", "Show the panel beside the code", () => dock.show(told));
      node.replaceChildren(beside("div", "Docked beside the code.", show));
    },
  });
}
