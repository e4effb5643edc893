"""Texts: derivatives or contributions at embedded tokens, and their sums by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.engine.accumulators import GROUPS
from nbexplain.engine.axes import Float, Float64, Int64
from nbexplain.engine.importances import Shares, shares
from nbexplain.engine.padding import existing
from nbexplain.engine.responses import Kind, in_turn, mirrored


def coordinates(outputs: int, width: int) -> int:
    """How many coordinates `condensed` needs for so many outputs and numbers a token."""
    return min(outputs, width)


def condensed(
    jacobian: Float[Tensor, "rows outputs steps width"],
) -> Float[Tensor, "rows outputs steps coordinates"]:
    r"""The derivatives at each token in an orthonormal basis of what the outputs span there.

    With $J_t = L_t Q_t$, Q's rows orthonormal, every response's derivative $c^\top J_t$ has the
    norm $\|c^\top L_t\|$: nothing that lengths or angles say is lost, and a token has as many
    numbers as there are outputs, not as its embedding. The basis is found by modified
    Gram-Schmidt in double precision, whose L is as exact as Householder's (Björck 1967). Of one
    output it is the norm itself; embeddings no wider than there are outputs are left as they are.

    >>> condensed(torch.tensor([[[[3.0, 0.0, 4.0]], [[0.0, 2.0, 2.0]]]])).squeeze().tolist()
    [[5.0, 0.0], [1.600000023841858, 2.332380771636963]]
    """
    outputs, width = jacobian.shape[1], jacobian.shape[3]
    if width <= outputs:
        return jacobian
    left = jacobian.to(torch.float64, copy=True)
    found = left.new_zeros(*left.shape[:3], outputs)
    for column in range(outputs):
        length = torch.linalg.vector_norm(left[:, column], dim=-1, keepdim=True)
        found[:, column, :, column] = length[..., 0]
        if column + 1 < outputs:
            direction = left[:, column] / torch.where(length == 0, 1, length)
            along = (left[:, column + 1 :] * direction[:, None]).sum(-1)
            found[:, column + 1 :, :, column] = along
            left[:, column + 1 :] -= along[..., None] * direction[:, None]
    return found.to(jacobian.dtype)


@dataclass(frozen=True, eq=False)
class Cells:
    """Sums of squared derivatives by token and group of rows, in one piece.

    Attributes:
        cells: id times 64 plus the group of rows, ascending, `[cells]`.
        second: sum of the squared norms, `[outputs, cells]`; of contributions, of |φ|.
        occurrences: how often the token occurs in the group's rows, `[cells]`.
        first: of contributions, the sum of φ, `[outputs, cells]`; else None.
        squares: of contributions, the sum of φ², `[outputs, cells]`; else None.
    """

    cells: Int64[np.ndarray, " cells"]
    second: Float64[np.ndarray, "outputs cells"]
    occurrences: Int64[np.ndarray, " cells"]
    first: Float64[np.ndarray, "outputs cells"] | None = None
    squares: Float64[np.ndarray, "outputs cells"] | None = None

    def __len__(self) -> int:
        return len(self.cells)

    def mirrored(self) -> Self:
        """The sums of two opposite outputs from those of one."""
        first = None if self.first is None else np.concatenate([-self.first, self.first])
        squares = None if self.squares is None else np.repeat(self.squares, 2, axis=0)
        second = np.repeat(self.second, 2, axis=0)
        return type(self)(self.cells, second, self.occurrences, first, squares)

    def join(self, other: Self) -> Self:
        """Both in one piece."""
        both = np.concatenate([self.cells, other.cells])
        # Two ascending runs: a stable sort merges them without comparing all.
        order = np.argsort(both, kind="stable")
        starts = np.flatnonzero(np.diff(both[order], prepend=-1))

        def added(one: NDArray[Any] | None, more: NDArray[Any] | None) -> Any:
            if one is None or more is None:
                return None
            together = np.concatenate([one, more], axis=-1)
            return np.add.reduceat(together[..., order], starts, axis=-1)

        return type(self)(
            both[order][starts],
            added(self.second, other.second),
            added(self.occurrences, other.occurrences),
            added(self.first, other.first),
            added(self.squares, other.squares),
        )


@dataclass(frozen=True, eq=False)
class TokenSums:
    """Sums of squared derivatives by token and group of rows; only for tokens that occur.

    Attributes:
        parts: the sums in pieces, each less than half as long as the one before, so that a batch
            is merged without a copy of all that was seen.
    """

    parts: tuple[Cells, ...]

    @classmethod
    def of(
        cls,
        ids: Tensor,
        jacobian: Float[Tensor, "rows outputs steps coordinates"],
        start: int,
        spans: Int64[Tensor, "rows 2"] | None = None,
    ) -> Self:
        """The sums of one batch of ids `[rows, steps]` whose first row stands at `start`.

        >>> ids, g = torch.tensor([[7, 5, 7]]), torch.tensor([[[[1.0], [2.0], [3.0]]]])
        >>> sums = TokenSums.of(ids, g, start=0)
        >>> sums.ids.tolist(), sums.whole.second.tolist(), sums.counts.tolist()
        ([5, 7], [[4.0, 10.0]], [1, 2])
        """
        squares = jacobian.double().square().sum(-1).cpu().numpy()
        codes, there, group = _placed(ids, start, spans)
        cells, place = np.unique((codes * GROUPS + group[:, None])[there], return_inverse=True)
        second = _by_place(place, np.moveaxis(squares, 1, 0)[:, there], len(cells))
        return cls((Cells(cells, second, np.bincount(place, minlength=len(cells))),))

    @classmethod
    def of_contributions(
        cls,
        ids: Tensor,
        contributions: Float[Tensor, "rows outputs steps 1"],
        start: int,
        spans: Int64[Tensor, "rows 2"] | None = None,
    ) -> Self:
        """The same of contributions: those of a token in one row add up with their signs.

        >>> ids, phi = torch.tensor([[7, 5, 7]]), torch.tensor([[[[1.0], [2.0], [-3.0]]]])
        >>> TokenSums.of_contributions(ids, phi, start=0).whole.second.tolist()
        [[2.0, 2.0]]
        """
        phi = contributions[..., 0].double().cpu().numpy()
        codes, there, group = _placed(ids, start, spans)
        known, code = np.unique(codes[there], return_inverse=True)
        row = np.broadcast_to(np.arange(len(codes))[:, None], codes.shape)[there]
        once, place, often = np.unique(
            row * len(known) + code, return_inverse=True, return_counts=True
        )
        total = _by_place(place, np.moveaxis(phi, 1, 0)[:, there], len(once))
        at = known[once % len(known)] * GROUPS + group[once // len(known)]
        cells, place = np.unique(at, return_inverse=True)
        second, first, squares = (
            _by_place(place, part, len(cells)) for part in (np.abs(total), total, total**2)
        )
        occurrences = np.bincount(place, often, len(cells)).astype(np.int64)
        return cls((Cells(cells, second, occurrences, first, squares),))

    def merge(self, other: Self) -> Self:
        """The sums of both sets of rows."""
        parts = list(self.parts)
        for part in other.parts:
            parts.append(part)
            while len(parts) > 1 and 2 * len(parts[-1]) > len(parts[-2]):
                last = parts.pop()
                parts[-1] = parts[-1].join(last)
        return type(self)(tuple(parts))

    @cached_property
    def whole(self) -> Cells:
        """All sums in one piece."""
        return reduce(Cells.join, reversed(self.parts))

    def mirrored(self) -> Self:
        """The sums of two opposite outputs from those of one."""
        return type(self)(tuple(part.mirrored() for part in self.parts))

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """The tokens that occur, ascending."""
        found = self.whole.cells // GROUPS
        return found[np.flatnonzero(np.diff(found, prepend=-1))]

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each of `ids` occurs."""
        return np.bincount(self._place, self.whole.occurrences, len(self.ids)).astype(np.int64)

    @property
    def additive(self) -> bool:
        """Whether they are of contributions."""
        return self.whole.squares is not None

    def by_group(
        self, weights: Float64[np.ndarray, " outputs"]
    ) -> Float64[np.ndarray, "groups tokens"]:
        """Sums of the squares of each of `ids` by group of rows, outputs combined by weight.

        Of contributions, those of |φ|.
        """
        found = np.zeros((GROUPS, len(self.ids)))
        weights = np.sqrt(weights) if self.additive else weights
        found[self.whole.cells % GROUPS, self._place] = weights @ self.whole.second
        return found

    def moments(
        self, rows: int, weights: Float64[np.ndarray, " outputs"]
    ) -> tuple[Float64[np.ndarray, " tokens"], Float64[np.ndarray, " tokens"]]:
        """Root mean square of each token's contribution to a row, and its mean, over so many rows.

        The mean is NaN where several outputs are combined.
        """
        first, squares = self.whole.first, self.whole.squares
        assert first is not None
        assert squares is not None  # of contributions
        count = len(self.ids)
        rms = np.sqrt(np.bincount(self._place, weights @ squares, count) / rows)
        (chosen,) = np.nonzero(weights)
        if len(chosen) != 1:
            return rms, np.full(count, np.nan)
        return rms, np.bincount(self._place, first[chosen[0]], count) / rows

    @property
    def _place(self) -> NDArray[np.intp]:
        return np.searchsorted(self.ids, self.whole.cells // GROUPS)


def _placed(
    ids: Tensor, start: int, spans: Tensor | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_], NDArray[np.int64]]:
    """Ids `[rows, steps]`, which of them exist, and the group of each row."""
    codes = ids.cpu().numpy().astype(np.int64)
    there = np.ones(codes.shape, bool)
    if spans is not None:
        there = existing(spans.cpu(), codes.shape[1]).numpy()
    return codes, there, np.arange(start, start + len(codes)) % GROUPS


def _by_place(
    place: NDArray[np.intp], values: NDArray[np.float64], count: int
) -> Float64[np.ndarray, "outputs cells"]:
    """Values `[outputs, occurrences]` added up where they belong."""
    return np.stack([np.bincount(place, one, count) for one in values])


def summed_by_token(
    ids: Tensor,
    outputs: Float[Tensor, "rows outputs"],
    jacobian: Float[Tensor, "rows outputs steps coordinates"],
    kind: Kind,
    responses: Sequence[str],
    start: int,
    spans: Tensor | None = None,
) -> dict[str, TokenSums]:
    """The sums by token of the responses' derivatives over one batch."""
    found: dict[str, TokenSums] = {}
    for response, derivatives in in_turn(outputs, jacobian, kind, responses):
        sums = TokenSums.of(ids, derivatives, start, spans)
        found[response] = sums.mirrored() if mirrored(outputs, kind, response) else sums
    return found


def token_shares(
    sums: TokenSums,
    rows: Int64[np.ndarray, " groups"],
    weights: Float64[np.ndarray, " outputs"],
    confidence: float,
) -> Shares:
    r"""The share of each token and its interval; all `[tokens]`, by ascending id.

    $r_v = \sqrt{\frac1N \sum_n \sum_{t: x_{nt} = v} \sum_o w_o \|\partial y_{no} / \partial
    e_{nt}\|^2}$ with e the embedded tokens, and $\lambda_v = 100\, r_v / \sum_u r_u$: a frequent
    token has more terms, as it moves the response in more rows. Of contributions, $r_v = \frac1N
    \sum_n |\sum_{t: x_{nt} = v} \varphi_{nt}|$. Texts do not overlap, so that the
    interval leaves single rows out by 64 groups of them.

    Args:
        sums: by token.
        rows: how many rows each group has.
        weights: factor w of each output's squares; 0 leaves an output out.
        confidence: of the interval, between 0 and 1.

    >>> ids, g = torch.tensor([[7, 5, 7]]), torch.tensor([[[[1.0], [2.0], [8.0 ** 0.5]]]])
    >>> sums = TokenSums.of(ids, g, start=0)
    >>> rows = np.eye(1, 64, dtype=np.int64)[0]
    >>> token_shares(sums, rows, np.ones(1), 0.95).share.round(6).tolist()
    [40.0, 60.0]
    """
    size = np.abs if sums.additive else np.sqrt
    return shares(sums.by_group(weights), rows[:, None], size, confidence)
