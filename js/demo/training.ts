/** A training as Python would send it: features rise to their latest shares, some after others. */
import { packedHistory, type Moment } from "../history.js";
import { unpack, type Meta, type Packed, type State } from "../wire.js";

/** The state with a history that ends with the shares of what is shown first. */
export function withHistory(state: State, moments: number, stride = 20): State {
  const meta = state.meta as Meta;
  const F = state.names.length;
  const values = unpack(state.importance as Packed, "<f4");
  const first = meta.slices.findIndex(
    ({ response, output }) => response === meta.response && output === meta.output,
  );
  const latest = values.subarray(first * 4 * F, first * 4 * F + F);
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
    return {
      ...{ step: t * stride, rows: done === 1 ? 2_000 : 256, seconds: t / 6 },
      ...{ loss: t ? 0.2 + 1.4 * Math.exp(-5 * done) : NaN, epoch: t ? Math.floor(8 * done) : NaN },
      ...{ share, low: share.map((one) => 0.93 * one), high: share.map((one) => 1.07 * one) },
      direction: signs.map((one, f) => one * Math.min(1, 0.3 + done + (f % 3) / 4)),
    };
  });
  const question = meta.slices[first]!.question.replace(/, [\d,]+ rows$/, "");
  const { response, output } = meta;
  const features = Uint32Array.from(latest, (_, f) => f);
  return {
    ...state,
    history: packedHistory({ response, output, question, features, moments: all }),
  };
}
