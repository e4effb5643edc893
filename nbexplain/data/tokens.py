"""Rows of token ids, with what the model's embedding makes of them as one more input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data.arranged import spans_of_mask
from nbexplain.data.held import Held
from nbexplain.data.source import Batch, Source

Embed = Callable[[tuple[Tensor, ...]], tuple[Tensor, ...]]
"""From a model's inputs to these and, after them, the embedded ids `[n, τ, d]`."""


@dataclass(frozen=True)
class Padding:
    """What says which tokens exist: an id that stands for none, or a mask among the inputs.

    Attributes:
        token: the id of padding, or None.
        mask: position of the mask `[rows, steps]` among the inputs, or None.
        inverted: whether the mask is true where there is padding.
    """

    token: int | None = None
    mask: int | None = None
    inverted: bool = False

    def existing(self, inputs: tuple[Tensor, ...], ids: Tensor) -> NDArray[np.bool_] | None:
        """Which tokens exist, `[rows, steps]`; None where nothing says so.

        >>> ids = torch.tensor([[4, 7, 0]])
        >>> Padding(token=0).existing((ids,), ids).tolist()
        [[True, True, False]]
        """
        if self.token is not None:
            return (ids != self.token).cpu().numpy()
        if self.mask is None:
            return None
        there = (inputs[self.mask] != 0).cpu().numpy()
        return ~there if self.inverted else there


@final
class Tokens(Source):
    """A source whose ids come embedded.

    Args:
        source: the rows, ids among their inputs.
        embed: what adds the embedded ids to the inputs.
        index: which input holds the ids.
        padding: which of them exist.
    """

    def __init__(self, source: Source, embed: Embed, index: int, padding: Padding) -> None:
        self._source, self._embed, self._index, self._padding = source, embed, index, padding
        for name in ("count", "input_names", "column_names", "classes", "target_name"):
            setattr(self, name, getattr(source, name))
        self.repeatable = source.repeatable
        self.padded = padding != Padding()

    def batches(self, batch_size: int) -> Iterator[Batch]:
        """The batches of the source, embedded."""
        for batch in self._source.batches(batch_size):
            yield self._embedded(batch)

    def head(self, rows: int) -> Batch:
        """The first rows of the source, embedded."""
        return self._embedded(self._source.head(rows))

    def take(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """These rows of the source, embedded."""
        return self._embedded(self._source.take(positions))

    def new_rows(self, X: object) -> Batch:
        """New rows, embedded."""
        batch = self._source.new_rows(X)
        if (ids := batch.inputs[self._index]).is_floating_point():
            kind = str(ids.dtype).removeprefix("torch.")
            raise ValueError(f"row holds {kind}, but X holds ids of tokens: pass whole numbers.")
        return self._embedded(batch)

    def for_outputs(self, outputs: int) -> Source:
        """The same rows, y read for so many outputs."""
        source = self._source.for_outputs(outputs)
        return Tokens(source, self._embed, self._index, self._padding)

    def locate(self, label: object) -> int:
        """The position of a labelled row."""
        return self._source.locate(label)

    def label(self, positions: NDArray[np.int64]) -> list[object]:
        """The labels of rows."""
        return self._source.label(positions)

    def occurring(self, rows: int) -> NDArray[np.int64]:
        """The ids that occur, ascending: in all rows where they are in memory, else in the first.

        Padding is not among them.
        """
        held = isinstance(self._source, Held)
        parts = self._source.batches(_LOOKED_AT) if held else iter([self._source.head(rows)])
        return np.unique(np.concatenate([self._present(part) for part in parts]))

    def _present(self, batch: Batch) -> NDArray[np.int64]:
        ids = batch.inputs[self._index]
        there = self._padding.existing(batch.inputs, ids)
        found = ids.cpu().numpy().astype(np.int64)
        return np.unique(found if there is None else found[there])

    def _embedded(self, batch: Batch) -> Batch:
        ids = batch.inputs[self._index]
        there = self._padding.existing(batch.inputs, ids)
        spans = None
        if there is not None:
            if (empty := ~there.any(1)).any():
                row = batch.start + int(np.flatnonzero(empty)[0])
                raise ValueError(
                    f"Row {row} of X is all padding: leave rows without tokens out "
                    f"({int(empty.sum()):,} among the rows read with it)."
                )
            # What is masked between two tokens is masked for the model, and no end of the text.
            spans = torch.from_numpy(spans_of_mask(there))
        return replace(batch, inputs=self._embed(batch.inputs), spans=spans, ids=ids)


_LOOKED_AT = 8192
"""Rows whose ids are looked at together."""
