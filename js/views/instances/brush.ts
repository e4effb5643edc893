/** Brushed rows as a mask over those in the page: boxes, cells and other views all end in it. */
import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { Box } from "../../canvas/grid.js";
import type { Store } from "../../store.js";
import type { Picture } from "./picture.js";

export interface Brush {
  /** By place, 1 where a row is brushed; null without a brush. */
  readonly mask: ReadonlySignal<Uint8Array | null>;
  /** Boxes that were dragged, in shares of the picture's box. */
  readonly boxes: ReadonlySignal<Box[]>;
  /** Brushes these rows, which the boxes stand for; without a row, nothing. */
  choose(mask: Uint8Array | null, boxes?: Box[]): void;
  /** The picture changes: rows stay brushed, boxes mean nothing any more. */
  forget(): void;
}

export function useBrush(store: Store): Brush {
  return useMemo(() => {
    const drawn = signal<Box[]>([]);
    let mine: { rows: Uint32Array; mask: Uint8Array } | null = null;
    // Python repeats what was chosen here, in another array.
    const own = computed(() => {
      const rows = store.rows.value;
      return mine && rows && same(mine.rows, rows) ? mine : null;
    });
    const mask = computed(() => {
      const [here, rows] = [store.instances.value, store.rows.value];
      if (!here || !rows) return null;
      if (own.value?.mask.length === here.count) return own.value.mask;
      const found = new Uint8Array(here.count);
      for (const place of here.places(rows)) found[place] = 1;
      return found;
    });
    return {
      mask,
      boxes: computed(() => (own.value ? drawn.value : [])),
      choose(next, boxes = []) {
        const here = store.instances.peek();
        const rows = here && next && here.positions.filter((_, i) => next[i]);
        mine = rows?.length ? { rows, mask: next! } : null;
        batch(() => {
          drawn.value = boxes;
          store.choose({ rows: mine && mine.rows });
        });
      },
      forget: () => void (drawn.value = []),
    };
  }, [store]);
}

const same = (a: Uint32Array, b: Uint32Array): boolean =>
  a === b || (a.length === b.length && a.every((row, i) => row === b[i]));

/** Adds the rows within a box, given in shares of the picture's, to a mask. */
export function within(picture: Picture, box: Box, mask: Uint8Array): void {
  picture.grid.within(inPixels(picture, box), (mark) => (mask[picture.place(mark)] = 1));
}

export function inPixels({ box }: Picture, { left, top, right, bottom }: Box): Box {
  const [width, height] = [box.right - box.left, box.bottom - box.top];
  return {
    left: box.left + left * width,
    right: box.left + right * width,
    top: box.top + top * height,
    bottom: box.top + bottom * height,
  };
}

/** The box between two points in pixels, in shares of the picture's box. */
export function between({ box }: Picture, [x0, y0]: Point, [x1, y1]: Point): Box {
  const across = (x: number) => (x - box.left) / (box.right - box.left);
  const down = (y: number) => (y - box.top) / (box.bottom - box.top);
  return {
    left: across(Math.min(x0, x1)),
    right: across(Math.max(x0, x1)),
    top: down(Math.min(y0, y1)),
    bottom: down(Math.max(y0, y1)),
  };
}

export type Point = [x: number, y: number];
