/** Rows as points between two axes, or in a band for each true class. */
import { useComputed, type ReadonlySignal, type Signal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { count, counted } from "../../format.js";
import { apart } from "../../instances.js";
import { pixels } from "../../scales.js";
import { Menu } from "../choose.js";
import { Across, Up } from "./axes.js";
import { Chart, type Shared } from "./chart.js";
import { cell, points, type Points } from "./picture.js";
import type { Painted } from "./painted.js";
import { classOf, entryOf, title, type Axis, type Scene } from "./quantities.js";

interface Props extends Shared {
  painted: ReadonlySignal<Painted>;
  axes: ReadonlySignal<[x: Axis, y: Axis]>;
  /** The axes that the user asked for. */
  asked: Signal<[x: Axis, y: Axis] | null>;
}

export function Plot(props: Props) {
  const { scene, painted, axes, brush, width } = props;
  // Another feature's colours leave the points where they are.
  const placed = useComputed(() =>
    axes.value.includes("attribution") ? scene.value : props.ground.value,
  );
  const picture = useComputed(() => points(placed.value, axes.value, width.value)).value;
  const { shades, shapes, ramp } = painted.value;
  const where = `${scene.value.here.count} ${axes.value.join(" ")} ${scene.value.shown.output} ${scene.value.shown.response}`;
  useLayoutEffect(() => brush.forget, [where]);
  const { here } = scene.value;
  const shown = picture.grid.count;
  const [x, y] = axes.value.map((axis) => title(scene.value, axis));
  return (
    <Chart
      {...props}
      picture={picture}
      shades={shades}
      shapes={shapes}
      ramp={ramp}
      label={`${counted(shown, "row")}: ${x} by ${y}`}
      below={<Frame picture={picture} scene={scene.value} />}
    >
      <AxisMenu side="y" {...props} scene={scene.value} />
      <AxisMenu side="x" {...props} scene={scene.value} />
      {picture.bands.length > 0 && <Bands {...props} picture={picture} />}
      {shown < here.count && (
        <p class="nbx-fewer nbx-muted">
          {count(shown)} of {counted(here.count, "row")} have both values here
        </p>
      )}
    </Chart>
  );
}

function Frame({ picture, scene }: { picture: Points; scene: Scene }) {
  const { box, horizontal, vertical, axes, threshold, bands } = picture;
  const at = (value: number) => pixels(horizontal, value);
  const line = at(threshold);
  return (
    <>
      <Across picture={picture} />
      {vertical && <Up picture={picture} scale={vertical} />}
      {vertical && <Reference picture={picture} scene={scene} />}
      {bands.map(({ bottom }, b) =>
        b < bands.length - 1 ? (
          <path class="nbx-edge" d={`M${box.left} ${bottom + 5.5}H${box.right}`} />
        ) : null,
      )}
      {axes[0] === "prediction" && line > box.left && line < box.right && (
        <path class="nbx-threshold" d={`M${line} ${box.top}V${box.bottom}`} />
      )}
    </>
  );
}

interface AxisMenuProps extends Pick<Props, "axes" | "asked"> {
  side: "x" | "y";
  scene: Scene;
}

/** Where prediction and truth agree. */
function Reference({ picture, scene }: { picture: Points; scene: Scene }) {
  const { axes, box, horizontal, vertical } = picture;
  const pair = axes.join(" ");
  const regression = !scene.here.state.classifier;
  const zero = axes[1] === "error" || axes[1] === "attribution";
  if (zero) {
    const y = pixels(vertical!, 0);
    return y > box.top && y < box.bottom ? (
      <path class="nbx-identity" d={`M${box.left} ${y}H${box.right}`} />
    ) : null;
  }
  if (!regression || (pair !== "prediction target" && pair !== "target prediction")) return null;
  const low = Math.max(horizontal.low, vertical!.low);
  const high = Math.min(horizontal.high, vertical!.high);
  if (low >= high) return null;
  const point = (value: number) => `${pixels(horizontal, value)} ${pixels(vertical!, value)}`;
  return <path class="nbx-identity" d={`M${point(low)}L${point(high)}`} />;
}

function AxisMenu({ side, axes, asked, scene }: AxisMenuProps) {
  const index = side === "x" ? 0 : 1;
  const { here } = scene;
  const known: Axis[] = here.predicts ? ["prediction"] : [];
  if (here.targeted && here.predicts)
    known.push(
      ...((here.state.classifier
        ? index
          ? ["classes", "error"]
          : ["error"]
        : ["target", "error"]) as Axis[]),
    );
  if (scene.feature !== null) known.push("attribution");
  known.push(...here.leading.filter((feature) => entryOf(scene, feature) !== undefined));
  const nameOf = (axis: Axis) => (typeof axis === "number" ? scene.names[axis]! : axis);
  return (
    <div class={`nbx-axis-${side}`} data-axis={String(axes.value[index])}>
      <Menu
        label={side === "x" ? "Horizontal axis" : "Vertical axis"}
        hook="axis"
        plural="values"
        quiet
        options={known.map((axis) => {
          return { value: axis, label: title(scene, axis), name: nameOf(axis) };
        })}
        value={axes.value[index]}
        onChoose={(axis: Axis) => {
          const [x, y] = axes.peek();
          asked.value = index ? [x, axis] : [axis, y];
        }}
      />
    </div>
  );
}

/** The bands' names, and how many of each are right and wrong: buttons that brush them. */
function Bands({ scene, brush, picture }: Props & { picture: Points }) {
  const { bands, horizontal, threshold, box, axes } = picture;
  const line = axes[0] === "prediction" ? pixels(horizontal, threshold) : NaN;
  const { shown } = scene.value;
  const choose = (event: MouseEvent, b: number, right: boolean) => {
    const mask =
      (event.shiftKey && brush.mask.peek()?.slice()) || new Uint8Array(scene.value.here.count);
    for (const place of cell(scene.value, picture, b, right)) mask[place] = 1;
    brush.choose(mask);
  };
  // With a line between them, each button stands on its side of it.
  const sided = line - box.left > 150 && box.right - line > 70 && bands.length === 2;
  const button = (b: number, right: boolean) => {
    const { code, right: good, wrong } = bands[b]!;
    const number = right ? good : wrong;
    if (code === -1) return null;
    const said = right ? "right" : "wrong";
    return (
      <button
        type="button"
        class={`nbx-cell nbx-cell-${said}`}
        data-cell={`${said} ${code}`}
        disabled={!number}
        onClick={(event) => choose(event, b, right)}
      >
        <b aria-hidden="true">{right ? "✓" : "✗"}</b> {count(number)}{" "}
        <span class="nbx-word">{said}</span>
        <span class="nbx-hidden"> of {name(b)}: brush these rows</span>
      </button>
    );
  };
  const name = (b: number) => {
    const { code } = bands[b]!;
    return code === -2 ? "all other classes" : classOf(scene.value, code);
  };
  return (
    <>
      {bands.map((band, b) => {
        // The class whose response is shown is right above the line, any other below it.
        const above = band.code === positive(scene.value, shown.output);
        return (
          <div
            class="nbx-band"
            style={{
              top: `${band.top - 19}px`,
              left: `${box.left}px`,
              width: `${box.right - box.left}px`,
            }}
          >
            <bdi>{name(b)}</bdi>
            {sided ? (
              <>
                <span class="nbx-below" style={{ right: `${box.right - line + 10}px` }}>
                  {button(b, !above)}
                </span>
                <span class="nbx-above" style={{ left: `${line - box.left + 10}px` }}>
                  {button(b, above)}
                </span>
              </>
            ) : (
              <>
                {button(b, true)}
                {button(b, false)}
              </>
            )}
          </div>
        );
      })}
    </>
  );
}

/** The class that a large response speaks for. */
function positive({ here }: Scene, output: number | null): number {
  return here.width === 1 || apart(here.state) ? 1 : here.state.columns[output ?? 0]!;
}
