"""Charts of lags as Altair specifications: bars by lag, and the lag × feature map.

Time runs from left to right: lag 0, the last step of the window, is the rightmost. The shares of
lags have no direction, so there are no hues.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nbexplain.notebook.charts import INK, at_one_row, row_named
from nbexplain.notebook.names import printable
from nbexplain.notebook.numbers import MISSING, counted, decimals, fixed, json_number
from nbexplain.notebook.report import wording
from nbexplain.notebook.report.style import LIGHT

if TYPE_CHECKING:
    import altair

    from nbexplain.explanation import Explanation

#: Features drawn in the map; how many are left out is said in the subtitle.
MOST_ROWS = 40


def lags(explanation: Explanation, output: str | int | None, row: object) -> altair.LayerChart:
    """Bars by lag; over all rows with row-sampling intervals."""
    import altair as alt

    table = explanation.lag_importance(output, row)
    places = decimals(table["importance"])
    interval = wording.interval(explanation)
    names = _lag_names(explanation, table.index)
    values = [
        {
            "lag": lag,
            "name": printable(names[lag]),
            "share": json_number(share),
            "low": json_number(low),
            "high": json_number(high),
            "percent": f"{fixed(share, places)} %",
            "interval": f"{fixed(low, places)} {MISSING} {fixed(high, places)} %",
        }
        for lag, share, low, high in zip(
            table.index, *(table[name] for name in ("importance", "low", "high")), strict=True
        )
    ]
    tips = [alt.Tooltip("name:N", title="lag"), alt.Tooltip("percent:N", title="importance")]
    if row is None:
        tips.append(alt.Tooltip("interval:N", title=interval))
    base = alt.Chart().encode(x=_axis(explanation), tooltip=tips)
    share = alt.Y("share:Q", title="share of the total, percent", scale=alt.Scale(zero=True))
    layers = [base.mark_bar(color=LIGHT["plain"]).encode(y=share)]
    if row is None:
        low = alt.Y("low:Q", title="share of the total, percent")
        layers += [
            base.mark_rule(color=INK, size=1).encode(y=low, y2="high:Q"),
            base.mark_tick(color=INK, thickness=1, size=6, orient="horizontal").encode(y=low),
            base.mark_tick(color=INK, thickness=1, size=6, orient="horizontal").encode(
                y=alt.Y("high:Q")
            ),
        ]
    chart = alt.LayerChart(data=alt.Data(values=values), layer=layers)
    more = [f"whiskers: {interval}"] if row is None else []
    return chart.properties(title=_heading(explanation, output, row, more), width=480, height=200)


def lag_map(explanation: Explanation, output: str | int | None, row: object) -> altair.Chart:
    """The share of each feature at each lag, features most important first."""
    import altair as alt

    found = explanation.lag_map(output, row)
    table, names = found.to_numpy(), _lag_names(explanation, found.index)
    order = np.argsort(-table.sum(0), kind="stable")
    drawn = order[:MOST_ROWS]
    values = [
        {
            "lag": lag,
            "name": printable(names[lag]),
            "rank": rank,
            "feature": printable(explanation.features.names[j]),
            "share": json_number(table[place, j]),
            "percent": f"{fixed(table[place, j], 2)} %",
        }
        for rank, j in enumerate(drawn)
        for place, lag in enumerate(found.index)
    ]
    # Ranks keep features of one name apart; the axis shows the names.
    label = _named([explanation.features.names[j] for j in drawn])
    rows = alt.Axis(labelExpr=label, labelLimit=320, ticks=False, domain=False)
    marks = (
        alt.Chart(alt.Data(values=values))
        .mark_rect()
        .encode(
            x=_axis(explanation),
            y=alt.Y("rank:O", title=None, axis=rows),
            color=alt.Color(
                "share:Q",
                title="percent of the total",
                scale=alt.Scale(scheme="greys", domainMin=0),
            ),
            tooltip=[
                alt.Tooltip("feature:N"),
                alt.Tooltip("name:N", title="lag"),
                alt.Tooltip("percent:N", title="importance"),
            ],
        )
    )
    left = len(order) - len(drawn)
    more = [f"{counted(left, 'feature')} below these are not drawn"] if left else []
    return marks.properties(
        title=_heading(explanation, output, row, more), width=480, height=alt.Step(18)
    )


def _lag_names(explanation: Explanation, lags: Iterable[int]) -> dict[int, str]:
    """What the lags are called; leads, which precede 0, have their number."""
    names = explanation.features.lag_names
    return {lag: names[lag] if lag >= 0 else str(lag) for lag in lags}


def _axis(explanation: Explanation) -> altair.X:
    """Lags from the past to now, and on to leads where outputs use later steps."""
    import altair as alt

    features = explanation.features
    unit = features.lag_unit if isinstance(features.lag_unit, str) else "steps"
    leads = explanation.window().leads
    ahead = "ahead" if leads else "now"
    title = f"past \N{LEFTWARDS ARROW} lag, {printable(unit)} back \N{RIGHTWARDS ARROW} {ahead}"
    named = isinstance(features.lag_unit, tuple) or features.beginning is not None
    label = _named(features.lag_names) if named else "datum.label"
    if named and leads:  # which have no names
        label = f"datum.value < 0 ? datum.label : {label}"
    axis = alt.Axis(title=title, labelOverlap=True, labelAngle=0, labelExpr=label)
    return alt.X("lag:O", sort="descending", axis=axis)


def _named(names: Sequence[str]) -> str:
    """A Vega expression from a position to its name: names are literals in it, never code."""
    return f"{json.dumps([printable(name) for name in names])}[datum.value]"


def _heading(
    explanation: Explanation, output: str | int | None, row: object, more: list[str]
) -> altair.TitleParams:
    import altair as alt

    predicted = False
    if row is not None:
        output, predicted = at_one_row(explanation, output)
    asked = explanation.question if output is None else explanation.question_about(output)
    lines = [asked, *more]
    if row is not None:
        about = ["of the predicted class"] if predicted else []
        lines = [row_named(row), asked.rsplit(", ", 1)[0], *about, *more]
    title, *subtitle = map(printable, lines)
    return alt.TitleParams(title, subtitle=subtitle, anchor="start")
