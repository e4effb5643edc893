"""A comparison as an aligned text table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbexplain.notebook.names import isolated, printable, shortened
from nbexplain.notebook.numbers import counted, decimals, fixed
from nbexplain.notebook.report.text import MOST_ROWS, NAME_CELLS, aligned

if TYPE_CHECKING:
    from nbexplain.comparison import Comparison


def plain_text(found: Comparison) -> str:
    """The sentence, importances side by side, changes and claims, and the notes below."""
    two = len(found.names) == 2
    shares = [found.shares(place) for place in range(len(found.names))]
    places = decimals(x for of in shares for x in of["importance"].tolist())
    header = ["", "feature", *[shortened(printable(name), 20) for name in found.names]]
    header += ["change", "low", "high", ""] if two else ["spread"]
    told, spread = found.changes(), None if two else found.spread
    body: list[list[str]] = []
    for at, name in enumerate(found.features[:MOST_ROWS]):
        cells = [
            rank_said(shares[0]["rank"][at], shares[-1]["rank"][at]),
            isolated(shortened(printable(name), NAME_CELLS)),
            *[fixed(float(of["importance"][at]), places) for of in shares],
        ]
        if spread is not None:
            cells.append(fixed(float(spread[at]), places))
        else:
            cells += [signed(float(told["change"][at]), places)]
            cells += [fixed(float(told[f"change_{end}"][at]), places) for end in ("low", "high")]
            cells.append(str(told["claim"][at]))
        body.append(cells)
    lines = aligned([header, *body], {1, len(header) - 1} if two else {1})
    if (rest := len(found.features) - MOST_ROWS) > 0:
        lines.append(f"and {counted(rest, 'feature')} more")
    return "\n".join(
        [isolated(printable(found.sentence)), "", *lines, "", "Importances in percent."]
        + [f"Note: {printable(note)}" for note in found.notes]
    )


def rank_said(before: float, after: float) -> str:
    """A feature's rank, and where it came from.

    >>> rank_said(3, 1), rank_said(2, 2), rank_said(1, 2), rank_said(float("nan"), 1)
    ('1 ↑2', '2', '2 ↓1', '1')
    """
    if np.isnan(after):
        return ""
    moved = 0 if np.isnan(before) else int(before - after)
    return f"{int(after)}" + (f" {'↑' if moved > 0 else '↓'}{abs(moved)}" if moved else "")


def signed(points: float, places: int) -> str:
    """A change with its sign.

    >>> signed(1.25, 1), signed(-3.0, 1), signed(0.0, 1)
    ('+1.2', '−3.0', '0')
    """
    text = fixed(points, places)
    return f"+{text}" if points > 0 else text
