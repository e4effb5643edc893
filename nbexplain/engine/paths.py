"""Gradients averaged: over the way from a baseline, over a background, over noise.

Each average is formed a node at a time over the rows of one batch, so that it takes no more
memory than one batch of derivatives; rows that need more nodes than the others get them alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.axes import Float, Int64
from nbexplain.engine.samples import draw
from nbexplain.engine.sensitivities import Function, sensitivities

MOST_NODES = 1024
"""Nodes at which a row that still misses the tolerance is left as it is."""

AT_ONCE = 2**20
"""Derivatives formed at once, of several nodes where rows are few."""

Inputs = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class Task:
    """One batch to attribute.

    Attributes:
        inputs: one tensor `[rows, *shape]` per input of the model.
        among: from positions in the batch (which may repeat) to the differentiated function of
            those rows.
        references: what the inputs are held against: each `[1, *shape]` or `[rows, *shape]`; a
            background `[samples, *shape]`; empty for methods without any.
        positions: of the rows in X, which settle what is drawn for each.
        seed: of what is drawn.
        own: whether the function differs from row to row, as the loss of true values does.
    """

    inputs: Inputs
    among: Callable[[Int64[Tensor, " some"]], Function]
    references: Inputs
    positions: Int64[np.ndarray, " rows"]
    seed: int
    own: bool = False

    @property
    def every(self) -> Int64[Tensor, " rows"]:
        """All rows of the batch."""
        return torch.arange(len(self.positions))

    @property
    def function(self) -> Function:
        """The differentiated function of all rows of the batch."""
        return self.among(self.every)

    def rows(self, which: Int64[Tensor, " some"]) -> tuple[Inputs, Inputs]:
        """Inputs and references of some rows; a reference for all rows is given to each."""
        count = len(self.positions)
        inputs = tuple(x[which.to(x.device)] for x in self.inputs)
        references = tuple(
            b.expand(len(which), *b.shape[1:]) if len(b) != count else b[which.to(b.device)]
            for b in self.references
        )
        # Integers have no way to a reference: they stay as they are.
        both = zip(inputs, references, strict=True)
        return inputs, tuple(b if x.is_floating_point() else x for x, b in both)


@dataclass(frozen=True, eq=False)
class Attributed:
    """What a method says of one batch.

    Attributes:
        outputs: of the differentiated function, `[rows, outputs]`.
        attributions: `[rows, outputs, *shape]`.
        base: the outputs at the baseline, `[rows, outputs]`; None for methods without one.
    """

    outputs: Float[Tensor, "rows outputs"]
    attributions: Float[Tensor, "rows outputs *shape"]
    base: Float[Tensor, "rows outputs"] | None = None


def at_baseline(task: Task) -> tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs"]]:
    """The outputs of every row, and of its baseline."""
    inputs, references = task.rows(task.every)
    function = task.function
    with torch.no_grad():
        # Copies, for a model's first operation may be in place.
        outputs, base = (function(tuple(x.clone() for x in xs)) for xs in (inputs, references))
    return outputs, base


def integrated(task: Task, nodes: int, tolerance: float) -> Attributed:
    r"""Integrated gradients by Gauss-Legendre quadrature, with more nodes where they are needed.

    $\varphi_e = (x_e - b_e) \int_0^1 \partial_e F(b + \alpha (x - b))\, d\alpha$ (Sundararajan,
    Taly & Yan, 2017). The nodes are doubled, up to 1,024, for the rows whose sum misses
    $F(x) - F(b)$ by more than the tolerance.

    Args:
        task: with a baseline for its references.
        nodes: of the quadrature, to begin with.
        tolerance: of the gap, relative to the difference of the outputs.

    >>> f = lambda inputs: (inputs[0][:, :1] ** 2 * inputs[0][:, 1:])
    >>> x, zero = torch.tensor([[1.5, -2.0]]), torch.zeros(1, 2)
    >>> task = Task((x,), lambda rows: f, (zero,), np.zeros(1, np.int64), 0)
    >>> integrated(task, 8, 1e-3).attributions.round(decimals=4)
    tensor([[[-3.0000, -1.5000]]])
    """
    outputs, base = at_baseline(task)
    which, found = task.every, None
    entries = sum(x[0].numel() for x in task.inputs if x.is_floating_point())
    while True:
        part = _along(task, which, nodes, AT_ONCE // (entries * outputs.shape[1]))
        if found is None:
            found = part
        else:
            found[which.to(found.device)] = part
        nodes *= 2
        here = which.to(outputs.device)
        missed = exceeds(part, outputs[here], base[here], tolerance)
        which = which[missed.to(which.device)]
        if not len(which) or nodes > MOST_NODES:
            return Attributed(outputs, found, base)


def gaps(
    attributions: Float[Tensor, "rows outputs *shape"],
    outputs: Float[Tensor, "rows outputs"],
    base: Float[Tensor, "rows outputs"],
) -> Float[Tensor, "rows outputs"]:
    """By how much the attributions' sum misses the difference of the outputs."""
    return outputs.double() - base.double() - attributions.flatten(2).double().sum(2)


def exceeds(
    attributions: Float[Tensor, "rows outputs *shape"],
    outputs: Float[Tensor, "rows outputs"],
    base: Float[Tensor, "rows outputs"],
    tolerance: float,
) -> Tensor:
    """The rows whose gap is beyond the tolerance, relative to |ΔF|, and beyond rounding."""
    rounding = 16 * torch.finfo(outputs.dtype).eps
    size = outputs.abs() + base.abs() + attributions.flatten(2).abs().sum(2)
    allowed = tolerance * (outputs - base).abs() + rounding * size
    return (gaps(attributions, outputs, base).abs() > allowed).any(1)


def _along(
    task: Task, which: Int64[Tensor, " some"], nodes: int, most: int
) -> Float[Tensor, "some outputs *shape"]:
    """The quadrature for some rows; few rows take several nodes at once, up to `most` together."""
    alphas, weights = quadrature(nodes)
    count = len(which)
    at_once = max(1, most // count)
    total: Tensor | None = None
    inputs, references = task.rows(which)
    steps = _steps(inputs, references)
    for start in range(0, nodes, at_once):
        part = slice(start, start + at_once)
        several = len(alphas[part])
        function = task.among(which.repeat(several))
        at = tuple(
            torch.cat([_between(x, b, alpha) for alpha in alphas[part].tolist()])
            for x, b in zip(inputs, references, strict=True)
        )
        _, jacobian = sensitivities(function, at)
        shaped = jacobian.view(several, count, *jacobian.shape[1:])
        weighed = torch.tensordot(weights[part].to(shaped), shaped, dims=1)
        total = weighed if total is None else total.add_(weighed)
    assert total is not None  # at least one node
    return total.mul_(steps.view(count, 1, *total.shape[2:]))


def expected(task: Task, samples: int) -> Attributed:
    r"""Expected gradients: the mean of integrated gradients over a background.

    $\varphi_e = E_{b, \alpha}[(x_e - b_e)\, \partial_e F(b + \alpha (x - b))]$ (Erion et al.,
    2021), with `samples` draws of $b$ a row, each in its own stratum of $\alpha$. What is drawn
    depends on the seed and the row's position alone. The base is the mean output of the
    background; sums meet the difference from it in expectation.

    Args:
        task: with a background for its references.
        samples: draws a row.
    """
    inputs, background = task.inputs, task.references
    function, total = task.function, None
    count, known = len(task.positions), len(background[0])
    for sample in range(samples):
        drawn = draw(task.positions, task.seed + 2 * sample + 1)
        picked = torch.from_numpy((drawn % np.uint64(known)).astype(np.int64))
        within = draw(task.positions, task.seed + 2 * sample + 2) / 2.0**64
        alpha = torch.from_numpy((sample + within) / samples)
        at = tuple(
            b[picked.to(b.device)] if x.is_floating_point() else x
            for x, b in zip(inputs, background, strict=True)
        )
        between = tuple(_between(x, b, alpha) for x, b in zip(inputs, at, strict=True))
        _, jacobian = sensitivities(function, between)
        part = jacobian * _steps(inputs, at).view(count, 1, *jacobian.shape[2:])
        total = part if total is None else total.add_(part)
    assert total is not None  # at least one sample
    with torch.no_grad():
        outputs = function(tuple(x.clone() for x in inputs))
        base = _mean_output(task)
    return Attributed(outputs, total.div_(samples), base)


def _mean_output(task: Task) -> Float[Tensor, "rows outputs"]:
    """The mean output of the background; of each row its own, where the function is."""
    count, known = len(task.positions), len(task.references[0])
    if not task.own and all(x.is_floating_point() for x in task.inputs):
        found = task.among(torch.zeros(known, dtype=torch.int64))
        one = found(tuple(b.clone() for b in task.references)).mean(0, keepdim=True)
        return one.expand(count, -1)
    total: Tensor | None = None
    for place in range(known):
        at = tuple(
            b[place : place + 1].expand(count, *b.shape[1:]).clone()
            if x.is_floating_point()
            else x.clone()
            for x, b in zip(task.inputs, task.references, strict=True)
        )
        part = task.function(at)
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
    function, total, outputs = task.function, None, None
    for sample in range(samples):
        noise = tuple(
            x + s * _normal(task.positions, x, task.seed + sample) if x.is_floating_point() else x
            for x, s in zip(task.inputs, deviations, strict=True)
        )
        _, jacobian = sensitivities(function, noise)
        total = jacobian.clone() if total is None else total.add_(jacobian)
    assert total is not None  # at least one sample
    with torch.no_grad():
        outputs = function(tuple(x.clone() for x in task.inputs))
    return Attributed(outputs, total.div_(samples))


BLOCK = 256
"""Rows whose noise is drawn together."""


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


def _between(x: Tensor, b: Tensor, alpha: float | Tensor) -> Tensor:
    """The point on the way from b to x; integers, which have no way, as they are."""
    if not x.is_floating_point():
        return x
    if isinstance(alpha, Tensor):
        alpha = alpha.to(x).view(-1, *[1] * (x.ndim - 1))
    return b + alpha * (x - b)


def stepped(
    task: Task, jacobian: Float[Tensor, "rows outputs *shape"]
) -> Float[Tensor, "rows outputs *shape"]:
    """Derivatives times how far each entry is from its reference."""
    inputs, references = task.rows(task.every)
    return jacobian * _steps(inputs, references).view(len(jacobian), 1, *jacobian.shape[2:])


def _steps(inputs: Inputs, references: Inputs) -> Float[Tensor, "rows *shape"]:
    """How far each entry is from its reference, as the derivatives stand."""
    steps = [x - b for x, b in zip(inputs, references, strict=True) if x.is_floating_point()]
    if len(steps) == 1:
        return steps[0]
    return torch.cat([step.flatten(1) for step in steps], dim=1)


@cache
def quadrature(nodes: int) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre nodes and weights on [0, 1], in double precision.

    >>> at, weights = quadrature(2)
    >>> float((weights * at**3).sum())
    0.25
    """
    at, weights = np.polynomial.legendre.leggauss(nodes)
    return torch.from_numpy((at + 1) / 2), torch.from_numpy(weights / 2)
