/** Where the history is drawn: steps to the right, shares upwards. */
import type { Moment } from "../../history.js";
import type { Runs, Subject } from "../../runs.js";
import { pixels, type Scale } from "../../scales.js";

/** Pixels left of the lines. */
const LEFT = 40;
/** Above them, so that the highest label is whole. */
const TOP = 8;
const HEIGHT = 168;

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  /** The end of the shares' axis, percent. */
  domain: number;
  /** The first and the last step. */
  first: number;
  last: number;
  x(step: number): number;
  y(share: number): number;
  /** The step at a pixel from the left. */
  step(x: number): number;
  /** Whether a pointer is over the steps, a little beyond them included. */
  inside(event: PointerEvent): boolean;
}

/** How lines look. */
export interface Look {
  /** Their hue: of features the direction, as it is now or was at a moment. */
  class(subject: Subject, moment?: Moment): string;
  style(subject: Subject): Record<string, string>;
  picked(subject: Subject): boolean;
  byLag: boolean;
}

/** How lines that stand out are told apart, whatever their hue. */
export const DASHES = ["", "7 3", "2 3", "10 3 2 3", "5 2 1 2"];

export const dash = (rank: number): string => DASHES[rank] ?? "";

/** The frame of all runs in so many pixels, of which labels take some. */
export function placed({ runs, subjects, share }: Runs, total: number, labels: number): Frame {
  let most = 0;
  runs.forEach(({ moments }, run) => {
    for (const moment of moments)
      for (const one of subjects) most = Math.max(most, share(one, run, moment) || 0);
  });
  const domain = most > 0 ? Math.min(most * 1.04, 100) : 100;
  const first = Math.min(...runs.map(({ moments }) => moments[0]!.step));
  const last = Math.max(...runs.map(({ moments }) => moments.at(-1)!.step));
  const [left, right] = [LEFT, Math.max(LEFT + 60, total - labels)];
  const [top, bottom] = [TOP, TOP + HEIGHT];
  const along: Scale = { low: first, high: last, from: left, to: right };
  const up: Scale = { low: 0, high: domain, from: bottom, to: top };
  return {
    ...{ left, right, top, bottom, domain, first, last },
    x: (step) => pixels(along, step),
    y: (share) => pixels(up, share),
    step: (x) => first + ((x - left) / (right - left)) * (last - first),
    inside: (event) => {
      const box = (event.currentTarget as Element).getBoundingClientRect();
      const x = event.clientX - box.left;
      return x > left - 12 && x < right + 12;
    },
  };
}

/** A line through points; where one is unknown it begins anew. */
export function path(points: Iterable<[x: number, y: number]>): string {
  let [drawn, pen] = ["", "M"];
  for (const [x, y] of points) {
    if (Number.isNaN(y)) pen = "M";
    else {
      drawn += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
      pen = "L";
    }
  }
  return drawn;
}
