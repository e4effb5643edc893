/** The thin module that every view carries: it mounts what its session exports. */
import type { Host, RenderProps } from "@anywidget/types";
import type { Exports } from "./session.js";

async function render({ model, el, host, signal }: RenderProps & { host?: Host }) {
  const say = (text: string) => {
    el.textContent = text;
  };
  if (!host?.getWidget)
    return say("nbexplain: this view needs anywidget 0.11 or newer where the page comes from.");
  let current: AbortController | undefined;
  const show = async () => {
    current?.abort();
    const { signal: here } = (current = new AbortController());
    el.textContent = "";
    try {
      const [own, other] = await Promise.all(
        [model.get("_session"), model.get("_second")].map((of) => of && host.getWidget(of)),
      );
      if (here.aborted) return;
      (own.exports as Exports).mount(el, model.get("_kind"), {
        signal: here,
        replaces: model.get("_static"),
        second: other?.exports as Exports | undefined,
        runs: model.get("_runs"),
      });
    } catch {
      if (!here.aborted) say("nbexplain: the data of this view is gone; run the cell again.");
    }
  };
  model.on("change:_session", show);
  signal.addEventListener("abort", () => current?.abort());
  await show();
}

export default { render };
