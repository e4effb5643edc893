/** Rows of X from plain numbers, as Python would send them. */
import { state } from "../../js/demo/fixtures.js";
import { Instances } from "../../js/instances.js";
import { packed, type InstancesState, type Kind, type State } from "../../js/wire.js";

export interface Rows {
  /** `[rows][outputs]`. */
  outputs: number[][];
  /** `[held][outputs][entries]`. */
  jacobian: number[][][];
  /** `[held][entries]`; 0 by default. */
  values?: number[][];
  /** Positions in X; 10, 11, … by default, so that they are never mistaken for places. */
  rows?: number[];
  labels?: string[];
  kind?: Kind;
  classifier?: boolean;
  columns?: number[];
  weights?: number[];
  target?: number[] | number[][];
  classes?: string[];
  /** Cell and feature of each entry; one of its own by default. */
  cells?: number[];
  owners?: number[];
  members?: string[];
  /** Entries of one row of X; as many as are here by default. */
  all?: number;
  /** `[held][outputs][outputs]`. */
  rest?: number[][][];
  /** Contributions, and `[held][outputs]`: the response at their baseline. */
  base?: number[][];
  more?: boolean;
}

export function instancesState(given: Rows): InstancesState {
  const { outputs, jacobian, kind = "values", target } = given;
  const [n, width] = [outputs.length, outputs[0]!.length];
  const held = jacobian.length;
  const entries = jacobian[0]?.[0]?.length ?? 0;
  const counted = Array.from({ length: entries }, (_, e) => e);
  const { cells = counted, owners = counted } = given;
  const several = Array.isArray(target?.[0]);
  return {
    rows: packed(Uint32Array.from(given.rows ?? outputs.map((_, i) => 10 + i)), n),
    labels: given.labels ?? null,
    outputs: floats(outputs.flat(), n, width),
    kind,
    columns: given.columns ?? Array.from({ length: width }, (_, k) => k),
    weights: given.weights ?? Array<number>(width).fill(1),
    target: target
      ? floats(target.flat(), n, ...(several ? [(target[0] as number[]).length] : []))
      : null,
    classes: given.classes ?? null,
    classifier: given.classifier ?? kind !== "values",
    entries: packed(Uint32Array.from([...counted, ...cells, ...owners]), 3, entries),
    members: given.members ?? null,
    all: given.all ?? entries,
    jacobian: floats(jacobian.flat(2), held, width, entries),
    values: floats(given.values?.flat() ?? Array(held * entries).fill(0), held, entries),
    ...(given.rest ? { rest: floats(given.rest.flat(2), held, width, width) } : {}),
    ...(given.base ? { additive: true, base: floats(given.base.flat(), held, width) } : {}),
    more: given.more ?? false,
  };
}

export const rows = (given: Rows, features?: number): Instances => {
  const { owners, jacobian } = given;
  const count = owners ? Math.max(...owners) + 1 : (jacobian[0]?.[0]?.length ?? 0);
  return new Instances(instancesState(given), features ?? count);
};

/** An explanation with these rows; its ranking is of no matter unless `share` gives it. */
export function explained(names: string[], given: Rows, sketch: Partial<Explained> = {}): State {
  const { share = () => 1, outputs = given.outputs[0]!.map((_, k) => `y${k}`), ...more } = sketch;
  const one = state({ names, outputs, rms: share, direction: () => 1, spread: 0, ...more });
  return { ...one, instances: instancesState(given) };
}

interface Explained {
  share: (feature: number, slice: number) => number;
  outputs: string[];
  responses: string[];
  missing: number;
}

/** y = 2 x₁ + x₂. */
export const LINE: Rows = {
  outputs: [[2], [1], [3], [0]],
  jacobian: [[[2, 1]], [[2, 1]], [[2, 1]], [[2, 1]]],
  values: [
    [1, 0],
    [0, 1],
    [1, 1],
    [0, 0],
  ],
};

/** Three rows of two logits each, with the probability of the second at 1/2, 3/4 and 1/5. */
export const TWO: Rows = {
  kind: "logits",
  outputs: [
    [0, 0],
    [0, Math.log(3)],
    [Math.log(4), 0],
  ],
  jacobian: [
    [
      [0, 1],
      [4, 1],
    ],
    [
      [0, 0],
      [8, 16],
    ],
    [
      [0, 0],
      [25, 0],
    ],
  ],
  target: [1, 0, 0],
};

const floats = (numbers: number[], ...shape: number[]) =>
  packed(Float32Array.from(numbers), ...shape);

/** A state as it is written in a saved page: parsed JSON, with bytes as `{"base64": "…"}`. */
export function encoded(value: unknown): unknown {
  const written = (_: string, part: unknown) =>
    part instanceof Uint8Array ? { base64: Buffer.from(part).toString("base64") } : part;
  return JSON.parse(JSON.stringify(value, written));
}

/** Float32 numbers as they are written: to six digits, NaN as null. */
export const digits = (array: ArrayLike<number>): (number | null)[] =>
  Array.from(array, (x) => (Number.isNaN(x) ? null : Number(x.toPrecision(6))));
