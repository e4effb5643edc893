"""Planted lags: the truth is that of the function, and `nbx.explain` finds it there."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import nbexplain as nbx
from nbexplain import datasets
from nbexplain.datasets.planted import RIVER
from tests.oracles import central_differences

MAKERS = {
    "autoregression": datasets.autoregression,
    "delayed effects": datasets.delayed_effects,
    "gated memory": datasets.gated_memory,
}
makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def map_by_differences(data):
    """Share of every lag and feature, from finite differences of f and the spread of X."""
    x = data.X.double()
    (derivatives,) = central_differences(lambda inputs: data.f(inputs[0])[:, None], (x,))
    spread = x.flatten(0, 1).std(0, correction=0)
    sizes = derivatives[:, 0].square().mean(0).sqrt().flip(0) * spread
    return 100 * (sizes / sizes.sum()).numpy()


@makers
def test_the_truth_is_what_the_function_says(make):
    data = make(n=40_000, steps=12, seed=3)
    np.testing.assert_allclose(map_by_differences(data), data.truth, atol=0.25)
    assert data.truth.to_numpy().sum() == pytest.approx(100)


@makers
def test_explain_finds_the_truth_in_the_function(make):
    X, y, truth = data = make(n=20_000, seed=1)
    ex = nbx.explain(data.f, X, y, feature_names=list(truth.columns))
    assert ex.lag_map().index.name == truth.index.name == "lag"
    np.testing.assert_allclose(ex.lag_map(), truth, atol=0.3)
    np.testing.assert_allclose(ex.lag_importance()["importance"], truth.sum(axis=1), atol=0.4)
    assert list(ex.lag_map().columns) == list(truth.columns)


@makers
def test_windows_are_of_one_series_and_y_is_its_function(make):
    data = make(n=3_000)
    n, steps, features = data.X.shape
    assert (n, len(data.y), data.truth.shape) == (3_000, 3_000, (steps, features))
    assert data.X.dtype == torch.float32
    assert data.y.dtype == np.float32
    assert data.X.is_contiguous()
    assert torch.equal(data.X[1:, :-1], data.X[:-1, 1:])
    noise = data.y.to_numpy() - data.f(data.X).numpy()
    deviation = {"autoregression": 1, "delayed_effects": 0.1, "gated_memory": 0.01}[make.__name__]
    assert noise.std() == pytest.approx(deviation, rel=0.05)
    assert abs(np.corrcoef(noise, data.f(data.X).numpy())[0, 1]) < 0.08


def test_the_next_value_of_an_autoregression_ends_the_next_window():
    data = datasets.autoregression(n=50)
    np.testing.assert_array_equal(data.y[:-1], data.X[1:, -1, 0])


def test_an_autoregression_has_settled_when_it_begins():
    spread = 1 / 0.6  # of x = 0.8 x before + noise of variance 1, in theory
    x = datasets.autoregression(n=100_000, steps=1, weights={0: 0.8}).X
    assert x.std().item() == pytest.approx(spread, rel=0.02)
    first = [datasets.autoregression(1, 1, {0: 0.8}, seed).X.item() for seed in range(200)]
    assert np.std(first) == pytest.approx(spread, rel=0.2)


@settings(max_examples=20, deadline=None)
@given(
    st.dictionaries(st.integers(0, 5), st.floats(-0.16, 0.16).filter(bool), min_size=1),
    st.integers(0, 2**32),
)
def test_weights_of_an_autoregression_are_the_shares_of_its_lags(weights, seed):
    data = datasets.autoregression(n=8, steps=6, weights=weights, seed=seed)
    total = sum(map(abs, weights.values()))
    expected = [100 * abs(weights.get(lag, 0)) / total for lag in range(6)]
    np.testing.assert_allclose(data.truth["x"], expected, atol=1e-9)
    np.testing.assert_allclose(map_by_differences(data)[:, 0], expected, atol=1e-4)


def test_delayed_effects_are_where_they_were_planted():
    truth = datasets.delayed_effects(n=1, effects={"a": {0: 3, 4: -1}, "b": {2: 1}}, steps=5).truth
    assert truth.to_numpy().tolist() == [[60, 0], [0, 0], [0, 20], [0, 0], [20, 0]]
    default = datasets.delayed_effects(n=1).truth
    planted = {(lag, name) for name, weights in RIVER.items() for lag in weights}
    assert {place for place, share in default.stack().items() if share} == planted


@pytest.mark.parametrize("opening", [0.2, 0.5, 1.0])
def test_a_wider_gate_forgets_sooner(opening):
    truth = datasets.gated_memory(n=1, steps=40, opening=opening).truth
    ratio = np.sqrt(1 - opening + opening**2 / 3)
    np.testing.assert_allclose(truth["value"].to_numpy()[1:] / truth["value"][:-1], ratio)
    assert (np.diff(truth.sum(axis=1)) < 0).all()


def test_a_memory_of_one_step_is_a_product():
    # y = g v: the derivatives' root mean squares are those of g and of v times the spread of g.
    truth = datasets.gated_memory(n=1, steps=1, opening=1.0).truth
    sizes = np.sqrt([1 / 3, 1 / 12])
    np.testing.assert_allclose(truth.loc[0], 100 * sizes / sizes.sum())


@makers
def test_a_seed_names_a_draw(make):
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = (make(n=5, seed=seed) for seed in (4, 4, 5))
    assert torch.equal(first.X, again.X)
    pd.testing.assert_series_equal(first.y, again.y)
    assert not torch.equal(first.X, other.X)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002


@makers
@pytest.mark.parametrize("argument", ["n", "steps"])
def test_nothing_is_refused(make, argument):
    with pytest.raises(ValueError, match=f"{argument}=0: a .* has at least 1"):
        make(**{argument: 0})


REFUSED = {
    "at lag 12, but a window of 12 steps has the lags 0 to 11": {0: 1.0, 12: 1.0},
    "at lag -1, but": {-1: 1.0},
    "A weight is infinite or not a number": {0: float("nan")},
    "No lag has a weight other than 0": {0: 0.0},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_weights_that_mean_nothing_are_refused(sentence):
    weights = REFUSED[sentence]
    with pytest.raises(ValueError, match=sentence):
        datasets.delayed_effects(steps=12, effects={"rain": weights})
    with pytest.raises(ValueError, match=sentence):
        datasets.autoregression(steps=12, weights=weights)


def test_a_series_without_bound_is_refused():
    with pytest.raises(ValueError, match=r"grows without bound \(by 1 at each step\)"):
        datasets.autoregression(weights={0: 1.0})
    with pytest.raises(ValueError, match="grows without bound"):
        datasets.autoregression(weights={0: -0.7, 1: 0.5})


@pytest.mark.parametrize("opening", [0, -0.1, 1.1, float("nan")])
def test_an_impossible_gate_is_refused(opening):
    with pytest.raises(ValueError, match=f"opening={opening}: a gate opens by more than 0"):
        datasets.gated_memory(opening=opening)
