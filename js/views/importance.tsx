/** Features ranked by importance: a listbox of bars, of which only those near the window exist. */
import { useComputed, useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { count, counted, decimals, percentTicks } from "../format.js";
import { filtered, reach, type Ranking } from "../ranking.js";
import { lagRanges } from "../lags.js";
import { atMoment } from "../past.js";
import type { Store } from "../store.js";
import { ofTokens } from "../texts.js";
import { Agreement, besideOf } from "./beside.js";
import { Legend } from "./legend.js";
import { Lines } from "./lines.js";
import { nameWidth } from "./measure.js";
import { Profile } from "./profile.js";
import type { ViewProps } from "./props.js";
import { GLIDE, Row, ROW } from "./row.js";
import { Table } from "./table.js";
import { Tip } from "./tip.js";
import { useUnique } from "./unique.js";

/** Height of the gap that the 90 % line stands in. */
const GAP = 22;
/** Pixels for what changed against a version before. */
const CHANGED = 64;
/** Pixels for another method's share. */
const BESIDE = 40;
/** Rows beyond the window, above and below: a long list jumps often, a short one is all there. */
const beyond = (count: number): number => (count > 100 ? 4 : 12);

/** Features; of texts the tokens. */
export function Importance({ store, root }: ViewProps) {
  const tokens = store.meta.value!.tokens;
  if (!tokens) return <Bars store={atMoment(store)} root={root} noun="feature" />;
  const more = tokens.all - tokens.names.length;
  return (
    <>
      <Bars store={ofTokens(store)} root={root} noun="token" />
      {more > 0 && <p class="nbx-quiet">{counted(more, "token")} below these are not here.</p>}
    </>
  );
}

function Bars({ store, root, noun }: ViewProps & { noun: "feature" | "token" }) {
  const id = useUnique();
  const query = useSignal("");
  const pointed = useSignal<number | null>(null);
  const scroll = useSignal<Window>({ top: 0, height: 560, track: 300, placed: false });
  const list = useRef<HTMLDivElement>(null);
  const filter = useRef<HTMLInputElement>(null);

  const names = store.names.value;
  const slice = store.slice.value!;
  const ranking = store.ranking.value!;
  const marks = useComputed(() => marksOf(store));
  const marked = marks.value;
  const beside = noun === "feature" ? besideOf(store) : null;
  const before = noun === "feature" && !beside ? store.versions.before.value : null;
  const most = Math.max(...[marked, before, beside].map((more) => reach(ranking, more?.share)));
  // What changed is written at the right end, where then no bar is.
  const track = useComputed(() => scroll.value.track).value;
  const room = (pixels: number) => track / Math.max(track - pixels, track / 2);
  // Where that leaves no place for bars, rings say it alone.
  const tight = track < 3 * BESIDE;
  const domain = most * (before ? room(CHANGED) : beside && !tight ? room(BESIDE) : 1);
  const matches = useComputed(() =>
    filtered(store.ranking.value?.order ?? [], store.names.value, query.value),
  );
  const shown = matches.value ?? ranking.order;
  const cut = matches.value || ranking.cut >= shown.length ? 0 : ranking.cut;
  const topOf = (place: number) => place * ROW + (cut && place >= cut ? GAP : 0);
  const placeAt = (y: number) => {
    if (!cut || y < cut * ROW) return Math.floor(y / ROW);
    return y < cut * ROW + GAP ? -1 : Math.floor((y - GAP) / ROW);
  };
  const calm = useCalm(ranking);
  const height = topOf(shown.length);
  const first = useComputed(() => Math.floor(scroll.value.top / ROW / 4) * 4).value;
  const visible = useComputed(() => Math.ceil(scroll.value.height / ROW) + 4).value;
  const spare = beyond(shown.length);
  const from = Math.max(0, first - spare);
  const rows = shown.slice(from, first + visible + spare);
  const places = decimals(slice.share[ranking.order[0]!]!);
  const narrow = track < 170;
  const ticks = percentTicks(most, narrow ? 2 : 4);
  const selected = store.feature.value;
  const at = selected === null ? -1 : shown.indexOf(selected);

  useLayoutEffect(() => watchSize(list.current!, scroll), []);
  const reveal = (place: number) => {
    const box = list.current!;
    const top = topOf(place);
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + ROW > box.scrollTop + box.clientHeight)
      box.scrollTop = top + ROW - box.clientHeight;
  };
  // A pick from elsewhere (Python, another view) is brought into the window, once there is one.
  const placed = useComputed(() => scroll.value.placed).value;
  useLayoutEffect(() => {
    root.style.setProperty("--nbx-names", `${nameWidth(root, names)}px`);
  }, [names, placed]);
  useLayoutEffect(() => {
    if (at >= 0) reveal(at);
  }, [selected, ranking, placed]);
  useLayoutEffect(() => {
    const focusFilter = (event: KeyboardEvent) => {
      if (event.key !== "/" || (event.target as Element).matches("input:not([type=radio])")) return;
      filter.current?.focus();
      event.preventDefault();
    };
    root.addEventListener("keydown", focusFilter);
    return () => root.removeEventListener("keydown", focusFilter);
  }, []);
  useSignalEffect(() => {
    void query.value;
    if (list.current) list.current.scrollTop = 0;
  });

  const pick = (place: number) => {
    const feature = shown[Math.min(Math.max(place, 0), shown.length - 1)];
    if (feature === undefined) return;
    store.choose({ feature });
    pointed.value = feature;
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(list.current!.clientHeight / ROW) - 1);
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: shown.length - 1,
    };
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key in to) pick(to[event.key]!);
    else if (event.key !== "Escape") return;
    else {
      store.choose({ feature: null });
      pointed.value = null;
    }
    event.preventDefault();
    event.stopPropagation();
  };
  const under = (event: MouseEvent) => {
    const box = list.current!;
    const place = placeAt(event.clientY - box.getBoundingClientRect().top + box.scrollTop);
    return shown[place] ?? null;
  };
  const announced = matches.value && `${count(shown.length)} of ${counted(names.length, noun)}`;

  return (
    <section class="nbx-importance">
      <div class="nbx-bar-head">
        <h4>{noun === "token" ? "Token importance" : "Feature importance"}</h4>
        <Legend
          ranking={ranking}
          confidence={store.meta.value!.confidence}
          subset={store.subset.value}
          within={store.within.value && marked}
          brushed={store.rows.value?.length ?? 0}
        />
        <span class="nbx-filter">
          <span class="nbx-muted" role="status">
            {announced}
          </span>
          <input
            ref={filter}
            type="search"
            placeholder="Filter"
            aria-label={`Filter ${noun}s by name`}
            aria-keyshortcuts="/"
            value={query}
            onInput={(event) => (query.value = event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") query.value = "";
              else if (event.key !== "ArrowDown" && event.key !== "Enter") return;
              list.current?.focus();
              if (event.key !== "Escape" && at < 0) pick(0);
              event.preventDefault();
            }}
          />
        </span>
      </div>
      {noun === "feature" && <Agreement store={store} />}
      <div class="nbx-axis" aria-hidden="true">
        <span class="nbx-track">
          {ranking.cut > 0 &&
            ticks.map(({ value, text }) => (
              <span
                class={value > 0.92 * domain ? "nbx-end" : undefined}
                style={{ left: `${(100 * value) / domain}%` }}
              >
                {text}
              </span>
            ))}
          {beside && !tight && <i class="nbx-dot nbx-far" />}
        </span>
        <span class="nbx-share">share</span>
      </div>
      <div class="nbx-scroller">
        <div
          ref={list}
          class={tight ? "nbx-list nbx-tight" : "nbx-list"}
          role="listbox"
          tabIndex={0}
          aria-label={`${noun === "token" ? "Tokens" : "Features"} ranked by importance`}
          aria-activedescendant={
            at >= from && at < from + rows.length ? `${id}-${selected}` : undefined
          }
          onKeyDown={onKey}
          onScroll={(event) => {
            scroll.value = { ...scroll.peek(), top: event.currentTarget.scrollTop };
          }}
          onClick={(event) => {
            const feature = under(event);
            if (feature !== null) store.choose({ feature: feature === selected ? null : feature });
          }}
          onPointerMove={(event) => (pointed.value = under(event))}
          onPointerLeave={() => (pointed.value = null)}
          onBlur={() => (pointed.value = null)}
        >
          <div role="presentation" style={{ height: `${height}px` }}>
            <Lines ticks={ticks} domain={domain} top={0} height={cut ? cut * ROW : height} />
            {cut > 0 && (
              <Lines ticks={ticks} domain={domain} top={topOf(cut)} height={height - topOf(cut)} />
            )}
            {rows.map((feature, i) => (
              <Row
                key={calm ? feature : -1 - i}
                id={`${id}-${feature}`}
                name={names[feature]!}
                feature={feature}
                slice={slice}
                ranking={ranking}
                domain={domain}
                mark={marked?.share[feature]}
                about={marked?.about}
                before={before}
                beside={beside}
                places={places}
                top={topOf(from + i)}
                position={from + i}
                setSize={shown.length}
                selected={feature === selected}
                calm={calm}
              />
            ))}
            {cut > 0 && (
              <div
                class="nbx-cut"
                aria-hidden="true"
                style={{ transform: `translateY(${cut * ROW}px)` }}
              >
                <i class="nbx-dash" />
                <span>{counted(cut, noun) + (cut === 1 ? " carries 90 %" : " carry 90 %")}</span>
                <i class="nbx-dash" />
              </div>
            )}
          </div>
        </div>
        {shown.length === 0 && (
          <p class="nbx-nothing">
            No {noun} has “{query}” in its name.
          </p>
        )}
        <Profile
          list={list}
          scroll={scroll}
          height={height}
          shown={shown}
          slice={slice}
          selected={at}
        />
      </div>
      <Tip
        store={store}
        scroll={scroll}
        pointed={pointed}
        root={root}
        rowId={(feature) => `${id}-${feature}`}
      />
      <Table
        names={names}
        slice={slice}
        ranking={ranking}
        shown={shown}
        marked={marked}
        beside={beside}
      />
    </section>
  );
}

/** λ over a part of the data, beside that over all. */
export interface Marks {
  share: Float32Array;
  /** Which part, in words. */
  about: string;
}

/** Over the brushed rows, within the brushed lags; null without either. */
function marksOf({ within, lags, subset }: Store): Marks | null {
  const rows = subset.value;
  if (within.value) {
    const over = rows?.map ? " over the brushed rows" : "";
    return { share: within.value, about: `within ${lagRanges(lags.value!)}${over}` };
  }
  return rows?.held ? { share: rows.share, about: "over the brushed rows" } : null;
}

/** Whether rows may glide: what changes again before they arrive, no eye follows. */
function useCalm(ranking: Ranking): boolean {
  const last = useRef({ ranking, at: -Infinity, calm: true }).current;
  if (ranking !== last.ranking) {
    const now = Date.now();
    Object.assign(last, { ranking, at: now, calm: now - last.at > GLIDE });
  }
  return last.calm;
}

interface Window {
  top: number;
  height: number;
  track: number;
  /** Whether the list has a place on the page. */
  placed: boolean;
}

function watchSize(list: HTMLElement, scroll: Signal<Window>): () => void {
  const measure = () => {
    const track = list.querySelector(".nbx-track")?.clientWidth ?? scroll.peek().track;
    const height = list.clientHeight;
    scroll.value = { top: list.scrollTop, height: height || 560, track, placed: height > 0 };
  };
  const observer = new ResizeObserver(measure);
  observer.observe(list);
  return () => observer.disconnect();
}
