"""One call of a torch function by the network: what is called, and with what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NoReturn

import torch
from torch import Tensor

from nbexplain.engine.decomposition.names import LEAVING
from nbexplain.engine.decomposition.pairs import hidden_in, mapped, tensors_in, twin

_SYNONYMS = {
    "absolute": "abs", "and": "bitwise_and", "clip": "clamp", "divide": "div", "fix": "trunc",
    "greater": "gt", "greater_equal": "ge", "invert": "bitwise_not", "less": "lt",
    "less_equal": "le", "mod": "remainder", "multiply": "mul", "negative": "neg", "not_equal": "ne",
    "or": "bitwise_or", "radd": "add", "rmul": "mul", "rsub": "rsub", "special_erf": "erf",
    "special_erfc": "erfc", "special_exp2": "exp2", "special_expit": "sigmoid",
    "special_expm1": "expm1", "special_log1p": "log1p", "special_log_softmax": "log_softmax",
    "special_logit": "logit", "special_logsumexp": "logsumexp", "special_softmax": "softmax",
    "subtract": "sub", "swapaxes": "transpose", "swapdims": "transpose", "true_divide": "div",
    "truediv": "div", "xor": "bitwise_xor", "concat": "cat", "concatenate": "cat",
    "moveaxis": "movedim", "linalg_matmul": "matmul", "arctan": "atan",
}  # fmt: skip


_AUGMENTED = {"iadd", "isub", "imul", "itruediv", "idiv", "ipow", "imatmul", "imod", "iand", "ior"}


def spelled(function: Any) -> tuple[str, bool]:
    """What a torch function does, by one name for all its spellings, and whether in place.

    >>> spelled(torch.relu_), spelled(Tensor.multiply), spelled(Tensor.__setitem__)
    (('relu', True), ('mul', False), ('setitem', True))
    >>> spelled(Tensor.T.__get__)
    ('get T', False)
    """
    name: str = function.__name__
    if name in ("__get__", "__set__", "__delete__"):
        return f"{name.strip('_')} {function.__self__.__name__}", False
    if name in LEAVING:
        return name, False
    if name.startswith("__") and name.endswith("__"):
        name = name[2:-2]
        if name in _AUGMENTED:
            return _SYNONYMS.get(name[1:], name[1:]), True
        return _SYNONYMS.get(name, name), name == "setitem"
    plain = name.rstrip("_") if not name.startswith("_") else name
    return _SYNONYMS.get(plain, plain), plain != name


@dataclass(frozen=True)
class Call:
    """A call with at least one argument that varies.

    Attributes:
        function: as torch hands it over, whatever its spelling.
        name: what it does, as `spelled` has it.
        in_place: whether it writes into its first argument.
        args, kwargs: its arguments.
        cancels: whether the rule of elementwise functions is RevealCancel.
        seen: runs a function of tensors whose operations are looked at in turn.
    """

    function: Callable[..., Any]
    name: str
    in_place: bool
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    cancels: bool
    seen: Callable[..., Any]

    @cached_property
    def occurrences(self) -> list[Tensor]:
        """Arguments that vary, in order, each as often as it occurs."""
        return [t for t in tensors_in((self.args, self.kwargs)) if twin(t) is not None]

    @cached_property
    def varying(self) -> list[Tensor]:
        """Arguments that vary, in order, each once."""
        return list({id(t): t for t in self.occurrences}.values())

    def varies_in(self, t: object) -> bool:
        """Whether t is the only argument that varies."""
        return len(self.varying) == 1 and self.varying[0] is t

    def __call__(self, change: Callable[[Tensor], Tensor]) -> Any:
        """What the function returns for changed tensors; never written into them."""
        args, kwargs = mapped((self.args, self.kwargs), change)
        if self.in_place:
            args = (args[0].clone(), *args[1:])
        return self.function(*args, **kwargs)

    def of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        """The same call with other arguments."""
        return replace(self, args=args, kwargs=kwargs)

    def refuse(self, why: str = "") -> NoReturn:
        """Say that there is no rule for this call."""
        refuse(self.name, why)


def refuse(name: str, why: str = "") -> NoReturn:
    """Say that an operation has no rule.

    Raises:
        ValueError: always, naming the operation.
    """
    what = f"DeepLIFT has no rule for {name!r}"
    raise ValueError(
        f'{what}{" " + why if why else ""}: ask for method="integrated_gradients" instead, which '
        "needs derivatives only, or write it with operations that have one."
    )


def check_seen(t: Tensor) -> None:
    """Refuse what was computed out of sight: by a custom `autograd.Function`, by scripted code.

    Raises:
        ValueError: naming what computed it.
    """
    hidden = hidden_in(t) if t.requires_grad else None
    if hidden is not None:
        refuse(hidden, "(a custom autograd.Function, or scripted or compiled code)")


def parameters(call: Call, *names: str, **defaults: Any) -> list[Any]:
    """Arguments by name, given by position or by name.

    Args:
        call: the call.
        names: of all parameters, in order.
        defaults: of those that can be left out.
    """
    given = dict(zip(names, call.args, strict=False)) | call.kwargs
    return [given[name] if name in given else defaults.get(name) for name in names]


def derivative(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    """Derivative of an elementwise function.

    >>> derivative(torch.exp, torch.zeros(2))
    tensor([1., 1.])
    """
    with torch.enable_grad():
        point = at.detach().requires_grad_()
        value = function(point)
        if not value.requires_grad:
            return torch.zeros_like(at)
        (slope,) = torch.autograd.grad(value, point, torch.ones_like(value), materialize_grads=True)
    return slope
