"""Optimizer steps of one model, found without a change to the code that trains it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary, ref

import torch
from torch import Tensor, nn
from torch.optim.optimizer import Optimizer, register_optimizer_step_post_hook

RECHECK = 256
"""Steps after which it is looked again whose parameters an optimizer has."""

_LOSSES = (
    "loss",
    "train_loss",
    "training_loss",
    "batch_loss",
    "loss_value",
    "total_loss",
    "tr_loss_step",
)
_EPOCHS = ("epoch", "epochs_done", "ep")


class Steps:
    """Calls `stepped` after every step of an optimizer that has parameters of `model`.

    It is told of the steps by torch's own hook on all optimizers; those inside trainers, gradient
    scalers and compiled steps are among them.

    Args:
        model: the module that is trained; held weakly.
        stepped: called on the thread that trains, right after a step.
    """

    def __init__(self, model: nn.Module, stepped: Callable[[], object]) -> None:
        self._model = ref(model)
        self._stepped = stepped
        self._known: WeakKeyDictionary[Optimizer, tuple[bool, int]] = WeakKeyDictionary()
        self._inside = False
        self._handle = register_optimizer_step_post_hook(_apart(self._after))

    def stop(self) -> None:
        """Hear of no more steps."""
        self._handle.remove()

    def _after(self, optimizer: Optimizer) -> None:
        # A step inside an explanation (a model that optimizes in its forward) is not training.
        if self._inside or not self._trains(optimizer):
            return
        self._inside = True
        try:
            self._stepped()
        finally:
            self._inside = False

    def _trains(self, optimizer: Optimizer) -> bool:
        """Whether it has parameters of the model, which may be swapped for others at any time."""
        ours, left = self._known.get(optimizer, (False, 0))
        if left == 0:
            model = self._model()
            mine = (
                {id(parameter) for parameter in model.parameters()}
                if model is not None
                else set[int]()
            )
            groups: Any = optimizer.param_groups
            ours = any(id(p) in mine for group in groups for p in group["params"])
            left = RECHECK
        self._known[optimizer] = (ours, left - 1)
        return ours


@contextmanager
def first_step(begin: Callable[[], bool]) -> Generator[None]:
    """Calls `begin` after each optimizer step inside, until it says that it has begun."""
    begun = False

    def after(_: Optimizer) -> None:
        nonlocal begun
        if not begun:
            begun = True  # not again from inside
            begun = begin()

    handle = register_optimizer_step_post_hook(_apart(after))
    try:
        yield
    finally:
        handle.remove()


def _apart(after: Callable[[Optimizer], None]) -> Callable[..., None]:
    """A hook that is not compiled where the step that it follows is compiled as a whole."""

    def hook(optimizer: Optimizer, *_: Any) -> None:
        if torch.compiler.is_dynamo_compiling():
            plain: Any = torch.compiler.disable(after)
            plain(optimizer)
        else:
            after(optimizer)

    return hook


class Seen(NamedTuple):
    """What the code that trains calls its loss and its epoch, where it does."""

    loss: float | None
    epoch: int | None


def seen() -> Seen:
    """The variables `loss` and `epoch` of the functions that led here; None where there are none.

    They are read, never written; tensors on another device are left alone, for reading one would
    wait for that device.
    """
    frame: FrameType | None = inspect.currentframe()
    loss: float | None = None
    epoch: int | None = None
    while frame is not None and (loss is None or epoch is None):
        names = frame.f_code.co_varnames + frame.f_code.co_names + frame.f_code.co_cellvars
        if loss is None and (name := next((n for n in _LOSSES if n in names), None)):
            loss = _number(frame.f_locals.get(name, frame.f_globals.get(name)))
        if epoch is None and (name := next((n for n in _EPOCHS if n in names), None)):
            found = _number(frame.f_locals.get(name, frame.f_globals.get(name)))
            epoch = None if found is None or found != found else int(found)
        frame = frame.f_back
    return Seen(loss, epoch)


def _number(value: object) -> float | None:
    if isinstance(value, Tensor):
        if value.numel() != 1 or value.device.type != "cpu":
            return None
        with torch.no_grad():
            return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None
