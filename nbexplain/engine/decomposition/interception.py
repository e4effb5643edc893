"""Looks at every torch function that a network calls, whatever its spelling, and applies its rule.

Functions that torch writes in Python are opened: their bodies run, and what they call is looked
at. Those written in C++ need a rule, or are refused by name.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, Literal

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from nbexplain.engine.decomposition.calls import Call, check_seen, spelled
from nbexplain.engine.decomposition.masks import is_decision, with_numbers
from nbexplain.engine.decomposition.names import ALLOWS_DECISIONS, LIKE_ANOTHER, SHAPES
from nbexplain.engine.decomposition.pairs import (
    adopt,
    constant,
    tensors_in,
    twin,
    twin_or_itself,
)
from nbexplain.engine.decomposition.parts import follow_parts, keep_parts, parts
from nbexplain.engine.decomposition.rules import RULES

_WRITTEN_IN_PYTHON = ("torch.functional", "torch.nn.functional")

_CLOSED = ("adaptive_max_pool", "einsum", "fractional_max_pool", "max_pool")
"""What begins like this has a rule although Python defines it."""


class Interception(TorchFunctionMode):
    """While active, operations on what varies go by their DeepLIFT rules.

    Args:
        rule: of elementwise functions, "rescale" or "revealcancel".

    Raises:
        ValueError: from within the network, for an operation that has no rule.

    >>> from nbexplain.engine.decomposition.pairs import paired, twin
    >>> x = paired(torch.ones(1, requires_grad=True) * 3, -torch.ones(1))
    >>> with Interception("rescale"):
    ...     y = x.relu()
    >>> y.item(), twin(y).item()
    (3.0, 0.0)
    """

    def __init__(self, rule: Literal["rescale", "revealcancel"]) -> None:
        super().__init__()
        self.cancels = rule == "revealcancel"

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called by torch instead of each of its functions; looks at none meanwhile."""
        del types
        kwargs = kwargs or {}
        varies = False
        for t in tensors_in((args, kwargs)):
            check_seen(t)
            varies = varies or twin(t) is not None
        if not varies:
            return constant(func(*args, **kwargs))
        name, in_place = spelled(func)
        if name in SHAPES or (name.startswith("get ") and name not in RULES):
            return func(*args, **kwargs)
        if name in LIKE_ANOTHER and twin(args[0]) is None:
            return constant(func(*args, **kwargs))
        with torch.enable_grad():
            call = Call(func, name, in_place, args, kwargs, self.cancels, self._seen)
            if _is_opened(call):
                return self._seen(_body(func), *args, **kwargs)
            return self._ruled(call)

    def _ruled(self, call: Call) -> Any:
        rule = RULES.get(call.name)
        if rule is None:
            call.refuse()
        if call.name not in ALLOWS_DECISIONS and any(map(is_decision, call.varying)):
            result = with_numbers(call, rule)
        else:
            result = rule(call)
        if self.cancels:
            follow_parts(call, result)
        target = call.args[0] if call.in_place else result
        return result if result is target or result is None else _written(target, result)

    def _seen(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self:
            return function(*args, **kwargs)


def _written(target: Tensor, result: Tensor) -> Tensor:
    """What a function in place does with its result, in both worlds."""
    adopt(target)
    target.copy_(result)
    with torch.no_grad():
        twin_or_itself(target).copy_(twin_or_itself(result))
    known = parts(result)
    if known is not None:
        keep_parts(target, *known)
    return target


def _is_opened(call: Call) -> bool:
    """Whether the operation is Python code of torch which is to be looked into."""
    if not isinstance(call.function, FunctionType):
        return False
    if call.function.__module__ == "torch._tensor":  # may call C++ by the same name
        return call.name not in RULES
    return call.function.__module__ in _WRITTEN_IN_PYTHON and not call.name.startswith(_CLOSED)


def _nobody(*_: object) -> bool:
    return False


@cache
def _body(function: FunctionType) -> Callable[..., Any]:
    """The function without the question whether anyone looks, with which its body begins."""
    space = dict(function.__globals__)
    for name in [name for name in space if name.startswith("has_torch_function")]:
        space[name] = _nobody
    body = FunctionType(
        function.__code__, space, function.__name__, function.__defaults__, function.__closure__
    )
    body.__kwdefaults__ = function.__kwdefaults__
    return body
