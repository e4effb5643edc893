/** Rows as a table, of which only those near the window exist. */
import { useComputed, useSignal, type ReadonlySignal, type Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { counted } from "../../format.js";
import { useUnique } from "../unique.js";
import type { Shared } from "./chart.js";
import type { Sorting } from "./orders.js";

const HEIGHT = 24;
const BEYOND = 8;

interface Props extends Shared {
  order: ReadonlySignal<Uint32Array>;
  sorting: Signal<Sorting | null>;
}

export function Rows({ store, columns, order, sorting }: Props) {
  const id = useUnique();
  const scroller = useRef<HTMLDivElement>(null);
  const scroll = useSignal({ top: 0, height: 320 });
  const at = useSignal(0);
  const here = store.instances.value!;
  const rows = order.value;
  const first = useComputed(() => Math.floor(scroll.value.top / HEIGHT / 4) * 4 - BEYOND).value;
  const from = Math.max(0, first);
  const visible = Math.ceil(scroll.value.height / HEIGHT) + 2 * BEYOND + 4;
  const seen = rows.subarray(from, Math.max(0, first + visible));
  const [instance, other, hovered] = [store.instance.value, store.other.value, store.hovered.value];
  const cursor = Math.min(at.value, rows.length - 1);
  const numbers = columns.value;

  useLayoutEffect(() => {
    const box = scroller.current!;
    const measure = () =>
      (scroll.value = { top: box.scrollTop, height: box.clientHeight || scroll.peek().height });
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  const reveal = (place: number) => {
    const box = scroller.current!;
    const top = place * HEIGHT;
    // Names of columns may take two lines.
    const head = (box.firstElementChild as HTMLElement).offsetHeight || HEIGHT;
    const room = (box.clientHeight || scroll.peek().height) - head - HEIGHT;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top > box.scrollTop + room) box.scrollTop = top - room;
    scroll.value = { ...scroll.peek(), top: box.scrollTop };
  };
  useLayoutEffect(() => {
    scroller.current!.scrollTop = 0;
    scroll.value = { ...scroll.peek(), top: 0 };
    at.value = 0;
  }, [order.value]);
  // A pick from elsewhere is brought into the window.
  useLayoutEffect(() => {
    const place = rows.indexOf(here.find(instance) >>> 0);
    if (place < 0) return;
    at.value = place;
    reveal(place);
  }, [instance, order.value]);

  const pick = (place: number, event: MouseEvent | KeyboardEvent) => {
    const row = here.positions[rows[place] ?? -1];
    if (row === undefined) return;
    const second = event.altKey || event.ctrlKey || event.metaKey;
    store.choose(second && instance !== null ? { other: row } : { instance: row });
    at.value = place;
  };
  const onKey = (event: KeyboardEvent) => {
    if ((event.target as Element).closest("button")) return;
    const cursor = Math.min(at.peek(), rows.length - 1);
    const page = Math.max(1, Math.floor(scroll.peek().height / HEIGHT) - 2);
    const steps: Record<string, number> = {
      ArrowDown: cursor + 1,
      ArrowUp: cursor - 1,
      PageDown: cursor + page,
      PageUp: cursor - page,
      Home: 0,
      End: rows.length - 1,
    };
    const to = steps[event.key];
    if (to !== undefined && !event.metaKey && !event.ctrlKey && !event.altKey) {
      at.value = Math.min(Math.max(to, 0), rows.length - 1);
      reveal(at.peek());
      store.hover(here.positions[rows[at.peek()]!] ?? null);
    } else if (event.key === "Enter") pick(cursor, event);
    else if (event.key === "Escape")
      store.choose(store.rows.peek() ? { rows: null } : { instance: null });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const under = (event: MouseEvent) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-row]");
    return row ? Number(row.getAttribute("aria-rowindex")) - 2 : -1;
  };
  const sort = (key: string, numeric: boolean) => {
    const was = sorting.peek();
    const descending = was?.key === key ? !was.descending : numeric && key !== "row";
    sorting.value = { key, descending };
  };
  return (
    <div
      ref={scroller}
      class="nbx-rows"
      role="grid"
      tabIndex={0}
      aria-label={counted(rows.length, "row")}
      aria-rowcount={rows.length + 1}
      aria-colcount={numbers.length}
      aria-activedescendant={rows.length ? `${id}-${cursor}` : undefined}
      style={{ "--nbx-columns": String(numbers.length) }}
      onKeyDown={onKey}
      onScroll={(event) =>
        (scroll.value = { ...scroll.peek(), top: event.currentTarget.scrollTop })
      }
      onClick={(event) => under(event) >= 0 && pick(under(event), event)}
      onPointerMove={(event) => store.hover(here.positions[rows[under(event)] ?? -1] ?? null)}
      onPointerLeave={() => store.hover(null)}
    >
      <div role="row" aria-rowindex={1} class="nbx-heads">
        {numbers.map(({ key, name, numeric }) => (
          <div
            role="columnheader"
            data-column={key}
            class={numeric ? "nbx-number" : undefined}
            aria-sort={
              sorting.value?.key !== key
                ? "none"
                : sorting.value.descending
                  ? "descending"
                  : "ascending"
            }
          >
            <button type="button" onClick={() => sort(key, numeric)}>
              <bdi>{name}</bdi>
            </button>
          </div>
        ))}
      </div>
      <div role="rowgroup" class="nbx-window" style={{ height: `${rows.length * HEIGHT}px` }}>
        {Array.from(seen, (place, i) => {
          const row = here.positions[place]!;
          const kinds = [
            row === instance && "nbx-selected",
            row === other && "nbx-compared",
            row === hovered && "nbx-under",
          ];
          return (
            <div
              key={place}
              id={`${id}-${from + i}`}
              role="row"
              aria-rowindex={from + i + 2}
              aria-selected={row === instance}
              data-row={here.label(place)}
              class={kinds.filter(Boolean).join(" ")}
              style={{ transform: `translateY(${(from + i) * HEIGHT}px)` }}
            >
              {numbers.map(({ key, text, numeric, marked }) => (
                <div
                  key={key}
                  role={key === "row" ? "rowheader" : "gridcell"}
                  class={numeric ? "nbx-number" : undefined}
                >
                  <bdi>{text(place)}</bdi>
                  {marked?.(place) && (
                    <b class="nbx-wrong">
                      {" "}
                      ✗<span class="nbx-hidden"> wrong</span>
                    </b>
                  )}
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
