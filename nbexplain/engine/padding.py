"""Padded sequences: where each row's steps are, and the same steps aligned by lag.

A span is `[start, stop)`, the steps of a row that exist; what lies outside is padding. Aligned,
every row's last existing step stands last, so that lag 0 means the same in all rows (METHODS A4).
Spans `[start, stop, first]` are those of sequences with `first` places for initial states before
their steps: these exist in every row, and stay where they are.
"""

import torch
from torch import Tensor

from nbexplain.engine.axes import Int64


def existing(spans: Int64[Tensor, "rows _"], steps: int) -> Tensor:
    """Which steps exist, `[rows, steps]`.

    >>> existing(torch.tensor([[0, 2], [1, 3]]), 3).int().tolist()
    [[1, 1, 0], [0, 1, 1]]
    """
    step = torch.arange(steps, device=spans.device)
    return (step >= spans[:, :1]) & (step < spans[:, 1:2]) | (step < _first(spans))


def reaching(spans: Int64[Tensor, "rows _"], steps: int) -> Tensor:
    """Which steps exist once rows are aligned, `[rows, steps]`.

    >>> reaching(torch.tensor([[0, 2], [1, 3]]), 3).int().tolist()
    [[0, 1, 1], [0, 1, 1]]
    """
    length, step = spans[:, 1:2] - spans[:, :1], torch.arange(steps, device=spans.device)
    return (step >= steps - length) | (step < _first(spans))


def _first(spans: Int64[Tensor, "rows _"]) -> Tensor:
    """How many places stand before all steps, `[rows, 1]`."""
    return spans[:, 2:] if spans.shape[1] > 2 else torch.zeros_like(spans[:, :1])


def aligned(x: Tensor, spans: Int64[Tensor, "rows _"]) -> Tensor:
    """Rows `[rows, outputs, steps, p]` with their last existing step last, and 0 before the first.

    >>> x = torch.tensor([1.0, 2.0, 9.0]).view(1, 1, 3, 1)
    >>> aligned(x, torch.tensor([[0, 2]])).flatten().tolist()
    [0.0, 1.0, 2.0]
    >>> aligned(x, torch.tensor([[1, 2, 1]])).flatten().tolist()  # a state, a step, padding
    [1.0, 0.0, 2.0]
    """
    steps, spans = x.shape[2], spans.to(x.device)
    # What would lie before the first place is masked, or a state, which is there.
    place = torch.arange(steps, device=x.device) - steps + spans[:, 1:2]
    found = x.gather(2, place.clamp(min=0)[:, None, :, None].expand_as(x))
    return found.masked_fill_(~reaching(spans, steps)[:, None, :, None], 0)


def from_first(x: Tensor, spans: Int64[Tensor, "rows 2"]) -> Tensor:
    """Rows `[rows, outputs, steps, p]` with their first existing step first, and 0 after the last.

    >>> x = torch.tensor([9.0, 1.0, 2.0]).view(1, 1, 3, 1)
    >>> from_first(x, torch.tensor([[1, 3]])).flatten().tolist()
    [1.0, 2.0, 0.0]
    """
    steps, spans = x.shape[2], spans.to(x.device)
    step = torch.arange(steps, device=x.device)
    found = x
    if bool(spans[:, 0].any()):
        place = (step + spans[:, :1]).clamp(max=steps - 1)
        found = x.gather(2, place[:, None, :, None].expand_as(x))
    there = step < spans[:, 1:2] - spans[:, :1]
    return found.masked_fill(~there[:, None, :, None], 0)
