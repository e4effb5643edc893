import { afterEach, expect, it, vi } from "vitest";
import { nameWidth } from "../../js/views/measure.js";

afterEach(() => vi.restoreAllMocks());

it("the names' column holds the longest of numbered names, wherever they stand", () => {
  const measureText = (text: string) => ({ width: 7 * text.length });
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({ measureText } as never);
  const names = Array.from({ length: 2_000 }, (_, i) => `gene_${i}`);
  expect(nameWidth(document.body, names)).toBe(7 * 9 + 2);
  expect(nameWidth(document.body, ["a".repeat(200), ...names])).toBe(7 * 9 + 2);
});
