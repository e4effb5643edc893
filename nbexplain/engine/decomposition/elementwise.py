"""Functions of one entry: Rescale, and RevealCancel where parts of the change are known."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from nbexplain.engine.decomposition.calls import Call, derivative
from nbexplain.engine.decomposition.names import STEEP
from nbexplain.engine.decomposition.pairs import carried, paired, twin_or_itself
from nbexplain.engine.decomposition.parts import parts


def elementwise(call: Call) -> Tensor:
    r"""A function of one entry: the multiplier is $\Delta y / \Delta x$ (Shrikumar et al., 3.5.1).

    Under RevealCancel the positive and the negative part of a change have multipliers of their own
    (3.5.3), $\Delta y^+ = \frac12 (f(x_0 + \Delta x^+) - f(x_0) + f(x) - f(x_0 + \Delta x^-))$ over
    $\Delta x^+$, and likewise. The parts may be far larger than the change, so functions that grow
    without bound, or end somewhere, keep to Rescale: exp of a part alone would drown the rest.
    """
    if len(call.varying) > 1:
        call.refuse("of several arguments that depend on the inputs")
    (x,) = call.varying
    if x.is_complex():
        call.refuse("of complex numbers")

    def f(t: Tensor) -> Tensor:
        return call(lambda a: t if a is call.varying[0] else a)

    with torch.no_grad():
        before = twin_or_itself(x)
        y, y_before = f(x), f(before)
    if x.shape != y.shape:
        before, x = before.expand(y.shape), x.expand(y.shape)
    cancels = call.cancels and call.name not in STEEP
    split = parts(call.varying[0]) if cancels else None
    if split is not None and split[0].shape == y.shape:
        return paired(_revealed(f, before, split, y, y_before), y_before)
    multiplier = _rescaled(call, x.detach(), before, y, y_before)
    return paired(carried(x, y, multiplier), y_before)


def ratio(effect: Tensor, change: Tensor) -> Tensor:
    """Effect over change; 0 where nothing changes.

    >>> ratio(torch.tensor([6.0, 0.0]), torch.tensor([2.0, 0.0]))
    tensor([3., 0.])
    """
    return torch.where(change == 0, 0, effect / change)


def _rescaled(call: Call, x: Tensor, before: Tensor, y: Tensor, y_before: Tensor) -> Tensor:
    r"""The multiplier $\Delta y / \Delta x$.

    Where $\Delta x$ is so small that the ratio is rounding, the derivative in the middle stands
    for it, as long as it gives the same $\Delta y$.
    """
    change, effect = x - before, y - y_before
    multiplier = effect / change
    near = change.abs() <= torch.finfo(x.dtype).eps ** 0.5 * x.abs()
    near |= ~multiplier.isfinite()
    if not bool(near.any()):
        return multiplier
    whole, varying = x, call.varying[0]
    x, before, change, effect = x[near], before[near], change[near], effect[near]
    # Entries that are the same in both worlds may be infinite: a mask before a softmax.
    middle = torch.where(x == before, x, (x + before) / 2)

    def picked(a: Tensor, t: Tensor) -> Tensor:
        if a is varying:
            return t
        return a.expand(whole.shape)[near] if a.ndim else a

    slope = derivative(lambda t: call(lambda a: picked(a, t)), middle).nan_to_num(0, 0, 0)
    size = torch.maximum(y[near].abs(), y_before[near].abs())
    fits = (slope * change - effect).abs() <= 4 * torch.finfo(x.dtype).eps * size
    # Entries that stay the same have nothing to pass on: every multiplier is exact.
    multiplier[near] = torch.where(
        fits | (x == before) | ~multiplier[near].isfinite(), slope, multiplier[near]
    )
    return multiplier


def _revealed(
    f: Callable[[Tensor], Tensor],
    before: Tensor,
    split: tuple[Tensor, Tensor],
    y: Tensor,
    y_before: Tensor,
) -> Tensor:
    """The value y, from the positive and the negative part of the change of its argument."""
    up, down = split
    with torch.no_grad():
        above, below = f(before + up), f(before + down)
        rise = (above - y_before + y - below) / 2
        fall = (below - y_before + y - above) / 2
        gain, loss = ratio(rise, up), ratio(fall, down)
    return carried(up * gain + down * loss, y)
