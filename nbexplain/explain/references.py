"""What methods hold rows against: a baseline, a background, or the spread of the columns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data import Batch, Source
from nbexplain.engine.padding import existing
from nbexplain.engine.samples import draw
from nbexplain.engine.swept import Swept
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

AT_ONCE = 8192
"""Rows read at once."""

TEXT_ENTRIES = 2**22
"""Numbers of embeddings looked at together."""

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


def references(
    method: Method,
    source: Source,
    head: Batch,
    seed: int,
    embedding: Callable[[int], tuple[Tensor, str]],
    sequence: int | None = None,
) -> References:
    """The references of a method on these rows.

    Args:
        method: how attributions are formed.
        source: the rows.
        head: the first of them.
        seed: of what is drawn.
        embedding: of texts, from the id of a token to its embedding and its name.
        sequence: position of the sequence among inputs that are its states, or None.

    Raises:
        ValueError: a baseline or background of another shape than the rows; a stream, which cannot
            be passed over twice; of texts, a number that is no token's id.
    """
    if isinstance(method, ExpectedGradients):
        return _background(method.background, source, seed)
    if isinstance(method, GradientXInput | IntegratedGradients | DeepLift):
        baseline = method.baseline
        if isinstance(baseline, str):
            if baseline == "zero":
                zero = "zero" if head.ids is None else "an embedding of zeros"
                return References(_each(head, torch.zeros_like), zero)
            found = _of_columns(baseline, source, head, seed, sequence)
            most = _sampled(head)
            sampled = baseline == "median" and (source.count or most + 1) > most
            notes = (f"The median is that of {most:,} rows drawn from X.",) if sampled else ()
            if head.ids is not None:
                return References(found, f"the {baseline} embedding", notes)
            of = "of each column" if head.inputs[-1].ndim < 4 else "image"
            return References(found, f"the {baseline} {of}", notes)
        if hasattr(baseline, "index") and hasattr(baseline, "to_numpy"):  # columns by their names
            rows = _new_rows("baseline", baseline, source)
            if len(rows) != 1:
                raise ValueError(
                    f"baseline holds {len(rows):,} rows, and is to be one: pass their mean(), or "
                    "all of them as nbx.ExpectedGradients(background=…)."
                )
            return References(rows.inputs, "the given baseline")
        given = np.asarray(baseline, dtype=np.float64)
        if head.ids is not None and given.ndim == 0:
            return _of_token(baseline, head, embedding)
        if given.ndim == 0:
            return References(_each(head, lambda x: torch.full_like(x, float(given))), f"{given:g}")
        return References(_given(given, head), "the given baseline")
    if method.noisy:
        return References(_of_columns("noise", source, head, seed, sequence))
    return References()


def distant(held: References, swept: Swept, named: Features) -> list[str]:
    """A note where a baseline lies far outside the data of some columns."""
    baseline = [b.flatten() for b in held.tensors if b.is_floating_point() and len(b) == 1]
    if not baseline or named.states:
        return []
    mean, deviation = swept.inputs.mean, swept.inputs.deviation
    if (there := swept.steps) is not None:  # what padding holds is no data
        mean, deviation = (np.tile(x, named.steps) for x in (there.mean, there.deviation))
    away = np.abs(torch.cat(baseline).double().numpy() - mean)
    far = (away > FAR * deviation) & (deviation > 0)
    if not far.any():
        return []
    owners = np.unique(named.owners[named.cells[far]])
    return [
        f"The baseline is far from the data in {listed([named.names[j] for j in owners])} (more "
        f"than {FAR} standard deviations from the mean): contributions are then mostly those of "
        "inputs that no row is like. baseline='mean' is a near one."
    ]


def _of_token(
    baseline: object, head: Batch, embedding: Callable[[int], tuple[Tensor, str]]
) -> References:
    """The embedding of one token at every place."""
    if isinstance(baseline, bool) or not isinstance(baseline, int | np.integer):
        raise ValueError(
            f"baseline={baseline!r} is no embedding: pass the id of a token, a whole number, or "
            "'mean', 'zero' or 'median'."
        )
    found, name = embedding(int(baseline))
    *others, x = head.inputs
    return References(
        (*(one[:1] for one in others), found.to(x).expand(1, *x.shape[1:]).clone()),
        f"the token {name!r} at every place",
    )


def _sampled(head: Batch) -> int:
    """Rows that a median is taken of: fewer of texts, whose embeddings are large."""
    if head.ids is None:
        return SAMPLE
    return int(np.clip(TEXT_ENTRIES // head.inputs[-1][0].numel(), BACKGROUND, SAMPLE))


def _each(head: Batch, of: Callable[[Tensor], Tensor]) -> Inputs:
    return tuple(of(x[:1]) for x in head.inputs)


def _of_columns(what: str, source: Source, head: Batch, seed: int, sequence: int | None) -> Inputs:
    """Mean, median or spread of each column: of sequences over rows and steps alike."""
    if not source.repeatable:
        raise ValueError(
            f"The {'spread' if what == 'noise' else what} of X needs a pass over it, and another "
            "one to explain, but X is a stream: pass an array or a DataLoader, or a baseline."
        )
    if what == "mean":
        return _means(source, head, sequence)
    rows = _rows(source, _sampled(head), seed)
    return tuple(
        _column(what, x, _flat(x, rows.spans, steps=sequence in (None, i)))
        for i, x in enumerate(rows.inputs)
    )


def _means(source: Source, head: Batch, sequence: int | None) -> Inputs:
    """The mean of each column, in one pass."""
    sums: list[Tensor | float] = [0.0] * len(head.inputs)
    counts = [0] * len(head.inputs)
    for batch in source.batches(min(AT_ONCE, _sampled(head))):
        for i, x in enumerate(batch.inputs):
            if x.is_floating_point():
                flat = _flat(x, batch.spans, steps=sequence in (None, i))
                sums[i], counts[i] = sums[i] + flat.sum(0), counts[i] + len(flat)
    return tuple(
        torch.as_tensor(total / max(count, 1)).to(x.dtype).expand(1, *x.shape[1:]).clone()
        if x.is_floating_point()
        else x[:1]
        for x, total, count in zip(head.inputs, sums, counts, strict=True)
    )


def _flat(x: Tensor, spans: Tensor | None, *, steps: bool) -> Tensor:
    """Rows in double precision; of sequences, if it has `steps`, the existing ones, each a row."""
    if x.ndim != 3 or not steps:
        return x.double()
    return (x.flatten(0, 1) if spans is None else x[existing(spans[:, :2], x.shape[1])]).double()


def _column(what: str, x: Tensor, flat: Tensor) -> Tensor:
    if not x.is_floating_point():
        return x[:1]
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
        count = sum(len(batch) for batch in source.batches(AT_ONCE))
    positions: NDArray[np.int64] = np.arange(count)
    if count > most:
        positions = np.sort(np.argsort(draw(positions, seed), kind="stable")[:most])
    return source.take(positions)


def _background(given: object, source: Source, seed: int) -> References:
    if given is None:
        if not source.repeatable:
            raise ValueError("X is a stream, of which no background can be drawn: pass one.")
        rows = _rows(source, BACKGROUND, seed)
        return References(rows.inputs, f"{_counted(rows)} of X")
    rows = _new_rows("background", given, source)
    if not len(rows):
        raise ValueError("background has no rows: pass some, or None for rows of X.")
    return References(rows.inputs, f"a background of {_counted(rows)}")


def _new_rows(what: str, given: object, source: Source) -> Batch:
    """Rows that the user gives, their columns in the order of X."""
    try:
        return source.new_rows(given)
    except ValueError as error:
        raise ValueError(f"{what}: {error}") from None


def _counted(rows: Batch) -> str:
    return f"{len(rows):,} row{'s' * (len(rows) != 1)}"


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
            f"baseline has the shape {list(baseline.shape)}, which does not fit a row of X"
            f"{' when embedded' if head.ids is not None else ''}, {list(shape)}."
        ) from None
    values = torch.from_numpy(found.copy())
    return tuple(values.to(x.dtype) if x.is_floating_point() else x[:1] for x in head.inputs)
