"""Operations that are linear in what varies: autograd's derivative is the multiplier."""

from __future__ import annotations

from typing import Any

import torch

from nbexplain.engine.decomposition.calls import Call, parameters
from nbexplain.engine.decomposition.names import SUMS_IN_PLACE
from nbexplain.engine.decomposition.pairs import adopt, mapped, paired, twin_or_itself

_IN_THE_FIRST = frozenset({"batch_norm", "grid_sampler", "type", "repeat_interleave"})


def linear(call: Call) -> Any:
    """A linear operation, in both worlds as it is written: in place, into views, on views."""
    if call.name in _IN_THE_FIRST and not call.varies_in(call.args[0]):
        call.refuse("where other arguments than the first depend on the inputs")
    if call.cancels and call.in_place and call.name in SUMS_IN_PLACE:
        with torch.no_grad():
            before = call(twin_or_itself)
        return paired(call(lambda t: t), before)
    if call.in_place:
        adopt(call.args[0])
    result = call.function(*call.args, **call.kwargs)
    args, kwargs = mapped((call.args, call.kwargs), twin_or_itself)
    with torch.no_grad():
        return paired(result, call.function(*args, **kwargs))


def batch_norm(call: Call) -> Any:
    """Normalisation by kept statistics; those of the batch would let rows influence each other."""
    if call.args[5]:
        call.refuse("by the statistics of the batch")
    return linear(call)


def dropout(call: Call) -> Any:
    """Nothing, in evaluation mode."""
    _, p, training = parameters(call, "input", "p", "train")
    if training and p > 0:
        call.refuse("that is left on")
    return linear(call)


def detached(call: Call) -> Any:
    """`detach` and `.data`: the values vary all the same, so their changes count."""
    return paired(call.args[0].view_as(call.args[0]), twin_or_itself(call.args[0]))
