"""Arrays, tensors and lists of rows as inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data.frames import as_frame
from nbexplain.data.inputs import Input, Rows


@final
@dataclass(frozen=True, eq=False)
class TensorInput(Input):
    """A torch tensor, on whatever device it is."""

    values: Tensor

    def read(self, rows: Rows) -> Tensor:
        """A view for a slice, a copy for positions."""
        part = self.values[rows] if isinstance(rows, slice) else self.values[torch.from_numpy(rows)]
        return part.to(self.dtype)


@final
@dataclass(frozen=True, eq=False)
class ArrayInput(Input):
    """A NumPy array; a memory map is read a batch at a time."""

    values: NDArray[Any]

    def read(self, rows: Rows) -> Tensor:
        """A view where torch can make one, otherwise a copy."""
        return as_tensor(self.values[rows], self.dtype)


def array_input(X: object, called: str) -> Input | None:
    """X as an input if it is a tensor, an array or a list of rows, else None.

    Raises:
        ValueError: it does not hold numbers in a dense, rectangular form.
    """
    if isinstance(X, Tensor):
        return _tensor_input(X, called)
    if is_sparse(X):
        raise ValueError(f"{called} is a sparse matrix: use .toarray() on it.")
    if isinstance(X, np.ma.MaskedArray) and np.ma.is_masked(X):
        raise ValueError(f"{called} is a masked array with masked entries: fill or drop them.")
    if isinstance(X, list):
        return _numpy_input(_rectangle(cast("list[Any]", X), called), called)
    # A frame offers __array__ as well, and would lose its names there.
    if isinstance(X, np.ndarray) or (hasattr(X, "__array__") and as_frame(X) is None):
        return _numpy_input(np.asarray(X), called)
    return None


def is_sparse(X: object) -> bool:
    """Whether X is one of SciPy's sparse matrices; SciPy is not imported to find out."""
    return type(X).__module__.startswith("scipy.sparse")


def _tensor_input(X: Tensor, called: str) -> TensorInput:
    if X.is_nested or X.layout != torch.strided:
        raise ValueError(f"{called} is a {_layout(X)} tensor: pass a dense one.")
    if X.is_complex():
        raise ValueError(f"{called} holds complex numbers: pass their parts as real columns.")
    _check_axes(tuple(X.shape), called)
    # Half precision is widened: X's spread is summed, and models' own types are a later matter.
    dtype = torch.float32 if X.dtype in (torch.float16, torch.bfloat16) else X.dtype
    return TensorInput(
        called=called,
        rows=len(X),
        shape=tuple(X.shape[1:]),
        dtype=dtype,
        columns=None,
        values=X.detach().as_subclass(Tensor),
    )


def _numpy_input(X: NDArray[Any], called: str) -> ArrayInput:
    if X.dtype.names:
        raise ValueError(f"{called} is a structured array: pass it as a frame, with pd.DataFrame.")
    if X.dtype.kind not in "biuf":
        content = {"c": "complex numbers", "M": "dates", "m": "durations", "O": "Python objects"}
        what = content.get(X.dtype.kind, "text")
        raise ValueError(
            f"{called} holds {what} (dtype {X.dtype}), not numbers: use .astype(float) on it, or "
            f"turn them into numbers as in training."
        )
    _check_axes(X.shape, called)
    return ArrayInput(
        called=called,
        rows=len(X),
        shape=X.shape[1:],
        dtype=_dtype(X.dtype),
        columns=None,
        values=X,
    )


def _dtype(dtype: np.dtype[Any]) -> torch.dtype:
    if dtype.kind == "b":
        return torch.bool
    if dtype.kind == "f":
        return torch.float32 if dtype.itemsize <= 4 else torch.float64
    return torch.uint8 if dtype == np.uint8 else torch.int64


def as_tensor(values: NDArray[Any], dtype: torch.dtype) -> Tensor:
    """A tensor of these numbers: a view where torch can make one, otherwise a copy."""
    through = {torch.float32: np.float32, torch.float64: np.float64, torch.int64: np.int64}
    values = np.ascontiguousarray(values, dtype=through.get(dtype))
    # torch warns of memory that it may not write to, though nobody here writes, and refuses the
    # negative strides that even a contiguous array may have along an axis of one.
    direct = values.flags.writeable and min(values.strides, default=0) >= 0
    return torch.from_numpy(values if direct else values.copy())


def _rectangle(rows: list[Any], called: str) -> NDArray[Any]:
    """A list of rows as an array."""
    if rows and isinstance(rows[0], Tensor):
        rows = [row.detach().cpu().numpy() for row in rows]
    try:
        return np.asarray(rows)
    except ValueError:
        widths = [len(row) if isinstance(row, Sequence | np.ndarray) else 1 for row in rows]
        odd = next((i for i, width in enumerate(widths) if width != widths[0]), None)
        where = "" if odd is None else f": row 0 has {widths[0]} values and row {odd} {widths[odd]}"
        raise ValueError(f"{called} is a list whose rows differ in length{where}.") from None


def _check_axes(shape: Sequence[int], called: str) -> None:
    if not len(shape):
        raise ValueError(f"{called} is a single number: pass rows, such as [[1.0, 2.0]].")


def _layout(X: Tensor) -> str:
    return "nested" if X.is_nested else str(X.layout).removeprefix("torch.").replace("_", " ")
