/** What the views, the store and its connection know of each other. */
import type { ReadonlySignal } from "@preact/signals";
import type { Against } from "./against.js";
import type { Edited } from "./answered.js";
import type { Instances, Row } from "./instances.js";
import type { LagMap } from "./lags.js";
import type { Link } from "./link.js";
import type { HistoryState } from "./history.js";
import type { Local } from "./local.js";
import type { Past } from "./past.js";
import type { Ranking } from "./ranking.js";
import type { Subset } from "./subset.js";
import type { Word } from "./texts.js";
import type { Methods, createMethods } from "./methods.js";
import type { WhatIf } from "./whatif.js";
import type { Versions, VersionsState, Wish } from "./versions.js";
import type {
  Change,
  Choice,
  InstancesState,
  LagSlice,
  Meta,
  Packed,
  Selection,
  Shown,
  Slice,
  SliceInfo,
  State,
  Status,
} from "./wire.js";

/** Why the data cannot be shown, or how far what was asked for has come. */
export type Wait = "asked" | { error: string };

export const UNATTENDED = "This is not in the saved page: run the cell again to see it.";

export interface Store {
  readonly status: ReadonlySignal<Status>;
  readonly meta: ReadonlySignal<Meta | null>;
  readonly names: ReadonlySignal<string[]>;
  /** Output and response that are shown. */
  readonly shown: ReadonlySignal<Shown>;
  /** Position of the picked feature. */
  readonly feature: ReadonlySignal<number | null>;
  /** Positions in X of the picked row, of the one it is compared with, and of those brushed. */
  readonly instance: ReadonlySignal<number | null>;
  readonly other: ReadonlySignal<number | null>;
  readonly rows: ReadonlySignal<Uint32Array | null>;
  /** Brushed lags of sequences. */
  readonly lags: ReadonlySignal<number[] | null>;
  /** The map of lags of the chosen response and output; asks for what is not here once wanted. */
  readonly lagMap: ReadonlySignal<LagMap | Wait | undefined>;
  /** Of outputs at every step, percent by output step and input step; null before it is here. */
  readonly time: ReadonlySignal<Float32Array | null>;
  /** The lag at which a feature's rows are shown: the only one brushed, else that of most weight. */
  readonly lagOf: ReadonlySignal<(feature: number) => number | null>;
  /** λ of every feature within the brushed lags; null without a brush. */
  readonly within: ReadonlySignal<Float32Array | null>;
  /** Position in X of the row under the pointer, in this view or another. */
  readonly hovered: ReadonlySignal<number | null>;
  /** The slice of the chosen response and output; undefined until it is in the page. */
  readonly slice: ReadonlySignal<Slice | undefined>;
  readonly ranking: ReadonlySignal<Ranking | undefined>;
  /** What a training has come through, and the moment of it that bars are taken back to. */
  readonly past: Past;
  /** The versions of a model that is followed. */
  readonly versions: Versions;
  /** The methods that may answer, and the one beside. */
  readonly methods: Methods;
  /** What is known of the chosen slice while it is not here. */
  readonly wait: ReadonlySignal<Wait | undefined>;
  /** The rows that are in the page; null before there is an explanation. */
  readonly instances: ReadonlySignal<Instances | null>;
  /** λ over the brushed rows; null without a brush. */
  readonly subset: ReadonlySignal<Subset | null>;
  /** What a search for a label has come to; null before one. */
  readonly search: ReadonlySignal<{ label: string; wait?: Wait } | null>;
  /** The picked row with other values. */
  readonly whatIf: WhatIf;
  /** The rows that picked ones are held against. */
  readonly against: Against;
  /** Whether a kernel may answer. */
  readonly attended: boolean;
  /** The user chose; listeners of `onChoice` hear of it. */
  choose(change: Partial<Choice>): void;
  hover(row: number | null): void;
  /** What the response at a row of X is sensitive to; asks for what is not here. Reads signals. */
  local(row: number): Local | Wait;
  /** The map of lags at a row of X, likewise. */
  lagsAt(row: number): LagMap | Wait;
  /** Of texts, the tokens of a row of X, likewise. */
  wordsAt(row: number): Word[] | Wait;
  /** Picks the row with this label, asking the kernel where the page does not have it. */
  find(label: string): void;
  /** A view shows instances: ask for as many as there are. */
  want(): void;
  /** Let a watch wait with its explanations, or go on. */
  pause(paused: boolean): void;
  again(): void;
}

/** What a store asks of the host, which has a kernel behind it. */
export interface Host {
  onChoice(choice: Choice, seq: number): void;
  request(shown: Shown): void;
  instances(): void;
  lags(shown: Shown): void;
  row(row: number): void;
  find(label: string): void;
  subset(shown: Shown, rows: Uint32Array, id: number): void;
  /** The row with other values; `choices`, whether those of one-hot groups are not known yet. */
  edit(row: number, edit: Change[], id: number, choices: boolean): void;
  /** Rows held against a group. */
  against(rows: number[], group: Uint32Array, id: number): void;
  version(wish: Wish): void;
  pause(paused: boolean): void;
  /** Another method in the place of the one that is shown. */
  method(name: string): void;
  /** What a method says of all rows, or of one. */
  beside(name: string, shown: Shown, row: number | null): void;
  again(): void;
  /** Whether the kernel is there; where that is not known, it may be. */
  readonly live?: ReadonlySignal<boolean>;
}

/** The store with the doors that only its connection uses. */
export interface FedStore extends Store {
  readonly link: Link;
  readonly methods: ReturnType<typeof createMethods>;
  load(state: State): void;
  report(status: Status): void;
  follow(selection: Selection): void;
  /** `only`: what is here of others is of before. */
  receive(info: SliceInfo, values: Packed, only?: boolean): void;
  refuse(shown: Shown, error: string): void;
  receiveInstances(state: InstancesState): void;
  receiveLags(slice: LagSlice, only?: boolean): void;
  refuseLags(shown: Shown, error: string): void;
  /** `anew`: in place of all moments that are here. */
  receiveHistory(history: HistoryState, anew?: boolean): void;
  receiveRow(row: Row): void;
  receiveVersions(state: VersionsState | Record<string, never> | undefined): void;
  refuseRow(row: number, error: string): void;
  receiveEdited(row: Row, edited: Edited): void;
  refuseEdited(id: number, error: string): void;
  /** What is known of rows held against a group. */
  receiveAgainst(id: number, rows: number[], answer: Row | { error: string }): void;
  found(label: string, row: number): void;
  refuseFind(label: string, error: string): void;
  receiveSubset(
    id: number,
    share: Float32Array,
    map: Float32Array | null,
    held: number,
    own?: Float32Array | null,
  ): void;
}
