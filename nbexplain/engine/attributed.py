"""What a method is asked of one batch, and what it answers; how contributions add up."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.axes import Float, Int64
from nbexplain.engine.sensitivities import Function

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
        there: of each input, the existing steps of its rows, `[rows, steps]`; None where nothing
            is padding. Empty where no input has any.
        pooled: adds entries `[rows, outputs, *shape]` up to what is told of each row,
            `[rows, outputs, parts]`, whose standard errors are formed; None where nobody asks.
    """

    inputs: Inputs
    among: Callable[[Int64[Tensor, " some"]], Function]
    references: Inputs
    positions: Int64[np.ndarray, " rows"]
    seed: int
    own: bool = False
    there: tuple[Tensor | None, ...] = ()
    pooled: Callable[[Tensor], Tensor] | None = None

    @property
    def every(self) -> Int64[Tensor, " rows"]:
        """All rows of the batch."""
        return torch.arange(len(self.positions))

    @property
    def function(self) -> Function:
        """The differentiated function of all rows of the batch."""
        return self.among(self.every)

    def against(self, references: Inputs) -> Inputs:
        """References as rows are held against them: padding, as integers, against itself.

        So padding contributes nothing.

        Args:
            references: one tensor per input, `[rows, *shape]` or `[1, *shape]`.
        """
        found: list[Tensor] = []
        masks = self.there or (None,) * len(self.inputs)
        for x, b, there in zip(self.inputs, references, masks, strict=True):
            if not x.is_floating_point():
                found.append(x)
            elif there is None:
                found.append(b)
            else:
                found.append(torch.where(there.view(*there.shape, *[1] * (x.ndim - 2)), b, x))
        return tuple(found)

    def rows(self, which: Int64[Tensor, " some"]) -> tuple[Inputs, Inputs]:
        """Inputs and references of some rows; a reference for all rows is given to each."""
        count = len(self.positions)
        inputs = tuple(x[which.to(x.device)] for x in self.inputs)
        references = tuple(
            b.expand(len(which), *b.shape[1:]) if len(b) != count else b[which.to(b.device)]
            for b in self._held
        )
        return inputs, references

    @cached_property
    def _held(self) -> Inputs:
        return self.against(self.references)


@dataclass(frozen=True, eq=False)
class Attributed:
    """What a method says of one batch.

    Attributes:
        outputs: of the differentiated function, `[rows, outputs]`.
        attributions: `[rows, outputs, *shape]`.
        base: the outputs at the baseline, `[rows, outputs]`; None for methods without one.
        errors: of methods that draw, the standard errors of what `Task.pooled` adds up,
            `[rows, outputs, parts]`; else None.
        opposite: whether there are two outputs, whose attributions are those of the second with
            both signs.
    """

    outputs: Float[Tensor, "rows outputs"]
    attributions: Float[Tensor, "rows outputs *shape"]
    base: Float[Tensor, "rows outputs"] | None = None
    errors: Float[Tensor, "rows outputs parts"] | None = None
    opposite: bool = False

    def of_both(self, outputs: Float[Tensor, "rows 2"], total: float) -> Self:
        """What is said of two outputs that add up to `total`, from what is said of the second.

        Args:
            outputs: both.
            total: what they add up to, at every input.

        >>> found = Attributed(torch.ones(1, 1), torch.ones(1, 1, 3), torch.zeros(1, 1))
        >>> both = found.of_both(torch.tensor([[0.0, 1.0]]), 1.0)
        >>> both.base.tolist(), both.attributions[0, :, 0].tolist()
        ([[1.0, 0.0]], [-1.0, 1.0])
        """
        base, errors = self.base, self.errors
        return type(self)(
            outputs,
            torch.cat([-self.attributions, self.attributions], dim=1),
            None if base is None else torch.cat([total - base, base], dim=1),
            None if errors is None else errors.expand(-1, 2, *errors.shape[2:]),
            opposite=True,
        )


def at_baseline(task: Task) -> Float[Tensor, "rows outputs"]:
    """The outputs at the baseline of every row."""
    _, references = task.rows(task.every)
    return returned(task.function, references)


def returned(function: Function, points: Inputs) -> Float[Tensor, "rows outputs"]:
    """The outputs at some points, without derivatives."""
    with torch.no_grad():
        # Copies, for a model's first operation may be in place.
        return function(tuple(x.clone() for x in points))


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
    allowed = allowance(attributions, outputs, base, tolerance)
    return (gaps(attributions, outputs, base).abs() > allowed).any(1)


def allowance(
    attributions: Float[Tensor, "rows outputs *shape"],
    outputs: Float[Tensor, "rows outputs"],
    base: Float[Tensor, "rows outputs"],
    tolerance: float,
) -> Float[Tensor, "rows outputs"]:
    """The gap that is let pass."""
    # Outputs may be in double precision where attributions are in single.
    rounding = 16 * max(torch.finfo(x.dtype).eps for x in (attributions, outputs))
    size = outputs.abs() + base.abs() + attributions.flatten(2).abs().sum(2)
    return tolerance * (outputs - base).abs() + rounding * size


def between(x: Tensor, b: Tensor, alpha: float | Tensor) -> Tensor:
    """The point on the way from b to x; integers, which have no way, as they are."""
    if not x.is_floating_point():
        return x
    if isinstance(alpha, Tensor):
        alpha = alpha.to(x).view(-1, *[1] * (x.ndim - 1))
    return b + alpha * (x - b)


def distances(inputs: Inputs, references: Inputs) -> Float[Tensor, "rows *shape"]:
    """How far each entry is from its reference, as the derivatives stand."""
    steps = [x - b for x, b in zip(inputs, references, strict=True) if x.is_floating_point()]
    if len(steps) == 1:
        return steps[0]
    return torch.cat([step.flatten(1) for step in steps], dim=1)


def stepped(
    task: Task, jacobian: Float[Tensor, "rows outputs *shape"]
) -> Float[Tensor, "rows outputs *shape"]:
    """Derivatives times how far each entry is from its reference."""
    inputs, references = task.rows(task.every)
    return jacobian * distances(inputs, references).view(len(jacobian), 1, *jacobian.shape[2:])
