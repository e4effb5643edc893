"""The style sheet of the script-free form, scoped to one fragment by its id.

An id outweighs every host's rules for tables (JupyterLab stripes and centres them). Text takes the
colour the host gives it; hues follow the host's theme where it declares one, else the reader's
preference. Hidden words stay readable where a host strips styles.
"""

from __future__ import annotations

import re

LIGHT = {"rises": "#b84808", "falls": "#2368b0", "plain": "#87909a"}
DARK = {"rises": "#f08b4c", "falls": "#5fa6ec", "plain": "#7d868f"}
#: Seen on white and on black alike: what is left where styles are stripped.
UNSTYLED = {"rises": "#d9651b", "falls": "#3b82d0", "plain": "#808890"}

_SHEET = """
@ {
  container-type: inline-size; position: relative; box-sizing: border-box; max-width: 860px;
  margin: 0;
  padding: 6px 2px 8px; overflow-x: auto; line-height: 1.4; text-align: left;
  font: 12px/1.4 var(--jp-ui-font-family, system-ui, -apple-system, "Segoe UI", sans-serif);
  color: var(--jp-content-font-color1, var(--vscode-editor-foreground, inherit));
  font-variant-numeric: tabular-nums; LIGHT
}
@media (prefers-color-scheme: dark) { @ { DARK } }
[data-jp-theme-light="true"] @, .vscode-light @, .vscode-high-contrast-light @,
html[theme="light"] @ { LIGHT }
[data-jp-theme-light="false"] @, .vscode-dark @, .vscode-high-contrast @,
html[theme="dark"] @ { DARK }
@ p { margin: 0; }
@ .__question { font-size: 13.5px; font-weight: 600; margin: 0 0 4px; text-wrap: pretty; }
@ .__legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 0 0 8px; }
@ .__legend svg { width: 10px; height: 10px; margin-right: 2px; }
@ .__muted, @ thead th { opacity: .72; }
@ table {
  table-layout: auto; width: 100%; min-width: 200px; margin: 0; border: 0;
  border-collapse: collapse; font-size: 12px; color: inherit;
}
@ thead { border: 0; }
@ tr, @ tbody tr:nth-child(n), @ tbody tr:hover { background: none; }
@ th, @ td {
  padding: 0 0 0 8px; height: 20px; border: 0; text-align: right; vertical-align: middle;
  white-space: nowrap; font-weight: 400; line-height: 20px; width: 1%; max-width: none;
}
@ thead th { font-size: 10.5px; vertical-align: bottom; }
@ .__rank { padding-left: 0; opacity: .72; }
@ .__name, @ thead .__name { text-align: left; }
@ .__name > span {
  display: flex; max-width: clamp(72px, 34cqw, 280px); overflow: hidden; white-space: pre;
}
@ .__head { overflow: hidden; text-overflow: ellipsis; }
@ .__tail { flex: none; }
@ .__bar { width: 97%; min-width: 40px; text-align: left; }
@ thead .__bar { text-align: left; }
@ svg { display: inline-block; width: 100%; height: 13px; max-width: none; overflow: visible;
  vertical-align: middle; color: inherit; }
@ .__rises { --nbx-hue: var(--nbx-rises); }
@ .__falls { --nbx-hue: var(--nbx-falls); }
@ svg g { shape-rendering: crispEdges; }
@ svg .__fill { fill: var(--nbx-hue, var(--nbx-plain)); }
@ .__value { min-width: 4.2em; }
@ .__arrow { display: inline-block; width: .8em; color: var(--nbx-hue); }
@ .__low-high { padding-left: 14px; }
@ td.__low-high { opacity: .72; }
@ .__cut td { height: 22px; padding: 0; text-align: right; }
@ .__cut td > span { display: flex; align-items: center; gap: 8px; opacity: .8; }
@ .__cut td > span::before { content: ""; flex: 1; border-top: 1px dashed currentColor; }
@ .__notes { margin: 8px 0 0; padding: 0; list-style: none; }
@ .__notes li {
  margin: 2px 0 0; padding: 0 0 0 10px; border-left: 2px solid var(--nbx-plain);
}
@ details { margin: 8px 0 0; }
@ summary { cursor: pointer; opacity: .72; width: fit-content; }
@ details table { width: auto; margin: 6px 0 0; }
@ details th, @ details td { padding-left: 14px; width: auto; }
@ details tbody tr { border-top: 1px solid color-mix(in srgb, currentColor 12%, transparent); }
@ details .__rank { padding-left: 0; }
@ .__said {
  position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
}
@container (max-width: 380px) { @ thead .__bar { font-size: 0; } }
@container (max-width: 620px) { @ .__bars .__low-high { display: none; } }
@media (forced-colors: active) { @ svg .__fill { fill: CanvasText; } }
.jp-OutputArea-child:has(@)
+ .jp-OutputArea-child:not(:has([data-nbx-view], [data-mime-type])) { display: none; }
"""


def sheet(selector: str) -> str:
    """The rules for the fragment that `selector` (an id) finds."""
    text = _SHEET.replace("LIGHT", _variables(LIGHT)).replace("DARK", _variables(DARK))
    # "@" stands for the fragment (at-rules go on with a letter), "__" for its own classes.
    text = re.sub(r"@(?![a-z])", selector, text)
    return re.sub(r"\s+", " ", text.replace(".__", ".nbx-static__")).strip()


def _variables(colours: dict[str, str]) -> str:
    return " ".join(f"--nbx-{name}: {colour};" for name, colour in colours.items())
