"""Rows kept whole: all of them while they fit, then a seeded sample of fixed size."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.engine.axes import Float, Real


@dataclass(frozen=True, eq=False)
class Keep:
    """Which rows to keep.

    A row's place is decided by a number drawn from the seed and its position, the smallest being
    kept; so the sample depends neither on the size of the batches nor on the order of merging.

    Attributes:
        capacity: most rows kept.
        seed: of the draw.
        positions: exactly these rows instead of a draw, or None.
        bound: rows that draw more than this are surely not among the smallest.
    """

    capacity: int
    seed: int = 0
    positions: NDArray[np.int64] | None = None
    bound: int = 2**64 - 1

    @classmethod
    def among(cls, capacity: int, count: int | None, seed: int) -> Self:
        """The draw of `capacity` rows out of `count`, None while that is unknown."""
        if count is None or capacity >= count or capacity == 0:
            return cls(capacity, seed)
        draws = draw(np.arange(count), seed)
        return cls(capacity, seed, bound=int(np.partition(draws, capacity - 1)[capacity - 1]))

    def draws(self, positions: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """The numbers of these rows, and which of them may be kept."""
        if self.positions is not None:
            return np.zeros(len(positions), np.uint64), np.isin(positions, self.positions)
        numbers = draw(positions, self.seed)
        return numbers, (numbers <= self.bound) & (self.capacity > 0)


@dataclass(frozen=True, eq=False)
class Sample:
    """Kept rows, in ascending position.

    Attributes:
        draws: their numbers, `[kept]`.
        positions: their positions in the data, `[kept]`.
        jacobian: raw derivatives, `[kept, outputs, *shape]`.
        outputs: raw outputs, `[kept, outputs]`.
        values: the differentiated inputs, `[kept, *shape]`; of texts ids, once a coordinate.
        targets: their true values, `[kept]` or `[kept, outputs]`: codes of classes or numbers;
            None where there are none.
        spans: their existing steps, `[kept, 2]` or `[kept, 3]`; None where nothing is padding.
        base: the outputs at their baseline, `[kept, outputs]`; None for methods without one.
        errors: standard errors, `[kept, outputs, features]`, of texts by token; None for methods
            that draw nothing.
    """

    draws: NDArray[np.uint64]
    positions: NDArray[np.int64]
    jacobian: Tensor
    outputs: Tensor
    values: Tensor
    targets: Tensor | None = None
    spans: Tensor | None = None
    base: Tensor | None = None
    errors: Tensor | None = None

    @classmethod
    def of(
        cls,
        keep: Keep,
        start: int,
        jacobian: Float[Tensor, "rows outputs *shape"],
        outputs: Float[Tensor, "rows outputs"],
        values: Real[Tensor, "rows *shape"],
        targets: Tensor | None = None,
        spans: Tensor | None = None,
        base: Tensor | None = None,
        errors: Tensor | None = None,
    ) -> Self:
        """What is kept of one batch whose first row stands at position `start`."""
        positions = np.arange(start, start + len(jacobian))
        draws, kept = keep.draws(positions)
        if kept.all():
            held = (jacobian.cpu(), outputs.cpu(), values.cpu().clone())
        else:
            rows = torch.from_numpy(np.flatnonzero(kept))
            held = tuple(x.cpu().index_select(0, rows) for x in (jacobian, outputs, values))
            targets = None if targets is None else targets.cpu().index_select(0, rows)
            spans = None if spans is None else spans.index_select(0, rows)
            base = None if base is None else base.cpu().index_select(0, rows)
            errors = None if errors is None else errors.cpu().index_select(0, rows)
            draws, positions = draws[kept], positions[kept]
        return cls(
            draws,
            positions,
            *held,
            targets=exact(targets),
            spans=exact(spans),
            base=None if base is None else base.cpu(),
            errors=None if errors is None else errors.cpu(),
        )

    @property
    def count(self) -> int:
        """How many rows are kept."""
        return len(self.positions)


def join(samples: Sequence[Sample], capacity: int) -> Sample:
    """The sample of all these sets of rows: at most `capacity`, in ascending position."""
    if len(samples) == 1 and samples[0].count <= capacity:
        return samples[0]
    draws = np.concatenate([sample.draws for sample in samples])
    positions = np.concatenate([sample.positions for sample in samples])
    kept = np.arange(len(positions))
    if len(positions) > capacity:
        kept = np.sort(np.lexsort((positions, draws))[:capacity])
    ends = np.cumsum([sample.count for sample in samples])
    starts = ends - [sample.count for sample in samples]
    parts = np.split(kept, np.searchsorted(kept, ends[:-1]))
    rows = [torch.from_numpy(part - start) for part, start in zip(parts, starts, strict=True)]
    tensors = [
        _gathered([getattr(sample, name) for sample in samples], rows)
        for name in ("jacobian", "outputs", "values")
    ]
    others = {
        name: _gathered_where_all([getattr(sample, name) for sample in samples], rows)
        for name in ("targets", "spans", "base", "errors")
    }
    order = np.argsort(positions[kept], kind="stable")
    if not np.array_equal(order, np.arange(len(order))):  # parts that came out of order
        kept, tensors = kept[order], [tensor[torch.from_numpy(order)] for tensor in tensors]
        others = {
            name: None if found is None else found[torch.from_numpy(order)]
            for name, found in others.items()
        }
    return Sample(draws[kept], positions[kept], *tensors, **others)


def _gathered_where_all(parts: list[Tensor | None], rows: list[Tensor]) -> Tensor | None:
    """Rows of several tensors in one; None where one is missing, or they do not fit together."""
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or len({(part.dtype, part.shape[1:]) for part in found}) > 1:
        return None
    return _gathered(found, rows)


def _gathered(parts: list[Tensor], rows: list[Tensor]) -> Tensor:
    """Rows of several tensors in one, never held twice."""
    out = parts[0].new_empty(sum(len(r) for r in rows), *parts[0].shape[1:])
    start = 0
    for part, chosen in zip(parts, rows, strict=True):
        torch.index_select(part, 0, chosen, out=out[start : start + len(chosen)])
        start += len(chosen)
    return out


def widened(tensor: Tensor) -> Tensor:
    """Half precision as single, which NumPy and files know; other tensors as they are."""
    return tensor.float() if tensor.dtype.itemsize < 4 else tensor


def exact(targets: Tensor | None) -> Tensor | None:
    """A copy of true values in double precision, or of codes as int64, on the processor."""
    if targets is None:
        return None
    dtype = torch.float64 if targets.is_floating_point() else torch.int64
    return targets.to("cpu", dtype, copy=True)


def draw(positions: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """A fixed pseudo-random number per position: SplitMix64, a stream per seed."""
    with np.errstate(over="ignore"):
        z = positions.astype(np.uint64) + np.uint64(seed % 2**32) * np.uint64(2**32)
        z = (z + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
