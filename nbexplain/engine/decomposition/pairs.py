"""Two worlds side by side: the tensors of the rows, each with its twin for the references.

A tensor that depends on the inputs *varies*: it carries its twin, what the same operation gives
for the references. Autograd runs in the world of the rows alone, where the derivative of every
operation is its DeepLIFT multiplier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd.function import BackwardCFunction

_TWIN = "_nbexplain_twin"
_CONSTANT = "_nbexplain_constant"


class Carried(torch.autograd.Function):
    """A tensor of given value, whose derivative with respect to x is a given multiplier."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, multiplier: Tensor | None, value: tuple[Tensor]) -> Tensor:
        """The value; in a tuple, lest autograd take the result for a view of it."""
        del x
        ctx.save_for_backward(multiplier)
        return value[0]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The gradient times the multiplier; without one, the gradient."""
        (multiplier,) = ctx.saved_tensors
        (gradient,) = gradients
        return gradient if multiplier is None else gradient * multiplier, None, None


def carried(x: Tensor, value: Tensor, multiplier: Tensor | None = None) -> Tensor:
    """`value` with the derivative `multiplier` (None: one) with respect to x, entry by entry.

    >>> x = torch.ones(1, requires_grad=True)
    >>> y = carried(x, torch.zeros(1), torch.tensor([5.0]))
    >>> y.item(), *torch.autograd.grad(y, x)
    (0.0, tensor([5.]))
    """
    return cast(Tensor, Carried.apply(x, multiplier, (value,)))


def twin(t: Tensor) -> Tensor | None:
    """What t is for the references, or None where t does not vary.

    A view that was taken before its base began to vary gets the same view of the base's twin.

    >>> x = paired(torch.ones(2), torch.zeros(2))
    >>> twin(x), twin(torch.ones(2))
    (tensor([0., 0.]), None)
    """
    own = vars(t).get(_TWIN)
    if own is None and (base := t._base) is not None:
        whole = vars(base).get(_TWIN)
        if whole is not None:
            own = whole.as_strided(t.size(), t.stride(), t.storage_offset())
            vars(t)[_TWIN] = own
    return own


def twin_or_itself(t: Tensor) -> Tensor:
    """The twin of a tensor that varies; another tensor is the same in both worlds."""
    other = twin(t)
    return t if other is None else other


def paired(result: Any, other: Any) -> Any:
    """`result`, its tensors with their twins from `other`, which has the same form.

    Whole numbers and truths that are equal in both worlds do not vary.
    """
    if isinstance(result, Tensor):
        if result.is_floating_point() or result.is_complex() or not torch.equal(result, other):
            vars(result)[_TWIN] = other
    elif isinstance(result, tuple | list):
        for one, two in zip(result, other, strict=True):
            paired(one, two)
    return result


def constant(result: Any) -> Any:
    """Mark what was seen to be computed of constants, though it may ask for gradients."""
    for t in tensors_in(result):
        if t.requires_grad:
            vars(t)[_CONSTANT] = True
    return result


def adopt(t: Tensor) -> None:
    """Give a constant a twin of its own, because something that varies is written into it."""
    if twin(t) is None:
        base = t if t._base is None else t._base
        vars(base)[_TWIN] = base.clone()
        twin(t)


def both(function: Callable[[Tensor], Tensor], t: Tensor) -> Tensor:
    """A linear function in both worlds; the multiplier is autograd's derivative."""
    result = function(t)
    with torch.no_grad():
        return paired(result, function(twin_or_itself(t)))


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The tensors in arguments: in tuples, lists and dicts, at any depth.

    >>> len([*tensors_in(([torch.ones(1)], {"weight": torch.ones(1)}, 3))])
    2
    """
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from tensors_in(part)
    elif isinstance(value, dict):
        yield from tensors_in(tuple(value.values()))


def mapped(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Arguments with every tensor in them changed.

    >>> mapped([torch.ones(1), {"dim": 0}], torch.neg)
    [tensor([-1.]), {'dim': 0}]
    """
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, tuple | list):
        parts = [mapped(part, change) for part in value]
        if isinstance(value, tuple) and hasattr(value, "_make"):  # a named tuple
            return cast(Any, value)._make(parts)
        return type(value)(parts)
    if isinstance(value, dict):
        return {key: mapped(part, change) for key, part in value.items()}
    return value


def hidden_in(t: Tensor) -> str | None:
    """Name of what computed t out of sight of the rules: an `autograd.Function`, scripted code."""
    node = t.grad_fn
    if node is None:
        return None
    if isinstance(node, BackwardCFunction):
        foreign = node.name() != "CarriedBackward" and _CONSTANT not in vars(t)
    else:
        foreign = twin(t) is None and _CONSTANT not in vars(t)
    if not foreign:
        return None
    name = node.name().rstrip("0123456789").removesuffix("Backward")
    return "scripted code" if name.startswith("torch::jit") else name
