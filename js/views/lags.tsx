/** Time: what each lag carries, of all rows and of the picked one, and each feature at each lag. */
import { useComputed, useSignal, type Signal } from "@preact/signals";
import { usePaper, type Paper } from "../canvas/paper.js";
import { count, counted, printable, short } from "../format.js";
import { carrying, lagRanges, profile, type LagMap } from "../lags.js";
import { atMoment } from "../past.js";
import type { Store } from "../store.js";
import { isMap } from "../times.js";
import { labelOf } from "../words.js";
import { Asked } from "./asked.js";
import { Behind } from "./behind.js";
import { Segments } from "./choose.js";
import { begins, lagName, type About } from "./lags/axis.js";
import { LagPanel, percent, type Pointed } from "./lags/panel.js";
import { TimeMap } from "./lags/time.js";
import { nameWidth, useWidth } from "./measure.js";
import type { ViewProps } from "./props.js";

/** Features in the map. */
const MOST = 200;
/** Pixels left of a further panel. */
const SECOND = 56;
/** Features named that lead within the brushed lags. */
const LEADING = 5;
/** Rows of the table behind. */
const LISTED = 500;

export function Lags(props: ViewProps) {
  const { past } = props.store;
  // Without the lags of an earlier step, order and brushed rows stay those of the latest too.
  const store = past.lagMap.value ? atMoment(props.store) : props.store;
  const { root } = props;
  const [section, size] = useWidth();
  const paper = usePaper(root);
  const about = store.meta.value!.lags;
  const found = store.lagMap.value;
  const time = store.time.value;
  const shared = { about: about!, paper: paper.value, total: size.value };
  return (
    <section class="nbx-lags" ref={section}>
      {about && isMap(found) ? (
        <Timeline store={store} root={root} {...shared} map={found} />
      ) : (
        <>
          <h4>Lag profile</h4>
          {!about && <p class="nbx-quiet">There are no lags: the rows of X are no sequences.</p>}
          {about && <Asked wait={isMap(found) ? "asked" : (found ?? "asked")} />}
        </>
      )}
      {time && size.value > 0 && (
        <TimeMap store={store} {...shared} time={time} width={size.value} />
      )}
    </section>
  );
}

interface TimelineProps extends ViewProps {
  about: About;
  map: LagMap;
  paper: Paper;
  /** Pixels there are. */
  total: number;
}

function Timeline({ store, root, about, map, paper, total }: TimelineProps) {
  const forward = useSignal(true);
  const pointed = useSignal<Pointed | null>(null);
  const names = store.names.value;
  const feature = store.feature.value;
  const row = store.instance.value;
  const here = store.instances.value;
  const step = store.shown.value.step ?? null;
  const order = useComputed(() => store.ranking.value?.order.slice(0, MOST) ?? []).value;
  const picked = here ? [row, store.other.value].filter((at) => at !== null) : [];
  const locals = picked.map((at) => ({ row: at, map: store.lagsAt(at), name: nameOf(store, at) }));
  const drawn = order.map((f) => printable(names[f]!));
  const wide = total ? nameWidth(root, drawn) + 16 : 0;
  const gutter = Math.round(Math.max(44, Math.min(wide, 0.34 * total, 190)));
  const columns = total < 640 ? 1 : Math.min(1 + locals.length, total < 1_000 ? 2 : 3);
  const width = Math.max(60, (total - gutter - (columns - 1) * SECOND - 6) / columns);
  const shared = { store, about, order, forward: forward.value, paper, width };
  const point = (at: Pointed | null) => (pointed.value = at);

  const shares = profile(map, feature);
  const leading = carrying(shares).map((place) => place - map.leads);
  const subject = feature === null ? null : short(names[feature]!);
  const whiskers = feature === null ? map.low : map.widths;
  const brushed = store.subset.value?.map;
  const over = brushed && profile(brushed, feature);
  const all = profile(map, null);
  const own = locals.flatMap(({ map: one, name }) =>
    isMap(one) ? [{ name, shares: profile(one, feature) }] : [],
  );
  const [low, high] = [0, 1].map((end) => (lag: number) => {
    const width = map.widths?.[lag * names.length + feature!] ?? NaN;
    if (feature === null) return (end ? map.high! : map.low!)[lag]!;
    return Math.min(Math.max(shares[lag]! + (end ? width : -width), 0), 100);
  }) as [(lag: number) => number, (lag: number) => number];
  return (
    <>
      <div class="nbx-bar-head">
        <h4>Lag profile</h4>
        <span class="nbx-muted">
          <bdi>{subject ?? "all features"}</bdi>
          {about.stepwise && (step === null ? ", all output steps" : `, output step ${step}`)}
        </span>
        <span class="nbx-lag-memory">
          {carriedBy(about, leading)}
          {feature === null && memoryOf(about, map.memory)}
        </span>
        <span class="nbx-ways">
          <Segments
            label="Time runs"
            hook="time"
            options={[
              { value: true, label: "past → now", name: "forward" },
              { value: false, label: "now → past", name: "backward" },
            ]}
            value={forward.value}
            onChoose={(value: boolean) => (forward.value = value)}
          />
        </span>
      </div>
      <ul class="nbx-legend nbx-lag-legend">
        <li>
          {subject === null ? "bars: share of each lag" : "bars: each lag’s share of this feature"}
        </li>
        {whiskers && (
          <li>
            <i class="nbx-key-whisker" /> {Math.round(store.meta.value!.confidence * 1000) / 10} %
            row sampling
          </li>
        )}
        {subject === null && map.memory?.[0] && (
          <li>
            <i class="nbx-lag-key-reach" /> memory: from here on 90 %
          </li>
        )}
        {subject !== null && (
          <li>
            <i class="nbx-lag-key-outline" /> all features
          </li>
        )}
        {brushed && (
          <li>
            <i class="nbx-lag-key-outline nbx-lag-key-marks" /> over{" "}
            {counted(store.rows.value!.length, "brushed row")}
          </li>
        )}
        <li>paler: beyond 90 %</li>
        <li>map: share of each feature at each lag</li>
      </ul>
      {total > 0 && (
        <div class="nbx-lag-panels">
          <LagPanel
            {...shared}
            map={map}
            brushed={brushed}
            title={locals.length ? "all rows" : ""}
            gutter={gutter}
            named
            point={point}
          />
          {locals.map(({ map: one, name }, i) =>
            isMap(one) ? (
              <LagPanel
                {...shared}
                map={one}
                title={name}
                gutter={(i + 1) % columns ? SECOND : gutter}
                named={(i + 1) % columns === 0}
                point={point}
              />
            ) : (
              <Asked wait={one} />
            ),
          )}
        </div>
      )}
      <Readout about={about} names={names} pointed={pointed} />
      <Within store={store} names={names} />
      {names.length > MOST && (
        <p class="nbx-quiet">
          The map shows the {MOST} leading features of {count(names.length)}.
        </p>
      )}
      {own.length > 0 && (
        <p class="nbx-quiet">
          {store.instances.value?.state.additive
            ? "Shares at one row are of absolute contributions."
            : `Shares at one row are squared shares of this row${about.stepwise ? ", at its last step" : ""}: ` +
              "more concentrated than the global ones."}
          {locals.some(({ map: one }) => isMap(one) && one.rest > 0) &&
            " Features that are not in the page are grey."}
        </p>
      )}
      <Behind
        caption={
          `Shares by lag of ${subject ?? "all features"}; lag 0 is the last step, now.` +
          (map.lags > LISTED ? ` The first ${LISTED} of ${count(map.lags)}.` : "")
        }
        head={[
          "Lag",
          "Share",
          ...(whiskers ? ["Low (row sampling)", "High (row sampling)"] : []),
          ...(feature === null ? [] : ["All features"]),
          ...(over ? ["Over the brushed rows"] : []),
          ...own.map(({ name }) => `At ${name}`),
        ]}
        rows={Array.from({ length: Math.min(map.lags, LISTED) }, (_, lag) => [
          lagName(about, lag - map.leads),
          percent(shares[lag]!),
          ...(whiskers ? [percent(low(lag)), percent(high(lag))] : []),
          ...(feature === null ? [] : [percent(all[lag]!)]),
          ...(over ? [percent(over[lag]!)] : []),
          ...own.map((one) => percent(one.shares[lag]!)),
        ])}
      />
    </>
  );
}

/** "3 lags carry 90 %, the furthest 12 h back". */
function carriedBy(about: About, lags: number[]): string {
  if (!lags.length) return "";
  const [far, only] = [lags.at(-1)!, lags.length === 1];
  const said = `${counted(lags.length, "lag")} ${only ? "carries" : "carry"} 90 %`;
  if (only && far === 0) return `${said}: now`;
  if (far < 0) return `${said}, all ahead`;
  const named = about.labels !== null || begins(about, far);
  const where = named || about.unit !== null ? lagName(about, far) : counted(far, "step");
  return `${said}, ${only ? "" : `the furthest${named ? ":" : ""} `}${where}${named ? "" : " back"}`;
}

/** " · memory 12 h (11–13)": the shortest window that carries 90 %, with its interval. */
function memoryOf(about: About, memory: LagMap["memory"]): string {
  const { unit, labels, beginning } = about;
  const [length, low, high] = memory ?? [null, null, null];
  if (length === null) return "";
  if (begins(about, length - 1)) return ` · memory back to ${short(beginning!)}`;
  const steps = unit === null || labels ? (length === 1 ? " step" : " steps") : ` ${short(unit)}`;
  const interval = low === null || high === null ? "" : low === high ? "" : ` (${low}–${high})`;
  return ` · memory ${length}${steps}${interval}`;
}

/** How a row is called. */
function nameOf(store: Store, row: number): string {
  const here = store.instances.value!;
  const place = here.find(row);
  const subject = { meta: store.meta.value!, state: here.state, shown: store.shown.value };
  return labelOf(subject, place < 0 ? String(row) : here.label(place));
}

/** The features that carry most within the brushed lags, ranked. */
function Within({ store, names }: { store: Store; names: string[] }) {
  const share = store.within.value;
  if (!share) return null;
  const order = Array.from(share, (_, f) => f)
    .filter((f) => share[f]! > 0)
    .sort((a, b) => share[b]! - share[a]! || a - b);
  const over = store.subset.value?.map ? " over the brushed rows" : "";
  return (
    <div class="nbx-lag-within">
      <span class="nbx-muted">
        within {lagRanges(store.lags.value!)}
        {over}:
      </span>
      <ol>
        {order.slice(0, LEADING).map((f) => (
          <li key={f}>
            <button
              type="button"
              aria-pressed={f === store.feature.value}
              onClick={() => store.choose({ feature: f === store.feature.value ? null : f })}
            >
              <bdi>{short(names[f]!)}</bdi>
            </button>{" "}
            {percent(share[f]!)}
          </li>
        ))}
      </ol>
      {order.length > LEADING && (
        <span class="nbx-muted">and {counted(order.length - LEADING, "feature")} more</span>
      )}
    </div>
  );
}

/** What the pointer or the keyboard is at; alone, so that hovering draws nothing else. */
function Readout({ about, names, pointed }: ReadoutProps) {
  const at = pointed.value;
  return (
    <p class="nbx-lag-read" aria-live="polite">
      {at && (
        <>
          {lagName(about, at.lag)}
          {at.lag || about.labels ? "" : " (now)"}
          {at.feature !== null && (
            <>
              {" · "}
              <bdi>{short(names[at.feature]!)}</bdi>
            </>
          )}
          {" · "}
          <b>{percent(at.share)}</b>
        </>
      )}
    </p>
  );
}

interface ReadoutProps {
  about: About;
  names: string[];
  pointed: Signal<Pointed | null>;
}
