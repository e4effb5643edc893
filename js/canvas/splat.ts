/** Marks drawn straight into the bytes of an image: a hundred thousand in one frame. */
import { pack, parsed, SHAPES } from "./colours.js";

export interface Marks {
  /** In CSS pixels; NaN where a mark has no place. */
  x: Float32Array;
  y: Float32Array;
  /** Into the palette. */
  shades: Uint8Array;
  /** Which shape; all are discs where absent. */
  shapes?: Uint8Array | undefined;
  /** Radius in CSS pixels, and how much of what is below a mark hides. */
  radius: number;
  cover: number;
}

/** Draws the marks, or those for which `only` is true, last ones first. */
export function splat(
  image: ImageData,
  { x, y, shades, shapes, radius, cover }: Marks,
  palette: Uint32Array,
  paper: number,
  ratio: number,
  only?: (mark: number) => boolean,
): void {
  const { width, height } = image;
  const pixels = new Uint32Array(image.data.buffer);
  const stamps = Array.from({ length: shapes ? SHAPES : 1 }, (_, shape) =>
    stamp(radius * ratio, shape, cover),
  );
  const { side } = stamps[0]!;
  const half = (side - 1) / 2;
  // The first rows of X in the page have derivatives: they come last, on top of those without.
  for (let mark = x.length - 1; mark >= 0; mark--) {
    if (only && !only(mark)) continue;
    const left = Math.round(x[mark]! * ratio - 0.5) - half;
    const top = Math.round(y[mark]! * ratio - 0.5) - half;
    // NaN fails every comparison.
    if (!(left >= 0 && top >= 0 && left + side <= width && top + side <= height)) continue;
    const colour = palette[shades[mark]!]!;
    const { covers } = stamps[shapes ? shapes[mark]! : 0]!;
    for (let row = 0, at = 0; row < side; row++) {
      let pixel = (top + row) * width + left;
      for (let column = 0; column < side; column++, pixel++, at++) {
        const share = covers[at]!;
        if (share === 0) continue;
        if (share === 256) pixels[pixel] = colour;
        else pixels[pixel] = mixed(pixels[pixel]! || paper, colour, share);
      }
    }
  }
}

/** `share` of 256 of the upper colour over the lower; both are opaque. */
function mixed(lower: number, upper: number, share: number): number {
  const rest = 256 - share;
  const outer = Math.imul(lower & 0xff00ff, rest) + Math.imul(upper & 0xff00ff, share);
  const inner = Math.imul((lower >>> 8) & 0xff, rest) + Math.imul((upper >>> 8) & 0xff, share);
  return (0xff000000 | ((outer >>> 8) & 0xff00ff) | (inner & 0xff00)) >>> 0;
}

/** How much of each pixel of a square a shape covers, of 256: disc, ring, square, diamond. */
function stamp(
  radius: number,
  shape: number,
  cover: number,
): { side: number; covers: Uint16Array } {
  const half = Math.ceil(radius + 0.5);
  const side = 2 * half + 1;
  const covers = new Uint16Array(side * side);
  const inside: ((dx: number, dy: number) => boolean)[] = [
    (dx, dy) => dx * dx + dy * dy <= radius * radius,
    (dx, dy) => {
      const distance = Math.hypot(dx, dy);
      return distance <= radius * 1.1 && distance >= radius * 0.55;
    },
    (dx, dy) => Math.max(Math.abs(dx), Math.abs(dy)) <= radius * 0.85,
    (dx, dy) => Math.abs(dx) + Math.abs(dy) <= radius * 1.3,
  ];
  const PARTS = 5;
  for (let i = 0; i < covers.length; i++) {
    let hits = 0;
    for (let p = 0; p < PARTS * PARTS; p++) {
      const dx = (i % side) - half + ((p % PARTS) + 0.5) / PARTS - 0.5;
      const dy = Math.floor(i / side) - half + (Math.floor(p / PARTS) + 0.5) / PARTS - 0.5;
      if (inside[shape]!(dx, dy)) hits += 1;
    }
    covers[i] = Math.round((256 * cover * hits) / (PARTS * PARTS));
  }
  return { side, covers };
}

/** Draws on a canvas of so many CSS pixels; where there is no canvas, nothing. */
export function draw(
  canvas: HTMLCanvasElement | null,
  marks: Marks,
  palette: Uint32Array,
  paper: { background: string; ratio: number },
  width: number,
  height: number,
  only?: (mark: number) => boolean,
): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context) return;
  const [across, down] = [Math.round(width * paper.ratio), Math.round(height * paper.ratio)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const image = context.createImageData(across, down);
  splat(image, marks, palette, pack(parsed(paper.background)), paper.ratio, only);
  context.putImageData(image, 0, 0);
}
