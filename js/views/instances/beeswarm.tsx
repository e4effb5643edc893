/** Attributions of the leading features over a sample of rows, each row a mark on every line. */
import { useComputed } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { count, counted, effects, number, printable } from "../../format.js";
import { pixels } from "../../scales.js";
import { Name } from "../name.js";
import { Across } from "./axes.js";
import { Chart, type Shared } from "./chart.js";
import { entryName, entryOf } from "./quantities.js";
import { LINE, middle, swarm } from "./swarm.js";

const MOST = 12;

export function Beeswarm(props: Shared) {
  const { store, ground, width, brush } = props;
  const features = useComputed(() => {
    const { here } = ground.value;
    const known = new Set(here.leading);
    return (store.ranking.value?.order ?? here.leading)
      .filter((feature) => known.has(feature) && entryOf(ground.value, feature) !== undefined)
      .slice(0, MOST);
  });
  const picture = useComputed(() => swarm(ground.value, features.value, width.value)).value;
  const { here, names, shown } = ground.value;
  useLayoutEffect(() => brush.forget, [features.value.join(" "), shown]);
  const { box, horizontal, shades, sample } = picture;
  const selected = store.feature.value;
  const zero = pixels(horizontal, 0);
  const few = sample < here.count;
  return (
    <Chart
      {...props}
      picture={picture}
      shades={shades}
      ramp="size"
      label={`Attributions of ${counted(features.value.length, "feature")} at ${counted(sample, "row")}`}
      about={(mark) => {
        const feature = features.peek()[Math.floor(mark / sample)]!;
        const [scene, place] = [ground.peek(), mark % sample];
        const [name, entry] = [entryName(scene, feature), entryOf(scene, feature)];
        const attribution = here.attributions(entry, shown)[place]!;
        return [
          [name, number(here.valuesOf(entry)[place]!, 3)],
          [`attribution of ${name}`, effects(Math.abs(attribution))(attribution)],
        ];
      }}
      below={
        <>
          {features.value.map(
            (feature, f) =>
              feature === selected && (
                <rect
                  class="nbx-line"
                  x="0"
                  y={middle(f) - LINE / 2}
                  width={picture.width}
                  height={LINE}
                />
              ),
          )}
          <Across picture={picture} />
          <path class="nbx-threshold" d={`M${zero} ${box.top}V${box.bottom}`} />
          <text class="nbx-title-x" x={box.right} y={box.bottom + 34} text-anchor="end">
            {axis(props, picture.width)} →
          </text>
        </>
      }
    >
      {features.value.map((feature, f) => {
        return (
          <button
            type="button"
            class="nbx-line-name"
            style={{ top: `${middle(f) - 11}px`, width: `${box.left - 14}px` }}
            title={printable(names[feature]!)}
            aria-pressed={feature === selected}
            onClick={() => store.choose({ feature: feature === selected ? null : feature })}
          >
            <Name name={names[feature]!} />
          </button>
        );
      })}
      {!features.value.length && <p class="nbx-wait">No feature here is a single column.</p>}
      {few && (
        <p class="nbx-fewer nbx-sampled nbx-muted">
          a sample of {count(sample)} of {counted(here.count, "row")}
        </p>
      )}
    </Chart>
  );
}

function axis(props: Shared, width: number): string {
  if (props.ground.value.here.state.additive) return "contribution";
  return width < 460 ? "attribution" : `moves the response by, per ${unit(props)}`;
}

const unit = ({ ground }: Shared): string =>
  ({ std: "standard deviation", none: "unit" })[ground.value.meta.scale] ?? "given unit";
