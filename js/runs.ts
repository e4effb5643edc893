/** What a chart of one training, or of two, has lines of: features or lags. */
import type { History, Moment, Shares } from "./history.js";

/** A second training: what both are called, and what the other has seen. */
export interface Second {
  runs: string[];
  /** Names of the other one's features. */
  features: string[];
  history: History;
}

export interface Run {
  /** "" where there is no other. */
  name: string;
  moments: Moment[];
}

/** A feature or a lag. */
export interface Subject {
  name: string;
  /** The feature's position, -1 where only the other run has it; or the lag. */
  at: number;
  /** Where its shares are in each run; undefined where that has none. */
  places: (number | undefined)[];
}

export interface Runs {
  runs: Run[];
  /** By the largest of the runs' latest shares. */
  subjects: Subject[];
  /** Percent; NaN where it is unknown. */
  share(subject: Subject, run: number, moment: Moment, end?: keyof Shares): number;
}

/** The lines of features; with the names of lags, those of lags. */
export function runsOf(
  own: History,
  names: string[],
  second: Second | null | undefined,
  lagName?: (lag: number) => string,
): Runs {
  const runs = [own, ...(second ? [second.history] : [])].map(({ moments }, run) => ({
    ...{ name: second?.runs[run] ?? "", moments },
  }));
  const subjects: Subject[] = [];
  [own, second?.history].forEach((history, run) =>
    (lagName ? history?.lags : history?.features)?.forEach((at, place) => {
      const name = lagName ? lagName(at) : (run ? second!.features : names)[at]!;
      const same = (one: Subject) =>
        one.places[run] === undefined && (lagName ? one.at === at : one.name === name);
      let found = run ? subjects.find(same) : undefined;
      if (!found) {
        found = { name, at: run && !lagName ? names.indexOf(name) : at, places: [] };
        subjects.push(found);
      }
      found.places[run] = place;
    }),
  );
  const share: Runs["share"] = ({ places }, run, moment, end = "share") =>
    (lagName ? moment.lags : moment)?.[end][places[run] ?? -1] ?? NaN;
  const latest = new Map(
    subjects.map((one) => [
      one,
      // What is unknown leads nothing.
      Math.max(...runs.map(({ moments }, run) => share(one, run, moments.at(-1)!) || 0)),
    ]),
  );
  subjects.sort((a, b) => latest.get(b)! - latest.get(a)!);
  return { runs, subjects, share };
}

/** Places of the moments at which one of these had overtaken another, beyond their intervals. */
export function turns({ runs, share }: Runs, subjects: Subject[]): number[] {
  const { moments } = runs[0]!;
  const order = (at: Moment) => [...subjects].sort((a, b) => share(b, 0, at) - share(a, 0, at));
  let before = order(moments[0]!);
  return moments.flatMap((moment, place) => {
    const overtaken = before.some((one, i) =>
      before
        .slice(i + 1)
        .some((next) => share(next, 0, moment, "low") > share(one, 0, moment, "high")),
    );
    if (!overtaken) return [];
    before = order(moment);
    return [place];
  });
}
