/** A name on one line, cut in its middle where it must be. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { parts, printable } from "../format.js";

/** What is written from left to right, whatever stands around it. */
const PLAIN = /^[ -~]*$/;

export function Name({ name }: { name: string }) {
  const holder = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => writeName(holder.current!, name), [name]);
  return <span class="nbx-name" ref={holder} />;
}

/** Into an element with the class `nbx-name`: as few boxes as the name needs. */
export function writeName(holder: HTMLElement, name: string): void {
  const [head, tail] = parts(printable(name));
  if (!tail && PLAIN.test(head)) return write(holder, head);
  const made = (text: string) => {
    const span = holder.ownerDocument.createElement("span");
    span.textContent = text;
    return span;
  };
  const whole = made("");
  whole.dir = "auto";
  whole.append(...[head, tail].filter(Boolean).map(made));
  holder.replaceChildren(whole);
}

/** The text of an element, in the node that is there. */
export function write(element: Element, text: string): void {
  const { firstChild } = element;
  if (firstChild instanceof Text && firstChild === element.lastChild) firstChild.data = text;
  else element.textContent = text;
}
