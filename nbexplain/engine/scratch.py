"""Memory that the batches of a pass use in turn."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

LARGE_BYTES = 4 * 2**20
"""From here on NumPy asks the system for pages of 2 MB, instead of 4 kB."""


class Scratch:
    """Working memory by name, taken again for each batch.

    A batch's derivatives in double precision are megabytes, which the system hands out page by
    page and takes back when they are freed: that costs more than the arithmetic on them. Much
    of it comes in large pages, which are handed out and found faster.
    """

    def __init__(self) -> None:
        self._held: dict[str, Tensor] = {}

    def empty(self, name: str, shape: Sequence[int], dtype: torch.dtype, like: Tensor) -> Tensor:
        """Memory on the device of `like`, its contents undefined and lost at the next call.

        >>> scratch = Scratch()
        >>> a = scratch.empty("squares", (2, 3), torch.float64, torch.zeros(1))
        >>> b = scratch.empty("squares", (3,), torch.float64, torch.zeros(1))
        >>> a.data_ptr() == b.data_ptr()
        True
        """
        size = torch.Size(shape).numel() * dtype.itemsize
        held = self._held.get(name)
        if held is None or len(held) < size or held.device != like.device:
            held = self._held[name] = _bytes(size, like.device)
        return held[:size].view(dtype).view(*shape)


def _bytes(count: int, device: torch.device) -> Tensor:
    if device.type == "cpu" and count >= LARGE_BYTES:
        return torch.from_numpy(np.empty(count, np.uint8))
    return torch.empty(count, dtype=torch.uint8, device=device)
