"""What must hold before a function is differentiated, and what is put back afterwards."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np
import torch
from torch import Tensor

_Function = Callable[[tuple[Tensor, ...]], Tensor]


_guarded: ContextVar[bool] = ContextVar("guarded", default=False)


@contextmanager
def untouched() -> Generator[None]:
    """Gradients are on inside; the random states are put back, whatever happens inside.

    Those of Python, NumPy and torch, the latter on the CPU and on every CUDA device in use. The
    caller may be under `torch.no_grad` or in inference mode, and is again afterwards.

    >>> before = torch.get_rng_state()
    >>> with torch.no_grad(), untouched():
    ...     noise = torch.rand(3)
    ...     torch.is_grad_enabled()
    True
    >>> torch.equal(torch.get_rng_state(), before)
    True
    """
    if _guarded.get():  # what surrounds this puts the states back
        with torch.inference_mode(False), torch.enable_grad():
            yield
        return
    cuda = torch.cuda.is_initialized()  # asking an idle device for its state would start it
    python, cpu = random.getstate(), torch.get_rng_state()
    numpy = np.random.get_state()  # noqa: NPY002 (the global one, which users' forwards draw from)
    devices = torch.cuda.get_rng_state_all() if cuda else []
    outermost = _guarded.set(True)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            yield
    finally:
        _guarded.reset(outermost)
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002
        torch.set_rng_state(cpu)
        if cuda:
            torch.cuda.set_rng_state_all(devices)


def check_function(
    f: _Function,
    inputs: tuple[Tensor, ...],
    batch_statistics: tuple[str, ...] = (),
) -> None:
    """Check on a few rows that `f` can be explained row by row through its derivatives.

    Args:
        f: from inputs, tensors of shape `[n, ...]`, to outputs of shape `[n, K]`.
        inputs: a probe. Two rows or more are needed to see that rows influence each other.
        batch_statistics: modules to name if they do (`Snapshot.batch_statistics`).

    Raises:
        ValueError: `f` differs between two calls, mixes its rows, or cuts the graph.

    >>> check_function(lambda inputs: inputs[0].tanh(), (torch.eye(3),))
    >>> check_function(lambda inputs: inputs[0] - inputs[0].mean(0), (torch.eye(3),))
    Traceback (most recent call last):
        ...
    ValueError: Rows influence each other: the outputs of one row change with the other rows of \
its batch. Explain a model that treats rows one by one.
    """
    with untouched():
        leaves = tuple(
            x.detach().clone().requires_grad_() if x.is_floating_point() else x.clone()
            for x in inputs
        )
        outputs = f(_clones(leaves))
        _check_deterministic(f, leaves, outputs.detach())
        _check_derivatives(f, leaves, outputs, batch_statistics)
        _check_values(f, leaves, outputs.detach(), batch_statistics)


def _check_deterministic(f: _Function, leaves: tuple[Tensor, ...], outputs: Tensor) -> None:
    again = f(_clones(leaves)).detach()
    if again.shape != outputs.shape or not _same(again, outputs):
        raise ValueError(
            "The model gives different outputs for the same rows, although it is in evaluation "
            "mode: take the randomness (F.dropout without training=self.training, sampling, "
            "noise) or the state that changes with each call out of its forward."
        )


def _check_derivatives(
    f: _Function,
    leaves: tuple[Tensor, ...],
    outputs: Tensor,
    batch_statistics: tuple[str, ...],
) -> None:
    """The graph reaches what the outputs change with, and stays within a row."""
    floating = [x for x in leaves if x.requires_grad]
    gradients: tuple[Tensor | None, ...] = (None,) * len(floating)
    middle = _middle(outputs)
    if outputs.requires_grad:
        # Different weights, or outputs that sum to one (a softmax) would hide everything.
        weights = torch.linspace(1, 2, outputs.shape[1], dtype=outputs.dtype, device=outputs.device)
        score = (outputs[middle] * weights).sum()
        gradients = torch.autograd.grad(score, floating, allow_unused=True)
    for leaf, gradient in zip(floating, gradients, strict=True):
        if gradient is None:
            _check_connected(f, leaves, leaf, outputs.detach())
            continue
        others = torch.cat([gradient[:middle], gradient[middle + 1 :]])
        # Zero times an infinite derivative is NaN, and not an influence.
        if bool(((others != 0) & others.isfinite()).any()):
            raise _rows_influence(batch_statistics)


def _check_connected(
    f: _Function,
    leaves: tuple[Tensor, ...],
    leaf: Tensor,
    outputs: Tensor,
) -> None:
    """An input without a derivative must have no effect either."""
    with torch.no_grad():
        moves = (leaf + 1, -leaf, leaf * 2 + 0.5)
    for moved in moves:
        others = tuple(moved.requires_grad_() if x is leaf else x for x in leaves)
        if not _same(f(_clones(others)).detach(), outputs):
            raise ValueError(
                "The outputs change with X but have no derivative: the forward cuts the graph "
                "with torch.no_grad, detach, NumPy, quantisation, argmax or a comparison. Remove "
                "it, or return the scores before it."
            )


def _check_values(
    f: _Function,
    leaves: tuple[Tensor, ...],
    outputs: Tensor,
    batch_statistics: tuple[str, ...],
) -> None:
    """One row's outputs stay when the others change: statistics under no_grad leave no graph."""
    middle = _middle(outputs)
    # As many rows as before, so that the same kernels run and agree exactly.
    alike = tuple(x[middle : middle + 1].expand_as(x) for x in leaves)
    if not _same(f(_clones(alike)).detach()[middle], outputs[middle]):
        raise _rows_influence(batch_statistics)


def _rows_influence(batch_statistics: tuple[str, ...]) -> ValueError:
    blame = "Explain a model that treats rows one by one."
    if batch_statistics:
        blame = (
            f"{batch_statistics[0]} uses the statistics of the batch even in evaluation mode: "
            "give it track_running_stats=True."
        )
    return ValueError(
        "Rows influence each other: the outputs of one row change with the other rows of its "
        f"batch. {blame}"
    )


def _middle(outputs: Tensor) -> int:
    """The row that is looked at: it notices rows that look back and rows that look ahead."""
    return outputs.shape[0] // 2


def _clones(leaves: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Private to one call: a first operation in place must not reach the leaves.

    Each call keeps its graph: attention takes another path, and rounds differently, without one.
    """
    return tuple(x.clone() for x in leaves)


def _same(a: Tensor, b: Tensor) -> bool:
    """Equal, up to the order in which other devices than the CPU add."""
    tolerance = 0.0 if a.device.type == "cpu" else 64 * torch.finfo(a.dtype).eps
    scale = float(b[b.isfinite()].abs().max()) if bool(b.isfinite().any()) else 0.0
    return torch.allclose(a, b, rtol=0.0, atol=tolerance * scale, equal_nan=True)
