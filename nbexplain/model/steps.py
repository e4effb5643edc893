"""Outputs at every step of a sequence: cut to those of one step of each row."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor


def at_step(
    returned: object,
    rows: int,
    steps: int,
    order: tuple[int, ...] | None = None,
    at: Tensor | int = -1,
    *,
    flat: bool = False,
) -> object:
    """What a model returned, with outputs `[rows, steps, K]` cut to one step, `[rows, K]`.

    Looks at a tensor, and at the parts of a tuple, list or dict. Where nothing has steps, the very
    object that was given comes back.

    Args:
        returned: what the model returned.
        rows: how many rows it was given.
        steps: how many steps these have.
        order: of the axes in which the model takes and returns sequences; None: rows, steps, K.
        at: the step: a position, or one for each row, `[rows]`.
        flat: whether `[rows, steps]` are one output a step as well.

    >>> at_step((torch.arange(6.0).view(1, 3, 2), None), 1, 3)
    (tensor([[4., 5.]]), None)
    >>> at_step(torch.arange(6.0).view(1, 3, 2), 1, 3, at=torch.tensor([1]))
    tensor([[2., 3.]])
    >>> at_step(torch.arange(3.0).view(1, 3), 1, 3, at=0, flat=True)
    tensor([[0.]])
    """
    if isinstance(returned, Tensor):
        return _cut(returned, rows, steps, order, at, flat)
    if type(returned) not in (tuple, list, dict):
        return returned
    named = type(returned) is dict
    whole = cast("Any", returned)
    parts = list(whole.values() if named else whole)
    cut = [_cut(part, rows, steps, order, at, flat) for part in parts]
    if all(a is b for a, b in zip(cut, parts, strict=True)):
        return returned
    return dict(zip(whole, cut, strict=True)) if named else type(whole)(cut)


def stepped_only(returned: object, cut: object) -> object:
    """What `at_step` cut, with None in place of the parts that have no steps.

    >>> given = (torch.zeros(1, 2), torch.zeros(1, 3, 2))
    >>> stepped_only(given, at_step(given, 1, 3))
    (None, tensor([[0., 0.]]))
    """
    whole, parts = cast("Any", returned), cast("Any", cut)
    if isinstance(returned, dict):
        return {key: None if parts[key] is whole[key] else parts[key] for key in parts}
    if isinstance(returned, tuple | list):
        pairs = zip(parts, whole, strict=True)
        return type(parts)(None if part is before else part for part, before in pairs)
    return cut


def _cut(
    x: Any, rows: int, steps: int, order: tuple[int, ...] | None, at: Tensor | int, flat: bool
) -> Any:
    if not isinstance(x, Tensor) or not x.is_floating_point():
        return x
    if flat and x.ndim == 2:
        turned = (x.T if order == (1, 0, 2) else x)[..., None]
    elif x.ndim == 3:
        turned = x if order is None else x.permute(order)
    else:
        return x
    if turned.shape[:2] != (rows, steps):
        return x
    if isinstance(at, int):
        return turned[:, at]
    return turned[torch.arange(rows, device=x.device), at.to(x.device)]
