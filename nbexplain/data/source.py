"""What every kind of data looks like to the engine: batches of rows in a known order."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Batch:
    """Consecutive rows of X.

    Attributes:
        inputs: `[n, *shape]` each. They may share memory with X: read them, never write.
        start: the position of the first row in X.
        target: y on these rows: class codes int64 `[n]`, or floats `[n]` or `[n, K]`;
            None without y.
        spans: the steps of each row that exist, `[start, stop)`, int64 `[n, 2]`; None where
            nothing is padding.
        ids: of the tokens whose embeddings are the last input, int `[n, τ]`; None where rows are
            no texts.
    """

    inputs: tuple[Tensor, ...]
    start: int
    target: Tensor | None
    spans: Tensor | None = None
    ids: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs[0])


class Source(ABC):
    """Rows to explain, whatever they came in.

    Attributes:
        count: the number of rows; None where only a pass over the data tells.
        input_names: the keys, where X is a dict of inputs.
        column_names: of each input; None for an input without names.
        classes: the names of y's classes, in the order of their codes; None for a regression or
            without y. `for_outputs` settles it.
        target_name: the name y carries.
        repeatable: whether rows can be taken by position, and a second pass gives the same rows.
        order: of the axes that the model takes its floating inputs in; None as they come.
        padded: whether some steps of rows may be padding.
        timed: whether rows of two axes are sequences, and not pictures.
    """

    count: int | None
    input_names: tuple[str, ...] | None = None
    column_names: tuple[tuple[str, ...] | None, ...]
    classes: tuple[str, ...] | None = None
    target_name: str | None = None
    repeatable: bool = True
    order: tuple[int, ...] | None = None
    padded: bool = False
    timed: bool = True

    @abstractmethod
    def batches(self, batch_size: int) -> Iterator[Batch]:
        """All rows in order, at most `batch_size` at a time.

        Raises:
            ValueError: a row is NaN or infinite; batches of a stream do not fit together.
        """

    @abstractmethod
    def head(self, rows: int) -> Batch:
        """The first rows, as many of them as there are; a later pass gives them again."""

    @abstractmethod
    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The rows at these positions, in this order; `start` is the first of them.

        Raises:
            ValueError: the data is a stream, whose rows are gone.
            IndexError: there is no row at one of the positions.
        """

    @abstractmethod
    def new_rows(self, X: object) -> Batch:
        """Rows that are not in X: columns are matched by name where both sides have names.

        Accepts a frame, a Series or dict of one row, an array or tensor with or without the axis
        of rows, and a tuple or dict of these for several inputs.

        Raises:
            ValueError: columns are missing or unknown, or the width differs.
        """

    @abstractmethod
    def for_outputs(self, outputs: int) -> Source:
        """The same data with y read for a model of this many outputs.

        Raises:
            ValueError: y holds labels that this many outputs cannot stand for.
        """

    def locate(self, label: object) -> int:
        """The position of the row with this label: a frame's index label, else the position.

        Raises:
            ValueError: no row has this label, or more than one has.
            TypeError: the label of data without an index is not an integer.
        """
        return position_of(label, self.count)

    def label(self, positions: NDArray[np.int64]) -> list[object]:
        """The labels of the rows at these positions: the positions themselves without an index."""
        return [int(position) for position in positions]


def position_of(label: object, count: int | None) -> int:
    """A label of data without an index, as a position; negative ones count from the end."""
    if isinstance(label, (bool, np.bool_)) or not isinstance(label, (int, np.integer)):
        raise TypeError(
            f"row={label!r} is not a position: X has no index, so its rows are called 0, 1, 2, …"
        )
    position = int(label)
    if count is not None:
        if not -count <= position < count:
            raise ValueError(f"row={position} is outside X, which has rows 0 to {count - 1}.")
        position %= count
    elif position < 0:
        raise ValueError(f"row={position} counts from the end of X, which is not known.")
    return position
