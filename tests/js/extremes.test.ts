/** Numbers at the ends: none, zero everywhere, nearly so, too large for their place, infinite. */
import { expect, it } from "vitest";
import { compact } from "../../js/format.js";
import { painted } from "../../js/views/instances/painted.js";
import type { Scene } from "../../js/views/instances/quantities.js";
import { swarm } from "../../js/views/instances/swarm.js";
import { explained, rows, type Rows } from "./rows.js";
import { drawn, shown } from "./shown.js";

const scene = (given: Rows) =>
  ({
    here: rows(given),
    meta: {},
    shown: { output: 0, response: "raw" },
    feature: 0,
    lagOf: () => null,
  }) as unknown as Scene;
const many = (one: (i: number) => number): Rows => ({
  outputs: Array.from({ length: 400 }, () => [0]),
  jacobian: Array.from({ length: 400 }, (_, i) => [[one(i)]]),
  values: Array.from({ length: 400 }, (_, i) => [one(i)]),
});

it("colours that are all zero are none", () => {
  const { ramp, ends, excuse } = painted(scene(many(() => 0)), "attribution");
  expect([ramp, ends, excuse]).toEqual(["none", undefined, "0 at every row"]);
});

it("a few rows that are not zero have colours", () => {
  const { ends, shades } = painted(scene(many((i) => (i === 7 ? -2 : 0))), "attribution");
  expect(ends).toEqual(["−2.00", "+2.00"]);
  expect(shades[7]).toBe(1);
});

it("a value that few rows have is told from the others in the beeswarm", () => {
  const given = scene(many((i) => Number(i % 50 === 0)));
  const { shades } = swarm(given, [0], 500);
  expect([shades[0], shades[1]]).toEqual([32, 1]);
  const [one, other] = swarm(scene(many(() => 3)), [0], 500).shades;
  expect(one).toBe(other);
});

it("large numbers fit where there is little room", () => {
  expect([1234567, -184_332_091_392, 2e7, 1e9, 1e12].map(compact)).toEqual([
    "1,234,567",
    "−184G",
    "20M",
    "1G",
    "1.0e12",
  ]);
});

it("moves of any size can be read", async () => {
  const given: Rows = { outputs: [[0]], jacobian: [[[-184_332_091_392]]] };
  const view = shown(explained(["a"], given), "local");
  view.store.choose({ instance: 10 });
  await drawn();
  expect(view.one("[data-feature] .nbx-move").textContent).toBe("−184G");
  expect(view.one(".nbx-axes .nbx-track").textContent).toBe("−100G0+100G");
  expect(view.root.textContent).not.toContain("Grey bars");
});

it("shares that there are not are a dash in the table", async () => {
  const view = shown(
    explained(
      ["a", "b"],
      many(() => 0),
      { share: () => NaN },
    ),
    "importance",
  );
  await drawn();
  expect(view.all("td").map((cell) => cell.textContent)).not.toContain("– %");
});

it("infinite log-odds are so in the table", async () => {
  const given: Rows = { kind: "independent", outputs: [[1], [0]], jacobian: [[[1]], [[1]]] };
  const view = shown(explained(["a"], given, { responses: ["logodds"] }), "instances");
  await drawn();
  const said = view.all(".nbx-hidden td").map((cell) => cell.textContent);
  expect(said).toContain("∞");
  expect(said).toContain("−∞");
});

it("an infinite row has no ring", async () => {
  const given: Rows = { kind: "independent", outputs: [[1], [0.5]], jacobian: [[[1]], [[1]]] };
  const view = shown(explained(["a"], given, { responses: ["logodds"] }), "instances");
  for (const [instance, rings] of [
    [10, 0],
    [11, 2],
  ] as const) {
    view.store.choose({ instance });
    await drawn();
    expect(view.all(".nbx-picked circle")).toHaveLength(rings);
  }
});

it("what is infinite is not said to be moved by nothing", async () => {
  const given: Rows = { kind: "independent", outputs: [[1]], jacobian: [[[1]]] };
  const view = shown(explained(["a"], given, { responses: ["logodds"] }), "local");
  view.store.choose({ instance: 10 });
  await drawn();
  expect(view.one(".nbx-quiet").textContent).toBe(
    "Where the log-odds of y0 is infinite, derivatives count as zero.",
  );
});

it("ticks near the ends of the track stand within it", async () => {
  for (const [move, within] of [
    [1, 2],
    [1.9, 0],
  ] as const) {
    const view = shown(explained(["a"], { outputs: [[0]], jacobian: [[[move]]] }), "local");
    view.store.choose({ instance: 10 });
    await drawn();
    expect(view.all(".nbx-begin, .nbx-last")).toHaveLength(within);
  }
});
