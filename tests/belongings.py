"""All that is the user's, bit for bit: to be compared before and after."""

import random
from collections import OrderedDict
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


def belongings(*objects: Any) -> Any:
    """A value that is equal to another one only if nothing has changed in between.

    Parameters, buffers, gradients, modes, flags, hooks and attributes of the modules that are
    reached from `objects` through attributes, closures and containers, the bits of tensors and
    the random states of torch, NumPy and Python.
    """
    return [_look(x, {}) for x in objects], random_states()


def random_states() -> Any:
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    return torch.get_rng_state().tolist(), (kind, keys.tolist(), *rest), random.getstate()


def _look(x: Any, met: dict[int, int]) -> Any:
    if x is None or isinstance(x, bool | int | float | str):
        return x
    if isinstance(x, type | ModuleType):
        return id(x)
    if id(x) in met:
        return ("again", met[id(x)])
    met[id(x)] = len(met)
    same = (type(x).__name__, id(x))
    if isinstance(x, Tensor):
        bits = x.detach().contiguous().view(-1).view(torch.uint8).tolist() if x.numel() else []
        gradient = _look(x.grad, met) if x.is_leaf else None
        return same, str(x.dtype), tuple(x.shape), x.requires_grad, x._version, bits, gradient
    if isinstance(x, torch.Generator):
        return same, x.get_state().tolist()
    if isinstance(x, torch.jit.ScriptModule):
        tensors = OrderedDict([*x.named_parameters(), *x.named_buffers()])
        modes = [(name, m.training) for name, m in x.named_modules()]
        # Each access makes new Python objects around the same tensors.
        return (
            same,
            modes,
            [(k, t.data_ptr(), t.requires_grad, t.tolist()) for k, t in tensors.items()],
        )
    if isinstance(x, nn.Module):
        return same, [(name, _look(value, met)) for name, value in vars(x).items()]
    if isinstance(x, Mapping):
        return same, [(_look(k, met), _look(v, met)) for k, v in x.items()]
    if isinstance(x, list | tuple):
        return same, [_look(value, met) for value in x]
    if isinstance(x, set | frozenset):
        return same, sorted(map(repr, x))
    reached = [getattr(x, "__self__", None), getattr(x, "func", None), *getattr(x, "args", ())]
    reached += [getattr(x, "__dict__", None)]
    for cell in getattr(x, "__closure__", None) or ():
        reached.append(cell.cell_contents)
    return same, [_look(part, met) for part in reached]
