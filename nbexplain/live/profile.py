"""What each lag of sequences carries, after one step of a training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nbexplain.engine.axes import Float32, Float64

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

MOST_CELLS = 100_000
"""Lags times features of which each moment keeps a map, at most."""


@dataclass(frozen=True, eq=False)
class LagProfile:
    """The shares of lags, of the output that the watch shows.

    Attributes:
        lags: the lags, ascending: 0 is the last step, or that of the output; leads are below 0.
        share: of each lag, percent.
        low: lower bound of its interval (row sampling).
        high: upper bound.
        map: of each feature at each lag, percent of the total, whose rows add up to `share`; None
            of more than `MOST_CELLS`.
    """

    lags: range
    share: Float64[np.ndarray, " lags"]
    low: Float64[np.ndarray, " lags"]
    high: Float64[np.ndarray, " lags"]
    map: Float32[np.ndarray, "lags features"] | None = None

    def over(self, lags: range) -> LagProfile:
        """The same over more lags, NaN at those that it does not have.

        >>> LagProfile(range(2), *np.array([[75.0, 25.0]] * 3)).over(range(-1, 2)).share
        array([nan, 75., 25.])
        """
        around = (self.lags.start - lags.start, lags.stop - self.lags.stop)
        if around == (0, 0):
            return self

        def wider(array: Any) -> Any:
            rest = [(0, 0)] * (array.ndim - 1)
            return np.pad(array, [around, *rest], constant_values=np.nan)

        cells = None if self.map is None else wider(self.map)
        return LagProfile(lags, wider(self.share), wider(self.low), wider(self.high), cells)


def every(profiles: Iterable[LagProfile | None]) -> range:
    """All lags that any of the profiles has; a model may come to use later steps, or cease to.

    >>> of = lambda lags: LagProfile(lags, *np.zeros((3, len(lags))))
    >>> every([of(range(3)), None, of(range(-2, 3))])
    range(-2, 3)
    """
    found = [profile.lags for profile in profiles if profile is not None]
    starts, stops = [lags.start for lags in found], [lags.stop for lags in found]
    return range(min(starts, default=0), max(stops, default=0))


def lag_profile(explanation: Explanation) -> LagProfile | None:
    """What an explanation says of lags; None where X has none.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(lambda x: 3 * x[:, -1] + x[:, -2], torch.randn(50, 3, 1))
    >>> lag_profile(ex).share.round(6).tolist()
    [75.0, 25.0, 0.0]
    """
    features, output = explanation.features, explanation.default_output
    if features.kind != "sequence" or features.steps < 2:
        return None
    lags, found = explanation.window().lags, explanation.lag_shares(output)
    cells = None
    if len(lags) * len(features) <= MOST_CELLS:
        cells = explanation.lag_map(output).to_numpy().astype(np.float32)
    return LagProfile(lags, found.share, found.low, found.high, cells)
