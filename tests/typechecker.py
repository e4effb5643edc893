"""The checker that the import hook puts on every function of nbexplain whose axes are named."""

from collections.abc import Callable
from random import Random
from typing import Any, Self, get_args

from beartype import beartype
from beartype._check.code import codemain
from beartype.roar import BeartypeDecorHintException
from jaxtyping import AbstractArray

# It looks at one item of each list, at random: with numbers of its own, for tests compare the
# random state before and after.
assert hasattr(codemain, "getrandbits")
codemain.getrandbits = Random(0).getrandbits


def names_axes(hint: Any) -> bool:
    """Whether an annotation, or a part of it, is an array whose axes have names."""
    if isinstance(hint, type) and issubclass(hint, AbstractArray):
        return True
    return any(names_axes(part) for part in get_args(hint))


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Beartype, where axes are named: elsewhere our own sentences refuse what users pass.

    The hook decorates methods one by one, without their class.
    """
    hints = getattr(function, "__annotations__", {})
    if not any(names_axes(hint) for hint in hints.values()):
        return function
    for name, hint in hints.items():
        if hint is Self:
            hints[name] = Any
    try:
        return beartype(function)
    except BeartypeDecorHintException:  # such as a Protocol, which only pyright can check
        return function
