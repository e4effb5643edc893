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
  /** Percent that a code of 1 stands for, `[moments]`. */
  unit: P;
  /** Codes, `[moments, features]`: shares and their intervals, and mean / rms of the derivative. */
  share: P;
  low: P;
  high: P;
  direction: P;
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
  direction: Float32Array;
}

/** As nbexplain/notebook/history.py has them. */
const [FULL, MISSING] = [65_534, 65_535];
const [STRAIGHT, STEEP] = [128, 126];

export interface History extends Pick<HistoryState, "response" | "output" | "question"> {
  features: Uint32Array;
  moments: Moment[];
}

export function history(state: HistoryState): History {
  const { response, output, question } = state;
  const [steps, rows, features] = [state.steps, state.rows, state.features].map((array) =>
    unpack(array, "<u4"),
  ) as [Uint32Array, Uint32Array, Uint32Array];
  const [seconds, loss, epoch, unit] = (["seconds", "loss", "epoch", "unit"] as const).map((name) =>
    unpack(state[name], "<f4"),
  ) as Float32Array[];
  const [share, low, high] = (["share", "low", "high"] as const).map((name) =>
    unpack(state[name], "<u2"),
  ) as Uint16Array[];
  const direction = unpack(state.direction, "|u1");
  const [T, F] = [steps.length, features.length];
  if ([share!, low!, high!, direction].some((array) => array.length !== T * F))
    throw new Error(`The history is not of ${T} moments and ${F} features.`);
  const read = (codes: Uint16Array, t: number) =>
    Float32Array.from(codes.subarray(t * F, (t + 1) * F), (code) =>
      code === MISSING ? NaN : code * unit![t]!,
    );
  const claims = (t: number) =>
    Float32Array.from(direction.subarray(t * F, (t + 1) * F), (code) =>
      code ? (code - STRAIGHT) / STEEP : NaN,
    );
  const moments = Array.from(steps, (step, t): Moment => ({
    ...{ step, rows: rows[t]!, seconds: seconds![t]!, loss: loss![t]!, epoch: epoch![t]! },
    ...{ share: read(share!, t), low: read(low!, t), high: read(high!, t), direction: claims(t) },
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
  const unit = Float32Array.from(moments, ({ share, high }) => {
    let most = 0;
    for (const values of [share, high]) for (const one of values) if (one > most) most = one;
    return 2 ** Math.ceil(Math.log2((most || FULL) / FULL));
  });
  const table = (name: "share" | "low" | "high") => {
    const codes = new Uint16Array(T * F);
    moments.forEach((moment, t) =>
      moment[name].forEach((value, f) => {
        const code = Math.min(Math.round(value / unit[t]!), FULL);
        codes[t * F + f] = Number.isNaN(value) ? MISSING : value > 0 ? Math.max(code, 1) : 0;
      }),
    );
    return packed(codes, T, F);
  };
  const claims = new Uint8Array(T * F);
  moments.forEach(({ direction }, t) =>
    direction.forEach((value, f) => {
      const size = Math.floor(Math.abs(value) * STEEP + 1e-5);
      claims[t * F + f] = Number.isNaN(value) ? 0 : STRAIGHT + Math.sign(value) * size;
    }),
  );
  return {
    ...about,
    ...{ steps: whole("step"), rows: whole("rows"), features: packed(features, F) },
    ...{ seconds: floats("seconds"), loss: floats("loss"), epoch: floats("epoch") },
    ...{ unit: packed(unit, T), direction: packed(claims, T, F) },
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
    direction: spread(moment.direction),
  };
}

/** Places in `features`, by the latest share, the largest first. */
export function leaders({ features, moments }: History): number[] {
  const last = moments.at(-1)?.share;
  const size = (place: number) => (last && !Number.isNaN(last[place]) ? last[place]! : -1);
  return Array.from(features, (_, place) => place).sort((a, b) => size(b) - size(a) || a - b);
}
