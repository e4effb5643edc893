"""What y says, in every form it comes in."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.data import read
from nbexplain.data.targets import target

LABELS = {
    "list": list,
    "array": np.asarray,
    "objects": lambda y: np.asarray(y, dtype=object),
    "series": lambda y: pd.Series(y, name="answer"),
    "frame": lambda y: pd.DataFrame({"answer": y}),
    "categorical": pd.Categorical,
    "polars": lambda y: pl.Series("answer", y),
    "polars frame": lambda y: pl.DataFrame({"answer": y}),
}
NUMBERS = {
    **LABELS,
    "column": lambda y: np.asarray(y)[:, None],
    "tensor": torch.tensor,
    "column tensor": lambda y: torch.tensor(y)[:, None],
    "nullable": lambda y: pd.Series(y).convert_dtypes(),
}
NUMBERS.pop("categorical")


@pytest.mark.parametrize("form", LABELS)
def test_text_is_classes_in_alphabetical_order(form):
    found = target(LABELS[form](["no", "yes", "maybe", "no"]))
    assert found.classes == ("maybe", "no", "yes")
    assert found.values.tolist() == [1, 2, 0, 1]
    named = form in ("series", "frame", "polars", "polars frame")
    assert found.name == ("answer" if named else None)


@pytest.mark.parametrize("form", NUMBERS)
@pytest.mark.parametrize(
    ("y", "classes", "values"),
    [
        ([False, True, False], ("False", "True"), [0, 1, 0]),
        ([10, 2, 10], ("2", "10"), [1, 0, 1]),
        ([0.5, 1.0, 2.0], None, [0.5, 1.0, 2.0]),
        ([0.0, 1.0, 1.0], None, [0.0, 1.0, 1.0]),
        (list(range(21)), None, list(range(21))),
        (list(range(20)), tuple(map(str, range(20))), list(range(20))),
    ],
    ids=["bools", "integers", "floats", "whole floats", "21 integers", "20 integers"],
)
def test_numbers_are_classes_where_few_and_whole(form, y, classes, values):
    # pandas makes integers of whole floats where it chooses the nullable type.
    if classes is None and form == "nullable" and y == [0.0, 1.0, 1.0]:
        classes = ("0", "1")
    found = target(NUMBERS[form](y))
    assert found.classes == classes
    assert found.values.tolist() == values
    assert found.values.dtype == (torch.int64 if classes else found.values.dtype)
    assert found.values.ndim == 1


def test_categories_keep_the_order_they_were_given():
    y = pd.Series(pd.Categorical(["high", "low"], ["low", "middle", "high"], ordered=True))
    found = target(y).for_outputs(3)
    assert found.classes == ("low", "middle", "high")
    assert found.values.tolist() == [2, 0]


@given(st.lists(st.text(), min_size=1))
def test_labels_come_back_from_their_codes(y):
    found = target(y)
    assert [found.classes[code] for code in found.values] == [str(np.asarray(v)) for v in y]
    assert list(found.classes) == sorted(set(found.classes))


@pytest.mark.parametrize(
    ("y", "outputs", "classes", "values"),
    [
        # A single output is of two classes, or a quantity.
        ([3, 5, 3], 1, ("3", "5"), [0, 1, 0]),
        ([1, 2, 3], 1, None, [1.0, 2.0, 3.0]),
        ([0, 0, 0], 1, None, [0.0, 0.0, 0.0]),
        (["a", "b"], 1, ("a", "b"), [0, 1]),
        # As many labels as outputs, else integers that count the outputs.
        ([3, 5, 3], 2, ("3", "5"), [0, 1, 0]),
        ([0, 2, 2], 3, ("0", "1", "2"), [0, 2, 2]),
        ([1, 2, 3], 5, ("0", "1", "2", "3", "4"), [1, 2, 3]),
        (list(range(30)), 100, tuple(map(str, range(100))), list(range(30))),
        ([0.5, 1.5], 3, None, [0.5, 1.5]),
        ([[0.5, 1.0], [1.5, 2.0]], 2, None, [[0.5, 1.0], [1.5, 2.0]]),
        ([[0, 1], [1, 0]], 2, None, [[0.0, 1.0], [1.0, 0.0]]),
    ],
)
def test_the_outputs_settle_the_classes(y, outputs, classes, values):
    source = read(np.zeros((len(y), 1)), y).for_outputs(outputs)
    assert source.classes == classes
    found = source.head(len(y)).target
    assert found.tolist() == values
    assert found.is_floating_point() == (classes is None)


def test_outputs_are_settled_again_without_loss():
    y = target([0, 2, 2])
    assert y.for_outputs(1).for_outputs(3).values.tolist() == [0, 2, 2]


def test_floats_keep_their_precision():
    assert target(torch.tensor([0.5])).values.dtype == torch.float32
    assert target(np.array([0.5])).values.dtype == torch.float64
    assert target(torch.tensor([0.5], dtype=torch.bfloat16)).values.tolist() == [0.5]


@pytest.mark.parametrize(
    ("y", "error", "sentence"),
    [
        ([0.0, np.nan, np.inf], ValueError, r"y is NaN or infinite in 2 rows: drop these rows"),
        (["a", None, "b"], ValueError, r"y is missing in 1 row: drop"),
        (pd.Series(["a", None, None]), ValueError, r"y is missing in 2 rows"),
        (pd.Series([1, None], dtype="Int64"), ValueError, r"y is missing in 1 row"),
        (pd.Categorical(["a", None]), ValueError, r"y is missing in 1 row"),
        (np.array(["a", 1.5], dtype=object), ValueError, r"y mixes types"),
        (
            pd.Series(pd.date_range("2024", periods=2)),
            ValueError,
            r"y holds values of type datetime",
        ),
        (np.array([1j, 2]), ValueError, r"y holds values of type complex"),
        (np.array([["a", "b"], ["a", "b"]]), ValueError, r"y has 2 columns of text"),
        ([[1.0], [1.0, 2.0]], ValueError, r"y is a list whose rows differ in length"),
        ("default", TypeError, r"y is 'default': pass the column itself"),
        (3, TypeError, r"y is 3: pass a column"),
        (torch.nn.Linear(1, 1), TypeError, r"y is .*pass the column itself"),
        ({"a": [1, 2]}, TypeError, r"y is .*pass a column"),
    ],
)
def test_what_is_no_target_is_said(y, error, sentence):
    with pytest.raises(error, match=sentence):
        read(np.eye(3), y)


def test_another_length_names_both():
    with pytest.raises(ValueError, match=r"y has 2 values and X has 3 rows: pass one value"):
        read(np.eye(3), [0, 1])
    with pytest.raises(ValueError, match=r"y has 1 value and X has 3 rows"):
        read(np.eye(3), torch.tensor([1.0]))


def test_labels_that_fit_no_outputs_are_said():
    source = read(np.eye(3), ["a", "b", "c"])
    with pytest.raises(
        ValueError, match=r"y has 3 classes \('a', 'b', 'c'\) and the model 1 output"
    ):
        source.for_outputs(1)
    with pytest.raises(ValueError, match=r"the model 4 outputs: pass y as pd.Categorical"):
        source.for_outputs(4)
    with pytest.raises(ValueError, match=r"y has 3 classes \('1', '2', '5'\) and the model 5"):
        read(np.eye(3), [1, 2, 5]).for_outputs(5)
    with pytest.raises(ValueError, match=r"y has 1 class \('a'\)"):
        read(np.eye(2), ["a", "a"]).for_outputs(2)
