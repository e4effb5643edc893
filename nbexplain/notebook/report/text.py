"""The explanation as an aligned text table: terminals, logs, language tools, diffs."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from nbexplain.notebook.names import ELLIPSIS, isolated, padded, shortened, width
from nbexplain.notebook.numbers import MISSING, decimals, fixed
from nbexplain.notebook.ranking import Ranked, rank, shown
from nbexplain.notebook.report import wording

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

#: Features listed before the rest becomes "… 1,970 more".
MOST_ROWS = 30
#: Terminal cells a feature's name may take.
NAME_CELLS = 40
_GAP = "   "


def plain_text(explanation: Explanation) -> str:
    """The ranked features with shares, intervals and directions, and the notes below.

    At most 31 features are listed; a rule marks where 90 % of the total is reached. Names are
    shown on one line in at most 40 terminal cells.
    """
    ranking = rank(explanation)
    rows, rest = shown(ranking, MOST_ROWS)
    places = decimals(row.share for row in ranking.rows)
    header = ["", ranking.noun, "importance", "low", "high"]
    body = [_cells(row, places) for row in rows]
    if rest:
        total = _percent(sum(row.share for row in rest), places)
        body.append([ELLIPSIS, wording.others(len(rest)), total, "", ""])
    if ranking.directed:
        header.append("direction")
        body = [[*cells, _direction(row)] for cells, row in zip(body, [*rows, None], strict=False)]
    lines = aligned([header, *body], {1, 5})
    if ranking.carriers is not None and ranking.carriers <= len(rows):
        sentence = wording.cut_sentence(ranking.carriers, ranking.noun)
        lines.insert(1 + ranking.carriers, _rule(sentence, max(map(width, lines))))
    elif ranking.carriers is not None:
        lines.append(wording.cut_sentence(ranking.carriers, ranking.noun))
    return "\n".join(
        [wording.heading(explanation), "", *lines, "", *_legend(explanation, ranking.directed)]
        + [f"Note: {note}" for note in wording.notes(explanation)]
    )


def _cells(row: Ranked, places: int) -> list[str]:
    return [
        str(row.rank),
        isolated(shortened(row.name, NAME_CELLS)),
        _percent(row.share, places),
        fixed(row.low, places),
        fixed(row.high, places),
    ]


def _percent(share: float, places: int) -> str:
    return f"{fixed(share, places)} %" if share == share else MISSING


def _direction(row: Ranked | None) -> str:
    if row is None or row.direction == "none":
        return ""
    return f"{wording.ARROWS[row.direction]} {row.direction}".strip()


def aligned(table: list[list[str]], words: Container[int]) -> list[str]:
    """Lines whose cells stand below each other, numbers to the right; `words` are columns of text.

    >>> aligned([["a", "1"], ["bc", "20"]], {0})
    ['a     1', 'bc   20']
    """
    widths = [max(width(cells[k]) for cells in table) for k in range(len(table[0]))]
    return [
        _GAP.join(
            padded(cell, room, right=k not in words)
            for k, (cell, room) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in table
    ]


def _rule(sentence: str, room: int) -> str:
    dashes = "- " * max((room - width(sentence)) // 2 - 2, 1)
    return f"{dashes}{sentence} - -"


def _legend(explanation: Explanation, directed: bool) -> list[str]:
    lines = [f"low, high: {wording.interval(explanation)}."]
    if directed:
        lines.append("direction: how the output moves when the input rises.")
    return lines
