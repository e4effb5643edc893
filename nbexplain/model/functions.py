"""Twins of functions: the same code over private copies of the modules it refers to.

`lambda x: model(x)[:, 1]` is a model too, and so is `model.score`. `deepcopy` hands functions
back as they are; called, they would run the user's own module, in the user's mode.
"""

from __future__ import annotations

import dis
import functools
from collections.abc import Callable, Iterable, Iterator
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, cast

from torch import Tensor, nn


class Twins:
    """Twins of functions, methods and partials; `copy` makes the private copies they refer to.

    A twin sees its own copies of modules, tensors, lists, dicts and sets: those in its closure
    and those it names in its own module or notebook, directly or through other functions defined
    there. Everything else is shared. A function that refers to none of these is its own twin.

    >>> from nbexplain.model.copying import private_copy
    >>> model = nn.Dropout()
    >>> score = private_copy(lambda x: model(x))
    >>> score.__globals__["model"].training, model.training
    (False, True)
    """

    def __init__(self, copy: Callable[[object], object]) -> None:
        self.copy = copy
        self.made: dict[int, Any] = {}
        self.namespaces: dict[int, dict[str, Any]] = {}
        self.alive: list[object] = []  # ids in `made` stay theirs

    def of(self, value: Any) -> Any:
        """The twin of a function or of a value that a function refers to."""
        if id(value) in self.made:
            return self.made[id(value)]
        self.alive.append(value)
        if _is_copied(value):
            return self.copy(value)
        if isinstance(value, MethodType):
            return MethodType(value.__func__, self.of(value.__self__))
        if isinstance(value, functools.partial):
            partial = cast("functools.partial[Any]", value)
            words = {name: self.of(word) for name, word in partial.keywords.items()}
            return functools.partial(self.of(partial.func), *map(self.of, partial.args), **words)
        if isinstance(value, FunctionType):
            return self._twin(value)
        return self._container(value)

    def _container(self, value: Any) -> Any:
        kind = type(value)
        if kind is dict:
            twin = self.made[id(value)] = {}
            twin.update({key: self.of(part) for key, part in value.items()})
            return twin
        if kind is list:
            listed = self.made[id(value)] = []
            listed.extend(map(self.of, value))
            return listed
        if kind is tuple or kind is set:
            return kind(map(self.of, value))
        return value

    def _twin(self, function: FunctionType) -> FunctionType:
        original = getattr(function, "_torchdynamo_orig_callable", None)
        if original is not None:  # torch.compile'd: what it was compiled from
            return self.of(original)
        if not _refers(function):
            return function
        space = self.namespaces.setdefault(id(function.__globals__), dict(function.__globals__))
        cells = tuple(CellType() for _ in function.__closure__ or ())
        twin = FunctionType(
            function.__code__, space, function.__name__, function.__defaults__, cells or None
        )
        twin.__kwdefaults__ = function.__kwdefaults__
        twin.__dict__.update(function.__dict__)
        twin.__qualname__, twin.__module__ = function.__qualname__, function.__module__
        self.made[id(function)] = twin  # before its cells are filled: it may refer to itself
        for cell, (_, value) in zip(cells, _closure(function), strict=True):
            if value is not _EMPTY:
                cell.cell_contents = self.of(value)
        for name, value in _globals(function):
            space[name] = self.of(value)
        return twin


_EMPTY = object()


def is_function(value: object) -> bool:
    """Whether `value` is a Python function, a bound method of one, or a partial."""
    if isinstance(value, MethodType):
        return isinstance(value.__func__, FunctionType)
    return isinstance(value, FunctionType | functools.partial)


def _is_copied(value: object) -> bool:
    """Modules and tensors, and objects of classes of the user's own that hold modules."""
    if isinstance(value, nn.Module | Tensor):
        return True
    if isinstance(value, type | ModuleType) or is_function(value) or not hasattr(value, "__dict__"):
        return False
    return any(isinstance(part, nn.Module) for part in vars(value).values())


def modules_of(value: object) -> list[nn.Module]:
    """Modules that a function, a method, a partial or an object refers to.

    >>> layer = nn.Linear(1, 1)
    >>> modules_of(lambda x: layer(x))
    [Linear(in_features=1, out_features=1, bias=True)]
    """
    return [x for x in _reached(value) if isinstance(x, nn.Module)]


def _refers(function: FunctionType) -> bool:
    """Whether a function reaches something that its twin must not share."""
    if hasattr(function, "_torchdynamo_orig_callable"):
        return True
    return any(isinstance(x, dict | list | set) or _is_copied(x) for x in _reached(function))


def _reached(value: object) -> list[object]:
    """`value` and what it refers to, each once; modules are not looked into."""
    reached: dict[int, object] = {}
    waiting = [value]
    while waiting:
        x = waiting.pop()
        if id(x) not in reached:
            reached[id(x)] = x
            waiting.extend(_near(x))
    return list(reached.values())


def _near(x: Any) -> Iterable[object]:
    if isinstance(x, MethodType):
        return (x.__self__, x.__func__)
    if isinstance(x, functools.partial):
        return (x.func, *x.args, *x.keywords.values())
    if isinstance(x, FunctionType):
        inner = getattr(x, "_torchdynamo_orig_callable", None)
        return (inner, *(part for _, part in (*_closure(x), *_globals(x))))
    if isinstance(x, dict):
        return x.values()
    if isinstance(x, list | tuple | set):
        return x
    if _is_copied(x) and not isinstance(x, nn.Module | Tensor):
        return vars(x).values()
    return ()


def _closure(function: FunctionType) -> Iterator[tuple[str, object]]:
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # a name that is not bound yet
            yield name, _EMPTY


def _globals(function: FunctionType) -> Iterator[tuple[str, object]]:
    """What a function looks up in its module or notebook; functions made elsewhere left out."""
    space = function.__globals__
    if space.get("__name__", "").split(".")[0] == "torch":
        return  # nothing there is the user's; what torch decorates is in its closure
    for name in sorted(_names(function.__code__) & space.keys()):
        value = space[name]
        if not isinstance(value, FunctionType) or value.__globals__ is space:
            yield name, value


def _names(code: CodeType) -> set[str]:
    """Global names that a function's code, and the functions written inside it, look up."""
    look_ups = ("LOAD_GLOBAL", "LOAD_NAME")
    here = {x.argval for x in dis.get_instructions(code) if x.opname in look_ups}
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return here.union(*map(_names, inner))
