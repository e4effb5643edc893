/** Elements of the extension's own, whose text is text and never markup. */
import css from "./dock.css";

/** A bar of text and buttons, not there while it is empty. */
export function beside(tag: "div" | "p", ...children: (string | Node)[]): HTMLElement {
  const made = document.createElement(tag);
  made.className = "nbx-beside";
  made.append(...children);
  return made;
}

export function button(textContent: string, title: string, onclick: () => void): HTMLElement {
  const made = document.createElement("button");
  made.ariaLabel = title;
  return Object.assign(made, { textContent, title, onclick });
}

/** Once a page. */
export function addStyle(): void {
  const style = document.createElement("style");
  style.textContent = css;
  document.head.append(style);
}
