"""Other methods on the page: their cards, and their numbers beside those that are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.comparison import LEADING, agreed
from nbexplain.explanation.local import table
from nbexplain.methods import CARDS
from nbexplain.notebook.packing import State, text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation, Row


def methods(explanation: Explanation) -> list[State]:
    """The methods that may answer, this one first, each with its card.

    What another library computed has none: ours says how we do it.
    """
    if explanation.asked.by:
        title = text(explanation.asked.method_title)
        return [{"name": explanation.method, "title": title, "facts": []}]
    names = dict.fromkeys((explanation.method, *explanation.methods))
    return [
        {"name": name, "title": card.title, "facts": [list(fact) for fact in card.facts]}
        if (card := CARDS.get(name))
        else {"name": name, "title": text(name), "facts": []}
        for name in names
    ]


def shares_beside(
    shown: Explanation, other: Explanation, output: int | None
) -> tuple[State, NDArray[np.float32]]:
    """What another method says of all rows, and how far the two agree.

    Args:
        shown: in the bars.
        other: of the same rows by another method.
        output: position of the output that is shown; None for all combined.

    Returns:
        Their agreement in words; percent of the total and the rank from 1, `[2, features]`.
    """
    told: State = {}
    if len(shown.features) > 1:
        name = None if output is None else shown.outputs[output]
        told["sentence"] = agreed(shown, other, LEADING, name).sentence
    found = other.importances(output)
    rank = np.empty(len(found.order))
    rank[found.order] = np.arange(1, len(rank) + 1)
    return told, np.stack([found.share, rank]).astype("<f4")


def row_beside(
    shown: Explanation, other: Explanation, rows: tuple[Row, Row], output: int | None
) -> NDArray[np.float32]:
    """What both say of one row, `[4, features]`.

    Shares of absolute values in percent and attributions with their signs, of what is shown and
    then of the other. Shares are of absolute values in both, whatever the methods: squares would
    look more concentrated than they are.
    """
    found: list[Any] = []
    for ex, row in zip((shown, other), rows, strict=True):
        of = table(ex, row, output, "absolute")
        found += [of["importance"], of["attribution"]]
    return np.stack(found).astype("<f4")
