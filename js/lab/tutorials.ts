/** The tutorials that came with the extension, opened as copies of the user's own. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import type { ICommandPalette } from "@jupyterlab/apputils";
import type { ILauncher } from "@jupyterlab/launcher";
import type { Modules } from "./container.js";
import { barsIcon } from "./icon.js";

const OPEN = "nbexplain:open-tutorials";
/** As of `nbexplain lab`. */
const FOLDER = "nbexplain-tutorials";
const FIRST = "quickstart.ipynb";

/** `base` is the address of a file beside the folder that holds them. */
export function tutorials(modules: Modules, base: string): JupyterFrontEndPlugin {
  const { apputils, launcher } = modules;
  return {
    id: "nbexplain:tutorials",
    autoStart: true,
    optional: [apputils.ICommandPalette, launcher.ILauncher],
    activate: (app: JupyterFrontEnd, palette: ICommandPalette | null, cards: ILauncher | null) => {
      app.commands.addCommand(OPEN, {
        label: "nbexplain Tutorials",
        icon: barsIcon(modules),
        execute: ({ cwd }) =>
          open(app, base, cwd).catch((error) =>
            apputils.showErrorMessage("The tutorials of nbexplain cannot be opened", error),
          ),
      });
      palette?.addItem({ command: OPEN, category: "nbexplain" });
      cards?.add({ command: OPEN, category: "Other", rank: 10 });
    },
  };
}

async function open({ commands, serviceManager }: JupyterFrontEnd, base: string, cwd = "") {
  const { contents } = serviceManager;
  const folder = cwd ? `${cwd}/${FOLDER}` : FOLDER;
  await contents.save(folder, { type: "directory" });
  const there = new Set((await contents.get(folder)).content.map(({ name }) => name));
  for (const name of TUTORIALS.filter((one) => !there.has(one))) {
    const answer = await fetch(new URL(`tutorials/${name}`, base));
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${answer.statusText}`);
    const content: unknown = await answer.json();
    await contents.save(`${folder}/${name}`, { type: "notebook", format: "json", content });
  }
  await commands.execute("docmanager:open", { path: `${folder}/${FIRST}` });
}
