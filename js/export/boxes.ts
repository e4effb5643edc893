/** What a style sheet paints of one element's box. */

export type Attributes = Record<string, string | number>;
export type Add = (name: string, attributes: Attributes) => Element;

interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

const COLOUR = /[a-z]+\([^()]*\)/g;

export const visible = (colour: string): boolean =>
  colour !== "" && colour !== "transparent" && !/[,/] ?0\)$/.test(colour);

const grown = ({ left, top, width, height }: Box, by: number): Box => ({
  ...{ left: left - by, top: top - by },
  ...{ width: width + 2 * by, height: height + 2 * by },
});

/** Shadows without blur, fill, gradient, borders; `add` draws from the drawing's origin. */
export function paint(from: DOMRect, style: CSSStyleDeclaration, origin: DOMRect, add: Add): void {
  const place = ({ left, top, width, height }: Box): Attributes => ({
    ...{ x: left - origin.left, y: top - origin.top },
    ...{ width, height },
  });
  const box: Box = { left: from.left, top: from.top, width: from.width, height: from.height };
  const rect = (at: Box, attributes: Attributes) => add("rect", { ...place(at), ...attributes });
  const radius = Math.min(parseFloat(style.borderTopRightRadius) || 0, box.height / 2);
  const round: Attributes = radius ? { rx: radius } : {};

  const shadow = /^(.*\)) (-?[\d.]+)px [-\d.]+px 0px ([\d.]+)px( inset)?/.exec(style.boxShadow);
  if (shadow && !shadow[4]) rect(grown(box, Number(shadow[3])), { fill: shadow[1]! });
  if (visible(style.backgroundColor)) rect(box, { ...round, fill: style.backgroundColor });
  if (shadow?.[4]) rect({ ...box, width: Number(shadow[2]) }, { fill: shadow[1]! });

  const image = style.backgroundImage;
  const colours = image.slice("linear-gradient(".length).match(COLOUR) ?? [];
  const line = /^100% ([\d.]+)px$/.exec(style.backgroundSize);
  if (line && image.startsWith("linear-gradient(rgb")) {
    // A line in the middle, as the whisker has.
    const height = Number(line[1]);
    const top = box.top + (box.height - height) / 2;
    rect({ ...box, top, height }, { fill: colours[0]! });
  } else if (/^linear-gradient\((90deg|to right)/.test(image)) {
    const id = `ramp-${Math.random().toString(36).slice(2)}`;
    const ramp = add("linearGradient", { id });
    const most = Math.max(colours.length - 1, 1);
    colours.forEach((colour, i) => {
      const stop = add("stop", { offset: i / most, "stop-color": colour });
      ramp.append(stop);
    });
    rect(box, { ...round, fill: `url(#${id})` });
  }

  const { left, top, width, height } = box;
  const sides = (["Top", "Right", "Bottom", "Left"] as const)
    .map((side) => ({ side, size: parseFloat(style[`border${side}Width`]) }))
    .filter(({ side, size }) => size > 0 && visible(style[`border${side}Color`]));
  const size = sides[0]?.size ?? 0;
  if (sides.length === 4) {
    const dashes: Attributes =
      style.borderTopStyle === "dashed" ? { "stroke-dasharray": 1.5 * size } : {};
    const stroke = { fill: "none", stroke: style.borderTopColor, "stroke-width": size };
    rect(grown(box, -size / 2), { ...round, ...stroke, ...dashes });
  } else
    for (const { side } of sides) {
      const flat = side === "Top" || side === "Bottom";
      const x = left - origin.left + (side === "Right" ? width - size / 2 : flat ? 0 : size / 2);
      const y = top - origin.top + (side === "Bottom" ? height - size / 2 : flat ? size / 2 : 0);
      const dashed = style[`border${side}Style`] === "dashed";
      add("path", {
        d: `M${x} ${y}${flat ? `h${width}` : `v${height}`}`,
        stroke: style[`border${side}Color`],
        "stroke-width": size,
        ...(dashed ? { "stroke-dasharray": 3 * size } : {}),
      });
    }
}
