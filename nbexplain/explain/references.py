"""What methods hold rows against: a baseline, a background, or the spread of the columns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data import Batch, Source
from nbexplain.engine.accumulators import Spread
from nbexplain.engine.padding import existing
from nbexplain.engine.samples import draw
from nbexplain.explanation.remarks import listed
from nbexplain.features import Features
from nbexplain.methods import (
    DeepLift,
    ExpectedGradients,
    GradientXInput,
    IntegratedGradients,
    Method,
)

SAMPLE = 10_000
"""Rows that a median is taken of."""

FAR = 10
"""Standard deviations from a column's mean at which a baseline is said to be far."""

BACKGROUND = 100
"""Rows of X that a background has, where none is given."""

Inputs = tuple[Tensor, ...]


@dataclass(frozen=True, eq=False)
class References:
    """What rows are held against.

    Attributes:
        tensors: one per input of the model, `[1, *shape]`, or `[rows, *shape]` of a background;
            empty for methods without references.
        words: what they are, in a question: "the mean of each column".
        notes: what to know of them.
    """

    tensors: Inputs = ()
    words: str = ""
    notes: tuple[str, ...] = ()


def references(method: Method, source: Source, head: Batch, seed: int) -> References:
    """The references of a method on these rows.

    Raises:
        ValueError: a baseline or background of another shape than the rows; a stream, which cannot
            be passed over twice.
    """
    if isinstance(method, ExpectedGradients):
        return _background(method.background, source, seed)
    if isinstance(method, GradientXInput | IntegratedGradients | DeepLift):
        baseline = method.baseline
        if isinstance(baseline, str):
            if baseline == "zero":
                return References(_each(head, torch.zeros_like), "zero")
            of = "of each column" if head.inputs[-1].ndim < 4 else "image"
            found = _of_columns(baseline, source, head, seed)
            sampled = baseline == "median" and (source.count or SAMPLE + 1) > SAMPLE
            notes = (f"The median is that of {SAMPLE:,} rows drawn from X.",) if sampled else ()
            return References(found, f"the {baseline} {of}", notes)
        given = np.asarray(baseline, dtype=np.float64)
        if given.ndim == 0:
            return References(_each(head, lambda x: torch.full_like(x, float(given))), f"{given:g}")
        return References(_given(given, head), "the given baseline")
    if method.noisy:
        return References(_of_columns("noise", source, head, seed))
    return References()


def distant(held: References, inputs: Spread, named: Features) -> list[str]:
    """A note where a baseline lies far outside the data of some columns."""
    baseline = [b.flatten() for b in held.tensors if b.is_floating_point() and len(b) == 1]
    if not baseline or named.states:
        return []
    away = np.abs(torch.cat(baseline).double().numpy() - inputs.mean)
    far = away > FAR * inputs.deviation
    far &= inputs.deviation > 0
    if not far.any():
        return []
    owners = np.unique(named.owners[named.cells[far]])
    return [
        f"The baseline is far from the data in {listed([named.names[j] for j in owners])} (more "
        f"than {FAR} standard deviations from the mean): contributions are then mostly those of "
        "inputs that no row is like. baseline='mean' is a near one."
    ]


def at_rows(references: Inputs, inputs: Inputs, spans: Tensor | None) -> Inputs:
    """The references of one batch: padding is held against itself, and so contributes nothing."""
    if spans is None or not references:
        return references
    found: list[Tensor] = []
    for x, b in zip(inputs, references, strict=True):
        if not x.is_floating_point():
            found.append(b)
            continue
        there = existing(spans[:, :2].to(x.device), x.shape[1])
        found.append(torch.where(there.view(*there.shape, *[1] * (x.ndim - 2)), b, x))
    return tuple(found)


def _each(head: Batch, of: Callable[[Tensor], Tensor]) -> Inputs:
    return tuple(of(x[:1]) for x in head.inputs)


def _of_columns(what: str, source: Source, head: Batch, seed: int) -> Inputs:
    """Mean, median or spread of each column: of sequences over rows and steps alike."""
    if not source.repeatable:
        raise ValueError(
            f"The {'spread' if what == 'noise' else what} of X needs a pass over it, and another "
            "one to explain, but X is a stream: pass an array or a DataLoader, or a baseline."
        )
    if what == "mean":
        return _means(source, head)
    rows = _rows(source, SAMPLE, seed)
    return tuple(_column(what, x, rows.spans) for x in rows.inputs)


def _means(source: Source, head: Batch) -> Inputs:
    """The mean of each column, in one pass."""
    sums: list[Tensor | float] = [0.0] * len(head.inputs)
    counts = [0] * len(head.inputs)
    for batch in source.batches(8192):
        for i, x in enumerate(batch.inputs):
            if x.is_floating_point():
                flat = _flat(x, batch.spans)
                sums[i], counts[i] = sums[i] + flat.sum(0), counts[i] + len(flat)
    return tuple(
        torch.as_tensor(total / max(count, 1)).to(x.dtype).expand(1, *x.shape[1:]).clone()
        if x.is_floating_point()
        else x[:1]
        for x, total, count in zip(head.inputs, sums, counts, strict=True)
    )


def _flat(x: Tensor, spans: Tensor | None) -> Tensor:
    """Rows in double precision; of sequences their existing steps, each a row."""
    if x.ndim != 3:
        return x.double()
    return (x.flatten(0, 1) if spans is None else x[existing(spans[:, :2], x.shape[1])]).double()


def _column(what: str, x: Tensor, spans: Tensor | None) -> Tensor:
    if not x.is_floating_point():
        return x[:1]
    flat = _flat(x, spans)
    if what == "median":
        found = torch.from_numpy(np.median(flat.numpy(), axis=0))
    else:
        found = flat.std(0, correction=0)
        found = torch.where((flat == flat.round()).all(0), 0.0, found)
    return found.to(x.dtype).expand(1, *x.shape[1:]).clone()


def _rows(source: Source, most: int, seed: int) -> Batch:
    """All rows, or so many of them, drawn by the seed."""
    count = source.count
    if count is None:
        count = sum(len(batch) for batch in source.batches(8192))
    positions: NDArray[np.int64] = np.arange(count)
    if count > most:
        positions = np.sort(np.argsort(draw(positions, seed), kind="stable")[:most])
    return source.take(positions)


def _background(given: object, source: Source, seed: int) -> References:
    if given is None:
        if not source.repeatable:
            raise ValueError("X is a stream, of which no background can be drawn: pass one.")
        rows = _rows(source, BACKGROUND, seed)
        return References(rows.inputs, f"{len(rows):,} rows of X")
    rows = source.new_rows(given)
    return References(rows.inputs, f"a background of {len(rows):,} rows")


def _given(baseline: NDArray[np.float64], head: Batch) -> Inputs:
    floating = [x for x in head.inputs if x.is_floating_point()]
    if len(floating) != 1:
        raise ValueError(
            f"The model has {len(floating)} inputs, and one array is no baseline for them: pass "
            "baseline='mean', 'median', 'zero' or a number."
        )
    shape = tuple(floating[0].shape[1:])
    try:
        found = np.broadcast_to(baseline, (1, *shape))
    except ValueError:
        raise ValueError(
            f"baseline has the shape {list(baseline.shape)}, which does not fit a row of X, "
            f"{list(shape)}."
        ) from None
    values = torch.from_numpy(found.copy())
    return tuple(values.to(x.dtype) if x.is_floating_point() else x[:1] for x in head.inputs)
