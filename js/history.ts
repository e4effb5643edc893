/** What a training has come through: the importances after some of its steps. */
import { packed, unpack, type Output, type Packed, type Slice } from "./wire.js";

/** The moments of a training as they cross; P is how arrays are held. */
export interface HistoryState<P = Packed> {
  /** What the shares are of. */
  response: string;
  output: Output;
  /** The question, without the number of rows. */
  question: string;
  /** The optimizer's steps, and the rows that were explained after each, `[moments]`. */
  steps: P;
  rows: P;
  /** Since the training began; loss and epoch are NaN where they were not seen, `[moments]`. */
  seconds: P;
  loss: P;
  epoch: P;
  /** Positions of the features that are here, ascending, `[features]`. */
  features: P;
  /** Percent, `[moments, features]`: shares and their intervals. */
  share: P;
  low: P;
  high: P;
}

export interface Moment {
  step: number;
  rows: number;
  seconds: number;
  loss: number;
  epoch: number;
  /** By the features that are here. */
  share: Float32Array;
  low: Float32Array;
  high: Float32Array;
}

export interface History extends Pick<HistoryState, "response" | "output" | "question"> {
  features: Uint32Array;
  moments: Moment[];
}

export function history(state: HistoryState): History {
  const { response, output, question } = state;
  const [steps, rows, features] = [state.steps, state.rows, state.features].map((array) =>
    unpack(array, "<u4"),
  ) as [Uint32Array, Uint32Array, Uint32Array];
  const [seconds, loss, epoch, share, low, high] = (
    ["seconds", "loss", "epoch", "share", "low", "high"] as const
  ).map((name) => unpack(state[name], "<f4")) as Float32Array[];
  const [T, F] = [steps.length, features.length];
  if ([share, low, high].some((array) => array!.length !== T * F))
    throw new Error(`The history is not of ${T} moments and ${F} features.`);
  const row = (array: Float32Array, t: number) => array.subarray(t * F, (t + 1) * F);
  const moments = Array.from(steps, (step, t): Moment => ({
    ...{ step, rows: rows[t]!, seconds: seconds![t]!, loss: loss![t]!, epoch: epoch![t]! },
    ...{ share: row(share!, t), low: row(low!, t), high: row(high!, t) },
  }));
  return { response, output, question, features, moments };
}

/** What `history` reads. */
export function packedHistory({ features, moments, ...about }: History): HistoryState {
  const [T, F] = [moments.length, features.length];
  const whole = (name: "step" | "rows") =>
    packed(
      Uint32Array.from(moments, (moment) => moment[name]),
      T,
    );
  const floats = (name: "seconds" | "loss" | "epoch") =>
    packed(
      Float32Array.from(moments, (moment) => moment[name]),
      T,
    );
  const table = (name: "share" | "low" | "high") => {
    const values = new Float32Array(T * F);
    moments.forEach((moment, t) => values.set(moment[name], t * F));
    return packed(values, T, F);
  };
  return {
    ...about,
    ...{ steps: whole("step"), rows: whole("rows"), features: packed(features, F) },
    ...{ seconds: floats("seconds"), loss: floats("loss"), epoch: floats("epoch") },
    ...{ share: table("share"), low: table("low"), high: table("high") },
  };
}

/** The history with later moments; those of before stay the same objects. */
export function joined(before: History, later: History): History {
  const same = before.features.join() === later.features.join();
  const last = before.moments.at(-1)?.step ?? -1;
  if (!same) return later;
  return {
    ...before,
    moments: [...before.moments, ...later.moments.filter(({ step }) => step > last)],
  };
}

/** The place of the moment nearest to a step; of two, the earlier. */
export function nearest(moments: Moment[], step: number): number {
  let found = 0;
  moments.forEach((moment, place) => {
    if (Math.abs(moment.step - step) < Math.abs(moments[found]!.step - step)) found = place;
  });
  return found;
}

/** The importances at a moment, `[features]` of all; those that are not here are NaN. */
export function sliceAt(of: History, moment: Moment, features: number, question: string): Slice {
  const spread = (values: Float32Array) => {
    const all = new Float32Array(features).fill(NaN);
    of.features.forEach((feature, i) => (all[feature] = values[i]!));
    return all;
  };
  return {
    ...{ response: of.response, output: of.output, question },
    ...{ share: spread(moment.share), low: spread(moment.low), high: spread(moment.high) },
    // The signs of that time are not known.
    direction: new Float32Array(features).fill(NaN),
  };
}

/** Places in `features`, by the latest share, the largest first. */
export function leaders({ features, moments }: History): number[] {
  const last = moments.at(-1)?.share;
  const size = (place: number) => (last && !Number.isNaN(last[place]) ? last[place]! : -1);
  return Array.from(features, (_, place) => place).sort((a, b) => size(b) - size(a) || a - b);
}
