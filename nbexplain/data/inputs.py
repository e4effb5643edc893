"""One input in memory (array, tensor, columns of a frame), read a few rows at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Rows = slice | NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Input(ABC):
    """Rows of one input.

    Attributes:
        called: how sentences call it: `X`, `X['image']`, `X[1]`.
        rows: how many there are.
        shape: of one row.
        dtype: of the tensors it reads as: float32, float64, or an integer type.
        columns: the names along the only axis of a row; None without names.
    """

    called: str
    rows: int
    shape: tuple[int, ...]
    dtype: torch.dtype
    columns: tuple[str, ...] | None

    @abstractmethod
    def read(self, rows: Rows) -> Tensor:
        """The rows as a tensor `[n, *shape]`, which may share memory with the data."""

    @property
    def floating(self) -> bool:
        """Whether a derivative with respect to this input exists."""
        return self.dtype.is_floating_point

    def as_floats(self) -> Input:
        """The same numbers, read as floats wide enough to hold them."""
        if self.floating:
            return self
        narrow = self.dtype in (torch.bool, torch.uint8, torch.int8, torch.int16)
        return replace(self, dtype=torch.float32 if narrow else torch.float64)


def not_finite(source: Sequence[Input]) -> str | None:
    """Which columns hold NaN or infinities, and in how many rows: one sentence, or None.

    A pass over all rows, for when a batch has shown that something is wrong.
    """
    for one in source:
        if one.floating and (found := _not_finite(one)):
            return found
    return None


def _not_finite(one: Input) -> str | None:
    width = one.shape[-1] if one.shape else 1
    nan, infinite = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    broken, first = 0, -1
    step = max(1, 2**22 // max(1, int(np.prod(one.shape))))
    for start in range(0, one.rows, step):
        part = one.read(slice(start, start + step)).reshape(-1, max(1, _places(one.shape)), width)
        is_nan, is_infinite = part.isnan(), part.isinf()
        nan += is_nan.any(dim=1).sum(dim=0).cpu().numpy()
        infinite += is_infinite.any(dim=1).sum(dim=0).cpu().numpy()
        wrong = (is_nan | is_infinite).flatten(1).any(dim=1).nonzero()[:, 0]
        broken += len(wrong)
        if first < 0 and len(wrong):
            first = start + int(wrong[0])
    if not broken:
        return None
    names = one.columns or tuple(f"x{j}" for j in range(width))
    columns = [
        f"{names[j]!r} (" + ", ".join(_counts(int(nan[j]), int(infinite[j]))) + ")"
        for j in np.flatnonzero(nan + infinite)
    ]
    where = "" if len(one.shape) > 2 else f" in {'column' if len(columns) == 1 else 'columns'} "
    where += "" if len(one.shape) > 2 else shortened(columns)
    return (
        f"{one.called} is NaN or infinite in {broken:,} of its {one.rows:,} rows (the first at "
        f"position {first}){where}: fill or drop them as in training."
    )


def _places(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape[:-1])) if shape else 1


def _counts(nan: int, infinite: int) -> list[str]:
    counts = [(nan, "NaN"), (infinite, "infinite")]
    return [f"{what} in {plural(count, 'row')}" for count, what in counts if count]


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 row`, `12,000 rows`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shortened(parts: Sequence[str], most: int = 5) -> str:
    """The first of these, and how many more there are."""
    more = len(parts) - most
    return ", ".join(parts[:most]) + (f" and {more:,} more" if more > 0 else "")
