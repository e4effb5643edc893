"""What-if: a picked row with other values, as the page and the views have it (`PROTOCOL.md`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nbexplain.explanation.edited import Change, bounds, changes, checked, edited, named
from nbexplain.explanation.nearest import near
from nbexplain.notebook.packing import text
from nbexplain.notebook.rows import Rows

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation, Row

NEAREST = 5
"""Real rows that a page is told of."""


def as_edit(explanation: Explanation | None, value: Any, instance: object) -> dict[Any, Any] | None:
    """What a view's `edit` is set to: values by feature as they are kept; None without any.

    Raises:
        ValueError: no such feature, a value that it cannot have, or no row is picked.
        TypeError: no mapping, or keys and values of another kind.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise TypeError(f"edit={value!r} is no dict of values by feature: pass one, or None.")
    if value and instance is None:
        raise ValueError("edit changes values of the picked row: set instance first.")
    if explanation is None:
        return dict(value) or None
    return named(explanation, changes(explanation, value)) or None


def kept_edit(
    explanation: Explanation, edit: dict[Any, Any] | None, instance: object
) -> dict[Any, Any] | None:
    """An edit, where rows of this explanation can have it too; else None."""
    try:
        return as_edit(explanation, edit, instance)
    except (ValueError, TypeError):
        return None


def told_edit(explanation: Explanation | None, edit: dict[Any, Any] | None) -> dict[str, Any]:
    """An edit as a part of the page's `selection`; nothing without one."""
    if explanation is None or not edit:
        return {}
    return {"edit": [list(change) for change in changes(explanation, edit)]}


def read_edit(explanation: Explanation | None, told: object) -> dict[Any, Any] | None:
    """An edit as a page tells it; what a row cannot have is left out."""
    if explanation is None or not isinstance(told, list):
        return None
    found: list[Change] = []
    for one in told:
        try:
            found.append(_change(explanation, one))
        except (ValueError, TypeError):
            continue
    return named(explanation, found) or None


def hypothetical(
    explanation: Explanation, content: Mapping[str, Any]
) -> tuple[Row, dict[str, Any]]:
    """The row that a page asks for, and what else is said of it.

    Returns:
        The row, and `outside`, changes beyond what the kept rows have, `[feature, lag, low,
        high]`; `near`, the nearest kept rows; `choices` of one-hot groups where they are asked for.

    Raises:
        ValueError: a change that the row cannot have.
        TypeError: what is no change.
    """
    position = int(content["row"])
    found = [_change(explanation, one) for one in content.get("edit") or []]
    row = edited(explanation, position, found)
    places, distances = near(explanation, row, NEAREST, position)
    rows = explanation.rows[places]
    labels = Rows(explanation).labels(rows)
    told: dict[str, Any] = {
        "outside": [
            [change.feature, change.lag, *limits]
            for change in found
            if (limits := bounds(explanation, change)) is not None
            and not limits[0] <= np.float64(change.value or 0) <= limits[1]
        ],
        "near": [
            {"row": int(at), "label": text(label), "distance": float(distance)}
            for at, label, distance in zip(rows, labels, distances, strict=True)
        ],
    }
    if content.get("choices"):
        told["choices"] = {
            str(explanation.features.index(name)): [
                None if column is None else text(column) for column in columns
            ]
            for name, columns in explanation.choices.items()
        }
    return row, told


def _change(explanation: Explanation, told: Any) -> Change:
    """A change as a page tells it: `[feature, value]` or `[feature, value, lag]`."""
    feature, value, *lags = told
    if isinstance(feature, bool) or not isinstance(feature, int):
        raise TypeError(f"{feature!r} is no position of a feature.")
    if not 0 <= feature < len(explanation.features):
        raise ValueError(f"There is no feature at position {feature}.")
    for known in explanation.choices.get(explanation.features.names[feature], ()):
        if known is not None and text(known) == value:
            value = known
    return checked(explanation, Change(feature, value, lags[0] if lags else None))
