"""What is chosen, by name in Python and by position in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.explanation.sequences import check_lags
from nbexplain.notebook import wire
from nbexplain.notebook.packing import packed_rows
from nbexplain.notebook.rows import Rows
from nbexplain.notebook.widgets.answers import positions_in
from nbexplain.notebook.widgets.selection import MANY

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


class Looked:
    """Labels of many rows and where these are in X, each looked up once, by trait."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Any, NDArray[np.int64]]] = {}

    def positions(self, name: str, rows: Rows, labels: Any, place: object) -> NDArray[np.int64]:
        """Where rows with these labels are."""
        if name not in self._known or labels is not self._known[name][0]:
            self._known[name] = (labels, rows.positions(labels, place))
        return self._known[name][1]

    def labels(
        self, name: str, rows: Rows, positions: NDArray[np.int64] | None
    ) -> tuple[object, ...] | None:
        """Labels of the rows at these positions, the very tuple while they are the same."""
        if positions is None or not len(positions):
            return None
        if name not in self._known or not np.array_equal(self._known[name][1], positions):
            self._known[name] = (tuple(rows.labels(positions)), positions)
        return self._known[name][0]


def many_in(message: dict[str, Any], buffers: list[Any]) -> dict[str, NDArray[np.int64] | None]:
    """Positions of the rows that a message tells of, the buffers being of those that there are."""
    left, found = list(buffers), dict[str, NDArray[np.int64] | None]()
    for name in MANY:
        if message.get(name) is not None:
            found[name], left = positions_in(left), left[1:]
        elif name in message or name == "rows":
            found[name] = None
    return found


def packed_places(places: dict[str, Any]) -> dict[str, Any]:
    """Positions as the page is told them."""
    many = {name: places[name] for name in MANY if name in places}
    return {**places, **{name: at if at is None else packed_rows(at) for name, at in many.items()}}


def optional(**values: object) -> dict[str, Any]:
    """Those that there are."""
    return {name: value for name, value in values.items() if value is not None}


def beside_of(explanation: Explanation | None) -> tuple[str, ...]:
    """Methods that can stand beside the one that is shown."""
    if explanation is None or explanation.features.tokens:
        return ()
    return tuple(name for name in explanation.methods if name != explanation.method)


def known_lags(explanation: Explanation, lags: tuple[int, ...]) -> tuple[int, ...]:
    """The lags, all of which there are.

    Raises:
        ValueError: there are none, or not these.
    """
    check_lags(explanation)
    known = explanation.window().lags
    for lag in (lags[0], lags[-1]):
        if lag not in known:
            first = "0, the last step," if known[0] == 0 else known[0]
            raise ValueError(f"There is no lag {lag}: they are {first} to {known[-1]}.")
    return lags


def known_response(explanation: Explanation, response: Any) -> str:
    """The response, which is at hand.

    Raises:
        ValueError: it is not.
    """
    known = wire.responses(explanation)
    if response not in known:
        raise ValueError(
            f"response={response!r} is not at hand for this explanation "
            f"({', '.join(known)} are): use ex.with_response({response!r}), "
            f"or nbx.explain(…, response={response!r})."
        )
    return str(response)


def steps_of(explanation: Explanation) -> range:
    """The output steps that can be shown alone."""
    return range(explanation.features.steps if explanation.asked.steps == "valid" else 0)


def index_of(names: tuple[str, ...], name: str | None) -> int | None:
    """The position of a name; None where there is none."""
    return names.index(name) if name in names else None


def name_at(names: tuple[str, ...], position: int | None) -> str | None:
    """The name at a position.

    Raises:
        LookupError: there is no such position.
    """
    if position is None:
        return None
    if position < 0:
        raise LookupError(position)
    return names[position]


def label_at(rows: Rows, position: int | None) -> object:
    """The label of the row at a position of X.

    Raises:
        LookupError: there is no such row.
        TypeError: what is no number.
    """
    if position is None:
        return None
    if isinstance(position, bool) or not isinstance(position, int):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError("a position is a number")
    return rows.labels(np.array([position]))[0]
