"""A comparison as an Altair chart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbexplain.notebook.charts import INK, MOST_BARS, bar_names, finished, unique
from nbexplain.notebook.comparisons.text import signed
from nbexplain.notebook.names import printable, shortened
from nbexplain.notebook.numbers import counted, decimals, fixed, json_number

if TYPE_CHECKING:
    import altair

    from nbexplain.comparison import Comparison

#: One for each of the first explanations; told apart by lightness too.
COLOURS = ("#b9c0c8", "#2368b0", "#b84808", "#4d8a57", "#7a5aa6", "#15181c")


def chart(found: Comparison) -> altair.LayerChart:
    """Bars of each explanation side by side, with their intervals and what is claimed."""
    import altair as alt

    labels = unique(map(printable, found.features[:MOST_BARS]))
    names = unique(shortened(printable(name), 30) for name in found.names)
    shares = [found.shares(place) for place in range(len(names))]
    places = decimals(x for of in shares for x in of["importance"].tolist())
    values = [
        {
            "label": label,
            "explanation": name,
            "share": json_number(float(of["importance"][at])),
            "low": json_number(float(of["low"][at])),
            "high": json_number(float(of["high"][at])),
            "percent": f"{fixed(float(of['importance'][at]), places)} %",
            "change": "" if not place else _change(found, place, at, places),
        }
        for at, label in enumerate(labels)
        for place, (name, of) in enumerate(zip(names, shares, strict=True))
    ]
    colours = [COLOURS[place % len(COLOURS)] for place in range(len(names))]
    base = alt.Chart().encode(
        y=bar_names(labels),
        yOffset=alt.YOffset("explanation:N", scale=alt.Scale(domain=names)),
        tooltip=[
            alt.Tooltip("label:N", title="feature"),
            alt.Tooltip("explanation:N"),
            alt.Tooltip("percent:N", title="importance"),
            alt.Tooltip("change:N", title=f"change from {names[0]}"),
        ],
    )
    x = alt.X("share:Q", title="share of the total, percent", scale=alt.Scale(zero=True))
    colour = alt.Color(
        "explanation:N",
        title=None,
        scale=alt.Scale(domain=names, range=colours),
        legend=alt.Legend(orient="top"),
    )
    layers = [
        base.mark_bar().encode(x=x, color=colour),
        base.mark_rule(color=INK).encode(x=alt.X("low:Q"), x2="high:Q"),
    ]
    rest = len(found.features) - len(labels)
    more = [f"{counted(rest, 'feature')} below these are not drawn"] if rest > 0 else []
    whiskers = f"whiskers: {100 * found.confidence:g} % interval of each alone, row sampling"
    drawn = alt.LayerChart(data=alt.Data(values=values), layer=layers)
    return finished(drawn, found.sentence, [whiskers, *more], len(labels)).properties(
        height=alt.Step(12 * len(names) + 8) if labels else 18
    )


def _change(found: Comparison, place: int, at: int, places: int) -> str:
    told = found.changes(place)
    points = f"{signed(float(told['change'][at]), places)} points"
    return f"{points}, {told['claim'][at]}" if told["claim"][at] else points
