/** What a training has come through: the importances after some of its steps. */
import { bare, extent, type LagMap } from "./lags.js";
import { packed, unpack, type LagsMeta, type Output, type Packed, type Slice } from "./wire.js";

/** The moments of a training as they cross; P is how arrays are held. */
export interface HistoryState<P = Packed> {
  /** What the shares are of, and by which method. */
  method: string;
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
  /** Of sequences: the first lag there is, the places of those that are here, and their codes. */
  first_lag?: number;
  lags?: P;
  lag_unit?: P;
  lag_share?: P;
  lag_low?: P;
  lag_high?: P;
  /** Codes of the features at each lag, `[moments, lags, features]`; not of many. */
  map_unit?: P;
  map?: P;
}

/** Percent, in the order of what is here. */
export interface Shares {
  share: Float32Array;
  low: Float32Array;
  high: Float32Array;
}

export interface Moment extends Shares {
  step: number;
  rows: number;
  seconds: number;
  loss: number;
  epoch: number;
  direction: Float32Array;
  lags?: Shares;
  map?: Float32Array;
}

/** As nbexplain/notebook/codes.py has them. */
const [FULL, MISSING] = [65_534, 65_535];
const [STRAIGHT, STEEP] = [128, 126];

export interface History extends Pick<HistoryState, "method" | "response" | "output" | "question"> {
  features: Uint32Array;
  /** The lags that are here, ascending; null without any. */
  lags: number[] | null;
  moments: Moment[];
}

export function history(state: HistoryState): History {
  const { method, response, output, question } = state;
  const [steps, rows, features] = [state.steps, state.rows, state.features].map((array) =>
    unpack(array, "<u4"),
  ) as [Uint32Array, Uint32Array, Uint32Array];
  const [seconds, loss, epoch] = (["seconds", "loss", "epoch"] as const).map((name) =>
    unpack(state[name], "<f4"),
  ) as Float32Array[];
  const [T, F] = [steps.length, features.length];
  const places = state.lags && Array.from(unpack(state.lags, "<u4"));
  const misfit = () => new Error(`The history is not of ${T} moments and ${F} features.`);
  /** The numbers of each moment, of codes in units of it. */
  const table = (codes: Packed, unit: Packed, width: number) => {
    const [all, units] = [unpack(codes, "<u2"), unpack(unit, "<f4")];
    if (all.length !== T * width) throw misfit();
    return (t: number) =>
      Float32Array.from(all.subarray(t * width, (t + 1) * width), (code) =>
        code === MISSING ? NaN : code * units[t]!,
      );
  };
  const shares = (of: "" | "lag_", width: number) => {
    const [share, low, high] = (["share", "low", "high"] as const).map((name) =>
      table(state[`${of}${name}`]!, state[`${of}unit`]!, width),
    );
    return (t: number): Shares => ({ share: share!(t), low: low!(t), high: high!(t) });
  };
  const all = shares("", F);
  const lags = places && shares("lag_", places.length);
  const map = places && state.map && table(state.map, state.map_unit!, places.length * F);
  const direction = unpack(state.direction, "|u1");
  if (direction.length !== T * F) throw misfit();
  const claims = (t: number) =>
    Float32Array.from(direction.subarray(t * F, (t + 1) * F), (code) =>
      code ? (code - STRAIGHT) / STEEP : NaN,
    );
  const moments = Array.from(steps, (step, t): Moment => ({
    ...{ step, rows: rows[t]!, seconds: seconds![t]!, loss: loss![t]!, epoch: epoch![t]! },
    ...{ ...all(t), direction: claims(t) },
    ...(lags && { lags: lags(t) }),
    ...(map && { map: map(t) }),
  }));
  const held = places ? places.map((place) => place + state.first_lag!) : null;
  return { method, response, output, question, features, lags: held, moments };
}

/** What `history` reads. */
export function packedHistory({ features, lags, moments, ...about }: History): HistoryState {
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
  /** Percent that a code of 1 stands for at each moment, the least that these need. */
  const units = (of: (moment: Moment) => Float32Array[]) =>
    Float32Array.from(moments, (moment) => {
      let most = 0;
      for (const values of of(moment)) for (const one of values) if (one > most) most = one;
      return 2 ** Math.ceil(Math.log2((most || FULL) / FULL));
    });
  const table = (of: (moment: Moment) => Float32Array, unit: Float32Array, ...shape: number[]) => {
    const width = shape.reduce((all, one) => all * one, 1);
    const codes = new Uint16Array(T * width);
    moments.forEach((moment, t) =>
      of(moment).forEach((value, i) => {
        const code = Math.min(Math.round(value / unit[t]!), FULL);
        codes[t * width + i] = Number.isNaN(value) ? MISSING : value > 0 ? Math.max(code, 1) : 0;
      }),
    );
    return packed(codes, T, ...shape);
  };
  const shares = <N extends "" | "lag_">(
    name: N,
    of: (moment: Moment) => Shares,
    width: number,
  ) => {
    const unit = units((moment) => [of(moment).share, of(moment).high]);
    return Object.fromEntries([
      [`${name}unit`, packed(unit, T)],
      ...(["share", "low", "high"] as const).map((one) => [
        name + one,
        table((moment) => of(moment)[one], unit, width),
      ]),
    ]) as Record<`${N}${"unit" | "share" | "low" | "high"}`, Packed>;
  };
  const claims = new Uint8Array(T * F);
  moments.forEach(({ direction }, t) =>
    direction.forEach((value, f) => {
      const size = Math.floor(Math.abs(value) * STEEP + 1e-5);
      claims[t * F + f] = Number.isNaN(value) ? 0 : STRAIGHT + Math.sign(value) * size;
    }),
  );
  const maps = lags && moments[0]?.map && units(({ map }) => [map!]);
  return {
    ...about,
    ...{ steps: whole("step"), rows: whole("rows"), features: packed(features, F) },
    ...{ seconds: floats("seconds"), loss: floats("loss"), epoch: floats("epoch") },
    ...{ ...shares("", (moment) => moment, F), direction: packed(claims, T, F) },
    ...(lags && {
      // Places among the lags count from the first that is here.
      first_lag: lags[0]!,
      lags: packed(
        Uint32Array.from(lags, (lag) => lag - lags[0]!),
        lags.length,
      ),
      ...shares("lag_", (moment) => moment.lags!, lags.length),
    }),
    ...(maps && {
      map_unit: packed(maps, T),
      map: table(({ map }) => map!, maps, lags.length, F),
    }),
  };
}

/** The history with later moments; those of before stay the same objects. */
export function joined(before: History, later: History): History {
  const same =
    before.features.join() === later.features.join() && `${before.lags}` === `${later.lags}`;
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

/** The map of lags at a moment; null where it is not here. A lag that the model had not is NaN. */
export function mapAt(
  of: History,
  { lags, map }: Moment,
  about: LagsMeta | null | undefined,
  features: number,
): LagMap | null {
  if (!of.lags || !lags || !map || !about || of.features.length !== features) return null;
  const all = extent(about);
  const spread = (values: Float32Array, width: number) => {
    const found = new Float32Array(all.lags * width).fill(NaN);
    of.lags!.forEach((lag, i) => {
      const place = lag + all.leads;
      // A model may come to use later steps, which the latest maps do not have yet.
      if (place >= 0 && place < all.lags)
        found.set(values.subarray(i * width, (i + 1) * width), place * width);
    });
    return found;
  };
  return {
    ...bare(spread(map, features), all.lags, all.leads, features),
    ...{ low: spread(lags.low, 1), high: spread(lags.high, 1) },
  };
}
