/** Signed bars from a zero in the middle, those of one row or of two on the same scale. */
import type { Signal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { shareFrom, signedTicks, type Compared } from "../compared.js";
import { count, counted, effects, fixed, number, parts, printable } from "../format.js";
import type { Item, Local } from "../local.js";
import type { Store } from "../store.js";
import { nameWidth } from "./measure.js";
import { useUnique } from "./unique.js";

/** Features before the others are folded, and when they are unfolded. */
const FEW = 12;
const MOST = 200;

interface Props {
  store: Store;
  root: HTMLElement;
  cases: Local[];
  comparison: Compared;
  response: string;
  unfolded: Signal<boolean>;
}

export function Effects({ store, root, cases, comparison, response, unfolded }: Props) {
  const id = useUnique();
  const chart = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const names = store.names.value;
  const selected = store.feature.value;
  const { order, largest } = comparison;
  const few = order.length <= FEW + 1 ? order.length : FEW;
  const listed = order.slice(0, unfolded.value ? MOST : few);
  const others = names.length - listed.length;
  const domain = largest * 1.04;
  const write = effects(largest);
  const ticks = signedTicks(domain, 2);
  const at = listed.indexOf(selected ?? -1);
  useLayoutEffect(() => {
    const width = nameWidth(root, listed.map((f) => names[f]!).slice(0, 40));
    chart.current?.style.setProperty("--nbx-inputs", `${width}px`);
    const values = comparison.items.flatMap((items) => listed.map((f) => valueOf(items.get(f))));
    const room = Math.min(nameWidth(root, values), 96);
    chart.current?.style.setProperty("--nbx-values", `${Math.max(room, 32)}px`);
  }, [names, comparison, listed.length]);
  useLayoutEffect(() => {
    if (at >= 0 && unfolded.peek())
      list.current?.children[at]?.scrollIntoView?.({ block: "nearest" });
  }, [at]);

  const onKey = (event: KeyboardEvent) => {
    if (event.metaKey || event.ctrlKey || event.altKey) return;
    const to: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      Home: 0,
      End: listed.length - 1,
    };
    if (event.key in to) {
      const place = Math.min(Math.max(to[event.key]!, 0), listed.length - 1);
      store.choose({ feature: listed[place]! });
    } else if (event.key === "Escape") store.choose({ feature: null });
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const shares = (place: number) => cases.map((_, i) => shareFrom(comparison, i, place));

  return (
    <div
      class={`nbx-effects${cases.length > 1 ? " nbx-two" : ""}${unfolded.value ? " nbx-long" : ""}`}
      ref={chart}
    >
      <div class="nbx-effect nbx-effect-head nbx-whose" aria-hidden="true">
        {cases.map(({ label }, i) => (
          <span>
            <i class={i ? "nbx-second" : "nbx-first"} /> <bdi>{printable(label)}</bdi>
          </span>
        ))}
      </div>
      <div class="nbx-effect nbx-effect-head" aria-hidden="true">
        <span class="nbx-name" />
        {cases.map(() => (
          <>
            <span class="nbx-value">value</span>
            <span class="nbx-track">
              {ticks.map((tick) => (
                <span
                  class={Math.abs(tick) === ticks.at(-1) ? "nbx-outer" : tick ? "nbx-inner" : ""}
                  style={{ left: `${50 + (50 * tick) / domain}%` }}
                >
                  {tick === 0 ? "0" : tickText(tick, ticks)}
                </span>
              ))}
            </span>
            <span class="nbx-move">move</span>
            <span class="nbx-share">share</span>
          </>
        ))}
      </div>
      <div
        ref={list}
        role="listbox"
        tabIndex={0}
        class="nbx-effect-list"
        aria-label={`Inputs that move ${response} at ${cases.map(({ label }) => printable(label)).join(" and ")}`}
        aria-activedescendant={at >= 0 ? `${id}-${selected}` : undefined}
        onKeyDown={onKey}
      >
        {listed.map((feature) => (
          <div
            key={feature}
            id={`${id}-${feature}`}
            role="option"
            aria-selected={feature === selected}
            class={`nbx-effect${feature === selected ? " nbx-selected" : ""}`}
            data-feature={names[feature]}
            onClick={() => store.choose({ feature: feature === selected ? null : feature })}
          >
            <Name name={names[feature]!} />
            {cases.map((_, i) => (
              <Cells
                item={comparison.items[i]!.get(feature)}
                second={i > 0}
                domain={domain}
                ticks={ticks}
                write={write}
              />
            ))}
          </div>
        ))}
      </div>
      {others > 0 && (
        <div class="nbx-effect nbx-others">
          <span class="nbx-name">
            {order.length > listed.length && !unfolded.value ? (
              <button
                type="button"
                class="nbx-paper"
                aria-expanded="false"
                onClick={() => (unfolded.value = true)}
              >
                {counted(others, "other feature")}
              </button>
            ) : (
              counted(others, "other feature")
            )}
          </span>
          {shares(listed.length).map((share) => (
            <>
              <span class="nbx-value" />
              <span class="nbx-track" />
              <span class="nbx-move" />
              <span class="nbx-share">{percent(share)}</span>
            </>
          ))}
        </div>
      )}
      {unfolded.value && order.length > FEW && (
        <button type="button" class="nbx-fold" onClick={() => (unfolded.value = false)}>
          {`Show only the first ${FEW}`}
        </button>
      )}
      <Behind
        names={names}
        cases={cases}
        comparison={comparison}
        response={response}
        listed={listed}
        others={others}
        write={write}
      />
    </div>
  );
}

function Name({ name }: { name: string }) {
  const [head, tail] = parts(printable(name));
  return (
    <span class="nbx-name">
      <span dir="auto">
        <span>{head}</span>
        {tail && <span>{tail}</span>}
      </span>
    </span>
  );
}

interface CellsProps {
  item: Item | undefined;
  second: boolean;
  domain: number;
  ticks: number[];
  write(value: number): string;
}

/** Value, bar, effect and share of one feature at one row. */
function Cells({ item, second, domain, ticks, write }: CellsProps) {
  const move = item?.attribution ?? NaN;
  const pooled = Number.isNaN(move);
  const half = (50 * (item?.size || 0)) / domain;
  const hue = pooled || move === 0 ? "none" : move > 0 ? "rises" : "falls";
  const left = hue === "rises" ? 50 : 50 - half;
  return (
    <>
      <span class="nbx-value">
        <bdi>{valueOf(item)}</bdi>
      </span>
      <span class={`nbx-track nbx-${hue}`}>
        {ticks.map((tick) => (
          <i
            class={tick === 0 ? "nbx-zero" : "nbx-tick"}
            style={{ left: `${50 + (50 * tick) / domain}%` }}
          />
        ))}
        {half > 0 && (
          <i
            class={`nbx-bar${pooled ? " nbx-pooled" : ""}${second ? " nbx-hollow" : ""}`}
            style={{ left: `${left}%`, width: `${pooled ? 2 * half : half}%` }}
          />
        )}
      </span>
      <span class={`nbx-move nbx-${hue}`}>{write(move)}</span>
      <span class="nbx-share">{percent(item?.share ?? NaN)}</span>
    </>
  );
}

const valueOf = (item: Item | undefined): string =>
  typeof item?.value === "string" ? printable(item.value) : number(item?.value ?? NaN);

/** Shares of one row stand below each other with one decimal. */
const percent = (share: number): string => fixed(share, 1) + (Number.isNaN(share) ? "" : " %");

function tickText(tick: number, ticks: number[]): string {
  const step = ticks[1]! - ticks[0]!;
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (step < 1e-4 || step >= 1e5) return effects(step)(tick);
  return (tick < 0 ? "−" : "+") + Math.abs(tick).toFixed(Math.min(places, 12));
}

interface BehindProps extends Pick<Props, "cases" | "comparison" | "response"> {
  names: string[];
  listed: number[];
  others: number;
  write(value: number): string;
}

/** The table behind the bars. */
function Behind({ names, cases, comparison, response, listed, others, write }: BehindProps) {
  const several = cases.length > 1;
  const of = (one: Local) => (several ? ` (${printable(one.label)})` : "");
  return (
    <div class="nbx-hidden">
      <table>
        <caption>
          {`How ${response} would move if an input rose, at ` +
            cases.map(({ label }) => printable(label)).join(" and ")}
          {others > 0 && `, and the share of the ${count(others)} others`}
        </caption>
        <thead>
          <tr>
            <th scope="col">Feature</th>
            {cases.map((one) => (
              <>
                <th scope="col">Value{of(one)}</th>
                <th scope="col">Move{of(one)}</th>
                <th scope="col">Squared share of this row{of(one)}</th>
              </>
            ))}
          </tr>
        </thead>
        <tbody>
          {listed.map((feature) => (
            <tr key={feature}>
              <th scope="row">
                <bdi>{printable(names[feature]!)}</bdi>
              </th>
              {comparison.items.map((items) => {
                const item = items.get(feature);
                return (
                  <>
                    <td>{valueOf(item)}</td>
                    <td>{write(item?.attribution ?? NaN)}</td>
                    <td>{percent(item?.share ?? NaN)}</td>
                  </>
                );
              })}
            </tr>
          ))}
          {others > 0 && (
            <tr>
              <th scope="row">{counted(others, "other feature")}</th>
              {cases.map((_, i) => (
                <>
                  <td />
                  <td />
                  <td>{percent(shareFrom(comparison, i, listed.length))}</td>
                </>
              ))}
            </tr>
          )}
        </tbody>
      </table>
    </div>
  );
}
