"""Outputs at every step: sums by lag, by output step at lag 0, and of each output step alone.

Rows are counted from their first existing step, so that output step s and input step u mean the
same in all of them; the lag of u is k = s − u, and a negative one is a lead (METHODS A4).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.accumulators import GROUPS, Spread, Sums, by_group
from nbexplain.engine.axes import Float, Float64, Int64

BYTES = 64 * 2**20
"""Most bytes that the sums of single output steps take."""

FEWEST = 8
"""Fewest groups of rows that still give an interval."""


@dataclass(frozen=True, eq=False)
class Stepwise:
    """Sums of the derivatives of one response at every output step.

    Attributes:
        lengths: rows of each of the 64 groups that have more than m steps, `[64, τ]`, m from 0.
        outputs: spread of the network's outputs over rows and steps.
        leads: sums by lead, entries `(lead, column)`, lead 1 (the next step) first.
        instant: sums at lag 0, entries `(output step, column)`.
        first: sum of g over rows, `[outputs, output steps, τ · p]`.
        second: sum of g², `[groups, outputs, output steps, τ · p]`, in 64 groups or fewer.
    """

    lengths: Int64[np.ndarray, "groups steps"]
    outputs: Spread
    leads: Sums
    instant: Sums
    first: Float64[np.ndarray, "outputs steps entries"]
    second: Float64[np.ndarray, "folded outputs steps entries"]

    def merge(self, other: Self) -> Self:
        """The sums of both sets of rows."""
        return type(self)(
            self.lengths + other.lengths,
            self.outputs.merge(other.outputs),
            self.leads.merge(other.leads),
            self.instant.merge(other.instant),
            self.first + other.first,
            self.second + other.second,
        )

    def mirrored(self) -> Self:
        """The sums of −g before those of g: one output's as those of two opposite ones."""
        first, second = np.concatenate([-self.first, self.first]), np.repeat(self.second, 2, axis=1)
        leads, instant = self.leads.mirrored(), self.instant.mirrored()
        return type(self)(self.lengths, self.outputs, leads, instant, first, second)

    def at(self, step: int) -> Sums:
        """The sums of one output step over all input steps, entries `(input step, column)`."""
        steps, groups = self.lengths.shape[1], len(self.second)
        rows = _folded(self.lengths, groups)
        # An output step and an input step meet in the rows that have the later of the two.
        reach = rows[:, np.maximum(np.arange(steps), step)]
        width = self.first.shape[2] // steps
        return Sums(
            rows[:, 0],
            np.ascontiguousarray(self.first[:, step]),
            np.ascontiguousarray(self.second[:, :, step]),
            np.repeat(reach, width, axis=1),
        )

    @property
    def ahead(self) -> bool:
        """Whether any output moves with a later step."""
        return bool(self.leads.second.any())

    @property
    def entries(self) -> Float64[np.ndarray, " entries"]:
        """Sum of g² over rows, outputs and output steps, `[τ · p]`."""
        return self.second.sum((0, 1, 2))


def groups_within(entries: int, budget: int = BYTES) -> int:
    """Into how many groups sums of so many entries go, to fit the budget; 1 gives no interval.

    >>> groups_within(128 * 128 * 16), groups_within(2_000_000)
    (16, 1)
    """
    groups = GROUPS
    while groups >= FEWEST:
        if (groups + 1) * entries * np.dtype(np.float64).itemsize <= budget:
            return groups
        groups //= 2
    return 1


class Summing:
    """Sums of one batch, to which derivatives are added one output step after the other.

    Args:
        lengths: existing steps of each row, `[rows]`.
        shape: τ, p and the number of outputs.
        start: position of the first row in the data.
        block: consecutive rows that share a group.
        groups: of the sums of single output steps.
        like: a tensor on the device of the derivatives.
    """

    def __init__(
        self,
        lengths: Int64[Tensor, " rows"],
        shape: tuple[int, int, int],
        start: int,
        block: int,
        groups: int,
        like: Tensor,
    ) -> None:
        self._steps, self._width, outputs = shape
        self._start, self._block, self._groups = start, block, groups
        longer = lengths.cpu()[:, None] > torch.arange(self._steps)
        self._lengths = by_group(longer.double(), start, block).numpy().astype(np.int64)

        def sums(entries: int) -> tuple[Tensor, Tensor]:
            first = torch.zeros(outputs, entries, dtype=torch.float64, device=like.device)
            return first, first.new_zeros(GROUPS, outputs, entries)

        self._pooled = sums((2 * self._steps - 1) * self._width)
        self._instant = sums(self._steps * self._width)
        every = (outputs, self._steps, self._steps * self._width)
        self._first = self._instant[0].new_zeros(every)
        self._second = self._instant[0].new_zeros(groups, *every)

    def add(self, step: int, jacobian: Float[Tensor, "rows outputs steps p"]) -> bool:
        """Add the derivatives at one output step, rows counted from their first existing step.

        Those of rows without this output step, and at steps that do not exist, must be 0.

        Returns:
            Whether all of them are finite.
        """
        outputs, width = jacobian.shape[1], self._width
        flat = jacobian.flatten(1).to(torch.float64, copy=True)
        first = flat.sum(0).view(outputs, -1)
        second = by_group(flat.mul_(flat), self._start, self._block).view(GROUPS, outputs, -1)
        # From lag τ − 1 on, input step u is τ − 1 − s + u places away: a step's entries are a run.
        run = slice((self._steps - 1 - step) * width, (2 * self._steps - 1 - step) * width)
        now = slice(step * width, (step + 1) * width)
        for into, found in zip(self._pooled, (first, second), strict=True):
            into[..., run] += found
        for into, found in zip(self._instant, (first, second), strict=True):
            into[..., now] = found[..., now]
        self._first[:, step] = first
        self._second[:, :, step] = second.view(-1, self._groups, *second.shape[1:]).sum(0)
        return bool(first.sum().isfinite())

    def done(self, outputs: Spread) -> tuple[Sums, Stepwise]:
        """The sums by lag, entries as those of the input: lag 0 last; and all others.

        Args:
            outputs: spread of the network's outputs over rows and steps.
        """
        away = np.abs(np.arange(2 * self._steps - 1) - (self._steps - 1))
        # A row of L steps has max(0, L − |k|) pairs of steps with lag k.
        pairs = self._lengths[:, ::-1].cumsum(1)[:, ::-1][:, away]
        pooled, lags = self._sums(self._pooled, pairs), self._steps * self._width
        instant = self._sums(self._instant, self._lengths)
        first, second = self._first.cpu().numpy(), self._second.cpu().numpy()
        leads = pooled.part(slice(lags, None))
        found = Stepwise(self._lengths, outputs, leads, instant, first, second)
        return pooled.part(slice(lags)), found

    def _sums(self, sums: tuple[Tensor, Tensor], counts: Int64[np.ndarray, "groups steps"]) -> Sums:
        first, second = (x.cpu().numpy() for x in sums)
        return Sums(self._lengths[:, 0], first, second, np.repeat(counts, self._width, axis=1))


def _folded(
    counts: Int64[np.ndarray, "groups steps"], groups: int
) -> Int64[np.ndarray, "folded steps"]:
    """Counts by group, with groups of rows put together."""
    return counts.reshape(-1, groups, counts.shape[1]).sum(0)
