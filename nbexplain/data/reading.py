"""The one way in: any data, as a source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import numpy as np
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from nbexplain.data.arrays import is_sparse
from nbexplain.data.batched import Streamed
from nbexplain.data.batching import bounds, holds_rows, split, takes
from nbexplain.data.frames import as_frame
from nbexplain.data.held import Held, inputs_of
from nbexplain.data.inputs import Input, plural
from nbexplain.data.loaders import loaded, tensors_in
from nbexplain.data.source import Source
from nbexplain.data.targets import target
from nbexplain.model.snapshot import Signature


def read(X: object, y: object = None, *, forward: Signature | None = None) -> Source:
    """Read X, and y if it is given, in whatever form they come.

    Args:
        X: a frame (pandas, or any that narwhals reads), an array, a tensor, a list of rows; a
            tuple or dict of these for a model of several inputs; a Dataset, a DataLoader or an
            iterable of batches, which are what X may be, or (inputs, y).
        y: a Series, array, tensor or list with a value for each row; None if there is none or
            the batches carry it.
        forward: what the model takes, to tell the inputs of a batch from its y, and integers that
            are ids from those that are numbers.

    Raises:
        ValueError: the data cannot be differentiated: no rows, text, integers alone, …
        TypeError: X is not data.

    >>> import numpy as np
    >>> source = read(np.eye(5), ["a", "b", "b", "a", "b"])
    >>> [(batch.start, len(batch)) for batch in source.batches(2)], source.classes
    ([(0, 2), (2, 2), (4, 1)], ('a', 'b'))
    """
    if isinstance(X, nn.Module) or (callable(X) and not hasattr(X, "__iter__")):
        name = getattr(X, "__name__", type(X).__name__)
        raise TypeError(f"X is the model or function {name}: the order is explain(model, X, y).")
    if isinstance(X, Dataset | DataLoader):
        if (tensors := tensors_in(X)) is not None:
            inputs, own = split(tensors, forward, "X")
            return _held(inputs, own if y is None else y, forward)
        return loaded(X, None if y is None else target(y), forward)
    # A lazy frame is computed here, once.
    frame = as_frame(X)
    if frame is not None or _in_memory(X):
        return _held(X if frame is None else frame, y, forward)
    if y is not None:
        raise ValueError("y cannot be matched to the rows of a stream: let its batches be (x, y).")
    batches = cast("Iterable[object]", X)
    if not isinstance(batches, Iterator):
        return Streamed(lambda: iter(batches), isinstance(X, list), forward)
    return Streamed(_once(batches), False, forward)


def _in_memory(X: object) -> bool:
    """Whether X is all there (or no data at all, which reading it will say)."""
    if isinstance(X, list):
        rows = cast("list[Any]", X)
        return not rows or not _is_batch(rows[0])
    if isinstance(X, Tensor | np.ndarray | tuple | Mapping | str | bytes) or is_sparse(X):
        return True
    return hasattr(X, "__array__") or not isinstance(X, Iterable)


def _is_batch(X: object) -> bool:
    """Whether an element of a list is a batch, not a row."""
    if isinstance(X, Tensor | np.ndarray):
        return X.ndim > 1
    if isinstance(X, tuple | list):
        return any(holds_rows(part) for part in cast("tuple[Any, ...]", X))
    return holds_rows(X)


def _held(X: object, y: object, forward: Signature | None) -> Held:
    inputs, names = inputs_of(X, ids=forward is not None and forward.ids)
    least, most = bounds(forward)
    if names is None and not least <= len(inputs) <= most:
        third = "; y is the third argument" if len(inputs) == 2 and most == 1 else ""
        raise ValueError(
            f"X is a tuple of {plural(len(inputs), 'input')} and the model takes "
            f"{takes(forward)}{third}."
            if len(inputs) > 1
            else f"X is one input and the model takes {takes(forward)}: pass a tuple of them."
        )
    return _with(inputs, names, y)


def read_in_memory(X: object, y: object = None, called: str = "X") -> Held:
    """Read X, rows in memory (a frame, an array, a tensor, a tuple or dict of these), and y.

    Args:
        X: the rows.
        y: a value for each row; None if there is none.
        called: what sentences call X.

    Raises:
        ValueError: no rows or columns, text, inputs of different lengths, …
        TypeError: X is not data.
    """
    frame = as_frame(X)
    return _with(*inputs_of(X if frame is None else frame, called), y, called)


def _with(
    inputs: tuple[Input, ...], names: tuple[str, ...] | None, y: object, called: str = "X"
) -> Held:
    if y is None:
        return Held(inputs, names)
    found = target(y)
    if len(found) != inputs[0].rows:
        raise ValueError(
            f"y has {plural(len(found), 'value')} and {called} has "
            f"{plural(inputs[0].rows, 'row')}: pass one value for each row."
        )
    return Held(inputs, names, found)


def _once(batches: Iterator[object]) -> Any:
    """Opens an iterator the first time, and says what to do the second."""
    left = [batches]

    def begin() -> Iterator[object]:
        if not left:
            raise ValueError(
                "X was an iterator and has been read to its end: pass X as a list of batches, or "
                "as a DataLoader, to read it again."
            )
        return left.pop()

    return begin
