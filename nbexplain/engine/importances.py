"""From sums over rows to importances: shares, their intervals, signed means and spreads."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.axes import Float64, Int64
from nbexplain.features import Features


@dataclass(frozen=True, eq=False)
class Shares:
    """How a total is made up of parts (features or lags), in the data's order; all `[parts]`.

    Attributes:
        share: percent of the total; NaN throughout for a constant model.
        low: lower bound of the share's interval (row sampling), percent.
        high: upper bound, percent.
        size: what the share is of: the root mean square derivative, in the response's units per
            unit of the scale; of contributions, their mean absolute value.
    """

    share: Float64[np.ndarray, " parts"]
    low: Float64[np.ndarray, " parts"]
    high: Float64[np.ndarray, " parts"]
    size: Float64[np.ndarray, " parts"]

    @property
    def order(self) -> NDArray[np.intp]:
        """Positions of the parts, most important first; ties keep the data's order."""
        return np.argsort(-self.size, kind="stable")

    @property
    def cumulative(self) -> Float64[np.ndarray, " parts"]:
        """Percent carried by each part and all that rank before it, in the data's order."""
        total = np.empty_like(self.share)
        total[self.order] = np.minimum(np.cumsum(self.share[self.order]), 100)
        return total

    def select(self, share: float) -> NDArray[np.intp]:
        """Positions of the fewest parts that carry this share (0 to 1), in rank order."""
        return fewest(self.size, share)


@dataclass(frozen=True, eq=False)
class Importances(Shares):
    """What a set of rows says of each feature; `share` is λ.

    Attributes:
        rms: root mean square derivative, or contribution.
        mean: its signed mean; NaN for groups' derivatives and for several outputs combined.
        std: its standard deviation over rows; NaN for groups' derivatives.
        directed: whether the mean's sign says how the response moves with the input; that of
            contributions, which are held against a baseline, does not.
    """

    rms: Float64[np.ndarray, " parts"]
    mean: Float64[np.ndarray, " parts"]
    std: Float64[np.ndarray, " parts"]
    directed: bool = True

    @property
    def direction(self) -> Float64[np.ndarray, " parts"]:
        """Mean by rms, between −1 and 1; NaN without a mean, and where there is no derivative."""
        found = np.full_like(self.rms, np.nan)
        if not self.directed:
            return found
        np.divide(self.mean, self.rms, out=found, where=self.rms > 0)
        return found


def importances(
    sums: Sums,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
    confidence: float,
) -> Importances:
    r"""λ of every feature and its interval.

    $r_j = \sqrt{\frac1n \sum_i \sum_k w_k (s_j\, \partial F_k(x^i) / \partial x_j)^2}$ and
    $\lambda_j = 100\, r_j / \sum_l r_l$ (Horel et al., §2.3; several outputs combine inside the
    root). The interval of λ itself is the delete-one-group jackknife with Student's t: shares
    have a denominator in common, so an interval of $r_j$ would not do.

    Contributions φ have $r_j = \frac1n \sum_i \sum_k \sqrt{w_k} |\varphi_{kj}(x^i)|$ instead.

    Args:
        sums: of the derivatives, or of contributions.
        features: how entries form features.
        scale: factor s of each entry's derivative.
        weights: factor w of each output's squares; 0 leaves an output out.
        confidence: of the interval, between 0 and 1.
    """
    groups = weighed(sums, scale, weights)
    found = shares(groups, sums.seen, partial(roots, features, root=sums.root), confidence)
    squares = groups.sum(0) if sums.squares is None else weights @ sums.squares
    mean, std = _signed(sums, features, scale, weights, squares)
    rms = found.size
    if sums.squares is not None:
        rms = added(features, np.sqrt(_means(squares, sums.seen.sum(0))))
    sizes = (found.share, found.low, found.high, found.size)
    return Importances(*sizes, rms, mean, std, directed=sums.squares is None)


def mean_squares(
    sums: Sums,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
) -> Float64[np.ndarray, " entries"]:
    """Mean of (s g)² at each entry over the rows that have it, outputs combined by weight."""
    return _means(weighed(sums, scale, weights).sum(0), sums.seen.sum(0))


def _means(
    squares: Float64[np.ndarray, "*lead entries"], counts: Int64[np.ndarray, "*lead _"]
) -> Float64[np.ndarray, "*lead entries"]:
    """Sums over their counts; 0 where no row has the entry."""
    return squares * np.divide(1.0, counts, out=np.zeros(counts.shape), where=counts > 0)


def fewest(sizes: Float64[np.ndarray, " parts"], share: float) -> NDArray[np.intp]:
    """Positions of the fewest parts that carry this share of the total, largest first.

    None where the total is 0.

    >>> fewest(np.array([1.0, 6.0, 3.0]), 0.9).tolist()
    [1, 2]
    """
    order = np.argsort(-sizes, kind="stable")
    ranked = np.cumsum(sizes[order])
    if not len(ranked) or not ranked[-1] > 0:
        return order[:0]
    return order[: int(np.searchsorted(ranked, ranked[-1] * share * (1 - 1e-12))) + 1]


def weighed(
    sums: Sums,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
) -> Float64[np.ndarray, "groups entries"]:
    """Sums of (s g)² by group of rows, the outputs combined by their weights.

    Of contributions, which have no scale, those of |φ|.
    """
    if sums.squares is not None:
        return np.tensordot(sums.second, np.sqrt(weights), axes=(1, 0))
    return np.tensordot(sums.second, weights, axes=(1, 0)) * scale**2


def shares(
    groups: Float64[np.ndarray, "groups entries"],
    seen: Int64[np.ndarray, "groups _"],
    size: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    confidence: float,
) -> Shares:
    """Shares of parts with their delete-one-group jackknife intervals.

    Args:
        groups: sums of squares by group of rows.
        seen: how many rows of each group have each entry, `[groups, entries]` or `[groups, 1]`.
        size: from mean squares `[…, entries]` to sizes `[…, parts]`.
        confidence: of the interval, between 0 and 1.
    """
    sizes = size(_means(groups.sum(0), seen.sum(0)))
    share = percent(sizes)
    half = half_width(percent(size(spared(groups, seen))), confidence)
    low, high = np.clip(share - half, 0, 100), np.clip(share + half, 0, 100)
    return Shares(share, low, high, sizes)


def spared(
    groups: Float64[np.ndarray, "groups entries"], seen: Int64[np.ndarray, "groups _"]
) -> Float64[np.ndarray, "filled entries"]:
    """Mean squares with each group of rows left out, in turn; up to a factor where no row is cut.

    Args:
        groups: sums of squares by group of rows.
        seen: how many rows of each group have each entry, `[groups, entries]` or `[groups, 1]`.
    """
    counts, filled = seen.sum(0), seen.max(1) > 0
    left = np.maximum(groups.sum(0) - groups[filled], 0)
    # Leaving a group out scales all roots alike, which shares do not see, but for padding.
    return left if len(counts) == 1 else _means(left, counts - seen[filled])


def _signed(
    sums: Sums,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
    squares: Float64[np.ndarray, " entries"],
) -> tuple[Float64[np.ndarray, " features"], Float64[np.ndarray, " features"]]:
    """Mean and standard deviation over rows of features with one entry; NaN where undefined."""
    single = np.bincount(features.owners[features.cells], minlength=len(features)) == 1
    counts = np.maximum(sums.seen.sum(0), 1)  # what no row has adds up to 0
    means = sums.first / counts * scale
    variance = np.maximum(squares / counts - weights @ means**2, 0)
    std = np.where(single, np.sqrt(added(features, variance)), np.nan)
    (chosen,) = np.nonzero(weights)
    if len(chosen) != 1:
        return np.full_like(std, np.nan), std
    return np.where(single, added(features, means[chosen[0]]), np.nan), std


def roots(
    features: Features,
    squares: Float64[np.ndarray, "*lead entries"],
    root: Callable[[NDArray[np.float64]], NDArray[np.float64]] = np.sqrt,
) -> Float64[np.ndarray, "*lead features"]:
    """The root of each cell's summed squares, added up by feature."""
    return _pool(root(by_cell(features, squares)), features.owners)


def by_cell(
    features: Features, values: Float64[np.ndarray, "*lead entries"]
) -> Float64[np.ndarray, "*lead cells"]:
    """Entries added up by cell."""
    return _pool(values, features.cells)


def added(
    features: Features, values: Float64[np.ndarray, "*lead entries"]
) -> Float64[np.ndarray, "*lead features"]:
    """Entries added up by feature."""
    return _pool(values, features.owners[features.cells])


def _pool(
    values: Float64[np.ndarray, "*lead members"], into: Int64[np.ndarray, " members"]
) -> Float64[np.ndarray, "*lead parts"]:
    if np.array_equal(into, np.arange(len(into))):  # one member each: nothing to add up
        return values
    order = np.argsort(into, kind="stable")
    starts = np.flatnonzero(np.diff(into[order], prepend=-1))
    return np.add.reduceat(values[..., order], starts, axis=-1)


def percent(roots: Float64[np.ndarray, "*lead parts"]) -> Float64[np.ndarray, "*lead parts"]:
    """What each part is of the total; NaN where there is none."""
    total = roots.sum(-1, keepdims=True)
    return 100 * np.divide(roots, total, out=np.full_like(roots, np.nan), where=total > 0)


def half_width(
    estimates: Float64[np.ndarray, "groups *parts"], confidence: float
) -> Float64[np.ndarray, " *parts"]:
    """Half the interval's width from estimates with each group left out."""
    groups = len(estimates)
    if groups < 2:
        return np.full(estimates.shape[1:], np.nan)
    variance = (groups - 1) * estimates.var(0)
    return student_t(confidence, groups - 1) * np.sqrt(variance)


@cache
def student_t(confidence: float, freedom: int) -> float:
    r"""The two-sided quantile of Student's t: |T| stays below it with this probability.

    With $t = \sqrt\nu\tan\theta$ the distribution's mass is that of $\cos^{\nu-1}\theta$ on
    $(-\pi/2, \pi/2)$, which Gauss-Legendre quadrature and bisection settle to 1e-12.

    >>> round(student_t(0.95, 63), 6)
    1.998341
    """
    nodes, weights = np.polynomial.legendre.leggauss(80)

    def mass(theta: float) -> float:
        return float(theta / 2 * weights @ np.cos(theta / 2 * (nodes + 1)) ** (freedom - 1))

    target, low, high = confidence * mass(np.pi / 2), 0.0, np.pi / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mass(middle) < target else (low, middle)
    return float(np.sqrt(freedom) * np.tan((low + high) / 2))
