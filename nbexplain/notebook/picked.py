"""What a page is told of one row: as it is, or held against others (see `PROTOCOL.md`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from nbexplain.explanation.against import Group, check_holds
from nbexplain.explanation.origin import Row
from nbexplain.notebook.instances import by_lag, single
from nbexplain.notebook.packing import State, packed, text
from nbexplain.notebook.rows import Rows
from nbexplain.notebook.texts import ids_of, words
from nbexplain.notebook.truth import Truth

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

Content: TypeAlias = dict[str, Any]
Answer: TypeAlias = tuple[Content, list[Any]]

ARRAYS = ("outputs", "jacobian", "values", "owners")
"""What the buffers of a row hold."""


def of_row(explanation: Explanation, position: int, row: Row) -> Answer:
    """A row of X, by position, as a message and its buffers."""
    content, arrays = _told(explanation, position, row)
    return content, [array.tobytes() for array in arrays]


def of_contrast(explanation: Explanation, position: int, group: NDArray[np.int64]) -> Answer:
    """A row held against rows of X, by position, as a message and its buffers.

    Raises:
        ValueError: the method holds rows against nothing, or the model is no longer at hand.
    """
    content, arrays = _contrasted(explanation, position, group)
    return content, [array.tobytes() for array in arrays]


def contrasts(explanation: Explanation, selection: State | None) -> list[State]:
    """The picked rows held against the group that is chosen, for a page without a kernel."""
    group = (selection or {}).get("against")
    if selection is None or group is None or not can_hold(explanation):
        return []
    positions = unpacked_rows(group)
    picked = [selection.get(name) for name in ("instance", "other")]
    found: list[State] = []
    for position in dict.fromkeys(row for row in picked if row is not None):
        content, arrays = _contrasted(explanation, position, positions)
        numbers = zip(ARRAYS, map(packed, arrays), strict=True)
        found.append({"row": position, **content, **dict(numbers)})
    return found


def can_hold(explanation: Explanation) -> bool:
    """Whether rows can be held against others: by the method, and with the model at hand."""
    return explanation.asked.additive and explanation.origin is not None


def unpacked_rows(rows: State) -> NDArray[np.int64]:
    """Positions of rows that `packing.packed_rows` packed.

    >>> from nbexplain.notebook.packing import packed_rows
    >>> unpacked_rows(packed_rows(np.arange(3, 5_000)))[:2].tolist()
    [3, 4]
    """
    if rows["dtype"] == "|u1":
        bits = np.unpackbits(np.frombuffer(rows["data"], np.uint8), bitorder="little")
        return np.flatnonzero(bits).astype(np.int64)
    return np.frombuffer(rows["data"], "<u4").astype(np.int64)


def _contrasted(
    explanation: Explanation, position: int, group: NDArray[np.int64]
) -> tuple[Content, list[NDArray[Any]]]:
    origin = check_holds(explanation)
    (label,) = Rows(explanation).labels(group[:1])
    against = Group(group, label=label)
    held = against.held(origin, position)
    content, arrays = _told(explanation, position, held.row)
    words = text(against.words(held, explanation.asked.baseline))
    return {**content, "references": len(held.each), "against": words}, arrays


def _told(explanation: Explanation, position: int, row: Row) -> tuple[Content, list[NDArray[Any]]]:
    features = explanation.features
    inputs = by_lag(row.values[:, None], row.spans)
    inputs = ids_of(inputs, row.spans) if features.tokens else inputs
    values = inputs.reshape(-1).double().numpy()
    named: dict[str, str] = {}
    for name, members in features.groups.items():
        on = [member for member in members if values[features.columns.index(member)] != 0]
        if features.kind == "table" and len(on) == 1:
            named[str(features.index(name))] = text(on[0])
    (label,) = Rows(explanation).labels(np.array([position]))
    outputs = row.outputs[0].float().numpy()
    jacobian = explanation.scaled(by_lag(row.jacobian, row.spans))[0].reshape(len(outputs), -1)
    truth = Truth.of(explanation).read(row.target)
    target = None if truth is None else truth[0].tolist()
    content: Content = {"label": text(label), "target": target, "named": named}
    if row.base is not None:
        content["base"] = row.base[0].double().tolist()
    if features.tokens:
        content["words"] = {str(i): name for i, name in words(explanation, values).items()}
    owners = features.owners[features.cells].astype("<u4")
    return content, [*map(single, (outputs, jacobian, values)), owners]
