"""Charts of lags are valid specifications that say what the tables say."""

import json

import numpy as np
import pytest
import torch

import nbexplain as nbx
from tests.notebook.fakes import NASTY


def delayed(steps=4, width=2, names=None, **options):
    X = torch.randn(60, steps, width, generator=torch.Generator().manual_seed(0))
    model = lambda x: 3 * x[:, -1, 0] + x[:, -2, 1]  # noqa: E731
    return nbx.explain(model, X, scale="none", feature_names=names, **options)


def values(spec):
    data = spec["data"]
    return data["values"] if "values" in data else spec["datasets"][data["name"]]


def test_bars_by_lag_say_the_table():
    spec = delayed().chart("lags").to_dict()
    assert [row["share"] for row in values(spec)] == pytest.approx([75, 25, 0, 0])
    assert [layer["mark"]["type"] for layer in spec["layer"]] == ["bar", "rule", "tick", "tick"]
    assert spec["layer"][0]["encoding"]["x"]["sort"] == "descending"
    assert "now" in spec["layer"][0]["encoding"]["x"]["axis"]["title"]
    assert "row sampling" in spec["title"]["subtitle"][0]


def test_one_row_has_bars_without_whiskers():
    spec = delayed().chart("lags", row=3).to_dict()
    assert [row["share"] for row in values(spec)] == pytest.approx([90, 10, 0, 0])
    assert len(spec["layer"]) == 1
    assert spec["title"]["text"] == "At row 3"
    assert "rows" not in spec["title"]["subtitle"][0]


def test_the_map_says_the_table_features_in_rank_order():
    ex = delayed(names=["rain", "wind"])
    spec = ex.chart("lag_map").to_dict()
    cells = {(row["feature"], row["lag"]): row["share"] for row in values(spec)}
    table = ex.lag_map()
    assert cells == {(j, k): pytest.approx(table.loc[k, j]) for j in table for k in table.index}
    assert [row["feature"] for row in values(spec) if row["lag"] == 0] == ["rain", "wind"]


def test_units_and_names_of_lags_are_on_the_axis():
    axis = delayed(lag_unit="h").chart("lags").to_dict()["layer"][0]["encoding"]["x"]["axis"]
    assert "h back" in axis["title"]
    assert axis["labelExpr"] == "datum.label"
    named = delayed(lag_unit=["Thu", "Wed", 'T"ue', "Mon"]).chart("lag_map").to_dict()
    axis = named["encoding"]["x"]["axis"]
    assert json.loads(axis["labelExpr"].removesuffix("[datum.value]"))[2] == 'T"ue'


def test_names_are_text_and_many_features_are_cut():
    names = [f"{NASTY[j % len(NASTY)]}" for j in range(60)]
    spec = delayed(width=60, names=names).chart("lag_map").to_dict()
    assert len(values(spec)) == 40 * 4
    assert "20 features below these are not drawn" in spec["title"]["subtitle"]
    label = spec["encoding"]["y"]["axis"]["labelExpr"]
    assert len(json.loads(label.removesuffix("[datum.value]"))) == 40


def test_the_predicted_class_is_named():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(6, 3))
    ex = nbx.explain(net, torch.randn(30, 3, 2), np.arange(30) % 3)
    assert "of the predicted class" in ex.chart("lags", row=0).to_dict()["title"]["subtitle"]


def test_a_constant_model_has_a_chart():
    ex = nbx.explain(lambda x: 0 * x[:, 0, 0], torch.randn(9, 3, 2))
    assert values(ex.chart("lags").to_dict())[0]["share"] is None
    assert values(ex.chart("lag_map").to_dict())[0]["share"] is None


def test_leads_stand_after_now():
    X = torch.randn(60, 3, 1, generator=torch.Generator().manual_seed(0))
    model = lambda x: x + 2 * torch.cat([x[:, 1:], x[:, :1] * 0], 1)  # noqa: E731
    every = nbx.Sensitivity(steps="valid")
    ex = nbx.explain(model, X, method=every, scale="none", lag_unit=["now", "one", "two"])
    spec = ex.chart("lags").to_dict()
    shown = {row["lag"]: (row["name"], round(row["share"], 6)) for row in values(spec)}
    assert shown[-1] == ("-1", 66.666667)
    assert shown[0] == ("now", 33.333333)
    assert sorted(shown) == [-2, -1, 0, 1, 2]
    axis = spec["layer"][0]["encoding"]["x"]["axis"]
    assert axis["title"].endswith("ahead")
    assert axis["labelExpr"].startswith("datum.value < 0 ? datum.label : [")
    cells = {row["lag"]: row["share"] for row in values(ex.chart("lag_map").to_dict())}
    assert cells == pytest.approx({-2: 0, -1: 200 / 3, 0: 100 / 3, 1: 0, 2: 0})
