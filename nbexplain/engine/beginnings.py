"""Initial states of sequences: laid out as one more step, before the first."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Beginning:
    r"""A sequence of τ steps and p features, and states of S entries together that it begins with.

    Stacked they are `[τ + 1, p + S]`: the states' row first, which is 0 in the features of the
    steps, as the steps are 0 in the entries of the states. So a state has the lag τ, and what is
    formed of lags and features is formed of states, too.

    Attributes:
        shape: of the sequence, `(τ, p)`.
        sizes: how many entries the floating inputs have, in their order.
        place: of the sequence among them.
    """

    shape: tuple[int, int]
    sizes: tuple[int, ...]
    place: int

    @property
    def stacked_shape(self) -> tuple[int, int]:
        """Of the rows that `stacked` gives.

        >>> Beginning((3, 2), (6, 4), 0).stacked_shape
        (4, 6)
        """
        steps, width = self.shape
        return steps + 1, width + sum(self.sizes) - math.prod(self.shape)

    def stacked(self, x: Tensor) -> Tensor:
        """Inputs side by side, `[…, entries]`, as `[…, τ + 1, p + S]`.

        >>> Beginning((2, 1), (2, 1), 0).stacked(torch.tensor([1.0, 2.0, 9.0])).tolist()
        [[0.0, 9.0], [1.0, 0.0], [2.0, 0.0]]
        """
        parts = list(x.split(self.sizes, dim=-1))
        steps, width = parts.pop(self.place), self.shape[1]
        found = x.new_zeros(*x.shape[:-1], *self.stacked_shape)
        found[..., 1:, :width] = steps.unflatten(-1, self.shape)
        at = width
        for part in parts:
            found[..., 0, at : at + part.shape[-1]] = part
            at += part.shape[-1]
        return found

    def spans(self, spans: Tensor | None) -> Tensor | None:
        """The existing steps of padded rows, `[start, stop)`, where they stand in what is stacked.

        >>> Beginning((2, 1), (2, 1), 0).spans(torch.tensor([[0, 2]])).tolist()
        [[1, 3, 1]]
        """
        if spans is None:
            return None
        return torch.cat([spans + 1, torch.ones_like(spans[:, :1])], dim=1)
