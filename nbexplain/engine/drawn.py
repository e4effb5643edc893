"""Derivatives averaged over draws: of a background, or of noise.

What is drawn depends on the seed and on a row's position alone, not on the batches.
"""

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.attributed import Attributed, Inputs, Task, between, distances, returned
from nbexplain.engine.axes import Float, Int64
from nbexplain.engine.samples import draw
from nbexplain.engine.sensitivities import sensitivities

BLOCK = 256
"""Rows whose noise is drawn together."""


def expected(task: Task, samples: int) -> Attributed:
    r"""Expected gradients: the mean of integrated gradients over a background.

    $\varphi_e = E_{b, \alpha}[(x_e - b_e)\, \partial_e F(b + \alpha (x - b))]$ (Erion et al.,
    2021), with `samples` draws of $b$ a row, each in its own stratum of $\alpha$. What is drawn
    depends on the seed and the row's position alone. The base is the mean output of the
    background; sums meet the difference from it in expectation.

    Standard errors are those of collapsed strata: neighbouring strata are paired,
    $s^2 = \frac{1}{n^2} \sum_i (\varphi_{2i} - \varphi_{2i + 1})^2$, which is too large by what
    their means differ (Cochran, Sampling Techniques, 1977, §5A.12).

    Args:
        task: with a background for its references.
        samples: draws a row.
    """
    inputs, background = task.inputs, task.references
    function, total = task.function, None
    count, known = len(task.positions), len(background[0])
    before, squares, pooled = None, None, task.pooled
    for sample in range(samples):
        drawn = draw(task.positions, task.seed + 2 * sample + 1)
        picked = torch.from_numpy((drawn % np.uint64(known)).astype(np.int64))
        within = draw(task.positions, task.seed + 2 * sample + 2) / 2.0**64
        alpha = torch.from_numpy((sample + within) / samples)
        at = task.against(tuple(b[picked.to(b.device)] for b in background))
        points = tuple(between(x, b, alpha) for x, b in zip(inputs, at, strict=True))
        _, jacobian = sensitivities(function, points)
        part = jacobian * distances(inputs, at).view(count, 1, *jacobian.shape[2:])
        if pooled is not None:
            told = pooled(part).double()
            if sample % 2 and before is not None:
                apart = (told - before).square_()
                squares = apart if squares is None else squares.add_(apart)
            before = told
        total = part if total is None else total.add_(part)
    assert total is not None  # at least one sample
    outputs, base = returned(function, inputs), _mean_output(task)
    errors = None if before is None else torch.full_like(before, torch.nan)
    if squares is not None:  # of an odd number the last draw has no neighbour
        errors = squares.div_(samples * (samples - samples % 2)).sqrt_()
    errors = None if errors is None else errors.to(outputs.dtype)
    return Attributed(outputs, total.div_(samples), base, errors)


def _mean_output(task: Task) -> Float[Tensor, "rows outputs"]:
    """The mean output of the background; of each row its own, where the function is."""
    count, known = len(task.positions), len(task.references[0])
    if not (task.own or task.there) and all(x.is_floating_point() for x in task.inputs):
        found = task.among(torch.zeros(known, dtype=torch.int64))
        one = returned(found, task.references).mean(0, keepdim=True)
        return one.expand(count, -1)
    total: Tensor | None = None
    for place in range(known):
        rows = tuple(b[place : place + 1].expand(count, *b.shape[1:]) for b in task.references)
        part = returned(task.function, task.against(rows))
        total = part if total is None else total + part
    assert total is not None  # a background has a row
    return total / known


def smoothed(task: Task, samples: int, deviations: Inputs) -> Attributed:
    r"""The mean derivative under noise: $E[\partial F(x + \sigma \varepsilon)]$, ε standard normal.

    Smilkov et al. (2017). The noise depends on the seed and the row's position alone.

    Args:
        task: without references.
        samples: draws a row.
        deviations: σ of each entry, one tensor `[1, *shape]` per input; of integers nothing.
    """
    function, total = task.function, None
    for sample in range(samples):
        noise = tuple(
            x + s * _normal(task.positions, x, task.seed + sample) if x.is_floating_point() else x
            for x, s in zip(task.inputs, deviations, strict=True)
        )
        _, jacobian = sensitivities(function, noise)
        total = jacobian.clone() if total is None else total.add_(jacobian)
    assert total is not None  # at least one sample
    return Attributed(returned(function, task.inputs), total.div_(samples))


def _normal(positions: Int64[np.ndarray, " rows"], like: Tensor, seed: int) -> Tensor:
    """Standard normal noise of rows, the same wherever batches begin."""
    shape = like.shape[1:]
    found = torch.empty(like.shape, dtype=like.dtype)
    for block in np.unique(positions // BLOCK).tolist():
        here = np.flatnonzero(positions // BLOCK == block)
        generator = torch.Generator().manual_seed(int(draw(np.array([block]), seed)[0] >> 1))
        drawn = torch.randn(BLOCK, *shape, generator=generator, dtype=torch.float64)
        found[here] = drawn[positions[here] % BLOCK].to(like.dtype)
    return found.to(like.device)
