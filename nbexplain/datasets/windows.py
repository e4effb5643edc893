"""A series cut into overlapping windows."""

from torch import Tensor


def windows(series: Tensor, steps: int) -> Tensor:
    """All runs of so many consecutive steps, `[time, p]` to `[time - steps + 1, steps, p]`.

    >>> import torch
    >>> windows(torch.arange(4.0)[:, None], 2).squeeze(2).tolist()
    [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
    """
    return series.unfold(0, steps, 1).mT.contiguous()
