r"""The largest of several entries: maxima over axes and in windows.

On the straight way from the reference to the row every entry moves evenly, and the maximum follows
one of them after the other. An entry's multiplier is the share of the way on which it is the
largest: exact, without an order of the entries, and for two the same as $a + \max(b - a, 0)$ with
Rescale.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from nbexplain.engine.decomposition.calls import Call, parameters
from nbexplain.engine.decomposition.pairs import both, carried, paired, twin_or_itself


def shares(x: Tensor, before: Tensor) -> Tensor:
    """Share of the way on which each entry is the largest along the last axis.

    Args:
        x: entries of the rows, `[..., entries]`.
        before: of the references.

    >>> shares(torch.tensor([3.0, 5.0]), torch.tensor([4.0, 0.0]))
    tensor([0.6667, 0.3333])
    """
    start, change = before.flatten(0, -2) if before.ndim > 1 else before[None], x - before
    change = torch.where(x == before, 0, change).reshape(start.shape)
    result = torch.zeros_like(start)
    # Of several that begin as the largest, the one that grows fastest leads.
    leads = start == start.amax(-1, keepdim=True)
    leader = torch.where(leads, change, -torch.inf).argmax(-1, keepdim=True)
    now = torch.zeros_like(leader, dtype=start.dtype)
    rows = torch.arange(len(start), device=start.device)
    while len(rows):
        behind = start[rows].gather(1, leader) - start[rows]
        faster = change[rows] - change[rows].gather(1, leader)
        meets = torch.where(faster > 0, behind / faster, torch.inf).clamp_min(now)
        then = meets.amin(-1, keepdim=True)
        result[rows] = result[rows].scatter_add(1, leader, then.clamp_max(1) - now)
        overtakes = torch.where(meets == then, faster, -torch.inf).argmax(-1, keepdim=True)
        going = then[:, 0] < 1
        rows, leader, now = rows[going], overtakes[going], then[going]
    return result.reshape(x.shape)


def _largest(x: Tensor) -> Tensor:
    """Maximum over the last axis."""
    before = twin_or_itself(x)
    multiplier = shares(x.detach(), before)
    followed = carried(x, torch.zeros_like(multiplier), multiplier).sum(-1)
    return paired(carried(followed, x.detach().amax(-1)), before.amax(-1))


def largest(call: Call) -> Any:
    """`amax`, and `max` over all entries or an axis, or of two tensors."""
    x, dim, keepdim = parameters(call, "input", "dim", "keepdim", dim=None, keepdim=False)
    if isinstance(dim, Tensor):
        return call.seen(greater, x, dim)
    if "other" in call.kwargs:
        return call.seen(greater, x, call.kwargs["other"])
    axes = [dim] if isinstance(dim, int) else list(dim or range(x.ndim))
    axes = [axis % x.ndim for axis in axes]
    flat = both(lambda t: t.movedim(axes, [*range(-len(axes), 0)]).flatten(-len(axes)), x)
    values = _largest(flat)
    if keepdim:
        shape = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
        values = both(lambda t: t.reshape(shape), values)
    if call.name == "max" and isinstance(dim, int):
        with torch.no_grad():
            found, other = call(lambda t: t), call(twin_or_itself)
        return type(found)((values, paired(found.indices, other.indices)))
    return values


def smallest(call: Call) -> Any:
    """`amin` and `min`: minus the largest of the negatives."""
    x, *rest = call.args
    other = rest[0] if rest else call.kwargs.get("other")
    if isinstance(other, Tensor):
        return call.seen(lesser, x, other)
    function = torch.amax if call.name == "amin" else torch.max
    found = call.seen(function, both(torch.neg, x), *rest, **call.kwargs)
    if isinstance(found, Tensor):
        return both(torch.neg, found)
    return torch.return_types.min((both(torch.neg, found.values), found.indices))


def greater(a: Tensor, b: Any) -> Tensor:
    """The greater of two: a + relu(b - a)."""
    return a + (b - a).relu()


def lesser(a: Tensor, b: Any) -> Tensor:
    """The lesser of two: a - relu(a - b)."""
    return a - (a - b).relu()


def bounded(x: Tensor, min: Any = None, max: Any = None) -> Tensor:  # noqa: A002
    """`clamp` between bounds that vary themselves."""
    x = x if min is None else greater(x, min)
    return x if max is None else lesser(x, max)


def pooled(call: Call) -> Any:
    """Maximum in windows."""
    x, size, stride, padding, dilation = parameters(
        call, "input", "kernel_size", "stride", "padding", "dilation", padding=0, dilation=1
    )
    axes = _axes(call.name)
    sizes, steps = _each(size, axes), _each(stride or size, axes)
    pads, gaps = _each(padding, axes), _each(dilation, axes)

    def span(axis: int, out: int, _length: int) -> Tensor:
        first = torch.arange(out) * steps[axis] - pads[axis]
        return first[:, None] + torch.arange(sizes[axis]) * gaps[axis]

    return _windows(call, x, axes, span)


def adaptively_pooled(call: Call) -> Any:
    """Maximum in windows that divide the input evenly."""
    x, axes = call.args[0], _axes(call.name)

    def span(_axis: int, out: int, length: int) -> Tensor:
        at = torch.arange(out)
        first, last = at * length // out, ((at + 1) * length + out - 1) // out
        places = first[:, None] + torch.arange(int((last - first).max()))
        return torch.where(places < last[:, None], places, -1)

    return _windows(call, x, axes, span)


def _axes(name: str) -> int:
    return int(name.split("pool")[1][0])


def _each(value: Any, axes: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * axes if len(values) == 1 else values


def _windows(call: Call, x: Tensor, axes: int, span: Any) -> Any:
    """The largest in each window, `span` saying where windows lie along an axis."""
    with torch.no_grad():
        found, other = call(lambda t: t), call(twin_or_itself)
    values = found if isinstance(found, Tensor) else found[0]
    lengths, outs = x.shape[-axes:], values.shape[-axes:]
    spans = [span(axis, outs[axis], lengths[axis]) for axis in range(axes)]
    places = torch.zeros((1, 1), dtype=torch.long)
    outside = torch.zeros((1, 1), dtype=torch.bool)
    for length, where in zip(lengths, spans, strict=True):
        beyond = (where < 0) | (where >= length)
        places = (
            (places[:, None, :, None] * length + where[None, :, None, :]).flatten(2).flatten(0, 1)
        )
        outside = (outside[:, None, :, None] | beyond[None, :, None, :]).flatten(2).flatten(0, 1)
    # What lies outside is one more entry, smaller than all.
    places = torch.where(outside, lengths.numel(), places).to(x.device)
    lowest = torch.finfo(x.dtype).min

    def windows(t: Tensor) -> Tensor:
        flat = torch.nn.functional.pad(t.flatten(-axes), (0, 1), value=lowest)
        return flat[..., places]

    largest_in_each = _largest(both(windows, x))
    shape = values.shape
    result = both(lambda t: t.reshape(shape), largest_in_each)
    if isinstance(found, Tensor):
        return result
    return result, paired(found[1], other[1])
