"""What changed between two explanations: shares against shares, and how sure that is."""

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import percent, roots, spared, student_t, weighed
from nbexplain.engine.windows import Window

MOST_FREEDOM = 120
"""Degrees of freedom beyond which Student's t is taken as that of so many."""

RESOLUTION = 0.01
"""Points: what single precision and the order of sums may move a share by is no change."""


@dataclass(frozen=True, eq=False)
class Replicates:
    """Shares, and the same with each group of rows left out.

    Attributes:
        share: percent of the total, `[features]`; NaN throughout for a constant model.
        left: with each group that has rows left out in turn, `[groups with rows, features]`.
        filled: which of the 64 groups have rows.
    """

    share: Float64[np.ndarray, " features"]
    left: Float64[np.ndarray, "filled features"]
    filled: NDArray[np.bool_]

    @classmethod
    def of(cls, window: Window, weights: Float64[np.ndarray, " outputs"]) -> "Replicates":
        """The shares of a window's features, its outputs combined by these weights.

        >>> import torch
        >>> from nbexplain.engine.accumulators import Sums
        >>> from nbexplain.features import features
        >>> g = torch.tensor([[[3.0, 1.0]], [[3.0, 1.0]]])
        >>> two = Window(Sums.of(g, 0), features((2,)), np.ones(2))
        >>> Replicates.of(two, np.ones(1)).left.tolist()
        [[75.0, 25.0], [75.0, 25.0]]
        """
        sums = window.sums
        size = partial(roots, window.features, root=sums.root)
        groups = weighed(sums, window.scale, weights)
        counts = np.maximum(sums.seen.sum(0), 1)
        share = percent(size(groups.sum(0) / counts))
        return cls(share, percent(size(spared(groups, sums.seen))), sums.seen.max(1) > 0)

    def part(self, places: NDArray[np.int64]) -> "Replicates":
        """Of some of the features, in this order; shares stay those of the whole."""
        return Replicates(self.share[places], self.left[:, places], self.filled)

    @property
    def variance(self) -> Float64[np.ndarray, " features"]:
        """Of the shares, by the rows: the delete-one-group jackknife. NaN below two groups."""
        return _jackknifed(self.left)


@dataclass(frozen=True, eq=False)
class Change:
    """From one explanation's shares to another's, `[features]`.

    Attributes:
        points: the difference of the shares, in percentage points.
        low: lower bound of its interval, which holds for all features at once.
        high: upper bound.
    """

    points: Float64[np.ndarray, " features"]
    low: Float64[np.ndarray, " features"]
    high: Float64[np.ndarray, " features"]

    @property
    def claims(self) -> NDArray[np.str_]:
        """Where the interval leaves 0 out, "gained" or "lost"; elsewhere ""."""
        gained = (self.low > 0) & (self.points > RESOLUTION)
        lost = (self.high < 0) & (self.points < -RESOLUTION)
        return np.where(gained, "gained", np.where(lost, "lost", ""))


@dataclass(frozen=True, eq=False)
class Noise:
    """How far shares move from fit to fit, where nothing is changed but chance.

    Attributes:
        size: what the root mean square derivative of a feature moves by (its standard
            deviation), as a share of the total of all features' roots.
        freedom: degrees of freedom behind that.
    """

    size: float
    freedom: int

    def variance(
        self, share: Float64[np.ndarray, " features"], features: int
    ) -> Float64[np.ndarray, " features"]:
        r"""Of the difference of two fits' shares, in squared points.

        When each of m roots moves by κ times their total, independently, the share p moves by
        $\kappa \sqrt{(1 - p)^2 + (m - 1)\, p^2}$ to first order.
        """
        return 2 * (100 * self.size) ** 2 * _spreading(share / 100, features)


def spread_of_fits(shares: Float64[np.ndarray, "fits features"], features: int) -> float:
    """κ of `Noise` by the spread of at least two fits' shares, pooled over the features.

    Args:
        shares: percent of the total.
        features: how many there are in all.

    >>> round(spread_of_fits(np.array([[60.0, 40.0], [40.0, 60.0]]), 2), 3)
    0.2
    """
    expected = _spreading(shares.mean(0) / 100, features)
    if not expected.all():
        return 0.0  # a single feature has all of it in every fit
    return float(np.sqrt(np.mean((shares / 100).var(0, ddof=1) / expected)))


def change(
    before: Replicates,
    after: Replicates,
    confidence: float,
    *,
    paired: bool,
    noise: Noise | None = None,
    features: int = 0,
) -> Change:
    r"""The change of each share, with an interval that holds for all of them at once.

    $\hat\lambda'_j - \hat\lambda_j \pm t_{1 - \alpha / 2m,\, \nu}\, \sqrt{v_j + f_j}$. Of the same
    rows, $v_j$ is the delete-one-group jackknife of the difference, group by group; of others the
    sum of both shares' own. $f_j$ is `Noise.variance` between two fits, else 0. α is split among
    the m features (Bonferroni); ν is Satterthwaite's.

    Args:
        before: one explanation's shares.
        after: the other's, of the same features.
        confidence: of the interval, between 0 and 1.
        paired: whether both are of the same rows, in the same groups.
        noise: of refits, where one of the two is another fit.
        features: how many features there are in all.
    """
    points = after.share - before.share
    groups = min(len(before.left), len(after.left))
    apart = before.variance + after.variance
    rows = _jackknifed(after.left - before.left) if paired else apart
    fits, freedom = np.zeros_like(rows), MOST_FREEDOM
    if noise is not None:
        fits = noise.variance((before.share + after.share) / 2, features)
        freedom = noise.freedom
    total = rows + fits
    inverse = rows**2 / max(groups - 1, 1) + fits**2 / freedom
    nu = np.divide(total**2, inverse, out=np.ones_like(total), where=inverse > 0)
    level = 1 - (1 - confidence) / max(len(points), 1)
    # A whole number stays one whatever its roundings.
    steps = np.clip(np.nan_to_num(nu + 1e-6, nan=1), 1, MOST_FREEDOM).astype(int)
    quantiles = np.array([student_t(level, int(n)) for n in steps])
    half = quantiles * np.sqrt(total)
    return Change(points, np.maximum(points - half, -100), np.minimum(points + half, 100))


def _jackknifed(left: Float64[np.ndarray, "groups features"]) -> Float64[np.ndarray, " features"]:
    groups = len(left)
    return (groups - 1) * left.var(0) if groups > 1 else np.full(left.shape[1], np.nan)


def _spreading(p: Float64[np.ndarray, " features"], features: int) -> NDArray[np.float64]:
    """How much of the noise of all roots reaches a share, squared."""
    return (1 - p) ** 2 + (features - 1) * p**2 if features > 1 else np.zeros_like(p)
