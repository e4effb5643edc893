import { describe, expect, it } from "vitest";
import { directionOf, filtered, rank } from "../../js/ranking.js";
import type { Slice } from "../../js/wire.js";

function slice(
  share: number[],
  extra: Partial<Record<"low" | "high" | "direction", number[]>> = {},
) {
  const nothing = share.map(() => NaN);
  return {
    response: "raw",
    output: 0,
    question: "",
    share: Float32Array.from(share),
    low: Float32Array.from(extra.low ?? nothing),
    high: Float32Array.from(extra.high ?? nothing),
    direction: Float32Array.from(extra.direction ?? nothing),
  } satisfies Slice;
}

describe("rank", () => {
  it("orders by share, ties by the data's order", () => {
    expect(rank(slice([10, 40, 10, 40])).order).toEqual([1, 3, 0, 2]);
    expect([...rank(slice([10, 40, 10, 40])).place]).toEqual([2, 0, 3, 1]);
  });

  it.each([
    [[60, 30, 10], 2],
    [[90, 10], 1],
    [[89.9, 10.1], 2],
    [[25, 25, 25, 25], 4],
    [[100], 1],
  ])("cuts %j after %i", (share, cut) => {
    expect(rank(slice(share)).cut).toBe(cut);
  });

  it("cuts exactly at 90 % although float32 shares add up to a little less", () => {
    expect(rank(slice([...Array<number>(7).fill(90 / 7), 10])).cut).toBe(7);
  });

  it("has no cut and an axis to 100 % where shares are undefined", () => {
    const { cut, domain, order, intervals } = rank(slice([NaN, NaN]));
    expect({ cut, domain, order, intervals }).toEqual({
      cut: 0,
      domain: 100,
      order: [0, 1],
      intervals: false,
    });
  });

  it("has an axis that every whisker fits, within 100 %", () => {
    expect(rank(slice([60, 40], { low: [50, 0], high: [70, 80] })).domain).toBeGreaterThan(80);
    expect(rank(slice([99, 1], { low: [90, 0], high: [100, 2] })).domain).toBe(100);
  });

  it("adds up to 100 %", () => {
    expect(rank(slice([10, 40, 10, 40])).cumulative.at(-1)).toBeCloseTo(100);
  });
});

it.each([
  [0.5, "rises"],
  [Math.fround(0.49999998), "rises"],
  [-0.5, "falls"],
  [0.49, "both"],
  [0, "both"],
  [NaN, "none"],
] as const)("mean / rms of %d is %s", (value, direction) => {
  expect(directionOf(value)).toBe(direction);
});

it("filters by any part of a name, whatever the case, and keeps the order", () => {
  const names = ["Income", "age", "outcome <b>"];
  expect(filtered([2, 1, 0], names, " COME ")).toEqual([2, 0]);
  expect(filtered([2, 1, 0], names, "<B>")).toEqual([2]);
  expect(filtered([2, 1, 0], names, "  ")).toBeNull();
});
