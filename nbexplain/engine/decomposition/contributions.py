"""How much of each output's change from a reference each input entry accounts for."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from nbexplain.engine.axes import Float
from nbexplain.engine.decomposition.calls import check_seen
from nbexplain.engine.decomposition.interception import Interception
from nbexplain.engine.decomposition.pairs import paired, twin
from nbexplain.engine.sensitivities import Function, sweeps

Rule = Literal["rescale", "revealcancel"]
"""Rule of elementwise functions."""

_TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}
"""Of the sum, relative to the largest change of an output; of coarser types, their precision."""


def contributions(
    function: Function,
    inputs: tuple[Tensor, ...],
    references: tuple[Tensor, ...],
    rule: Rule = "rescale",
) -> tuple[
    Float[Tensor, "rows outputs"],
    Float[Tensor, "rows outputs"],
    Float[Tensor, "rows outputs *shape"],
]:
    r"""Outputs, those of the references, and DeepLIFT's contributions, for one batch.

    Whatever the function does is taken apart into linear operations, functions of one entry, and
    products (Shrikumar et al., 2017). Each passes the change of its result from the reference on to
    what it was computed of, whole: linear operations by their weights, functions of one entry by
    $\Delta y / \Delta x$, products by $\Delta(ab) = \frac12 (a + a_0) \Delta b +
    \frac12 (b + b_0) \Delta a$. So $\sum_e \phi_{ike} = F_k(x^i) - F_k(x^i_0)$, up to rounding.

    Args:
        function: what is explained, deterministic, with frozen parameters.
        inputs: one tensor `[rows, *shape]` per input of the model. Floating inputs get
            contributions; integer ones (category codes) are the same for row and reference.
        references: one tensor per input, which broadcasts to it; those of integer ones are ignored.
        rule: of elementwise functions. "rescale": one multiplier for the whole change.
            "revealcancel": one for the positive and one for the negative contributions to it, where
            it comes from a linear operation.

    Returns:
        Outputs `[rows, outputs]`, outputs of the references `[rows, outputs]`, and contributions
        `[rows, outputs, *shape]` in the outputs' units, detached. With several floating inputs,
        each is flattened and they stand side by side: `[rows, outputs, entries]`.

    Raises:
        ValueError: for an operation that has no rule, by name; or a reference of a wrong shape.
        RuntimeError: if contributions do not sum to the change of the outputs.

    >>> f = lambda inputs: inputs[0].prod(1, keepdim=True)
    >>> x, zero = torch.tensor([[3.0, 2.0]]), torch.zeros(1, 2)
    >>> contributions(f, (x,), (zero,))[2]
    tensor([[[3., 3.]]])
    """
    floating = [x.is_floating_point() for x in inputs]
    befores = [
        _expanded(before, x) if floats else x
        for x, before, floats in zip(inputs, references, floating, strict=True)
    ]
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_(x.is_floating_point()) for x in inputs]
        # Copies: a first operation in place must reach neither a leaf nor the caller's data.
        copies = tuple(
            paired(leaf.clone(), before.clone()) if floats else leaf.clone()
            for leaf, before, floats in zip(leaves, befores, floating, strict=True)
        )
        with Interception(rule):
            outputs = function(copies)
        check_seen(outputs)
        leaves = [leaf for leaf in leaves if leaf.requires_grad]
        multipliers = sweeps(outputs, leaves, retain=False)
    other = twin(outputs)
    result, before = outputs.detach(), outputs.detach() if other is None else other.detach()
    changes = [
        x.detach() - b for x, b in zip(inputs, befores, strict=True) if x.is_floating_point()
    ]
    change = changes[0] if len(changes) == 1 else torch.cat([c.flatten(1) for c in changes], 1)
    share = multipliers * change[:, None]
    _check_sums(share, result, before)
    return result, before, share


def _expanded(reference: Tensor, x: Tensor) -> Tensor:
    try:
        return reference.detach().to(x).expand_as(x)
    except RuntimeError:
        raise ValueError(
            f"A reference of shape {[*reference.shape]} does not fit an input of shape "
            f"{[*x.shape]}: give one that broadcasts to it."
        ) from None


def _check_sums(
    share: Float[Tensor, "rows outputs *shape"],
    outputs: Float[Tensor, "rows outputs"],
    before: Float[Tensor, "rows outputs"],
) -> None:
    """Contributions sum to the change of the outputs, within rounding."""
    change, total = outputs - before, share.flatten(2).sum(-1)
    finite = change.isfinite()
    gaps = torch.where(finite, (total - change).abs(), 0)
    # A network may reckon in double precision on inputs in single: its multipliers are single.
    coarser = max(outputs.dtype, share.dtype, key=lambda dtype: torch.finfo(dtype).eps)
    precision = torch.finfo(coarser).eps
    tolerance = _TOLERANCE.get(coarser, 64 * precision)
    largest = torch.where(finite, change.abs(), 0).amax()
    # Outputs that are large beside their change, and contributions that cancel, round coarsely.
    sizes = torch.maximum(outputs.abs(), before.abs()) + share.flatten(2).abs().sum(-1)
    allowed = tolerance * largest + 64 * precision * sizes
    wrong = ~(gaps <= allowed) & finite
    if bool(wrong.any()):
        row, output = wrong.nonzero()[0].tolist()
        raise RuntimeError(
            f"DeepLIFT's contributions do not add up: in row {row}, output {output}, they sum to "
            f"{total[row, output]:.6g} where the output changes by {change[row, output]:.6g}, a "
            f'gap of {gaps[row, output]:.2g}. Ask for method="integrated_gradients" instead, or '
            "for float64."
        )
