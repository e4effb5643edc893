"""Exact derivatives of every output with respect to every input entry, for one batch.

Reverse mode: one forward sweep and one backward sweep per output, shared by all rows of the
batch. It works wherever training works (recurrent cells, fused kernels, custom functions), which
forward mode and `vmap(jacrev)` do not.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from nbexplain.engine.axes import Float

Function = Callable[[tuple[Tensor, ...]], Tensor]
"""Inputs, each `[rows, …]`, to outputs `[rows, outputs]`; rows must not influence each other."""

Steps = Callable[[tuple[Tensor, ...]], list[Tensor]]
"""Inputs, each `[rows, …]`, to outputs `[rows, outputs]` at each output step."""


def sensitivities(
    function: Function, inputs: tuple[Tensor, ...]
) -> tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs *shape"]]:
    r"""Outputs and their derivatives $\partial F_k(x^i) / \partial x^i_e$ for one batch.

    The gradient of $\sum_i F_k(x^i)$ with respect to all rows at once holds every row's own
    gradient, because row i's output depends on row i alone (`model.check_function` proves it).

    Args:
        function: what is differentiated.
        inputs: one tensor `[rows, *shape]` per input of the model. Floating inputs are
            differentiated; integer ones (category codes) are passed on as they are.

    Returns:
        Outputs `[rows, outputs]` and derivatives `[rows, outputs, *shape]`, detached, in the
        dtype of the outputs and inputs. With several floating inputs, each is flattened and they
        stand side by side: `[rows, outputs, entries]`.

    An input without influence has derivative 0, also where autograd finds no path to it.

    >>> f = lambda inputs: (inputs[0] ** 2).sum(1, keepdim=True)
    >>> sensitivities(f, (torch.tensor([[1.0, -3.0]]),))[1]
    tensor([[[ 2., -6.]]])
    """
    with torch.enable_grad():
        leaves, copies = _leaves(inputs)
        outputs = function(copies)
        return outputs.detach(), sweeps(outputs, leaves, retain=False)


def sensitivities_by_step(
    function: Steps, inputs: tuple[Tensor, ...]
) -> Iterator[tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs *shape"]]]:
    """Outputs and their derivatives at one output step after the other, for one batch.

    One forward sweep, and one backward sweep per step and output; the derivatives of one step are
    held at a time.

    Args:
        function: what is differentiated, at every step of its outputs.
        inputs: as `sensitivities` takes them.

    Yields:
        What `sensitivities` returns, of each step.

    >>> f = lambda inputs: [inputs[0][:, :1] * k for k in (1, 2)]
    >>> [g.tolist() for _, g in sensitivities_by_step(f, (torch.ones(1, 2),))]
    [[[[1.0, 0.0]]], [[[2.0, 0.0]]]]
    """
    with torch.enable_grad():
        leaves, copies = _leaves(inputs)
        waiting = function(copies)[::-1]
    while waiting:
        outputs = waiting.pop()
        yield outputs.detach(), sweeps(outputs, leaves, retain=bool(waiting))


def _leaves(inputs: tuple[Tensor, ...]) -> tuple[list[Tensor], tuple[Tensor, ...]]:
    """What carries the gradient, and what the function gets.

    The function gets copies, so that a first operation in place meets neither a leaf (autograd
    refuses) nor the caller's data.
    """
    leaves = tuple(x.detach().requires_grad_(x.is_floating_point()) for x in inputs)
    return [x for x in leaves if x.requires_grad], tuple(leaf.clone() for leaf in leaves)


def sweeps(
    outputs: Float[Tensor, "rows outputs"], leaves: list[Tensor], *, retain: bool
) -> Float[Tensor, "rows outputs *shape"]:
    """The derivatives of every output; `retain` keeps the graph for another sweep."""
    columns = outputs.unbind(1)
    sweeps = [
        _sweep(column, leaves, retain=retain or column is not columns[-1]) for column in columns
    ]
    # A single output needs no copy of its derivatives.
    return sweeps[0].unsqueeze(1) if len(sweeps) == 1 else torch.stack(sweeps, dim=1)


def _sweep(
    output: Float[Tensor, " rows"], leaves: list[Tensor], *, retain: bool
) -> Float[Tensor, "rows *shape"]:
    """One backward sweep: the derivatives of one output column."""
    if output.requires_grad:
        gradients = torch.autograd.grad(
            output, leaves, torch.ones_like(output), retain_graph=retain, materialize_grads=True
        )
    else:  # a constant function: nothing to sweep
        gradients = tuple(torch.zeros_like(leaf) for leaf in leaves)
    if len(gradients) == 1:
        return gradients[0]
    return torch.cat([gradient.flatten(1) for gradient in gradients], dim=1)
