"""The checker that the import hook puts on every annotated function of nbexplain."""

from collections.abc import Callable
from random import Random
from typing import Any, Self

from beartype import beartype
from beartype._check.code import codemain
from beartype.roar import BeartypeDecorHintException

# It looks at one item of each list, at random: with numbers of its own, for tests compare the
# random state before and after.
assert hasattr(codemain, "getrandbits")
codemain.getrandbits = Random(0).getrandbits


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Beartype, where it can: the hook decorates methods one by one, without their class."""
    hints = getattr(function, "__annotations__", {})
    for name, hint in hints.items():
        if hint is Self:
            hints[name] = Any
    try:
        return beartype(function)
    except BeartypeDecorHintException:  # such as a Protocol, which only pyright can check
        return function
