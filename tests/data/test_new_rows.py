"""Rows that are not in X, in the forms people have them in."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.data import read

X = pd.DataFrame({"a": [0.0, 1.0], "b": [2, 3], "c": [True, False]})


@pytest.mark.parametrize(
    "row",
    [
        pd.DataFrame({"c": [True], "a": [0.5], "b": [7]}),
        pl.DataFrame({"c": [True], "a": [0.5], "b": [7]}),
        pd.Series({"b": 7, "c": True, "a": 0.5}),
        pd.Series({"b": 7, "c": True, "a": 0.5}, dtype=object),
        {"b": 7, "a": 0.5, "c": True},
        [0.5, 7, 1],
        [[0.5, 7, 1]],
        np.array([0.5, 7, 1]),
        torch.tensor([[0.5, 7, 1]]),
    ],
    ids=lambda row: f"{type(row).__module__.split('.')[0]}.{type(row).__name__}",
)
def test_a_row_is_matched_by_name_or_by_place(row):
    batch = read(X).new_rows(row)
    assert [x.tolist() for x in batch.inputs] == [[[0.5, 7.0, 1.0]]]
    assert batch.inputs[0].is_floating_point()
    assert batch.target is None


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_columns_does_not_matter(order):
    source = read(X)
    (known,) = source.head(2).inputs
    (found,) = source.new_rows(X[order]).inputs
    assert torch.equal(known, found)


def test_whole_numbers_become_floats_beside_floats():
    (found,) = read(np.eye(2)).new_rows(torch.tensor([1, 2])).inputs
    assert found.is_floating_point()


def test_names_are_ignored_where_x_has_none():
    (found,) = read(np.eye(2)).new_rows({"p": 1, "q": 2}).inputs
    assert found.tolist() == [[1, 2]]


def test_columns_that_share_a_name_are_matched_in_their_order():
    same = pd.DataFrame([[1.0, 2.0]], columns=["a", "a"])
    assert read(same).new_rows(same).inputs[0].tolist() == [[1, 2]]


@pytest.mark.parametrize("axis", [True, False])
def test_an_image_comes_with_or_without_the_axis_of_rows(axis):
    image = torch.rand(3, 4, 4)
    (found,) = read(torch.rand(2, 3, 4, 4)).new_rows(image[None] if axis else image).inputs
    assert torch.equal(found, image[None])


def test_several_inputs_come_as_x_did():
    named = read({"num": X, "cat": torch.tensor([[3], [4]])})
    found = named.new_rows({"cat": torch.tensor([5]), "num": {"b": 1, "a": 2, "c": 3}})
    assert [x.tolist() for x in found.inputs] == [[[2, 1, 3]], [[5]]]
    plain = read((np.eye(2), np.eye(3)[:2]))
    assert [x.shape for x in plain.new_rows(([1, 2], [1, 2, 3])).inputs] == [(1, 2), (1, 3)]


@pytest.mark.parametrize(
    ("row", "error", "sentence"),
    [
        ({"a": 1, "b": 2}, ValueError, r"row lacks 'c': pass the columns of X"),
        ({"a": 1, "b": 2, "c": 3, "d": 4}, ValueError, r"row has 'd', unknown to X"),
        (X.rename(columns={"a": "z"}), ValueError, r"row lacks 'a' and has 'z', unknown to X"),
        ([1, 2], ValueError, r"row has the shape \[2\], but one row of X has \[3\]"),
        (torch.zeros(1, 4), ValueError, r"row has the shape \[1, 4\]"),
        ({"a": "x", "b": 2, "c": 3}, ValueError, r"row has 'x' in 'a': pass a number"),
        ({"a": 1, "b": np.nan, "c": 3}, ValueError, r"row is NaN or infinite in 'b'"),
        ([1, 2, np.inf], ValueError, r"row is NaN or infinite in 'c'"),
        (X.assign(a="x"), ValueError, r"row has 1 column that the model cannot read, 'a' \(text"),
        (pd.concat([X, X], axis=1)[["b", "b", "a", "a", "c", "c"]], ValueError, r"repeats"),
        ("x", TypeError, r"row is of type str: pass a frame of one row"),
        (None, TypeError, r"row is of type NoneType"),
        (3, TypeError, r"row is of type int"),
    ],
)
def test_what_is_no_row_is_said(row, error, sentence):
    with pytest.raises(error, match=sentence):
        read(X).new_rows(row)


def test_inputs_of_another_form_are_said():
    named, plain = read({"a": np.eye(2), "b": np.eye(2)}), read((np.eye(2), np.eye(2)))
    with pytest.raises(ValueError, match=r"row is not a dict of the inputs a, b"):
        named.new_rows({"a": [1, 2]})
    with pytest.raises(ValueError, match=r"row is not a tuple of 2 inputs"):
        plain.new_rows([1, 2])
    with pytest.raises(ValueError, match=r"row\[1\] has the shape \[3\], but one row of X\[1\]"):
        plain.new_rows(([1, 2], [1, 2, 3]))
    with pytest.raises(ValueError, match=r"row has inputs of 1, 2 rows"):
        plain.new_rows(([1, 2], np.eye(2)))
