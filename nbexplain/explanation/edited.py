"""A row with some of its values changed: what an edit may be, and the row that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import numpy as np

from nbexplain.engine.padding import existing
from nbexplain.explanation.origin import Row, gone

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation

Value: TypeAlias = float | str | None
"""A number in X's units; of a one-hot group the column that is on, None for none of them."""

Key: TypeAlias = str | tuple[str, int]
"""A feature's name; of sequences the name and a lag."""


class Change(NamedTuple):
    """One value of a row, put in the place of its own.

    Attributes:
        feature: position in the features' names.
        value: a number in X's units; of a one-hot group the column that is on, None for none.
        lag: of sequences, the lag of the step that it is of; else None.
    """

    feature: int
    value: Value
    lag: int | None = None


def changes(ex: Explanation, edit: Mapping[Any, object]) -> tuple[Change, ...]:
    """An edit by names as changes by position.

    Args:
        ex: what the row is of.
        edit: values by feature; of sequences by `(feature, lag)`.

    Raises:
        ValueError: no such feature or lag, a feature of several numbers, a value that it cannot
            have.
        TypeError: a key or a value of another kind.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> changes(ex, {"x1": 3})
    (Change(feature=1, value=3.0, lag=None),)
    """
    return tuple(checked(ex, _change(ex, key, value)) for key, value in edit.items())


def named(ex: Explanation, found: Sequence[Change]) -> dict[Key, Value]:
    """Changes by position as an edit by names; features that share a name have none.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(lambda x: x[:, -1], torch.randn(9, 4, 2))
    >>> named(ex, [Change(1, 3.0, 2)])
    {('x1', 2): 3.0}
    """
    names = ex.features.names
    return {
        name if lag is None else (name, lag): value
        for feature, value, lag in found
        if names.count(name := names[feature]) == 1
    }


def checked(ex: Explanation, change: Change) -> Change:
    """The change, if a row can have it.

    Raises:
        ValueError: no such lag, a feature of several numbers, a value that it cannot have.
        TypeError: a value that is no number where one is due.
    """
    feature, value, lag = change
    name, features = ex.features.names[feature], ex.features
    if features.tokens:
        raise ValueError("Tokens are not edited: pass ex.local the ids of another text.")
    if lag is not None and features.kind != "sequence":
        raise ValueError(f"X has no lags: edit {name!r} without one.")
    if lag is None and features.kind == "sequence":
        entry, *more = _entries(ex, feature, None)
        if more:
            raise ValueError(
                f"{name!r} has more than one value: edit (feature, lag), such as ({name!r}, 0)."
            )
        lag = features.steps - 1 - entry // len(features.columns)
    if name in ex.choices:
        known = ex.choices[name]
        if value not in known:
            few = ", ".join(map(repr, known[:5])) + ", …" * (len(known) > 5)
            raise ValueError(f"{name!r} is one of {few}, not {value!r}.")
        return change
    if len(_entries(ex, feature, lag)) != 1:
        if lag is not None and not 0 <= lag < features.steps:
            raise ValueError(f"There is no lag {lag}: they are 0 to {features.steps - 1}.")
        raise ValueError(
            f"{name!r} is not one number{'' if lag is None else f' at lag {lag}'}: pass ex.local "
            "a row with other values of its columns."
        )
    return Change(feature, _number(name, value), lag)


def edited(ex: Explanation, position: int, found: Sequence[Change]) -> Row:
    """The row at this position of X as it would be with other values: what `ex.local` finds.

    Its true value, and inputs that have no derivative, stay those of the row.

    Raises:
        ValueError: a change that this row cannot have, an output or a derivative that is not
            finite, or X and the model are no longer at hand.
    """
    if ex.origin is None:
        raise ValueError(gone(ex.asked, "a changed row"))
    row = ex.origin.row(position, None, _values(ex, [checked(ex, change) for change in found]))
    if not (row.outputs.isfinite().all() and row.jacobian.isfinite().all()):
        raise ValueError("With these values the model's output or its derivative is not finite.")
    return row


def bounds(ex: Explanation, change: Change) -> tuple[float, float] | None:
    """The least and the largest value of what is changed, over the kept rows and their steps.

    None for a choice, and where no rows were kept.
    """
    features, sample = ex.features, ex.swept.sample
    if features.names[change.feature] in ex.choices or not sample.count:
        return None
    entries = _entries(ex, change.feature, change.lag)
    if features.kind == "sequence":  # whatever the step
        every = _entries(ex, change.feature, None)
        column = features.columns_of(np.array(entries))[0]
        entries = [entry for entry in every if features.columns_of(np.array(entry)) == column]
    values = sample.values.flatten(1)[:, entries].double().numpy()
    if sample.spans is not None:
        there = existing(sample.spans, features.steps).repeat_interleave(len(features.columns), 1)
        values = values[there[:, entries].numpy()]
    return float(values.min()), float(values.max())


def choices(ex: Explanation) -> dict[str, tuple[str | None, ...]]:
    """Of each one-hot group the columns that it chooses between, and None where none may be on.

    A group is one where, in the kept rows, its columns hold 0 and 1 and at most one is 1.
    """
    features, sample = ex.features, ex.swept.sample
    if features.kind != "table" or not sample.count:
        return {}
    found: dict[str, tuple[str | None, ...]] = {}
    for name, members in features.groups.items():
        columns = [features.columns.index(member) for member in members]
        values = sample.values[:, columns]
        on = values.sum(1)
        if len(columns) > 1 and bool(((values == 0) | (values == 1)).all() and (on <= 1).all()):
            found[name] = (*members, *([None] if bool((on == 0).any()) else []))
    return found


def _change(ex: Explanation, key: object, value: Any) -> Change:
    match key:
        case str():
            return Change(ex.features.index(key), value)
        case (str(name), int(lag)):
            return Change(ex.features.index(name), value, lag)
        case _:
            raise TypeError(
                f"edit has the key {key!r}: keys are features, or (feature, lag) of sequences."
            )


def _number(name: str, value: object) -> float:
    try:
        number = float(cast("Any", value))
    except (TypeError, ValueError):
        raise TypeError(f"{name!r} is a number, not {value!r}.") from None
    if not np.isfinite(number):
        raise ValueError(f"{name!r} is a finite number, not {value!r}.")
    return number


def _entries(ex: Explanation, feature: int, lag: int | None) -> list[int]:
    """The entries of a feature, at one lag or at all, rows having their last step last."""
    features = ex.features
    mine = features.standing & (features.owners[features.cells] == feature)
    (entries,) = np.nonzero(mine)
    if lag is not None:
        entries = entries[features.steps - 1 - entries // len(features.columns) == lag]
    return entries.tolist()


def _values(ex: Explanation, found: Sequence[Change]) -> dict[int, float]:
    """The changed entries of a row."""
    values: dict[int, float] = {}
    for feature, value, lag in found:
        entries = _entries(ex, feature, lag)
        if ex.features.names[feature] in ex.choices:
            values |= {entry: float(ex.features.columns[entry] == value) for entry in entries}
        else:
            values[entries[0]] = cast("float", value)
    return values
