"""torch's data sets and loaders, read without a trace in them or in the random state."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, cast

import torch
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    TensorDataset,
)
from torch.utils.data.dataloader import default_collate

from nbexplain.data.batched import Indexed, Streamed
from nbexplain.data.inputs import plural
from nbexplain.data.source import Source
from nbexplain.data.targets import Target
from nbexplain.model.snapshot import Signature

# Items of an IterableDataset without a loader, collated so many at a time.
ITEMS = 256


def tensors_in(X: Dataset[Any] | DataLoader[Any]) -> tuple[torch.Tensor, ...] | None:
    """The tensors of a TensorDataset, which need no loader; None for other data sets."""
    dataset = X
    if isinstance(X, DataLoader):
        if X.collate_fn is not default_collate or not _in_order(X):
            return None
        dataset = X.dataset
    return dataset.tensors if type(dataset) is TensorDataset else None


def loaded(
    X: Dataset[Any] | DataLoader[Any], y: Target | None, forward: Signature | None
) -> Source:
    """A data set, alone or in a loader, as a source.

    What a plain loader shuffles is read in the data set's order, in which positions mean
    something. A loader with a sampler of its own is read as it comes.

    Raises:
        ValueError: there are no items; y is given for a stream, or has another length.
        TypeError: the data set has no length.
    """
    dataset = X.dataset if isinstance(X, DataLoader) else X
    names = getattr(dataset, "classes", None)
    if isinstance(dataset, IterableDataset) or (isinstance(X, DataLoader) and not _in_order(X)):
        if y is not None:
            raise ValueError(
                "y cannot be matched to the rows of a stream: let its batches be (x, y)."
            )
        again = X if isinstance(X, DataLoader) else DataLoader(X, ITEMS, generator=_private())
        return Streamed(lambda: _as_it_comes(again), False, forward, names)
    if not hasattr(dataset, "__len__"):
        raise TypeError("X is a data set without a length: give it __len__, or pass its batches.")
    count = len(cast("Any", dataset))
    if not count:
        raise ValueError("X has no rows.")
    if y is not None and len(y) != count:
        raise ValueError(
            f"y has {plural(len(y), 'value')} and X has {plural(count, 'row')}: pass one value for "
            f"each row."
        )

    def load(positions: Sequence[int] | None, batch_size: int) -> Iterator[object]:
        loader = X if isinstance(X, DataLoader) else None
        workers = loader.num_workers if loader and positions is None else 0
        return iter(
            DataLoader(
                dataset,
                batch_size,
                sampler=positions,
                num_workers=workers,
                collate_fn=loader.collate_fn if loader else None,
                worker_init_fn=loader.worker_init_fn if loader else None,
                multiprocessing_context=loader.multiprocessing_context
                if loader and workers
                else None,
                timeout=loader.timeout if loader and workers else 0,
                generator=_private(),
            )
        )

    return Indexed(load, count, forward, names, y)


def _in_order(loader: DataLoader[Any]) -> bool:
    """Whether every item comes once, in the data set's order or shuffled."""
    if (
        isinstance(loader.dataset, IterableDataset)
        or type(loader.batch_sampler) is not BatchSampler
    ):
        return False
    sampler = loader.sampler
    if type(sampler) is RandomSampler:
        return not sampler.replacement and sampler.num_samples == len(cast("Any", loader.dataset))
    return type(sampler) is SequentialSampler


def _private() -> torch.Generator:
    """A generator for a loader, which otherwise draws its seed from the global random state."""
    return torch.Generator()


def _as_it_comes(loader: DataLoader[Any]) -> Iterator[object]:
    """One epoch of a loader, whose generators and workers are left as they were."""
    private = copy.copy(loader)
    # A loader with persistent workers keeps its iterator, perhaps in the middle of an epoch.
    private._iterator = None  # pyright: ignore[reportPrivateUsage]
    private.pin_memory = False
    samplers = (loader, loader.sampler, loader.batch_sampler)
    found = [getattr(each, "generator", None) for each in samplers]
    generators = [each for each in found if isinstance(each, torch.Generator)]
    states = [each.get_state() for each in generators]
    try:
        yield from private
    finally:
        for generator, state in zip(generators, states, strict=True):
            generator.set_state(state)
