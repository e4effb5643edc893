/** One map of lags: bars by lag above the lag × feature heat map, on one axis. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { drawCells } from "../../canvas/cells.js";
import { gradient, palette } from "../../canvas/colours.js";
import type { Paper } from "../../canvas/paper.js";
import { fixed, percentTicks, printable } from "../../format.js";
import { carrying, profile, runs, type LagMap } from "../../lags.js";
import type { Store } from "../../store.js";
import { Name } from "../name.js";
import { useUnique } from "../unique.js";
import { axisTitle, lagName, lagTicks, tickText, type About } from "./axis.js";

export const BARS = 96;
const NAMED = 13;

export interface Pointed {
  lag: number;
  feature: number | null;
  share: number;
}

interface Props {
  store: Store;
  about: About;
  map: LagMap;
  /** The same over the brushed rows, which is marked in the bars. */
  brushed?: LagMap | null | undefined;
  title: string;
  /** Features from the top of the map. */
  order: number[];
  /** Whether time runs from the left to the right, towards now. */
  forward: boolean;
  paper: Paper;
  /** Pixels of the plot and of what stands left of it. */
  width: number;
  gutter: number;
  /** Whether features are named there. */
  named: boolean;
  point(at: Pointed | null): void;
}

export function LagPanel(props: Props) {
  const { store, about, map, order, forward, paper, width, gutter, named } = props;
  const id = useUnique();
  const canvas = useRef<HTMLCanvasElement>(null);
  const cursor = useSignal<{ from: number; at: number } | null>(null);
  const dragged = useSignal<{ from: number; moved: boolean } | null>(null);
  const { lags, leads, features, low, high, widths } = map;
  const feature = store.feature.value;
  const brushed = store.lags.value;
  const marks = props.brushed ? profile(props.brushed, feature) : null;
  // Places run from the lag that is furthest ahead, or now, into the past.
  const column = (place: number) => (forward ? lags - 1 - place : place);
  const cell = width / lags;
  const left = (place: number) => column(place) * cell;
  const every = Array.from({ length: lags }, (_, place) => ({ place, lag: place - leads }));

  const all = profile(map, null);
  const own = feature === null ? null : profile(map, feature);
  const shares = own ?? all;
  const whiskers = own
    ? widths && around(own, (place) => widths[place * features + feature!]!)
    : low && high && { low, high };
  const leading = new Set(carrying(shares));
  let domain = 0;
  for (let k = 0; k < lags; k++)
    for (const value of [shares[k]!, own ? all[k]! : 0, whiskers?.high[k] ?? 0, marks?.[k] ?? 0])
      if (value > domain) domain = value;
  domain = domain > 0 ? Math.min(domain * 1.04, 100) : 100;
  /** Where a window of so many steps ends. */
  const edge = (steps: number) =>
    forward ? width - (leads + steps) * cell : (leads + steps) * cell;
  const y = (share: number) => BARS - (BARS * Math.min(share, domain)) / domain;
  const most = map.map.reduce((a, b) => (b > a ? b : a), 0);

  const rows = order.length;
  const height = Math.round(Math.min(Math.max(rows * 16, 24), 256));
  const tall = height / rows;
  useLayoutEffect(() => {
    const cells = {
      rows,
      columns: lags,
      value: (row: number, at: number) => map.map[column(at) * features + order[row]!]!,
    };
    const { theme, ratio } = paper;
    drawCells(canvas.current, cells, most, palette(theme, "share"), ratio, width, height);
  }, [map, order, forward, paper, width, height]);

  const lagAt = (event: MouseEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const target = (event.target as Element).closest?.<HTMLElement>("[data-lag]");
    if (!box.width) return Number(target?.dataset["lag"] ?? 0);
    const at = Math.floor(((event.clientX - box.left) / box.width) * lags);
    return column(Math.min(Math.max(at, 0), lags - 1)) - leads;
  };
  const rowAt = (event: MouseEvent): number => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    const place = Math.floor(((event.clientY - box.top) / (box.height || height)) * rows);
    return order[Math.min(Math.max(place, 0), rows - 1)]!;
  };
  const brush = (from: number, to: number) =>
    store.choose({
      lags: Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => Math.min(from, to) + i),
    });
  const isOnly = (lag: number) => brushed?.length === 1 && brushed[0] === lag;
  const bars = {
    onPointerDown(event: PointerEvent) {
      if (event.button) return;
      (event.currentTarget as Element).setPointerCapture?.(event.pointerId);
      dragged.value = { from: lagAt(event), moved: false };
    },
    onPointerMove(event: PointerEvent) {
      const lag = lagAt(event);
      props.point({ lag, feature, share: shares[lag + leads]! });
      const drag = dragged.peek();
      if (!drag || (!drag.moved && lag === drag.from)) return;
      dragged.value = { ...drag, moved: true };
      cursor.value = { from: drag.from, at: lag };
      brush(drag.from, lag);
    },
    onPointerUp(event: PointerEvent) {
      const drag = dragged.peek();
      dragged.value = null;
      if (!drag || drag.moved) return;
      const lag = lagAt(event);
      cursor.value = { from: lag, at: lag };
      store.choose({ lags: isOnly(lag) ? null : [lag] });
    },
    onPointerCancel: () => (dragged.value = null),
    onPointerLeave: () => props.point(null),
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const was = cursor.peek() ?? (brushed && { from: brushed[0]!, at: brushed.at(-1)! });
    const right = forward ? -1 : 1;
    const by: Record<string, number> = { ArrowRight: right, ArrowLeft: -right };
    const ends: Record<string, number> = {
      Home: forward ? lags - 1 - leads : -leads,
      End: forward ? -leads : lags - 1 - leads,
    };
    const place = feature === null ? -1 : order.indexOf(feature);
    if (event.key === "Escape") {
      cursor.value = null;
      store.choose({ lags: null });
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const next = event.key === "ArrowDown" ? place + 1 : Math.max(place - 1, 0);
      store.choose({ feature: order[Math.min(next, rows - 1)]! });
    } else if (event.key in by || event.key in ends) {
      const next = ends[event.key] ?? (was && brushed ? was.at + by[event.key]! : 0);
      const at = Math.min(Math.max(next, -leads), lags - 1 - leads);
      const from = event.shiftKey && was && brushed ? was.from : at;
      cursor.value = { from, at };
      brush(from, at);
      props.point({ lag: at, feature, share: shares[at + leads]! });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const pick = (event: MouseEvent) => {
    const [lag, row] = [lagAt(event), rowAt(event)];
    cursor.value = { from: lag, at: lag };
    const again = feature === row && isOnly(lag);
    store.choose(again ? { feature: null, lags: null } : { feature: row, lags: [lag] });
  };

  const ticks = percentTicks(domain, 2);
  const names = store.names.value;
  const said = feature === null ? "" : ` of ${printable(names[feature]!)}`;
  const spaced = Math.max(1, Math.ceil(NAMED / tall));
  const picked = feature === null ? -1 : order.indexOf(feature);
  const labelled = order
    .map((_, row) => row)
    .filter((row) => {
      if (row === picked) return true;
      return row % spaced === 0 && (picked < 0 || Math.abs(row - picked) * tall >= NAMED);
    });
  const at = cursor.value?.at;
  const gap = cell >= 4 ? 1 : cell >= 2 ? 0.5 : 0;
  return (
    <div class="nbx-lag-panel" style={{ width: `${gutter + width}px` }}>
      <div class="nbx-lag-caption" style={{ marginLeft: `${gutter}px` }}>
        <bdi>{props.title}</bdi>
        <span class="nbx-lag-key">
          0 <i style={{ background: gradient(paper.theme, "share") }} /> {percent(most)}
        </span>
      </div>
      <div class="nbx-lag-plot" style={{ marginLeft: `${gutter}px` }}>
        <svg
          class="nbx-lag-bars"
          width={width}
          height={BARS}
          role="listbox"
          tabindex={0}
          aria-multiselectable="true"
          aria-label={`Lags${said}, ${props.title}`}
          aria-activedescendant={at === undefined ? undefined : `${id}-${at}`}
          onKeyDown={onKey}
          {...bars}
        >
          <g aria-hidden="true">
            {ticks.map(({ value, text }) => (
              <>
                <path class="nbx-lag-line" d={`M0 ${y(value)}H${width}`} />
                <text x={-5} y={y(value)} dy={value === 0 ? 0 : "0.35em"}>
                  {text}
                </text>
              </>
            ))}
          </g>
          {every.map(({ place, lag }) => {
            const share = shares[place]!;
            return (
              <g
                key={lag}
                id={`${id}-${lag}`}
                data-lag={lag}
                class={leading.has(place) ? "nbx-leading" : undefined}
                role="option"
                aria-selected={brushed?.includes(lag) ?? false}
                aria-label={`${lagName(about, lag)}, ${percent(share)}`}
              >
                <rect class="nbx-lag-hit" x={left(place)} width={cell} height={BARS} />
                {share >= 0 && (
                  <rect
                    class="nbx-lag-bar"
                    x={left(place) + gap / 2}
                    width={cell - gap}
                    y={y(share)}
                    height={BARS - y(share)}
                  />
                )}
              </g>
            );
          })}
          <g aria-hidden="true">
            {whiskers && cell >= 2.5 && (
              <path
                class="nbx-lag-whisker"
                d={every
                  .map(({ place }) => {
                    const [from, to] = [whiskers.low[place]!, whiskers.high[place]!];
                    if (!(to > from)) return "";
                    const [x, cap] = [left(place) + cell / 2, Math.min(3, cell / 3)];
                    const ends = [from, to].map((end) => `M${x - cap} ${y(end)}h${2 * cap}`);
                    return `M${x} ${y(from)}V${y(to)}${ends.join("")}`;
                  })
                  .join("")}
              />
            )}
            {marks && (
              <path
                class="nbx-lag-marks"
                d={Array.from(marks, (mark, place) =>
                  mark >= 0 ? `M${left(place)} ${y(mark)}h${cell}` : "",
                ).join("")}
              />
            )}
            {!own && map.memory?.[0] && (
              <path class="nbx-lag-reach" d={`M${edge(map.memory[0])} -4V${BARS}`} />
            )}
            {own && (
              <path
                class="nbx-lag-outline"
                d={`M0 ${BARS}${Array.from({ length: lags }, (_, c) => `V${y(all[column(c)]! || 0)}H${(c + 1) * cell}`).join("")}V${BARS}`}
              />
            )}
          </g>
        </svg>
        <canvas
          ref={canvas}
          style={{ width: `${width}px`, height: `${height}px` }}
          aria-hidden="true"
          onClick={pick}
          onPointerMove={(event) => {
            const [lag, row] = [lagAt(event), rowAt(event)];
            props.point({ lag, feature: row, share: map.map[(lag + leads) * features + row]! });
          }}
          onPointerLeave={() => props.point(null)}
        />
        {picked >= 0 && (
          <i
            class="nbx-lag-row"
            style={{ top: `${BARS + 6 + picked * tall}px`, height: `${Math.max(tall, 3)}px` }}
          />
        )}
        {brushed &&
          runs(brushed.map((lag) => column(lag + leads)).sort((a, b) => a - b)).map(
            ([from, to]) => (
              <i
                class="nbx-lag-band"
                style={{ left: `${from * cell}px`, width: `${(to - from + 1) * cell}px` }}
              />
            ),
          )}
      </div>
      {named && (
        <div class="nbx-lag-names" style={{ width: `${gutter - 8}px`, height: `${height}px` }}>
          {labelled.map((row) => (
            <span
              key={order[row]}
              data-feature={names[order[row]!]}
              class={row === picked ? "nbx-lag-picked" : undefined}
              style={{ top: `${(row + 0.5) * tall}px` }}
              onClick={() => store.choose({ feature: row === picked ? null : order[row]! })}
            >
              <Name name={names[order[row]!]!} />
            </span>
          ))}
        </div>
      )}
      <div class="nbx-lag-axis" style={{ marginLeft: `${gutter}px` }} aria-hidden="true">
        {lagTicks(about, width).map((lag) => (
          <span
            style={{ left: `${Math.min(Math.max(left(lag + leads) + cell / 2, 6), width - 6)}px` }}
          >
            <bdi>{tickText(about, lag)}</bdi>
          </span>
        ))}
      </div>
      <div class="nbx-lag-ends" style={{ marginLeft: `${gutter}px` }}>
        <span>{forward ? "← past" : leads ? "← future" : "now"}</span>
        <bdi class="nbx-muted">{axisTitle(about)}</bdi>
        <span>{forward ? (leads ? "future →" : "now") : "past →"}</span>
      </div>
    </div>
  );
}

/** Ends of the intervals with these half widths. */
function around(shares: Float64Array, width: (lag: number) => number) {
  const within = (share: number) => Math.min(Math.max(share, 0), 100);
  return {
    low: shares.map((share, lag) => within(share - width(lag))),
    high: shares.map((share, lag) => within(share + width(lag))),
  };
}

export const percent = (share: number): string => `${fixed(share, share >= 10 ? 1 : 2)} %`;
