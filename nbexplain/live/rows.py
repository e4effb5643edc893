"""The rows that are explained while a model trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbexplain.data import Batch
from nbexplain.explain.passes import Work

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

MOST_ROWS = 8_192
"""Rows that explanations during the training are of, at most."""


class Rows:
    """Some rows of X in an order of chance, so that any first part of them is a fair sample."""

    def __init__(self, batch: Batch, places: NDArray[np.int64]) -> None:
        self._batch, self._places = batch, places

    def __len__(self) -> int:
        return len(self._batch)

    def first(self, count: int) -> tuple[Batch, NDArray[np.int64]]:
        """The first of them, and where they are in X."""
        batch, part = self._batch, slice(count)
        target = None if batch.target is None else batch.target[part]
        spans = None if batch.spans is None else batch.spans[part]
        return Batch(tuple(x[part] for x in batch.inputs), 0, target, spans), self._places[part]


def sampled(explanation: Explanation, seed: int) -> Rows:
    """Rows of its X, at most `MOST_ROWS`; the first ones where X is a stream."""
    work = explanation.origin
    assert isinstance(work, Work)
    source = work.source
    if source.count is None or not source.repeatable:
        head = source.head(MOST_ROWS)
        return Rows(head, np.arange(len(head)))
    places = np.random.default_rng(seed).permutation(source.count)[:MOST_ROWS]
    return Rows(source.take(places), places)
