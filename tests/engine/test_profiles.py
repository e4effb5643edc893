"""Each feature's own lag profile: its interval against a jackknife written out."""

import numpy as np
import torch

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.importances import student_t
from nbexplain.engine.profiles import profile_widths
from nbexplain.engine.windows import Window
from nbexplain.features import features


def profile(g):
    """`[rows, outputs, τ, p]` to the share of each lag in each feature, lag 0 first."""
    size = np.sqrt((g**2).mean(0).sum(0))[::-1]
    return 100 * size / size.sum(0)


def test_widths_are_those_of_leaving_each_group_out():
    g = np.random.default_rng(0).normal(size=(200, 2, 5, 3)) * [1, 2, 0]
    window = Window(Sums.of(torch.from_numpy(g), 0), features((5, 3)), np.ones(15))
    found = profile_widths(window, np.ones(2), 0.9)
    group = np.arange(200) % 64
    with np.errstate(invalid="ignore"):
        left = np.stack([profile(g[group != k]) for k in range(64)])
    expected = student_t(0.9, 63) * np.sqrt(63 * left.var(0))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.isnan(found[:, 2]).all()
    assert (found[:, :2] > 0).all()
