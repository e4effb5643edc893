"""Charts are valid specifications that say what the tables say."""

import pytest

from nbexplain.notebook.charts import MOST_BARS, chart
from nbexplain.notebook.report.style import LIGHT
from tests.notebook.fakes import NASTY, Fake, credit, linear, many, nasty


def values(spec):
    """The data that the bars are drawn from."""
    data = spec.get("data") or spec["layer"][0]["data"]
    return data["values"] if "values" in data else spec["datasets"][data["name"]]


def test_importance_chart_of_a_linear_model():
    spec = linear([1.0, -6.0, 3.0], ["a", "b", "c"]).chart().to_dict()
    rows = values(spec)
    assert [row["label"] for row in rows] == ["b", "c", "a"]
    assert [row["share"] for row in rows] == pytest.approx([60, 30, 10])
    assert [row["direction"] for row in rows] == [
        "falls with the input",
        "rises with the input",
        "rises with the input",
    ]
    marks = [layer["mark"]["type"] for layer in spec["layer"]]
    assert marks == ["bar", "rule", "tick", "tick", "rule", "text"]


def test_hue_follows_the_direction_rule():
    colour = chart(credit()).to_dict()["layer"][0]["encoding"]["color"]
    assert dict(zip(colour["scale"]["domain"], colour["scale"]["range"], strict=True)) == {
        "rises with the input": LIGHT["rises"],
        "falls with the input": LIGHT["falls"],
        "both ways": LIGHT["plain"],
    }


def test_no_hue_where_no_direction_is_known():
    spec = linear([1.0, 2.0], ["a", "b"], outputs=3).chart().to_dict()
    assert spec["layer"][0]["encoding"]["color"] == {"value": LIGHT["plain"]}


def test_interval_is_called_row_sampling():
    spec = chart(credit()).to_dict()
    tips = {tip["title"] for tip in spec["layer"][0]["encoding"]["tooltip"] if "title" in tip}
    assert "95 % interval, row sampling" in tips
    assert "row sampling" in spec["title"]["subtitle"][0]


def test_line_at_90_percent_stands_below_the_last_carrier():
    spec = linear([1.0, -6.0, 3.0], ["a", "b", "c"]).chart().to_dict()
    rule = spec["layer"][4]
    data = (
        spec["datasets"][rule["data"]["name"]] if "name" in rule["data"] else rule["data"]["values"]
    )
    assert data == [{"label": "c", "cut": "2 features carry 90 %"}]
    assert rule["encoding"]["y"]["bandPosition"] == 1


def test_long_lists_are_cut_and_say_so():
    spec = chart(many()).to_dict()
    assert len(values(spec)) == MOST_BARS
    assert "1,960 features below these are not drawn" in spec["title"]["subtitle"]
    assert "rule" not in [layer["mark"]["type"] for layer in spec["layer"][4:]]


def test_names_stay_text_and_stay_apart():
    spec = chart(nasty()).to_dict()
    labels = [row["label"] for row in values(spec)]
    assert len(set(labels)) == len(NASTY)
    assert "twin (2)" in labels
    assert NASTY[0] in labels
    assert not any("\n" in label or "\u202e" in label for label in labels)


def test_unique_labels_do_not_meet_names_that_look_like_them():
    labels = [row["label"] for row in values(chart(Fake(["a", "a (2)", "a"], [3, 2, 1])).to_dict())]
    assert len(set(labels)) == 3


def test_local_chart_of_a_linear_model():
    spec = linear([1.0, -6.0, 3.0], ["a", "b", "c"]).chart("local", row=5).to_dict()
    rows = values(spec)
    assert [row["feature"] for row in rows] == ["b", "c", "a"]
    assert [row["attribution"] for row in rows] == pytest.approx([-6, 3, 1])
    assert rows[0]["direction"] == "falls with the input"
    assert spec["title"]["text"] == "At row 5"
    assert "rows" not in spec["title"]["subtitle"][0]


def test_local_chart_says_when_the_predicted_class_is_shown():
    import numpy as np

    y = np.array(["a", "b", "c", "d"] * 50)
    ex = linear([1.0, 2.0], ["u", "v"], y=y, outputs=4)
    spec = ex.chart("local", row=0).to_dict()
    assert "of the predicted class" in spec["title"]["subtitle"]
    named = ex.chart("local", row=0, output="c").to_dict()
    assert "P(c)" in named["title"]["subtitle"][0]


def test_constant_model_has_a_chart():
    assert values(linear([0.0, 0.0], ["a", "b"]).chart().to_dict())[0]["share"] is None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "locl"}, '"lag_map" and "history"; did you mean "local"'),
        ({"kind": "local"}, "needs a row"),
        ({"kind": "importance", "row": 3}, "row= belongs to"),
    ],
)
def test_mistakes_get_a_sentence(arguments, sentence):
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        chart(credit(), **arguments)


def test_unknown_output_is_named():
    with pytest.raises(ValueError, match="output='prise' is unknown"):
        linear([1.0], ["a"]).chart(output="prise")
