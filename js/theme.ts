/** Light or dark, decided by the colour that is painted behind the view, whatever the host. */

const DARK = 0.18; // relative luminance at which white and black text contrast alike

type Colour = [red: number, green: number, blue: number, alpha: number];

/** Keeps `data-theme` and `--nbx-bg` of `root` true until `signal` aborts. */
export function followTheme(root: HTMLElement, signal: AbortSignal): () => void {
  const page = root.ownerDocument;
  const view = page.defaultView;
  const read = () => {
    const behind = paintedBehind(root);
    root.dataset["theme"] = luminance(behind) < DARK ? "dark" : "light";
    root.style.setProperty("--nbx-bg", `rgb(${behind.slice(0, 3).map(Math.round).join(" ")})`);
  };
  let frame = 0;
  const later = () => {
    if (!view) return;
    view.cancelAnimationFrame(frame);
    frame = view.requestAnimationFrame(read);
  };
  const observer = new MutationObserver(later);
  for (const element of [page.documentElement, page.body])
    if (element) observer.observe(element, { attributes: true });
  // A theme's style sheet arrives after the attribute that names it.
  const head = page.head;
  if (head) observer.observe(head, { childList: true });
  head?.addEventListener("load", later, { capture: true, signal });
  const scheme = view?.matchMedia?.("(prefers-color-scheme: dark)");
  scheme?.addEventListener("change", later, { signal });
  signal.addEventListener(
    "abort",
    () => {
      observer.disconnect();
      view?.cancelAnimationFrame(frame);
    },
    { once: true },
  );
  read();
  return later;
}

/** The opaque colour that backgrounds from `root`'s parent upwards add up to. */
export function paintedBehind(root: Element): Colour {
  const view = root.ownerDocument.defaultView!;
  const layers: Colour[] = [];
  for (let element = above(root); element; element = above(element)) {
    const colour = parse(view.getComputedStyle(element).backgroundColor);
    if (colour && colour[3] > 0) layers.push(colour);
    if (colour?.[3] === 1) break;
  }
  const last = layers.at(-1);
  const base = last?.[3] === 1 ? last : canvas(root, view);
  return layers.reduceRight<Colour>((below, [r, g, b, a]) => {
    const over = (top: number, bottom: number) => top * a + bottom * (1 - a);
    return [over(r, below[0]), over(g, below[1]), over(b, below[2]), 1];
  }, base);
}

/** The parent, through shadow roots and slots. */
function above(element: Element): Element | null {
  if (element.assignedSlot) return element.assignedSlot;
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

/** Nothing is painted: what the host names, else what the browser paints under a page. */
function canvas(root: Element, view: Window): Colour {
  const style = view.getComputedStyle(root);
  for (const name of ["--vscode-editor-background", "--jp-layout-color1"]) {
    const colour = parse(style.getPropertyValue(name).trim());
    if (colour?.[3] === 1) return colour;
  }
  const scheme = view.getComputedStyle(root.ownerDocument.documentElement).colorScheme ?? "";
  const prefersDark = view.matchMedia?.("(prefers-color-scheme: dark)").matches ?? false;
  const dark = scheme.includes("dark") && (prefersDark || !scheme.includes("light"));
  return dark ? [18, 18, 18, 1] : [255, 255, 255, 1];
}

/** Any colour that CSS knows, read back from a canvas. */
function parse(colour: string): Colour | null {
  if (!colour || colour === "transparent" || colour === "rgba(0, 0, 0, 0)") return null;
  const context = document.createElement("canvas").getContext("2d");
  if (!context) return null;
  context.fillStyle = colour;
  context.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
  return [r!, g!, b!, a! / 255];
}

/** WCAG's relative luminance, 0 to 1. */
export function luminance([red, green, blue]: readonly number[]): number {
  const linear = (channel: number) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red!) + 0.7152 * linear(green!) + 0.0722 * linear(blue!);
}
