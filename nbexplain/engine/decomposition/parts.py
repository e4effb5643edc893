"""Positive and negative parts of a change, as RevealCancel needs them.

A linear operation sorts the contributions to each of its entries by their sign (Shrikumar et al.,
3.5.2). Both parts keep their own way back to what they came from.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbexplain.engine.decomposition.calls import Call
from nbexplain.engine.decomposition.names import ARRANGING, SUMMING, SUMS_IN_PLACE, WEIGHTED
from nbexplain.engine.decomposition.pairs import tensors_in, twin, twin_or_itself

_PARTS = "_nbexplain_parts"


def parts(t: Tensor) -> tuple[Tensor, Tensor] | None:
    """Positive and negative part of t's change, or None where nothing but its sum is known."""
    kept = vars(t).get(_PARTS)
    # What was written into t since then, or into a view of it, is not in its parts.
    return kept[:2] if kept is not None and kept[2] == t._version else None


def keep_parts(t: Tensor, up: Tensor, down: Tensor) -> None:
    """Remember the parts of t's change."""
    vars(t)[_PARTS] = up, down, t._version


def split(t: Tensor) -> tuple[Tensor, Tensor]:
    """The parts of t's change; of its sum, where no more is known."""
    known = parts(t)
    if known is not None:
        return known
    return _by_sign(t - twin_or_itself(t))


def _by_sign(change: Tensor) -> tuple[Tensor, Tensor]:
    """Positive and negative entries; infinite ones, the same in both worlds, change nothing."""
    return (
        torch.where(change.detach() > 0, change, 0),
        torch.where(change.detach() < 0, change, 0),
    )


def follow_parts(call: Call, result: Any) -> None:
    """Keep the parts of a linear operation's result."""
    if call.in_place and call.name not in SUMS_IN_PLACE:
        return
    if not all(t.is_floating_point() for t in call.varying):
        return
    if call.name in WEIGHTED - {"mul"}:
        if len(call.occurrences) == 1:
            _weighted_parts(call, result)
    elif call.name in SUMMING or _scales(call) or (call.name in ARRANGING and _has_more(call)):
        _sorted_parts(call, result)


def _scales(call: Call) -> bool:
    """Whether entries are multiplied by constants."""
    first = call.args[0]
    return call.name in {"div", "mul"} and len(call.occurrences) == 1 and twin(first) is not None


def _has_more(call: Call) -> bool:
    """Whether more is known of an argument than its change, or several are joined."""
    return len(call.varying) > 1 or parts(call.varying[0]) is not None


def _weighted_parts(call: Call, result: Tensor) -> None:
    """Parts after a product of one argument that varies with constant weights."""
    (x,) = call.varying
    others = [t for t in tensors_in((call.args, call.kwargs)) if t is not x]
    floating = [t for t in others if t.is_floating_point()]
    if not floating or result.is_complex():
        return _sorted_parts(call, result)
    rise, fall = _by_sign(x - twin_or_itself(x))

    def through(entries: Tensor, *, positive: bool) -> Tensor:
        """The operation on a part of the change, with the positive or the negative weights."""

        def change(t: Tensor) -> Tensor:
            if t is x:
                return entries
            if not t.is_floating_point():
                return t
            return t.clamp(min=0) if positive else t.clamp(max=0)

        return call(change)

    zero = torch.zeros_like(x.detach())
    # Biases are clamped with the weights, and leave with what zeros give.
    biases = through(zero, positive=True) + through(zero, positive=False)
    up = through(rise, positive=True) + through(fall, positive=False) - biases
    down = through(fall, positive=True) + through(rise, positive=False) - biases
    return keep_parts(result, up, down)


def _sorted_parts(call: Call, result: Any) -> None:
    """Parts after any other linear operation: of each argument's parts, sorted by sign again."""
    if isinstance(result, tuple | list):
        for at, one in enumerate(result):
            if isinstance(one, Tensor) and one.is_floating_point():
                _sorted(call, one, at)
    elif isinstance(result, Tensor) and result.is_floating_point():
        _sorted(call, result, None)


def _sorted(call: Call, result: Tensor, at: int | None) -> None:
    def outcome(x: Tensor | None, entries: Tensor | None) -> Tensor:
        """What the operation gives when x changes by entries, and all else that varies is 0."""

        def change(t: Tensor) -> Tensor:
            if x is not None and t is x and entries is not None:
                return entries
            return t if twin(t) is None else torch.zeros_like(t.detach())

        answer = call(change)
        return answer if at is None else answer[at]

    nothing = outcome(None, None)
    ups: list[Tensor] = []
    downs: list[Tensor] = []
    for x in call.varying:
        for part in split(x):
            up, down = _by_sign(outcome(x, part) - nothing)
            ups.append(up)
            downs.append(down)
    keep_parts(result, sum(ups[1:], ups[0]), sum(downs[1:], downs[0]))
