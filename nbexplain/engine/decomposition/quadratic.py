"""Products: of two that vary, and whatever is quadratic in them."""

from __future__ import annotations

from typing import Any

import torch

from nbexplain.engine.decomposition.calls import Call
from nbexplain.engine.decomposition.linear import linear
from nbexplain.engine.decomposition.pairs import carried, paired, twin, twin_or_itself

_LONG = frozenset({"bilinear", "einsum", "linalg_multi_dot"})
"""Names of products that may have more than two factors."""


def weighted(call: Call) -> Any:
    """A product: linear where one factor varies, else `quadratic`."""
    if len(call.occurrences) == 1:
        return linear(call)
    if call.name in _LONG and len(call.occurrences) > 2:
        call.refuse("of more than two arguments that depend on the inputs")
    return quadratic(call)


def quadratic(call: Call) -> Any:
    r"""A quadratic operation: its derivative midway between the row and its reference.

    For a product that is $\Delta(ab) = \frac12 (a + a_0) \Delta b + \frac12 (b + b_0) \Delta a$,
    and for every quadratic function the sum is exact.
    """
    with torch.no_grad():
        value, before = call(lambda t: t), call(twin_or_itself)
        middle = {id(t): (t + twin_or_itself(t)) / 2 for t in call.varying}
    live = {id(t): carried(t, middle[id(t)]) for t in call.varying}
    surrogate = call(lambda t: t if twin(t) is None else live[id(t)])
    return paired(carried(surrogate, value), before)
