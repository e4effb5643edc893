/** One constructable style sheet per root node: it reaches shadow roots and needs no inline style. */
import css from "./style.css";

/** Adopts `text` (our style sheet by default) in the root node that `element` stands in. */
export function adopt(element: Element, signal: AbortSignal, text: string = css): void {
  const page = element.ownerDocument;
  const Sheet = page.defaultView?.CSSStyleSheet;
  const root = element.getRootNode() as Document | ShadowRoot;
  if (!Sheet || !root.adoptedStyleSheets) return;
  const sheet = new Sheet();
  sheet.replaceSync(text);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
  signal.addEventListener(
    "abort",
    () => (root.adoptedStyleSheets = root.adoptedStyleSheets.filter((other) => other !== sheet)),
    { once: true },
  );
}
