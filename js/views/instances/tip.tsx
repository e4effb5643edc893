/** What is known of the row under the pointer. */
import type { ReadonlySignal, Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Store } from "../../store.js";
import type { Picture } from "./picture.js";
import type { Column } from "./quantities.js";

interface Props {
  store: Store;
  picture: Picture;
  pointed: Signal<number>;
  columns: ReadonlySignal<Column[]>;
  /** What is said of a mark in place of the columns about a feature. */
  about?: ((mark: number) => [name: string, text: string][]) | undefined;
}

export function RowTip({ store, picture, pointed, columns, about }: Props) {
  const tip = useRef<HTMLDivElement>(null);
  const mark = pointed.value;
  const gone = mark < 0 || mark >= picture.x.length;
  useLayoutEffect(() => {
    if (!tip.current || gone) return;
    const { offsetWidth, offsetHeight } = tip.current;
    const [x, y] = [picture.x[mark]!, picture.y[mark]!];
    const left = x + 14 + offsetWidth <= picture.width ? x + 14 : x - 14 - offsetWidth;
    const top = y + 12 + offsetHeight <= picture.height ? y + 12 : y - 12 - offsetHeight;
    tip.current.style.left = `${Math.min(Math.max(left, 0), Math.max(picture.width - offsetWidth, 0))}px`;
    tip.current.style.top = `${top}px`;
  });
  if (gone || !store.instances.value) return null;
  const place = picture.place(mark);
  const [row, ...others] = columns.value;
  const facts = about ? others.filter(({ ofFeature }) => !ofFeature) : others;
  return (
    <div class="nbx-tip" ref={tip} aria-hidden="true">
      <bdi class="nbx-whole">{row!.text(place)}</bdi>
      <div class="nbx-facts">
        {facts.map((column) => (
          <>
            <bdi class="nbx-muted">{column.name}</bdi>
            <span>
              <bdi>{column.text(place)}</bdi>
              {column.marked?.(place) && " ✗"}
            </span>
          </>
        ))}
        {about?.(mark).map(([name, text]) => (
          <>
            <bdi class="nbx-muted">{name}</bdi>
            <span>{text}</span>
          </>
        ))}
      </div>
    </div>
  );
}
