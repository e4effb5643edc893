/** Pointer and keyboard on a picture: hover, pick, compare, brush. */
import type { Signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { Box } from "../../canvas/grid.js";
import type { Store } from "../../store.js";
import { between, within, type Brush, type Point } from "./brush.js";
import type { Picture } from "./picture.js";

/** How far a pointer finds a mark. */
const REACH = 14;
/** How far it moves before it drags. */
const STILL = 4;
/** How far a key moves a side of the brush, in shares. */
const NUDGE = 0.05;

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

interface Drag {
  from: Point;
  /** What was brushed before, and stays so. */
  kept: Uint8Array | null;
  boxes: Box[];
  box: Box | null;
}

interface Pointed {
  store: Store;
  brush: Brush;
  picture: Picture;
  /** The mark under the pointer or the keyboard's cursor; −1 without one. */
  pointed: Signal<number>;
  say(what: "cursor" | "brush"): void;
}

export function usePointing(now: Pointed) {
  const latest = useRef(now);
  latest.current = now;
  const handlers = useMemo(() => pointing(() => latest.current), []);
  useEffect(() => handlers.stop, []);
  return handlers.on;
}

function pointing(now: () => Pointed) {
  let drag: Drag | null = null;
  let dragged = false;
  let pressed: Point | null = null;
  let frame = 0;
  /** The corner that keys move, and the one that stays. */
  let nudged: { fixed: Point; moved: Point; boxes: Box[]; kept: Uint8Array | null } | null = null;

  const position = (mark: number) => {
    const { store, picture } = now();
    return mark < 0 ? null : store.instances.peek()!.positions[picture.place(mark)]!;
  };
  const point = (mark: number) => {
    const { store, pointed } = now();
    pointed.value = mark;
    store.hover(position(mark));
  };
  const pick = (mark: number, event: MouseEvent | KeyboardEvent) => {
    const { store } = now();
    const row = position(mark);
    if (row === null) return;
    const second = event.altKey || event.ctrlKey || event.metaKey;
    store.choose(second && store.instance.peek() !== null ? { other: row } : { instance: row });
  };
  const cover = (box: Box | null, boxes: Box[], kept: Uint8Array | null) => {
    const { store, brush, picture } = now();
    const mask = kept ? kept.slice() : new Uint8Array(store.instances.peek()!.count);
    if (box) within(picture, box, mask);
    brush.choose(mask, box ? [...boxes, box] : boxes);
  };
  const flush = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    if (drag) cover(drag.box, drag.boxes, drag.kept);
  };
  const end = (event: PointerEvent) => {
    if (!drag) return;
    if (drag.box) {
      flush();
      now().say("brush");
    }
    drag = null;
    const plot = event.currentTarget as Element;
    if (plot.hasPointerCapture?.(event.pointerId)) plot.releasePointerCapture(event.pointerId);
  };
  const clear = () => {
    const { store, brush } = now();
    nudged = null;
    if (store.rows.peek()) brush.choose(null);
    else if (store.other.peek() !== null) store.choose({ other: null });
    else store.choose({ instance: null });
  };
  const start = (): number => {
    const { store, picture, pointed } = now();
    if (pointed.peek() >= 0) return pointed.peek();
    const here = store.instances.peek()!;
    const [spot] = picture.spots(here.find(store.hovered.peek() ?? store.instance.peek()) >>> 0);
    const { left, right, top, bottom } = picture.box;
    return picture.grid.near(...(spot ?? ([(left + right) / 2, (top + bottom) / 2] as const)));
  };
  const nudge = (direction: Point) => {
    const { brush, picture, say } = now();
    if (!nudged) {
      const mark = start();
      if (mark < 0) return;
      const at = between(
        picture,
        [picture.x[mark]!, picture.y[mark]!],
        [picture.x[mark]!, picture.y[mark]!],
      );
      nudged = {
        fixed: [at.left - NUDGE, at.top - NUDGE],
        moved: [at.left + NUDGE, at.top + NUDGE],
        boxes: brush.boxes.peek(),
        kept: brush.mask.peek(),
      };
    }
    const { fixed, moved, boxes, kept } = nudged;
    moved[0] += direction[0] * NUDGE;
    moved[1] += direction[1] * NUDGE;
    const ends = (axis: 0 | 1) =>
      [fixed[axis], moved[axis]].sort((a, b) => a - b) as [number, number];
    const [[left, right], [top, bottom]] = [ends(0), ends(1)];
    cover({ left, right, top, bottom }, boxes, kept);
    say("brush");
  };

  const on = {
    onPointerDown(event: PointerEvent) {
      dragged = false;
      if (event.button !== 0) return;
      const { brush } = now();
      nudged = null;
      pressed = at(event);
      drag = {
        from: pressed,
        kept: event.shiftKey ? brush.mask.peek() : null,
        boxes: event.shiftKey ? brush.boxes.peek() : [],
        box: null,
      };
    },
    onPointerMove(event: PointerEvent) {
      const { picture } = now();
      const [x, y] = at(event);
      if (!drag) return point(picture.grid.near(x, y, REACH));
      const still = event.pointerType === "touch" ? 2 * STILL : STILL;
      if (!drag.box && Math.hypot(x - drag.from[0], y - drag.from[1]) < still) return;
      if (!drag.box) {
        (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
        point(-1);
      }
      dragged = true;
      drag.box = between(picture, drag.from, [x, y]);
      // Once a frame, however often the pointer moves.
      frame ||= requestAnimationFrame(flush);
    },
    onPointerUp: end,
    onPointerCancel: end,
    onPointerLeave: () => drag || point(-1),
    onClick(event: MouseEvent) {
      if (dragged) return void (dragged = false);
      const { picture, brush } = now();
      // Clicks come in whole pixels: where marks are dense, another is nearest than was ringed.
      const [cx, cy] = at(event);
      const near = pressed && Math.hypot(cx - pressed[0], cy - pressed[1]) < 2;
      const [x, y] = near ? pressed! : [cx, cy];
      pick(picture.grid.near(x, y), event);
      const boxes = brush.boxes.peek();
      const inside = ({ left, right, top, bottom }: Box) => {
        const { left: px, top: py } = between(picture, [x, y], [x, y]);
        return px >= left && px <= right && py >= top && py <= bottom;
      };
      const compares = event.altKey || event.ctrlKey || event.metaKey || event.shiftKey;
      if (boxes.length && !compares && !boxes.some(inside)) brush.choose(null);
    },
    onKeyDown(event: KeyboardEvent) {
      const { picture, say } = now();
      const direction = ARROWS[event.key];
      if (direction && event.shiftKey) nudge(direction);
      else if (direction && !event.altKey && !event.ctrlKey && !event.metaKey) {
        nudged = null;
        const from = start();
        // The first key shows where the cursor is.
        const to = now().pointed.peek() < 0 ? from : beside(picture, from, direction);
        if (to >= 0) point(to);
        say("cursor");
      } else if (event.key === "Enter") pick(start(), event);
      else if (event.key === "Escape") clear();
      else return;
      event.preventDefault();
      event.stopPropagation();
    },
    onBlur: () => {
      nudged = null;
      if (!drag) point(-1);
    },
  };
  return { on, stop: () => cancelAnimationFrame(frame) };
}

function at(event: MouseEvent): Point {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** The nearest mark in a direction: what lies aside counts more than what lies ahead. */
export function beside({ x, y, grid }: Picture, from: number, [dx, dy]: Point): number {
  let best = -1;
  let least = Infinity;
  for (let i = 0; grid.count && i < x.length; i++) {
    const [h, v] = [x[i]! - x[from]!, y[i]! - y[from]!];
    const ahead = h * dx + v * dy;
    const aside = h * dy + v * dx;
    const cost = ahead * ahead + 4 * aside * aside;
    if (ahead > 0.5 && cost < least) [least, best] = [cost, i];
  }
  return best;
}
