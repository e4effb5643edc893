"""Values that shap computed, as an explanation."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from nbexplain.data import plural
from nbexplain.explanation import Explanation
from nbexplain.neighbours.given import Given, library, tensor_of


def from_shap(
    values: object,
    data: object = None,
    *,
    method: str = "SHAP values",
    base_values: ArrayLike | Tensor | None = None,
    predictions: ArrayLike | Tensor | None = None,
    y: object = None,
    response: str = "raw",
    feature_names: Sequence[str] | None = None,
    output_names: Sequence[str] | None = None,
    labels: Sequence[object] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    lag_unit: str | Sequence[object] | None = None,
) -> Explanation:
    """Values by shap in our tables and views: bars, picked rows, lags, waterfalls.

    Nothing is computed again: the numbers are shap's. A feature's importance is the share of its
    mean absolute value; members of a group and lags of a feature add up with their signs before.
    Shap itself need not be installed. Without the model there are no new or changed rows.

    Args:
        values: a `shap.Explanation`; or arrays as `shap_values` returns them: `[rows, *shape]`,
            `[rows, *shape, outputs]`, a list of one array for each output, or, with several
            inputs, a list of one for each input.
        data: the rows that they are of, an array or a frame (a tuple or list of these for several
            inputs); by default those in the `shap.Explanation`.
        method: what the explainer is called, such as "DeepExplainer".
        base_values: the expected response, `explainer.expected_value`: a number, `[outputs]`,
            `[rows]` or `[rows, outputs]`; by default that in the `shap.Explanation`. With it rows
            are drawn as waterfalls, and gaps are said.
        predictions: the response at each row, `[rows]` or `[rows, outputs]`; without it, the base
            and the values added up.
        y: the true values, as `nbx.explain` takes them.
        response: what was explained: "raw", "prob" (a probability), "logodds" or "loss".
        feature_names: names of the columns; by default those in `data` or the `shap.Explanation`.
        output_names: names of the outputs.
        labels: of the rows; by default the frame's index, else their positions.
        groups: columns that count as one, as `nbx.explain` takes them.
        lag_unit: what a step of sequences is, as `nbx.explain` takes it.

    Raises:
        ValueError: values that do not fit the data, or hold numbers that are not finite; values
            without data; interaction values; names that do not fit.
        TypeError: values that are no numbers.

    >>> import numpy as np, nbexplain as nbx
    >>> X = np.eye(3)
    >>> ex = nbx.from_shap(X * [2.0, -1.0, 1.0], X, base_values=0.5)
    >>> ex.local(1)["attribution"].tolist(), ex.predictions[1]
    ([0.0, -1.0, 0.0], array([-0.5]))
    """
    given, names = cast("Any", values), None
    if hasattr(values, "base_values"):  # a shap.Explanation
        names = _named(given.output_names, "Output")
        base_values = given.base_values if base_values is None else base_values
        if data is None:
            data = given.data
            feature_names = feature_names or _named(given.feature_names, "Feature")
        given = given.values
    if data is None:
        raise ValueError("values came without the rows that they are of: pass data=X.")
    several = isinstance(data, tuple | list) and all(
        getattr(part, "ndim", 0) > 1 for part in cast("Sequence[object]", data)
    )
    rows: Any = tuple(cast("Sequence[object]", data)) if several else data
    if getattr(rows, "ndim", 2) == 1:  # a single row
        rows = rows.to_frame().T if hasattr(rows, "to_frame") else rows[None]
        given = given[None]
        base_values = None if base_values is None else tensor_of(base_values, "base_values")[None]
    return Given(
        by=library("shap"),
        method=method,
        called="data",
        rows=rows,
        attributions=_by_output(given, rows),
        outputs=names,
        base=base_values,
        baseline="the explainer's background",
    ).explanation(
        y=y,
        predictions=predictions,
        response=response,
        feature_names=feature_names,
        output_names=output_names,
        labels=labels,
        groups=groups,
        lag_unit=lag_unit,
    )


def _named(names: Any, numbered: str) -> tuple[str, ...] | None:
    """Names that somebody gave, not the numbers that shap gives where nobody did."""
    if names is None:
        return None
    found = (names,) if isinstance(names, str) else tuple(map(str, names))
    return None if all(re.fullmatch(rf"{numbered} \d+", name) for name in found) else found


def _by_output(values: Any, rows: Any) -> list[list[Tensor]]:
    """Of each output, the values of each input."""
    if not isinstance(rows, tuple):
        if isinstance(values, list | tuple):
            return [[tensor_of(one, "values")] for one in cast("Sequence[Any]", values)]
        return [[one] for one in _apart(tensor_of(values, "values"), rows)]
    inputs = cast("tuple[Any, ...]", rows)
    if not isinstance(values, list | tuple):
        raise ValueError(
            f"data is {plural(len(inputs), 'input')}, but values are one array: pass a list of "
            "one for each."
        )
    parts = cast("Sequence[Any]", values)
    if isinstance(parts[0], list | tuple):  # of each output a list
        return [[tensor_of(x, "values") for x in one] for one in parts]
    outputs = [_apart(tensor_of(one, "values"), of) for one, of in zip(parts, inputs, strict=False)]
    if len(parts) != len(inputs) or len(set(map(len, outputs))) > 1:
        raise ValueError(
            f"values are {plural(len(parts), 'array')}, but data is "
            f"{plural(len(inputs), 'input')}: pass a list of one array for each, of the same "
            "outputs."
        )
    return [list(one) for one in zip(*outputs, strict=True)]


def _apart(values: Tensor, rows: Any) -> list[Tensor]:
    """The outputs of one array of values, whose last axis they are where it has one more."""
    shape = tuple(np.shape(rows))
    if tuple(values.shape[:-1]) != shape:
        return [values]
    width = values.shape[-1]
    if len(shape) == 2 and width == shape[1] > 1 and values.allclose(values.mT):
        raise ValueError(
            "values are interactions, [rows, features, features]: pass .sum(2) of them, which "
            "are the features' own values."
        )
    return list(values.unbind(-1))
