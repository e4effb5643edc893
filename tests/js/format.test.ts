import { expect, it } from "vitest";
import { counted, decimals, fixed, left, parts, percentTicks, printable } from "../../js/format.js";

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
