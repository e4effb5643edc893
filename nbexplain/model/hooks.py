"""Forward hooks on a private copy: those that compute are kept, those that watch are silenced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from torch import Tensor, nn


class OnceIfObserver:
    """A forward (pre-)hook that is called again only if its first call changed something.

    A recorder of activations or a logger would otherwise fill up with the batches of an
    explanation. A hook takes part in the forward if it returns a value, changes a tensor in
    place, or sets something on its module.

    >>> seen = []
    >>> hook = OnceIfObserver(lambda module, args: seen.append(len(args)))
    >>> layer = nn.Identity()
    >>> hook(layer, ()), hook(layer, ()), seen
    (None, None, [0])
    """

    def __init__(self, hook: Callable[..., Any]) -> None:
        self.hook = hook
        self.observes: bool | None = None  # None: not called yet

    def __call__(self, module: nn.Module, *values: object) -> object:
        """Call the hook with what torch gives it, or stay silent."""
        if self.observes:
            return None
        if self.observes is False:
            return self.hook(module, *values)
        before = _state(module, values)
        returned = self.hook(module, *values)
        after = _state(module, values)
        self.observes = (
            returned is None
            and len(after) == len(before)
            and all(
                x is y and version == then
                for (x, version), (y, then) in zip(after, before, strict=True)
            )
        )
        return returned


def _state(module: nn.Module, values: tuple[object, ...]) -> list[tuple[object, int]]:
    """All that a hook could change, with the number of changes in place so far."""
    state = vars(module)
    own = [
        *(value for name, value in state.items() if not name.startswith("_")),
        *state["_parameters"].values(),
        *state["_buffers"].values(),
    ]
    return [(x, _version(x)) for x in [*own, *_leaves(values)]]


def _version(x: object) -> int:
    # Tensors of inference mode have no version; nothing differentiable is one.
    return x._version if isinstance(x, Tensor) and not x.is_inference() else 0


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, Mapping):
        for part in cast(Mapping[object, object], value).values():
            yield from _leaves(part)
    elif isinstance(value, tuple | list):
        for part in cast(tuple[object, ...], value):
            yield from _leaves(part)
    else:
        yield value
