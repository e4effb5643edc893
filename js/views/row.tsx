/** One feature: rank, name, bar with its whisker from a common zero, share and arrow. */
import { Component, createRef } from "preact";
import { ARROW, fixed, WORDS } from "../format.js";
import { directionOf, type Ranking } from "../ranking.js";
import type { Slice } from "../wire.js";
import type { Beside } from "../methods.js";
import { spokenChange, type Before } from "../versions.js";
import { Ring, spokenBeside } from "./beside.js";
import { Ghost } from "./ghost.js";
import { write, writeName } from "./name.js";

export const ROW = 22;
/** Milliseconds that a row takes to its new place. */
export const GLIDE = 220;

interface Props {
  id: string;
  name: string;
  feature: number;
  slice: Slice;
  ranking: Ranking;
  /** The end of the axis. */
  domain: number;
  /** The share over what is brushed, where something is. */
  mark: number | undefined;
  /** What that is over, in words. */
  about: string | undefined;
  /** The version before, where there is one. */
  before: Before | null;
  /** Another method, where one stands beside. */
  beside: Beside | null;
  places: number;
  top: number;
  position: number;
  setSize: number;
  selected: boolean;
  /** Whether a change may be shown as a movement. */
  calm: boolean;
}

/**
 * Built once, then written into: where thirty rows change in one frame, comparing all that they
 * are made of would take longer than the changes themselves.
 */
export class Row extends Component<Props> {
  private readonly row = createRef<HTMLDivElement>();
  private readonly rank = createRef<HTMLSpanElement>();
  private readonly name = createRef<HTMLSpanElement>();
  private readonly bar = createRef<HTMLElement>();
  private readonly share = createRef<HTMLSpanElement>();
  private readonly arrow = createRef<HTMLSpanElement>();
  private whisker: HTMLElement | null = null;
  private brushed: HTMLElement | null = null;
  private readonly ghost = new Ghost();
  private readonly ring = new Ring();

  override shouldComponentUpdate(next: Readonly<Props>): boolean {
    this.draw(next);
    if (next.calm) this.move(this.props, next);
    return false;
  }

  override componentDidMount(): void {
    this.draw(this.props);
  }

  private draw(props: Readonly<Props>): void {
    const { name, feature, slice, domain, mark = NaN, about, places, selected } = props;
    const [share, low, high] = [slice.share[feature]!, slice.low[feature]!, slice.high[feature]!];
    const direction = directionOf(slice.direction[feature]!);
    const rank = String(props.ranking.place[feature]! + 1);
    const known = !Number.isNaN(low) && !Number.isNaN(high);
    const percent = (value: number) => `${(100 * (value || 0)) / domain}%`;

    const row = this.row.current!;
    row.style.transform = `translateY(${props.top}px)`;
    set(row, "id", props.id);
    set(row, "class", `nbx-row nbx-${direction}${selected ? " nbx-selected" : ""}`);
    set(row, "data-feature", name) && writeName(this.name.current!, name);
    set(row, "aria-selected", String(selected));
    set(row, "aria-posinset", String(props.position + 1));
    set(row, "aria-setsize", String(props.setSize));
    // In words for a screen reader: a label, since hidden text would be laid out at every change.
    const spoken =
      `${rank} ${name}, ${fixed(share, places)} percent` +
      (Number.isNaN(mark) ? "" : `, ${fixed(mark, places)} ${about}`) +
      (known ? `, row sampling ${fixed(low, places)} to ${fixed(high, places)}` : "") +
      (props.beside ? spokenBeside(props.beside, feature, places) : "") +
      (props.before ? spokenChange(props.before, feature, Number(rank)) : "") +
      (direction === "none" ? "" : `, ${WORDS[direction]}`);
    set(row, "aria-label", spoken);

    write(this.rank.current!, rank);
    write(this.share.current!, fixed(share, places));
    write(this.arrow.current!, ARROW[direction]);
    const bar = this.bar.current!;
    bar.style.width = percent(share);
    this.whisker =
      known && high > low ? (this.whisker ?? after(bar, "nbx-whisker")) : gone(this.whisker);
    if (this.whisker) {
      this.whisker.style.left = percent(low);
      this.whisker.style.width = percent(high - low);
    }
    this.brushed = Number.isNaN(mark)
      ? gone(this.brushed)
      : (this.brushed ?? after(this.whisker ?? bar, "nbx-brushed"));
    if (this.brushed) this.brushed.style.left = percent(mark);
    this.ghost.draw(bar.parentElement!, props, Number(rank));
    this.ring.draw(bar.parentElement!, props.beside, feature, { share, domain, places });
  }

  /** From where it was to where it is; a reader's eye follows what moves. */
  private move(before: Readonly<Props>, now: Readonly<Props>): void {
    if (now.top !== before.top)
      glide(this.row.current, `translateY(${before.top}px)`, `translateY(${now.top}px)`);
    const width = ({ slice, feature, domain }: Props) => (slice.share[feature] || 0) / domain;
    const [from, to] = [width(before), width(now)];
    if (to !== from && to > 0) glide(this.bar.current, `scaleX(${from / to})`, "none");
  }

  override render() {
    // What is seen is part of the label, word by word: blanks keep the words apart.
    return (
      <div ref={this.row} role="option">
        <span ref={this.rank} class="nbx-rank" /> <span ref={this.name} class="nbx-name" />{" "}
        <span class="nbx-track">
          <i ref={this.bar} class="nbx-bar" />
        </span>
        <span ref={this.share} class="nbx-share" />
        <span ref={this.arrow} class="nbx-arrow" />
      </div>
    );
  }
}

/** An attribute; whether it was another. */
function set(element: Element, name: string, value: string): boolean {
  if (element.getAttribute(name) === value) return false;
  element.setAttribute(name, value);
  return true;
}

/** A part that a bar has only where there is something to show. */
function after(element: Element, name: string): HTMLElement {
  const made = element.ownerDocument.createElement("i");
  made.className = name;
  element.after(made);
  return made;
}

function gone(part: Element | null): null {
  part?.remove();
  return null;
}

function glide(element: HTMLElement | null, from: string, to: string): void {
  const view = element?.ownerDocument.defaultView;
  if (!element?.animate || view?.matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const frames = [{ transform: from }, { transform: to }];
  element.animate(frames, { duration: GLIDE, easing: "cubic-bezier(0.2, 0, 0, 1)" });
}
