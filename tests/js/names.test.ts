/** How outputs and classes are called: in sentences, on axes, in files. */
import { expect, it } from "vitest";
import { instances } from "../../js/export/csv.js";
import { short } from "../../js/format.js";
import { explained, LINE, TWO } from "./rows.js";
import { drawn, shown } from "./shown.js";

const LONG = `first${"x".repeat(200)}last`;

it("a name in a sentence is not as long as the sentence", () => {
  expect(short("年".repeat(40))).toBe("年".repeat(40));
  expect(short(LONG)).toMatch(/^first.*x…x.*last$/);
  expect([...short(LONG)]).toHaveLength(40);
  expect(short("👩‍👩‍👧".repeat(50))).toBe(`${"👩‍👩‍👧".repeat(27)}…${"👩‍👩‍👧".repeat(12)}`);
});

it("long classes are cut in what is said of a row, and whole in files", async () => {
  const classes = [`${LONG}\n0`, `${LONG}\n1`];
  const given = { ...TWO, classes, target: [0, 0, 0] };
  const sketch = { outputs: classes, responses: ["prob"] };
  const view = shown(explained(["a", "b"], given, sketch), "explorer");
  view.store.choose({ instance: 11, output: 1, response: "prob" });
  await drawn();
  for (const one of view.all(".nbx-said, .nbx-local > p, .nbx-band > bdi"))
    expect(one.textContent!.length).toBeLessThan(200);
  const file = instances(view.store);
  expect(file.split(`"${classes[0]}"`).length - 1 + file.split(`"${classes[1]}"`).length - 1).toBe(
    6,
  );
});

it.each([
  ["raw", "predicted y0"],
  ["loss", "the loss"],
  ["prob", "P(y0)"],
  ["distance", "distance"],
])("the axis of the response %s is %s", async (response, title) => {
  const view = shown(explained(["x1", "x2"], LINE, { responses: [response] }), "instances");
  await drawn();
  expect(view.one(".nbx-axis-y bdi").textContent).toBe(title);
});
