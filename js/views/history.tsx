/** The history of a training: lines of features or lags over the steps, and a way back to each. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { count, decimals, fixed, printable } from "../format.js";
import { nearest, type History, type Moment } from "../history.js";
import { directionOf } from "../ranking.js";
import { runsOf, turns, type Second, type Runs, type Subject } from "../runs.js";
import { Behind } from "./behind.js";
import { Segments } from "./choose.js";
import { Lines } from "./history/lines.js";
import { Loss } from "./history/loss.js";
import { placed } from "./history/frame.js";
import { Labels } from "./history/labels.js";
import { usePlay } from "./history/play.js";
import { Slider } from "./history/slider.js";
import { lagName } from "./lags/axis.js";
import { nameWidth, useWidth } from "./measure.js";
import type { ViewProps } from "./props.js";

/** Features whose lines stand out and are named, in one run or in each of two. */
const LEADING = [5, 4];
/** Features that have lines at all. */
const DRAWN = 64;
/** Of the table behind: moments, and features. */
const LISTED = 20;
const COLUMNS = 8;

export function TrainingHistory(props: ViewProps) {
  const { store, root } = props;
  const [section, size] = useWidth();
  const history = store.past.history.value;
  const second = props.second?.value ?? null;
  const known = history && Math.max(history.moments.length, second?.history.moments.length ?? 0);
  return (
    <section class="nbx-history" ref={section}>
      {known && known > 1 && store.past.own.value ? (
        <Chart store={store} root={root} history={history} other={second} total={size.value} />
      ) : (
        <>
          <h4>Training history</h4>
          <p class="nbx-quiet">
            {history && !store.past.own.value
              ? `The training was followed by the method ${history.method}: choose it to see its history.`
              : history
                ? "The model has not been trained since the watch began: its first steps begin the lines."
                : store.meta.value!.tokens
                  ? "Texts of one token have no history: it has all of the importance at every step."
                  : "This explanation has no history: nbx.watch(model, X) keeps one while a model trains."}
          </p>
        </>
      )}
    </section>
  );
}

interface ChartProps extends ViewProps {
  history: History;
  other: Second | null;
  /** Pixels there are. */
  total: number;
}

function Chart({ store, root, history, other, total }: ChartProps) {
  const { moments } = history;
  const { lags: about, tokens } = store.meta.value!;
  const names = store.names.value;
  const chosen = useSignal(false);
  const choice = !!about && !!history.lags;
  // Of texts the one feature is the token, which has all of the importance at every step.
  const byLag = choice && (chosen.value || !!tokens);
  const all = useMemo(
    () => runsOf(history, names, other, byLag ? (lag) => lagName(about!, lag) : undefined),
    [history, names, other, byLag, about],
  );
  const moment = store.past.moment.value;
  const playing = usePlay(store, root);
  const [brushed, feature] = [store.lags.value, store.feature.value];
  const picked = all.subjects.filter(({ at }) => (byLag ? brushed?.includes(at) : at === feature));
  const named = all.subjects.slice(0, LEADING[all.runs.length - 1]);
  named.push(...picked.filter((one) => !named.includes(one)).slice(0, 1));
  const words = named.flatMap(({ name }) =>
    all.runs.map((run) => `${printable(name)} ${run.name}`),
  );
  const labels = Math.round(Math.min(nameWidth(root, words) + 34, 0.34 * total, 210));
  const frame = placed(all, total, labels);
  const shown = moment ?? moments.at(-1)!;
  const directions = store.slice.value!.direction;
  const oldest = (about?.count ?? 1) - 1;
  const look = {
    class({ at, places }: Subject, then?: Moment) {
      if (byLag) return "nbx-lag-hue";
      const alone = () => other?.history.moments.at(-1)!.direction[places[1]!];
      const sign = then ? then.direction[places[0]!] : at < 0 ? alone() : directions[at];
      return `nbx-${directionOf(sign ?? NaN)}`;
    },
    /** Of lags how far back each is, from 0 to 1. */
    style: ({ at }: Subject) =>
      byLag ? { "--nbx-back": `${(100 * Math.max(at, 0)) / (oldest || 1)}%` } : {},
    picked: (one: Subject) => picked.includes(one),
    byLag,
  };
  const pick = (one: Subject) => {
    const off = picked.includes(one);
    if (byLag) store.choose({ lags: off ? null : [one.at] });
    else if (one.at >= 0) store.choose({ feature: off ? null : one.at });
  };

  const scrub = (place: number) => {
    playing.value = false;
    const to = moments[Math.min(Math.max(place, 0), moments.length - 1)]!;
    store.choose({ moment: to === moments.at(-1) ? null : to.step });
  };
  const changes = useMemo(() => turns(all, all.subjects.slice(0, LEADING[0])), [all]);
  const place = moments.indexOf(shown);
  const jumps = [
    {
      to: changes.filter((at) => at < place).at(-1),
      sign: "⇤",
      label: "Back to a change of ranking",
    },
    { to: changes.find((at) => at > place), sign: "⇥", label: "On to a change of ranking" },
  ];
  const under = (event: PointerEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const step = frame.step(event.clientX - box.left);
    scrub(nearest(moments, step));
  };
  const drawn = all.subjects.slice(0, DRAWN);
  const there = byLag ? (about!.leads ?? 0) + about!.count : names.length;
  return (
    <>
      <div class="nbx-bar-head">
        <h4>Training history</h4>
        <span class="nbx-muted">
          share by step, {drawn.length < there ? `${drawn.length} leading of ` : ""}
          {count(Math.max(there, drawn.length))} {byLag ? "lags" : "features"}
        </span>
        <span class="nbx-ways">
          {choice && !tokens && (
            <Segments
              label="Lines"
              hook="lines"
              options={[
                { value: false, label: "by feature", name: "feature" },
                { value: true, label: "by lag", name: "lag" },
              ]}
              value={byLag}
              onChoose={(value: boolean) => (chosen.value = value)}
            />
          )}
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
          {changes.length > 0 &&
            jumps.map(({ to, sign, label }) => (
              <button
                type="button"
                class="nbx-button"
                aria-label={label}
                title={label}
                disabled={to === undefined}
                onClick={() => scrub(to!)}
              >
                {sign}
              </button>
            ))}
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
              all={all}
              frame={frame}
              named={named}
              drawn={drawn}
              look={look}
              moment={moment}
            />
            <Loss runs={all.runs} frame={frame} moment={moment} />
            <Slider moments={moments} frame={frame} moment={shown} scrub={scrub} />
          </div>
          <Labels all={all} frame={frame} named={named} look={look} labels={labels} pick={pick} />
        </div>
      )}
      <Listed all={all} byLag={byLag} question={history.question} />
    </>
  );
}

/** The last moments of each run as a table. */
function Listed({ all, byLag, question }: { all: Runs; byLag: boolean; question: string }) {
  const { runs, subjects, share } = all;
  const columns = subjects.slice(0, COLUMNS);
  if (byLag) columns.sort((a, b) => a.at - b.at);
  const rows = runs.flatMap(({ moments }, run) =>
    moments.slice(-LISTED / runs.length).map((moment) => ({ run, moment })),
  );
  const known = (name: "loss" | "epoch") => rows.some(({ moment }) => !Number.isNaN(moment[name]));
  const [loss, epoch] = [known("loss"), known("epoch")];
  const places = decimals(share(subjects[0]!, 0, runs[0]!.moments.at(-1)!));
  const length = runs.reduce((sum, { moments }) => sum + moments.length, 0);
  return (
    <Behind
      caption={`${question}: shares in percent at the last ${rows.length} of ${length} moments`}
      head={[
        "Step",
        ...(runs.length > 1 ? ["Run"] : []),
        ...(epoch ? ["Epoch"] : []),
        ...(loss ? ["Loss"] : []),
        ...columns.map(({ name }) => printable(name)),
      ]}
      rows={rows.map(({ run, moment }) => [
        count(moment.step),
        ...(runs.length > 1 ? [printable(runs[run]!.name)] : []),
        ...(epoch ? [fixed(moment.epoch, 0)] : []),
        ...(loss ? [fixed(moment.loss, 4)] : []),
        ...columns.map((one) => fixed(share(one, run, moment), places)),
      ])}
    />
  );
}
