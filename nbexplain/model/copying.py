"""A private copy of a model: all that `copy.deepcopy` copies, and what it refuses.

`deepcopy` fails on tensors that are results of autograd (pruned weights, activations kept on
`self`), on locks, open files and generators, and it follows hooks into the recorders and trainers
behind them. So the objects it would reach are looked at first, and its memo is filled with what
they become in the copy: tensors are detached and frozen, what cannot be copied is shared.
"""

from __future__ import annotations

import copy
import copyreg
from collections import OrderedDict, deque
from collections.abc import Iterable
from types import FunctionType, MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.utils.data import DataLoader, Dataset

from nbexplain.model.functions import Twins, is_function
from nbexplain.model.hooks import OnceIfObserver

# Training, saving and loading are not what is explained: these hooks stay behind.
_LEFT_BEHIND = (
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
_FORWARD_HOOKS = ("_forward_pre_hooks", "_forward_hooks")

# A forward may read these, but they hold data, processes and connections: never copied.
_SHARED_TYPES = (torch.optim.Optimizer, DataLoader, Dataset, torch.jit.ScriptFunction)
_SHARED_PACKAGES = frozenset(
    {"lightning", "lightning_fabric", "mlflow", "pytorch_lightning", "wandb"}
)

# Met by the thousand (vocabularies), and the same in a copy.
_ATOMIC = (type(None), bool, int, float, complex, str, bytes, torch.dtype, torch.device, type)
_CONTAINERS = (list, tuple, set, frozenset, deque)


def private_copy(model: object, shared: Iterable[nn.Parameter] = ()) -> object:
    """Copy of a module or callable that shares no tensor, mode, flag or hook with the original.

    The memory of `shared` parameters is that of the original's: for a forward that is known not
    to write into them, and is called before they change.

    Every module in the copy is in evaluation mode, every tensor detached from any graph and
    without `requires_grad`. Backward hooks stay behind. A forward hook is called once, and again
    only if it takes part in the forward, as those of weight norm and pruning do.

    Raises:
        ValueError: a lazy module has not seen a batch yet.
        TypeError: the model's own `__deepcopy__` or constructor refuses.

    >>> model = nn.Sequential(nn.Linear(2, 1), nn.Dropout())
    >>> twin = private_copy(model)
    >>> twin.training, model.training
    (False, True)
    >>> torch.equal(twin[0].weight, model[0].weight), twin[0].weight is model[0].weight
    (True, False)
    """
    # A model made in inference mode must yield ordinary tensors here, or autograd refuses them.
    with torch.inference_mode(False), torch.no_grad():
        copier = _Copier()
        for x in shared:
            if type(x) is nn.Parameter and not x.is_inference():
                copier.memo[id(x)] = nn.Parameter(x.detach(), requires_grad=False)
        return copier.copy(model)


def compiled_from(module: nn.Module) -> nn.Module | None:
    """The module that `torch.compile` wrapped; None if it did not."""
    # By name: importing torch._dynamo to ask for the class takes a second.
    if type(module).__name__ != "OptimizedModule":
        return None
    return dict(module.named_children()).get("_orig_mod")


class _Copier:
    def __init__(self) -> None:
        self.memo: dict[int, Any] = {}
        # id → object. It also keeps temporary states alive, so that no id is met twice.
        self.seen: dict[int, object] = {}
        self.compiled: list[tuple[nn.Module, nn.Module]] = []
        self.twins = Twins(self.copy)

    def copy(self, root: object) -> object:
        """`root`, copied; a second call continues with what the first one copied."""
        if id(root) in self.memo:
            return self.memo[id(root)]
        if isinstance(root, MethodType) and isinstance(root.__func__, FunctionType):
            return MethodType(root.__func__, self.copy(root.__self__))
        if is_function(root):
            return self.twins.of(root)
        found = self._look(root)
        try:
            # Compiled modules become what they were compiled from, the inner ones first.
            while self.compiled:
                module, original = self.compiled.pop()
                self.memo[id(module)] = copy.deepcopy(original, self.memo)
            result = copy.deepcopy(root, self.memo)
        except Exception as error:
            raise TypeError(
                f"The model ({type(root).__name__}) cannot be copied, and nbexplain works on a "
                f"private copy: {error}. Give its class a __deepcopy__, or pass the part of it "
                "that is a plain torch.nn.Module."
            ) from error
        self._settle(result, *(self.memo.get(id(x)) for x in found))
        return result

    def _look(self, root: object) -> list[object]:
        """Fill the memo for all that `root` reaches; what was met for the first time."""
        found: list[object] = []
        waiting = [root]
        while waiting:
            x = waiting.pop()
            if id(x) not in self.seen and id(x) not in self.memo and not isinstance(x, _ATOMIC):
                self.seen[id(x)] = x
                found.append(x)
                waiting.extend(self._parts(x))
        return found

    def _parts(self, x: object) -> Iterable[object]:
        """What `deepcopy` will follow from `x`; the memo is filled when that is not to happen."""
        if isinstance(x, Tensor):
            self.memo[id(x)] = _frozen(x)
        elif isinstance(x, torch.Generator):
            # Sharing it would advance the user's generator with each forward.
            self.memo[id(x)] = torch.Generator(x.device).set_state(x.get_state())
        elif isinstance(x, torch.jit.ScriptModule):
            pass  # copies itself, in C++
        elif isinstance(x, nn.Module):
            return self._parts_of_module(x)
        elif isinstance(x, dict):
            return [*x.keys(), *x.values()]
        elif isinstance(x, _CONTAINERS):
            return x
        elif _is_shared(x):
            self.memo[id(x)] = x
        else:
            return self._parts_of_object(x)
        return ()

    def _parts_of_module(self, module: nn.Module) -> list[object]:
        state = vars(module)
        original = compiled_from(module)
        if original is not None:
            self.compiled.append((module, original))
            return [original]
        for name in _LEFT_BEHIND:
            if name in state:
                self.memo[id(state[name])] = OrderedDict[int, object]()
        for name in _FORWARD_HOOKS:
            for hook in state.get(name, {}).values():
                self.memo[id(hook)] = hook  # shared for now: its twin takes its place below
        return [*state.values()]

    def _parts_of_object(self, x: object) -> Iterable[object]:
        if hasattr(type(x), "__deepcopy__"):
            # What it copies is its own affair; its attributes are the best guess.
            return vars(x).values() if hasattr(x, "__dict__") else ()
        try:
            reducer = copyreg.dispatch_table.get(type(x))
            reduced = reducer(x) if reducer else x.__reduce_ex__(4)
        except Exception:  # a lock, an open file, a socket: whatever it says, it stays shared
            self.memo[id(x)] = x
            return ()
        return () if isinstance(reduced, str) else [*reduced[1:3], *_items(reduced)]

    def _settle(self, *copies: object) -> None:
        """Evaluation mode, no gradients, hooks that only observe made silent."""
        # Modules in a plain list are met here as well, which .eval() on their owner leaves out.
        roots = [copy for copy in copies if isinstance(copy, nn.Module)]
        modules = dict.fromkeys(module for root in roots for module in root.modules())
        for module in modules:
            self.memo[id(module)] = module  # a private copy is its own private copy
            if getattr(module, "training", False):  # which a frozen script has not
                module.eval()
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad_(False)
        for module in modules:
            if not isinstance(module, torch.jit.ScriptModule):
                self._settle_functions(vars(module))
            if isinstance(module, nn.RNNBase) and any(p.is_cuda for p in module.parameters()):
                # cuDNN differentiates recurrent layers in training mode only; without dropout
                # both modes compute the same.
                module.train()
                module.dropout = 0.0
                module.flatten_parameters()

    def _settle_functions(self, state: dict[str, Any]) -> None:
        for name in _FORWARD_HOOKS:
            for key, hook in state[name].items():
                if not isinstance(hook, OnceIfObserver):
                    state[name][key] = OnceIfObserver(self.twins.of(hook))
        for name, value in state.items():
            # A function kept on the module may hold the user's module in its closure.
            if is_function(value):
                state[name] = self.twins.of(value)


def _items(reduced: tuple[Any, ...]) -> list[object]:
    """Items of list and dict subclasses, which a reduced value carries as iterators."""
    listed = list(reduced[3]) if len(reduced) > 3 and reduced[3] is not None else []
    keyed = list(reduced[4]) if len(reduced) > 4 and reduced[4] is not None else []
    return [*listed, *keyed]


def _frozen(tensor: Tensor) -> Tensor:
    if is_lazy(tensor):
        raise ValueError(
            "The model has lazy layers whose shapes are not known yet: "
            "run model(X) on one batch first."
        )
    if isinstance(tensor, nn.Parameter):  # keeps its class
        return copy.deepcopy(tensor, {}).requires_grad_(False)
    return tensor.detach().clone()


def _is_shared(x: object) -> bool:
    return isinstance(x, _SHARED_TYPES) or type(x).__module__.split(".")[0] in _SHARED_PACKAGES
