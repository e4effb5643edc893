/** Round values along the sides of a picture. */
import { pixels, ticks, type Scale } from "../../scales.js";
import type { Picture } from "./picture.js";

/** The horizontal axis, with faint lines up through the picture. */
export function Across({ picture: { box, horizontal } }: { picture: Picture }) {
  const marks = ticks(horizontal.low, horizontal.high, (box.right - box.left) / 70);
  return (
    <g>
      {marks.map(({ value, text }) => {
        const x = pixels(horizontal, value);
        return (
          <>
            <path class="nbx-grid" d={`M${x} ${box.top}V${box.bottom}`} />
            <text x={x} y={box.bottom + 15} text-anchor="middle">
              {text}
            </text>
          </>
        );
      })}
      <path class="nbx-edge" d={`M${box.left} ${box.bottom + 0.5}H${box.right}`} />
    </g>
  );
}

export function Up({ picture: { box }, scale }: { picture: Picture; scale: Scale }) {
  const marks = ticks(scale.low, scale.high, (box.bottom - box.top) / 38);
  return (
    <g>
      {marks.map(({ value, text }) => {
        const y = pixels(scale, value);
        return (
          <>
            <path class="nbx-grid" d={`M${box.left} ${y}H${box.right}`} />
            <text x={box.left - 6} y={y + 3.5} text-anchor="end">
              {text}
            </text>
          </>
        );
      })}
      <path class="nbx-edge" d={`M${box.left - 0.5} ${box.top}V${box.bottom}`} />
    </g>
  );
}
