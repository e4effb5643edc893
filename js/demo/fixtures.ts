/** States as Python would send them, with chosen numbers: for the demo page and the tests. */
import { withRows } from "./rows.js";
import { withLags } from "./sequences.js";
import { withSteps } from "./stepwise.js";
import { withAnother, withHistory } from "./training.js";
import { withVersions } from "./versions.js";
import type { Meta, Output, Selection, State } from "../wire.js";

export interface Sketch {
  title?: string;
  names: string[];
  outputs?: string[];
  responses?: string[];
  output?: Output;
  notes?: string[];
  /** Roots of mean squares by feature; given the position of the slice. */
  rms(feature: number, slice: number): number;
  /** mean / rms by feature; NaN makes no claim. */
  direction(feature: number, slice: number): number;
  /** Relative half-width of the intervals. */
  spread?: number;
  rows?: number;
  /** Slices left out of the page, from the end. */
  missing?: number;
}

export function state(sketch: Sketch): State {
  const { names, outputs = ["y0"], responses = ["raw"], spread = 0.06, rows = 25_000 } = sketch;
  const single = outputs.length === 1;
  const all: Output[] = [...(single ? [] : [null]), ...outputs.map((_, i) => i)];
  const infos = responses
    .flatMap((response) => all.map((output) => ({ response, output })))
    .map((info) => ({ ...info, question: question(info.response, info.output, outputs, rows) }));
  const kept = infos.slice(0, infos.length - (sketch.missing ?? 0));
  const n = names.length;
  const values = new Float32Array(kept.length * 4 * n);
  kept.forEach(({ output }, s) => {
    const rms = names.map((_, f) => sketch.rms(f, s));
    const total = rms.reduce((a, b) => a + b, 0);
    rms.forEach((value, f) => {
      const share = (100 * value) / total;
      const half = share * spread + Math.min(share, 0.4) * spread * 4;
      const claim = output === null ? NaN : sketch.direction(f, s);
      [share, Math.max(0, share - half), Math.min(100, share + half), claim].forEach(
        (quantity, q) => (values[(s * 4 + q) * n + f] = quantity),
      );
    });
  });
  const meta: Meta = {
    title: sketch.title ?? "Sequential",
    method: "sensitivity",
    scale: "std",
    confidence: 0.95,
    rows,
    outputs,
    output: sketch.output ?? (single ? 0 : null),
    response: responses[0]!,
    responses: responses.map((name) => ({ name, notes: sketch.notes ?? [] })),
    slices: kept,
  };
  return {
    _proto: 1,
    status: { state: "ready" },
    meta,
    names,
    importance: {
      dtype: "<f4",
      shape: [kept.length, 4, n],
      data: new Uint8Array(values.buffer),
    },
    selection: {
      feature: null,
      instance: null,
      other: null,
      rows: null,
      output: meta.output,
      response: meta.response,
      client: "",
      seq: 0,
    } satisfies Selection,
  };
}

function question(response: string, output: Output, outputs: string[], rows: number): string {
  const name = output === null ? null : outputs[output]!;
  const words: Record<string, string> = {
    raw: name ?? `the ${outputs.length} outputs combined`,
    prob: name === null ? `the ${outputs.length} probabilities combined` : `P(${name})`,
    logodds: name === null ? `the ${outputs.length} log-odds combined` : `the log-odds of ${name}`,
  };
  const count = rows.toLocaleString("en");
  return `Sensitivity of ${words[response]} per standard deviation of each input, ${count} rows`;
}

export const credit = (): State =>
  withRows(ranked(), {
    rows: 3_000,
    held: 2_000,
    kind: "logits",
    classes: ["repaid", "default"],
  });

/** Its ranking alone. */
const ranked = (): State =>
  state({
    names: (
      "PAY_0 BILL_AMT1 PAY_AMT2 LIMIT_BAL PAY_2 BILL_AMT2 PAY_AMT1 PAY_3 BILL_AMT3 EDUCATION AGE " +
      "PAY_AMT3 PAY_4 MARRIAGE BILL_AMT4 PAY_AMT4 PAY_5 SEX BILL_AMT5 PAY_AMT6 PAY_AMT5 PAY_6 " +
      "BILL_AMT6"
    ).split(" "),
    outputs: ["repaid", "default"],
    output: 1,
    responses: ["prob", "logodds", "raw"],
    notes: [
      "Inputs are compared per standard deviation over the 25,000 rows.",
      "BILL_AMT1 and BILL_AMT2 move together (correlation 0.95): their importances share a role.",
    ],
    rms: (f, s) => Math.exp(-f / (5 + (s % 3))) * (1 + 0.4 * Math.sin(3 * f + s)),
    direction: (f, s) => (f % 5 === 3 ? 0.2 : (f % 3 === 1 ? -0.85 : 0.9) * (s % 3 === 1 ? -1 : 1)),
  });

export const wide = (): State =>
  state({
    title: "TabularTransformer",
    names: Array.from({ length: 2_000 }, (_, i) =>
      i % 7 === 0 ? `station_${i}_temperature_2m_lag_${i % 24}h` : `sensor_${i}_flow`,
    ),
    outputs: Array.from({ length: 12 }, (_, i) => `Zone ${i + 1}`),
    output: 2,
    rms: (f, s) => 1 / (1 + ((f * 733 + s * 41) % 2_000)) ** 0.8,
    direction: (f, s) => Math.sin(f * 1.7 + s),
    missing: 3,
  });

/** A regression whose rows have names. */
export const flow = (): State =>
  withRows(
    state({
      title: "Streamflow",
      names: (
        "rain_24h soil_moisture snowmelt reservoir gate_opening evaporation rain_6h temperature " +
        "tide humidity solar pressure"
      ).split(" "),
      outputs: ["flow"],
      rms: (f) => Math.exp(-f / 3),
      direction: (f) => [0.9, 0.8, -0.7, 0.3, 0.6, -0.9][f % 6]!,
      rows: 5_000,
    }),
    { rows: 5_000, kind: "values", labels: (row) => `2024-${String(row).padStart(4, "0")}` },
  );

/** As many rows as a page holds. */
export const many = (): State =>
  withRows(
    state({
      title: "Many",
      names: Array.from({ length: 50 }, (_, f) => `x${f}`),
      rms: (f) => 1 / (1 + f),
      direction: (f) => (f % 3 === 1 ? -0.8 : 0.9),
      rows: 100_000,
    }),
    { rows: 100_000, kind: "values" },
  );

export const simple = (): State =>
  state({
    title: "cosine",
    names: ["x0", "x1", "x2", "x3"],
    rms: (f) => [4, 2, 1, 0][f]!,
    direction: (f) => [0.05, 1, -0.8, NaN][f]!,
    rows: 400,
  });

export const constant = (): State =>
  state({
    title: "constant",
    names: ["age", "income"],
    notes: ["The model's output does not change with any input: importances are undefined."],
    rms: () => 0,
    direction: () => NaN,
  });

export const HOSTILE = [
  "<img src=x onerror=window.hacked=1>",
  "</script><script>window.hacked=1</script>",
  `a_very_long_name_${"x".repeat(170)}_lag_12`,
  "年齢(令和6年度)",
  "👩‍👩‍👧 family of emoji 👩‍👩‍👧",
  "مبلغ القرض بالدولار الأمريكي سنويا",
  "גיל",
  "two\nlines\tand more",
  "\u202egnp.exe",
  "",
  "twin",
  "twin",
  "&amp; &lt;b&gt;",
];

export const hostile = (): State =>
  state({
    title: "<b>Model</b>",
    names: HOSTILE,
    outputs: ["<i>no</i>", `"quoted" & 'single'`, "x".repeat(60)],
    output: 1,
    responses: ["prob", "<u>custom</u>"],
    notes: ["Column <i>x</i> is not used."],
    rms: (f) => HOSTILE.length - f,
    direction: (f) => (f % 2 ? -0.9 : 0.9),
  });

/** A forecaster of a river: 64 hours of 16 series. */
export const river = (): State =>
  withLags(
    state({
      title: "Streamflow forecaster",
      names: (
        "discharge rain_24h soil_moisture snowmelt reservoir_level gate_opening evaporation rain_6h " +
        "temperature_2m tide humidity solar pressure wind_u_10m wind_v_10m station_004_discharge"
      ).split(" "),
      outputs: ["flow"],
      rms: (f) => Math.exp(-f / 4),
      direction: () => NaN,
      rows: 5_000,
    }),
    { lags: 64, unit: "h", rows: 60 },
  );

/** As large as the map gets. */
export const long = (): State =>
  withLags(
    state({
      title: "Grid load",
      names: Array.from({ length: 200 }, (_, f) => `station_${f}_load`),
      rms: (f) => 1 / (1 + f) ** 0.6,
      direction: () => NaN,
    }),
    { lags: 500, unit: null, rows: 4 },
  );

/** Lags with names, and names that nobody would choose. */
export const days = (): State =>
  withLags(
    state({
      title: "<b>Model</b>",
      names: HOSTILE,
      rms: (f) => HOSTILE.length - f,
      direction: () => NaN,
    }),
    { lags: 5, labels: ["today", "<i>Wed</i>", "Tue", "Mon", "Sunday before"], rows: 20 },
  );

/** A tracker with an output at every step, which peeks two steps ahead. */
export const tracker = (): State =>
  withSteps(
    state({
      title: "Tracker",
      names: ["range", "bearing", "speed", "noise"],
      outputs: ["position"],
      rms: (f) => 4 - f,
      direction: () => NaN,
    }),
    24,
    2,
    (lag, f) => (4 - f) * (Math.exp(-Math.abs(lag - 2 * f) / 2) + (lag < 0 ? 0.1 : 0.02)),
  );

const blank = (status: State["status"]): State => ({
  _proto: 1,
  status,
  meta: {},
  names: [],
  importance: {},
});

export const STATES: Record<string, () => State> = {
  credit,
  flow,
  many,
  wide,
  simple,
  constant,
  hostile,
  river,
  long,
  days,
  tracker,
  trained: () => withHistory(credit(), 120),
  remembered: () => withHistory(days(), 120),
  twice: () => withAnother(withHistory(credit(), 120), "ticket"),
  edited: () => withVersions(credit()),
  live: () => ({ ...credit(), status: { state: "live" } }),
  empty: () => blank({ state: "empty" }),
  loading: () => blank({ state: "loading", done: 1_204, total: 8_000, left: 6 }),
  preparing: () => blank({ state: "loading" }),
  error: () =>
    blank({
      state: "error",
      message:
        "X has NaN in 2 columns: 37 rows of income, 4 rows of age; fill or drop these rows first.",
      detail: "Traceback (most recent call last):\n  …\nValueError: X has NaN in 2 columns",
      again: true,
    }),
};
