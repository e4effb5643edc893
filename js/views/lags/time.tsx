/** Outputs at every step: which steps of the input move which steps of the output, to pick one. */
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { drawCells } from "../../canvas/cells.js";
import { gradient, palette } from "../../canvas/colours.js";
import type { Paper } from "../../canvas/paper.js";
import type { Store } from "../../store.js";
import { Behind } from "../behind.js";
import { Menu } from "../choose.js";
import { lagName, type About } from "./axis.js";
import { percent } from "./panel.js";

/** Side of the square at most. */
const SIDE = 280;
const GUTTER = 44;

interface Props {
  store: Store;
  about: About;
  /** Percent, `[output steps, input steps]`. */
  time: Float32Array;
  paper: Paper;
  /** Pixels there are. */
  width: number;
}

export function TimeMap({ store, about, time, paper, width }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pointed = useSignal<{ output: number; input: number } | null>(null);
  const steps = about.count;
  const step = store.shown.value.step ?? null;
  const side = Math.round(Math.max(60, Math.min(width - GUTTER - 6, SIDE)));
  const most = time.reduce((a, b) => (b > a ? b : a), 0);
  const at = (output: number, input: number) => time[output * steps + input]!;
  useLayoutEffect(() => {
    const cells = { rows: steps, columns: steps, value: at };
    drawCells(canvas.current, cells, most, palette(paper.theme, "share"), paper.ratio, side, side);
  }, [time, paper, side]);

  const place = (offset: number, size: number) =>
    Math.min(Math.max(Math.floor((offset / (size || side)) * steps), 0), steps - 1);
  const under = (event: MouseEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    return {
      output: place(event.clientY - box.top, box.height),
      input: place(event.clientX - box.left, box.width),
    };
  };
  const choose = (next: number | null) => store.choose({ step: next });
  const onKey = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const now = store.shown.peek().step ?? null; // keys come faster than pictures
    const to: Record<string, number> = {
      ArrowDown: now === null ? 0 : now + 1,
      ArrowUp: now === null ? steps - 1 : now - 1,
      Home: 0,
      End: steps - 1,
    };
    if (event.key === "Escape") choose(null);
    else if (event.key in to) choose(Math.min(Math.max(to[event.key]!, 0), steps - 1));
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const seen = pointed.value;
  const every = Array.from({ length: steps }, (_, s) => s);
  const ends = [0, steps - 1];
  return (
    <div class="nbx-time">
      <div class="nbx-bar-head">
        <h4>Output steps</h4>
        <Menu
          label="Output step"
          plural="output steps"
          quiet
          hook="step"
          options={[
            { value: null, label: "all together", name: "all" },
            ...every.map((s) => ({ value: s, label: `step ${s}`, name: String(s) })),
          ]}
          value={step}
          onChoose={choose}
        />
        <span class="nbx-lag-key">
          0 <i style={{ background: gradient(paper.theme, "share") }} /> {percent(most)}
        </span>
      </div>
      <div class="nbx-time-plot" style={{ marginLeft: `${GUTTER}px`, width: `${side}px` }}>
        <canvas
          ref={canvas}
          style={{ width: `${side}px`, height: `${side}px` }}
          role="slider"
          tabIndex={0}
          aria-label="Output step"
          aria-orientation="vertical"
          aria-valuemin={0}
          aria-valuemax={steps - 1}
          aria-valuenow={step ?? 0}
          aria-valuetext={step === null ? "all output steps together" : `output step ${step}`}
          onKeyDown={onKey}
          onClick={(event) => {
            const { output } = under(event);
            choose(output === step ? null : output);
          }}
          onPointerMove={(event) => (pointed.value = under(event))}
          onPointerLeave={() => (pointed.value = null)}
        />
        {step !== null && (
          <i
            class="nbx-lag-row"
            style={{
              top: `${(step * side) / steps}px`,
              height: `${Math.max(side / steps, 3)}px`,
            }}
          />
        )}
        {ends.map((s) => (
          <span class="nbx-time-row" style={{ top: `${((s + 0.5) * side) / steps}px` }}>
            {s}
          </span>
        ))}
        <span class="nbx-time-title">output step</span>
      </div>
      <div class="nbx-lag-ends" style={{ marginLeft: `${GUTTER}px`, width: `${side}px` }}>
        <span>0</span>
        <span class="nbx-muted">input step</span>
        <span>{steps - 1}</span>
      </div>
      <p class="nbx-lag-read" aria-live="polite">
        {seen && (
          <>
            output step {seen.output} · input step {seen.input} (
            {lagName(about, seen.output - seen.input)}) ·{" "}
            <b>{percent(at(seen.output, seen.input))}</b>
          </>
        )}
      </p>
      <Behind
        caption={
          step === null
            ? "Shares of the output steps."
            : `Shares of the input steps at output step ${step}, in percent of all.`
        }
        head={[step === null ? "Output step" : "Input step", "Share"]}
        rows={every.map((s) => [
          String(s),
          percent(step === null ? every.reduce((sum, u) => sum + (at(s, u) || 0), 0) : at(step, s)),
        ])}
      />
    </div>
  );
}
