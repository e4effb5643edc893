"""Lag by feature: margins, groups, merging, and intervals over overlapping windows."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.engine.accumulators import GROUPS, Spread, Sums
from nbexplain.engine.importances import importances, student_t
from nbexplain.engine.lags import by_lag, lag_shares, lag_sizes
from nbexplain.features import features


def of(g, groups=None, scale=None, weights=None, confidence=0.95, batch=None):
    """The map, the lags' shares and the features' importances of g `[rows, outputs, τ, p]`."""
    g = torch.as_tensor(g, dtype=torch.float64)
    rows, outputs, steps, width = g.shape
    named = features((steps, width), list("abcdefgh")[:width], groups)
    size = batch or rows
    sums = None
    for start in range(0, rows, size):
        part = Sums.of(g[start : start + size], start, named.block)
        sums = part if sums is None else sums.merge(part)
    unit = np.ones(steps * width) if scale is None else np.tile(scale, steps)
    counts = np.ones(outputs) if weights is None else np.asarray(weights, dtype=float)
    return (
        lag_sizes(sums, named, unit, counts),
        lag_shares(sums, named, unit, counts, confidence),
        importances(sums, named, unit, counts, confidence),
    )


def written_out(g, weights, scale):
    """M by its definition: loops over lags and features."""
    rows, _, steps, width = g.shape
    found = np.zeros((steps, width))
    for lag in range(steps):
        for j in range(width):
            squares = (scale[j] * g[:, :, steps - 1 - lag, j]) ** 2
            found[lag, j] = np.sqrt((squares @ weights).sum() / rows)
    return found


def test_the_map_is_its_definition():
    g = np.random.default_rng(0).normal(size=(70, 2, 5, 3))
    weights, scale = np.array([1.0, 0.25]), np.array([1.0, 3.0, 0.5])
    expected = written_out(g, weights, scale)
    found, lags, named = of(g, scale=scale, weights=weights)
    np.testing.assert_allclose(found, expected)
    np.testing.assert_allclose(lags.share, 100 * expected.sum(1) / expected.sum())
    np.testing.assert_allclose(named.share, 100 * expected.sum(0) / expected.sum())


def test_features_and_lags_are_the_margins_of_one_map():
    g = np.random.default_rng(1).normal(size=(90, 1, 4, 3))
    found, lags, named = of(g, {"bc": ["b", "c"]})
    np.testing.assert_allclose(named.rms, found.sum(0))
    np.testing.assert_allclose(lags.size, found.sum(1))


def test_members_of_a_group_meet_inside_the_root_of_each_lag():
    g = np.zeros((3, 1, 2, 3))
    g[:, 0, 1], g[:, 0, 0] = [1, 3, 4], [2, 6, 8]
    found, lags, _ = of(g, {"bc": ["b", "c"]})
    assert found.tolist() == [[1, 5], [2, 10]]
    assert lags.share.tolist() == pytest.approx([100 / 3, 200 / 3])


def test_a_group_whose_members_stand_apart_keeps_its_place():
    g = np.zeros((2, 1, 1, 3))
    g[:, 0, 0] = [3, 7, 4]
    assert of(g, {"ac": ["a", "c"]})[0].tolist() == [[5, 7]]
    assert by_lag(features((2, 2)), np.arange(8.0).reshape(2, 4))[1].tolist() == [[6, 7], [4, 5]]


def test_the_interval_of_a_lag_is_the_delete_one_block_jackknife():
    # Written out: 64 blocks of τ = 3 consecutive rows are 64 groups.
    g = np.random.default_rng(2).normal(size=(GROUPS * 3, 1, 3, 2)) * [[1, 2], [3, 1], [0.5, 1]]
    blocks = (g[:, 0, ::-1] ** 2).reshape(GROUPS, 3, 3, 2).sum(1)
    spared = np.sqrt(blocks.sum(0) - blocks).sum(2)
    spared = 100 * spared / spared.sum(1, keepdims=True)
    error = np.sqrt((GROUPS - 1) / GROUPS * ((spared - spared.mean(0)) ** 2).sum(0))
    lags = of(g, confidence=0.9)[1]
    np.testing.assert_allclose(lags.high - lags.share, student_t(0.9, GROUPS - 1) * error)
    np.testing.assert_allclose(lags.share - lags.low, student_t(0.9, GROUPS - 1) * error)


@given(st.integers(0, 10_000), st.integers(1, 50))
def test_batches_of_any_size_give_the_same_lags(seed, batch):
    g = np.random.default_rng(seed).normal(size=(60, 1, 3, 2))
    whole, parts = of(g)[1], of(g, batch=batch)[1]
    for name in ("share", "low", "high", "size"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name))


def test_intervals_of_lags_cover_with_overlapping_windows():
    # y = x²/2 of a slowly moving series, and a constant sensitivity of the same size one step
    # before: the lags' true shares are a half each.
    generator = np.random.default_rng(0)
    steps, trials = 20, 150
    hits = {steps: 0, 1: 0}
    named = features((steps, 1))
    for _ in range(trials):
        noise = generator.normal(size=3000 + steps)
        g = np.zeros((3000, 1, steps, 1))
        g[:, 0, -1, 0] = np.convolve(noise, np.ones(steps), "valid")[:3000]
        g[:, 0, -2, 0] = np.sqrt(steps)
        for block in hits:
            sums = Sums.of(torch.from_numpy(g), 0, block)
            lags = lag_shares(sums, named, np.ones(steps), np.ones(1), 0.95)
            hits[block] += lags.low[0] <= 50 <= lags.high[0]
    assert hits[steps] / trials > 0.9, hits
    assert hits[1] / trials < 0.75, hits


def test_a_constant_model_has_no_lags_to_share():
    found, lags, _ = of(np.zeros((4, 1, 3, 2)))
    assert (found == 0).all()
    assert np.isnan(lags.share).all()


def test_the_spread_over_rows_and_steps_is_that_of_all_values():
    x = np.random.default_rng(3).normal(size=(40, 5, 2)) * [1, 10] + np.arange(5)[:, None]
    found = Spread.of(torch.from_numpy(x[:10]).flatten(1)).merge(
        Spread.of(torch.from_numpy(x[10:]).flatten(1))
    )
    np.testing.assert_allclose(found.over(5), np.tile(x.reshape(-1, 2).std(0), 5))
    np.testing.assert_allclose(found.over(1), x.reshape(40, -1).std(0))
