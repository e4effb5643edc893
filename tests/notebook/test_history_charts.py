"""The chart of a training's history says what the history does."""

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.live import Mark, TrainingRecord
from nbexplain.live.history import Moment
from nbexplain.notebook.history_charts import APART, MOST_LINES, MOST_MOMENTS
from tests.notebook.fakes import NASTY


def record(features=7, moments=30, marks=(), names=None):
    """A training in which the first feature loses what the last one gains."""
    X = torch.randn(40, features, generator=torch.Generator().manual_seed(0))
    ex = nbx.explain(nn.Linear(features, 1), X, feature_names=names)
    found = []
    for step in range(moments):
        share = np.full(features, 2.0)
        share[0], share[-1] = 80 - 60 * step / moments, 10 + 60 * step / moments
        sign = np.array([1.0, *[np.nan] * (features - 2), -1.0])
        found.append(Moment(step * 10, 0.1, share, share - 1, share + 1, 40, direction=sign))
    return TrainingRecord(ex, moments=found, marks=marks, step=moments * 10)


def drawn(run):
    return run.explanation.chart("history").to_dict()


def layers(spec):
    return [layer["data"]["values"] for layer in spec["layer"]]


def test_lines_say_the_history():
    run = record()
    lines, ends = layers(drawn(run))
    table = run.history
    assert len(lines) == MOST_LINES * len(table)
    for row in lines:
        assert row["share"] == pytest.approx(table.loc[row["step"], row["feature"]])
    directions = {row["feature"]: row["direction"] for row in lines}
    assert directions["x0"] == "rises with the input"
    assert directions["x6"] == "falls with the input"
    assert [row["feature"] for row in ends][:2] == ["x6", "x0"]  # the leading one first
    heights = np.sort([row["share"] for row in ends])
    assert (np.diff(heights) > 0.99 * APART / 100 * table.to_numpy().max()).all()
    spec = drawn(run)
    assert spec["title"]["subtitle"] == ["2 features below these are not drawn"]


def test_marks_are_rules_with_their_sentence():
    mark = Mark(120, "x6", 10.0, 40.0)
    spec = drawn(record(features=3, marks=[mark]))
    assert layers(spec)[2] == [{"step": 120, "note": mark.note}]
    assert spec["title"]["subtitle"] == [mark.note]


def test_long_trainings_are_thinned_to_their_ends():
    lines, _ = layers(drawn(record(moments=1_000)))
    steps = sorted({row["step"] for row in lines})
    assert len(steps) == MOST_MOMENTS
    assert (steps[0], steps[-1]) == (0, 9_990)


def test_names_are_text_and_namesakes_have_lines_of_their_own():
    names = [NASTY[0], NASTY[0], NASTY[1]]
    lines, _ = layers(drawn(record(features=3, names=names)))
    assert len({row["feature"] for row in lines}) == 3


def test_a_watch_draws_its_latest_explanation():
    X = torch.randn(50, 2)
    watch = nbx.watch(nn.Linear(2, 1), X)
    assert len(layers(drawn(watch))[0]) == 2
    with pytest.raises(ValueError, match=r"not the latest one of a training.*nbx\.watch"):
        nbx.explain(nn.Linear(2, 1), X).chart("history")


def test_where_nothing_is_sensitive_lines_have_gaps_and_names_a_place():
    dead = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1))
    nn.init.zeros_(dead[1].weight)
    watch = nbx.watch(dead, torch.randn(50, 3))
    spec = drawn(watch)
    lines, ends = layers(spec)
    assert [row["share"] for row in lines] == [None] * 3
    assert all(np.isfinite(row["share"]) for row in ends)
