/** The list's scroll bar: all shares on a logarithmic scale, with the window and the picked one. */
import { useComputed, type Signal } from "@preact/signals";
import { Component, type RefObject } from "preact";
import type { Slice } from "../wire.js";
import { GLIDE } from "./row.js";

const WIDTH = 24;

interface Props {
  list: RefObject<HTMLElement | null>;
  scroll: Signal<{ top: number; height: number }>;
  height: number;
  shown: number[];
  slice: Slice;
  selected: number;
}

export function Profile({ list, scroll, height, shown, slice, selected }: Props) {
  const needed = useComputed(() => scroll.value.height).value < height - 1 && shown.length > 0;
  if (!needed) return null;
  const to = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const share = (event.clientY - box.top) / box.height;
    if (list.current) list.current.scrollTop = share * height - list.current.clientHeight / 2;
  };
  return (
    <svg
      class="nbx-profile"
      viewBox={`0 0 ${WIDTH} 100`}
      preserveAspectRatio="none"
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        to(event);
      }}
      onPointerMove={(event) => event.buttons && to(event)}
    >
      <Shape shown={shown} slice={slice} />
      {selected >= 0 && (
        <path class="nbx-mark" d={`M0 ${(100 * (selected + 0.5)) / shown.length}h${WIDTH}`} />
      )}
      <Window scroll={scroll} height={height} />
    </svg>
  );
}

function Window({ scroll, height }: Pick<Props, "scroll" | "height">) {
  const { top, height: seen } = scroll.value;
  const least = 4;
  const size = Math.max((100 * seen) / height, least);
  const y = Math.min((100 * top) / height, 100 - size);
  return <rect x="0.5" width={WIDTH - 1} y={y} height={size} />;
}

interface ShapeProps {
  shown: number[];
  slice: Slice;
}

/** It follows once the list rests: hundreds of points would cost each change a part of its frame. */
class Shape extends Component<ShapeProps> {
  private timer: ReturnType<typeof setTimeout> | undefined;

  override shouldComponentUpdate(next: Readonly<ShapeProps>): boolean {
    if (next.shown !== this.props.shown || next.slice !== this.props.slice) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.forceUpdate(), GLIDE);
    }
    return false;
  }

  override componentWillUnmount(): void {
    clearTimeout(this.timer);
  }

  override render({ shown, slice }: ShapeProps) {
    const levels = Math.min(shown.length, 400);
    const values = Array.from(
      { length: levels },
      (_, i) => slice.share[shown[Math.floor((i * shown.length) / levels)]!]!,
    );
    const sizes = values.filter((value) => value > 0).map(Math.log10);
    const most = sizes[0] ?? 0;
    const decades = 1.15 * Math.min(Math.max(most - (sizes.at(-1) ?? 0), 1), 6);
    const points = values.map((value, i) => {
      const size = value > 0 ? 1 + (Math.log10(value) - most) / decades : 0;
      return `V${(100 * i) / levels}H${(3 + (WIDTH - 6) * Math.max(size, 0.06)).toFixed(1)}`;
    });
    return <path class="nbx-shape" d={`M3 0${points.join("")}V100H3Z`} />;
  }
}
