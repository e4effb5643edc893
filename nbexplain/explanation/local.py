"""One row: what the response at it is sensitive to."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import added, percent, roots
from nbexplain.engine.responses import chain
from nbexplain.explanation.origin import Row, gone
from nbexplain.explanation.sequences import check_step
from nbexplain.features import Features

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation


def check(ex: "Explanation", definition: str, step: int | None) -> None:
    """Refuse an unknown definition, or a step that no output has."""
    choose("definition", definition, ["squared", "absolute"])
    check_step(ex, step)


def table(ex: "Explanation", found: Row, output: str | int | None, definition: str) -> pd.DataFrame:
    """The table of `Explanation.local` for a row that was found."""
    if ex.features.tokens:
        return _between(ex, found, output, ex.local_tokens(found, output, definition))
    entries = derivatives(ex, found, output)
    if ex.asked.additive:
        told = _contributions(ex, found, entries, errors_of(ex, found, output))
        return _between(ex, found, output, told)
    pool = added if definition == "squared" else roots
    size = pool(ex.features, entries**2)
    total = size.sum()
    share = 100 * size / total if total > 0 else np.full_like(size, np.nan)
    attribution = np.where(single(ex.features), added(ex.features, entries), np.nan)
    return pd.DataFrame(
        {
            "value": values(ex.features, found.values),
            "attribution": attribution,
            "importance": share,
        },
        index=pd.Index(ex.features.names, name="feature"),
    )


def _between(
    ex: "Explanation", found: Row, output: str | int | None, told: pd.DataFrame
) -> pd.DataFrame:
    """The table, with what its contributions lead from and to in its `attrs`."""
    if found.base is not None:
        column = column_of(ex, found, output)
        told.attrs["baseline"] = float(found.base[0, column])
        told.attrs["prediction"] = float(found.outputs[0, column])
    return told


def errors_of(
    ex: "Explanation", found: Row, output: str | int | None
) -> Mapping[str, NDArray[np.float64]]:
    """A column with the standard errors of a row's contributions; no column without draws."""
    if found.errors is None:
        return {}
    return {"error": found.errors[0, column_of(ex, found, output)].double().numpy()}


def _contributions(
    ex: "Explanation",
    found: Row,
    entries: Float64[np.ndarray, " entries"],
    errors: Mapping[str, NDArray[np.float64]],
) -> pd.DataFrame:
    """What each feature contributed, members and lags added up; shares are of |φ|."""
    total = added(ex.features, entries) + 0.0  # no negative zeros
    return pd.DataFrame(
        {
            "value": values(ex.features, found.values),
            "attribution": total,
            **errors,
            "importance": percent(np.abs(total)),
        },
        index=pd.Index(ex.features.names, name="feature"),
    )


def derivatives(
    ex: "Explanation", found: Row, output: str | int | None
) -> Float64[np.ndarray, " entries"]:
    """Scaled derivatives of an output at one row; None: the predicted class, else the first."""
    column = column_of(ex, found, output)
    jacobian = chain(found.outputs, found.jacobian, ex.asked.kind, ex.response)
    return ex.scaled(jacobian[:, column]).astype(np.float64).reshape(-1)


def column_of(ex: "Explanation", found: Row, output: str | int | None) -> int:
    """Which of the swept outputs is explained at a row; None: the predicted class, else the first.

    Raises:
        ValueError: no output has this name or position.
    """
    column = ex.asked.column(output)
    if column is None:
        columns = list(ex.asked.columns)
        best = int(found.outputs[0, columns].argmax()) if ex.asked.classifier else 0
        column = columns[best]
    return column


def single(features: Features) -> NDArray[np.bool_]:
    """Which features are one entry, and so have a value and a direction, `[features]`."""
    owner = features.owners[features.cells]
    return np.bincount(owner, minlength=len(features)) == 1


def values(features: Features, inputs: Tensor) -> Sequence[object] | NDArray[np.float64]:
    """A row's value of each feature; of a one-hot group, the name of the column that is on."""
    entries = inputs.reshape(-1).double().numpy()
    found = np.where(single(features), added(features, entries), np.nan)
    if features.kind != "table" or not features.groups:
        return found
    named: list[object] = list(found)
    for name, members in features.groups.items():
        on = [member for member in members if entries[features.columns.index(member)] != 0]
        named[features.index(name)] = on[0] if len(on) == 1 else np.nan
    return named


def find(ex: "Explanation", row: object, step: int | None = None) -> Row:
    """A row by its label, kept or explained on demand; or a new row given as data.

    Rows are kept at their last output step; another `step` is explained on demand.

    Raises:
        ValueError: no such row or step, or one that was not kept while X is no longer at hand.
    """
    if is_data(row):
        if ex.origin is None:
            raise ValueError(f"row is data. {gone(ex.asked, 'a new row')}")
        return ex.origin.row(row, step)
    position = position_of(ex, row)
    found = kept(ex, position)
    if found is not None and step in (None, _last(ex, found)):
        return found
    if ex.origin is None:  # so the row is a kept one
        raise ValueError(
            f"step={step} of row {row!r} needs X and the model, which are no longer at hand: call "
            "nbx.explain again."
        )
    return ex.origin.row(position, step)


def position_of(ex: "Explanation", row: object) -> int:
    """The position in X of the row with this label.

    Raises:
        ValueError: no such row, or one that was not kept while X is no longer at hand.
    """
    return ex.origin.locate(row) if ex.origin is not None else _kept_position(ex, row)


def _last(ex: "Explanation", found: Row) -> int:
    """The last step of a row, counted from its first existing one."""
    if found.spans is None:
        return ex.features.steps - 1
    return int(found.spans[0, 1] - found.spans[0, 0]) - 1


def kept(ex: "Explanation", position: int) -> Row | None:
    """The row at this position of X, if it was kept."""
    sample = ex.swept.sample
    place = int(np.searchsorted(sample.positions, position))
    if place == sample.count or sample.positions[place] != position:
        return None
    part = slice(place, place + 1)
    target = None if sample.targets is None else sample.targets[part]
    spans = None if sample.spans is None else sample.spans[part]
    base = None if sample.base is None else sample.base[part]
    errors = None if sample.errors is None else sample.errors[part]
    values, outputs, jacobian = sample.values[part], sample.outputs[part], sample.jacobian[part]
    return Row(values, outputs, jacobian, target, spans, base, errors)


def is_data(row: object) -> bool:
    """Whether a row is given as data rather than by its label."""
    if isinstance(row, (list, Mapping)) or hasattr(row, "columns"):
        return True
    if isinstance(row, tuple):  # one of several inputs; labels of a MultiIndex hold no arrays
        return any(map(is_data, cast("tuple[object, ...]", row)))
    return hasattr(row, "__array__") and getattr(row, "ndim", 0) > 0


def _kept_position(ex: "Explanation", row: object) -> int:
    if row not in ex.labels and ex.asked.by:
        raise ValueError(
            f"row={row!r} is not among the {len(ex.labels):,} rows whose attributions came from "
            f"{ex.asked.by}."
        )
    if row not in ex.labels:
        raise ValueError(
            f"row={row!r} is not among the {len(ex.labels):,} kept rows, and X and the model are "
            "no longer at hand: call nbx.explain again, with keep= for more rows."
        )
    return int(ex.rows[ex.labels.index(row)])
