/** What a pointer finds under it: the whole name, the share, its interval, its direction. */
import type { Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { RefObject } from "preact";
import { decimals, fixed, printable, WORDS } from "../format.js";
import { directionOf } from "../ranking.js";
import type { Store } from "../store.js";

interface Props {
  store: Store;
  hovered: Signal<number | null>;
  root: HTMLElement;
  list: RefObject<HTMLElement | null>;
}

export function Tip({ store, hovered, root, list }: Props) {
  const tip = useRef<HTMLDivElement>(null);
  const feature = hovered.value;
  const slice = store.slice.value;
  const ranking = store.ranking.value;
  useLayoutEffect(() => {
    const row = list.current?.querySelector(".nbx-row:hover");
    if (!tip.current || !row) return;
    const frame = root.getBoundingClientRect();
    const box = row.getBoundingClientRect();
    const { offsetHeight, offsetWidth } = tip.current;
    const below = box.bottom - frame.top + 4;
    const fits = below + offsetHeight <= frame.height;
    tip.current.style.top = `${fits ? below : box.top - frame.top - offsetHeight - 4}px`;
    const track = row.querySelector(".nbx-track")?.getBoundingClientRect() ?? box;
    const left = Math.min(track.left - frame.left, frame.width - offsetWidth - 8);
    tip.current.style.left = `${Math.max(left, 0)}px`;
  });
  if (feature === null || !slice || !ranking || feature >= slice.share.length) return null;
  const share = slice.share[feature]!;
  const low = slice.low[feature]!;
  const high = slice.high[feature]!;
  const places = decimals(share);
  const words = WORDS[directionOf(slice.direction[feature]!)];
  const confidence = Math.round(store.meta.value!.confidence * 1000) / 10;
  const rank = ranking.place[feature]!;
  return (
    <div class="nbx-tip" ref={tip} aria-hidden="true">
      <div class="nbx-whole">
        <bdi>{printable(store.names.value[feature]!)}</bdi>
      </div>
      <dl>
        <dt>share of importance</dt>
        <dd>{fixed(share, places)} %</dd>
        {!Number.isNaN(low) && !Number.isNaN(high) && (
          <>
            <dt>{confidence} % interval, row sampling</dt>
            <dd>
              {fixed(low, places)} – {fixed(high, places)} %
            </dd>
          </>
        )}
        {rank > 0 && share > 0 && (
          <>
            <dt>with those above it</dt>
            <dd>{fixed(ranking.cumulative[rank]!, 1)} %</dd>
          </>
        )}
        {words && (
          <>
            <dt>direction</dt>
            <dd>{words}</dd>
          </>
        )}
      </dl>
    </div>
  );
}
