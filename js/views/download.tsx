/** What can be taken away: a picture of what is shown, tables of what it says. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { importances, instances, picked } from "../export/csv.js";
import { drawing } from "../export/drawing.js";
import { fileName, pixels, save } from "../export/save.js";
import type { ViewProps } from "./panel.js";

interface Item {
  label: string;
  file: string;
  make(): Blob | Promise<Blob>;
}

export function Download({ store, root }: ViewProps) {
  const open = useSignal(false);
  const failed = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);
  const { title } = store.meta.value!;
  const page = root.ownerDocument;
  const csv = (text: string) => new Blob([text], { type: "text/csv;charset=utf-8" });
  const svg = () => drawing(root, title);
  const items: Item[] = [
    { label: "Picture (PNG)", file: "picture.png", make: () => pixels(page, svg()) },
    {
      label: "Drawing (SVG)",
      file: "drawing.svg",
      make: () => new Blob([svg()], { type: "image/svg+xml" }),
    },
  ];
  if (store.slice.value)
    items.push({
      label: "Importances (CSV)",
      file: "importances.csv",
      make: () => csv(importances(store)),
    });
  if (store.slice.value && store.instances.value)
    items.push({
      label: store.rows.value ? "Brushed instances (CSV)" : "Instances (CSV)",
      file: "instances.csv",
      make: () => csv(instances(store)),
    });
  if (store.instance.value !== null)
    items.push({
      label: store.other.value === null ? "This instance (CSV)" : "These instances (CSV)",
      file: "instance.csv",
      make: () => csv(picked(store)),
    });
  const close = (focused = true) => {
    open.value = false;
    if (focused) button.current?.focus();
  };
  const take = async ({ file, make }: Item) => {
    close();
    try {
      failed.value = false;
      save(page, fileName(title, file), await make());
    } catch {
      failed.value = true;
    }
  };
  const step = (event: KeyboardEvent) => {
    const all = [...menu.current!.querySelectorAll<HTMLElement>("[role=menuitem]")];
    const at = all.indexOf(event.target as HTMLElement);
    const to: Record<string, number> = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    };
    if (event.key === "Tab") return close(false);
    if (event.key in to) all[to[event.key]!]!.focus();
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  useEffect(() => {
    if (!open.value) return;
    menu.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    const around = box.current?.getRootNode();
    const outside = (event: Event) => {
      if (!event.composedPath().includes(box.current!)) close(false);
    };
    around?.addEventListener("pointerdown", outside);
    return () => around?.removeEventListener("pointerdown", outside);
  }, [open.value]);
  return (
    <div class="nbx-menu nbx-download" ref={box}>
      <button
        type="button"
        ref={button}
        aria-haspopup="menu"
        aria-expanded={open.value}
        onClick={() => (open.value ? close() : (open.value = true))}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || open.value) return;
          open.value = true;
          event.preventDefault();
        }}
      >
        Download
      </button>
      <span class="nbx-hidden" role="status">
        {failed.value && "This could not be written."}
      </span>
      <div
        ref={menu}
        class="nbx-popup"
        role="menu"
        aria-label="Download"
        hidden={!open.value}
        onKeyDown={step}
      >
        {items.map((item) => (
          <button type="button" role="menuitem" tabIndex={-1} onClick={() => void take(item)}>
            {item.label}
          </button>
        ))}
      </div>
    </div>
  );
}
