/** The rows of X that are in the page, to hover, pick, compare and brush. */
import { useComputed, useSignal, type ReadonlySignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { gradient } from "../canvas/colours.js";
import { usePaper } from "../canvas/paper.js";
import { count } from "../format.js";
import type { Store } from "../store.js";
import type { Shown } from "../wire.js";
import { Segments } from "./choose.js";
import { Beeswarm } from "./instances/beeswarm.js";
import { useBrush } from "./instances/brush.js";
import { FirstRows } from "./instances/first.js";
import { Chip, ColourLegend, Ramp, Search } from "./instances/head.js";
import { listed, type List, type Sorting } from "./instances/orders.js";
import { painted as paintedBy } from "./instances/painted.js";
import { Plot } from "./instances/plot.js";
import {
  entryOf,
  featureColumns,
  rowColumns,
  type Axis,
  type Colour,
  type Column,
  type Scene,
} from "./instances/quantities.js";
import { Rows } from "./instances/rows.js";
import { useWidth } from "./measure.js";
import type { ViewProps } from "./props.js";

type Mode = "plot" | "beeswarm" | "table";

const MODES: { value: Mode; label: string }[] = [
  { value: "plot", label: "Plot" },
  { value: "beeswarm", label: "Beeswarm" },
  { value: "table", label: "Table" },
];
const LISTS: { value: List; label: string }[] = [
  { value: "all", label: "All rows" },
  { value: "errors", label: "Largest errors" },
  { value: "typical", label: "Most typical" },
];

export function Instances(props: ViewProps) {
  const { store } = props;
  useLayoutEffect(() => store.want(), []);
  if (!store.instances.value?.count)
    return (
      <section class="nbx-instances">
        <h4>Instances</h4>
        <p class="nbx-wait">This explanation keeps no rows.</p>
      </section>
    );
  return <Picker {...props} />;
}

function Picker({ store, root }: ViewProps) {
  // Unknown until there is a place on the page: nothing is drawn twice.
  const [section, width] = useWidth();
  const { vocabulary, targeted } = store.instances.peek()!;
  // Of texts without a true value nothing but the prediction could be plotted.
  const mode = useSignal<Mode>(vocabulary && !targeted ? "table" : "plot");
  // Tokens have no one attribution that a row could be coloured by.
  const colour = useSignal<Colour>(vocabulary ? "error" : "attribution");
  const asked = useSignal<[Axis, Axis] | null>(null);
  const list = useSignal<List>("all");
  const sorting = useSignal<Sorting | null>(null);
  const paper = usePaper(root);
  const brush = useBrush(store);
  const shown = useShown(store);

  const ground = useComputed((): Scene => ({
    here: store.instances.value!,
    state: store.instances.value!.state,
    meta: store.meta.value!,
    names: store.names.value,
    shown: shown.value,
    feature: null,
    lagOf: store.lagOf.value,
  }));
  const feature = useComputed(() =>
    ground.value.here.vocabulary ? null : (store.feature.value ?? first(store, ground.value)),
  );
  const scene = useComputed((): Scene => ({ ...ground.value, feature: feature.value }));
  const plain = useComputed(() => rowColumns(ground.value));
  const columns = useComputed(() => [...plain.value, ...featureColumns(scene.value)]);
  const painted = useComputed(() => paintedBy(scene.value, colour.value));
  const axes = useComputed(() => asked.value ?? usual(ground.value, first(store, ground.value)));
  const order = useComputed(() => {
    const by = sorting.value;
    const of = ({ key }: Column) => key === by?.key;
    // Another feature does not sort rows anew that are not sorted by it.
    const column = by && (plain.value.find(of) ?? columns.value.find(of));
    const sorted = column ? { column, descending: by.descending } : null;
    return listed(ground.value, brush.mask.value, list.value, sorted);
  });

  const drawable = useComputed(() => width.value > 0).value;
  const here = store.instances.value!;
  const { rows } = store.meta.value!;
  const shared = { store, ground, scene, brush, paper, columns, width };
  return (
    <section class="nbx-instances" ref={section}>
      <div class="nbx-bar-head">
        <h4>Instances</h4>
        <span class="nbx-muted">
          {count(here.count)}
          {here.count < rows && ` of ${count(rows)}`}
        </span>
        <span class="nbx-ways">
          <Segments
            label="Show instances as"
            hook="mode"
            options={MODES.filter(({ value }) => value !== "beeswarm" || !here.vocabulary).map(
              (option) => ({ ...option, name: option.value }),
            )}
            value={mode.value}
            onChoose={(value: Mode) => (mode.value = value)}
          />
          <Search store={store} />
        </span>
      </div>
      <div class="nbx-bar-head nbx-sub">
        {mode.value === "plot" && <ColourLegend {...shared} painted={painted} colour={colour} />}
        {mode.value === "beeswarm" && (
          <div class="nbx-colour">
            <span class="nbx-muted">value of the feature</span>
            <Ramp low="low" high="high" background={gradient(paper.value.theme, "size")} />
          </div>
        )}
        {mode.value === "table" && (
          <Segments
            label="Rows"
            hook="list"
            options={LISTS.filter(
              ({ value }) =>
                (value !== "errors" || here.targeted) && (value !== "typical" || !here.vocabulary),
            ).map((option) => ({
              ...option,
              name: option.value,
            }))}
            value={list.value}
            onChoose={(value: List) => {
              sorting.value = null;
              list.value = value;
            }}
          />
        )}
        {mode.value === "table" && <Chip store={store} brush={brush} />}
      </div>
      {drawable && mode.value === "plot" && (
        <Plot {...shared} painted={painted} axes={axes} asked={asked} />
      )}
      {drawable && mode.value === "beeswarm" && <Beeswarm {...shared} />}
      {mode.value === "table" && <Rows {...shared} order={order} sorting={sorting} />}
      {mode.value !== "table" && <FirstRows {...shared} order={order} />}
    </section>
  );
}

/** The shown output and response; another object only where they are others. */
function useShown(store: Store): ReadonlySignal<Shown> {
  const last = useRef(store.shown.peek());
  return useComputed(() => {
    const { output, response } = store.shown.value;
    const same = last.current.output === output && last.current.response === response;
    return same ? last.current : (last.current = { output, response });
  });
}

/** The leading feature that has a sign: what is shown of features before one is picked. */
function first(store: Store, scene: Scene): number | null {
  if (scene.here.vocabulary) return null;
  const order = store.ranking.value?.order ?? [];
  const known = new Set(scene.here.leading);
  const signed = (feature: number) => entryOf(scene, feature) !== undefined;
  return order.find((feature) => known.has(feature) && signed(feature)) ?? order[0] ?? null;
}

/** What the data lets be compared, until the user says otherwise. */
function usual(scene: Scene, feature: number | null): [Axis, Axis] {
  const { here } = scene;
  const { classifier } = here.state;
  if (!here.predicts && feature !== null) return [feature, "attribution"];
  if (here.targeted) return ["prediction", classifier ? "classes" : "target"];
  const has = feature !== null && entryOf(scene, feature) !== undefined;
  return [has ? feature : "prediction", "prediction"];
}
