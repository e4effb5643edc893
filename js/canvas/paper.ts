/** What canvases are drawn on: the theme, the colour behind, and how many dots make a pixel. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { Theme } from "./colours.js";

export interface Paper {
  theme: Theme;
  /** As CSS. */
  background: string;
  /** Dots of the screen for a CSS pixel. */
  ratio: number;
}

/** The paper below `root`, followed while the view is there. */
export function usePaper(root: HTMLElement): ReadonlySignal<Paper> {
  const paper = useSignal(read(root));
  useLayoutEffect(() => {
    const view = root.ownerDocument.defaultView!;
    const left = new AbortController();
    const look = () => {
      const [now, was] = [read(root), paper.peek()];
      const same =
        now.theme === was.theme && now.background === was.background && now.ratio === was.ratio;
      if (!same) paper.value = now;
    };
    const observer = new MutationObserver(look);
    observer.observe(root, { attributes: true, attributeFilter: ["data-theme", "style"] });
    // A query tells only that this ratio is left, so that each asks for the next.
    const follow = () => {
      look();
      if (left.signal.aborted) return;
      const query = view.matchMedia?.(`(resolution: ${view.devicePixelRatio || 1}dppx)`);
      query?.addEventListener?.("change", follow, { once: true, signal: left.signal });
    };
    follow();
    return () => (observer.disconnect(), left.abort());
  }, [root]);
  return paper;
}

function read(root: HTMLElement): Paper {
  const theme = root.dataset["theme"] === "dark" ? "dark" : "light";
  return {
    theme,
    background:
      root.style.getPropertyValue("--nbx-bg") || (theme === "dark" ? "#121212" : "#ffffff"),
    ratio: root.ownerDocument.defaultView?.devicePixelRatio || 1,
  };
}
