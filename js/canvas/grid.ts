/** Marks on a plane, sorted into square cells: what is near a point is found without a search. */

/** Pixels of a cell's side; hovering looks 14 pixels far. */
const SIDE = 14;

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class Grid {
  private readonly columns: number;
  private readonly rows: number;
  /** Where each cell begins in `sorted`. */
  private readonly starts: Uint32Array;
  private readonly sorted: Uint32Array;

  /** Marks without a place (NaN) are left out. */
  constructor(
    private readonly x: Float32Array,
    private readonly y: Float32Array,
    width: number,
    height: number,
  ) {
    this.columns = Math.max(1, Math.ceil(width / SIDE));
    this.rows = Math.max(1, Math.ceil(height / SIDE));
    const n = x.length;
    const cells = new Int32Array(n);
    this.starts = new Uint32Array(this.columns * this.rows + 1);
    for (let i = 0; i < n; i++) {
      const there = x[i]! - x[i]! === 0 && y[i]! - y[i]! === 0;
      cells[i] = there ? this.row(y[i]!) * this.columns + this.column(x[i]!) : -1;
      if (there) this.starts[cells[i]! + 1]!++;
    }
    for (let c = 1; c < this.starts.length; c++) this.starts[c]! += this.starts[c - 1]!;
    this.sorted = new Uint32Array(this.starts[this.starts.length - 1]!);
    const next = this.starts.slice();
    for (let i = 0; i < n; i++) if (cells[i]! >= 0) this.sorted[next[cells[i]!]!++] = i;
  }

  /** How many marks have a place. */
  get count(): number {
    return this.sorted.length;
  }

  /** The nearest mark, at most so far away; −1 where there is none. */
  near(x: number, y: number, within = Infinity): number {
    let best = -1;
    let least = within * within;
    const [column, row] = [this.column(x), this.row(y)];
    const rings = Math.max(this.columns, this.rows);
    for (let ring = 0; ring <= rings; ring++) {
      // Marks of this ring of cells and beyond are at least so far from a point inside the plane.
      const gap = (ring - 1) * SIDE;
      if (gap > 0 && gap * gap > least) break;
      for (let r = row - ring; r <= row + ring; r++) {
        if (r < 0 || r >= this.rows) continue;
        const step = r === row - ring || r === row + ring ? 1 : 2 * ring;
        for (let c = column - ring; c <= column + ring; c += step || 1) {
          if (c < 0 || c >= this.columns) continue;
          const cell = r * this.columns + c;
          for (let s = this.starts[cell]!; s < this.starts[cell + 1]!; s++) {
            const i = this.sorted[s]!;
            const [dx, dy] = [this.x[i]! - x, this.y[i]! - y];
            const distance = dx * dx + dy * dy;
            if (distance > least || (distance === least && best >= 0 && i > best)) continue;
            least = distance;
            best = i;
          }
        }
      }
    }
    return best;
  }

  /** Calls `found` with every mark in the box. */
  within({ left, top, right, bottom }: Box, found: (mark: number) => void): void {
    const last = this.column(right);
    for (let r = this.row(top); r <= this.row(bottom); r++)
      for (let c = this.column(left); c <= last; c++) {
        const cell = r * this.columns + c;
        for (let s = this.starts[cell]!; s < this.starts[cell + 1]!; s++) {
          const i = this.sorted[s]!;
          const [x, y] = [this.x[i]!, this.y[i]!];
          if (x >= left && x <= right && y >= top && y <= bottom) found(i);
        }
      }
  }

  private column(x: number): number {
    return Math.min(Math.max(Math.floor(x / SIDE), 0), this.columns - 1);
  }

  private row(y: number): number {
    return Math.min(Math.max(Math.floor(y / SIDE), 0), this.rows - 1);
  }
}
