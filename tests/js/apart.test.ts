/** Outputs of which the largest is no predicted class: yes or no each, or some of many. */
import { describe, expect, it } from "vitest";
import { instances } from "../../js/export/csv.js";
import { digits, explained, rows, type Rows } from "./rows.js";
import { drawn, shown } from "./shown.js";

const LABELS: Rows = {
  kind: "independent",
  outputs: [
    [0.9, 0.8],
    [0.2, 0.6],
  ],
  jacobian: [
    [[1], [2]],
    [[1], [2]],
  ],
  target: [
    [1, 1],
    [1, 0],
  ],
};
const NAMES = { outputs: ["cat", "dog"], responses: ["prob", "raw"] };
const texts = (all: HTMLElement[]) => all.map((one) => one.textContent!.trim());
async function local(given: Rows, output: number | null, sketch: object = NAMES) {
  const view = shown(explained(["a"], given, sketch), "local");
  view.store.choose({ output, response: "prob", instance: 11 });
  await drawn();
  return view.root.textContent!;
}

describe("outputs that say yes or no by themselves", () => {
  it("are wrong by their own true value", () => {
    const here = rows(LABELS);
    expect(digits(here.errors(0))).toEqual([0.1, 0.8]);
    expect(digits(here.errors(1))).toEqual([0.2, 0.6]);
    expect([0, 1].map((i) => here.predicted(i, 0))).toEqual([1, 0]);
    expect([0, 1].map((i) => here.predicted(i, 1))).toEqual([1, 1]);
  });

  it("are said to be so of a row", async () => {
    expect(await local(LABELS, 0)).toContain("P(cat) is 0.2 · predicted not cat, truly cat: wrong");
    expect(await local(LABELS, 1)).toContain("P(dog) is 0.6 · predicted dog, truly not dog: wrong");
  });

  it("have no predicted class when they are combined", async () => {
    const said = await local(LABELS, null);
    expect(said).toContain("P(dog) (the likeliest of 2 outputs at this row) would move");
    expect(said).not.toContain("class");
  });

  it("have right and wrong rows in the picker", async () => {
    const view = shown(explained(["a"], LABELS, NAMES), "instances");
    view.store.choose({ output: 1, response: "prob" });
    await drawn();
    const [no, yes] = texts(view.all(".nbx-band"));
    expect(no).toMatch(/^not dog.*0 right.*1 wrong/);
    expect(yes).toMatch(/^dog.*0 wrong.*1 right/);
  });

  it("stand on their side of the line, and are a file", async () => {
    const data = explained(
      ["a"],
      {
        ...LABELS,
        target: [
          [1, 1],
          [0, 1],
        ],
      },
      NAMES,
    );
    const view = shown(data, "instances");
    view.store.choose({ output: 0, response: "prob" });
    await drawn();
    expect(texts(view.all(".nbx-above"))[0]).toContain("wrong of not cat");
    expect(texts(view.all(".nbx-above"))[1]).toContain("right of cat");
    const lines = instances(view.store).trim().split("\r\n");
    expect(lines.map((line) => line.split(",").slice(2, 5))).toEqual([
      ["target", "predicted class", "error"],
      ["cat", "cat", "0.1"],
      ["not cat", "not cat", "0.2"],
    ]);
  });
});

describe("some of many classes", () => {
  const some: Rows = { ...LABELS, kind: "values", classifier: true };
  delete some.target;

  it("predict no class", async () => {
    const said = await local(some, 1);
    expect(said).toContain("P(dog) is 0.6");
    expect(said).not.toContain("predicted");
    const view = shown(explained(["a"], some, NAMES), "instances");
    await drawn();
    expect(view.root.textContent).toContain("P(the likeliest of 2 outputs)");
    expect(view.root.textContent).not.toContain("predicted");
  });

  it("of one Jacobian are not all there are", async () => {
    const given: Rows = {
      kind: "logits",
      outputs: [
        [0, 0, 0],
        [9, 1, 0],
      ],
      jacobian: [
        [[1], [2], [3]],
        [[1], [2], [3]],
      ],
      columns: [1, 2],
    };
    const said = await local(given, null, { outputs: ["b", "c"], responses: ["prob"] });
    expect(said).toContain("P(b) (the likeliest of 2 outputs at this row) would move");
  });
});
