"""What y says: numbers to predict, or classes with names."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data.arrays import as_tensor
from nbexplain.data.frames import is_pandas
from nbexplain.data.inputs import plural, shortened

# More distinct integers than this are counts or quantities, unless the model has outputs for them.
MOST_CLASSES = 20

# A range of integers that is small enough to count each.
_COUNTED = 1000


@dataclass(frozen=True, eq=False)
class Target:
    """y, whole or of one batch.

    Attributes:
        values: what `Batch.target` is cut from: class codes int64 `[n]` where `classes` are
            named, else floats `[n]` or `[n, K]`.
        numbers: y as the numbers it was given as; None for labels.
        labels: the distinct values as text, in the order of their codes; None where y is not a
            column of at most 20 distinct values.
        codes: int64 `[n]`, the position in `labels`.
        classes: the names of the classes in force; None for a regression.
        name: the name y carries.
    """

    values: Tensor
    numbers: Tensor | None
    labels: tuple[str, ...] | None
    codes: Tensor | None
    classes: tuple[str, ...] | None
    name: str | None

    def __len__(self) -> int:
        return len(self.values)

    def for_outputs(self, outputs: int) -> Target:
        """Read y as a model of this many outputs predicts.

        Labels as many as the outputs are its classes, two are those of a single output; integers
        from 0 to `outputs` - 1 are classes even if some do not occur.

        Raises:
            ValueError: y holds labels and their number fits no reading.
        """
        if len(self) == 0:
            return self
        if self.labels is not None and len(self.labels) == max(2, outputs):
            return replace(self, values=self.codes, classes=self.labels)
        numbers, labels = self.numbers, self.labels
        if numbers is not None and not numbers.is_floating_point() and outputs > 1:
            low, high = (int(bound) for bound in numbers.aminmax())
            if numbers.ndim == 1 and low >= 0 and high < outputs:
                names = tuple(str(k) for k in range(outputs))
                return replace(self, values=numbers, classes=names)
        # A few distinct integers can be a quantity for a single output, not for several.
        if labels is not None and (numbers is None or outputs > 1):
            raise ValueError(
                f"y has {plural(len(labels), 'class', 'classes')} "
                f"({shortened([repr(label) for label in labels])}) and the model "
                f"{plural(outputs, 'output')}: pass y as pd.Categorical with one category an "
                f"output, in the outputs' order, or leave y out."
            )
        assert numbers is not None  # what is not a label is a number
        return replace(self, values=as_floats(numbers), classes=None)


def target(y: object, called: str = "y") -> Target:
    """Read y: floats are a regression; bools, text, categories and few integers are classes.

    Accepts Series and one-column frames, arrays, tensors and lists.

    Raises:
        ValueError: a value is missing, or y is not one column of numbers or labels.
        TypeError: y is not a column at all.

    >>> target(["no", "yes", "no"]).classes
    ('no', 'yes')
    >>> target([0.5, 1.5]).classes is None
    True
    """
    values, name, categories = _column(y, called)
    if categories is not None:
        return _labelled(values, None, categories, name)
    if values.ndim == 0:
        raise TypeError(f"{called} is {y!r}: pass a column of one value for each row of X.")
    if values.dtype.kind == "O":
        values = _from_objects(values, called)
    if values.ndim > 1 and values.shape[1:] == (1,):
        values = values[:, 0]
    match values.dtype.kind:
        case "f":
            if not np.isfinite(values.sum()) and not (finite := np.isfinite(values)).all():
                bad = int((~finite.reshape(len(finite), -1).all(axis=1)).sum())
                raise ValueError(
                    f"{called} is NaN or infinite in {plural(bad, 'row')}: drop these rows from X "
                    f"and {called}."
                )
            numbers = as_tensor(values, torch.float32 if values.itemsize <= 4 else torch.float64)
            return Target(numbers, numbers, None, None, None, name)
        case "b" | "i" | "u":
            numbers = as_tensor(values, torch.int64)
            if values.ndim > 1:
                return Target(as_floats(numbers), numbers, None, None, None, name)
            return _integers(values, numbers, name)
        case "U" | "S":
            if values.ndim > 1:
                raise ValueError(
                    f"{called} has {values.shape[1]} columns of text: pass one of them."
                )
            distinct, codes = np.unique(values, return_inverse=True)
            return _labelled(codes, None, tuple(str(value) for value in distinct), name)
        case _:
            raise ValueError(
                f"{called} holds values of type {values.dtype}: pass numbers or class labels."
            )


def as_floats(numbers: Tensor) -> Tensor:
    """float64 for integers, the floats themselves otherwise."""
    return numbers if numbers.is_floating_point() else numbers.to(torch.float64)


def _labelled(
    codes: NDArray[Any], numbers: Tensor | None, labels: tuple[str, ...], name: str | None
) -> Target:
    found = as_tensor(codes, torch.int64)
    return Target(found, numbers, labels, found, labels, name)


def _integers(values: NDArray[Any], numbers: Tensor, name: str | None) -> Target:
    low, high = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    if high - low < _COUNTED:  # counting is quicker than the sorting that np.unique does
        places = values.astype(np.int64) - low
        found = np.bincount(places) > 0
        distinct, codes = np.flatnonzero(found) + low, (np.cumsum(found) - 1)[places]
    else:
        distinct, codes = np.unique(values, return_inverse=True)
    if len(distinct) > MOST_CLASSES:
        return Target(as_floats(numbers), numbers, None, None, None, name)
    if values.dtype.kind == "b":
        distinct = distinct.astype(np.bool_)
    return _labelled(codes, numbers, tuple(str(value) for value in distinct.tolist()), name)


def _column(y: object, called: str) -> tuple[NDArray[Any], str | None, tuple[str, ...] | None]:
    """The values, the name and, of a categorical, the categories (its values are codes)."""
    if isinstance(y, Tensor):
        plain = y.detach().cpu()
        plain = plain.float() if plain.dtype == torch.bfloat16 else plain
        return plain.numpy(), None, None
    if isinstance(y, str | bytes) or callable(y):
        raise TypeError(f"{called} is {y!r}: pass the column itself, one value for each row of X.")
    if is_pandas(y, "DataFrame") or is_pandas(y, "Series") or is_pandas(y, "Index"):
        return _pandas(y, called)
    if is_pandas(y, "Categorical"):
        import pandas as pd

        return _pandas(pd.Series(cast("Any", y)), called)
    if not isinstance(y, np.ndarray | list | tuple):
        import narwhals as nw

        column: Any = nw.from_native(y, pass_through=True, allow_series=True)
        if isinstance(column, nw.LazyFrame):
            column = column.collect()
        if isinstance(column, nw.DataFrame) and column.shape[1] == 1:
            column = column[:, 0]
        if isinstance(column, nw.Series):
            values, _, categories = _pandas(column.to_pandas(), called)
            return values, column.name or None, categories
        if isinstance(column, nw.DataFrame):
            return column.to_numpy(), None, None
    try:
        return np.asarray(y), None, None
    except ValueError:
        raise ValueError(f"{called} is a list whose rows differ in length.") from None


def _pandas(y: Any, called: str) -> tuple[NDArray[Any], str | None, tuple[str, ...] | None]:
    if y.ndim == 2:
        if y.shape[1] != 1:
            return y.to_numpy(), None, None
        y = y.iloc[:, 0]
    name = None if y.name is None else str(y.name)
    if y.dtype.kind != "f" and (missing := int(y.isna().sum())):
        raise ValueError(
            f"{called} is missing in {plural(missing, 'row')}: drop these rows from X and {called}."
        )
    if str(y.dtype) == "category":
        # Their own order, not the alphabet: it is that of .cat.codes, which networks train on.
        return y.cat.codes.to_numpy(), name, tuple(str(value) for value in y.cat.categories)
    kind = y.dtype.kind
    if kind == "O":
        import pandas as pd

        if pd.api.types.infer_dtype(y, skipna=False) == "string":
            codes, labels = pd.factorize(y, sort=True)
            return codes, name, tuple(str(label) for label in labels)
    plain = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64}.get(kind)
    if isinstance(y.dtype, np.dtype) or plain is None:
        return y.to_numpy(), name, None
    return (
        y.to_numpy(dtype=plain, na_value=np.nan) if kind == "f" else y.to_numpy(plain),
        name,
        None,
    )


def _from_objects(values: NDArray[Any], called: str) -> NDArray[Any]:
    """An array of Python objects as text or numbers."""
    missing = sum(value is None or value != value for value in values.flat)
    if missing:
        raise ValueError(
            f"{called} is missing in {plural(missing, 'row')}: drop these rows from X and {called}."
        )
    if all(isinstance(value, str) for value in values.flat):
        return values.astype(str)
    plain = np.asarray(values.tolist())
    if plain.dtype.kind not in "biuf" or plain.shape != values.shape:
        raise ValueError(f"{called} mixes types: pass numbers only, or labels as text only.")
    return plain
