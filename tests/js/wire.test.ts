import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { packedNumbers, rowOf, type Contrast } from "../../js/answered.js";
import { history, packedHistory, type HistoryState } from "../../js/history.js";
import { local } from "../../js/local.js";
import { directionOf } from "../../js/ranking.js";
import {
  decode,
  slices,
  unpack,
  unpackedRows,
  type InstancesState,
  type Meta,
  type Packed,
  type State,
} from "../../js/wire.js";

const golden = decode(JSON.parse(readFileSync("tests/wire/golden.json", "utf8"))) as {
  state: State;
  reads: Record<string, (number | null)[][]>;
  against: {
    state: { contrasts: Contrast[]; against: Packed; instance: number; other: number };
    reads: { items: number[]; base: number }[];
  };
  history: { state: HistoryState; reads: Record<Quantity, ((number | null)[] | null)[]> };
};
type Quantity = "share" | "low" | "high" | "direction";
const numbers = (array: Float32Array) => Array.from(array, (v) => (Number.isNaN(v) ? null : v));

describe("golden bytes", () => {
  const { meta, names, importance } = golden.state;
  const read = slices(meta as Meta, importance as Packed, names.length);

  it("hold the numbers that Python wrote", () => {
    for (const info of (meta as Meta).slices) {
      const slice = read.get(`${info.output ?? ""}\n${info.response}`)!;
      const found = [slice.share, slice.low, slice.high, slice.direction].map(numbers);
      expect(found).toEqual(golden.reads[`${info.response} ${info.output ?? "None"}`]);
      expect(slice.question).toBe(info.question);
    }
    expect(read.size).toBe(Object.keys(golden.reads).length);
  });

  it("hold the history that Python wrote, and it is written back byte for byte", () => {
    const { state, reads } = golden.history;
    const found = history(state);
    expect(found.moments.map(({ step }) => step)).toEqual([0, 10, 20, 30]);
    expect(numbers(Float32Array.from(found.moments, ({ loss }) => loss))).toEqual(
      [null, 0.5, 0.25, 0.125], // prettier-ignore
    );
    for (const name of ["share", "low", "high"] as const)
      expect(found.moments.map((moment) => numbers(moment[name]))).toEqual(reads[name]);
    found.moments.forEach(({ direction }, t) =>
      direction.forEach((claimed, f) => {
        const wanted = reads.direction[t]?.[f] ?? NaN;
        expect(directionOf(claimed)).toBe(directionOf(wanted));
        if (claimed) expect(claimed).toBeCloseTo(wanted, 1);
      }),
    );
    expect(packedHistory(found)).toEqual(state);
  });

  it("hold rows against others as Python held them", () => {
    const { state, reads } = golden.against;
    expect([...unpackedRows(state.against)!]).toEqual([1, 3]);
    state.contrasts.forEach((told, i) => {
      const row = rowOf(told, packedNumbers(told));
      const about = {
        outputs: { shape: [2, 1] },
        columns: [0],
        kind: "values",
        classifier: false,
        additive: true,
        all: 3,
      };
      const found = local(row, about as unknown as InstancesState, { output: 0, response: "raw" });
      expect(found.items.map(({ attribution }) => attribution)).toEqual(reads[i]!.items);
      expect(found.sum!.base).toBe(reads[i]!.base);
      expect(found.against).toEqual({ words: "2 rows", references: 2 });
      expect(row.row).toBe([state.instance, state.other][i]);
    });
  });

  it("keep names as they are", () => {
    expect(names).toEqual(["age", "income", "<b>", "年齢"]);
  });
});

describe("unpack", () => {
  const bytes = new Uint8Array(new Float32Array([1, -2, NaN]).buffer);

  it("copies where the bytes are not aligned", () => {
    const shifted = new Uint8Array(13);
    shifted.set(bytes, 1);
    const data = new DataView(shifted.buffer, 1, 12);
    expect(numbers(unpack({ dtype: "<f4", shape: [3], data }, "<f4"))).toEqual([1, -2, null]);
  });

  it("views the bytes where they are, at their offset", () => {
    const shifted = new Uint8Array(16);
    shifted.set(bytes, 4);
    const array = unpack(
      { dtype: "<f4", shape: [3], data: new DataView(shifted.buffer, 4) },
      "<f4",
    );
    expect(numbers(array)).toEqual([1, -2, null]);
    expect(array.buffer).toBe(shifted.buffer);
  });

  it("refuses bytes that do not fit, and another type", () => {
    expect(() => unpack({ dtype: "<f4", shape: [2], data: bytes }, "<f4")).toThrow(/12 bytes/);
    expect(() => unpack({ dtype: "<f8", shape: [3], data: bytes }, "<f4")).toThrow(/<f8/);
  });
});

it("slices refuse a shape that is not theirs", () => {
  const { meta, importance } = golden.state;
  expect(() => slices(meta as Meta, importance as Packed, 5)).toThrow(/do not fit/);
  const three = { dtype: "<f4", shape: [6, 3, 4], data: new Uint8Array(6 * 3 * 4 * 4) };
  expect(() => slices(meta as Meta, three, 4)).toThrow(/do not fit/);
});

it("decode leaves other objects alone", () => {
  const others = { a: [null, { base64: 1 }], b: { base64: "IQ==", more: 1 } };
  expect(decode(others)).toEqual(others);
  expect(decode({ a: [{ base64: "IQ==" }] })).toEqual({ a: [new Uint8Array([33])] });
});

it("brushed rows come as positions or as bits", () => {
  const positions = { dtype: "<u4", shape: [2], data: new Uint8Array([9, 0, 0, 0, 1, 0, 0, 0]) };
  expect([...unpackedRows(positions)!]).toEqual([9, 1]);
  const bits = { dtype: "|u1", shape: [2], data: new Uint8Array([0b101, 0b10]) };
  expect([...unpackedRows(bits)!]).toEqual([0, 2, 9]);
  expect(unpackedRows(null)).toBeNull();
});
