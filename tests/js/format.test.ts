import { describe, expect, it } from "vitest";
import { tickWithin } from "../../js/compared.js";
import {
  chance,
  counted,
  decimals,
  effects,
  fixed,
  left,
  levels,
  number,
  parts,
  percentTicks,
  printable,
} from "../../js/format.js";

it.each([
  [45.2, 1],
  [100, 0],
  [99.96, 0],
  [0.0123, 4],
  [0, 0],
  [NaN, 0],
])("a column up to %d shares %i decimals", (largest, places) => {
  expect(decimals(largest)).toBe(places);
});

it("tells an unused input from one that rounds to zero", () => {
  expect([12.345, 0, 0.004, NaN].map((v) => fixed(v, 1))).toEqual(["12.3", "0", "<0.1", "–"]);
});

it("counts", () => {
  expect([counted(1, "note"), counted(2_000, "feature")]).toEqual(["1 note", "2,000 features"]);
});

it.each([
  [18.7, 4, ["0", "5", "10", "15 %"]],
  [100, 4, ["0", "50", "100 %"]],
  [5.8, 2, ["0", "5 %"]],
  [0.034, 4, ["0", "0.01", "0.02", "0.03 %"]],
  [1, 4, ["0", "0.5", "1.0 %"]],
])("an axis to %d with at most %i steps", (domain, most, texts) => {
  expect(percentTicks(domain, most).map(({ text }) => text)).toEqual(texts);
});

it("says how long it takes in round words", () => {
  expect([0.2, 6.4, 300, 7200].map(left)).toEqual([
    "about 1 s left",
    "about 6 s left",
    "about 5 min left",
    "about 2 h left",
  ]);
});

it("cuts names before an ending that tells them apart", () => {
  expect(parts("short_name")).toEqual(["short_name", ""]);
  expect(parts("station_7_temperature_lag_12")).toEqual(["station_7_temperature", "_lag_12"]);
  expect(parts("x".repeat(20))).toEqual(["x".repeat(14), "x".repeat(6)]);
});

it("does not cut within an emoji", () => {
  const family = "👩‍👩‍👧";
  expect(parts(family.repeat(20))[1]).toBe(family.repeat(6));
});

it("shows one line of every name", () => {
  expect(printable("two\nlines\tand\u0000 more")).toBe("two lines and more");
  expect(printable("\u202egnp.exe")).toBe("gnp.exe");
  expect(printable("")).toBe("(no name)");
  expect(printable("<b> & 年齢")).toBe("<b> & 年齢");
});

describe("a number by itself", () => {
  it.each([
    [0, "0"],
    [-2, "−2"],
    [1234567, "1,234,567"],
    [-20_000_000, "−20,000,000"],
    [0.123456, "0.123"],
    [-12.3456, "−12.3"],
    [1234.5678, "1,234.6"],
    [98765.4321, "98,765"],
    [0.00012345, "1.2e−4"],
    [-1.5e15, "−1.5e15"],
    [NaN, "–"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
  ])("%d is %s", (value, text) => expect(number(value)).toBe(text));
});

it("a probability is 0 or 1 only where it is", () => {
  const said = [0, 1e-6, 0.0512, 0.5, 0.99123, 0.99999, 1].map(chance);
  expect(said).toEqual(["0", "<0.0001", "0.0512", "0.5", "0.9912", ">0.9999", "1"]);
});

describe("effects", () => {
  it.each([
    [0.5, [0.5, -0.25, 0.0001, 0, NaN], ["+0.500", "−0.250", "≈0", "0", "–"]],
    [1e-5, [1e-5, -2e-6], ["+1.0e−5", "−2.0e−6"]],
    [2e6, [2e6, -1234567.5], ["+2,000,000", "−1,234,568"]],
    [54321, [54321, -1234.5, 0.2], ["+54,321", "−1,235", "≈0"]],
  ])("up to %d share their decimals and always have a sign", (largest, values, texts) =>
    expect(values.map(effects(largest))).toEqual(texts),
  );

  it.each([
    [1.57, [-2.5, 0.988, 0, -0.001, NaN], ["−2.50", "0.99", "0", "0", "–"]],
    [54321, [206000, -1.2], ["206,000", "−1"]],
    [3, [4e8, -Infinity], ["400M", "−∞"]],
  ])("up to %d lead between levels as fine as they are", (largest, values, texts) =>
    expect(values.map(levels(largest))).toEqual(texts),
  );
});

it("the tick of a signed axis is round, and lies in its outer half", () => {
  expect([1, 0.104, 0.0999, 3.12, 5, 780].map(tickWithin)).toEqual([1, 0.1, 0.05, 2, 5, 500]);
});
