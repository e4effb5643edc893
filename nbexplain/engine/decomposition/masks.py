"""Truths and whole numbers that depend on the inputs.

One that is the same in both worlds is a constant. A truth that differs is a step function of the
difference of what was compared: its number, 0 or 1, has the way back to that.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from nbexplain.engine.decomposition.calls import Call, parameters
from nbexplain.engine.decomposition.elementwise import ratio
from nbexplain.engine.decomposition.linear import linear
from nbexplain.engine.decomposition.names import ARITHMETIC, ARRANGING
from nbexplain.engine.decomposition.pairs import (
    both,
    carried,
    mapped,
    paired,
    twin,
    twin_or_itself,
)

_NUMBER = "_nbexplain_number"


def decided(call: Call) -> Any:
    """Truths or whole numbers, in both worlds: constant where they agree."""
    with torch.no_grad():
        return paired(call(lambda t: t), call(twin_or_itself))


def told(call: Call) -> Any:
    """A value that leaves torch, as the truth of an `if` does: it must be that of both worlds."""
    result, other = call(torch.Tensor.detach), call(lambda t: twin_or_itself(t).detach())
    alike = result == other
    if not (alike if isinstance(alike, bool) else bool(alike.all())):
        call.refuse("where the forward decides by values, and otherwise for the reference")
    return result


def ordered(call: Call) -> Any:
    """Entries by their order: linear where it is the same in both worlds."""
    with torch.no_grad():
        found, other = call(lambda t: t), call(twin_or_itself)
    if isinstance(found, Tensor) or not torch.equal(found[1], other[1]):
        call.refuse("where the order of a row is not that of its reference")
    return linear(call)


def compared(call: Call) -> Tensor:
    """A comparison; one that differs is a step of the difference of its arguments."""
    truth = decided(call)
    if twin(truth) is not None and any(t.is_floating_point() for t in call.varying):
        difference = call.seen(torch.sub, *call.args)
        x = both(lambda t: t.expand(truth.shape), difference)
        before = twin_or_itself(x)
        value, other = truth.to(x.dtype), twin_or_itself(truth).to(x.dtype)
        step = carried(x, value, ratio(value - other, x.detach() - before))
        vars(truth)[_NUMBER] = paired(step, other)
    return truth


def negated(call: Call) -> Tensor:
    """`~mask`."""
    return _numbered(call, _not)


def conjoined(call: Call) -> Tensor:
    """`mask & other`."""
    return _numbered(call, torch.mul)


def disjoined(call: Call) -> Tensor:
    """`mask | other`."""
    return _numbered(call, _either)


def _not(a: Tensor) -> Tensor:
    return 1 - a


def _either(a: Tensor, b: Tensor) -> Tensor:
    return a + b - a * b


def _numbered(call: Call, function: Callable[..., Tensor]) -> Tensor:
    truth = decided(call)
    if twin(truth) is not None:
        vars(truth)[_NUMBER] = call.seen(function, *(_number(call, t) for t in call.args))
    return truth


def _number(call: Call, mask: Tensor) -> Tensor:
    """A mask as 0 and 1; one that differs with the way back to what was compared."""
    if twin(mask) is None:
        return mask.to(torch.get_default_dtype())
    known = vars(mask).get(_NUMBER)
    if known is None:
        call.refuse("of a mask or an index that is not the same for the reference")
    return known


def chosen(call: Call) -> Tensor:
    r"""`where(mask, a, b)`: $ca + (1 - c)b$, by the rule of products where the mask c differs."""
    first, a, b = parameters(call, "condition", "input", "other")
    if b is None:  # where(mask)
        return decided(call)
    mask, a = (a, first) if call.function is Tensor.where else (first, a)
    if twin(mask) is None:
        return linear(call)
    step = _number(call, mask)
    with torch.no_grad():
        result, before = call(lambda t: t), call(twin_or_itself)
        gap = torch.where(mask == twin(mask), 0, _middle(a) - _middle(b))
    agreed = torch.where(mask, a, b)
    # Infinite where one of them masks: only where the mask differs do both count.
    half = torch.where(mask == twin(mask), 0, (a + b) / 2)
    mixed = torch.where(mask == twin(mask), agreed, half) + gap * step.to(result.dtype)
    return paired(carried(mixed, result), before)


def _middle(value: Any) -> Any:
    return (value + twin_or_itself(value)) / 2 if isinstance(value, Tensor) else value


def filled(call: Call) -> Any:
    """`masked_fill(x, mask, value)`."""
    x, mask, value = parameters(call, "input", "mask", "value")
    if twin(mask) is None:
        return linear(call)
    value = value if isinstance(value, Tensor) else torch.full_like(x.detach(), value)
    return call.seen(torch.where, mask, value, x)


def with_numbers(call: Call, rule: Callable[[Call], Any]) -> Any:
    """A call that is given masks or indices which differ.

    Arithmetic and casts take their numbers. Reshaping a mask reshapes its number.
    """
    if call.name in ARITHMETIC and not call.in_place:
        args, kwargs = mapped(
            (call.args, call.kwargs), lambda t: _number(call, t) if is_decision(t) else t
        )
        return rule(call.of(args, kwargs))
    mask, *rest = call.args
    if call.name in ARRANGING and call.varies_in(mask) and not call.in_place:
        truth = decided(call)
        vars(truth)[_NUMBER] = rule(call.of((_number(call, mask), *rest), call.kwargs))
        return truth
    return call.refuse("of a mask or an index that is not the same for the reference")


def is_decision(t: Tensor) -> bool:
    """Whether t is a truth or a whole number that differs between the worlds."""
    return twin(t) is not None and not (t.is_floating_point() or t.is_complex())
