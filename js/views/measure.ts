/** How wide a view is, and how wide its names' column needs to be. */
import { useSignal, type Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { RefObject } from "preact";

const SIZE = 12;

/** Pixels that 19 of 20 names fit in (all of a few); the longest are cut in the middle. */
export function nameWidth(root: HTMLElement, names: string[]): number {
  const lengths = names.map((name) => name.length).sort((a, b) => a - b);
  const room = lengths[Math.min(lengths.length - 1, Math.ceil(lengths.length * 0.95))] ?? 0;
  // Measuring thousands would cost a frame; among names of a length the widest differ little.
  const longest = names
    .filter(({ length }) => length <= room && length >= room - 2)
    .sort((a, b) => b.length - a.length)
    .slice(0, 40);
  const context = root.ownerDocument.createElement("canvas").getContext("2d");
  if (!context) return room * SIZE * 0.55;
  const { fontFamily } = getComputedStyle(root);
  // The picked one is bold, and is not cut for that.
  context.font = `700 ${SIZE}px ${fontFamily}`;
  return Math.ceil(Math.max(...longest.map((name) => context.measureText(name).width), 24)) + 2;
}

/** An element and its width in pixels as it changes; 0 until it has a place on the page. */
export function useWidth(): [RefObject<HTMLElement | null>, Signal<number>] {
  const element = useRef<HTMLElement>(null);
  const width = useSignal(0);
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth, isConnected } = element.current!;
      if (clientWidth > 0) width.value = clientWidth;
      else if (isConnected) width.value ||= 480; // where nothing is laid out
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
