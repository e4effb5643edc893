/** Ranked bars, in the colour that the page gives its icons. */
import type { LabIcon } from "@jupyterlab/ui-components";
import type { Modules } from "./container.js";

const BARS = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path class="jp-icon3 jp-icon-selectable" fill="#616161" d="M1 1h1v14H1zM3 2h12v3H3zM3 6.5h8v3H3zM3 11h4v3H3z"/></svg>`;

let icon: LabIcon | undefined;

export const barsIcon = ({ ui }: Modules): LabIcon =>
  (icon ??= new ui.LabIcon({ name: "nbexplain:bars", svgstr: BARS }));
