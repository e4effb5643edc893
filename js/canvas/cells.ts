/** A map of cells drawn into an image; where cells are more than pixels, the largest is seen. */
import { shade } from "./colours.js";

/** Rows and columns of cells, and the value of each; NaN is unknown. */
export interface Cells {
  rows: number;
  columns: number;
  value(row: number, column: number): number;
}

/** Which cells each pixel of a side stands for: from, to. */
function spans(pixels: number, cells: number): [number, number][] {
  return Array.from({ length: pixels }, (_, p) => {
    const from = Math.floor((p * cells) / pixels);
    if (cells <= pixels) {
      const cell = Math.min(Math.floor(((p + 0.5) * cells) / pixels), cells - 1);
      return [cell, cell + 1];
    }
    return [from, Math.max(from + 1, Math.ceil(((p + 1) * cells) / pixels))];
  });
}

/** The largest of the cells that each pixel stands for, `[height, width]`; NaN where none is known. */
export function pooled(cells: Cells, width: number, height: number): Float32Array {
  const [across, down] = [spans(width, cells.columns), spans(height, cells.rows)];
  const found = new Float32Array(width * height).fill(NaN);
  down.forEach(([top, bottom], y) => {
    const [above, to] = down[y - 1] ?? [-1, -1];
    // Rows of pixels within one row of cells are alike.
    if (above === top && to === bottom)
      return found.copyWithin(y * width, (y - 1) * width, y * width);
    across.forEach(([left, right], x) => {
      let most = NaN;
      for (let row = top; row < bottom; row++)
        for (let column = left; column < right; column++) {
          const value = cells.value(row, column);
          if (!(value <= most) && !Number.isNaN(value)) most = value;
        }
      found[y * width + x] = most;
    });
  });
  return found;
}

/** Draws the cells on a canvas of so many CSS pixels, on a square-root scale from 0 to `most`. */
export function drawCells(
  canvas: HTMLCanvasElement | null,
  cells: Cells,
  most: number,
  palette: Uint32Array,
  ratio: number,
  width: number,
  height: number,
): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context || !(width > 0)) return;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across) canvas.width = across;
  if (canvas.height !== down) canvas.height = down;
  const image = context.createImageData(across, down);
  const pixels = new Uint32Array(image.data.buffer);
  pooled(cells, across, down).forEach((value, p) => {
    pixels[p] = palette[shade(Math.sqrt(value), 0, Math.sqrt(most) || 1)]!;
  });
  context.putImageData(image, 0, 0);
}
