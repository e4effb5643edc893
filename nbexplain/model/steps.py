"""Outputs at every step of a sequence: those of each row's last step are explained."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor


def last_steps(
    returned: object,
    rows: int,
    steps: int,
    order: tuple[int, ...] | None = None,
    spans: Tensor | None = None,
) -> object:
    """What a model returned, with outputs `[rows, steps, K]` cut to their last step, `[rows, K]`.

    Looks at a tensor, and at the parts of a tuple, list or dict. Where nothing has steps, the very
    object that was given comes back.

    Args:
        returned: what the model returned.
        rows: how many rows it was given.
        steps: how many steps these have.
        order: of the axes in which the model takes and returns sequences; None: rows, steps, K.
        spans: the existing steps of each row, `[rows, 2]`; None where all exist.

    >>> last_steps((torch.arange(6.0).view(1, 3, 2), None), 1, 3)
    (tensor([[4., 5.]]), None)
    >>> last_steps(torch.arange(6.0).view(1, 3, 2), 1, 3, spans=torch.tensor([[0, 2]]))
    tensor([[2., 3.]])
    """
    if isinstance(returned, Tensor):
        return _last(returned, rows, steps, order, spans)
    if type(returned) not in (tuple, list, dict):
        return returned
    named = type(returned) is dict
    whole = cast("Any", returned)
    parts = list(whole.values() if named else whole)
    cut = [_last(part, rows, steps, order, spans) for part in parts]
    if all(a is b for a, b in zip(cut, parts, strict=True)):
        return returned
    return dict(zip(whole, cut, strict=True)) if named else type(whole)(cut)


def _last(
    x: Any, rows: int, steps: int, order: tuple[int, ...] | None, spans: Tensor | None
) -> Any:
    if not isinstance(x, Tensor) or x.ndim != 3 or not x.is_floating_point():
        return x
    turned = x if order is None else x.permute(order)
    if turned.shape[:2] != (rows, steps):
        return x
    if spans is None:
        return turned[:, -1]
    return turned[torch.arange(rows, device=x.device), spans[:, 1].to(x.device) - 1]
