/** What the views of one explanation share: its data, and what is chosen. Knows no host. */
import { batch, computed, signal, type Signal } from "@preact/signals";
import { createAgainst } from "./against.js";
import { packedNumbers, rowOf as answered } from "./answered.js";
import { createBrushed } from "./brushed.js";
import { Instances, type Row } from "./instances.js";
import { join, type Linked } from "./link.js";
import { rowMap, within } from "./lags.js";
import { local } from "./local.js";
import { createMethods } from "./methods.js";
import { createPast } from "./past.js";
import { rank } from "./ranking.js";
import { UNATTENDED, type FedStore, type Host, type Wait } from "./shared.js";
import { sentence } from "./texts.js";
import { createTimes, isMap } from "./times.js";
import { createWhatIf } from "./whatif.js";
import { createVersions } from "./versions.js";
import {
  key,
  showing,
  PROTOCOL,
  slice as unpackedSlice,
  slices as unpackedSlices,
  unpack,
  unpackedRows,
  type Choice,
  type InstancesState,
  type Meta,
  type Packed,
  type Picks,
  type Selection,
  type Shown,
  type Slice,
  type Status,
} from "./wire.js";

export type { FedStore, Host, Store, Wait } from "./shared.js";

/** Rows that came from the kernel are kept, the oldest forgotten first. */
const MOST_ROWS = 256;

export function createStore(host: Host | null, linkKey?: string, left?: AbortSignal): FedStore {
  const link = join(linkKey, left);
  const status = signal<Status>({ state: "empty" });
  const meta = signal<Meta | null>(null);
  const names = signal<string[]>([]);
  const shown = signal<Shown>({ output: null, response: "" });
  const slices: Signal<ReadonlyMap<string, Slice>> = signal(new Map());
  const waits: Signal<ReadonlyMap<string, Wait>> = signal(new Map());
  const slice = computed(() => slices.value.get(key(shown.value)));
  const ranking = computed(() => slice.value && rank(slice.value));
  const wait = computed(() => waits.value.get(key(shown.value)));

  const feature = computed(() => placeOf(link.picks.value, names.value));
  const instance = computed(() => link.picks.value.instance);
  const other = computed(() => link.picks.value.other);
  const rows = computed(() => link.picks.value.rows);

  const ready = computed(() => slice.value !== undefined);
  const times = createTimes({ meta, names, shown, picks: link.picks, ready }, host, left);
  const { steps, lags, lagMap, time, lagOf } = times;

  const past = createPast(meta, names, shown, left);
  const versions = createVersions(names, shown, past, host);
  const methods = createMethods(meta, status, shown, instance, host);

  const instances = signal<Instances | null>(null);
  const fetched: Signal<ReadonlyMap<number, Row | Wait>> = signal(new Map());
  const whatIf = createWhatIf(instance, host, left);
  const contrast = createAgainst(
    { meta, picks: link.picks, instance, other, editing: whatIf.open },
    host,
    left,
  );
  const search = signal<{ label: string; wait?: Wait } | null>(null);
  let [wanted, asked] = [false, false];

  const subject = { meta, names, shown, slice, instances, rows };
  const { subset, ...brushed } = createBrushed(subject, host, left);
  const inLags = computed(() => {
    const [all, some] = [lagMap.value, subset.value?.map];
    return lags.value && isMap(all) ? within(some ?? all, lags.value) : null;
  });

  const show = (target: Shown) => {
    const name = key(target);
    batch(() => {
      shown.value = showing(target);
      if (!meta.peek() || slices.peek().has(name) || waits.peek().get(name) === "asked") return;
      waits.value = new Map(waits.peek()).set(name, host ? "asked" : { error: UNATTENDED });
      host?.request(shown.peek());
    });
  };
  const pick = ({ feature: at, ...rest }: Partial<Picks>) => {
    const change: Partial<Linked> = { ...rest };
    if (at !== undefined)
      change.feature = at === null ? null : { at, name: names.peek()[at] ?? "" };
    link.pick(change);
  };
  const settle = <V>(target: Signal<ReadonlyMap<number, V>>, at: number, value: V) => {
    const next = new Map(target.peek()).set(at, value);
    if (next.size > MOST_ROWS) next.delete(next.keys().next().value!);
    target.value = next;
  };
  const chosen = (): Choice => ({
    feature: feature.peek(),
    instance: instance.peek(),
    other: other.peek(),
    rows: rows.peek(),
    ...(steps.peek() ? { lags: lags.peek() } : {}),
    ...(meta.peek()?.against ? { against: contrast.group.peek() } : {}),
    ...shown.peek(),
    ...past.chosen(),
    ...whatIf.chosen(),
    ...methods.chosen(),
  });

  /** A row of X with what is known of it; asks for what is not here. Reads signals. */
  const rowOf = (row: number): Row | Wait => {
    const here = instances.value;
    if (!here) return { error: UNATTENDED };
    const came = fetched.value.get(row);
    const whole = isRow(came) ? came : null;
    const held = whole ?? here.row(here.find(row));
    // What the page holds of a row is shown until all of it is here.
    if (!came && (!held || !here.whole) && host)
      queueMicrotask(() => {
        if (fetched.peek().has(row)) return;
        settle<Row | Wait>(fetched, row, "asked");
        host.row(row);
      });
    return held ?? (came as Wait | undefined) ?? (host ? "asked" : { error: UNATTENDED });
  };

  const heldOf = (row: number) => contrast.of(row) ?? rowOf(row);

  return {
    link,
    status,
    meta,
    names,
    shown,
    feature,
    instance,
    other,
    rows,
    lags,
    lagMap,
    time,
    lagOf,
    within: inLags,
    hovered: link.hovered,
    slice,
    ranking,
    past,
    versions,
    methods,
    wait,
    instances,
    subset,
    search,
    whatIf,
    against: contrast,
    attended: host !== null,
    choose({ output, response, step, moment, edit, beside, ...picks }) {
      batch(() => {
        methods.choose(beside);
        const back = past.scrub(moment);
        if (back) show(back);
        const now = shown.peek();
        if (output !== undefined || response !== undefined || step !== undefined)
          show({
            output: output === undefined ? now.output : output,
            response: response ?? now.response,
            step: step === undefined ? now.step : step,
          });
        if (Object.keys(picks).length) pick(picks);
        if (edit !== undefined) whatIf.set(instance.peek(), edit);
      });
      const seq = link.count();
      host?.onChoice(chosen(), seq);
    },
    hover: (row) => link.hover(row),
    local(row) {
      const held = heldOf(row);
      if (!isRow(held)) return held;
      const at = { lags: steps.value || 1, lagOf: lagOf.value };
      return local(held, instances.value!.state, shown.value, at);
    },
    lagsAt(row) {
      const held = heldOf(row);
      if (!isRow(held)) return held;
      return rowMap(
        held,
        instances.value!.state,
        shown.value,
        meta.value!.lags!,
        names.value.length,
      );
    },
    wordsAt(row) {
      const held = heldOf(row);
      return isRow(held) ? sentence(held, instances.value!, shown.value) : held;
    },
    find(label) {
      const here = instances.peek();
      const wanted = label.trim();
      const known = here?.positions.filter((_, i) => here.label(i) === wanted);
      if (known?.length) {
        search.value = { label };
        return this.choose({ instance: known.sort()[0]! }); // of namesakes, the first
      }
      search.value = { label, wait: host ? "asked" : { error: NOT_HERE } };
      host?.find(wanted);
    },
    want() {
      wanted = true;
      if (asked || !instances.peek()?.state.more) return;
      asked = true;
      host?.instances();
    },
    pause: (paused) => host?.pause(paused),
    again: () => host?.again(),
    follow(selection) {
      batch(() => {
        show(selection);
        methods.choose(selection.beside ?? null);
        past.scrub(selection.moment ?? null);
        const { feature: at, instance: row, other: second } = selection;
        pick({
          feature: at,
          instance: row ?? null,
          other: second ?? null,
          rows: unpackedRows(selection.rows),
          ...(selection.lags === undefined ? {} : { lags: selection.lags }),
          ...(selection.against === undefined ? {} : { against: unpackedRows(selection.against) }),
        });
        whatIf.set(row ?? null, selection.edit);
      });
    },
    report: (next) => (status.value = next),
    load(state) {
      batch(() => {
        try {
          if (state._proto > PROTOCOL) throw new Error(OUTDATED);
          const next = "title" in state.meta ? (state.meta as Meta) : null;
          const found = next
            ? unpackedSlices(next, state.importance as Packed, state.names.length)
            : new Map<string, Slice>();
          const { instances: rows } = state;
          instances.value =
            rows && "rows" in rows
              ? new Instances(rows as InstancesState, state.names.length, next?.lags?.count)
              : null;
          names.value = state.names;
          slices.value = found;
          waits.value = new Map();
          fetched.value = new Map();
          brushed.forget();
          search.value = null;
          times.load(next, state.lags);
          past.load(state.history);
          whatIf.renew(true);
          versions.load(state.versions);
          methods.load(next, state.beside);
          meta.value = next;
          status.value = state.status;
          const selection = state.selection;
          if (selection && "response" in selection && selection.response)
            this.follow(selection as Selection);
          else if (next) show(fits(shown.peek(), next) ? shown.peek() : next);
          contrast.renew(state.contrasts?.map((one) => answered(one, packedNumbers(one))));
          asked = false;
          if (wanted) this.want();
        } catch (error) {
          meta.value = null;
          status.value = { state: "error", message: (error as Error).message };
        }
      });
    },
    receive(info, values, only = false) {
      batch(() => {
        const received = unpackedSlice(info, unpack(values, "<f4"));
        slices.value = new Map(only ? [] : slices.peek()).set(key(info), received);
        waits.value = only ? new Map() : without(waits.peek(), key(info));
        if (!only) return;
        fetched.value = new Map();
        contrast.renew();
        methods.forget();
      });
    },
    refuse(target, error) {
      waits.value = new Map(waits.peek()).set(key(target), { error });
    },
    receiveInstances(state) {
      instances.value = new Instances(state, names.peek().length, steps.peek() || 1);
      whatIf.renew(false);
    },
    receiveLags: times.receive,
    refuseLags: times.refuse,
    receiveHistory: past.receive,
    receiveVersions: versions.load,
    receiveRow: (row) => settle<Row | Wait>(fetched, row.row, row),
    refuseRow: (row, error) => settle<Row | Wait>(fetched, row, { error }),
    receiveEdited: whatIf.receive,
    refuseEdited: whatIf.refuse,
    receiveAgainst: contrast.receive,
    found(label, row) {
      if (search.peek()?.label.trim() !== label) return;
      search.value = { label };
      this.choose({ instance: row });
    },
    refuseFind(label, error) {
      if (search.peek()?.label.trim() === label) search.value = { label, wait: { error } };
    },
    receiveSubset: brushed.receive,
  };
}

const isRow = (found: Row | Wait | undefined): found is Row =>
  found !== undefined && found !== "asked" && !("error" in found);

const OUTDATED =
  "This page has an older nbexplain than the kernel: save the notebook and reload the page.";
const NOT_HERE = "No row in the saved page has this label.";

/** Whether an explanation has what was shown of another. */
const fits = ({ output, response, step }: Shown, { outputs, responses, lags }: Meta): boolean =>
  (output === null ? outputs.length > 1 : output < outputs.length) &&
  responses.some(({ name }) => name === response) &&
  (step == null || (!!lags?.stepwise && step < lags.count));

/** The place of the picked feature here: the same place if it has the name, else the first. */
function placeOf({ feature }: Linked, names: string[]): number | null {
  if (!feature) return null;
  if (names[feature.at] === feature.name) return feature.at;
  const place = names.indexOf(feature.name);
  return place < 0 ? null : place;
}

function without<V>(map: ReadonlyMap<string, V>, name: string): Map<string, V> {
  const rest = new Map(map);
  rest.delete(name);
  return rest;
}
