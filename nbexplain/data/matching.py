"""A row that is not in X, brought into X's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from nbexplain.data.arrays import array_input
from nbexplain.data.frames import as_frame, column_name, frame_input, is_pandas
from nbexplain.data.inputs import Input, shortened


def rows_like(known: Input, X: object, called: str = "row") -> Tensor:
    """New rows as a tensor `[n, *shape]` with the columns, shape and kind of a known input.

    Columns are matched by name where both sides have names.

    Raises:
        ValueError: columns are missing or unknown, the shape differs, or a value is not finite.
        TypeError: X is not a row.
    """
    one = np.asarray(X)[None] if not known.shape and _is_number(X) else X
    names, values = _named(one, called) or (None, _plain(one, called))
    if names and known.columns and names != known.columns:
        values = values[:, _order(names, known.columns, called)]
    if tuple(values.shape) == known.shape:
        values = values[None]
    if tuple(values.shape[1:]) != known.shape:
        raise ValueError(
            f"{called} has the shape {list(values.shape)}, but one row of {known.called} has "
            f"{list(known.shape)}: pass the same columns."
        )
    if known.floating and not values.is_floating_point():
        values = values.to(torch.float64)
    if values.is_floating_point() and not (finite := values.isfinite()).all():
        column = int((~finite).nonzero()[0, -1])
        where = repr(known.columns[column]) if known.columns else f"column {column}"
        raise ValueError(f"{called} is NaN or infinite in {where}: fill it as in training.")
    return values


def _is_number(X: object) -> bool:
    """Whether this is one number, as a row of lengths or codes is."""
    return np.ndim(cast("Any", X)) == 0 and isinstance(X, Tensor | np.ndarray | np.generic | int)


def _plain(X: object, called: str) -> Tensor:
    found = None if isinstance(X, str | bytes | None) else array_input(X, called)
    if found is None:
        raise TypeError(
            f"{called} is of type {type(X).__name__}: pass a frame of one row, a dict or Series of "
            f"its values by name, or an array."
        )
    return found.read(slice(None))


def _named(X: object, called: str) -> tuple[tuple[str, ...], Tensor] | None:
    """Rows that carry column names; None for rows without."""
    if isinstance(X, Mapping) or is_pandas(X, "Series"):
        row = {column_name(key): value for key, value in cast("Any", X).items()}
        return tuple(row), torch.tensor([[_number(row[key], key, called) for key in row]]).double()
    frame = as_frame(X)
    if frame is None:
        return None
    found = frame_input(frame, called)
    return found.columns or (), found.read(slice(None))


def _number(value: Any, column: str, called: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{called} has {value!r} in {column!r}: pass a number.") from None


def _order(names: Sequence[str], known: Sequence[str], called: str) -> list[int]:
    """Where each known column is among the names."""
    lacks = [repr(name) for name in known if name not in names]
    unknown = [repr(name) for name in names if name not in known]
    if lacks or unknown:
        parts = [f"lacks {shortened(lacks)}"] * bool(lacks)
        parts += [f"has {shortened(unknown)}, unknown to X"] * bool(unknown)
        raise ValueError(f"{called} {' and '.join(parts)}: pass the columns of X.")
    if len(set(known)) < len(known) or len(names) != len(known):
        raise ValueError(f"{called} repeats column names: pass its columns in the order of X.")
    return [names.index(name) for name in known]
