/** What can be taken away: a picture of what is shown, tables of what it says. */
import { useSignal } from "@preact/signals";
import { importances, instances, picked, training } from "../export/csv.js";
import { drawing } from "../export/drawing.js";
import { pixels, save } from "../export/save.js";
import { Menu } from "./choose.js";
import type { ViewProps } from "./props.js";

export function Download({ store, root, second }: ViewProps) {
  const failed = useSignal(false);
  const { title } = store.meta.value!;
  const row = store.instance.value;
  const drawn = () => drawing(root, title);
  const all: [label: string, file: string, make: () => string | Promise<Blob>, there: boolean][] = [
    ["Picture (PNG)", "picture.png", () => pixels(root, drawn()), true],
    ["Drawing (SVG)", "drawing.svg", drawn, true],
    ["Importances (CSV)", "importances.csv", () => importances(store), !!store.slice.value],
    [
      store.rows.value ? "Brushed instances (CSV)" : "Instances (CSV)",
      "instances.csv",
      () => instances(store),
      !!store.instances.value,
    ],
    [
      "Training history (CSV)",
      "history.csv",
      () => training(store, second?.value ?? null),
      !!store.past.history.value,
    ],
    ["Picked instance (CSV)", "instance.csv", () => picked(store), row !== null],
  ];
  const take = async ([, file, make]: (typeof all)[number]) => {
    try {
      failed.value = false;
      save(root, `${title} ${file}`, await make());
    } catch {
      failed.value = true;
    }
  };
  return (
    <div class="nbx-download">
      <Menu
        label="Download"
        hook="download"
        acts
        options={all
          .filter(([, , , there]) => there)
          .map((value) => ({ value, label: value[0], name: value[1] }))}
        value={null}
        onChoose={(value) => void (value && take(value))}
      />
      <span class="nbx-hidden" role="status">
        {failed.value && "This could not be written."}
      </span>
    </div>
  );
}
