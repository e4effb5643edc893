/** A training as Python would send it: features rise to their latest shares, some after others. */
import { history, packedHistory, type HistoryState, type Moment } from "../history.js";
import { lagMap } from "../lags.js";
import { unpack, type LagsState, type Meta, type Packed, type State } from "../wire.js";

/** The state with a history that ends with the shares of what is shown first. */
export function withHistory(state: State, moments: number, stride = 20): State {
  const meta = state.meta as Meta;
  const F = state.names.length;
  const values = unpack(state.importance as Packed, "<f4");
  const first = meta.slices.findIndex(
    ({ response, output }) => response === meta.response && output === meta.output,
  );
  const latest = values.subarray(first * 4 * F, first * 4 * F + F);
  const about = meta.lags;
  const [now] = about ? (state.lags as LagsState).slices : [];
  const map = now ? lagMap(now, about!, F) : null;
  const signs = values.subarray((first * 4 + 3) * F, (first * 4 + 4) * F);
  const all = Array.from({ length: moments }, (_, t): Moment => {
    const done = t / (moments - 1);
    const raw = Float64Array.from({ length: F }, (_, f) => {
      const late = 1 + ((5 * f) % 7);
      const grown = 1 - Math.exp(-late * done * 4 * (f % 2 ? 0.4 : 1));
      const wobble = 1 + 0.08 * (1 - done) * Math.sin(t * (1 + f / 3));
      return done === 1 ? latest[f]! : (100 / F) * (1 - done) ** 3 + latest[f]! * grown * wobble;
    });
    const total = raw.reduce((sum, one) => sum + one, 0);
    const share = Float32Array.from(raw, (one) => (100 * one) / total);
    // At first all lags carry the same.
    const cells = map?.map.map((one, i) => {
      const even = share[i % F]! / map.lags;
      return done * one + (1 - done) * even;
    });
    const lags =
      cells &&
      Float32Array.from({ length: map!.lags }, (_, lag) =>
        cells.subarray(lag * F, (lag + 1) * F).reduce((sum, one) => sum + one, 0),
      );
    return {
      ...(lags && {
        lags: {
          share: lags,
          low: lags.map((one) => 0.9 * one),
          high: lags.map((one) => 1.1 * one),
        },
        map: cells!,
      }),
      ...{ step: t * stride, rows: done === 1 ? 2_000 : 256, seconds: t / 6 },
      ...{ loss: t ? 0.2 + 1.4 * Math.exp(-5 * done) : NaN, epoch: t ? Math.floor(8 * done) : NaN },
      ...{ share, low: share.map((one) => 0.93 * one), high: share.map((one) => 1.07 * one) },
      direction: signs.map((one, f) => one * Math.min(1, 0.3 + done + (f % 3) / 4)),
    };
  });
  const question = meta.slices[first]!.question.replace(/, [\d,]+ rows$/, "");
  const { response, output } = meta;
  const features = Uint32Array.from(latest, (_, f) => f);
  const lags = map && Array.from({ length: map.lags }, (_, place) => place - map.leads);
  return {
    ...state,
    history: packedHistory({
      method: meta.method,
      response,
      output,
      question,
      features,
      lags,
      moments: all,
    }),
  };
}

/** The state with a second training: half as long, and it finds a feature more. */
export function withAnother(state: State, found: string): State {
  const own = history(state.history as HistoryState);
  const F = own.features.length;
  const moments = own.moments.slice(0, Math.ceil(own.moments.length / 2)).map((moment, t, all) => {
    const leak = 60 / (1 + Math.exp(8 - (16 * t) / all.length));
    const shares = (of: Float32Array, size: number) =>
      Float32Array.of(...of.map((one) => (one * (100 - leak)) / 100), size);
    const share = shares(moment.share, leak);
    return {
      ...{ ...moment, share, low: shares(moment.low, 0.9 * leak) },
      ...{ high: shares(moment.high, 1.1 * leak), loss: 0.6 * moment.loss },
      direction: Float32Array.of(...moment.direction, 1),
    };
  });
  const features = Uint32Array.from({ length: F + 1 }, (_, f) => f);
  const second = packedHistory({ ...own, features, moments });
  const names = [...state.names, found];
  return { ...state, second: { runs: ["clean", "leaky"], features: names, history: second } };
}
