"""Attributions that captum computed, as an explanation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from numpy.typing import ArrayLike
from torch import Tensor

from nbexplain.explanation import Explanation
from nbexplain.neighbours.given import Given, library, tensor_of


def from_captum(
    attributions: object,
    inputs: object,
    *,
    method: str = "Attributions",
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
    """Attributions by captum in our tables and views: bars, picked rows, lags, waterfalls.

    Nothing is computed again: the numbers are captum's. A feature's importance is the share of
    its mean absolute attribution; members of a group and lags of a feature add up with their signs
    before. Captum itself need not be installed. Without the model there are no new or changed rows.

    Args:
        attributions: what `attribute` returned: a tensor shaped like the inputs; a tuple of these
            for several inputs; a dict by output, or a list, of either for several targets.
        inputs: the rows that they are of, a tensor `[rows, features]`, `[rows, steps, features]`
            or `[rows, channels, height, width]`, or a frame; a tuple or dict of these for several.
        method: what the method is called, such as "DeepLift".
        base_values: the response at the baseline, for methods whose attributions add up to the
            difference from it: a number, `[outputs]`, `[rows]` or `[rows, outputs]`. With it rows
            are drawn as waterfalls, and gaps are said.
        predictions: the response at each row, `[rows]` or `[rows, outputs]`.
        y: the true values, as `nbx.explain` takes them.
        response: what the target was: "raw", "prob" (a probability), "logodds" or "loss".
        feature_names: names of the columns, where `inputs` has none.
        output_names: names of the outputs.
        labels: of the rows; by default the frame's index, else their positions.
        groups: columns that count as one, as `nbx.explain` takes them.
        lag_unit: what a step of sequences is, as `nbx.explain` takes it.

    Raises:
        ValueError: attributions that do not fit the inputs, or hold numbers that are not finite;
            names that do not fit; a response that there is not.
        TypeError: attributions that are no numbers.

    >>> import torch, nbexplain as nbx
    >>> inputs, weights = torch.eye(2), torch.tensor([[2.0, -1.0]])
    >>> ex = nbx.from_captum(inputs * weights, inputs, method="InputXGradient", base_values=0)
    >>> ex.importance()["importance"].round(1).to_dict()
    {'x0': 66.7, 'x1': 33.3}
    """
    one = cast("Any", attributions)
    names: tuple[str, ...] | None = None
    if isinstance(attributions, Mapping):
        names, outputs = tuple(str(name) for name in one), list(one.values())
    else:
        outputs = one if isinstance(attributions, list) else [one]
    if not outputs:
        raise ValueError("attributions are empty: pass those of at least one output.")
    parts = [part if isinstance(part, tuple) else (part,) for part in cast("list[Any]", outputs)]
    return Given(
        by=library("captum"),
        method=method,
        called="inputs",
        rows=inputs,
        attributions=[
            [tensor_of(x, "attributions") for x in cast("tuple[Any, ...]", part)] for part in parts
        ],
        outputs=names,
        base=base_values,
        baseline="the given baseline",
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
