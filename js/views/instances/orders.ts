/** Rows in an order: sorted by a column, the largest errors, the most typical ones. */
import { entryOf, type Column, type Scene } from "./quantities.js";

export type List = "all" | "errors" | "typical";

/** Rows of a list. */
export const MOST = 20;

export interface Sorting {
  key: string;
  descending: boolean;
}

/** Places of rows, those in the mask if there is one. */
export function listed(
  scene: Scene,
  mask: Uint8Array | null,
  list: List,
  sorting: { column: Column; descending: boolean } | null,
): Uint32Array {
  let places = new Uint32Array(scene.here.count).map((_, i) => i);
  if (mask) places = places.filter((i) => mask[i] === 1);
  if (list === "errors") places = least(places, errors(scene));
  if (list === "typical") places = least(places, distances(scene));
  if (sorting) return sorted(places, sorting.column, sorting.descending);
  return list === "all" ? byPosition(places, scene.here.positions) : places;
}

/** The first few by what they are worth, without those that are worth nothing. */
function least(places: Uint32Array, worth: Float64Array): Uint32Array<ArrayBuffer> {
  return places
    .filter((i) => !Number.isNaN(worth[i]!))
    .sort((a, b) => worth[a]! - worth[b]! || a - b)
    .slice(0, MOST);
}

const errors = ({ here, shown }: Scene): Float64Array =>
  Float64Array.from(here.errors(shown.output), (error) => -Math.abs(error));

/** How far each row's attributions are from the mean ones, in units of each feature's spread. */
export function distances(scene: Scene): Float64Array {
  const { here, shown } = scene;
  const squares = new Float64Array(here.count).fill(NaN).fill(0, 0, here.held);
  for (const feature of here.leading) {
    const entry = entryOf(scene, feature);
    if (entry === undefined) continue;
    const of = here.attributions(entry, shown).subarray(0, here.held);
    const mean = of.reduce((sum, value) => sum + value, 0) / of.length;
    const square = of.reduce((sum, value) => sum + (value - mean) ** 2, 0) / of.length;
    // Where all rows agree, none is more typical than another.
    if (square > 0) of.forEach((value, i) => (squares[i]! += (value - mean) ** 2 / square));
  }
  return squares;
}

function sorted(places: Uint32Array, { value }: Column, descending: boolean): Uint32Array {
  const keys: (number | string)[] = [];
  for (const place of places) keys[place] = value(place);
  const missing = (key: number | string) => key !== key;
  const sign = descending ? -1 : 1;
  return places.slice().sort((a, b) => {
    const x = keys[a]!;
    const y = keys[b]!;
    if (missing(x) || missing(y)) return Number(missing(x)) - Number(missing(y)) || a - b;
    return x < y ? -sign : x > y ? sign : a - b;
  });
}

/** As in X. Numbers without a comparison function are sorted fastest. */
function byPosition(places: Uint32Array, positions: Uint32Array): Uint32Array {
  const SIZE = 2 ** 20;
  const packed = Float64Array.from(places, (place) => positions[place]! * SIZE + place).sort();
  return Uint32Array.from(packed, (key) => key % SIZE);
}
