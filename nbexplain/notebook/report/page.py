"""Explanations as one web page that needs neither kernel nor network.

The live view's module, the data and the script-free form are in the file. Where scripts do not run
the script-free form stays; where they do, the live view takes its place. A content security policy
lets the browser refuse everything else: no address is reached, and of scripts only this page's own
(by its hash) and the module it unpacks run, whatever names and titles hold.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nbexplain.notebook.names import isolated, printable
from nbexplain.notebook.report.fragment import static_html

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

#: Bytes of importances that a page holds; beyond, the outputs nearest to the one shown first.
BUDGET = 16_000_000

_SCRIPT = """
const text = (id) => document.getElementById(id).textContent;
const bytes = Uint8Array.from(atob(text("nbexplain").trim()), (c) => c.charCodeAt(0));
const url = URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }));
const { mountStandalone } = await import(url);
URL.revokeObjectURL(url);
for (const section of document.querySelectorAll("section")) {
  const live = document.createElement("div");
  const still = section.querySelector(".nbx-static");
  section.insertBefore(live, still);
  try {
    mountStandalone(live, JSON.parse(section.querySelector("script").textContent));
    still.remove();
  } catch (error) {
    live.remove(); // the script-free form is as true
    console.error(error);
  }
}
"""

_STYLE = """
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1d2126; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e9ed; } }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif;
}
main { max-width: 900px; margin: 0 auto; padding: 24px 20px 32px; }
section + section { margin-top: 40px; }
h1 { font-size: 11px; font-weight: 400; margin: 0 0 12px; opacity: .72; }
h2 { font-size: 18px; line-height: 1.3; margin: 0 0 8px; overflow-wrap: anywhere; }
footer { margin-top: 28px; font-size: 11px; opacity: .72; overflow-wrap: anywhere; }
@media print { main { max-width: none; padding: 0; } section { break-inside: avoid-page; } }
"""


def save_html(path: str | Path, explanations: Mapping[str, Explanation]) -> None:
    """Write one page that shows the explanations, each under its title, in the order given.

    The file is complete in itself: it opens from a disk with the network off, holds its data, and
    without scripts still shows the bars and numbers.

    Args:
        path: The file to write; an existing one is replaced.
        explanations: Title → explanation.

    Raises:
        ValueError: if there is nothing to show.
        OSError: if the file cannot be written.
    """
    if not explanations:
        raise ValueError("explanations is empty: pass {title: explanation} with at least one.")
    Path(path).write_text(page(explanations), encoding="utf-8")


def page(explanations: Mapping[str, Explanation]) -> str:
    """The text of the page that `save_html` writes."""
    from nbexplain.notebook import wire

    titles = ", ".join(printable(title) for title in explanations)
    sections = "".join(
        f"<section><h2>{escape(isolated(printable(title)))}</h2>"
        f"{static_html(explanation, str(place))}"
        '<script type="application/json">'
        f"{wire.to_json(wire.state(explanation, budget=BUDGET))}</script></section>\n"
        for place, (title, explanation) in enumerate(explanations.items())
    )
    module = base64.b64encode(wire.bundle("session").encode()).decode()
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(_SCRIPT)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="nbexplain">\n'
        f"<title>{escape(titles)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        "<h1>Which inputs the network uses</h1>\n"
        f"{sections}{_footer(explanations)}</main>\n"
        f'<script type="text/plain" id="nbexplain">{module}</script>\n'
        f'<script type="module">{_SCRIPT}</script>\n</body>\n</html>\n'
    )


def _policy(script: str) -> str:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}' blob:; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _footer(explanations: Mapping[str, Explanation]) -> str:
    """How the numbers came about, one line for each explanation."""
    lines: list[str] = []
    for title, explanation in explanations.items():
        facts = {
            "method": explanation.method,
            "response": explanation.response,
            "scale": explanation.scale,
            **explanation.provenance,
        }
        told = " · ".join(f"{name.replace('_', ' ')} {_told(fact)}" for name, fact in facts.items())
        lines.append(f"{title}: {told}" if len(explanations) > 1 else told)
    return f"<footer>{'<br>'.join(escape(printable(line)) for line in lines)}</footer>\n"


def _told(fact: object) -> str:
    if isinstance(fact, Mapping):
        return ", ".join(f"{name} {_told(part)}" for name, part in fact.items())
    return f"{fact:.3g}" if isinstance(fact, float) else str(fact)
