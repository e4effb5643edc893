"""A chart of one text as an Altair specification: its tokens in reading order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbexplain.features import TOKEN
from nbexplain.notebook.charts import (
    MOST_BARS,
    PUSHES,
    asked_at_one_row,
    bar_names,
    colours,
    finished,
    row_named,
    unique,
)
from nbexplain.notebook.names import printable
from nbexplain.notebook.numbers import counted, decimals, fixed, json_number, number
from nbexplain.notebook.report.style import LIGHT

if TYPE_CHECKING:
    import altair

    from nbexplain.explanation import Explanation


def sentence(explanation: Explanation, output: str | int | None, row: object) -> altair.LayerChart:
    """Bars by token, first to last: the size of the derivative at its embedding, or what it gave.

    Of a long text the tokens with the largest shares are drawn.
    """
    import altair as alt

    output, asked = asked_at_one_row(explanation, output)
    table = explanation.local(row, output)
    leading = np.argsort(-table["importance"].to_numpy(float), kind="stable")[:MOST_BARS]
    drawn = table.iloc[np.sort(leading)]
    labels = unique(printable(name) for name in drawn[TOKEN])
    shares = drawn["importance"].to_numpy(float)
    places = decimals(shares)
    additive, words = explanation.asked.additive, PUSHES
    title = "contribution" if additive else "derivative at the token's embedding (its norm)"
    values = [
        {
            "label": label,
            "token": printable(name),
            "position": int(position),
            "size": json_number(size),
            "moves": number(size),
            "percent": f"{fixed(share, places)} %",
            "direction": words["rises" if size > 0 else "falls"],
        }
        for label, position, name, size, share in zip(
            labels,
            drawn.index,
            drawn[TOKEN],
            drawn["attribution"].to_numpy(float),
            shares,
            strict=True,
        )
    ]
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar(color=LIGHT["plain"])
        .encode(
            x=alt.X("size:Q", title=title),
            y=bar_names(labels),
            **({"color": colours(values, words)} if additive else {}),
            tooltip=[
                alt.Tooltip("token:N"),
                alt.Tooltip("position:Q"),
                alt.Tooltip("moves:N", title="contribution" if additive else "norm"),
                alt.Tooltip("percent:N", title="share at this row"),
            ],
        )
    )
    left = len(table) - len(drawn)
    more = [f"{counted(left, TOKEN)} with smaller shares not drawn"] if left else []
    layers = alt.LayerChart(layer=[bars])
    return finished(layers, row_named(row), [*asked, *more], len(labels))
