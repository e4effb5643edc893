/** What axes, colours and columns show of rows: numbers by place, and how they are called. */
import { chance, decimals, effects, MISSING, number, printable } from "../../format.js";
import { apart, exclusive, type Instances } from "../../instances.js";
import { extent } from "../../scales.js";
import { className, responseOf, type Subject } from "../../words.js";
import { lagName } from "../lags/axis.js";

/** What an axis shows; a number is a feature's position. "classes" are bands, one a true class. */
export type Axis = "prediction" | "target" | "error" | "classes" | "attribution" | number;
export type Colour = "attribution" | "classes" | "error";

/** All that quantities are read from. */
export interface Scene extends Subject {
  here: Instances;
  names: string[];
  /** The feature that colours and columns are about; null where there is none. */
  feature: number | null;
  /** The lag at which features of sequences are shown: the picked one, else that of most weight. */
  lagOf(feature: number): number | null;
}

/** The entry that a feature is, at its lag if it has one; none where it has no one sign. */
export const entryOf = ({ here, lagOf }: Scene, feature: number): number | undefined =>
  here.entry(feature, lagOf(feature));

/** What that entry is called. */
export function entryName(
  { names, meta, lagOf }: Scene,
  feature: number,
  name = printable(names[feature]!),
): string {
  const lag = lagOf(feature);
  return lag === null || !meta.lags ? name : `${name} at ${lagName(meta.lags, lag)}`;
}

export function values(scene: Scene, axis: Axis | Colour): Float32Array {
  const { here, shown, feature } = scene;
  if (axis === "prediction") return here.predictions(shown);
  if (axis === "error") return here.errors(shown.output);
  if (axis === "attribution")
    return feature === null
      ? new Float32Array(here.count).fill(NaN)
      : here.attributions(entryOf(scene, feature), shown);
  if (typeof axis === "number") return here.valuesOf(entryOf(scene, axis));
  return new Float32Array(here.count).map((_, i) => here.target(i, shown.output));
}

export function title(scene: Scene, axis: Axis): string {
  const { here, feature } = scene;
  const { classifier } = here.state;
  if (typeof axis === "number") return entryName(scene, axis);
  if (axis === "attribution")
    return `attribution of ${feature === null ? "" : entryName(scene, feature)}`;
  if (axis === "prediction") {
    const named = classifier || scene.shown.response !== "raw";
    return named ? response(scene) : `predicted ${response(scene)}`;
  }
  if (axis === "error") return classifier ? "1 − P(true class)" : "predicted − true";
  return axis === "classes" ? "true class" : `true ${response(scene)}`;
}

function response(scene: Scene): string {
  const { here, shown } = scene;
  const { columns, classifier } = here.state;
  const all =
    shown.output !== null ? [columns[shown.output]!] : classifier ? columns : columns.slice(0, 1);
  return responseOf(scene, all);
}

/** Where a classifier changes its mind along the response shown; NaN where there is no one place. */
export function threshold({ here, shown }: Scene): number {
  const { kind, classifier } = here.state;
  const binary = here.width === 1 || (here.width === 2 && kind !== "values");
  if (!classifier || shown.output === null || !(binary || kind === "independent")) return NaN;
  if (shown.response === "prob") return 0.5;
  if (shown.response === "logodds") return 0;
  if (shown.response !== "raw" || kind === "logits") return NaN;
  return kind === "logit" ? 0 : 0.5;
}

/** The class that the network says, of those that y knows. */
export const said = ({ here, shown }: Scene, i: number): number => here.predicted(i, shown.output);

/** A class by its code; of outputs that say yes or no by themselves, whether. */
export function classOf(scene: Scene, code: number): string {
  const { columns } = scene.here.state;
  const { output } = scene.shown;
  if (!(code >= 0)) return "class unknown";
  return className(scene, code, output === null ? null : columns[output]!);
}

/** How a row is called: by its label, or its position in X. */
export const rowLabel = (here: Instances, i: number): string =>
  here.state.labels ? printable(here.label(i)) : `#${here.label(i)}`;

/** One column of the table, and one line of what is said of a row. */
export interface Column {
  key: string;
  name: string;
  text(i: number): string;
  /** What it is sorted by. */
  value: (i: number) => number | string;
  /** Whether a row stands out. */
  marked?(i: number): boolean;
  numeric: boolean;
  /** Whether it is about the feature that is shown. */
  ofFeature?: boolean;
}

/** The columns about rows. */
export function rowColumns(scene: Scene): Column[] {
  const { here, shown } = scene;
  const { classifier, labels } = here.state;
  const plain = !!labels && here.plain;
  const found: Column[] = [
    {
      key: "row",
      name: "row",
      text: (i) => rowLabel(here, i),
      value: labels
        ? (i) => (plain ? here.label(i) : Number(here.label(i)))
        : (i) => here.positions[i]!,
      numeric: !plain,
    },
    column(
      "prediction",
      title(scene, "prediction"),
      here.predictions(shown),
      shown.response === "prob",
    ),
  ];
  const target = (i: number) => here.target(i, shown.output);
  const wrong = (i: number) => !Number.isNaN(target(i)) && said(scene, i) !== target(i);
  if (classifier) {
    const text = (code: number) => (Number.isNaN(code) ? MISSING : classOf(scene, code));
    if (exclusive(here.state) || apart(here.state))
      found.push({
        key: "predicted",
        name: "predicted",
        text: (i) => text(said(scene, i)),
        value: (i) => said(scene, i),
        marked: wrong,
        numeric: false,
      });
    if (here.targeted)
      found.push({
        key: "target",
        name: "true class",
        text: (i) => text(target(i)),
        value: target,
        numeric: false,
      });
  } else if (here.targeted)
    found.push(column("target", title(scene, "target"), values(scene, "target")));
  if (here.targeted)
    found.push(
      classifier
        ? column("error", title(scene, "error"), here.errors(shown.output), true)
        : signed("error", title(scene, "error"), here.errors(shown.output)),
    );
  return found;
}

/** The columns about the feature that is shown. */
export function featureColumns(scene: Scene): Column[] {
  const { here, shown, feature } = scene;
  if (feature === null) return [];
  const [name, entry] = [entryName(scene, feature), entryOf(scene, feature)];
  const about = [
    column("value", name, here.valuesOf(entry)),
    signed("attribution", `attribution of ${name}`, here.attributions(entry, shown)),
  ];
  return about.map((column) => ({ ...column, ofFeature: true }));
}

/** Numbers that share their decimals. */
function column(key: string, name: string, of: Float32Array, probability = false): Column {
  return numeric(key, name, of, (largest) => {
    const some = of.subarray(0, 1_000);
    const whole = some.every((value) => Number.isInteger(value) || Number.isNaN(value));
    const places = whole ? 0 : probability ? 3 : decimals(largest);
    const odd = !probability && (largest < 1e-3 || largest >= 1e6);
    return (value) => {
      if (!Number.isFinite(value) || (value && odd)) return number(value, 3);
      const digits = value.toFixed(places);
      const text = /[1-9]/.test(digits) ? digits.replace("-", "−") : digits.replace("-", "");
      // A probability is 0 or 1 only where it is.
      return probability && value % 1 && /^[01]\.000$/.test(text) ? chance(value) : text;
    };
  });
}

const signed = (key: string, name: string, of: Float32Array): Column =>
  numeric(key, name, of, effects);

function numeric(
  key: string,
  name: string,
  of: Float32Array,
  format: (largest: number) => (value: number) => string,
): Column {
  // How numbers are written takes all of them, and is not known before one is shown.
  let text: ((value: number) => string) | null = null;
  const write = () => {
    const [low, high] = extent(of);
    return format(Math.max(Math.abs(low), Math.abs(high)));
  };
  return {
    key,
    name,
    text: (i) => (text ??= write())(of[i]!),
    value: (i) => of[i]!,
    numeric: true,
  };
}
