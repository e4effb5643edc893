"""From the lag × feature matrix: how far back the past counts, and each feature over time."""

from dataclasses import dataclass

import numpy as np

from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import half_width, mean_squares, percent, spared, weighed
from nbexplain.engine.lags import by_lag
from nbexplain.engine.windows import Window


@dataclass(frozen=True)
class Memory:
    """How far back a network looks.

    Attributes:
        length: steps of the shortest window that ends now and carries the share; NaN for a
            constant model.
        low: lower bound of its interval (row sampling), in whole steps.
        high: upper bound.
    """

    length: float
    low: float
    high: float


def memory(
    window: Window,
    weights: Float64[np.ndarray, " outputs"],
    confidence: float,
    share: float,
) -> Memory:
    r"""The fewest steps back from now that together carry `share` of the total.

    $m = \min\{m : C_m \ge \text{share}\}$ with $C_m = \sum_{k<m} \gamma_k / \sum_k \gamma_k$ and γ
    of `lag_shares`. Its interval inverts those of the $C_m$, which are jackknifed like all shares
    (Woodruff 1952): every length that the share might be reached at.

    Leads are left out.

    Args:
        window: the sums, with the lags that they are of.
        weights: factor w of each output's squares; 0 leaves an output out.
        confidence: of the interval, between 0 and 1.
        share: that the steps carry, above 0 and at most 1.

    >>> import torch
    >>> from nbexplain.engine.accumulators import Sums
    >>> from nbexplain.features import features
    >>> g = torch.tensor([[[[1.0], [1.0], [2.0]]]] * 2)
    >>> memory(Window(Sums.of(g, 0), features((3, 1)), np.ones(3)), np.ones(1), 0.95, 0.7)
    Memory(length=2.0, low=2.0, high=2.0)
    """
    sums, features, scale = window.sums, window.features, window.scale

    def carried(squares: Float64[np.ndarray, "*lead entries"]) -> Float64[np.ndarray, "*lead lags"]:
        """What the lags from 0 to each carry of the total, between 0 and 1."""
        gamma = np.sqrt(by_lag(features, squares)).sum(-1)[..., window.leads :]
        return np.cumsum(percent(gamma), -1) / 100

    found = carried(mean_squares(sums, scale, weights))
    half = half_width(carried(spared(weighed(sums, scale, weights), sums.seen)), confidence)

    def reached(carried: Float64[np.ndarray, " lags"]) -> float:
        if np.isnan(carried).any():
            return float("nan")
        # All of it is carried by the whole window, whatever the last digit of a sum.
        return float(min((carried < share - ROUNDING).sum() + 1, len(carried)))

    return Memory(reached(found), reached(found + half), reached(found - half))


ROUNDING = 1e-12


def profile_widths(
    window: Window,
    weights: Float64[np.ndarray, " outputs"],
    confidence: float,
) -> Float64[np.ndarray, "lags features"]:
    r"""Half the interval of each feature's own lag profile $100\, M_{kj} / \sum_l M_{lj}$, percent.

    The delete-one-group jackknife of `importances`, for every feature by itself; NaN where a
    feature moves nothing, or there are fewer than two groups of rows. The arguments are those of
    `memory`.

    >>> import torch
    >>> from nbexplain.engine.accumulators import Sums
    >>> from nbexplain.features import features
    >>> g = torch.tensor([[[[1.0, 0.0], [1.0, 2.0]]]] * 2)
    >>> two = Window(Sums.of(g, 0), features((2, 2)), np.ones(4))
    >>> profile_widths(two, np.ones(1), 0.95).tolist()
    [[0.0, 0.0], [0.0, 0.0]]
    """
    sums = window.sums
    groups = weighed(sums, window.scale, weights)
    left = np.sqrt(by_lag(window.features, spared(groups, sums.seen)))
    return half_width(percent(left.swapaxes(-1, -2)), confidence).T
