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
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, runtime_checkable

from nbexplain.notebook import wire
from nbexplain.notebook.instances import SAVED
from nbexplain.notebook.names import isolated, printable
from nbexplain.notebook.picked import contrasts
from nbexplain.notebook.report.fragment import static_html
from nbexplain.notebook.rows import Rows

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
    const state = JSON.parse(section.querySelector("script").textContent);
    mountStandalone(live, state, { kind: section.dataset.kind });
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
@media (max-width: 290px) { main { padding-inline: 0; } h1, h2, footer { padding-inline: 4px; } }
@media print { main { max-width: none; padding: 0; } section { break-inside: avoid-page; } }
"""


@dataclass(frozen=True, eq=False)
class Part:
    """What a page shows under one title.

    Attributes:
        explanation: what is shown.
        kind: in which view: "explorer", "importance", "instances", "local", "lags" or
            "history".
        selection: what is chosen, as `PROTOCOL.md` has it; None for nothing.
        link: parts with the same key share what is picked.
        history: the moments of a training, as `PROTOCOL.md` has them; None where none was seen.
        beside: what another method says, as `PROTOCOL.md` has it; None without one.
        second: the moments of a second training, likewise; None without one.
    """

    explanation: Explanation
    kind: str = "explorer"
    selection: dict[str, Any] | None = None
    link: str | None = None
    history: dict[str, Any] | None = None
    beside: list[dict[str, Any]] | None = None
    second: dict[str, Any] | None = None

    @classmethod
    def of(cls, shown: Explanation | Viewed | Part) -> Part:
        """An explanation in the Explorer, or a view as it is."""
        if isinstance(shown, Part):
            return shown
        return shown.part() if isinstance(shown, Viewed) else cls(shown)


@runtime_checkable
class Viewed(Protocol):
    """A view."""

    def part(self) -> Part:
        """The view as a part of a page."""
        ...


Shown: TypeAlias = "Explanation | Viewed | Part"


def save_html(path: str | Path, shown: Mapping[str, Shown]) -> None:
    """Write one page that shows explanations or views, each under its title, in the order given.

    The file is complete in itself: it opens from a disk with the network off, holds its data, and
    without scripts still shows the bars and numbers.

    Args:
        path: The file to write; an existing one is replaced.
        shown: Title → explanation, shown in the Explorer, or view, shown as it is: what is chosen
            stays so, and views that share a selection go on sharing it.

    Raises:
        ValueError: if there is nothing to show.
        OSError: if the file cannot be written.

    >>> import tempfile, torch, nbexplain as nbx
    >>> from nbexplain.notebook.report import save_html
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_html(folder + "/page.html", {"A line": ex})
    """
    if not shown:
        raise ValueError("There is nothing to show: pass {title: explanation} with at least one.")
    Path(path).write_text(page(shown), encoding="utf-8")


def page(shown: Mapping[str, Shown]) -> str:
    """The text of the page that `save_html` writes."""
    parts = {title: Part.of(one) for title, one in shown.items()}
    explanations = {title: part.explanation for title, part in parts.items()}
    titles = ", ".join(printable(title) for title in parts)
    sections = "".join(
        f'<section data-kind="{part.kind}"><h2>{escape(isolated(printable(title)))}</h2>'
        f"{static_html(part.explanation, str(place))}"
        f'<script type="application/json">{wire.to_json(_state(part))}</script></section>\n'
        for place, (title, part) in enumerate(parts.items())
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


def _state(part: Part) -> wire.State:
    chosen = part.selection or {}
    picked = [row for name in ("instance", "other") if (row := chosen.get(name)) is not None]
    state = wire.state(
        Rows(part.explanation).holding(picked),
        budget=BUDGET,
        limits=SAVED,
        selection=part.selection,
        link=part.link,
    )
    held = contrasts(part.explanation, part.selection) or None
    more: wire.State = {"history": part.history, "beside": part.beside, "second": part.second}
    more["contrasts"] = held
    return {**state, **{name: one for name, one in more.items() if one is not None}}


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
