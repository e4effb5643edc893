/** What a feature's bar was in the version before: its outline, and how far it moved. */
import type { Before } from "../versions.js";
import type { Slice } from "../wire.js";

interface Shown {
  before: Before | null;
  feature: number;
  slice: Slice;
  /** The end of the axis. */
  domain: number;
}

export class Ghost {
  private outline: HTMLElement | null = null;
  private moved: HTMLElement | null = null;

  /** Into the track of a bar, written into like the bar itself. */
  draw(track: HTMLElement, { before, feature, slice, domain }: Shown, rank: number): void {
    const was = before?.share[feature] ?? NaN;
    this.outline = part(track, this.outline, was > 0 && "nbx-ghost");
    if (this.outline) this.outline.style.width = `${(100 * was) / domain}%`;
    const claim = before?.claim[feature] ?? 0;
    const rose = (before?.rank[feature] ?? NaN) - rank || 0;
    const arrow = rose ? (rose > 0 ? `▲${rose}` : `▼${-rose}`) : "";
    const points = slice.share[feature]! - was;
    const said = claim
      ? `${arrow} ${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(1)}`.trim()
      : arrow;
    this.moved = part(track, this.moved, said !== "" && "nbx-moved");
    if (!this.moved) return;
    // Drawn by the style sheet: the row's label has it in words.
    this.moved.dataset["moved"] = said;
    this.moved.dataset["claim"] = claim > 0 ? "gained" : claim < 0 ? "lost" : "";
  }
}

/** The element where there is something to show, else none. */
function part(track: HTMLElement, known: HTMLElement | null, name: string | false) {
  if (!name) {
    known?.remove();
    return null;
  }
  if (known) return known;
  const made = track.ownerDocument.createElement("i");
  made.className = name;
  track.append(made);
  return made;
}
