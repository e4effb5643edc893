/** What a pointer or the keyboard has come to: the whole name, the share, its interval, its direction. */
import type { Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { counted, decimals, fixed, printable, WORDS } from "../format.js";
import { lagRanges } from "../lags.js";
import { directionOf } from "../ranking.js";
import type { Store } from "../store.js";

interface Props {
  store: Store;
  pointed: Signal<number | null>;
  scroll: Signal<unknown>;
  root: HTMLElement;
  rowId(feature: number): string;
}

export function Tip({ store, pointed, scroll, root, rowId }: Props) {
  const tip = useRef<HTMLDivElement>(null);
  const feature = pointed.value;
  const slice = store.slice.value;
  const ranking = store.ranking.value;
  void scroll.value; // it moves with its row
  useLayoutEffect(() => {
    const row = feature === null ? null : root.querySelector(`#${rowId(feature)}`);
    if (!tip.current || feature === null) return;
    const box = row?.getBoundingClientRect();
    const list = row?.closest(".nbx-list")?.getBoundingClientRect();
    const seen = box && list && box.bottom > list.top && box.top < list.bottom;
    tip.current.style.visibility = seen ? "" : "hidden";
    if (!seen) return;
    // A panel's views stand beside each other, so a tip may leave its own, not the panel.
    const panel = root.getBoundingClientRect();
    const frame = (tip.current.offsetParent ?? root).getBoundingClientRect();
    const { offsetHeight, offsetWidth } = tip.current;
    const below = box.bottom - frame.top + 4;
    const fits = below + offsetHeight <= panel.bottom - frame.top;
    const top = fits ? below : box.top - frame.top - offsetHeight - 4;
    tip.current.style.top = `${Math.max(top, panel.top - frame.top)}px`;
    const track = row?.querySelector(".nbx-track")?.getBoundingClientRect() ?? box;
    const left = Math.min(track.left, panel.right - offsetWidth - 8);
    tip.current.style.left = `${Math.max(left, panel.left) - frame.left}px`;
  });
  if (feature === null || !slice || !ranking || feature >= slice.share.length) return null;
  const share = slice.share[feature]!;
  const low = slice.low[feature]!;
  const high = slice.high[feature]!;
  const places = decimals(share);
  const words = WORDS[directionOf(slice.direction[feature]!)];
  const confidence = Math.round(store.meta.value!.confidence * 1000) / 10;
  const [subset, within] = [store.subset.value, store.within.value];
  const rank = ranking.place[feature]!;
  return (
    <div class="nbx-tip" ref={tip} aria-hidden="true">
      <div class="nbx-whole">
        <bdi>{printable(store.names.value[feature]!)}</bdi>
      </div>
      <div class="nbx-facts">
        <span class="nbx-muted">share of importance</span>
        <span>{fixed(share, places)} %</span>
        {!Number.isNaN(low) && !Number.isNaN(high) && (
          <>
            <span class="nbx-muted">{confidence} % interval, row sampling</span>
            <span>
              {fixed(low, places)} – {fixed(high, places)} %
            </span>
          </>
        )}
        {subset && !Number.isNaN(subset.share[feature]!) && (
          <>
            <span class="nbx-muted">over {counted(subset.held, "brushed row")}</span>
            <span>{fixed(subset.share[feature]!, places)} %</span>
          </>
        )}
        {within && (
          <>
            <span class="nbx-muted">within {lagRanges(store.lags.value!)}</span>
            <span>{fixed(within[feature]!, places)} %</span>
          </>
        )}
        {rank > 0 && share > 0 && (
          <>
            <span class="nbx-muted">with those above it</span>
            <span>{fixed(ranking.cumulative[rank]!, 1)} %</span>
          </>
        )}
        {words && (
          <>
            <span class="nbx-muted">direction</span>
            <span>{words}</span>
          </>
        )}
      </div>
    </div>
  );
}
