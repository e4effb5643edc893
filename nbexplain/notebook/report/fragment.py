"""The explanation as an HTML fragment without a script: what a page shows with nothing running.

The ranked bars are a real table with one small drawing a row, so that a host which strips
drawings, styles or both still shows ranks, names and numbers in their places.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from nbexplain.notebook.names import isolated, printable, shortened
from nbexplain.notebook.numbers import MISSING, decimals, fixed
from nbexplain.notebook.ranking import Direction, Ranked, Ranking, rank, shown
from nbexplain.notebook.report import wording
from nbexplain.notebook.report.sentence import CSS, Sentence
from nbexplain.notebook.report.style import UNSTYLED, sheet

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

#: Bars drawn before the rest becomes one row.
MOST_BARS = 40
#: Rows of the folded table; all of them are in `Explanation.importance()`.
MOST_ROWS = 200
#: Terminal cells a name may take before it is cut in the middle; the full name is its title.
NAME_CELLS = 60
_TAIL = 8
#: Hosts typeset what stands between dollars, names too, unless told not to (MathJax 3, 2).
_NO_MATH = "mathjax_ignore tex2jax_ignore"


def static_html(explanation: Explanation, key: str) -> str:
    """The question, ranked bars with intervals, notes and a folded table of the numbers.

    Args:
        explanation: What is shown.
        key: Ends the fragment's id, `nbx-static-<key>`, by which a live view finds and removes
            it: letters, digits, "-" and "_".

    Returns:
        One `<div>`, complete in itself: no script, no address, everything user-given escaped.

    Raises:
        ValueError: if `key` holds other characters.
    """
    if not re.fullmatch(r"[\w-]+", key, re.ASCII):
        raise ValueError(f"key must consist of letters, digits, - and _, not {key!r}.")
    ranking = rank(explanation)
    listed, rest = shown(ranking, MOST_BARS)
    return "".join(
        [
            f'<div id="nbx-static-{key}" class="nbx-static {_NO_MATH}">',
            f"<style>{sheet(f'#nbx-static-{key}')}{_css(explanation)}</style>",
            f"<p {_class('question')}>{_text(wording.heading(explanation))}</p>",
            _legend(explanation, ranking),
            _bars(explanation, ranking, listed, rest),
            _sentence(explanation),
            _notes(explanation),
            _table(explanation, ranking),
            "</div>",
        ]
    )


def _legend(explanation: Explanation, ranking: Ranking) -> str:
    keys = [
        f"<span {_class(_hue(direction))}>"
        f'<svg width="10" height="10" aria-hidden="true"><rect {_class("fill")} width="10" '
        f'height="10" fill="{UNSTYLED[_hue(direction)]}"/></svg> '
        f"{_text(f'{wording.ARROWS[direction]} {meaning}'.strip())}</span>"
        for direction, meaning in wording.meanings(ranking).items()
    ]
    whisker = (
        '<span><svg width="14" height="10" aria-hidden="true" stroke="currentColor">'
        '<path d="M1 5H11M1.5 2V8M10.5 2V8"/></svg> '
        f"<span {_class('muted')}>{wording.interval(explanation)}</span></span>"
    )
    return f"<p {_class('legend')}>{' '.join([*keys, whisker])}</p>"


def _bars(
    explanation: Explanation, ranking: Ranking, listed: tuple[Ranked, ...], rest: tuple[Ranked, ...]
) -> str:
    places = decimals(row.share for row in ranking.rows)
    ends = [end for row in listed for end in (row.share, row.high) if end == end]
    full = max(ends, default=0.0) or 1.0
    body: list[str] = []
    for row in listed:
        body.append(_bar_row(row, full, places))
        if row.rank == ranking.carriers:
            body.append(_cut(wording.cut_sentence(row.rank, ranking.noun)))
    if rest:
        total = fixed(sum(row.share for row in rest), places)
        cells = _cell("rank"), _cell("name", wording.others(len(rest))), _cell("bar")
        numbers = _cell("value", f"{total} {_arrow('none')}"), _cell("low-high")
        body.append(f"<tr {_class('muted')}>{''.join([*cells, *numbers])}</tr>")
        if ranking.carriers is not None and ranking.carriers > len(listed):
            body.append(_cut(wording.cut_sentence(ranking.carriers, ranking.noun)))
    head = [
        _head("rank", f"<span {_class('said')}>rank</span>"),
        _head("name", ranking.noun),
        _head("bar", "share of the total"),
        _head("value", f"percent {_arrow('none')}"),
        _head("low-high", f"{100 * explanation.confidence:g} % interval"),
    ]
    return (
        f"<table {_class('bars')}><thead><tr>{''.join(head)}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _bar_row(row: Ranked, full: float, places: int) -> str:
    hue = _hue(row.direction)
    interval = f"{fixed(row.low, places)} {MISSING} {fixed(row.high, places)}"
    cells = [
        _cell("rank", str(row.rank)),
        f'<td {_class("name")} title="{escape(row.name)}">{_name(row.name)}</td>',
        _cell("bar", _drawing(row, full, UNSTYLED[hue])),
        _cell("value", f"{fixed(row.share, places)} {_arrow(row.direction)}"),
        _cell("low-high", interval if row.low == row.low else MISSING),
    ]
    return f"<tr {_class(hue)}>{''.join(cells)}</tr>"


def _arrow(direction: Direction) -> str:
    """The arrow in a place of its own, so that numbers without one stay in line."""
    arrow = wording.ARROWS[direction]
    said = f"<span {_class('said')}> {direction}</span>" if arrow else ""
    return f"<span {_class('arrow')}>{arrow}</span>{said}"


def _drawing(row: Ranked, full: float, colour: str) -> str:
    """The bar and its whisker, in percent of the cell's width: it needs no fixed size."""
    if row.share != row.share:
        return ""
    bar = (
        f'<rect {_class("fill")} fill="{colour}" y="1" height="11" '
        f'width="{100 * row.share / full:.2f}%"/>'
    )
    return f'<svg width="100%" height="13" aria-hidden="true">{bar}{_whisker(row, full)}</svg>'


def _whisker(row: Ranked, full: float) -> str:
    """The interval: dark where it lies on the bar's hue, in the text's colour beyond its end."""
    if not row.high > row.low:
        return ""
    low, end, high = (f"{100 * x / full:.2f}%" for x in (row.low, row.share, row.high))
    return (
        f'<g stroke="#15181c">{_line(low, end, 6.5, 6.5)}{_line(low, low, 3.5, 9.5)}</g>'
        f'<g stroke="currentColor">{_line(end, high, 6.5, 6.5)}{_line(high, high, 3.5, 9.5)}</g>'
    )


def _line(left: str, right: str, top: float, bottom: float) -> str:
    return f'<line x1="{left}" x2="{right}" y1="{top}" y2="{bottom}"/>'


def _name(name: str) -> str:
    """The name; plain ASCII in two parts, so that a narrow page cuts it in the middle too."""
    text = shortened(name, NAME_CELLS)
    if len(text) <= 2 * _TAIL or not name.isascii():
        return f"<span>{_text(isolated(text))}</span>"
    head = f"<span {_class('head')}>{_text(text[:-_TAIL])}</span>"
    return f"<span>{head}<span {_class('tail')}>{_text(text[-_TAIL:])}</span></span>"


def _cut(sentence: str) -> str:
    return f'<tr {_class("cut")}><td colspan="5"><span>{sentence}</span></td></tr>'


def _css(explanation: Explanation) -> str:
    return CSS if explanation.features.tokens else ""


def _sentence(explanation: Explanation) -> str:
    """Of texts, the first kept row."""
    if not explanation.features.tokens or not len(explanation.rows):
        return ""
    label = explanation.labels[0]
    shown = f"Row {printable(label)}, tokens shaded by their squared share of this row"
    sentence = Sentence.of(explanation, label, explanation.default_output)
    return f"<p {_class('muted')}>{_text(shown)}</p>{sentence.fragment()}"


def _notes(explanation: Explanation) -> str:
    items = "".join(f"<li>{_text(note)}</li>" for note in wording.notes(explanation))
    return f"<ul {_class('notes')}>{items}</ul>" if items else ""


def _table(explanation: Explanation, ranking: Ranking) -> str:
    columns = ["importance %", "low", "high", "cumulative %", "RMS"]
    columns += ["mean"] if ranking.directed else []
    listed, rest = shown(ranking, MOST_ROWS)
    shares = decimals(row.share for row in ranking.rows)
    sizes = decimals(row.rms for row in ranking.rows)
    head = "".join(f'<th scope="col">{column}</th>' for column in columns)
    body = "".join(_table_row(row, shares, sizes, ranking.directed) for row in listed)
    if rest:
        more = _cell("name", wording.others(len(rest)))
        body += f'<tr><td></td>{more}<td colspan="{len(columns)}"></td></tr>'
    caption = f"{_text(printable(explanation.title))}: {wording.interval(explanation)}"
    return (
        "<details><summary>All numbers</summary><table>"
        f"<caption {_class('said')}>{caption}</caption>"
        f"<thead><tr>{_head('rank', 'rank')}{_head('name', ranking.noun)}{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></details>"
    )


def _table_row(row: Ranked, shares: int, sizes: int, directed: bool) -> str:
    numbers = [fixed(n, shares) for n in (row.share, row.low, row.high, row.cumulative)]
    numbers += [fixed(n, sizes) for n in ((row.rms, row.mean) if directed else (row.rms,))]
    cells = "".join(f"<td>{text}</td>" for text in numbers)
    name = _cell("name", _text(isolated(row.name)))
    return f"<tr>{_cell('rank', str(row.rank))}{name}{cells}</tr>"


def _cell(kind: str, content: str = "") -> str:
    return f"<td {_class(kind)}>{content}</td>"


def _head(kind: str, content: str) -> str:
    return f'<th {_class(kind)} scope="col">{content}</th>'


def _class(part: str) -> str:
    # Not nbx-…: those are the live view's, whose style sheet holds for the whole page.
    return f'class="nbx-static__{part}"'


def _hue(direction: Direction) -> str:
    return direction if direction in {"rises", "falls"} else "plain"


def _text(text: str) -> str:
    return escape(text)
