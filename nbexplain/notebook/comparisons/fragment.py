"""A comparison as an HTML fragment without a script."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from nbexplain.notebook.comparisons.text import rank_said, signed
from nbexplain.notebook.names import isolated, printable, shortened
from nbexplain.notebook.numbers import MISSING, counted, decimals, fixed
from nbexplain.notebook.report.fragment import MOST_BARS, NAME_CELLS
from nbexplain.notebook.report.style import UNSTYLED, sheet

if TYPE_CHECKING:
    from nbexplain.comparison import Comparison


def static_html(found: Comparison, key: str) -> str:
    """The sentence, bars of the last explanation with those of the first behind, and the notes.

    One `<div id="nbx-static-{key}">`, complete in itself: no script, no address, everything
    user-given escaped.
    """
    two = len(found.names) == 2
    shares = [found.shares(place) for place in range(len(found.names))]
    values = [x for of in shares for x in of["importance"].tolist()]
    places, full = decimals(values), max((x for x in values if x == x), default=0.0) or 1.0
    head = ["rank", "feature", "", *map(_named, found.names)]
    head += ["change", "interval", "claim"] if two else ["spread"]
    rows = [
        _row(found, at, shares, places, full, two=two)
        for at in range(min(MOST_BARS, len(found.features)))
    ]
    rest = len(found.features) - len(rows)
    more = f"<p>and {counted(rest, 'feature')} more</p>" if rest > 0 else ""
    notes = "".join(f"<li>{_text(note)}</li>" for note in found.notes)
    behind = f"Bars: {_named(found.names[-1])}; outlined: {_named(found.names[0])}; percent."
    return (
        f'<div id="nbx-static-{key}" class="nbx-static mathjax_ignore tex2jax_ignore">'
        f"<style>{sheet(f'#nbx-static-{key}')}</style>"
        f'<p class="nbx-static__question">{_text(found.sentence)}</p>'
        f'<p class="nbx-static__muted">{behind}</p>'
        "<table><thead><tr>"
        + "".join(f'<th scope="col" class="{_kind(k)}">{h}</th>' for k, h in enumerate(head))
        + f"</tr></thead><tbody>{''.join(rows)}</tbody></table>{more}"
        + f'<ul class="nbx-static__notes">{notes}</ul></div>'
    )


def _row(
    found: Comparison,
    at: int,
    shares: list[dict[str, Any]],
    places: int,
    full: float,
    *,
    two: bool,
) -> str:
    told = found.changes()
    first, last = (float(shares[k]["importance"][at]) for k in (0, -1))
    name = printable(found.features[at])
    cells = [
        rank_said(shares[0]["rank"][at], shares[-1]["rank"][at]),
        f'<span title="{escape(name)}">{_text(isolated(shortened(name, NAME_CELLS)))}</span>',
        _drawing(first, last, full),
        *[fixed(float(of["importance"][at]), places) for of in shares],
    ]
    if two:
        low, high = (float(told[f"change_{end}"][at]) for end in ("low", "high"))
        interval = f"{fixed(low, places)} {MISSING} {fixed(high, places)}"
        cells.append(signed(float(told["change"][at]), places))
        cells += [interval if low == low else MISSING, str(told["claim"][at])]
    else:
        cells.append(fixed(float(found.spread[at]), places))
    return (
        "<tr>" + "".join(f'<td class="{_kind(k)}">{cell}</td>' for k, cell in enumerate(cells))
    ) + "</tr>"


def _drawing(first: float, last: float, full: float) -> str:
    """The bar, and an outline where it was."""
    bar = ghost = ""
    if last == last:
        bar = (
            f'<rect class="nbx-static__fill" fill="{UNSTYLED["plain"]}" y="2" height="9" '
            f'width="{100 * last / full:.2f}%"/>'
        )
    if first == first:
        ghost = (
            '<rect fill="none" stroke="currentColor" stroke-dasharray="3 2" y="0.5" height="12" '
            f'width="{100 * first / full:.2f}%"/>'
        )
    return f'<svg width="100%" height="13" aria-hidden="true">{bar}{ghost}</svg>'


def _kind(column: int) -> str:
    return f"nbx-static__{('rank', 'name', 'bar')[column] if column < 3 else 'number'}"


def _named(name: str) -> str:
    return _text(isolated(shortened(printable(name), 24)))


def _text(text: str) -> str:
    return escape(printable(text) if text else text)
