"""Independent rows of a known function."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    import pandas as pd


class AdditiveFunction(nn.Module):
    """f(x) = cos x1 + sin x2 + 2 x3 + x4 + x5 / 100, the function behind `simulation`.

    Example:
        >>> import torch
        >>> AdditiveFunction()(torch.zeros(2, 5))
        tensor([1., 1.])
    """

    def forward(self, x: Tensor) -> Tensor:
        """From [n, 5] inputs to [n] values."""
        x1, x2, x3, x4, x5 = x.unbind(dim=1)
        return x1.cos() + x2.sin() + 2 * x3 + x4 + x5 / 100


@dataclass(frozen=True)
class Simulated:
    """Data drawn from a known function: `X, y, truth = simulation()`.

    Attributes:
        X: the inputs, one column a feature.
        y: the observed outcome, noise included.
        truth: the importance of every feature in theory, in percent.
        f: the function without noise, from [n, features] to [n]; it can be explained as a model.
    """

    X: pd.DataFrame
    y: pd.Series
    truth: pd.Series
    f: nn.Module

    def __iter__(self) -> Iterator[pd.DataFrame | pd.Series]:
        """Unpacks as `X, y, truth`."""
        return iter((self.X, self.y, self.truth))


def simulation(n: int = 10_000, seed: int = 0) -> Simulated:
    """The simulation of the sensitivity paper (section 3), whose importances are known.

    y = cos x1 + sin x2 + 2 x3 + x4 + x5 / 100 + ε with independent x ~ N(0, 1) and ε of variance
    0.01 (the paper's out-of-sample error, 0.0127, leaves no room for a standard deviation of
    0.01 there). The importance of a feature is its share of the root mean squared derivatives:
    E sin² x = (1 - e⁻²) / 2 and E cos² x = (1 + e⁻²) / 2 give 0.6575, 0.7534, 2, 1 and 0.01.

    Args:
        n: how many rows.
        seed: of the draw; the same seed gives the same rows.

    Raises:
        ValueError: `n` is less than 1.

    Example:
        >>> X, y, truth = simulation(n=4)
        >>> X.shape, y.shape
        ((4, 5), (4,))
        >>> truth.round(3).to_dict()
        {'x1': 14.873, 'x2': 17.042, 'x3': 45.239, 'x4': 22.62, 'x5': 0.226}
    """
    import pandas as pd

    if n < 1:
        raise ValueError(f"n={n}: a simulation has at least 1 row.")
    names = ["x1", "x2", "x3", "x4", "x5"]
    generator = np.random.default_rng(seed)
    x = generator.standard_normal((n, len(names)))
    noise = generator.normal(scale=math.sqrt(0.01), size=n)
    f = AdditiveFunction()
    rms = [math.sqrt((1 - math.exp(-2)) / 2), math.sqrt((1 + math.exp(-2)) / 2), 2, 1, 0.01]
    return Simulated(
        X=pd.DataFrame(x, columns=names),
        y=pd.Series(f(torch.from_numpy(x)).numpy() + noise, name="y"),
        truth=pd.Series(100 * np.array(rms) / sum(rms), index=names, name="theory"),
        f=f,
    )
