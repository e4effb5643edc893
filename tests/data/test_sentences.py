"""Bad input: one sentence that names the argument, the column or row, and what to do."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse
import torch

from nbexplain.data import read
from nbexplain.model.snapshot import Signature


def frame(**columns):
    return pd.DataFrame({"ok": [1.0, 2.0, 3.0], **columns})


NAN = np.nan
BROKEN = frame(age=[NAN, 1.0, NAN], income=[NAN, np.inf, 0.0])


@pytest.mark.parametrize(
    ("X", "error", "parts"),
    [
        # Not finite.
        (BROKEN, ValueError, ["X is NaN or infinite in 3 of its 3 rows", "position 0", "fill"]),
        (
            BROKEN,
            ValueError,
            ["'age' (NaN in 2 rows)", "'income' (NaN in 1 row, infinite in 1 row)"],
        ),
        (pl.from_pandas(BROKEN), ValueError, ["'age' (NaN in 2 rows)"]),
        (pl.DataFrame({"a": [1, None]}), ValueError, ["X is NaN", "in column 'a' (NaN in 1 row)"]),
        (frame(a=pd.array([1, None, 2], "Int64")), ValueError, ["column 'a' (NaN in 1 row)"]),
        (np.array([[1.0, NAN]]), ValueError, ["in column 'x1' (NaN in 1 row)"]),
        (np.float32([[1.0], [np.inf], [-np.inf]]), ValueError, ["'x0' (infinite in 2 rows)"]),
        (torch.tensor([[[1.0, 2.0]], [[3.0, NAN]]]), ValueError, ["position 1", "column 'x1'"]),
        (torch.full((1, 3, 1), NAN), ValueError, ["'x0' (NaN in 1 row)"]),
        (
            torch.full((2, 1, 2, 2), NAN),
            ValueError,
            ["in 2 of its 2 rows (the first at position 0):"],
        ),
        (np.full((2, 7), NAN), ValueError, ["'x4' (NaN in 2 rows) and 2 more"]),
        (
            {"a": np.eye(2), "b": np.array([[1.0], [NAN]])},
            ValueError,
            ["X['b'] is NaN", "position 1"],
        ),
        # Not numbers.
        (
            frame(town=["Oslo", "Rome", "Oslo"]),
            ValueError,
            ["X has 1 column", "'town' (text such as"],
        ),
        (
            frame(town=["Oslo", "Rome", "Oslo"]),
            ValueError,
            ["'Oslo'", "pd.get_dummies", "leave it out"],
        ),
        (frame(when=pd.date_range("2024", periods=3)), ValueError, ["'when' (dates)"]),
        (frame(t=pd.to_timedelta([1, 2, 3], unit="s")), ValueError, ["'t' (durations)"]),
        (frame(c=pd.Categorical(["a", "b", "a"])), ValueError, ["'c' (categories such as 'a')"]),
        (frame(o=[[1], [2], [3]]), ValueError, ["'o' (objects such as '[1]')"]),
        (frame(z=[1j, 2j, 3j]), ValueError, ["'z' (complex numbers)"]),
        (
            frame(a=["p"] * 3, b=["q"] * 3),
            ValueError,
            ["2 columns", "'a' (text", "'b' (text", "them"],
        ),
        (frame(a=[None] * 3), ValueError, ["'a' (objects)"]),
        (pl.DataFrame({"town": ["Oslo"]}), ValueError, ["'town' (String)"]),
        (pl.DataFrame({"when": [dt.date(2024, 1, 1)]}), ValueError, ["'when' (Date)"]),
        (np.array([["a", "b"]]), ValueError, ["X holds text (dtype <U1), not numbers"]),
        (
            np.array([[1, "b"]], dtype=object),
            ValueError,
            ["X holds Python objects", ".astype(float)"],
        ),
        (np.zeros((2, 1), "M8[s]"), ValueError, ["X holds dates"]),
        (np.zeros((2, 1), "m8[s]"), ValueError, ["X holds durations"]),
        (np.zeros((2, 1), complex), ValueError, ["X holds complex numbers"]),
        (
            torch.zeros(2, 1, dtype=torch.cfloat),
            ValueError,
            ["X holds complex numbers", "real columns"],
        ),
        (np.zeros(2, [("a", float)]), ValueError, ["X is a structured array", "pd.DataFrame"]),
        (
            torch.zeros(2, 1, dtype=torch.long),
            ValueError,
            ["X holds integers", ".float()", "embedded"],
        ),
        (
            (torch.zeros(2, dtype=torch.int), torch.zeros(2, dtype=torch.int)),
            ValueError,
            ["integers"],
        ),
        # Not dense, not rectangular, not there.
        (scipy.sparse.eye(3), ValueError, ["X is a sparse matrix", ".toarray()"]),
        (scipy.sparse.eye_array(3), ValueError, ["X is a sparse matrix"]),
        (torch.eye(3).to_sparse(), ValueError, ["X is a sparse coo tensor", "dense"]),
        (
            np.ma.masked_equal([[1.0, 2.0]], 2.0),
            ValueError,
            ["X is a masked array", "fill or drop"],
        ),
        (
            [[1.0, 2.0], [3.0]],
            ValueError,
            ["rows differ in length", "row 0 has 2 values and row 1 1"],
        ),
        (np.zeros((0, 3)), ValueError, ["X has no rows"]),
        (pd.DataFrame({"a": []}, dtype=float), ValueError, ["X has no rows"]),
        ([], ValueError, ["X has no rows"]),
        (np.zeros((3, 0)), ValueError, ["X has no columns"]),
        (pd.DataFrame(index=[1, 2]), ValueError, ["X has no columns"]),
        (torch.zeros(3, 0, 2), ValueError, ["X has no columns", "[0, 2]"]),
        (np.zeros(3), ValueError, ["X has one axis", ".reshape(-1, 1)", ".reshape(1, -1)"]),
        (torch.zeros(3), ValueError, ["X has one axis"]),
        ([1.0, 2.0], ValueError, ["X has one axis"]),
        (torch.tensor(1.0), ValueError, ["X is a single number", "pass rows"]),
        (pd.Series([1.0, 2.0]), ValueError, ["X is a Series", ".to_frame()"]),
        (pl.Series([1.0, 2.0]), ValueError, ["X is a Series", ".to_frame()"]),
        ((np.eye(2), np.eye(3)), ValueError, ["X[0] has 2 rows and X[1] has 3"]),
        ({"a": np.eye(2), "b": np.eye(3)}, ValueError, ["X['a'] has 2 rows and X['b'] has 3"]),
        ({}, ValueError, ["X is an empty dict"]),
        ((), ValueError, ["X is an empty tuple"]),
        # Not data.
        (None, TypeError, ["X is None: pass a frame, an array or a tensor"]),
        ("data.csv", TypeError, ["X is of type str"]),
        (3, TypeError, ["X is of type int"]),
        (object(), TypeError, ["X is of type object"]),
        ({"a": "x"}, TypeError, ["X['a'] is of type str"]),
        ({"a": {"b": np.eye(2)}}, TypeError, ["X['a'] is of type dict"]),
        ((np.eye(2), None), TypeError, ["X[1] is None"]),
        (torch.nn.Linear(2, 1), TypeError, ["X is the model or function Linear", "(model, X, y)"]),
        (torch.sigmoid, TypeError, ["X is the model or function sigmoid"]),
        (torch.nn.Linear, TypeError, ["X is the model or function Linear"]),
    ],
)
def test_what_is_no_data_is_said(X, error, parts):
    with pytest.raises(error) as caught:
        list(read(X).batches(2))
    (sentence,) = caught.value.args
    for part in parts:
        assert part in sentence
    assert sentence.endswith(".")
    assert sentence.count(". ") == 0


def test_a_number_of_inputs_that_the_model_does_not_take_is_said():
    one, two = Signature(("x",), required=1), Signature(("a", "b"), required=2)
    with pytest.raises(
        ValueError, match=r"tuple of 2 inputs and the model takes 1 input; y is the"
    ):
        read((np.eye(2), np.eye(2)), forward=one)
    with pytest.raises(
        ValueError, match=r"X is one input and the model takes 2 inputs: pass a tuple"
    ):
        read(np.eye(2), forward=two)
    with pytest.raises(ValueError, match=r"tuple of 3 inputs and the model takes 2 inputs"):
        read((np.eye(2),) * 3, forward=two)
    assert read(np.eye(2), forward=Signature(("x", "mask"), required=1)).count == 2
    assert read((np.eye(2), np.eye(2)), forward=Signature(var_positional=True)).count == 2


def test_clean_data_is_looked_at_once(monkeypatch):
    from nbexplain.data import held

    monkeypatch.setattr(held, "not_finite", lambda _: pytest.fail("a second pass"))
    list(read(np.eye(3)).batches(2))
