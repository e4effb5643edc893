"""Sequences: the lag × feature matrix of sizes, and the lags' shares with their intervals."""

import numpy as np

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import (
    Importances,
    Shares,
    by_cell,
    importances,
    mean_squares,
    shares,
    weighed,
)
from nbexplain.features import Features


def lag_sizes(
    sums: Sums,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
) -> Float64[np.ndarray, "lags features"]:
    r"""The root mean square derivative by each feature at each lag, `[τ, features]`.

    $M_{kj} = \sqrt{\frac1N \sum_n \sum_o w_o \sum_{e \in j}
    (s_e\, \partial y_{no} / \partial x_{n,\tau-1-k,e})^2}$, the members e of a group j meeting
    inside the root. Lag k = 0 is the last step of the window, or each row's last existing one;
    the mean is over the rows that have a lag. Horel et al. define the lags' shares
    (§2.5) by its row sums; its column sums are the features' sizes in `importances`.

    Args:
        sums: of the derivatives, entries row-major over (steps, columns).
        features: how entries form features; of sequences.
        scale: factor s of each entry's derivative.
        weights: factor w of each output's squares; 0 leaves an output out.

    >>> import torch
    >>> from nbexplain.features import features
    >>> g = torch.tensor([[[[0.0, 1.0], [3.0, 0.0]]]])  # one row, one output, two steps
    >>> lag_sizes(Sums.of(g, 0), features((2, 2)), np.ones(4), np.ones(1)).tolist()
    [[3.0, 0.0], [0.0, 1.0]]
    """
    return sums.root(by_lag(features, mean_squares(sums, scale, weights)))


def lag_shares(
    sums: Sums,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
    confidence: float,
) -> Shares:
    r"""The share of each lag and its interval; all `[τ]`, lag 0 first.

    $\gamma_k = 100 \sum_j M_{kj} / \sum_{lj} M_{lj}$ (Horel et al., §2.5, whose factor 1/p
    cancels), with the interval of `importances`: the delete-one-group jackknife over blocks of τ
    rows, in which overlapping windows stay together.

    Args:
        sums: of the derivatives, entries row-major over (steps, columns).
        features: how entries form features; of sequences.
        scale: factor s of each entry's derivative.
        weights: factor w of each output's squares; 0 leaves an output out.
        confidence: of the interval, between 0 and 1.

    >>> import torch
    >>> from nbexplain.features import features
    >>> g = torch.tensor([[[[0.0, 1.0], [3.0, 0.0]]]] * 2)
    >>> lag_shares(Sums.of(g, 0), features((2, 2)), np.ones(4), np.ones(1), 0.95).share.tolist()
    [75.0, 25.0]
    """

    def size(squares: Float64[np.ndarray, "*lead entries"]) -> Float64[np.ndarray, "*lead lags"]:
        return np.sqrt(by_lag(features, squares)).sum(-1)

    return shares(weighed(sums, scale, weights), sums.seen, size, confidence)


def last_importances(
    sums: Sums,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
    confidence: float,
) -> Importances:
    """λ of every feature from lag 0 alone: the literal formula of Horel et al. (§2.3).

    The arguments are those of `importances`. A feature then has one entry, hence a signed mean
    and a spread.

    >>> import torch
    >>> from nbexplain.features import features
    >>> g = torch.tensor([[[[0.0, 1.0], [3.0, 0.0]]]])
    >>> last_importances(Sums.of(g, 0), features((2, 2)), np.ones(4), np.ones(1), 0.95).share
    array([100.,   0.])
    """
    last = slice(-len(features.columns), None)
    return importances(sums.part(last), features.last_step, scale[last], weights, confidence)


def by_lag(
    features: Features, values: Float64[np.ndarray, "*lead entries"]
) -> Float64[np.ndarray, "*lead lags features"]:
    """Entries added up by lag and feature, lag 0 (the last step) first.

    >>> from nbexplain.features import features
    >>> by_lag(features((2, 2)), np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [[3.0, 4.0], [1.0, 2.0]]
    """
    steps = by_cell(features, values).reshape(*values.shape[:-1], -1, len(features))
    return steps[..., ::-1, :]
