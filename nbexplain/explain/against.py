"""One row held against each of several others: what `against=` asks of a method."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data import Batch
from nbexplain.engine.importances import added
from nbexplain.engine.samples import draw, exact
from nbexplain.explanation.origin import Held, Row, TooShortError
from nbexplain.methods import paired
from nbexplain.model import untouched

if TYPE_CHECKING:
    from nbexplain.explain.passes import Work

MOST = 1_000
"""References of one row; of more, so many are drawn by the seed."""

FEWEST = 32
"""References of a row of very many entries, more of which would not fit."""

ENTRIES = 2**24
"""Contributions of one row to all outputs, against all references together."""

Inputs = tuple[Tensor, ...]


def against(
    work: Work,
    row: object,
    references: NDArray[np.int64] | object | None,
    step: int | None = None,
) -> Held:
    r"""What a method says of a row against each reference: $\varphi_e(x, r)$, r in turn.

    The row stands in batches beside itself, each time with another reference for its baseline, so
    that many are answered for at once; what is said of one does not depend on the others. Padded
    rows are held against the last steps of references, lag by lag; those that are shorter than the
    row are left out.

    Args:
        work: the model, its rows and the method.
        row: by position in X, or data.
        references: by position in X, or data; None for the method's own baseline or background.
        step: of outputs at every step, the one; None is the row's last.

    Raises:
        ValueError: the method holds rows against nothing; outputs or contributions that are not
            finite.
        TooShortError: references that are all shorter than the row.
    """
    method, one = paired(work.method), work.one(row, step)
    inputs, among = _inputs(work, one, references)
    first, values, total = None, None, None
    each: list[NDArray[np.float64]] = []
    bases: list[Tensor] = []
    with untouched():
        for start in range(0, len(inputs[0]), work.batch_size):
            part = tuple(x[start : start + work.batch_size] for x in inputs)
            holding = replace(work, method=method, references=part)
            values, found = holding.derive(_repeated(one, len(part[0])), step)
            assert found.base is not None  # of methods that hold rows against something
            outputs, base = found.outputs.cpu(), found.base.cpu()
            given = found.attributions.cpu().double()
            if not all(bool(x.isfinite().all()) for x in (outputs, base, given)):
                raise ValueError(
                    "The model's output or a contribution is not finite between the row and those "
                    "that it is held against."
                )
            first = outputs[:1] if first is None else first
            total = given.sum(0, keepdim=True) + (0 if total is None else total)
            each.append(added(work.features, given.flatten(2).numpy()))
            bases.append(base.double())
    assert first is not None  # there is a reference
    assert values is not None
    assert total is not None
    mean = (total / len(inputs[0])).to(first.dtype)
    base = torch.cat(bases)
    return Held(
        Row(
            values[:1].cpu(),
            first,
            mean,
            exact(work.subject.true_values(one.target, one.spans)),
            work.spans(one),
            base.mean(0, keepdim=True).to(first.dtype),
        ),
        np.concatenate(each),
        base.numpy(),
        work.together([x for x in inputs if x.is_floating_point()]),
        among,
    )


def _inputs(
    work: Work, one: Batch, references: NDArray[np.int64] | object | None
) -> tuple[Inputs, int]:
    """The inputs of the references, at most so many as fit, and how many there are in all."""
    if references is None:
        return work.references, len(work.references[0])
    new, positions = None, np.zeros(0, np.int64)
    if isinstance(references, np.ndarray) and references.ndim == 1:
        positions = references.astype(np.int64)
    else:
        new = work.source.new_rows(work.subject.reading.form.row(references))
        positions = np.arange(len(new))
    if not len(positions):
        raise ValueError("against holds no rows: pass one row or more.")
    among, width = len(positions), work.subject.picked.outputs.shape[1]
    most = int(np.clip(ENTRIES // (width * len(work.features.cells)), FEWEST, MOST))
    if among > most:
        drawn = np.argsort(draw(positions, work.seed), kind="stable")[:most]
        positions = positions[np.sort(drawn)]
    group = work.source.take(positions) if new is None else _picked(new, positions)
    if one.spans is None or group.spans is None:
        return group.inputs, among
    length = int(one.spans[0, 1] - one.spans[0, 0])
    long = (group.spans[:, 1] - group.spans[:, 0] >= length).numpy()
    if not long.any():
        raise TooShortError(
            f"The row has {length:,} steps, and all that it is held against have fewer: pass one "
            "of as many steps or more."
        )
    group = _picked(group, np.flatnonzero(long))
    assert group.spans is not None  # as before
    sequence = work.subject.reading.sequence
    inputs = tuple(
        _shifted(x, group.spans, one.spans)
        if x.is_floating_point() and x.ndim == 3 and sequence in (None, place)
        else x
        for place, x in enumerate(group.inputs)
    )
    return inputs, among


def _picked(batch: Batch, places: NDArray[np.int64]) -> Batch:
    rows = torch.from_numpy(places)
    spans = None if batch.spans is None else batch.spans[rows]
    return Batch(tuple(x[rows] for x in batch.inputs), 0, None, spans)


def _shifted(x: Tensor, spans: Tensor, row: Tensor) -> Tensor:
    """References with their last steps where the row has its last ones."""
    steps = torch.arange(x.shape[1])[None] + spans[:, 1:2] - row[0, 1]
    index = steps.clamp(0, x.shape[1] - 1).to(x.device)
    return x.gather(1, index[..., None].expand_as(x))


def _repeated(one: Batch, count: int) -> Batch:
    """The row, so many times."""

    def of(x: Tensor | None) -> Tensor | None:
        return None if x is None else x.repeat_interleave(count, 0)

    inputs = tuple(x.repeat_interleave(count, 0) for x in one.inputs)
    return Batch(inputs, one.start, of(one.target), of(one.spans), of(one.ids))
