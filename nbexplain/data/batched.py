"""Data that someone else forms into batches, each read as the data in memory that it is."""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Self, final

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.data.batching import split
from nbexplain.data.held import Held, checked_positions, inputs_of, new_rows
from nbexplain.data.inputs import plural
from nbexplain.data.source import Batch, Source
from nbexplain.data.targets import Target, as_floats, target
from nbexplain.model.snapshot import Signature

# Rows whose y tells, for a single output, two classes from a quantity in integers.
LOOK = 64


class Batched(Source):
    """Batches of one form: that of the first.

    y comes a batch at a time, so its classes follow from the outputs: integers from 0 to K - 1
    for K outputs, 0 and 1 for a single one.
    """

    _first: Held

    def __init__(
        self, forward: Signature | None, class_names: object, y: Target | None = None
    ) -> None:
        self._y = y
        self._forward = forward
        self._class_names = class_names
        self._outputs: int | None = None

    @abstractmethod
    def _held(self, batch_size: int) -> Iterator[Held]:
        """All batches in order."""

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """The batches as they come, cut where they are larger than `batch_size`."""
        start = 0
        for held in self._held(batch_size):
            for batch in held.batches(batch_size):
                yield replace(batch, start=start + batch.start)
            start += held.inputs[0].rows

    def new_rows(self, X: object) -> Batch:
        """Rows in the form of the first batch."""
        return new_rows(self._first.inputs, self.input_names, X)

    def for_outputs(self, outputs: int) -> Self:
        """The same batches, with the targets read for so many outputs."""
        settled = copy.copy(self)
        settled._outputs = outputs
        settled.classes = self._classes_of(outputs)
        return settled

    def _take_form(self, first: Held) -> None:
        """Let this batch say what the inputs are called and shaped like."""
        self._first = first
        self.input_names = first.input_names
        self.column_names = first.column_names
        self.target_name = first.target_name

    def _read(self, batch: object, number: int) -> Held:
        """One batch, in memory and in the form of the first."""
        called = f"batch {number} of X"
        X, y = split(batch, self._forward, called)
        forward = self._forward
        inputs, names = inputs_of(X, called, ids=forward is not None and forward.ids)
        if number > 1:
            for one, first in zip(inputs, self._first.inputs, strict=False):
                if one.shape != first.shape:
                    raise ValueError(
                        f"{one.called} has rows of shape {list(one.shape)} and batch 1 has "
                        f"{list(first.shape)}: give all batches the same columns, and sequences "
                        f"one length."
                    )
            if (names, *(one.columns for one in inputs)) != (
                self._first.input_names,
                *self._first.column_names,
            ):
                raise ValueError(f"{called} has other inputs or columns than batch 1.")
        # Boxes and the like are no target that a loss here could be formed of.
        if y is None or self._y is not None or isinstance(y, Mapping | tuple):
            return Held(inputs, names)
        found = target(y, f"y in {called}")
        if len(found) != inputs[0].rows:
            raise ValueError(
                f"{called} has {plural(inputs[0].rows, 'row')} and {plural(len(found), 'value')} "
                f"of y."
            )
        return Held(inputs, names, self._settled(found, called))

    def _classes_of(self, outputs: int) -> tuple[str, ...] | None:
        found = self._first.target
        if found is None or found.numbers is None or found.numbers.is_floating_point():
            return None
        count = max(2, outputs)
        if found.numbers.ndim > 1 or not _within(found.numbers, count):
            return None
        if outputs == 1 and not _within(self.head(LOOK).target, count):
            return None
        names = self._class_names
        if isinstance(names, list | tuple) and len(names) == count:
            return tuple(str(name) for name in names)
        if count == 2 and set(found.labels or ()) <= {"False", "True"}:
            return ("False", "True")
        return tuple(str(k) for k in range(count))

    def _settled(self, found: Target, called: str) -> Target:
        """The target of a batch with its values read as those of all batches are."""
        if found.numbers is None:
            raise ValueError(f"y in {called} holds text: give classes as integers from 0.")
        if self.classes is None:
            values = found.numbers if self._outputs is None else as_floats(found.numbers)
            return replace(found, values=values, classes=None)
        if found.numbers.is_floating_point() or not _within(found.numbers, len(self.classes)):
            raise ValueError(
                f"y in {called} holds values other than the classes 0 to {len(self.classes) - 1}: "
                f"give classes from 0 on, and quantities as floats."
            )
        return replace(found, values=found.numbers, classes=self.classes)


def _within(numbers: torch.Tensor | None, count: int) -> bool:
    return (
        numbers is None
        or not len(numbers)
        or (int(numbers.min()) >= 0 and int(numbers.max()) < count)
    )


@final
class Indexed(Batched):
    """A data set of items by position, in its own order.

    Args:
        load: batches of the items at some positions (None: all, in order), so many at a time.
        count: the number of items.
        y: a target for all items, instead of what comes with them.
    """

    def __init__(
        self,
        load: Callable[[Sequence[int] | None, int], Iterator[object]],
        count: int,
        forward: Signature | None,
        class_names: object = None,
        y: Target | None = None,
    ) -> None:
        super().__init__(forward, class_names, y)
        self._load = load
        self.count = self._count = count
        self._take_form(self._at([0]))
        if y is not None:
            self.classes, self.target_name = y.classes, y.name

    def head(self, rows: int) -> Batch:
        """The first items."""
        return self.take(range(min(rows, self._count)))

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The items at these positions."""
        rows = checked_positions(positions, self._count)
        return replace(self._at(rows.tolist()).head(len(rows)), start=int(rows[0]))

    def for_outputs(self, outputs: int) -> Self:
        """The same items, with the targets read for so many outputs."""
        settled = super().for_outputs(outputs)
        if self._y is not None:
            settled._y = self._y.for_outputs(outputs)
            settled.classes = settled._y.classes
        return settled

    def _held(self, batch_size: int) -> Iterator[Held]:
        start = 0
        for number, batch in enumerate(self._load(None, batch_size), 1):
            held = self._read(batch, number)
            rows = held.inputs[0].rows
            yield self._with_y(held, torch.arange(start, start + rows))
            start += rows
        if start != self._count:
            raise ValueError(_collated(start, self._count))

    def _at(self, rows: list[int]) -> Held:
        held = self._read(next(self._load(rows, len(rows))), 1)
        if held.inputs[0].rows != len(rows):
            raise ValueError(_collated(held.inputs[0].rows, len(rows)))
        return self._with_y(held, torch.tensor(rows))

    def _with_y(self, held: Held, rows: torch.Tensor) -> Held:
        if self._y is None:
            return held
        part = replace(self._y, values=self._y.values[rows])
        return Held(held.inputs, held.input_names, part)


def _collated(rows: int, items: int) -> str:
    return (
        f"X's collate_fn gives {plural(rows, 'row')} for {plural(items, 'item')}, so that "
        f"rows have no position: pass the batches themselves, for example list(loader)."
    )


@final
class Streamed(Batched):
    """Batches one after another; those of a list can be read again.

    Args:
        open_: begins a pass.
        repeatable: whether every pass gives the same batches.
    """

    def __init__(
        self,
        open_: Callable[[], Iterator[object]],
        repeatable: bool,
        forward: Signature | None,
        class_names: object = None,
    ) -> None:
        super().__init__(forward, class_names)
        self._reader = _Reader(open_)
        self.count = None
        self.repeatable = repeatable
        first = next(self._reader.peek(), None)
        if first is None:
            raise ValueError("X gives no batches: pass at least one, with at least one row.")
        self._take_form(self._read(first, 1))

    def head(self, rows: int) -> Batch:
        """The first rows; the batches they come in are held for the next pass."""
        found: list[Batch] = []
        for number, batch in enumerate(self._reader.peek(), 1):
            found.append(self._read(batch, number).head(rows - sum(map(len, found))))
            if sum(map(len, found)) >= rows:
                break
        return _joined(found)

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The rows at these positions, for which the batches are walked through."""
        if not self.repeatable:
            raise ValueError(
                "X is a stream, whose rows are gone after the pass: pass the row itself as data, "
                "or X as a list of batches."
            )
        rows = np.asarray(positions, dtype=np.int64)
        found: dict[int, Batch] = {}
        start = 0
        for held in self._held(0):
            count = held.inputs[0].rows
            for row in rows[(rows >= start) & (rows < start + count)].tolist():
                found[row] = held.take([row - start])
            start += count
        checked_positions(rows, start)
        return replace(_joined([found[row] for row in rows.tolist()]), start=int(rows[0]))

    def _held(self, batch_size: int) -> Iterator[Held]:  # noqa: ARG002 - they come as they are
        for number, batch in enumerate(self._reader.read(), 1):
            yield self._read(batch, number)


class _Reader:
    """Passes over batches, the next of which begins with those that were looked at."""

    def __init__(self, open_: Callable[[], Iterator[object]]) -> None:
        self._open = open_
        self._seen: deque[object] = deque()
        self._rest: Iterator[object] | None = None

    def peek(self) -> Iterator[object]:
        """The batches from the first on, kept for the next pass."""
        yield from tuple(self._seen)
        if self._rest is None:
            self._rest = self._open()
        for batch in self._rest:
            self._seen.append(batch)
            yield batch

    def read(self) -> Iterator[object]:
        """A pass. Nothing of it is held."""
        seen, self._seen = self._seen, deque()
        rest, self._rest = self._rest, None
        while seen:
            yield seen.popleft()
        yield from self._open() if rest is None else rest


def _joined(batches: Sequence[Batch]) -> Batch:
    inputs = tuple(torch.cat(parts) for parts in zip(*(b.inputs for b in batches), strict=True))
    targets = [batch.target for batch in batches if batch.target is not None]
    return Batch(inputs, 0, torch.cat(targets) if len(targets) == len(batches) else None)
