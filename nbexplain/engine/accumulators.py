"""Statistics that merge exactly: what a stream of batches leaves behind.

Each is a frozen value in float64 with one `merge`; streams, live updates and several devices all
reduce with it. None of them grows with the number of rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.axes import Float, Float64, Int64, Real
from nbexplain.engine.padding import aligned, reaching

GROUPS = 64
"""Row groups of the jackknife: consecutive rows (blocks of them, for overlapping windows) are
dealt round the groups by their position in the data, so that a group's members do not depend on
the size of the batches."""

AT_ONCE = 2**22
"""Derivatives added up in their own precision before that is done in double."""

SQUARES = 2**17
"""Squares held at once: few enough to stay in the processor's caches."""

FAINT, VAST = 1e-25, 1e37
"""Sums of squares that single precision holds to its last digit."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over rows of derivatives g and of their squares, the squares by jackknife group.

    Attributes:
        rows: how many rows each group holds, `[64]`.
        first: sum of g, `[outputs, entries]`.
        second: sum of g², `[64, outputs, entries]`.
        reach: rows of each group that have each entry, `[64, entries]`, where sequences differ
            in length; None where every row has them all.
        squares: sum of g², `[outputs, entries]`, where `second` holds sums of |g| instead: of
            contributions, whose size is their mean absolute value. None where it is the root mean
            square.
    """

    rows: Int64[np.ndarray, " groups"]
    first: Float64[np.ndarray, "outputs entries"]
    second: Float64[np.ndarray, "groups outputs entries"]
    reach: Int64[np.ndarray, "groups entries"] | None = None
    squares: Float64[np.ndarray, "outputs entries"] | None = None

    @classmethod
    def of(
        cls,
        jacobian: Float[Tensor, "rows outputs *shape"],
        start: int,
        block: int = 1,
        spans: Int64[Tensor, "rows _"] | None = None,
        *,
        absolute: bool = False,
    ) -> Self:
        """The sums of one batch whose first row stands at position `start` of the data.

        `block` consecutive rows share a group: 1, or the window length where windows overlap.
        With `spans`, the existing steps of padded sequences, rows are aligned by lag: entries
        then count from each row's last existing step. `absolute` sums |g| by group, and g² in all.

        >>> Sums.of(torch.tensor([[[1.0, 2.0]], [[3.0, 0.0]]]), start=0).second[:2, 0].tolist()
        [[1.0, 4.0], [9.0, 0.0]]
        """
        outputs = jacobian.shape[1]
        jacobian = jacobian if spans is None else aligned(jacobian, spans)
        flat = jacobian.flatten(1)
        rows = max(1, AT_ONCE // (GROUPS * flat.shape[1])) * GROUPS
        first, second, squares = _powers(flat[:rows], start, block, absolute=absolute)
        for at in range(rows, len(flat), rows):
            more = _powers(flat[at : at + rows], start + at, block, absolute=absolute)
            for total, part in zip((first, second, squares), more, strict=True):
                total += part
        return cls(
            _dealt(start + len(flat), block) - _dealt(start, block),
            first.view(outputs, -1).cpu().numpy(),
            second.view(GROUPS, outputs, -1).cpu().numpy(),
            None if spans is None else _reach(spans, start, block, jacobian.shape[2:]),
            squares.view(outputs, -1).cpu().numpy() if absolute else None,
        )

    def merge(self, other: Self) -> Self:
        """The sums of both sets of rows."""
        reach = None
        if self.reach is not None and other.reach is not None:
            reach = self.reach + other.reach
        squares = None
        if self.squares is not None and other.squares is not None:
            squares = self.squares + other.squares
        return type(self)(
            self.rows + other.rows,
            self.first + other.first,
            self.second + other.second,
            reach,
            squares,
        )

    def part(self, entries: slice) -> Self:
        """The sums of some of the entries."""
        reach = None if self.reach is None else self.reach[:, entries]
        squares = None if self.squares is None else self.squares[:, entries]
        first, second = self.first[:, entries], self.second[:, :, entries]
        return type(self)(self.rows, first, second, reach, squares)

    def root(self, means: Float64[np.ndarray, "*shape"]) -> Float64[np.ndarray, "*shape"]:
        """Sizes from means of what `second` sums: their roots, or of contributions themselves."""
        return np.sqrt(means) if self.squares is None else means

    def beside(self, other: Self) -> Self:
        """The sums of these entries and of others of the same rows after them.

        >>> one = Sums.of(torch.ones(1, 1, 1), start=0)
        >>> one.beside(one).first
        array([[1., 1.]])
        """
        reach = None
        if self.reach is not None and other.reach is not None:
            reach = np.concatenate([self.reach, other.reach], axis=-1)
        first = np.concatenate([self.first, other.first], axis=-1)
        second = np.concatenate([self.second, other.second], axis=-1)
        return type(self)(self.rows, first, second, reach)

    def mirrored(self) -> Self:
        """The sums of −g before those of g: one output's as those of two opposite ones."""
        first = np.concatenate([-self.first, self.first])
        squares = None if self.squares is None else np.repeat(self.squares, 2, axis=0)
        return type(self)(self.rows, first, np.repeat(self.second, 2, axis=1), self.reach, squares)

    @property
    def count(self) -> int:
        """How many rows were summed."""
        return int(self.rows.sum())

    @property
    def seen(self) -> Int64[np.ndarray, "groups _"]:
        """Rows of each group that have each entry, `[64, entries]`, or `[64, 1]` for all alike."""
        return self.rows[:, None] if self.reach is None else self.reach


def _dealt(count: int, block: int) -> Int64[np.ndarray, " groups"]:
    """How many of the data's first `count` rows each group holds."""
    rounds, rest = divmod(count, GROUPS * block)
    full, begun = divmod(rest, block)
    rows = np.full(GROUPS, rounds * block)
    rows[:full] += block
    rows[full] += begun
    return rows


def _reach(
    spans: Int64[Tensor, "rows _"], start: int, block: int, shape: Sequence[int]
) -> Int64[np.ndarray, "groups entries"]:
    """Rows of each group that reach back to each entry of `[steps, p]`."""
    steps, width = shape
    group = np.arange(start, start + len(spans)) // block % GROUPS
    counts = np.zeros((GROUPS, steps), np.int64)
    np.add.at(counts, group, reaching(spans.cpu(), steps).numpy())
    return np.repeat(counts, width, axis=1)


def _powers(
    values: Float[Tensor, "rows columns"], start: int, block: int, *, absolute: bool
) -> tuple[Float[Tensor, " columns"], Float[Tensor, "groups columns"], Float[Tensor, " columns"]]:
    """Sums of g, of g² by group (of |g| where `absolute`), and of g² in all.

    Derivatives in single precision are added up in it, few rows at a time: what that rounds off
    is less than what they were rounded by themselves, and it takes a quarter of the time. Columns
    whose squares it cannot hold (|g| < 3e-23 would vanish) are added up in double precision.
    """
    wide = values.dtype == torch.float64 or block > 1
    values = values.to(torch.float64 if wide else torch.float32)
    period = GROUPS * block
    rows = max(1, SQUARES // (period * values.shape[1])) * period
    squares = _squared(values, rows)
    grouped = by_group(_sizes(values, rows) if absolute else squares, start, block)
    total = squares.sum(0) if absolute else grouped.sum(0)
    found = values.sum(0).double(), grouped.double(), total.double()
    if wide or not len(lost := ((total < FAINT) | ~(total < VAST)).nonzero().flatten()):
        return found
    again = _powers(values[:, lost].double(), start, block, absolute=absolute)
    for part, exact in zip(found, again, strict=True):
        part[..., lost] = exact
    return found


def _squared(values: Float[Tensor, "rows columns"], rows: int) -> Float[Tensor, "some columns"]:
    """g², those of rows that stand a multiple of `rows` apart added up."""
    total = values[:rows].square()
    for at in range(rows, len(values), rows):
        part = values[at : at + rows]
        total[: len(part)].addcmul_(part, part)
    return total


def _sizes(values: Float[Tensor, "rows columns"], rows: int) -> Float[Tensor, "some columns"]:
    """|g|, likewise."""
    total = values[:rows].abs()
    for at in range(rows, len(values), rows):
        part = values[at : at + rows]
        total[: len(part)] += part.abs()
    return total


def by_group(
    values: Float[Tensor, "rows columns"], start: int, block: int
) -> Float[Tensor, "groups columns"]:
    """Rows added up by group, the first of them standing at position `start` of the data.

    >>> by_group(torch.ones(65, 1, dtype=torch.float64), start=1, block=1)[:2, 0].tolist()
    [1.0, 2.0]
    """
    count, columns = values.shape
    if block > 1:
        group = (torch.arange(start, start + count, device=values.device) // block) % GROUPS
        return values.new_zeros(GROUPS, columns).index_add_(0, group, values)
    # Rows dealt one by one are layers of 64, which add up without an index.
    layers, rest = divmod(count, GROUPS)
    total = values[: layers * GROUPS].view(layers, GROUPS, columns).sum(0)
    total[:rest] += values[layers * GROUPS :]
    return total.roll(start % GROUPS, 0)


@dataclass(frozen=True, eq=False)
class Spread:
    """Count, mean and summed squared deviation of columns: their standard deviation in one pass.

    Attributes:
        count: rows seen.
        mean: `[columns]`.
        squares: sum of (x − mean)², `[columns]`.
    """

    count: int
    mean: Float64[np.ndarray, " columns"]
    squares: Float64[np.ndarray, " columns"]

    @classmethod
    def of(cls, *columns: Real[Tensor, "rows _"]) -> Self:
        """The spread of one batch of at least one row, its columns given in one piece or several.

        >>> Spread.of(torch.tensor([[1.0], [3.0]])).deviation.tolist()
        [1.0]
        """
        deviations = torch.cat([part.double() for part in columns], dim=1)
        # Measured from the first row, a constant column deviates by exactly 0, and the
        # difference of squares below does not cancel.
        origin = deviations[0].clone()
        deviations -= origin
        count = len(deviations)
        mean = deviations.mean(0)
        squares = deviations.square_().sum(0) - count * mean**2
        return cls(count, (origin + mean).cpu().numpy(), squares.clamp_(min=0).cpu().numpy())

    def part(self, columns: slice) -> Self:
        """The spread of some of the columns."""
        return type(self)(self.count, self.mean[columns], self.squares[columns])

    def merge(self, other: Self) -> Self:
        """The spread of both sets of rows (Chan, Golub & LeVeque 1979)."""
        count = self.count + other.count
        step = other.mean - self.mean
        return type(self)(
            count,
            self.mean + step * (other.count / count),
            self.squares + other.squares + step**2 * (self.count * other.count / count),
        )

    def over(self, steps: int) -> Float64[np.ndarray, " columns"]:
        """Standard deviation over rows and steps of columns that are row-major over (steps, p).

        >>> Spread.of(torch.tensor([[1.0, 3.0], [1.0, 3.0]])).over(2).tolist()
        [1.0, 1.0]
        """
        if steps == 1:
            return self.deviation
        mean = self.mean.reshape(steps, -1)
        between = ((mean - mean.mean(0)) ** 2).mean(0)
        within = self.squares.reshape(steps, -1).mean(0) / self.count
        return np.tile(np.sqrt(within + between), steps)

    @property
    def deviation(self) -> Float64[np.ndarray, " columns"]:
        """Standard deviation of each column, dividing by the number of rows."""
        return np.sqrt(self.squares / self.count)
