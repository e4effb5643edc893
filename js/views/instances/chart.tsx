/** A picture of rows: marks on a canvas, what is picked above them, a brush, a tip. */
import { useSignal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { palette, type RampName } from "../../canvas/colours.js";
import type { Paper } from "../../canvas/paper.js";
import { draw } from "../../canvas/splat.js";
import { counted } from "../../format.js";
import type { Store } from "../../store.js";
import { useUnique } from "../unique.js";
import { inPixels, type Brush } from "./brush.js";
import { Chip } from "./head.js";
import type { Picture } from "./picture.js";
import { usePointing } from "./pointing.js";
import { rowLabel, type Column, type Scene } from "./quantities.js";
import { RowTip } from "./tip.js";

export interface Shared {
  store: Store;
  /** What is shown, whatever the feature; and with the feature that colours are about. */
  ground: ReadonlySignal<Scene>;
  scene: ReadonlySignal<Scene>;
  brush: Brush;
  paper: ReadonlySignal<Paper>;
  columns: ReadonlySignal<Column[]>;
  width: ReadonlySignal<number>;
}

interface Props extends Shared {
  picture: Picture;
  shades: Uint8Array;
  shapes?: Uint8Array | undefined;
  ramp: RampName;
  /** What the chart shows, in words. */
  label: string;
  about?: (mark: number) => [name: string, text: string][];
  /** Drawn below the marks, as SVG. */
  below: ComponentChildren;
  /** Stands on the chart, and takes its own clicks. */
  children?: ComponentChildren;
}

export function Chart(props: Props) {
  const { store, brush, paper, columns, picture, shades, shapes, ramp } = props;
  const id = useUnique();
  const base = useRef<HTMLCanvasElement>(null);
  const lit = useRef<HTMLCanvasElement>(null);
  const pointed = useSignal(-1);
  const said = useSignal("");
  const { width, height, x, y, radius, cover } = picture;
  const mask = brush.mask.value;
  const on = paper.value;

  useLayoutEffect(() => {
    // Marks of another picture are none of this one's.
    pointed.value = -1;
  }, [picture]);
  const paint = (canvas: HTMLCanvasElement | null, only?: (mark: number) => boolean) => {
    const marks = { x, y, shades, shapes, radius, cover };
    draw(canvas, marks, palette(on.theme, ramp), on, width, height, only);
  };
  useLayoutEffect(() => paint(base.current), [picture, shades, shapes, ramp, on]);
  useLayoutEffect(() => {
    if (mask) paint(lit.current, (mark) => mask[picture.place(mark)] === 1);
  }, [picture, shades, shapes, ramp, on, mask]);

  const speak = useSpeech(said);
  const handlers = usePointing({
    store,
    brush,
    picture,
    pointed,
    say: (what) =>
      speak(() => {
        if (what === "brush") return `${counted(store.rows.peek()?.length ?? 0, "row")} brushed`;
        if (pointed.peek() < 0) return "";
        const place = picture.place(pointed.peek());
        return columns
          .peek()
          .map((column) => `${column.name} ${column.text(place)}`)
          .join(", ");
      }),
  });
  return (
    <div class="nbx-field" style={{ height: `${height}px` }}>
      <div
        class={`nbx-plot${mask ? " nbx-dimmed" : ""}`}
        data-nbx-plot=""
        role="group"
        tabIndex={0}
        aria-label={props.label}
        aria-describedby={`${id}-help`}
        {...handlers}
      >
        <svg class="nbx-frame" width={width} height={height} aria-hidden="true">
          {props.below}
        </svg>
        <canvas ref={base} aria-hidden="true" />
        <canvas ref={lit} aria-hidden="true" hidden={!mask} />
        <svg class="nbx-over" width={width} height={height} aria-hidden="true">
          {brush.boxes.value.map((box) => {
            const { left, top, right, bottom } = inPixels(picture, box);
            return (
              <rect class="nbx-box" x={left} y={top} width={right - left} height={bottom - top} />
            );
          })}
          <Rings store={store} picture={picture} />
        </svg>
      </div>
      {props.children}
      <RowTip {...{ store, picture, pointed, columns }} about={props.about} />
      <Chip store={store} brush={brush} />
      <p class="nbx-hidden" id={`${id}-help`}>
        Arrow keys go from row to row, Enter picks one, Alt and Enter a second one to compare, Shift
        and arrow keys brush, Escape clears.
      </p>
      <p class="nbx-hidden" role="status">
        {said}
      </p>
    </div>
  );
}

/** Which row is hovered, picked, compared: rings, so that no colour is hidden. */
function Rings({ store, picture }: { store: Store; picture: Picture }) {
  const here = store.instances.value!;
  const hovered = store.hovered.value;
  const ring = (row: number | null, kind: string, radius: number) => {
    const place = here.find(row);
    if (row === null || place < 0) return null;
    const spots = picture.spots(place);
    const [first] = spots;
    return (
      <g class={`nbx-ring nbx-${kind}`}>
        {spots.map(([cx, cy]) => (
          <>
            <circle class="nbx-halo" cx={cx} cy={cy} r={radius} />
            <circle cx={cx} cy={cy} r={radius} />
          </>
        ))}
        {first && kind !== "hovered" && (
          <Label at={first} width={picture.width} text={rowLabel(here, place)} />
        )}
      </g>
    );
  };
  const [instance, other] = [store.instance.value, store.other.value];
  const size = picture.radius + 3;
  return (
    <>
      {hovered !== instance && hovered !== other && ring(hovered, "hovered", size)}
      {ring(other, "other", size + 1)}
      {ring(instance, "picked", size + 1)}
    </>
  );
}

function Label({ at: [x, y], width, text }: { at: [number, number]; width: number; text: string }) {
  const short = text.length > 26 ? `${text.slice(0, 25)}…` : text;
  const right = x > width - 14 - 6.5 * short.length;
  return (
    <text x={right ? x - 11 : x + 11} y={Math.max(y - 7, 11)} text-anchor={right ? "end" : "start"}>
      {short}
    </text>
  );
}

/** The last of what was to be said in a while. */
function useSpeech(said: Signal<string>): (words: () => string) => void {
  const timer = useRef(0);
  useLayoutEffect(() => () => clearTimeout(timer.current), []);
  return (words) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => (said.value = words()), 250);
  };
}
