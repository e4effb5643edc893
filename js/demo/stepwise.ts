/** Outputs at every step as Python would send them: each moves with earlier steps, and a few later. */
import { packed, type LagSlice, type LagsMeta, type SliceInfo, type State } from "../wire.js";

/** Root mean squares of y_s by input step u and feature, of a state with one slice. */
export type Sizes = (lag: number, feature: number) => number;

/** The state with importances and maps of lags of all output steps together, and of each. */
export function withSteps(state: State, steps: number, leads: number, size: Sizes): State {
  const F = state.names.length;
  const about: LagsMeta = { count: steps, leads, unit: "min", labels: null, stepwise: true };
  const infos: SliceInfo[] = [];
  const slices: LagSlice[] = [];
  const rows: number[] = [];
  const time = new Float32Array(steps * steps);
  for (let s = 0; s < steps; s++)
    for (let u = 0; u < steps; u++)
      for (let f = 0; f < F; f++)
        time[s * steps + u]! += s - u < -leads ? 0 : size(s - u, f) * (1 + s / steps);
  const all = time.reduce((a, b) => a + b, 0);
  for (const step of [null, ...Array.from({ length: steps }, (_, s) => s)]) {
    const has = (lag: number) => step === null || (lag <= step && lag > step - steps);
    const map = Float32Array.from({ length: (leads + steps) * F }, (_, at) => {
      const lag = Math.floor(at / F) - leads;
      return has(lag) ? size(lag, at % F) : NaN;
    });
    const total = map.reduce((sum, one) => sum + (one || 0), 0);
    const shares = map.map((one) => (100 * one) / total);
    const sums = (of: (at: number) => number, count: number) =>
      Float32Array.from({ length: count }, (_, i) =>
        shares.reduce((sum, one, at) => (of(at) === i ? sum + (one || 0) : sum), 0),
      );
    const [byLag, byFeature] = [
      sums((at) => Math.floor(at / F), leads + steps),
      sums((at) => at % F, F),
    ];
    const known = byLag.map((share, i) => (has(i - leads) ? share : NaN));
    const shown = { response: "raw", output: 0, ...(step === null ? {} : { step }) };
    const question = `Sensitivity of position per standard deviation of each input, 2,000 rows`;
    infos.push({
      ...shown,
      question: step === null ? question : `${question}, output step ${step}`,
    });
    rows.push(...byFeature, ...byFeature.map((x) => 0.95 * x), ...byFeature.map((x) => 1.05 * x));
    rows.push(...byFeature.map(() => NaN));
    slices.push({
      ...shown,
      low: packed(
        known.map((x) => 0.9 * x),
        leads + steps,
      ),
      high: packed(
        known.map((x) => 1.1 * x),
        leads + steps,
      ),
      map: packed(shares, leads + steps, F),
      memory: [6, 5, 6],
      ...(step === null && {
        time: packed(
          time.map((one) => (100 * one) / all),
          steps,
          steps,
        ),
      }),
    });
  }
  return {
    ...state,
    meta: { ...state.meta, lags: about, slices: infos } as State["meta"],
    importance: packed(Float32Array.from(rows), infos.length, 4, F),
    lags: { slices },
  };
}
