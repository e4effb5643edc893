/** How wide the names' column needs to be. */

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
