"""Baselines and backgrounds as people give them: by name, in another order, wrong."""

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx

X = pd.DataFrame(torch.randn(60, 3, generator=torch.Generator().manual_seed(0)).double().numpy())
X.columns = ["age", "income", "debt"]
WEIGHTS = torch.tensor([[1.0], [-2.0], [3.0]], dtype=torch.float64)
ROW = pd.Series({"debt": 7.0, "age": 1.0, "income": -4.0})


def line(x):
    return x @ WEIGHTS.to(x)


def contributions(baseline, data=X, method=nbx.DeepLift):
    return nbx.explain(line, data, method=method(baseline=baseline)).attributions[:, 0]


@pytest.mark.parametrize("method", [nbx.DeepLift, nbx.IntegratedGradients, nbx.GradientXInput])
@pytest.mark.parametrize("given", [ROW, ROW.to_frame().T], ids=["series", "frame of one row"])
def test_named_baselines_are_matched_by_name(given, method):
    wanted = (X - ROW)[list(X.columns)] * WEIGHTS[:, 0].numpy()
    np.testing.assert_allclose(contributions(given, method=method), wanted, atol=1e-5)


def test_of_an_array_the_order_is_that_of_the_columns():
    values = X.to_numpy().copy()
    for given in (pd.Series([1.0, -4.0, 7.0]), [1.0, -4.0, 7.0], np.array([[1.0, -4.0, 7.0]])):
        found = contributions(given, torch.from_numpy(values))
        np.testing.assert_allclose(found, (values - [1, -4, 7]) * WEIGHTS[:, 0].numpy())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (ROW.drop("age"), "baseline: .*age"),
        (X[:10], r"baseline holds 10 rows, and is to be one: pass their mean\(\)"),
        (X[:0], "baseline holds 0 rows"),
        ([1.0, 2.0], r"baseline has the shape \[2\], which does not fit a row of X, \[3\]"),
    ],
)
def test_what_fits_no_row_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        contributions(given)


@pytest.mark.parametrize("given", [None, ["a", "b", "c"], {"age": 1.0}])
def test_what_is_no_baseline_is_refused_with_what_is(given):
    with pytest.raises(TypeError, match="is no baseline: pass 'zero', 'mean', 'median', a number"):
        nbx.DeepLift(baseline=given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((4, 2)), r"background: row has the shape \[4, 2\]"),
        (X[:0], "background has no rows"),
    ],
)
def test_a_background_that_fits_no_row_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        nbx.explain(line, X, method=nbx.ExpectedGradients(background=given))


def test_a_background_of_one_row_is_counted():
    ex = nbx.explain(line, X, method=nbx.ExpectedGradients(background=X[:1]))
    assert "against a background of 1 row, 60 rows" in ex.question


def test_a_method_s_class_is_told_from_its_object():
    with pytest.raises(TypeError, match=r"is the class DeepLift: pass nbx.DeepLift\(\)"):
        nbx.explain(line, X, method=nbx.DeepLift)


@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients", "expected_gradients"])
def test_rows_that_are_their_own_baseline_are_not_called_idle(method):
    ex = nbx.explain(line, X[:1], method=method)
    notes = " ".join(ex.notes)
    assert "each row equals its baseline" in notes
    assert "does not depend on" not in notes
    assert not np.signbit(ex.local(0)["attribution"]).any()


def test_an_input_that_cannot_move_the_response_is_not_called_unused():
    """The lesser of two is one of them on every row; the other is used all the same."""
    lesser = lambda x: x[:, :1] - (x[:, :1] - x[:, 1:2]).relu()  # noqa: E731
    rows = X.abs()
    rows["income"] += 10
    ex = nbx.explain(lesser, rows, method=nbx.GradientXInput(baseline="zero"))
    assert "Contributing nothing on any row: income, debt." in ex.notes
    assert "Not used" not in " ".join(ex.notes)
