"""`nbx.agreement`: Kendall's τ-b, leading features, row by row, and what is said."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau
from torch import nn

import nbexplain as nbx
from nbexplain.comparison.agreement import kendall
from nbexplain.neighbours.given import library

X = torch.randn(300, 5, generator=torch.Generator().manual_seed(0))


def network(outputs=1, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, outputs))


def linear(*weights):
    return lambda x: x @ torch.tensor(weights)[:, None]


def test_the_order_of_the_oracle():
    found = kendall(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 3, 5, 4]))
    assert found == pytest.approx(0.6)


values = st.integers(-3, 3).map(float)  # few of them: ties are common
pairs = st.integers(2, 12).flatmap(
    lambda n: st.tuples(*[st.lists(values, min_size=n, max_size=n)] * 2)
)


@given(pairs)
def test_tau_is_that_of_scipy_with_ties(both):
    a, b = map(np.array, both)
    assert kendall(a, b) == pytest.approx(kendalltau(a, b).statistic, nan_ok=True)


@given(pairs)
def test_tau_knows_no_scale_and_no_side(both):
    a, b = map(np.array, both)
    found = kendall(a, b)
    assert kendall(b, a) == pytest.approx(float(found), nan_ok=True)
    assert kendall(np.exp(a), 3 * b - 1) == pytest.approx(float(found), nan_ok=True)
    assert kendall(-a, b) == pytest.approx(-float(found), nan_ok=True)


def test_rows_are_as_each_of_them():
    generator = np.random.default_rng(0)
    a, b = generator.integers(0, 4, (2, 20, 6)).astype(float)
    each = [kendalltau(*rows).statistic for rows in zip(a, b, strict=True)]
    assert kendall(a, b) == pytest.approx(each, nan_ok=True)


def test_linear_models_have_the_order_of_their_weights():
    """λ of a linear model is |w| / Σ|w|: shares and rows have the order of |w|."""
    one = nbx.explain(linear(5.0, -4, 3, 2, 1), X, scale="none")
    other = nbx.explain(linear(4.0, 5, 3, -1, 2), X, scale="none")
    found = nbx.agreement(one, other, k=3)
    assert found.tau == pytest.approx(0.6)
    assert found.rows_tau == pytest.approx(0.6)
    assert (found.overlap, found.k, found.rows) == (3, 3, 300)
    assert nbx.agreement(one, other, k=1).overlap == 0
    assert nbx.agreement(one, other, k=9).k == 5
    assert found.sentence == (
        "Kendall τ 0.60; 3 of the 3 leading features in common; at one row τ is 0.60 (median of "
        "300 rows)."
    )


@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients", "smoothgrad"])
def test_of_two_methods_it_is_that_of_their_tables(method):
    ex = nbx.explain(network(2), X, y=["no", "yes"] * 150)
    other = ex.with_method(method)
    found = nbx.agreement(ex, other, output="yes")
    tables = [one.importance("yes")["importance"] for one in (ex, other)]
    assert found.tau == pytest.approx(kendalltau(tables[0], tables[1][tables[0].index]).statistic)
    each = [
        kendalltau(*(one.local(row, "yes")["importance"] for one in (ex, other))).statistic
        for row in range(len(X))
    ]
    assert found.rows_tau == pytest.approx(np.median(each))
    assert found.names == (nbx.card("sensitivity").title, nbx.card(method).title)
    assert found.questions == (nbx.card("sensitivity").question, nbx.card(method).question)
    assert repr(found).startswith(f"Sensitivity beside {nbx.card(method).title}, yes: Kendall τ")
    for text in (found.sentence, *found.questions):
        assert text in repr(found)


def test_groups_and_lags_count_as_features():
    rows = torch.randn(80, 6, 2, generator=torch.Generator().manual_seed(1))
    ex = nbx.explain(lambda x: 3 * x[:, -1, :1] + x[:, -2, 1:].sin(), rows)
    found = nbx.agreement(ex, ex.with_method("integrated_gradients"))
    assert (found.k, found.tau) == (2, 1)
    grouped = nbx.explain(network(), X, groups={"both": ["x0", "x1"]})
    other = grouped.with_method("deeplift")
    each = [
        kendalltau(*(one.local(row)["importance"] for one in (grouped, other))).statistic
        for row in range(len(X))
    ]
    assert nbx.agreement(grouped, other).rows_tau == pytest.approx(np.median(each))


def test_features_are_matched_by_name_and_only_common_ones_count():
    one = nbx.explain(linear(5.0, 4, 3), X[:, :3], feature_names=["a", "b", "c"])
    other = nbx.explain(linear(3.0, 5, 4), X[:, :3], feature_names=["c", "d", "b"])
    found = nbx.agreement(one, other, k=1)
    assert found.tau == 1
    assert found.overlap == 1
    with pytest.raises(ValueError, match="no feature in common"):
        nbx.agreement(one, nbx.explain(network(), X))
    with pytest.raises(ValueError, match="One feature in common has no order"):
        nbx.agreement(one, nbx.explain(linear(1.0), X[:, :1], feature_names=["a"]))


def test_a_model_that_uses_nothing_has_no_order():
    ex = nbx.explain(lambda x: 0 * x[:, :1], X)
    found = nbx.agreement(ex, nbx.explain(network(), X))
    assert np.isnan(found.tau)
    assert np.isnan(found.rows_tau)
    assert found.sentence.startswith("Nothing to rank")


def test_another_library_s_are_called_so():
    ex = nbx.explain(network(), X, method="deeplift")
    theirs = nbx.from_captum(torch.tensor(ex.attributions[:, 0]), X, method="DeepLift")
    found = nbx.agreement(ex, theirs)
    assert found.names == ("DeepLIFT", f"DeepLift by {library('captum')}")
    assert found.tau == pytest.approx(1)


def test_without_common_rows_the_rows_are_left_out():
    ex = nbx.explain(network(), X, keep=[0, 1])
    other = nbx.explain(network(seed=1), X, keep=[2])
    found = nbx.agreement(ex, other)
    assert found.rows == 0
    assert "row" not in found.sentence
    assert found.names == ("Sequential 1", "Sequential 2")


def test_html_is_text_whatever_names_hold():
    model = nn.Sequential(nn.Linear(5, 1))
    ex = nbx.explain(model, X, output_names=["<script>"])
    shown = nbx.agreement(ex, ex.with_method("deeplift"))._repr_html_()
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown


def test_what_has_no_agreement_is_refused_in_a_sentence():
    ex = nbx.explain(network(), X)
    with pytest.raises(TypeError, match="not DataFrame"):
        nbx.agreement(ex, ex.importance())
    with pytest.raises(ValueError, match="k=0 must be a whole number"):
        nbx.agreement(ex, ex, k=0)
    with pytest.raises(ValueError, match=r"nbx\.agreement says how far"):
        nbx.compare(ex, ex.with_method("deeplift"))
