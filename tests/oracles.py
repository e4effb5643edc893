"""Answers found another way: central finite differences in double precision."""

from collections.abc import Callable

import torch
from torch import Tensor


def central_differences(
    f: Callable[[tuple[Tensor, ...]], Tensor], inputs: tuple[Tensor, ...], step: float = 1e-5
) -> list[Tensor | None]:
    """Derivatives of the outputs of each row by the inputs of that row.

    `f` maps tensors `[n, ...]` in float64 to `[n, K]`. For each input `[n, *shape]` the answer is
    `[n, K, *shape]`, None for integers. Each entry of the input's shape is moved in all rows at
    once, by `step` either way, which is right only if rows are independent. Nothing here knows
    of autograd.
    """
    answers: list[Tensor | None] = []
    with torch.no_grad():
        outputs = f(tuple(x.clone() for x in inputs))
        for position, x in enumerate(inputs):
            if not x.is_floating_point():
                answers.append(None)
                continue
            assert x.dtype == outputs.dtype == torch.float64
            columns = []
            for entry in range(x[0].numel()):
                ends = []
                for sign in (1, -1):
                    moved = [other.clone() for other in inputs]
                    moved[position].view(len(x), -1)[:, entry] += sign * step
                    ends.append(f(tuple(moved)))
                columns.append((ends[0] - ends[1]) / (2 * step))
            answers.append(torch.stack(columns, dim=-1).reshape(*outputs.shape, *x.shape[1:]))
    return answers
