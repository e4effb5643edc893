"""A private copy of the user's model: what the engine differentiates."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, cast

import torch
from torch import Tensor, nn

from nbexplain.model.copying import compiled_from, private_copy
from nbexplain.model.functions import modules_of

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)


@dataclass(frozen=True)
class Signature:
    """What a model's forward takes.

    Attributes:
        names: parameters that can be given by position, in order.
        required: how many of `names` have no default.
        keyword_only: parameters that can be given by name only.
        var_positional, var_keyword: whether there is an `*args` or a `**kwargs`.
        ids: whether the model looks integers up in an `nn.Embedding`.
    """

    names: tuple[str, ...] = ()
    required: int = 0
    keyword_only: tuple[str, ...] = ()
    var_positional: bool = False
    var_keyword: bool = False
    ids: bool = False

    def takes(self, names: tuple[str, ...]) -> bool:
        """Whether each of `names` can be a keyword argument.

        >>> Signature(("x", "mask"), required=1).takes(("mask", "x"))
        True
        """
        return self.var_keyword or set(names) <= {*self.names, *self.keyword_only}


class Snapshot:
    """A private copy of the user's model, in evaluation mode, parameters frozen.

    Args:
        model: a module; one that was compiled, scripted, traced or wrapped in `DataParallel`; or a
            function of tensors. Modules that a function refers to are copied along with it.
        shared: parameters whose memory it shares with the model, as `private_copy` takes them.

    Attributes:
        name: the class of the model, or the name of the function.
        dtype: of its first floating parameter or buffer, else `torch.float32`.
        device: of its first parameter or buffer, else the CPU.
        parameters_of_forward: what its forward takes.
        named_modules: the copy's modules with their names.
        ends_in: type of the last leaf module registered. A hint: registered last need not be called
            last.
        width: how many columns the first layer takes, where a table feeds it; a hint, too.
        batch_statistics: names of the normalisations that use statistics of the batch even in
            evaluation mode.

    Raises:
        TypeError: `model` is not a model, or cannot be copied.
        ValueError: `model` has lazy layers that have not seen a batch.

    >>> model = nn.Sequential(nn.Linear(3, 2), nn.Softmax(-1))
    >>> snapshot = Snapshot(model)
    >>> snapshot.name, snapshot.dtype, snapshot.ends_in.__name__
    ('Sequential', torch.float32, 'Softmax')
    >>> snapshot((torch.zeros(5, 3),)).shape
    torch.Size([5, 2])
    """

    def __init__(self, model: object, shared: Iterable[nn.Parameter] = ()) -> None:
        model = _unwrapped(model)
        _check_model(model)
        self._model = cast(Callable[..., object], private_copy(model, shared))
        self.named_modules = tuple(_named_modules(self._model))
        modules = [m for _, m in self.named_modules]
        tensors = list(chain.from_iterable(chain(m.parameters(), m.buffers()) for m in modules))
        floating = (t.dtype for t in tensors if t.is_floating_point())
        self.name = _name(model)
        self.dtype = next(floating, torch.float32)
        devices = (t.device for t in tensors if not t.is_meta)  # a meta module lends its forward
        self.device = next(devices, torch.device("cpu"))
        self.parameters_of_forward = replace(
            _signature(self._model),
            ids=any(isinstance(m, nn.Embedding | nn.EmbeddingBag) for m in modules),
        )
        leaves = [m for m in modules if not any(True for _ in m.children())]
        self.ends_in = type(leaves[-1]) if leaves else None
        self.width = _width(leaves[0]) if leaves else None
        self.batch_statistics = tuple(
            f"{name} ({type(m).__name__})" if name else type(m).__name__
            for name, m in self.named_modules
            if isinstance(m, _BATCH_NORMS) and (m.training or m.running_mean is None)
        )

    def __call__(self, inputs: tuple[Any, ...], names: tuple[str, ...] | None = None) -> object:
        """What the model returns for `inputs`, tensors of shape `[n, ...]` or in its own form.

        With `names`, the inputs go by keyword if forward has parameters of these names, else as
        one dict. Exceptions of the user's forward come through unchanged.

        >>> Snapshot(lambda batch: batch["x"] + 1)((torch.ones(1),), ("x",))
        tensor([2.])
        """
        if names is None:
            return self._model(*inputs)
        named = dict(zip(names, inputs, strict=True))
        if self.parameters_of_forward.takes(names):
            return self._model(**named)
        return self._model(named)

    def prepare(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Inputs on the model's device; floating ones in its dtype, others as they are.

        >>> Snapshot(nn.Linear(1, 1).double()).prepare((torch.ones(1), torch.ones(1).int()))
        (tensor([1.], dtype=torch.float64), tensor([1], dtype=torch.int32))
        """
        return tuple(
            x.to(self.device, self.dtype if x.is_floating_point() else x.dtype) for x in inputs
        )


def _unwrapped(model: object) -> object:
    """The module inside `torch.compile` and data-parallel wrappers."""
    while isinstance(model, nn.Module):
        if isinstance(model, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = cast(nn.Module, model.module)
        else:
            inner = compiled_from(model)
        if inner is None:
            break
        model = inner
    return model


def _check_model(model: object) -> None:
    kind = type(model).__name__
    if isinstance(model, type):
        raise TypeError(
            f"model is the class {model.__name__}, not a network: "
            f"pass an instance, such as {model.__name__}()."
        )
    if isinstance(model, Mapping) and not callable(model):
        raise TypeError(
            "model is a dict, perhaps a state dict: load it into a network with "
            "load_state_dict and pass the network."
        )
    if kind == "ExportedProgram":
        raise TypeError("model is an ExportedProgram: pass model.module().")
    if isinstance(model, Tensor) or not callable(model):
        raise TypeError(
            f"model must be a torch.nn.Module or a function of tensors, not {_article(kind)}: "
            "explain(model, X) takes the network first and the data second."
        )


def _article(kind: str) -> str:
    if kind == "NoneType":
        return "None"
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def modules_in(model: object) -> list[tuple[str, nn.Module]]:
    """The user's own modules with their names; of a function, those that it refers to.

    >>> [name for name, _ in modules_in(nn.Sequential(nn.ReLU()))]
    ['', '0']
    """
    return _named_modules(_unwrapped(model))


def _named_modules(model: object) -> list[tuple[str, nn.Module]]:
    if isinstance(model, nn.Module):
        return list(model.named_modules())
    return [pair for held in modules_of(model) for pair in held.named_modules()]


def _name(model: object) -> str:
    if isinstance(model, torch.jit.ScriptModule):
        return str(cast(Any, model).original_name)
    name = getattr(getattr(model, "func", model), "__name__", None)  # a partial has its func's
    if name is None:
        return type(model).__name__
    return "function" if name == "<lambda>" else str(name)


def _width(first: nn.Module) -> tuple[str, int] | None:
    """The name and the number of columns of a layer that reads a table."""
    if not isinstance(first, nn.Linear | nn.RNNBase | nn.BatchNorm1d):
        return None
    attributes = ("in_features", "input_size", "num_features")
    size = next(getattr(first, name) for name in attributes if hasattr(first, name))
    return type(first).__name__, int(size)


def _signature(model: Callable[..., object]) -> Signature:
    if isinstance(model, torch.jit.ScriptModule):
        arguments = cast(Any, model).forward.schema.arguments[1:]  # without self
        names = tuple(str(argument.name) for argument in arguments)
        return Signature(names, sum(not argument.has_default_value() for argument in arguments))
    try:
        signature = inspect.signature(model.forward if isinstance(model, nn.Module) else model)
    except (TypeError, ValueError):  # functions written in C do not tell
        return Signature(var_positional=True)
    by = {kind: [p for p in signature.parameters.values() if p.kind is kind] for kind in _KINDS}
    positional = by[_P.POSITIONAL_ONLY] + by[_P.POSITIONAL_OR_KEYWORD]
    return Signature(
        names=tuple(p.name for p in positional),
        required=sum(p.default is p.empty for p in positional),
        keyword_only=tuple(p.name for p in by[_P.KEYWORD_ONLY]),
        var_positional=bool(by[_P.VAR_POSITIONAL]),
        var_keyword=bool(by[_P.VAR_KEYWORD]),
    )


_P = inspect.Parameter
_KINDS = (
    _P.POSITIONAL_ONLY,
    _P.POSITIONAL_OR_KEYWORD,
    _P.VAR_POSITIONAL,
    _P.KEYWORD_ONLY,
    _P.VAR_KEYWORD,
)
