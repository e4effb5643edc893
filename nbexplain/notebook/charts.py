"""Charts of an explanation as Altair specifications: for figures, slides and further work.

The charts say what the other forms say: hue only where a direction may be claimed, intervals named
"row sampling", the line at 90 % of the total. They hold at most 40 features and their numbers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nbexplain.notebook.names import near, printable, shortened
from nbexplain.notebook.numbers import MISSING, counted, decimals, fixed, json_number, number
from nbexplain.notebook.ranking import Ranking, rank, shown
from nbexplain.notebook.report import wording
from nbexplain.notebook.report.style import LIGHT

if TYPE_CHECKING:
    import altair

    from nbexplain.explanation import Explanation

#: Kinds of chart there are.
KINDS = ("importance", "tokens", "local", "lags", "lag_map", "history")
#: Bars drawn; what they leave out is said in the subtitle.
MOST_BARS = 40
INK, MUTED = "#15181c", "#5d6670"
_NAME_CELLS = 40
_HUES = {"rises": LIGHT["rises"], "falls": LIGHT["falls"], "both ways": LIGHT["plain"]}
WORDS = {"rises": "rises with the input", "falls": "falls with the input"}
PUSHES = {"rises": "pushes up", "falls": "pushes down"}


def chart(
    explanation: Explanation,
    kind: str = "importance",
    *,
    output: str | int | None = None,
    row: object = None,
) -> altair.Chart | altair.LayerChart:
    """An Altair chart of the explanation.

    Args:
        explanation: What is drawn.
        kind: "importance" (ranked bars with row-sampling intervals; of texts "tokens", the same),
            "local" (one row's attributions by size; of a text its tokens as they are read),
            "lags" (bars by lag), "lag_map" (lag by feature) or, of the latest explanation of a
            watch, "history" (a line per feature over the steps).
        output: An output's name or position; None takes the one shown by default.
        row: For "local": the row's label, else position, or a new row; "lags" and "lag_map" are
            of all rows without it.

    Raises:
        ValueError: if there is no chart of this kind, "local" is asked for without a row, or
            lags or tokens of data that have none, or the history of what is not a training's.
    """
    if kind == "tokens":
        explanation.token_shares(output)  # refuses what has none
        kind = "importance"
    if kind == "importance":
        if row is not None:
            raise ValueError('row= belongs to chart(kind="local"); importances are of all rows.')
        return _importance(explanation, output)
    if kind == "local":
        if row is None:
            raise ValueError('chart(kind="local") needs a row: its label, or its position in X.')
        if explanation.features.tokens:
            from nbexplain.notebook.token_charts import sentence

            return sentence(explanation, output, row)
        return _local(explanation, output, row)
    if kind in ("lags", "lag_map"):
        from nbexplain.notebook import lag_charts

        draw = lag_charts.lags if kind == "lags" else lag_charts.lag_map
        return draw(explanation, output, row)
    if kind == "history":
        from nbexplain.live import record_of
        from nbexplain.notebook.history_charts import history

        return history(record_of(explanation))
    raise ValueError(
        f'kind={kind!r} is not a chart of this explanation; there are "importance", '
        f'"tokens", "local", "lags", "lag_map" and "history"{near(str(kind), KINDS)}'
    )


def _importance(explanation: Explanation, output: str | int | None) -> altair.LayerChart:
    import altair as alt

    ranking = rank(explanation, output)
    listed, rest = shown(ranking, MOST_BARS)
    places = decimals(row.share for row in ranking.rows)
    interval = wording.interval(explanation)
    labels = unique(row.name for row in listed)
    values = [
        {
            "label": label,
            "feature": row.name,
            "rank": row.rank,
            "share": json_number(row.share),
            "low": json_number(row.low),
            "high": json_number(row.high),
            "percent": f"{fixed(row.share, places)} %",
            "interval": f"{fixed(row.low, places)} {MISSING} {fixed(row.high, places)} %",
            "direction": WORDS.get(row.direction, row.direction),
        }
        for label, row in zip(labels, listed, strict=True)
    ]
    tips = [
        alt.Tooltip("feature:N"),
        alt.Tooltip("rank:Q"),
        alt.Tooltip("percent:N", title="importance"),
        alt.Tooltip("interval:N", title=interval),
    ]
    if ranking.directed:
        tips.append(alt.Tooltip("direction:N"))
    base = alt.Chart().encode(y=bar_names(labels), tooltip=tips)
    share = alt.X("share:Q", title="share of the total, percent", scale=alt.Scale(zero=True))
    low = alt.X("low:Q", title="share of the total, percent")
    layers = [
        base.mark_bar().encode(x=share, color=colours(values)),
        base.mark_rule(color=INK, size=1).encode(x=low, x2="high:Q"),
        base.mark_tick(color=INK, thickness=1, size=6).encode(x=low),
        base.mark_tick(color=INK, thickness=1, size=6).encode(x=alt.X("high:Q")),
        *_cut(ranking, labels),
    ]
    asked = explanation.question if output is None else explanation.question_about(output)
    more = [f"{counted(len(rest), ranking.noun)} below these are not drawn"] if rest else []
    drawn = alt.LayerChart(data=alt.Data(values=values), layer=layers)
    return finished(drawn, asked, [f"whiskers: {interval}", *more], len(labels))


def _cut(ranking: Ranking, labels: Sequence[str]) -> list[altair.Chart]:
    """The line below the last feature that 90 % of the total needs, where it is in sight."""
    import altair as alt

    if ranking.carriers is None or ranking.carriers > len(labels):
        return []
    cut = wording.cut_sentence(ranking.carriers, ranking.noun)
    data = [{"label": labels[ranking.carriers - 1], "cut": cut}]
    y = bar_names(labels, bandPosition=1)
    base = alt.Chart(alt.Data(values=data))
    return [
        base.mark_rule(strokeDash=[4, 3], color=MUTED).encode(y=y),
        base.mark_text(align="right", baseline="top", dy=3, color=MUTED).encode(
            y=y, x=alt.value("width"), text="cut:N"
        ),
    ]


def _local(explanation: Explanation, output: str | int | None, row: object) -> altair.LayerChart:
    import altair as alt

    output, asked = asked_at_one_row(explanation, output)
    table = explanation.local(row, output)
    order = np.argsort(-table["importance"].to_numpy(float), kind="stable")
    drawn = table.iloc[order[:MOST_BARS]]
    names = [
        f"{shortened(printable(name), _NAME_CELLS)} = {_value(value)}"
        for name, value in zip(drawn.index, drawn["value"], strict=True)
    ]
    labels = unique(names)
    additive = explanation.asked.additive
    part, words = ("contribution", PUSHES) if additive else ("attribution", WORDS)
    values = [
        {
            "label": label,
            "feature": printable(name),
            "value": _value(value),
            "attribution": json_number(attribution),
            "moves": number(attribution),
            "percent": f"{number(importance)} %",
            "direction": words["rises" if attribution > 0 else "falls"]
            if attribution
            else "both ways",
        }
        for label, name, value, attribution, importance in zip(
            labels,
            drawn.index,
            drawn["value"],
            drawn["attribution"].to_numpy(float),
            drawn["importance"].to_numpy(float),
            strict=True,
        )
    ]
    bars = (
        alt.Chart(alt.Data(values=values))
        .mark_bar()
        .encode(
            x=alt.X("attribution:Q", title=part),
            y=bar_names(labels),
            color=colours(values, words),
            tooltip=[
                alt.Tooltip("feature:N"),
                alt.Tooltip("value:N"),
                alt.Tooltip("moves:N", title=part),
                alt.Tooltip("percent:N", title="share at this row"),
            ],
        )
    )
    zero = alt.Chart(alt.Data(values=[{"zero": 0}])).mark_rule(color=MUTED).encode(x="zero:Q")
    left = len(table) - len(drawn)
    more = [f"{counted(left, 'feature')} with smaller shares not drawn"] if left else []
    layers = alt.LayerChart(layer=[bars, zero])
    return finished(layers, row_named(row), [*asked, *more], len(labels))


def at_one_row(explanation: Explanation, output: str | int | None) -> tuple[str | int | None, bool]:
    """The output drawn at one row, and whether it is whichever the row's predicted class is."""
    if output is None:
        output = explanation.default_output
    if output is None and explanation.response not in {"prob", "logodds"}:
        output = explanation.outputs[0]
    return output, output is None


def asked_at_one_row(
    explanation: Explanation, output: str | int | None
) -> tuple[str | int | None, list[str]]:
    """The output drawn at one row, and the question without its number of rows, in lines."""
    output, predicted = at_one_row(explanation, output)
    asked = re.sub(r", [\d,]+ rows?$", "", explanation.question_about(output))
    return output, [asked, *(["of the predicted class"] if predicted else [])]


def row_named(row: object) -> str:
    """The title of a chart of one row."""
    return f"At row {printable(row)}" if isinstance(row, (str, int, float)) else "At a new row"


def finished(
    chart: altair.LayerChart, title: str, subtitle: Sequence[str], bars: int
) -> altair.LayerChart:
    """A chart of so many bars, with its heading."""
    import altair as alt

    heading = alt.TitleParams(
        printable(title), subtitle=[printable(line) for line in subtitle], anchor="start"
    )
    return chart.properties(title=heading, width=480, height=alt.Step(18) if bars else 18)


def bar_names(labels: Sequence[str], **options: Any) -> altair.Y:
    """An axis of bars in the order given."""
    import altair as alt

    # The domain is given, so that no layer's data can reorder or merge the rows.
    scale = alt.Scale(domain=list(labels), paddingInner=0.3)
    axis = alt.Axis(labelLimit=320, ticks=False, domain=False)
    return alt.Y("label:N", title=None, scale=scale, sort=None, axis=axis, **options)


def colours(values: Sequence[Mapping[str, object]], words: Mapping[str, str] = WORDS) -> Any:
    """The hue of each direction that occurs; plain bars without a legend where none is known."""
    import altair as alt

    directions = {value["direction"] for value in values}
    hues = {words.get(key, key): hue for key, hue in _HUES.items()}
    present = [word for word in hues if word in directions]
    if not present:
        return alt.value(LIGHT["plain"])
    scale = alt.Scale(domain=present, range=[hues[word] for word in present])
    legend = alt.Legend(orient="top", title=None)
    return alt.Color("direction:N", scale=scale, legend=legend)


def unique(names: Iterable[str]) -> list[str]:
    """Names that differ from each other: the second "twin" is "twin (2)"."""
    labels: list[str] = []
    seen: Counter[str] = Counter()
    for name in names:
        label = base = shortened(name, _NAME_CELLS + 20)
        while seen[label]:
            seen[base] += 1
            label = f"{base} ({seen[base]})"
        seen[label] += 1
        labels.append(label)
    return labels


def _value(value: object) -> str:
    return number(float(value)) if isinstance(value, (int, float)) else printable(value)
