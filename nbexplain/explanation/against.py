"""What `against=` may be: rows of X by label or by a mask, or new rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from nbexplain.explanation.local import is_data
from nbexplain.explanation.origin import Held, Origin, gone
from nbexplain.methods import paired

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Group:
    """What a row is held against.

    Attributes:
        positions: of rows of X, `[rows]`, ascending and each once; None for others.
        given: new rows, as they were given.
        label: of the only row of X, where there is one.
    """

    positions: NDArray[np.int64] | None = None
    given: object = None
    label: object = None

    @property
    def own(self) -> bool:
        """Whether it is the baseline or the background that the method has anyway."""
        return self.positions is None and self.given is None

    def held(self, origin: Origin, row: object, step: int | None = None) -> Held:
        """The row, by position or as data, held against each of them."""
        if self.given is None:
            return origin.against(row, self.positions, step)
        return _about(lambda: origin.against(row, self.given, step))

    def words(self, held: Held, own: str) -> str:
        """What a sentence calls it; `own` is what the method's own references are called."""
        if self.own:
            return own
        count = len(held.each)
        if self.positions is not None and held.among == 1:
            return f"row {self.label!r}"
        of = "" if held.among == count else f" of {held.among:,}"
        given = "" if self.given is None else " given"
        return f"{count:,}{of}{given} row{'s' * (held.among != 1)}"


def group_of(ex: Explanation, against: object) -> Group:
    """The rows that `against=` names.

    Args:
        ex: whose rows they are.
        against: a row's label; a list, index or array of labels; a mask over X; new rows, as a
            frame, a mapping or an array with an axis of rows; None for the method's own.

    Raises:
        ValueError: no rows, an unknown label, a mask of other rows; X and the model are no longer
            at hand.
        TypeError: a label of another kind than those of the rows.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2), method="deeplift")
    >>> group_of(ex, [False, True]).positions.tolist()
    [1]
    """
    origin = check_holds(ex)
    if against is None:
        return Group()
    count = origin.count or ex.count
    if _is_rows(ex, count, against):
        return Group(given=against)
    labels = None if _is_label(origin, against) else _labels(against)
    if labels is None:
        return Group(_positions(origin, [against]), label=against)
    if not labels:
        raise ValueError("against holds no rows: pass one label or more.")
    if all(isinstance(label, bool | np.bool_) for label in labels):
        positions = _masked(count, origin, against, labels)
    else:
        positions = _positions(origin, labels)
    label = origin.labels(positions)[0] if len(positions) == 1 else None
    return Group(positions, label=label)


def check_holds(ex: Explanation) -> Origin:
    """What holds rows against others.

    Raises:
        ValueError: the method holds rows against nothing; X and the model are no longer at hand.
    """
    if ex.origin is None:
        raise ValueError(gone(ex.asked, "a row against others"))
    paired(ex.origin.method)
    return ex.origin


def _is_rows(ex: Explanation, count: int, against: Any) -> bool:
    """Whether these are rows themselves, rather than what says which."""
    if isinstance(against, Mapping) or hasattr(against, "columns"):
        return True
    if isinstance(against, tuple):  # of inputs; a label, or several of them, holds no arrays
        return is_data(cast("tuple[object, ...]", against))
    if isinstance(against, list):
        return any(is_data(one) for one in cast("list[Any]", against))
    if _has_index(against) and set(map(str, against.index)) >= set(ex.features.columns):
        # A Series with a value for every column. Of columns called by numbers a mask has them too.
        return against.dtype.kind != "b" or len(against) == len(ex.features.columns) != count
    return getattr(against, "ndim", 0) > 1


def _has_index(against: Any) -> bool:
    """Whether this is a pandas Series."""
    return hasattr(against, "index") and hasattr(against, "items")


def _is_label(origin: Origin, against: object) -> bool:
    """Whether a tuple is one label of a MultiIndex, and not several labels."""
    if not isinstance(against, tuple):
        return False
    of_tuples = isinstance(origin.labels(np.zeros(1, np.int64))[0], tuple)
    return of_tuples and not all(isinstance(one, tuple) for one in cast("Any", against))


def _labels(against: Any) -> list[object] | None:
    """What an iterable holds, NumPy's and pandas' own numbers as Python's; None for one label."""
    if hasattr(against, "tolist"):
        listed = against.tolist()
        return cast("list[object]", listed) if isinstance(listed, list) else None
    if isinstance(against, str | bytes) or not isinstance(against, Iterable):
        return None
    return list(cast("Iterable[object]", against))


def _masked(count: int, origin: Origin, against: Any, labels: list[object]) -> NDArray[np.int64]:
    """Positions where a mask is true; one with an index is of the rows that this names."""
    if len(labels) != count:
        raise ValueError(f"The mask in against= has {len(labels):,} rows and X has {count:,}.")
    found = np.flatnonzero(np.array(labels, dtype=bool)).astype(np.int64)
    if not len(found):
        raise ValueError("The mask in against= is true of no row.")
    if not _has_index(against):
        return found
    own, index = list(origin.labels(np.arange(count))), against.index.tolist()
    if own in (index, list(range(count))):  # the same rows, or X has no index to go by
        return found
    if set(own) != set(index):
        raise ValueError(
            "The mask in against= has another index than X: pass one of X's rows, or "
            "mask.to_numpy() where it is in their order."
        )
    return _positions(origin, [index[place] for place in found])


def _positions(origin: Origin, labels: list[Any]) -> NDArray[np.int64]:
    """Where the rows with these labels are in X."""
    found = _about(lambda: [origin.locate(label) for label in labels])
    return np.unique(np.array(found, dtype=np.int64))


def _about(ask: Callable[[], T]) -> T:
    """What is asked; where it is refused, the sentence is about `against` instead of `row`."""
    try:
        return ask()
    except (ValueError, TypeError) as error:
        said = re.sub(r"^row\b", "against", str(error))
        if said == str(error) or type(error) not in (ValueError, TypeError):
            raise  # as of the model's own forward
        raise type(error)(said) from None
