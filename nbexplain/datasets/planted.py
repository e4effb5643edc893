"""Sequences in which it is known which lag of which feature matters, and how much."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nbexplain.datasets.windows import windows

if TYPE_CHECKING:
    import pandas as pd

SETTLING = 1_000
"""Steps of an autoregression that pass before the first one that is kept."""

YEARLY: Mapping[int, float] = MappingProxyType({0: 0.5, 11: 0.4})
"""Next month from this one and from the same month of last year."""

RIVER: Mapping[str, Mapping[int, float]] = MappingProxyType(
    {
        "rain": MappingProxyType({1: 1.0, 3: 0.5}),
        "thaw": MappingProxyType({7: 0.8}),
        "dam": MappingProxyType({0: 0.4}),
        "wind": MappingProxyType({}),
    }
)
"""A river's level: rain takes one to three days, thaw a week, the dam none, wind does nothing."""


@dataclass(frozen=True)
class Planted:
    """Sequences of a known function: `X, y, truth = delayed_effects()`.

    Attributes:
        X: windows of one series, overlapping, `[n, steps, features]` in float32.
        y: what is observed of each window, noise included, `[n]` in float32.
        truth: the importance of every feature at every lag in theory, percent of the total: a
            frame lag × feature as `ex.lag_map()` is. Its columns add up to the importances of
            features, its rows to those of lags; lag 0 is the last step of the window.
        f: the function without noise, from `[n, steps, features]` to `[n]`; it can be explained
            as a model.
    """

    X: Tensor
    y: pd.Series
    truth: pd.DataFrame
    f: nn.Module

    def __iter__(self) -> Iterator[Tensor | pd.Series | pd.DataFrame]:
        """Unpacks as `X, y, truth`."""
        return iter((self.X, self.y, self.truth))


class WeightedLags(nn.Module):
    """f(x) = Σ w_kj x_{now-k, j}, the windows `[n, steps, p]` weighted by lag and feature.

    Args:
        weights: `[steps, p]`, lag 0 (the last step) first.

    Example:
        >>> import torch
        >>> WeightedLags(torch.tensor([[10.0], [1.0]]))(torch.tensor([[[3.0], [4.0]]]))
        tensor([43.])
    """

    weights: Tensor

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.register_buffer("weights", weights)

    def forward(self, x: Tensor) -> Tensor:
        """From [n, steps, p] windows to [n] values."""
        return (x * self.weights.flip(0).to(x)).sum((1, 2))


class Sine(nn.Module):
    """The sine of every entry.

    Example:
        >>> import torch
        >>> Sine()(torch.zeros(2))
        tensor([0., 0.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """From any shape to the same."""
        return x.sin()


class GatedMemory(nn.Module):
    """h_t = (1 - g_t) h_{t-1} + g_t v_t with h = 0 before the window; the last h is returned.

    Column 0 is the value v, column 1 the gate g between 0 (keep) and 1 (replace).

    Example:
        >>> import torch
        >>> GatedMemory()(torch.tensor([[[8.0, 1.0], [4.0, 0.5], [9.0, 0.0]]]))
        tensor([6.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """From [n, steps, 2] windows to [n] values."""
        h = torch.zeros_like(x[:, 0, 0])
        for value, gate in (step.unbind(1) for step in x.unbind(1)):
            h = (1 - gate) * h + gate * value
        return h


def autoregression(
    n: int = 4_000, steps: int = 24, weights: Mapping[int, float] = YEARLY, seed: int = 0
) -> Planted:
    r"""A series whose next value follows from its own past.

    $x_{t+1} = \sum_k w_k x_{t-k} + \varepsilon_t$ with $\varepsilon \sim N(0, 1)$; a window ends at
    $x_t$ and $y = x_{t+1}$, so lag k = 0 is the value just before the one to be predicted (order
    1 in the language of autoregressions). The derivatives are the weights: the share of lag k is
    $100\,|w_k| / \sum_l |w_l|$. Noise is part of the series: a network fitted to few windows gives
    weight to lags that have none.

    Args:
        n: how many windows.
        steps: of a window.
        weights: by lag; lags that are not named weigh nothing.
        seed: of the draw; the same seed gives the same series.

    Raises:
        ValueError: `n` or `steps` is less than 1, a lag lies outside the window, a weight is not
            finite, no lag has one, or the series would grow without bound.

    Example:
        >>> X, y, truth = autoregression(n=5, steps=3, weights={0: 0.6, 2: -0.2})
        >>> X.shape, y.shape
        (torch.Size([5, 3, 1]), (5,))
        >>> truth["x"].round(6).to_dict()
        {0: 75.0, 1: 0.0, 2: 25.0}
    """
    _check(n, steps)
    w = _by_lag({"x": weights}, steps)
    past = w[:, 0]
    # The roots of z^τ - w_0 z^{τ-1} - … are what the series' memory shrinks by at each step.
    if (largest := abs(np.roots([1, *-past])).max(initial=0)) >= 1:
        raise ValueError(
            f"weights={dict(weights)} make a series that grows without bound (by {largest:.3g} at "
            "each step): make them smaller, their absolute values adding up to less than 1."
        )
    noise = np.random.default_rng(seed).standard_normal(SETTLING + n + steps)
    x = np.zeros(steps + len(noise))
    for t in range(len(noise)):
        x[steps + t] = past[::-1] @ x[t : steps + t] + noise[t]
    x = x[-(n + steps) :]
    f = WeightedLags(torch.from_numpy(w))
    return _planted(windows(torch.from_numpy(x[:-1, None]), steps), x[steps:], w, ["x"], f)


def delayed_effects(
    n: int = 4_000,
    steps: int = 12,
    effects: Mapping[str, Mapping[int, float]] = RIVER,
    seed: int = 0,
) -> Planted:
    r"""Several features, each of which acts after delays of its own.

    $y_t = \sum_j \sum_k w_{jk} \sin x_{j,t-k} + \varepsilon_t$ with independent
    $x \sim N(0, 1)$ and $\varepsilon$ of variance 0.01. All derivatives $w_{jk} \cos x$ have the
    same root mean square but for their weights, so the share of feature j at lag k is
    $100\,|w_{jk}| / \sum_{il} |w_{il}|$.

    Args:
        n: how many windows.
        steps: of a window.
        effects: weights by feature and lag; a feature without any is a distraction.
        seed: of the draw; the same seed gives the same series.

    Raises:
        ValueError: `n` or `steps` is less than 1, a lag lies outside the window, a weight is not
            finite, or nothing has one.

    Example:
        >>> X, y, truth = delayed_effects(n=5, steps=3, effects={"a": {0: 1.0}, "b": {2: -3.0}})
        >>> X.shape, y.shape
        (torch.Size([5, 3, 2]), (5,))
        >>> truth["b"].to_dict()
        {0: 0.0, 1: 0.0, 2: 75.0}
    """
    _check(n, steps)
    w = _by_lag(effects, steps)
    generator = np.random.default_rng(seed)
    X = windows(torch.from_numpy(generator.standard_normal((n + steps - 1, len(effects)))), steps)
    f = nn.Sequential(Sine(), WeightedLags(torch.from_numpy(w)))
    noise = generator.normal(scale=math.sqrt(0.01), size=n)
    return _planted(X, f(X).numpy() + noise, w, list(effects), f)


def gated_memory(n: int = 4_000, steps: int = 24, opening: float = 0.5, seed: int = 0) -> Planted:
    r"""A memory that a gate opens more or less at every step, as that of a GRU.

    $h_t = (1 - g_t)\, h_{t-1} + g_t v_t$ with $h = 0$ before the window, values
    $v \sim N(0, 1)$ and gates $g$ uniform between 0 and c, the `opening`; y is the last h plus
    noise of variance 0.0001. With $a = E\,g^2 = c^2 / 3$ and $b = E\,(1 - g)^2 = 1 - c + c^2 / 3$
    the derivatives at lag k have the mean squares $a b^k$ by the value and $b^k (1 + m_k)$ by the
    gate, where $m_k = a\,(1 - b^{\tau-1-k}) / (1 - b)$ is that of the h before it. The truth is the
    share of their roots, the gate's times its standard deviation $c / \sqrt{12}$. From lag to lag
    the values' fade by $\sqrt b$: the wider the gate opens, the shorter the memory.

    Args:
        n: how many windows.
        steps: of a window, τ.
        opening: c, the widest opening of the gate, above 0 and at most 1.
        seed: of the draw; the same seed gives the same series.

    Raises:
        ValueError: `n` or `steps` is less than 1, or `opening` is outside (0, 1].

    Example:
        >>> X, y, truth = gated_memory(n=5, steps=2, opening=1.0)
        >>> X.shape, y.shape
        (torch.Size([5, 2, 2]), (5,))
        >>> truth.round(3).to_dict()
        {'value': {0: 40.927, 1: 23.629}, 'gate': {0: 23.629, 1: 11.815}}
    """
    _check(n, steps)
    if not 0 < opening <= 1:
        raise ValueError(f"opening={opening}: a gate opens by more than 0 and at most 1.")
    generator = np.random.default_rng(seed)
    time = n + steps - 1
    value, gate = generator.standard_normal(time), generator.uniform(0, opening, time)
    X = windows(torch.from_numpy(np.stack((value, gate), axis=1)), steps)
    replaced, kept = opening**2 / 3, 1 - opening + opening**2 / 3
    fading = kept ** np.arange(steps)
    before = replaced * (1 - fading[::-1]) / (1 - kept)
    sizes = np.sqrt(
        fading[:, None] * np.stack((np.full(steps, replaced), (1 + before) * opening**2 / 12), 1)
    )
    f = GatedMemory()
    noise = generator.normal(scale=math.sqrt(0.0001), size=n)
    return _planted(X, f(X).numpy() + noise, sizes, ["value", "gate"], f)


def _check(n: int, steps: int) -> None:
    if n < 1:
        raise ValueError(f"n={n}: a data set has at least 1 window.")
    if steps < 1:
        raise ValueError(f"steps={steps}: a window has at least 1 step.")


def _by_lag(effects: Mapping[str, Mapping[int, float]], steps: int) -> NDArray[np.float64]:
    """Weights as an array, `[lags, features]`."""
    found = np.zeros((steps, len(effects)))
    for j, (name, weights) in enumerate(effects.items()):
        for lag, weight in weights.items():
            if lag not in range(steps):
                raise ValueError(
                    f"{name!r} has a weight at lag {lag}, but a window of {steps} steps has the "
                    f"lags 0 to {steps - 1}: pass a longer window, steps=."
                )
            found[lag, j] = weight
    if not np.isfinite(found).all():
        raise ValueError("A weight is infinite or not a number: pass finite ones.")
    if not found.any():
        raise ValueError("No lag has a weight other than 0: there is nothing to find.")
    return found


def _planted(
    X: Tensor,
    y: NDArray[np.float64],
    sizes: NDArray[np.float64],
    names: list[str],
    f: nn.Module,
) -> Planted:
    """The record: single precision, as networks take it, and sizes as shares."""
    import pandas as pd

    share = 100 * abs(sizes) / abs(sizes).sum()
    lags = pd.RangeIndex(len(sizes), name="lag")
    return Planted(
        X=X.float(),
        y=pd.Series(y.astype(np.float32), name="y"),
        truth=pd.DataFrame(share, index=lags, columns=names),
        f=f,
    )
