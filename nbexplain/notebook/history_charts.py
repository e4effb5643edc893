"""The history of a training as an Altair specification: a line per feature over the steps."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nbexplain.notebook.charts import INK, MUTED, WORDS, colours, unique
from nbexplain.notebook.names import printable
from nbexplain.notebook.numbers import counted, fixed, json_number
from nbexplain.notebook.ranking import direction

if TYPE_CHECKING:
    import altair

    from nbexplain.live import TrainingRecord

#: Lines drawn: the features that lead at the end; what they leave out is said in the subtitle.
MOST_LINES = 5
#: Moments drawn of each line.
MOST_MOMENTS = 240
#: Percent of the axis between two names at the end of their lines.
APART = 5.5


def history(record: TrainingRecord) -> altair.LayerChart:
    """A line per leading feature, its name where it ends, and a rule at every mark."""
    import altair as alt

    moments = record.moments
    kept = np.unique(np.linspace(0, len(moments) - 1, MOST_MOMENTS).round().astype(int))
    drawn = [moments[place] for place in kept]
    names, last = record.explanation.features.names, moments[-1]
    order = np.argsort(-last.share, kind="stable")[:MOST_LINES]
    labels = dict(zip(order.tolist(), unique(names[j] for j in order), strict=True))
    signs = np.full(len(names), np.nan) if last.direction is None else last.direction
    said = {j: direction(float(signs[j]), 1.0) for j in labels}
    hues = {j: WORDS.get(word, word) for j, word in said.items()}
    values = [
        {
            "feature": label,
            "step": moment.step,
            "share": json_number(moment.share[j]),
            "percent": f"{fixed(moment.share[j], 1)} %",
            "direction": hues[j],
        }
        for j, label in labels.items()
        for moment in drawn
    ]
    # NaN, where nothing was sensitive, is at no height.
    most = np.nan_to_num([moment.share[list(labels)] for moment in drawn]).max()
    heights = _apart(np.nan_to_num(last.share[list(labels)]), APART / 100 * most)
    ends = [
        {"feature": label, "step": last.step, "share": height, "direction": hues[j]}
        for (j, label), height in zip(labels.items(), heights, strict=True)
    ]
    x = alt.X("step:Q", title="optimizer steps")
    y = alt.Y("share:Q", title="importance, percent", scale=alt.Scale(zero=True))
    hue = colours(values)
    lines = (
        alt.Chart(alt.Data(values=values))
        .mark_line(strokeWidth=1.6)
        .encode(
            x=x,
            y=y,
            detail="feature:N",
            color=hue,
            tooltip=[
                alt.Tooltip("feature:N"),
                alt.Tooltip("step:Q"),
                alt.Tooltip("percent:N", title="importance"),
            ],
        )
    )
    named = (
        alt.Chart(alt.Data(values=ends))
        .mark_text(align="left", dx=6, limit=160)
        .encode(x=x, y=y, text="feature:N", color=hue)
    )
    layers = [lines, named]
    if record.marks:
        jumps = [{"step": mark.step, "note": printable(mark.note)} for mark in record.marks]
        rules = alt.Chart(alt.Data(values=jumps)).mark_rule(color=INK, strokeDash=[3, 3])
        layers.append(rules.encode(x=x, tooltip=alt.Tooltip("note:N", title="mark")))
    more = [printable(mark.note) for mark in record.marks]
    if left := len(names) - len(labels):
        more.append(f"{counted(left, 'feature')} below these are not drawn")
    title = alt.TitleParams(
        printable(record.explanation.question),
        subtitle=more,
        anchor="start",
        subtitleColor=MUTED,
    )
    # The names stand to the right of the lines' ends.
    padding = {"left": 5, "top": 5, "bottom": 5, "right": 150}
    return alt.LayerChart(layer=layers).properties(
        title=title, width=480, height=260, padding=padding
    )


def _apart(heights: np.ndarray, least: float) -> list[float]:
    """Heights moved up, lowest first, until each is `least` above the one below.

    >>> _apart(np.array([10.0, 9.0, 0.0]), 2.0)
    [11.0, 9.0, 0.0]
    """
    found = heights.astype(float).copy()
    order = np.argsort(heights, kind="stable")
    for below, here in pairwise(order):
        found[here] = max(found[here], found[below] + least)
    return found.tolist()
