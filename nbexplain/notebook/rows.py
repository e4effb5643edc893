"""Rows of X by label, by position and by what somebody types."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.samples import Sample, join
from nbexplain.explanation.local import kept
from nbexplain.explanation.origin import Row
from nbexplain.notebook.packing import text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

_COMPARED = 2_000
"""Labels among which near ones are looked for."""


class Rows:
    """The rows that an explanation knows: those of X while it is at hand, else the kept ones."""

    def __init__(self, explanation: Explanation) -> None:
        self.explanation = explanation

    def position(self, label: object, place: object = None) -> int:
        """Position in X of the row with this label.

        Args:
            label: of the frame's index, else the position.
            place: where it was last; of several rows with this label, that one is meant.

        Raises:
            ValueError: no row has this label, or more than one has; the sentence names near ones.
            TypeError: a label of another kind than those of the rows.
        """
        if isinstance(place, int) and self._is_at(label, place):
            return place
        origin = self.explanation.origin
        try:
            if origin is not None:
                return origin.locate(label)
            if label in self._kept:
                return self._kept[label]
        except (ValueError, TypeError) as error:
            raise type(error)(f"{error}{self._near(label)}") from None
        lost = ", and X and the model are no longer at hand"
        raise ValueError(
            f"row={label!r} is not among the {len(self._kept):,} kept rows ({self._few()})"
            f"{'' if self.explanation.asked.by else lost}.{self._near(label)}"
        )

    def positions(self, labels: Sequence[object], places: object = None) -> NDArray[np.int64]:
        """Positions in X of rows, `[rows]`, as `position` finds them, each once."""
        if isinstance(places, np.ndarray) and len(places) == len(labels):
            try:
                if self.labels(places) == list(labels):
                    return places
            except LookupError:
                pass
        known = self._kept if self._unique else {}
        try:
            found = [known[label] if label in known else self.position(label) for label in labels]
        except TypeError:  # a label that has no hash
            found = [self.position(label) for label in labels]
        return np.array(list(dict.fromkeys(found)), np.int64)

    def known(self, labels: Sequence[object], places: object = None) -> tuple[object, ...]:
        """Those of the labels that there are; the very tuple where that is all of them."""
        try:
            found = tuple(self.labels(self.positions(labels, places)))
            return labels if isinstance(labels, tuple) and found == labels else found
        except (ValueError, TypeError):
            return tuple(label for label in labels if self.label(label) is not None)

    def label(self, label: object, place: object = None) -> object:
        """The row's own label for what means it; None where there is no such row."""
        try:
            return self.labels(np.array([self.position(label, place)]))[0]
        except (ValueError, TypeError):
            return None

    def labels(self, positions: NDArray[np.integer]) -> list[object]:
        """Labels of the rows at these positions of X.

        Raises:
            LookupError: there is no such row.
        """
        explanation, positions = self.explanation, np.asarray(positions, np.int64)
        if explanation.origin is None:
            places = np.searchsorted(explanation.rows, positions)
            if (explanation.rows[places] != positions).any():
                raise LookupError("a row that was not kept")
            return [explanation.labels[place] for place in places.tolist()]
        found = list(explanation.origin.labels(positions))
        # An interrupted pass has counted fewer rows than there are.
        for place in np.flatnonzero((positions >= explanation.count) | (positions < 0)).tolist():
            try:
                if explanation.origin.locate(found[place]) != positions[place]:
                    raise LookupError(f"no row {positions[place]}")
            except (ValueError, TypeError) as error:
                raise LookupError(str(error)) from None
        return found

    def find(self, typed: str) -> int:
        """Position in X of the row whose label reads like this; of several, the first.

        Raises:
            ValueError: there is none, in a sentence that says how rows are called.
        """
        plain = typed.strip()
        guesses = [
            guess for guess in (typed, plain, *_numbers(plain)) if self.label(guess) is not None
        ]
        for guess in guesses:
            place = self.position(guess)
            if text(self.labels(np.array([place]))[0]) in (typed, plain):
                return place
        positions = self.explanation.rows
        if self.explanation.origin is not None:
            positions = np.arange(self.explanation.count)
        for place, label in zip(positions, self.labels(positions), strict=True):
            if text(label) in (typed, plain):
                return int(place)
        if guesses:
            return self.position(guesses[0])
        raise ValueError(f"No row is called “{plain}”: there are {self._few()}.{self._near(plain)}")

    def kept(self, position: int) -> Row | None:
        """The row at this position of X, if it was kept."""
        return kept(self.explanation, position)

    def holding(self, positions: Sequence[int]) -> Explanation:
        """The explanation with these rows among the kept ones, as far as they are at hand."""
        explanation, swept = self.explanation, self.explanation.swept
        origin, sample = explanation.origin, swept.sample
        missing = [place for place in dict.fromkeys(positions) if self.kept(place) is None]
        if origin is None or not missing:
            return explanation
        last = np.array([np.iinfo(np.uint64).max])
        parts = [sample]
        for place in missing:
            row = origin.row(place)
            told = (row.target, row.spans, row.base, row.errors)
            given = (row.jacobian, row.outputs, row.values, *told)
            parts.append(Sample(last, np.array([place]), *given))
        count = sample.count + len(missing)
        joined = join(parts, count)
        return replace(
            explanation,
            swept=replace(swept, samples=(joined,), keep=replace(swept.keep, capacity=count)),
            _others={},
        )

    @cached_property
    def _kept(self) -> dict[object, int]:
        labels, rows = self.explanation.labels, self.explanation.rows.tolist()
        return dict(zip(labels, rows, strict=True))

    @property
    def _unique(self) -> bool:
        return len(self._kept) == len(self.explanation.labels)

    def _is_at(self, label: object, place: int) -> bool:
        try:
            (found,) = self.labels(np.array([place]))
            return bool(found == label)
        except (LookupError, ValueError, TypeError):
            return False

    def _few(self) -> str:
        """The first labels and the last."""
        explanation, rows = self.explanation, self.explanation.rows
        if explanation.origin is not None:
            rows = np.arange(explanation.count)
        few = [
            text(label) for label in self.labels(np.array([*rows[:3], *rows[3:][-1:]], np.int64))
        ]
        return ", ".join(few[:3]) + "".join(f", … {last}" for last in few[3:]) if few else "none"

    def _near(self, label: object) -> str:
        if not isinstance(label, str):
            return ""
        known = {text(name): name for name in self.explanation.labels[:_COMPARED]}
        near = [known[name] for name in difflib.get_close_matches(label, known, n=3, cutoff=0.6)]
        return f" Did you mean {' or '.join(map(repr, near))}?" if near and near[0] != label else ""


def _numbers(typed: str) -> list[Any]:
    """The numbers that the text may stand for."""
    try:
        number = float(typed.replace(",", "").replace("\u202f", "").replace("_", ""))
    except ValueError:
        return []
    return [int(number), number] if number.is_integer() else [number]
