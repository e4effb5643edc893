/** What crosses from Python, and how it is read. Written down in nbexplain/notebook/PROTOCOL.md. */
import type { Contrast, Edited, RowAnswer } from "./answered.js";
import type { HistoryState } from "./history.js";
import type { BesideState, Method } from "./methods.js";
import type { VersionsState, Wish } from "./versions.js";

export const PROTOCOL = 1;

/** JSON, with binary values as views on their bytes. */
export interface Packed {
  dtype: string;
  shape: number[];
  data: DataView | Uint8Array;
}

export interface Status {
  state: "empty" | "loading" | "ready" | "live" | "error";
  /** Rows done, of how many, and the seconds that are left. */
  done?: number;
  total?: number | null;
  left?: number | null;
  /** Of training: the optimizer's steps, and whether explanations wait. */
  step?: number;
  paused?: boolean;
  /** Sentences about jumps of importances while the model trained. */
  marks?: string[];
  message?: string;
  detail?: string;
  /** Whether Python can run the failed call again. */
  again?: boolean;
}

/** Position of an output; null stands for all of them combined. */
export type Output = number | null;

export interface SliceInfo extends Shown {
  question: string;
  /** Of texts, shares of the ranked tokens, `[4, tokens]`. */
  tokens?: Packed;
}

export interface Meta {
  title: string;
  method: string;
  /** Those that may answer, this one first. */
  methods?: Method[];
  /** What contributions are held against, in words. */
  baseline?: string;
  /** The library whose attributions these are, without a model that could be asked. */
  by?: string;
  /** Whether the kernel can hold rows against others. */
  against?: boolean;
  scale: string;
  confidence: number;
  rows: number;
  outputs: string[];
  /** What the last of two classes is called in responses, where y's name says it. */
  positive?: string;
  output: Output;
  response: string;
  responses: { name: string; notes: string[] }[];
  slices: SliceInfo[];
  lags?: LagsMeta | null;
  /** Of texts: the ranked tokens, and how many there are in all. */
  tokens?: { ids: number[]; names: string[]; all: number };
}

/** Of sequences. */
export interface LagsMeta {
  /** Lags from 0 to count − 1; what a step is, and what the lags are called. */
  count: number;
  unit: string | null;
  labels: string[] | null;
  /** How many lags are below 0: later steps that outputs use. */
  leads?: number;
  /** Whether features are ranked by all lags, or by lag 0. */
  definition?: "marginal" | "lag0";
  /** Whether there are outputs at every step, each of which can be shown. */
  stepwise?: boolean;
  /** What the last lag is called, where it is not a step but the states before the first. */
  beginning?: string;
}

/** What is shown: the position of an output, the response's name, and one step of the outputs. */
export interface Shown {
  output: Output;
  response: string;
  /** Left out where all steps are shown together, or there is only one. */
  step?: number | null | undefined;
}

/** What is picked: positions of a feature in the names, of rows in X. */
export interface Picks {
  feature: number | null;
  instance: number | null;
  /** A second row, to compare. */
  other: number | null;
  /** Brushed rows. */
  rows: Uint32Array | null;
  /** Brushed lags; left out where there are none to brush. */
  lags?: number[] | null;
  /** Rows that picked ones are held against; left out where the method has no such thing. */
  against?: Uint32Array | null;
}

/** What is sent as packed positions. */
export type Many = "rows" | "against";

export type Choice = Shown & Picks & Scrubbed & Editing & Methodical;

/** The optimizer's step that bars are taken back to; left out at the latest. */
export interface Scrubbed {
  moment?: number | null;
}

/** The method that stands beside the one that is shown; left out without one. */
export interface Methodical {
  beside?: string | null;
}

/** Other values of the picked row; left out without any. */
export interface Editing {
  edit?: Change[] | null;
}

/** A value in the place of a row's own: a number, or of a one-hot group the column that is on. */
export type Change = [feature: number, value: number | string | null, lag: number | null];

/** A choice with its author: `client` is random per page and empty for Python. */
export interface Selection extends Shown, Scrubbed, Editing, Methodical, Omit<Picks, Many> {
  rows: Packed | null;
  against?: Packed | null;
  client: string;
  seq: number;
}

/** What the swept outputs are. */
export type Kind = "values" | "logits" | "logit" | "probabilities" | "independent" | "odds";

/** Rows with their outputs and derivatives; P is how arrays are held. */
export interface InstancesState<P = Packed> {
  rows: P;
  labels: string[] | null;
  outputs: P;
  kind: Kind;
  columns: number[];
  weights: number[];
  target: P | null;
  classes: string[] | null;
  classifier: boolean;
  entries: P;
  members: string[] | null;
  all: number;
  jacobian: P;
  values: P;
  rest?: P;
  /** Attributions are contributions, whose sum is the response's difference from the baseline. */
  additive?: boolean;
  /** The response at the baseline, `[held, outputs]`. */
  base?: P;
  padded?: boolean;
  /** Of texts: names of tokens, and the ids they are of. */
  words?: string[];
  word_ids?: P;
  more: boolean;
}

/** Shares by lag of one response and output, in percent; P is how arrays are held. */
export interface LagSlice<P = Packed> extends Shown {
  /** The lags' intervals, `[lags]`. */
  low: P;
  high: P;
  /** `[lags, features]`. */
  map: P;
  /** Of contributions the lags' shares, `[lags]`; else they are the sums of the map's rows. */
  own?: P;
  /** Half the intervals' widths of each feature's own profile, `[lags, features]`. */
  widths?: P;
  /** Of all output steps together: `[output steps, input steps]`. */
  time?: P;
  /** Steps of the shortest window that carries 90 %, its low and high; null: unknown. */
  memory: [number | null, number | null, number | null];
}

export interface LagsState {
  slices: LagSlice[];
}

/** The importances of one response and output, each `[features]` in the data's order. */
export interface Slice extends SliceInfo {
  share: Float32Array;
  low: Float32Array;
  high: Float32Array;
  /** mean / rms of the derivative; NaN makes no claim. */
  direction: Float32Array;
}

export type FromPage =
  | ({ t: "select"; client: string; seq: number; rows: number | null } & Shown &
      Scrubbed &
      Editing &
      Methodical &
      Omit<Picks, Many> & { against?: number | null })
  | ({ t: "slice" | "lags" } & Shown)
  | { t: "instances" }
  | { t: "row"; row: number }
  | { t: "edit"; client: string; id: number; row: number; edit: Change[]; choices?: boolean }
  | { t: "against"; client: string; id: number; rows: number[] }
  | { t: "find"; label: string }
  | ({ t: "subset"; id: number; rows: number } & Shown)
  | ({ t: "version" } & Wish)
  | { t: "pause"; paused: boolean }
  | { t: "method"; method: string }
  | ({ t: "beside"; method: string; row?: number } & Shown)
  | { t: "again" };

export type ToPage =
  | ({ t: "slice"; tokens?: number; only?: boolean } & Omit<SliceInfo, "tokens">)
  | ({ t: "slice"; error: string } & Shown)
  | ({ t: "lags"; arrays: string[]; only?: boolean } & LagSlice<Omit<Packed, "data">>)
  | ({ t: "lags"; error: string } & Shown)
  | { t: "instances"; instances: InstancesState<Omit<Packed, "data">>; arrays: string[] }
  | { t: "history"; history: HistoryState<Omit<Packed, "data">>; arrays: string[]; anew?: boolean }
  | RowAnswer
  | { t: "row"; row: number; error: string }
  | (Omit<RowAnswer, "t"> & Edited & { t: "edit"; client: string })
  | { t: "edit"; client: string; id: number; error: string }
  | (Omit<RowAnswer, "t"> & { t: "against"; client: string; id: number })
  | { t: "against"; client: string; id: number; row: number; error: string }
  | { t: "find"; label: string; row: number }
  | { t: "find"; label: string; error: string }
  | { t: "subset"; id: number; rows: number; lags?: number }
  | { t: "method"; method: string; rows: { done: number; total: number | null } }
  | { t: "method"; method: string; error: string }
  | ({ t: "beside" } & Omit<BesideState, "numbers">)
  | ({ t: "beside"; method: string; row?: number; error: string } & Shown);

export interface State {
  _proto: number;
  status: Status;
  meta: Meta | Record<string, never>;
  names: string[];
  importance: Packed | Record<string, never>;
  lags?: LagsState | Record<string, never>;
  instances?: InstancesState | Record<string, never>;
  history?: HistoryState | Record<string, never>;
  versions?: VersionsState | Record<string, never>;
  contrasts?: Contrast[];
  beside?: BesideState[];
  selection?: Selection | Record<string, never>;
  /** Of a saved view of two trainings: what both are called, and what the other has seen. */
  second?: { runs: string[]; features: string[]; history: HistoryState };
  _link?: string;
}

const ARRAYS = {
  "<f4": Float32Array,
  "<u2": Uint16Array,
  "<u4": Uint32Array,
  "|u1": Uint8Array,
} as const;

export type Dtype = keyof typeof ARRAYS;

/** A typed array on the packed bytes: a view where they are aligned, else a copy. */
export function unpack<D extends Dtype>(
  packed: Packed,
  dtype: D,
): InstanceType<(typeof ARRAYS)[D]> {
  if (packed.dtype !== dtype) throw new Error(`Expected ${dtype}, not ${packed.dtype}.`);
  const type = ARRAYS[dtype];
  const length = packed.shape.reduce((product, n) => product * n, 1);
  const { buffer, byteOffset, byteLength } = packed.data;
  if (byteLength !== length * type.BYTES_PER_ELEMENT)
    throw new Error(
      `${byteLength} bytes do not hold shape [${packed.shape.join(", ")}] of ${dtype}.`,
    );
  const aligned = byteOffset % type.BYTES_PER_ELEMENT === 0;
  const array = aligned
    ? new type(buffer as ArrayBuffer, byteOffset, length)
    : new type(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
  return array as InstanceType<(typeof ARRAYS)[D]>;
}

/** The slices of a page's state, by `key`. */
export function slices(meta: Meta, packed: Packed, features: number): Map<string, Slice> {
  const [count, quantities, width] = packed.shape;
  if (count !== meta.slices.length || quantities !== 4 || width !== features)
    throw new Error(
      `Importances of shape [${packed.shape.join(", ")}] do not fit ` +
        `${meta.slices.length} slices of ${features} features.`,
    );
  const values = unpack(packed, "<f4");
  return new Map(
    meta.slices.map((info, i) => [
      key(info),
      slice(info, values.subarray(i * 4 * features, (i + 1) * 4 * features)),
    ]),
  );
}

/** What `unpack` reads. */
export const packed = (
  array: Float32Array | Uint32Array | Uint16Array | Uint8Array,
  ...shape: number[]
): Packed => ({
  dtype: Object.entries(ARRAYS).find(([, type]) => array instanceof type)![0],
  shape,
  data: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
});

/** One slice from its `[4, features]` values. */
export function slice(info: SliceInfo, values: Float32Array): Slice {
  const n = values.length / 4;
  const row = (i: number) => values.subarray(i * n, (i + 1) * n);
  return { ...info, share: row(0), low: row(1), high: row(2), direction: row(3) };
}

/** Positions of the brushed rows, which come as they are or as a bit for each row. */
export function unpackedRows(rows: Packed | null): Uint32Array | null {
  if (!rows) return null;
  if (rows.dtype !== "|u1") return unpack(rows, "<u4");
  const bits = unpack(rows, "|u1");
  const all = Array.from({ length: 8 * bits.length }, (_, row) => row);
  return Uint32Array.from(all.filter((row) => (bits[row >> 3]! >> (row & 7)) & 1));
}

export const key = ({ response, output, step }: Shown): string =>
  [output ?? "", response, ...(step == null ? [] : [step])].join("\n");

/** What is shown, and nothing else. */
export const showing = ({ response, output, step }: Shown): Shown => ({
  ...{ response, output },
  ...(step == null ? {} : { step }),
});

/** Bytes written as `{"base64": …}` become views again; everything else stays as it is. */
export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value);
  const first = entries[0];
  if (entries.length === 1 && first?.[0] === "base64" && typeof first[1] === "string")
    return Uint8Array.from(atob(first[1]), (c) => c.charCodeAt(0));
  return Object.fromEntries(entries.map(([k, v]) => [k, decode(v)]));
}
