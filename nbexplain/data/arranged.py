"""Data whose rows are laid out or padded otherwise than `[rows, steps, features]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.choices import choose
from nbexplain.data.inputs import plural
from nbexplain.data.source import Batch, Source

LAYOUTS = {"np": 2, "ntp": 3, "tnp": 3, "npt": 3, "nhw": 3, "nchw": 4}
"""Layouts, and how many axes X has in each: n rows, p features, t steps, c channels, h, w."""

_ORDERS = {"tnp": (1, 0, 2), "npt": (0, 2, 1)}
"""From [n, t, p] to the layout; each is its own inverse."""


def rows_first(X: object, layout: str | None) -> object:
    """X with its rows along the first axis, which "tnp" has along the second.

    Raises:
        ValueError: for an unknown layout.
        TypeError: for batches in "tnp", which are read row by row.

    >>> rows_first(torch.zeros(5, 2, 3), "tnp").shape
    torch.Size([2, 5, 3])
    """
    if layout is None:
        return X
    if choose("layout", layout, LAYOUTS) != "tnp":
        return X
    if isinstance(X, tuple):
        return tuple(_turned(part) for part in cast("tuple[Any, ...]", X))
    if isinstance(X, Mapping):
        return {key: _turned(part) for key, part in cast("Mapping[Any, Any]", X).items()}
    if not isinstance(X, Tensor | np.ndarray):
        raise TypeError("layout='tnp' needs X as an array or a tensor [steps, rows, features].")
    return _turned(X)


def _turned(X: object) -> object:
    if isinstance(X, Tensor) and X.ndim == 3:
        return X.movedim(1, 0)
    return np.moveaxis(X, 1, 0) if isinstance(X, np.ndarray) and X.ndim == 3 else X


def arranged(
    source: Source, layout: str | None, lengths: object, sequence: int | None = None
) -> Source:
    """The source with its rows as `[steps, features]`, and the steps of each that exist.

    Args:
        source: what `rows_first` gave, read.
        layout: what the axes of X are; None by their number.
        lengths: how many steps each row has, `[rows]`, the rest of it being padding at its end;
            or a mask `[rows, steps]`, True where a step exists; or a `Told`, an input that says
            it.
        sequence: position of the only input that the layout is of; None for all floating ones.

    Raises:
        ValueError: X has other axes; lengths that do not fit its rows.
    """
    if layout is None and lengths is None:
        return source
    floating = _floating(source.head(1).inputs, sequence)
    if layout is not None:
        axes = {x.ndim for x in floating}
        if axes != {LAYOUTS[layout]}:
            few = " and ".join(str(count) for count in sorted(axes))
            raise ValueError(
                f"layout={layout!r} is of {LAYOUTS[layout]} axes, but X has {few}: pass X as "
                f"[{', '.join(_AXES[letter] for letter in layout)}], or another layout."
            )
    found = Arranged(source, layout, None, sequence)
    if lengths is None:
        return found
    shape = [tuple(x.shape[1:]) for x in _floating(found.head(1).inputs, sequence)]
    if len(shape) != 1 or len(shape[0]) != 2 or layout == "nhw":
        raise ValueError(
            "lengths= is for sequences, one input of shape [rows, steps, features]: leave it out."
        )
    if isinstance(lengths, Told):
        return Arranged(source, layout, lengths, sequence)
    return Arranged(source, layout, _spans(lengths, source.count, shape[0][0]), sequence)


def _only_zeros(x: Tensor, there: Tensor) -> bool:
    """Whether some steps are there, and all of them 0."""
    return bool(there.any()) and not bool(x[there].any())


def _floating(inputs: Sequence[Tensor], sequence: int | None) -> list[Tensor]:
    """The floating inputs, or only the sequence among them."""
    return [x for i, x in enumerate(inputs) if x.is_floating_point() and sequence in (None, i)]


@dataclass(frozen=True)
class Told:
    """The lengths of rows, where an input of the model tells them.

    Attributes:
        place: of this input among the model's inputs.
        name: what it is called.
    """

    place: int
    name: str


def telling(
    inputs: Sequence[Tensor], names: Sequence[str], sequence: int | None = None
) -> Told | None:
    """The input that tells how many steps each row of the only sequence has, if one does.

    It holds a whole number for each row, from 1 to the number of steps. Whatever it is called, no
    row has anything but 0 after that many steps; or it is called lengths or the like, and rows do
    not begin with zeros instead.

    Args:
        inputs: of some rows, sequences as `[rows, steps, features]`.
        names: of the inputs.
        sequence: position of the sequence, where the other floating inputs are its states.

    >>> x = torch.tensor([[[2.0], [3.0]], [[4.0], [0.0]]])
    >>> telling((x, torch.tensor([2, 1])), ("x", "n"))
    Told(place=1, name='n')
    """
    floating = _floating(inputs, sequence)
    if len(floating) != 1 or floating[0].ndim != 3:
        return None
    (x,) = floating
    steps = x.shape[1]
    for place, (name, given) in enumerate(zip(names, inputs, strict=True)):
        if given.is_floating_point() or given.dtype == torch.bool or given.ndim != 1:
            continue
        if not (int(given.min()) >= 1 and int(given.max()) <= steps):
            continue
        step, many = torch.arange(steps, device=x.device), given.to(x.device)[:, None]
        if _only_zeros(x, step >= many):
            return Told(place, name)
        # What is called so, but comes with padding at the start, says nothing of the end.
        if "len" in name.lower() and not _only_zeros(x, step < steps - many):
            return Told(place, name)
    return None


_AXES = {"n": "rows", "t": "steps", "p": "features", "c": "channels", "h": "height", "w": "width"}


def _spans(
    lengths: object, count: int | None, steps: int, first: int = 0, called: str = "lengths"
) -> Tensor:
    """The existing steps of each row as `[start, stop)`, `[rows, 2]`."""
    given = lengths.detach().cpu().numpy() if isinstance(lengths, Tensor) else np.asarray(lengths)
    if count is not None and (not given.ndim or len(given) != count):
        many = given.size if given.ndim < 2 else len(given)
        raise ValueError(
            f"lengths has {plural(many, 'row')} and X has {count:,}: pass one length for each row "
            "of X."
        )
    if given.ndim == 2 and given.shape[1] == steps:
        _check_gaps(given != 0)
        spans, what = spans_of_mask(given != 0), "the mask has"
    elif given.ndim == 1 and given.dtype.kind in "iu":
        spans = np.stack([np.zeros_like(given), given], axis=1).astype(np.int64)
        what = f"{called} has"
    else:
        raise ValueError(
            f"lengths must be whole numbers, one for each row of X, or a mask [rows, {steps}], "
            f"True where a step exists: it has the shape {list(given.shape)} and holds "
            f"{given.dtype}."
        )
    length = spans[:, 1] - spans[:, 0]
    if (length < 1).any():
        row = int(np.flatnonzero(length < 1)[0])
        raise ValueError(
            f"Row {first + row} of X is all padding ({what} {int(length[row])} steps there): leave "
            f"rows without steps out, {plural(int((length < 1).sum()), 'row')} here."
        )
    if (length > steps).any():
        row = int(np.flatnonzero(length > steps)[0])
        raise ValueError(
            f"{called}[{first + row}] is {int(length[row])}, but the rows of X have {steps} steps."
        )
    return torch.from_numpy(spans)


def spans_of_mask(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """From the first to the last step that exists, as `[start, stop)`, `[rows, 2]`.

    >>> spans_of_mask(np.array([[False, True, True, False]])).tolist()
    [[1, 3]]
    """
    starts = mask.argmax(1)
    stops = np.where(mask.any(1), mask.shape[1] - mask[:, ::-1].argmax(1), 0)
    return np.stack([starts, stops], axis=1).astype(np.int64)


def _check_gaps(mask: NDArray[np.bool_]) -> None:
    spans = spans_of_mask(mask)
    gaps = mask.sum(1) != spans[:, 1] - spans[:, 0]
    if gaps.any():
        raise ValueError(
            f"The mask in lengths= has a gap in row {int(np.flatnonzero(gaps)[0])}: the steps of "
            "a row must follow each other."
        )


@final
class Arranged(Source):
    """A source whose rows are brought into the order `[steps, features]`.

    Args:
        source: the rows.
        layout: of the model's input.
        spans: the existing steps of each row, `[rows, 2]`, or the input that tells their number;
            None where all exist.
        sequence: position of the only input that the layout is of; None for all floating ones.
    """

    def __init__(
        self,
        source: Source,
        layout: str | None,
        spans: Tensor | Told | None,
        sequence: int | None = None,
    ) -> None:
        self._source, self._layout, self._sequence = source, layout, sequence
        self._told = spans if isinstance(spans, Told) else None
        self._spans = spans if isinstance(spans, Tensor) else None
        self.order = _ORDERS.get(layout or "")
        for name in ("count", "input_names", "column_names", "classes", "target_name"):
            setattr(self, name, getattr(source, name))
        self.repeatable = source.repeatable
        self.padded, self.timed = spans is not None, layout != "nhw"

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """The batches of the source, arranged."""
        end = 0
        for batch in self._source.batches(batch_size):
            end = batch.start + len(batch)
            yield self._arranged(batch, slice(batch.start, end))
        if self._spans is not None and end != len(self._spans):
            raise ValueError(_other_count(len(self._spans), end))

    def head(self, rows: int) -> Batch:
        """The first rows of the source, arranged."""
        batch = self._source.head(rows)
        return self._arranged(batch, slice(0, len(batch)))

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """These rows of the source, arranged."""
        rows = torch.as_tensor(np.asarray(positions, np.int64))
        return self._arranged(self._source.take(positions), rows)

    def new_rows(self, X: object) -> Batch:
        """New rows, all of whose steps exist."""
        return self._arranged(self._source.new_rows(X), None)

    def for_outputs(self, outputs: int) -> Source:
        """The same rows, y read for so many outputs."""
        source = self._source.for_outputs(outputs)
        return Arranged(source, self._layout, self._told or self._spans, self._sequence)

    def locate(self, label: object) -> int:
        """The position of a labelled row."""
        return self._source.locate(label)

    def label(self, positions: NDArray[np.int64]) -> list[object]:
        """The labels of rows."""
        return self._source.label(positions)

    def _arranged(self, batch: Batch, rows: slice | Tensor | None) -> Batch:
        inputs, spans = batch.inputs, None
        if self._layout == "npt":
            inputs = tuple(
                x.mT if x.is_floating_point() and self._sequence in (None, i) else x
                for i, x in enumerate(inputs)
            )
        if self._told is not None:
            steps = _floating(inputs, self._sequence)[0].shape[1]
            called = self._told.name
            spans = _spans(inputs[self._told.place], None, steps, batch.start, called)
        if self._spans is not None:
            if rows is None:
                whole = _floating(inputs, self._sequence)[0].shape[1]
                spans = torch.tensor([[0, whole]] * len(batch))
            else:
                spans = self._spans[rows]
                if len(spans) != len(batch):
                    raise ValueError(_other_count(len(self._spans), batch.start + len(batch)))
        return replace(batch, inputs=inputs, spans=spans)


def _other_count(lengths: int, rows: int) -> str:
    return f"lengths has {lengths:,} rows and X has {rows:,} or more: pass one length for each row."
