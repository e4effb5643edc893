// How esbuild makes the extension of JupyterLab and Notebook in share/, as a wheel installs it.
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const folder = path("../../share/jupyter/labextensions/nbexplain");
const notebooks = path("../../notebooks");

const json = (file, content) =>
  writeFile(`${folder}/${file}`, `${JSON.stringify(content, null, 2)}\n`);

/** Everything anew, so that nothing of an older build is left; package.json comes last. */
const labextension = {
  name: "labextension",
  setup(build) {
    build.onEnd(async ({ outputFiles: [script] = [] }) => {
      if (!script) return;
      const source = await readFile(path("../../nbexplain/__init__.py"), "utf8");
      const [, version] = /^__version__ = "(.*)"$/m.exec(source);
      // Browsers keep a script by its name.
      const name = createHash("sha256").update(script.contents).digest("hex").slice(0, 16);
      const load = `static/remoteEntry.${name}.js`;
      await rm(folder, { recursive: true, force: true });
      await mkdir(`${folder}/static`, { recursive: true });
      await writeFile(`${folder}/${load}`, script.contents);
      for (const tutorial of TUTORIALS)
        await cp(`${notebooks}/${tutorial}`, `${folder}/static/tutorials/${tutorial}`);
      await json("install.json", {
        packageManager: "python",
        packageName: "nbexplain",
        uninstallInstructions: "pip uninstall nbexplain",
      });
      await json("package.json", {
        name: "nbexplain",
        version,
        description: "Panels of nbexplain beside the code, and its tutorials",
        license: "BSD-3-Clause",
        jupyterlab: { extension: true, _build: { load, extension: "./extension" } },
      });
    });
  },
};

const TUTORIALS = (await readdir(notebooks)).filter((name) => name.endsWith(".ipynb")).sort();

/** The extension's options; `shared` are those of all that is built here. */
export const extension = (shared) => ({
  ...shared,
  entryPoints: [path("container.ts")],
  format: "iife",
  write: false,
  define: { TUTORIALS: JSON.stringify(TUTORIALS) },
  plugins: [...shared.plugins, labextension],
});
