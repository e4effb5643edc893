"""Importances against closed forms; intervals against a planted truth."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.importances import importances, student_t
from nbexplain.features import features


def found(g, names=None, groups=None, scale=None, weights=None, confidence=0.95, shape=None):
    """Importances of derivatives g `[rows, outputs, entries]`."""
    g = np.asarray(g, dtype=np.float64)
    entries = g[0, 0].size
    return importances(
        Sums.of(torch.from_numpy(g), 0),
        features(shape or (entries,), names, groups),
        np.ones(entries) if scale is None else np.asarray(scale, dtype=np.float64),
        np.ones(g.shape[1]) if weights is None else np.asarray(weights, dtype=np.float64),
        confidence,
    )


def test_shares_of_a_linear_function():
    result = found([[[2.0, -1.0, 1.0]]] * 10)
    assert result.share.tolist() == [50, 25, 25]
    assert result.mean.tolist() == [2, -1, 1]
    assert result.std.tolist() == [0, 0, 0]
    assert result.cumulative.tolist() == [50, 75, 100]


def test_rms_mean_and_std_are_those_of_the_rows():
    g = np.random.default_rng(0).normal(size=(500, 1, 4))
    result = found(g, scale=[1, 2, 0.5, 3])
    scaled = g[:, 0] * [1, 2, 0.5, 3]
    np.testing.assert_allclose(result.rms, np.sqrt((scaled**2).mean(0)))
    np.testing.assert_allclose(result.mean, scaled.mean(0))
    np.testing.assert_allclose(result.std, scaled.std(0))


def test_several_outputs_combine_inside_the_root():
    g = np.random.default_rng(1).normal(size=(50, 3, 2))
    weights = np.array([1, 0, 0.25])
    result = found(g, weights=weights)
    rms = np.sqrt((g**2).mean(0).T @ weights)
    np.testing.assert_allclose(result.share, 100 * rms / rms.sum())
    assert np.isnan(result.mean).all()


def test_a_group_is_the_root_of_its_summed_squares():
    # METHODS A5: dummies with derivatives 0, 1, 3 have a group size of √10.
    result = found([[[0.0, 1.0, 3.0, 1.0]]] * 4, ["a", "b", "c", "d"], {"abc": ["a", "b", "c"]})
    np.testing.assert_allclose(result.rms, [3.1622776601683795, 1])
    assert np.isnan(result.mean[0])
    assert result.mean[1] == 1


def test_pixels_of_a_channel_add_up():
    result = found(np.ones((4, 1, 8)), ["red", "blue"], shape=(2, 2, 2))
    np.testing.assert_allclose(result.rms, [4, 4])


def test_a_constant_model_has_no_shares():
    result = found(np.zeros((5, 1, 3)))
    assert np.isnan(result.share).all()
    assert np.isnan(result.low).all()
    assert result.rms.tolist() == [0, 0, 0]


def test_one_row_has_shares_but_no_interval():
    result = found([[[3.0, 1.0]]])
    assert result.share.tolist() == [75, 25]
    assert np.isnan(result.low).all()
    assert np.isnan(result.high).all()


def test_one_feature_has_it_all_for_certain():
    result = found(np.random.default_rng(0).normal(size=(100, 1, 1)))
    assert (result.low[0], result.share[0], result.high[0]) == (100, 100, 100)


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_scaling_the_response_or_permuting_features_changes_no_share(seed, factor):
    generator = np.random.default_rng(seed)
    g = generator.normal(size=(80, 1, 5))
    order = generator.permutation(5)
    plain, scaled, moved = found(g), found(factor * g), found(g[:, :, order])
    np.testing.assert_allclose(scaled.share, plain.share)
    np.testing.assert_allclose(scaled.low, plain.low)
    np.testing.assert_allclose(moved.share, plain.share[order])


def test_the_interval_is_the_delete_one_group_jackknife():
    # Written out: 64 rows are 64 groups of one.
    g = np.random.default_rng(2).normal(size=(64, 1, 3)) * [1, 2, 4]
    squares = g[:, 0] ** 2
    spared = np.sqrt(squares.sum(0) - squares)
    spared = 100 * spared / spared.sum(1, keepdims=True)
    error = np.sqrt(63 / 64 * ((spared - spared.mean(0)) ** 2).sum(0))
    result = found(g, confidence=0.9)
    np.testing.assert_allclose(result.high - result.share, student_t(0.9, 63) * error)


def test_intervals_cover_a_planted_truth_as_often_as_they_claim():
    # Derivatives of the paper's simulation: −sin x1, cos x2, 2, 1, 1/100 (METHODS A9).
    truth = np.array([14.872794, 17.042401, 45.239073, 22.619537, 0.226195])
    generator = np.random.default_rng(0)
    trials, covered = 400, np.zeros(5)
    for _ in range(trials):
        x = generator.normal(size=(1000, 2))
        g = np.empty((1000, 1, 5))
        g[:, 0] = np.stack(
            [-np.sin(x[:, 0]), np.cos(x[:, 1]), *(np.full(1000, c) for c in (2, 1, 0.01))], axis=1
        )
        result = found(g)
        covered += (result.low <= truth) & (truth <= result.high)
    rate = covered / trials
    # A 95 % interval misses 5 %; three standard errors of 400 trials are 3.3 points.
    assert (rate > 0.915).all(), rate
    assert (rate < 0.985).all(), rate


def test_overlapping_windows_need_their_blocks():
    # A slowly moving derivative: neighbours say the same, so fewer rows are independent.
    generator = np.random.default_rng(0)
    length, trials, hits = 20, 200, {1: 0, 20: 0}
    for _ in range(trials):
        noise = generator.normal(size=(2000 + length, 2))
        slow = np.stack(
            [np.convolve(noise[:, j], np.ones(length), "valid")[:2000] for j in range(2)], 1
        )
        for block in hits:
            sums = Sums.of(torch.from_numpy(slow[:, None]), 0, block)
            result = importances(sums, features((2,), None, None), np.ones(2), np.ones(1), 0.95)
            hits[block] += result.low[0] <= 50 <= result.high[0]
    assert hits[length] / trials > 0.9
    assert hits[1] / trials < 0.8


@pytest.mark.parametrize(
    ("confidence", "freedom", "quantile"),
    [
        (0.95, 1, 12.706205),
        (0.95, 2, 4.302653),
        (0.99, 5, 4.032143),
        (0.95, 63, 1.998341),
        (0.9, 30, 1.697261),
        (0.999, 10, 4.586894),
    ],
)
def test_quantiles_of_students_t(confidence, freedom, quantile):
    # Tables of the distribution, six decimals.
    assert student_t(confidence, freedom) == pytest.approx(quantile, abs=2e-6)


def test_select_takes_the_fewest_that_carry_the_share():
    result = found([[[1.0, 6.0, 3.0]]] * 3)
    assert result.select(0.6).tolist() == [1]
    assert result.select(0.61).tolist() == [1, 2]
    assert result.select(0.9).tolist() == [1, 2]
    assert result.select(1.0).tolist() == [1, 2, 0]
