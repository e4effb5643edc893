"""Frames as inputs: pandas as it is, every other frame through narwhals."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data.inputs import Input, Rows, plural, shortened

Column = Callable[[Rows], NDArray[Any]]


@final
@dataclass(frozen=True, eq=False)
class FrameInput(Input):
    """The columns of a frame, each where it lies: the frame is never copied whole.

    Attributes:
        values: gives the numbers of one column in the rows asked for.
        index: the frame's `pandas.Index`; None where frames have none.
    """

    values: tuple[Column, ...]
    index: Any

    def read(self, rows: Rows) -> Tensor:
        """A copy: columns lie apart, and models want rows."""
        count = len(range(*rows.indices(self.rows))) if isinstance(rows, slice) else len(rows)
        part = torch.empty((count, *self.shape), dtype=self.dtype)
        table = part.numpy()
        for j, column in enumerate(self.values):
            table[:, j] = column(rows)
        return part


def is_pandas(X: object, kind: str) -> bool:
    """Whether X is a pandas "DataFrame", "Series", …; pandas is not imported to find out."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(X, getattr(pandas, kind))


def as_frame(X: object) -> Any:
    """A pandas frame, or a narwhals one around any other frame (lazy ones collected), or None."""
    if is_pandas(X, "DataFrame"):
        return X
    if isinstance(X, Tensor | np.ndarray | list | tuple | Mapping):
        return None
    import narwhals as nw

    frame = nw.from_native(X, pass_through=True)
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    if not isinstance(frame, nw.DataFrame):
        return None
    return frame.to_native() if is_pandas(frame.to_native(), "DataFrame") else frame


def frame_input(frame: Any, called: str) -> FrameInput:
    """What `as_frame` gave, as an input.

    Raises:
        ValueError: columns that do not hold numbers.
    """
    columns: list[Column]
    if is_pandas(frame, "DataFrame"):
        columns, dtypes, wrong = _pandas_columns(frame)
    else:
        columns, dtypes, wrong = _narwhals_columns(frame)
    if wrong:
        few = "it" if len(wrong) == 1 else "them"
        raise ValueError(
            f"{called} has {plural(len(wrong), 'column')} that the model cannot read, "
            f"{shortened(wrong)}: turn {few} into numbers as in training "
            f"(pd.get_dummies, .cat.codes, .astype(float), …), or leave {few} out."
        )
    return FrameInput(
        called=called,
        rows=len(frame),
        shape=(len(columns),),
        dtype=_common(dtypes),
        columns=tuple(column_name(label) for label in frame.columns),
        values=tuple(columns),
        index=getattr(frame, "index", None) if is_pandas(frame, "DataFrame") else None,
    )


def column_name(label: object) -> str:
    """A column's label as text; the levels of a MultiIndex are joined.

    >>> column_name("age"), column_name(3), column_name(("bill", "april"))
    ('age', '3', 'bill, april')
    """
    return ", ".join(map(str, label)) if isinstance(label, tuple) else str(label)


def _pandas_columns(frame: Any) -> tuple[list[Column], set[np.dtype[Any]], list[str]]:
    columns: list[Column] = []
    dtypes: set[np.dtype[Any]] = set()
    wrong: list[str] = []
    for label, series in frame.items():
        if series.dtype.kind not in "biuf":
            wrong.append(f"{column_name(label)!r} ({_content(series)})")
        elif isinstance(series.dtype, np.dtype):
            columns.append(series.to_numpy().__getitem__)
            dtypes.add(series.dtype)
        else:
            columns.append(_extension(series.array))
            dtypes.add(np.dtype(np.float64))
    return columns, dtypes, wrong


def _extension(values: Any) -> Column:
    """A column of pandas' own types: nullable, sparse or Arrow; missing values become NaN."""
    return lambda rows: values[rows].to_numpy(dtype=np.float64, na_value=np.nan)


def _narwhals_columns(frame: Any) -> tuple[list[Column], set[np.dtype[Any]], list[str]]:
    import narwhals as nw

    columns: list[Column] = []
    dtypes: set[np.dtype[Any]] = set()
    wrong: list[str] = []
    for series in frame.iter_columns():
        if not (series.dtype.is_numeric() or series.dtype == nw.Boolean):
            wrong.append(f"{series.name!r} ({series.dtype})")
            continue
        simple = series.dtype.is_float() or series.dtype.is_integer()
        if simple and not series.null_count():
            whole = series.to_numpy()
            # What may be written is a copy, as of several chunks: these are read slice by slice.
            columns.append(_slices(series) if whole.flags.writeable else whole.__getitem__)
            dtypes.add(whole.dtype)
        else:
            # Missing values, booleans and decimals: NumPy knows the first as NaN only.
            columns.append(_slices(series, nw.Float64))
            dtypes.add(np.dtype(np.float64))
    return columns, dtypes, wrong


def _slices(series: Any, dtype: Any = None) -> Column:
    if dtype is None:
        return lambda rows: series[rows].to_numpy()
    return lambda rows: series[rows].cast(dtype).to_numpy()


def _common(dtypes: set[np.dtype[Any]]) -> torch.dtype:
    """What the rows read as: integers only where all columns are integers."""
    kinds = {dtype.kind for dtype in dtypes}
    if kinds <= {"f"} and all(dtype.itemsize <= 4 for dtype in dtypes):
        return torch.float32
    return torch.int64 if kinds <= {"i", "u"} else torch.float64


def _content(series: Any) -> str:
    """What a column holds that is not numbers, with an example."""
    match series.dtype.kind:
        case "M":
            return "dates"
        case "m":
            return "durations"
        case "c":
            return "complex numbers"
        case _:
            example = next(iter(series.dropna().iloc[:1]), None)
            what = "text" if isinstance(example, str) else "objects"
            what = "categories" if str(series.dtype) == "category" else what
            return what if example is None else f"{what} such as {str(example)[:30]!r}"
