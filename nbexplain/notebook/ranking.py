"""An explanation's features in order of importance, as every drawing of them needs them.

Of texts these are the tokens, whose one feature says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from nbexplain.notebook.names import printable

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

Direction = Literal["rises", "falls", "both ways", "none"]

#: The share of the total, in percent, at which the line is drawn.
CUT = 90.0


@dataclass(frozen=True)
class Ranked:
    """One feature, or token, in its rank.

    `share`, `low`, `high` and `cumulative` are percent of the total; `low` and `high` bound the
    share as far as the sampling of rows goes. `direction` is what may be claimed about its sign.
    """

    rank: int
    name: str
    share: float
    low: float
    high: float
    rms: float
    mean: float
    cumulative: float
    direction: Direction


@dataclass(frozen=True)
class Ranking:
    """The features of one output (None: all outputs combined), most important first.

    `carriers` is how many of them, from the top, carry 90 % of the total; None where the
    importances are undefined (a constant model). `noun` says what is ranked.
    """

    rows: tuple[Ranked, ...]
    output: str | None
    carriers: int | None
    noun: Literal["feature", "token"] = "feature"

    @property
    def directed(self) -> bool:
        """Whether anything at all is known about directions (not so for combined outputs)."""
        return any(row.direction != "none" for row in self.rows)


def direction(mean: float, rms: float) -> Direction:
    """What may be claimed about a feature's sign: hue and arrow follow this rule everywhere.

    "rises" or "falls" where |mean| is at least half the root mean square, "both ways" where the
    derivative changes its sign too much to say, "none" where no mean exists (several outputs
    combined, groups) or the feature is not used.

    >>> direction(1.0, 1.2), direction(-1.0, 1.2), direction(0.1, 1.2), direction(float("nan"), 1.2)
    ('rises', 'falls', 'both ways', 'none')
    """
    if np.isnan(mean) or np.isnan(rms) or rms == 0.0:
        return "none"
    if abs(mean) < rms / 2:
        return "both ways"
    return "rises" if mean > 0 else "falls"


def rank(explanation: Explanation, output: str | int | None = None) -> Ranking:
    """The ranking that is shown for `output`; None means the explanation's default output."""
    chosen = explanation.default_output if output is None else output
    label = explanation.outputs[chosen] if isinstance(chosen, int) else chosen
    if explanation.features.tokens:
        found = explanation.token_shares(chosen)
        names = explanation.token_names(explanation.token_sums.ids)
        rms, signs = found.size, np.full(len(names), np.nan)
    else:
        found = explanation.importances(chosen)
        names, rms, signs = explanation.features.names, found.rms, found.mean
        if not found.directed:
            signs = np.full(len(names), np.nan)
    defined = not bool(np.isnan(found.share).any())
    rows = tuple(
        Ranked(
            rank=place + 1,
            name=printable(names[i]),
            share=float(found.share[i]),
            low=float(found.low[i]),
            high=float(found.high[i]),
            rms=float(rms[i]),
            mean=float(signs[i]),
            cumulative=float(found.cumulative[i]),
            direction=direction(float(signs[i]), float(rms[i])),
        )
        for place, i in enumerate(found.order)
    )
    carriers = len(found.select(CUT / 100)) if defined else None
    return Ranking(rows, label, carriers, "token" if explanation.features.tokens else "feature")


def shown(ranking: Ranking, most: int) -> tuple[tuple[Ranked, ...], tuple[Ranked, ...]]:
    """The rows to draw and those to sum up, never leaving a remainder of a single row."""
    if len(ranking.rows) <= most + 1:
        return ranking.rows, ()
    return ranking.rows[:most], ranking.rows[most:]
