/** Time: what each lag carries, of all rows and of the picked one, and each feature at each lag. */
import { useComputed, useSignal, type Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { usePaper } from "../canvas/paper.js";
import { count, counted, printable, short } from "../format.js";
import { carrying, profile, type LagMap } from "../lags.js";
import type { Wait } from "../store.js";
import { labelOf } from "../words.js";
import { Asked } from "./asked.js";
import { Behind } from "./behind.js";
import { Segments } from "./choose.js";
import { lagName, type About } from "./lags/axis.js";
import { LagPanel, percent, type Pointed } from "./lags/panel.js";
import { nameWidth } from "./measure.js";
import type { ViewProps } from "./props.js";

/** Features in the map. */
const MOST = 200;
/** Rows of the table behind. */
const LISTED = 500;

export function Lags(props: ViewProps) {
  const about = props.store.meta.value!.lags;
  const found = props.store.lagMap.value;
  if (about && isMap(found)) return <Timeline {...props} about={about} map={found} />;
  return (
    <section class="nbx-lags">
      <h4>Lag profile</h4>
      {!about && <p class="nbx-quiet">There are no lags: the rows of X are no sequences.</p>}
      {about && !isMap(found) && <Asked wait={found ?? "asked"} />}
    </section>
  );
}

function Timeline({ store, root, about, map }: ViewProps & { about: About; map: LagMap }) {
  const section = useRef<HTMLElement>(null);
  const size = useSignal(0);
  const forward = useSignal(true);
  const pointed = useSignal<Pointed | null>(null);
  const paper = usePaper(root);
  const names = store.names.value;
  const feature = store.feature.value;
  const row = store.instance.value;
  const here = store.instances.value;
  const order = useComputed(() => store.ranking.value?.order.slice(0, MOST) ?? []).value;
  useLayoutEffect(() => {
    const measure = () => {
      const { clientWidth, isConnected } = section.current!;
      if (clientWidth > 0) size.value = clientWidth;
      else if (isConnected) size.value ||= 480;
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(section.current!);
    return () => observer.disconnect();
  }, []);

  const local = row === null || !here ? null : store.lagsAt(row);
  const total = size.value;
  const drawn = order.map((f) => printable(names[f]!));
  const wide = total ? nameWidth(root, drawn) + 16 : 0;
  const gutter = Math.round(Math.max(44, Math.min(wide, 0.34 * total, 190)));
  const beside = local !== null && total >= 640;
  const second = beside ? 56 : gutter;
  const width = Math.max(60, beside ? (total - gutter - second - 10) / 2 : total - gutter - 6);
  const shared = { store, about, order, forward: forward.value, paper: paper.value, width };
  const point = (at: Pointed | null) => (pointed.value = at);

  const shares = profile(map, feature);
  const memory = carrying(shares);
  const place = row === null || !here ? -1 : here.find(row);
  const rowName =
    row === null || !here
      ? ""
      : labelOf(
          { meta: store.meta.value!, state: here.state, shown: store.shown.value },
          place < 0 ? String(row) : here.label(place),
        );
  const subject = feature === null ? null : short(names[feature]!);
  const own = isMap(local) ? profile(local, feature) : null;
  return (
    <section class="nbx-lags" ref={section}>
      <div class="nbx-bar-head">
        <h4>Lag profile</h4>
        <span class="nbx-muted">
          <bdi>{subject ?? "all features"}</bdi>
        </span>
        <span class="nbx-lag-memory">{memoryOf(about, memory)}</span>
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
        {subject === null ? (
          <li>
            <i class="nbx-key-whisker" /> {Math.round(store.meta.value!.confidence * 1000) / 10} %
            row sampling
          </li>
        ) : (
          <li>
            <i class="nbx-lag-key-outline" /> all features
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
            title={local === null ? "" : "all rows"}
            gutter={gutter}
            named
            point={point}
          />
          {isMap(local) && (
            <LagPanel
              {...shared}
              map={local}
              title={rowName}
              gutter={second}
              named={!beside}
              point={point}
            />
          )}
          {local !== null && !isMap(local) && <Asked wait={local} />}
        </div>
      )}
      <Readout about={about} names={names} pointed={pointed} />
      {names.length > MOST && (
        <p class="nbx-quiet">
          The map shows the {MOST} leading features of {count(names.length)}.
        </p>
      )}
      {isMap(local) && (
        <p class="nbx-quiet">
          Shares at one row are squared shares of this row: more concentrated than the global ones.
          {local.rest > 0 && " Features that are not in the page are grey."}
        </p>
      )}
      <Behind
        caption={
          `Shares by lag of ${subject ?? "all features"}; lag 0 is the last step, now.` +
          (about.count > LISTED ? ` The first ${LISTED} of ${count(about.count)}.` : "")
        }
        head={[
          "Lag",
          "Share",
          ...(feature === null ? ["Low (row sampling)", "High (row sampling)"] : ["All features"]),
          ...(own ? [`At ${rowName}`] : []),
        ]}
        rows={Array.from({ length: Math.min(about.count, LISTED) }, (_, lag) => [
          lagName(about, lag),
          percent(shares[lag]!),
          ...(feature === null
            ? [percent(map.low![lag]!), percent(map.high![lag]!)]
            : [percent(profile(map, null)[lag]!)]),
          ...(own ? [percent(own[lag]!)] : []),
        ])}
      />
    </section>
  );
}

/** "3 lags carry 90 %, the last of them 12 h back": how long the model's memory is. */
function memoryOf(about: About, lags: number[]): string {
  if (!lags.length) return "";
  const [far, only] = [lags.at(-1)!, lags.length === 1];
  const said = `${counted(lags.length, "lag")} ${only ? "carries" : "carry"} 90 %`;
  if (only && far === 0) return `${said}: now`;
  const named = about.labels !== null;
  const where = named || about.unit !== null ? lagName(about, far) : counted(far, "step");
  return `${said}, ${only ? "" : `the furthest${named ? ":" : ""} `}${where}${named ? "" : " back"}`;
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

const isMap = (found: LagMap | Wait | null | undefined): found is LagMap =>
  typeof found === "object" && found !== null && "map" in found;
