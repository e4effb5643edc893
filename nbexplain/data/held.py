"""Data in memory: one input or several, with their rows' labels."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data.arrays import TensorInput, array_input
from nbexplain.data.frames import FrameInput, as_frame, frame_input
from nbexplain.data.inputs import Input, Rows, not_finite, plural, shortened
from nbexplain.data.matching import rows_like
from nbexplain.data.source import Batch, Source, position_of
from nbexplain.data.targets import Target


@final
class Held(Source):
    """Frames, arrays and tensors, read where they lie."""

    def __init__(
        self,
        inputs: tuple[Input, ...],
        input_names: tuple[str, ...] | None = None,
        target: Target | None = None,
    ) -> None:
        self.inputs = inputs
        self.target = target
        self.count = inputs[0].rows
        self.input_names = input_names
        self.column_names = tuple(one.columns for one in inputs)
        self.classes = target.classes if target else None
        self.target_name = target.name if target else None

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """Slices of every input."""
        for start in range(0, self.inputs[0].rows, batch_size):
            yield self._read(slice(start, start + batch_size), start)

    def head(self, rows: int) -> Batch:
        """The first slice."""
        return self._read(slice(0, rows), 0)

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """Copies of these rows."""
        rows = checked_positions(positions, self.inputs[0].rows)
        return self._read(rows, int(rows[0]))

    def new_rows(self, X: object) -> Batch:
        """Rows in the form of X's inputs."""
        return new_rows(self.inputs, self.input_names, X)

    def for_outputs(self, outputs: int) -> Held:
        """The same inputs, with the target read for so many outputs."""
        if self.target is None:
            return self
        return Held(self.inputs, self.input_names, self.target.for_outputs(outputs))

    @property
    def index(self) -> Any:
        """The `pandas.Index` of the first frame that has one, or None."""
        frames = (one for one in self.inputs if isinstance(one, FrameInput))
        return next((frame.index for frame in frames if frame.index is not None), None)

    def locate(self, label: object) -> int:
        """The row that carries this label in the index."""
        index = self.index
        if index is None:
            return position_of(label, self.count)
        try:
            found = index.get_loc(label) if isinstance(label, Hashable) else None
        except (LookupError, TypeError, ValueError):
            found = None
        if found is None:
            few = ", ".join(repr(known) for known in index[:3].tolist())
            raise ValueError(
                f"row={label!r} is not in X's index ({few}{', …' * (len(index) > 3)}): pass one of "
                f"its labels; the label of a position is X.index[position]."
            )
        if isinstance(found, int | np.integer):
            return int(found)
        rows = np.arange(len(index))[found]
        raise ValueError(
            f"row={label!r} is the label of {plural(len(rows), 'row')} of X: pass "
            f"X.reset_index(drop=True) to tell them apart."
        )

    def label(self, positions: NDArray[np.int64]) -> list[object]:
        """What the index calls these rows."""
        if self.index is None:
            return super().label(positions)
        return self.index[positions].tolist()

    def _read(self, rows: Rows, start: int) -> Batch:
        inputs = tuple(one.read(rows) for one in self.inputs)
        # The sum of clean numbers is finite but for overflow: one cheap look at each batch.
        if not all(looks_finite(part) for part in inputs) and (found := not_finite(self.inputs)):
            raise ValueError(found)
        if self.target is None:
            return Batch(inputs, start, None)
        where = rows if isinstance(rows, slice) else torch.from_numpy(rows)
        return Batch(inputs, start, self.target.values[where])


def checked_positions(
    positions: Sequence[int] | NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """The positions as an array, none of them outside the rows.

    Raises:
        ValueError: there are none.
        IndexError: there is no row at one of them.
    """
    rows = np.asarray(positions, dtype=np.int64)
    if not len(rows):
        raise ValueError("No rows are asked for: pass at least one position.")
    if rows.min() < 0 or rows.max() >= count:
        odd = rows[(rows < 0) | (rows >= count)][0]
        raise IndexError(f"There is no row at position {odd}: X has rows 0 to {count - 1}.")
    return rows


def looks_finite(values: Tensor) -> bool:
    """Whether the sum is finite; if not, something is NaN or infinite, or the sum overflowed."""
    return not values.is_floating_point() or bool(values.sum().isfinite())


def inputs_of(
    X: object, called: str = "X", *, ids: bool = False
) -> tuple[tuple[Input, ...], tuple[str, ...] | None]:
    """The inputs in X and, where X is a dict, their names.

    Integers alone are read as the ids that they may be (`ids`), or as numbers.

    Raises:
        ValueError: no rows or columns, inputs of different lengths, integers alone, …
        TypeError: X is not data.
    """
    names: tuple[str, ...] | None = None
    if isinstance(X, Mapping):
        parts = cast("Mapping[Any, Any]", X)
        names = tuple(str(key) for key in parts)
        inputs = [one_input(part, f"{called}[{key!r}]") for key, part in parts.items()]
    elif isinstance(X, tuple):
        parts = cast("tuple[Any, ...]", X)
        inputs = [one_input(part, f"{called}[{i}]") for i, part in enumerate(parts)]
    else:
        inputs = [one_input(X, called)]
        if inputs[0].rows and not inputs[0].shape:
            raise ValueError(
                f"{called} has one axis: use .reshape(-1, 1) on it for rows of one feature, or "
                f".reshape(1, -1) for one row."
            )
    if not inputs:
        raise ValueError(f"{called} is an empty {type(X).__name__}: pass at least one input.")
    return _together(inputs, called, ids), names


def one_input(X: object, called: str) -> Input:
    """A frame, array, tensor or list of rows, as an input."""
    if X is None or isinstance(X, str | bytes | int | float | complex | Mapping | tuple):
        raise TypeError(f"{called} is {_a(X)}: pass a frame, an array or a tensor of numbers.")
    if hasattr(X, "to_frame"):
        raise ValueError(f"{called} is a Series: pass a frame, for example with .to_frame().")
    found = array_input(X, called)
    if found is None:
        frame = as_frame(X)
        if frame is None:
            raise TypeError(f"{called} is {_a(X)}: pass a frame, an array or a tensor of numbers.")
        found = frame_input(frame, called)
    return found


def is_held(X: object) -> bool:
    """Whether X is in memory: a frame, an array, a tensor, or a tuple or dict of inputs."""
    if isinstance(X, Tensor | np.ndarray | tuple | Mapping) or hasattr(X, "__array__"):
        return True
    return as_frame(X) is not None


def _together(inputs: list[Input], called: str, ids: bool) -> tuple[Input, ...]:
    first = inputs[0]
    for one in inputs:
        if not one.rows:
            raise ValueError(f"{one.called} has no rows.")
        if not all(one.shape):
            raise ValueError(f"{one.called} has no columns: rows of shape {list(one.shape)}.")
        if one.rows != first.rows:
            raise ValueError(
                f"{first.called} has {plural(first.rows, 'row')} and {one.called} has "
                f"{one.rows:,}: pass the same rows of every input."
            )
    if ids or any(one.floating for one in inputs):
        # Integers beside floats are codes for an embedding.
        return tuple(inputs)
    tensors = [one for one in inputs if isinstance(one, TensorInput)]
    if tensors:
        kind = str(tensors[0].dtype).removeprefix("torch.")
        raise ValueError(
            f"{called} holds integers, which have no derivative ({kind}): use .float() on "
            f"quantities; ids of tokens, [rows, steps], are embedded by an nn.Embedding of the "
            f"model, and none received these as they are."
        )
    return tuple(one.as_floats() for one in inputs)


def new_rows(inputs: Sequence[Input], names: tuple[str, ...] | None, X: object) -> Batch:
    """Rows that are not in X, in the form of these inputs."""
    if len(inputs) == 1 and names is None:
        return Batch((rows_like(inputs[0], X),), 0, None)
    if names is not None:
        given = {str(key): part for key, part in X.items()} if isinstance(X, Mapping) else {}
        if set(given) != set(names):
            raise ValueError(f"row is not a dict of the inputs {shortened(names)}, as X is.")
        parts = [given[name] for name in names]
    else:
        parts = cast("tuple[Any, ...]", X) if isinstance(X, tuple) else ()
        if len(parts) != len(inputs):
            raise ValueError(f"row is not a tuple of {len(inputs)} inputs, as X is.")
    found = tuple(
        rows_like(one, part, one.called.replace("X", "row", 1))
        for one, part in zip(inputs, parts, strict=True)
    )
    if len({len(part) for part in found}) > 1:
        raise ValueError(f"row has inputs of {shortened([str(len(part)) for part in found])} rows.")
    return Batch(found, 0, None)


def _a(X: object) -> str:
    return "None" if X is None else f"of type {type(X).__name__}"
