/** The table behind the picture: the first rows of the present order. */
import { useSignal, useSignalEffect, type ReadonlySignal } from "@preact/signals";
import { count } from "../../format.js";
import { Behind } from "../behind.js";
import type { Shared } from "./chart.js";

/** Enough to read; the table mode has the rest. */
const MOST = 100;
const WAIT = 250;

export function FirstRows({
  brush,
  columns,
  order,
}: Shared & { order: ReadonlySignal<Uint32Array> }) {
  const due = useSignal(0);
  useSignalEffect(() => {
    void [brush.mask.value, columns.value];
    // What is dragged need not be told in every frame.
    const timer = setTimeout(() => (due.value = due.peek() + 1), WAIT);
    return () => clearTimeout(timer);
  });
  void due.value;
  const [rows, known] = [order.peek(), columns.peek()];
  return (
    <Behind
      caption={`${brush.mask.peek() ? "Brushed instances" : "Instances"}${rows.length > MOST ? ` (the first ${MOST} of ${count(rows.length)})` : ""}`}
      head={known.map(({ name }) => name)}
      rows={Array.from(rows.subarray(0, MOST), (place) => known.map(({ text }) => text(place)))}
    />
  );
}
