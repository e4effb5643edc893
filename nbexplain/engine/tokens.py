"""Texts: derivatives at embedded tokens in few coordinates, and their sums by token."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Self

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
        second: sum of the squared norms, `[outputs, cells]`.
        occurrences: how often the token occurs in the group's rows, `[cells]`.
    """

    cells: Int64[np.ndarray, " cells"]
    second: Float64[np.ndarray, "outputs cells"]
    occurrences: Int64[np.ndarray, " cells"]

    def __len__(self) -> int:
        return len(self.cells)

    def join(self, other: Self) -> Self:
        """Both in one piece."""
        both = np.concatenate([self.cells, other.cells])
        # Two ascending runs: a stable sort merges them without comparing all.
        order = np.argsort(both, kind="stable")
        first = np.flatnonzero(np.diff(both[order], prepend=-1))
        second = np.concatenate([self.second, other.second], axis=1)
        occurrences = np.concatenate([self.occurrences, other.occurrences])
        return type(self)(
            both[order][first],
            np.add.reduceat(second[:, order], first, axis=1),
            np.add.reduceat(occurrences[order], first),
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
        codes = ids.cpu().numpy().astype(np.int64)
        group = np.arange(start, start + len(codes)) % GROUPS
        there = np.ones(codes.shape, bool)
        if spans is not None:
            there = existing(spans.cpu(), codes.shape[1]).numpy()
        cells, place = np.unique((codes * GROUPS + group[:, None])[there], return_inverse=True)
        second = np.stack(
            [np.bincount(place, squares[:, k][there], len(cells)) for k in range(squares.shape[1])]
        )
        return cls((Cells(cells, second, np.bincount(place, minlength=len(cells))),))

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
        return type(self)(
            tuple(
                Cells(part.cells, np.repeat(part.second, 2, axis=0), part.occurrences)
                for part in self.parts
            )
        )

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """The tokens that occur, ascending."""
        found = self.whole.cells // GROUPS
        return found[np.flatnonzero(np.diff(found, prepend=-1))]

    @property
    def counts(self) -> NDArray[np.int64]:
        """How often each of `ids` occurs."""
        return np.bincount(self._place, self.whole.occurrences, len(self.ids)).astype(np.int64)

    def by_group(
        self, weights: Float64[np.ndarray, " outputs"]
    ) -> Float64[np.ndarray, "groups tokens"]:
        """Sums of the squares of each of `ids` by group of rows, outputs combined by weight."""
        found = np.zeros((GROUPS, len(self.ids)))
        found[self.whole.cells % GROUPS, self._place] = weights @ self.whole.second
        return found

    @property
    def _place(self) -> NDArray[np.intp]:
        return np.searchsorted(self.ids, self.whole.cells // GROUPS)


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
    token has more terms, as it moves the response in more rows. Texts do not overlap, so that the
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
    return shares(sums.by_group(weights), rows[:, None], np.sqrt, confidence)
