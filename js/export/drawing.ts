/** What is on the screen as an SVG: boxes, real text, charts as they stand; no controls. */
import { paint, type Attributes } from "./boxes.js";

const SVG = "http://www.w3.org/2000/svg";

/** What a style sheet says of a shape in an inline SVG. */
const PAINTED = (
  "fill fill-opacity stroke stroke-width stroke-opacity stroke-dasharray stroke-linejoin " +
  "stroke-linecap paint-order opacity font-family font-size font-weight text-anchor " +
  "dominant-baseline vector-effect"
).split(" ");

/** The root must hold its place while it is read: what is of no use on paper is out of the way. */
export function drawing(root: HTMLElement, title: string): string {
  root.classList.add("nbx-printing");
  try {
    return drawn(root, title);
  } finally {
    root.classList.remove("nbx-printing");
  }
}

function drawn(root: HTMLElement, title: string): string {
  const page = root.ownerDocument;
  const view = page.defaultView!;
  const origin = root.getBoundingClientRect();
  const context = page.createElement("canvas").getContext("2d");
  let clips = 0;

  const add = (to: Element, name: string, attributes: Attributes): Element => {
    const made = page.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes))
      made.setAttribute(key, typeof value === "number" ? String(+value.toFixed(2)) : value);
    to.append(made);
    return made;
  };
  const placed = ({ left, top, width, height }: DOMRect): Attributes => ({
    ...{ x: left - origin.left, y: top - origin.top },
    ...{ width, height },
  });

  /** A line at a time; what an ellipsis stands for stays hidden. */
  function text(to: Element, node: Text, style: CSSStyleDeclaration, limit: number): void {
    const cut = limit < Infinity;
    const size = parseFloat(style.fontSize);
    const range = page.createRange();
    const lines: { words: string; left: number; right: number; top: number; height: number }[] = [];
    for (const { 0: word, index } of node.data.matchAll(cut ? /[^]/gu : /\S+\s*/g)) {
      range.setStart(node, index);
      range.setEnd(node, index + (word.trimEnd().length || word.length));
      const { left, right, top, height, width } = range.getBoundingClientRect();
      const last = lines.at(-1);
      if (right > limit) {
        if (last && !last.words.endsWith("…")) last.words += "…";
      } else if (last && Math.abs(last.top - top) < 3) {
        last.words += word;
        last.left = Math.min(last.left, left);
        last.right = Math.max(last.right, right);
      } else if (width > 0) lines.push({ words: word, left, right, top, height });
    }
    if (context) context.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
    const metrics = context?.measureText("x");
    const up = metrics?.fontBoundingBoxAscent ?? 0.93 * size;
    const down = metrics?.fontBoundingBoxDescent ?? 0.24 * size;
    const end = /right|end/.test(style.textAlign);
    for (const { words, left, right, top, height } of lines)
      add(to, "text", {
        x: (end ? right : left) - origin.left,
        y: top - origin.top + (height - up - down) / 2 + up,
        fill: style.color,
        "font-family": style.fontFamily,
        "font-size": size,
        ...(Number(style.fontWeight) > 400 ? { "font-weight": style.fontWeight } : {}),
        ...(end ? { "text-anchor": "end" } : {}),
        // What XML has no place for is left out.
      }).textContent = words.replace(/[^\P{C}\p{Cf}\p{Co}]/gu, "").trim();
  }

  /** An inline SVG as it stands, with what the style sheet says of it. */
  function inline(to: Element, svg: SVGSVGElement): void {
    const copy = svg.cloneNode(true) as SVGSVGElement;
    const copies = [...copy.querySelectorAll("*")];
    svg.querySelectorAll("*").forEach((shape, i) => {
      const style = view.getComputedStyle(shape);
      if (style.display === "none" || style.visibility === "hidden") return copies[i]!.remove();
      for (const name of PAINTED) copies[i]!.setAttribute(name, style.getPropertyValue(name));
    });
    for (const element of [copy, ...copies])
      for (const { name } of [...element.attributes])
        if (/^(class|style|role|tabindex|aria-.*|data-.*)$/.test(name))
          element.removeAttribute(name);
    for (const [key, value] of Object.entries(placed(svg.getBoundingClientRect())))
      copy.setAttribute(key, String(value));
    to.append(copy);
  }

  function walk(to: Element, element: Element, limit = Infinity): void {
    const style = view.getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const hidden = style.display === "none" || style.visibility === "hidden";
    if (hidden || style.opacity === "0" || element.checkVisibility?.() === false) return;
    let inside = Number(style.opacity) < 1 ? add(to, "g", { opacity: style.opacity }) : to;
    if (element instanceof view.SVGSVGElement) return inline(inside, element);
    paint(box, style, origin, (name, attributes) => add(inside, name, attributes));
    if (element instanceof view.HTMLCanvasElement) {
      const href = element.width && element.height ? element.toDataURL() : "";
      if (href) add(inside, "image", { ...placed(box), preserveAspectRatio: "none", href });
      return;
    }
    if (style.overflowY !== "visible" && element.scrollHeight > element.clientHeight + 2) {
      const id = `clip-${(clips += 1)}`;
      add(add(inside, "clipPath", { id }), "rect", placed(box));
      inside = add(inside, "g", { "clip-path": `url(#${id})` });
    }
    if (style.textOverflow === "ellipsis" && element.scrollWidth > element.clientWidth + 1)
      limit = box.right - 0.7 * parseFloat(style.fontSize);
    for (const child of element.childNodes)
      if (child instanceof view.Element) walk(inside, child, limit);
      else if (child instanceof view.Text && child.data.trim()) text(inside, child, style, limit);
  }

  const svg = page.createElementNS(SVG, "svg");
  const [width, height] = [Math.ceil(origin.width), Math.ceil(origin.height)];
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", String(width));
  svg.setAttribute("height", String(height));
  add(svg, "title", {}).textContent = title;
  const paper = view.getComputedStyle(root).getPropertyValue("--nbx-bg") || "#fff";
  add(svg, "rect", { width: "100%", height: "100%", fill: paper });
  walk(svg, root);
  return new XMLSerializer().serializeToString(svg);
}
