/** Rows as the kernel tells of them. */
import type { Row } from "./instances.js";
import { unpack, type Packed } from "./wire.js";

export interface RowAnswer {
  t: "row";
  row: number;
  label: string;
  target: number | number[] | null;
  named: Record<string, string>;
  words?: Record<string, string>;
  base?: number[];
  /** What it is held against instead of the baseline, and how many rows these are. */
  against?: string;
  references?: number;
}

/** A row held against others, in a saved page. */
export interface Contrast extends Omit<RowAnswer, "t"> {
  outputs: Packed;
  jacobian: Packed;
  values: Packed;
  owners: Packed;
}

/** What the kernel says of a changed row. */
export interface Edited {
  id: number;
  /** Changes beyond the data, with its least and largest value. */
  outside: [feature: number, lag: number | null, low: number, high: number][];
  /** The nearest real rows, nearest first. */
  near: { row: number; label: string; distance: number }[];
  /** By feature, as text: what one-hot groups choose between. */
  choices?: Record<string, (string | null)[]>;
}

/** What the buffers of an answer hold. */
export interface Numbers {
  outputs: Float32Array;
  jacobian: Float32Array;
  values: Float32Array;
  owners: Uint32Array;
}

export function rowOf(told: Omit<RowAnswer, "t">, numbers: Numbers): Row {
  const { row, label, target, named, words, base, against, references } = told;
  if (numbers.jacobian.length !== numbers.outputs.length * numbers.values.length)
    throw new Error("The kernel's answer is not whole.");
  return {
    row,
    label,
    target: typeof target === "number" ? [target] : target,
    ...numbers,
    named: numbered(named),
    ...(base && { base }),
    ...(words && { words: numbered(words) }),
    ...(against !== undefined && { against: { words: against, references: references ?? 1 } }),
  };
}

export const packedNumbers = ({ outputs, jacobian, values, owners }: Contrast): Numbers => ({
  outputs: unpack(outputs, "<f4"),
  jacobian: unpack(jacobian, "<f4"),
  values: unpack(values, "<f4"),
  owners: unpack(owners, "<u4"),
});

const numbered = (named: Record<string, string>): Map<number, string> =>
  new Map(Object.entries(named).map(([key, name]) => [Number(key), name]));
