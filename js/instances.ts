/** The rows that are in the page: what the network returns for them, and its derivatives. */
import { chain, respond } from "./chain.js";
import { unpack, type InstancesState, type Output, type Packed, type Shown } from "./wire.js";

/** One row as it came from the kernel, or from what is in the page. */
export interface Row {
  row: number;
  label: string;
  target: number[] | null;
  outputs: Float32Array;
  /** `[K, entries]`, times the scale. */
  jacobian: Float32Array;
  values: Float32Array;
  /** The feature of each entry. */
  owners: Uint32Array;
  /** Where each entry stands in a row of X; absent where all entries are here. */
  positions?: Uint32Array;
  /** By feature, the member of a group that is on. */
  named: ReadonlyMap<number, string>;
  /** Of texts, the names of its tokens by id; absent where the page has them. */
  words?: ReadonlyMap<number, string>;
  /** `[K, K]`: all other entries as one; absent where there are none. */
  rest?: Float32Array;
  /** `[K]`: the response at the baseline, of methods that have one. */
  base?: ArrayLike<number>;
  /** What it is held against instead of the baseline, and how many rows these are. */
  against?: { words: string; references: number };
}

export class Instances {
  /** Rows; the first `held` of them have derivatives. */
  readonly count: number;
  readonly held: number;
  readonly positions: Uint32Array;
  /** `[count, width]`. */
  readonly outputs: Float32Array;
  readonly width: number;
  /** Entries of a row that are held. */
  readonly entries: number;
  /** Whether every entry is held. */
  readonly whole: boolean;
  /** `[held, width, entries]`. */
  readonly jacobian: Float32Array;
  private readonly values: Float32Array;
  private readonly rest: Float32Array | null;
  private readonly base: Float32Array | null;
  /** Of each entry, the cell and the feature that it belongs to, and where it stands in a row. */
  readonly cells: Uint32Array;
  readonly owners: Uint32Array;
  readonly standing: Uint32Array;
  private readonly targets: Float32Array | null;
  /** Of texts, the names of tokens by id; null of other rows. */
  readonly vocabulary: ReadonlyMap<number, string> | null;
  /** Entries of each feature. */
  private readonly entriesOf = new Map<number, number[]>();
  private readonly cache = new Map<string, Float32Array>();
  private words: boolean | undefined;
  private byPosition: Map<number, number> | undefined;

  constructor(
    readonly state: InstancesState,
    /** How many features there are in all. */
    readonly features: number,
    /** Steps of a sequence; 1 of a table. */
    readonly lags = 1,
  ) {
    this.positions = unpack(state.rows, "<u4");
    this.count = this.positions.length;
    this.outputs = unpack(state.outputs, "<f4");
    this.width = state.outputs.shape[1] ?? 1;
    this.jacobian = unpack(state.jacobian, "<f4");
    this.values = unpack(state.values, "<f4");
    this.rest = state.rest ? unpack(state.rest, "<f4") : null;
    this.base = state.base ? unpack(state.base, "<f4") : null;
    this.targets = state.target ? unpack(state.target, "<f4") : null;
    this.held = state.jacobian.shape[0] ?? 0;
    const entries = unpack(state.entries, "<u4");
    this.entries = entries.length / 3;
    this.standing = entries.subarray(0, this.entries);
    this.cells = entries.subarray(this.entries, 2 * this.entries);
    this.owners = entries.subarray(2 * this.entries);
    this.whole = this.entries === state.all || !state.rest;
    this.vocabulary = state.words ? named(state.words, state.word_ids!) : null;
    this.owners.forEach((owner, e) => {
      if (!this.entriesOf.has(owner)) this.entriesOf.set(owner, []);
      this.entriesOf.get(owner)!.push(e);
    });
  }

  /** Features that are held, in the order in which they came: by rank. Tokens are none. */
  get leading(): number[] {
    return this.vocabulary ? [] : [...this.entriesOf.keys()];
  }

  /** The entry that a feature is, or is at a lag; none where it is several. */
  entry(feature: number, lag: number | null = null): number | undefined {
    let entries = (!this.vocabulary && this.entriesOf.get(feature)) || [];
    if (lag !== null) entries = entries.filter((e) => this.lag(e) === lag);
    return entries.length === 1 ? entries[0] : undefined;
  }

  /** How many steps before the last an entry stands. */
  lag(entry: number): number {
    const { lags, standing, state } = this;
    return lags - 1 - Math.floor((standing[entry]! * lags) / state.all);
  }

  /** Whether labels are words rather than numbers. */
  get plain(): boolean {
    return (this.words ??= !!this.state.labels?.some(
      (label) => !(label.trim() && +label === +label),
    ));
  }

  label(i: number): string {
    return this.state.labels?.[i] ?? String(this.positions[i]);
  }

  /** The place of a row of X; −1 where it is not in the page. */
  find(position: number | null): number {
    if (position === null) return -1;
    if (!this.byPosition) {
      this.byPosition = new Map();
      this.positions.forEach((row, i) => this.byPosition!.set(row, i));
    }
    return this.byPosition.get(position) ?? -1;
  }

  /** The places of rows of X, those in the page. */
  places(rows: Uint32Array): Uint32Array {
    const found = new Uint32Array(rows.length);
    let count = 0;
    for (const row of rows) {
      const place = this.find(row);
      if (place >= 0) found[count++] = place;
    }
    return found.subarray(0, count);
  }

  /** Responses `[count, width]`. */
  responses(response: string): Float32Array {
    return this.cached(`response\n${response}`, () =>
      respond(this.outputs, this.width, this.state.kind, response),
    );
  }

  /** The response shown, `[count]`: of the output, or, all combined, of the one explained. */
  predictions({ output, response }: Shown): Float32Array {
    return this.cached(`prediction\n${response}\n${output}`, () => {
      const responses = this.responses(response);
      const { width } = this;
      return new Float32Array(this.count).map(
        (_, i) => responses[i * width + this.column(i, output)]!,
      );
    });
  }

  /** True values: class codes or numbers, of the output shown where there are several. */
  target(i: number, output: Output): number {
    if (!this.targets) return NaN;
    const columns = this.state.target!.shape[1];
    return columns === undefined
      ? this.targets[i]!
      : this.targets[i * columns + Math.min(this.column(i, output), columns - 1)]!;
  }

  /** Whether it is known what the network returns. */
  get predicts(): boolean {
    return this.outputs.some((output) => !Number.isNaN(output));
  }

  get targeted(): boolean {
    return this.targets !== null;
  }

  /** The column whose response is explained at a row: with all combined, that of its class. */
  column(i: number, output: Output): number {
    return explained(this.state, this.outputs, i * this.width, output);
  }

  /** The class that the network says, of those that y knows; −1 where it says none. */
  predicted(i: number, output: Output = null): number {
    return decided(this.state, this.outputs, i * this.width, this.column(i, output));
  }

  /** How wrong each row is: 1 − P(true class), or prediction − target; NaN without y. */
  errors(output: Output): Float32Array {
    return this.cached(`error\n${output}`, () => {
      const { width, state } = this;
      const p = state.classifier ? this.responses("prob") : this.outputs;
      return new Float32Array(this.count).map((_, i) => {
        const target = this.target(i, output);
        if (Number.isNaN(target)) return NaN;
        if (!state.classifier) return p[i * width + this.column(i, output)]! - target;
        if (width > 1 && !apart(state)) return 1 - p[i * width + target]!;
        const yes = p[i * width + this.column(i, output)]!;
        return target ? 1 - yes : yes;
      });
    });
  }

  /** An entry's values, `[count]`; NaN where the page lacks them. */
  valuesOf(entry: number | undefined): Float32Array {
    return this.cached(`value\n${entry}`, () => {
      const found = new Float32Array(this.count).fill(NaN);
      if (entry !== undefined)
        for (let i = 0; i < this.held; i++) found[i] = this.values[i * this.entries + entry]!;
      return found;
    });
  }

  /** An entry's attributions, `[count]`; NaN where the page lacks them, or there is no sign. */
  attributions(entry: number | undefined, { output, response }: Shown): Float32Array {
    return this.cached(`attribution\n${entry}\n${response}\n${output}`, () => {
      const found = new Float32Array(this.count).fill(NaN);
      if (entry === undefined) return found;
      const factors = new Float64Array(this.width);
      for (let i = 0; i < this.held; i++) {
        this.chain(factors, i, this.column(i, output), response);
        let sum = 0;
        for (let k = 0, at = i * this.width * this.entries + entry; k < this.width; k++) {
          sum += factors[k]! * this.jacobian[at]!;
          at += this.entries;
        }
        found[i] = sum;
      }
      return found;
    });
  }

  /** What a feature contributed, `[count]`, or what all did that the page lacks one by one (null). */
  contributions(feature: number | null, { output }: Shown): Float32Array {
    return this.ofHeld((i) => {
      const [column, { width, entries }] = [this.column(i, output), this];
      if (feature === null) return this.rest![(i * width + column) * width + column]!;
      const of = this.entriesOf.get(feature) ?? [];
      return of.reduce((sum, e) => sum + this.jacobian[(i * width + column) * entries + e]!, 0);
    });
  }

  /** The response at the baseline, `[count]`; null for methods without one. */
  bases({ output }: Shown): Float32Array | null {
    const { base, width } = this;
    return base && this.ofHeld((i) => base[i * width + this.column(i, output)]!);
  }

  /** A number for each row that is held, NaN for others. */
  private ofHeld(of: (i: number) => number): Float32Array {
    return new Float32Array(this.count).map((_, i) => (i < this.held ? of(i) : NaN));
  }

  /** A row with its derivatives; null where the page lacks them. */
  row(i: number): Row | null {
    if (i < 0 || i >= this.held) return null;
    const { width, entries, state, targets } = this;
    const cut = (array: Float32Array, size: number) => array.subarray(i * size, (i + 1) * size);
    const values = cut(this.values, entries);
    const named = new Map<number, string>();
    if (state.members)
      this.entriesOf.forEach((of, feature) => {
        const on = of.filter((e) => values[e] !== 0);
        if (of.length > 1 && on.length === 1) named.set(feature, state.members![on[0]!]!);
      });
    return {
      row: this.positions[i]!,
      label: this.label(i),
      target: targets && Array.from(cut(targets, state.target!.shape[1] ?? 1)),
      outputs: cut(this.outputs, width),
      jacobian: cut(this.jacobian, width * entries),
      values,
      owners: this.owners,
      positions: this.standing,
      named,
      ...(this.rest ? { rest: cut(this.rest, width * width) } : {}),
      ...(this.base ? { base: cut(this.base, width) } : {}),
    };
  }

  /** The factors of response `k` at a row; see `chain`. */
  chain(factors: Float64Array, i: number, k: number, response: string): void {
    chain(factors, this.outputs, i * this.width, k, this.state.kind, response);
  }

  /** A few results of one pass over all rows, the oldest forgotten first. */
  private cached(name: string, make: () => Float32Array): Float32Array {
    const found = this.cache.get(name) ?? make();
    this.cache.delete(name);
    this.cache.set(name, found);
    if (this.cache.size > 40) this.cache.delete(this.cache.keys().next().value!);
    return found;
  }
}

const named = (names: string[], ids: Packed): Map<number, string> => {
  const of = unpack(ids, "<u4");
  return new Map(names.map((name, i) => [of[i]!, name]));
};

/** The column that is explained at a row: the chosen one, else that of its class, or the first. */
export function explained(
  state: Pick<InstancesState, "columns" | "classifier">,
  outputs: Float32Array,
  at: number,
  output: Output,
): number {
  const { columns, classifier } = state;
  if (output !== null) return columns[output]!;
  let best = columns[0]!;
  if (classifier) for (const k of columns) if (outputs[at + k]! > outputs[at + best]!) best = k;
  return best;
}

/** Whether each of several outputs says yes or no by itself, as y does where it is known. */
export const apart = ({ kind, classes, outputs }: Shape): boolean =>
  kind === "independent" && !classes && outputs.shape[1]! > 1;

/** Whether the outputs are all there are, so that the largest is the predicted class. */
export const exclusive = (state: Shape): boolean =>
  state.classifier && !apart(state) && (state.kind !== "values" || state.classes !== null);

type Shape = Pick<InstancesState, "kind" | "classifier" | "classes" | "outputs">;

/** The class that a row's outputs decide for: of all, or yes or no; −1 where they decide nothing. */
export function decided(state: Shape, outputs: Float32Array, at: number, column: number): number {
  const width = state.outputs.shape[1]!;
  if (apart(state)) return outputs[at + column]! > 0.5 ? 1 : 0;
  if (!exclusive(state)) return -1;
  if (width === 1) return outputs[at]! > (/logit|odds/.test(state.kind) ? 0 : 0.5) ? 1 : 0;
  let best = 0;
  for (let k = 1; k < width; k++) if (outputs[at + k]! > outputs[at + best]!) best = k;
  return best;
}
