/** Tables of what is shown, as RFC 4180 has them: names as they are, missing numbers empty. */
import { compared } from "../compared.js";
import { WORDS } from "../format.js";
import { apart } from "../instances.js";
import { directionOf } from "../ranking.js";
import { atMoment } from "../past.js";
import { isWait } from "../methods.js";
import { ofTokens } from "../texts.js";
import { runsOf, type Second, type Subject } from "../runs.js";
import type { Store } from "../store.js";
import { besideOf } from "../views/beside.js";
import { entryName, entryOf } from "../views/instances/quantities.js";
import { lagName } from "../views/lags/axis.js";
import { className } from "../words.js";

type Cell = string | number | null | undefined;

/** Features, or tokens, by rank, with the share over the brushed rows where there are any. */
export function importances(from: Store): string {
  const tokens = from.meta.value!.tokens !== undefined;
  const store = tokens ? ofTokens(from) : atMoment(from);
  const { share, low, high, direction } = store.slice.value!;
  const names = store.names.value;
  const brushed = store.subset.value?.held ? store.subset.value.share : null;
  const beside = tokens ? null : besideOf(store);
  const other = beside ? [`importance by ${beside.method.title}`] : [];
  // Contributions have no direction: each row has its own sign.
  const additive = store.meta.value!.baseline !== undefined;
  const head = [tokens ? "token" : "feature", "importance", "low", "high"];
  if (!additive) head.push("direction");
  const rows = store.ranking.value!.order.map((f): Cell[] => [
    names[f]!,
    ...[share[f], low[f], high[f]],
    ...(additive ? [] : [WORDS[directionOf(direction[f]!)]]),
    ...(beside ? [beside.share[f]] : []),
    ...(brushed ? [brushed[f]] : []),
  ]);
  return written([
    [...head, ...other, ...(brushed ? ["importance over the brushed rows"] : [])],
    ...rows,
  ]);
}

/**
 * The rows that are in the page, or those brushed, in the order of X; attributions where the page
 * holds them. Contributions are of whole features, and add up with the baseline and the others.
 */
export function instances(store: Store): string {
  const here = store.instances.value!;
  const shown = store.shown.value;
  const subject = { meta: store.meta.value!, state: here.state, shown };
  const names = store.names.value;
  const brushed = store.rows.value;
  const places = brushed
    ? here.places(brushed)
    : Uint32Array.from({ length: here.count }, (_, i) => i);
  places.sort((a, b) => here.positions[a]! - here.positions[b]!);
  const coded = here.state.classes || apart(here.state);
  const predictions = here.predictions(shown);
  const errors = here.errors(shown.output);
  const scene = { ...subject, here, names, feature: null, lagOf: store.lagOf.value };
  const { additive } = here.state;
  const features = here.leading.filter((f) => additive || entryOf(scene, f) !== undefined);
  const columns = features.map((f) =>
    additive ? here.contributions(f, shown) : here.attributions(entryOf(scene, f), shown),
  );
  const head = ["row", "prediction", "target", "predicted class", "error"];
  const called = features.map((f) =>
    additive ? `contribution of ${names[f]!}` : `attribution of ${entryName(scene, f, names[f]!)}`,
  );
  if (additive && !here.whole) {
    columns.push(here.contributions(null, shown));
    called.push("contribution of all others");
  }
  const bases = here.bases(shown);
  if (bases) {
    columns.unshift(bases);
    called.unshift("baseline");
  }
  const rows = Array.from(places, (i): Cell[] => {
    const target = here.target(i, shown.output);
    const said = here.predicted(i, shown.output);
    const column = here.column(i, shown.output);
    const name = (code: number) => className(subject, code, column, (plain) => plain);
    return [
      here.label(i),
      predictions[i],
      coded && target >= 0 ? name(target) : target,
      said < 0 ? "" : name(said),
      errors[i],
      ...columns.map((column) => column[i]),
    ];
  });
  return written([[...head, ...called], ...rows]);
}

/** The moments of a training that are in the page, or of two, by run: shares of features and lags. */
export function training(store: Store, second: Second | null): string {
  const history = store.past.history.value!;
  const { lags } = store.meta.value!;
  const names = store.names.value;
  const both = [runsOf(history, names, second)];
  if (lags && history.lags) both.push(runsOf(history, names, second, (lag) => lagName(lags, lag)));
  const { runs } = both[0]!;
  const first = ({ places }: Subject) => places[0] ?? Infinity;
  for (const { subjects } of both) subjects.sort((a, b) => first(a) - first(b) || 0);
  const lines = runs.flatMap(({ name, moments }, run) =>
    moments.map((moment): Cell[] => [
      ...[name, moment.step, moment.seconds, moment.rows, moment.epoch, moment.loss],
      ...both.flatMap(({ subjects, share }) => subjects.map((one) => share(one, run, moment))),
    ]),
  );
  const head = ["run", "step", "seconds", "rows", "epoch", "loss"];
  return written([
    [...head, ...both.flatMap(({ subjects }) => subjects.map(({ name }) => name))],
    ...lines,
  ]);
}

/** What is known of the picked row, and of the one beside it, against what; of texts their tokens. */
export function picked(store: Store): string {
  if (store.meta.value!.tokens) return texts(store);
  const names = store.names.value;
  const rows = [store.instance.value, store.other.value].filter((row) => row !== null);
  const cases = rows
    .map((row) => store.local(row))
    .filter((one) => one !== "asked")
    .filter((one) => "items" in one);
  const { order, items } = compared(cases);
  const group = store.against.group.value ? ["against"] : [];
  const ends = store.meta.value!.baseline ? ["baseline", "prediction"] : [];
  const what = store.instances.value?.state.additive ? "contribution" : "attribution";
  const found = group.length ? null : store.methods.row.value;
  const beside = found && !isWait(found) ? [found] : [];
  const lines = cases.flatMap(({ label, against, sum, prediction }, i) =>
    order.map((f): Cell[] => {
      const { value, attribution, share } = items[i]!.get(f) ?? {};
      return [
        ...[names[f]!, value, attribution, share, label],
        ...(ends.length ? [sum?.base, prediction] : []),
        ...group.map(() => against?.words),
        ...beside.map(({ other }) => (i ? null : other[1][f])),
      ];
    }),
  );
  const by = beside.map(({ method }) => `attribution by ${method.title}`);
  return written([["feature", "value", what, "share", "row", ...ends, ...group, ...by], ...lines]);
}

function texts(store: Store): string {
  const here = store.instances.value!;
  const rows = [store.instance.value, store.other.value].filter((row) => row !== null);
  const lines = rows.flatMap((row) => {
    const words = store.wordsAt(row);
    if (!Array.isArray(words)) return [];
    const place = here.find(row);
    const label = place < 0 ? String(row) : here.label(place);
    return words.map(({ name, lag, share, part }, i): Cell[] => [
      ...[name, i + 1, lag, share, label],
      ...(part === null ? [] : [part]),
    ]);
  });
  const head = ["token", "position", "lag", "share", "row"];
  return written([here.state.additive ? [...head, "contribution"] : head, ...lines]);
}

const written = (rows: Cell[][]): string =>
  rows.map((row) => row.map(cell).join(",") + "\r\n").join("");

function cell(value: Cell): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "";
  // Seven digits are what a float32 holds.
  if (typeof value === "number") return String(Number(value.toPrecision(7)));
  return /[",\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
