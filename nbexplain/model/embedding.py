"""Ids of tokens: the embeddings that look them up, and a snapshot differentiated at their output.

Integers have no derivative. What an `nn.Embedding` makes of them has one, so the ids are put in as
before, and what the embedding returns for them is replaced by an input of its own. Embeddings
that receive other ids (positions, segments) are left alone.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from nbexplain.model.checks import untouched
from nbexplain.model.snapshot import Snapshot

_BITS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


@dataclass(frozen=True)
class Lookup:
    """Which input holds ids of tokens, and the embeddings that look them up.

    Attributes:
        index: position of the input among the model's inputs; None where no embedding receives
            one as it is.
        modules: the snapshot's embeddings that do, with their names.
        bag: name of an `nn.EmbeddingBag` that receives an input, or None.
    """

    index: int | None
    modules: tuple[tuple[str, nn.Embedding], ...] = ()
    bag: str | None = None

    @property
    def called(self) -> str:
        """The embeddings in a sentence."""
        return " and ".join(name or "the model itself" for name, _ in self.modules)

    @property
    def padding(self) -> int | None:
        """The id that stands for no token, if an embedding says so."""
        found = (module.padding_idx for _, module in self.modules)
        return next((index for index in found if index is not None), None)


def look_up(
    snapshot: Snapshot, inputs: tuple[Tensor, ...], names: tuple[str, ...] | None
) -> Lookup:
    """Which of the inputs, integers `[rows, steps]`, an embedding receives exactly as it is.

    Of several such inputs it is the first. The model is called once; should it fail, what was
    received by then counts.

    Args:
        snapshot: of the model.
        inputs: some rows.
        names: of the inputs, where they go by name.

    >>> snapshot = Snapshot(nn.Sequential(nn.Embedding(9, 2), nn.Flatten(), nn.Linear(6, 1)))
    >>> look_up(snapshot, (torch.tensor([[1, 5, 2]]),), None).called
    '0'
    """
    ids = {i: x for i, x in enumerate(inputs) if _may_be_ids(x)}
    found: dict[int, list[tuple[str, nn.Embedding]]] = {i: [] for i in ids}
    bags: list[str] = []
    handles: list[RemovableHandle] = []

    def watch(name: str, module: nn.Module) -> None:
        def received(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            for index, x in ids.items():
                if _order(_received(args, kwargs), x) is None:
                    continue
                if isinstance(module, nn.EmbeddingBag):
                    bags.append(name)
                elif all(module is not known for _, known in found[index]):
                    found[index].append((name, cast("nn.Embedding", module)))

        handles.append(module.register_forward_pre_hook(received, with_kwargs=True))

    for name, module in snapshot.named_modules:
        if isinstance(module, nn.Embedding | nn.EmbeddingBag):
            watch(name, module)
    try:
        # The forward's own errors come when it is called in earnest.
        with untouched(), torch.no_grad(), suppress(Exception):
            snapshot(tuple(x.clone() for x in snapshot.prepare(inputs)), names)
    finally:
        for handle in handles:
            handle.remove()
    index = next((i for i in ids if found[i]), None)
    modules = () if index is None else tuple(found[index])
    return Lookup(index, modules, next(iter(bags), None))


class Embedded(Snapshot):
    """A snapshot that takes the embedded tokens as one more input, the last.

    Args:
        snapshot: of the model; it is watched from now on.
        lookup: where it looks up which input.

    The inputs come from `embed`, the ids among them as they are.

    >>> snapshot = Snapshot(nn.Sequential(nn.Embedding(9, 2), nn.Flatten(), nn.Linear(6, 1)))
    >>> ids = torch.tensor([[1, 5, 2]])
    >>> model = Embedded(snapshot, look_up(snapshot, (ids,), None))
    >>> inputs = model.embed((ids,))
    >>> inputs[1].shape, torch.equal(model(inputs), snapshot((ids,)))
    (torch.Size([1, 3, 2]), True)
    """

    def __init__(self, snapshot: Snapshot, lookup: Lookup) -> None:
        assert lookup.index is not None
        vars(self).update(vars(snapshot))
        self._index = lookup.index
        self._embeddings = [module for _, module in lookup.modules]
        self._dtypes: tuple[torch.dtype, ...] = ()
        start = 0
        for module in self._embeddings:
            part = slice(start, start + module.embedding_dim)
            module.register_forward_hook(_replacing(part), with_kwargs=True)
            start = part.stop

    def embed(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The model's inputs and, as the last, what its embeddings make of the ids `[n, τ, d]`.

        What several embeddings make of the same ids stands side by side. Floating inputs come as
        the integers that have their bits: they are passed on, and not differentiated.
        """
        prepared = self.prepare(inputs)
        self._dtypes = tuple(x.dtype for x in prepared)
        with untouched(), torch.no_grad():
            parts = [module(prepared[self._index]) for module in self._embeddings]
        # An input of its own: a view of the weights would be changed by operations in place.
        embedded = torch.cat(parts, dim=-1).clone()
        return *(_as_integers(x) for x in prepared), embedded

    def of_token(self, token: int) -> Tensor:
        """What the embeddings return for one id, `[d]`.

        Raises:
            ValueError: there is no such id.
        """
        known = min(module.num_embeddings for module in self._embeddings)
        if not 0 <= token < known:
            raise ValueError(f"There is no token {token}: the embedding has 0 to {known - 1:,}.")
        with untouched(), torch.no_grad():
            parts = [
                module(torch.tensor([[token]], device=module.weight.device))
                for module in self._embeddings
            ]
        return torch.cat(parts, dim=-1)[0, 0].clone()

    def __call__(self, inputs: tuple[Tensor, ...], names: tuple[str, ...] | None = None) -> object:
        """What the model returns where its embeddings return the last input for the ids.

        Raises:
            ValueError: the embeddings received other ids in this call.
        """
        *given, embedded = inputs
        original = tuple(
            x.view(dtype) if dtype.is_floating_point else x
            for x, dtype in zip(given, self._dtypes, strict=True)
        )
        with _replaced(original[self._index], embedded) as call:
            returned = super().__call__(original, names)
        if not call.happened:
            raise ValueError(
                "The model's embedding received other ids than X has for these rows, as it did "
                "not for the first ones: look the ids up as they come, and cut or mask afterwards."
            )
        return returned


@dataclass
class _Call:
    """One call of a model: the ids it is given, what stands for them, and whether that was used."""

    ids: Tensor
    embedded: Tensor
    happened: bool = False


_call: ContextVar[_Call | None] = ContextVar("call", default=None)


@contextmanager
def _replaced(ids: Tensor, embedded: Tensor) -> Generator[_Call]:
    call = _Call(ids, embedded)
    outer = _call.set(call)
    try:
        yield call
    finally:
        _call.reset(outer)


def _replacing(part: slice) -> Any:
    """A forward hook: where the ids are looked up, the embedded ones take the output's place."""

    def hook(_: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], output: Any) -> Any:
        call = _call.get()
        order = None if call is None else _order(_received(args, kwargs), call.ids)
        if call is None or order is None:
            return output
        call.happened = True
        return call.embedded[..., part].permute(*order, 2).to(output.dtype)

    return hook


def _received(args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    return args[0] if args else kwargs.get("input")


def _order(received: object, ids: Tensor) -> tuple[int, int] | None:
    """The order of the axes in which these are the ids: as they are, or steps first."""
    if not isinstance(received, Tensor) or received.ndim != 2:
        return None
    for order in ((0, 1), (1, 0)):
        turned = ids.permute(order)
        if received.shape == turned.shape and bool((received == turned.to(received.device)).all()):
            return order
    return None


def _may_be_ids(x: Tensor) -> bool:
    return x.ndim == 2 and not x.is_floating_point() and x.dtype != torch.bool


def _as_integers(x: Tensor) -> Tensor:
    return x.view(_BITS[x.dtype.itemsize]) if x.is_floating_point() else x
