/** One constructable style sheet per root node: it reaches shadow roots and needs no inline style. */
import base from "./styles/base.css";
import head from "./styles/head.css";
import choose from "./styles/choose.css";
import importance from "./styles/importance.css";
import pointing from "./styles/pointing.css";
import download from "./styles/download.css";
import instances from "./styles/instances.css";
import rows from "./styles/rows.css";
import local from "./styles/local.css";
import whatif from "./styles/whatif.css";
import text from "./styles/text.css";
import lags from "./styles/lags.css";
import history from "./styles/history.css";
import explorer from "./styles/explorer.css";
import methods from "./styles/methods.css";
import versions from "./styles/versions.css";
import notice from "./styles/notice.css";
import adapt from "./styles/adapt.css";

const css =
  base +
  head +
  choose +
  download +
  importance +
  pointing +
  instances +
  rows +
  local +
  whatif +
  text +
  lags +
  history +
  versions +
  methods +
  explorer +
  notice +
  adapt;

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
