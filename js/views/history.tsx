/** The history of a training: a line per feature over the steps, and a way back to each of them. */
import { count, decimals, fixed, printable } from "../format.js";
import { leaders, nearest, type History, type Moment } from "../history.js";
import { Behind } from "./behind.js";
import { Lines } from "./history/lines.js";
import { Loss } from "./history/loss.js";
import { placed } from "./history/frame.js";
import { Labels } from "./history/labels.js";
import { usePlay } from "./history/play.js";
import { Slider } from "./history/slider.js";
import { nameWidth, useWidth } from "./measure.js";
import type { ViewProps } from "./props.js";

/** Features whose lines stand out and are named. */
const LEADING = 5;
/** Features that have lines at all. */
const DRAWN = 64;
/** Of the table behind: moments, and features. */
const LISTED = 20;
const COLUMNS = 8;

export function TrainingHistory(props: ViewProps) {
  const { store, root } = props;
  const [section, size] = useWidth();
  const history = store.past.history.value;
  return (
    <section class="nbx-history" ref={section}>
      {history && history.moments.length > 1 ? (
        <Chart store={store} root={root} history={history} total={size.value} />
      ) : (
        <>
          <h4>Training history</h4>
          <p class="nbx-quiet">
            {history
              ? "The model has not been trained since the watch began: its first steps begin the lines."
              : store.meta.value!.tokens
                ? "Texts have no history: their one feature, the token, has all of the importance at every step."
                : "This explanation has no history: nbx.watch(model, X) keeps one while a model trains."}
          </p>
        </>
      )}
    </section>
  );
}

interface ChartProps extends ViewProps {
  history: History;
  /** Pixels there are. */
  total: number;
}

function Chart({ store, root, history, total }: ChartProps) {
  const { moments, features } = history;
  const names = store.names.value;
  const picked = store.feature.value;
  const moment = store.past.moment.value;
  const playing = usePlay(store, root);
  const order = leaders(history);
  const at = picked === null ? -1 : features.indexOf(picked);
  const drawn = order.slice(0, DRAWN);
  const named = order.slice(0, LEADING);
  if (at >= 0 && !named.includes(at)) named.push(at);
  const words = named.map((place) => printable(names[features[place]!]!));
  const labels = Math.round(Math.min(nameWidth(root, words) + 34, 0.34 * total, 210));
  const frame = placed(history, total, labels);
  const shown = moment ?? moments.at(-1)!;

  const scrub = (place: number) => {
    playing.value = false;
    const to = moments[Math.min(Math.max(place, 0), moments.length - 1)]!;
    store.choose({ moment: to === moments.at(-1) ? null : to.step });
  };
  const under = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const step = frame.step(event.clientX - box.left);
    scrub(nearest(moments, step));
  };
  return (
    <>
      <div class="nbx-bar-head">
        <h4>Training history</h4>
        <span class="nbx-muted">
          share by step, {drawn.length < names.length ? `${drawn.length} leading of ` : ""}
          {count(names.length)} features
        </span>
        <span class="nbx-ways">
          {moment && (
            <button
              type="button"
              class="nbx-button"
              data-latest
              onClick={() => scrub(moments.length - 1)}
            >
              Back to latest
            </button>
          )}
          <button
            type="button"
            class="nbx-button nbx-play"
            aria-label={playing.value ? "Pause" : "Play the training"}
            onClick={() => (playing.value = !playing.value)}
          >
            {playing.value ? "❚❚" : "▶"}
          </button>
        </span>
      </div>
      {total > 0 && (
        <div class="nbx-history-plot" style={{ width: `${total}px` }}>
          <div
            class="nbx-history-stage"
            onPointerDown={(event) => {
              if (event.button !== 0 || !frame.inside(event)) return;
              event.currentTarget.setPointerCapture?.(event.pointerId);
              under(event);
            }}
            onPointerMove={(event) => {
              if (event.currentTarget.hasPointerCapture?.(event.pointerId)) under(event);
            }}
          >
            <Lines
              history={history}
              frame={frame}
              named={named}
              drawn={drawn}
              picked={at}
              directions={store.slice.value!.direction}
              moment={moment}
            />
            <Loss moments={moments} frame={frame} moment={moment} />
            <Slider moments={moments} frame={frame} moment={shown} scrub={scrub} />
          </div>
          <Labels
            store={store}
            history={history}
            frame={frame}
            named={named}
            picked={at}
            labels={labels}
          />
        </div>
      )}
      <Listed history={history} order={order} names={names} question={history.question} />
    </>
  );
}

interface ListedProps {
  history: History;
  order: number[];
  names: string[];
  question: string;
}

/** The last moments as a table. */
function Listed({ history: { moments, features }, order, names, question }: ListedProps) {
  const columns = order.slice(0, COLUMNS);
  const rows = moments.slice(-LISTED);
  const known = (of: (moment: Moment) => number) => rows.some((one) => !Number.isNaN(of(one)));
  const [loss, epoch] = [known((one) => one.loss), known((one) => one.epoch)];
  const places = decimals(rows.at(-1)!.share[order[0]!]!);
  return (
    <Behind
      caption={`${question}: shares in percent at the last ${rows.length} of ${moments.length} moments`}
      head={[
        "Step",
        ...(epoch ? ["Epoch"] : []),
        ...(loss ? ["Loss"] : []),
        ...columns.map((place) => printable(names[features[place]!]!)),
      ]}
      rows={rows.map((one) => [
        count(one.step),
        ...(epoch ? [fixed(one.epoch, 0)] : []),
        ...(loss ? [fixed(one.loss, 4)] : []),
        ...columns.map((place) => fixed(one.share[place]!, places)),
      ])}
    />
  );
}
