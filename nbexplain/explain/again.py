"""An explanation's question put again to its model as it is now, on rows already read."""

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data import Batch
from nbexplain.engine.samples import Keep, Sample
from nbexplain.engine.swept import Swept
from nbexplain.explain.passes import Work
from nbexplain.explanation import Explanation
from nbexplain.model import Snapshot, untouched

KEPT = 512
"""Rows whose derivatives are kept."""


def again(
    explanation: Explanation, model: object, rows: Batch, places: NDArray[np.int64]
) -> Explanation:
    """The same question about `model` on some rows, in the same units.

    It costs a copy of the model and the sweeps; what `explain` settles by looking (outputs,
    response, scale) stays settled.

    Args:
        explanation: what `explain` returned, of numbers (no texts).
        model: the model it was of, since then trained.
        rows: of its X.
        places: their positions in X, `[n]`.

    Raises:
        ValueError: the model's outputs or derivatives are not finite.

    Exceptions of the model's own forward come through unchanged, among them those of a model that
    no longer fits X.

    >>> import numpy as np, torch, nbexplain as nbx
    >>> model = torch.nn.Linear(2, 1)
    >>> ex = nbx.explain(model, torch.eye(2))
    >>> _ = model.load_state_dict({"weight": torch.tensor([[0.0, 1.0]]), "bias": torch.zeros(1)})
    >>> again(ex, model, ex.origin.source.take([1, 0]), np.array([1, 0])).importances().share
    array([  0., 100.])
    """
    began = perf_counter()
    work = explanation.origin
    assert isinstance(work, Work)
    # A training loop's mixed precision is its own affair.
    with untouched(), torch.autocast(rows.inputs[0].device.type, enabled=False):
        reading = replace(work.subject.reading, snapshot=Snapshot(model))
        subject = replace(work.subject, reading=reading)
        work = replace(work, subject=subject, keep=Keep(KEPT, explanation.provenance["seed"]))
        asked = explanation.asked
        # Where all rows are kept, they give the other responses once those are asked for.
        kept = len(rows) <= KEPT and asked.steps == "last"
        alone = kept or asked.kind == "values"
        wanted = (explanation.response,) if alone else asked.responses
        swept: Swept | None = None
        for batch in _cut(rows, work.batch_size):
            part = work.part(asked, wanted, batch)
            swept = part if swept is None else swept.merge(part)
    assert swept is not None
    swept = replace(swept, samples=(_placed(swept.sample, places),))
    provenance = {**explanation.provenance, "seconds": round(perf_counter() - began, 4)}
    return replace(explanation, swept=swept, origin=work, provenance=provenance, _others={})


def _placed(sample: Sample, places: NDArray[np.int64]) -> Sample:
    """Kept rows of a part of X at their positions in X, in ascending order."""
    positions = places[sample.positions]
    order = np.argsort(positions, kind="stable")
    rows = torch.from_numpy(order)

    def of(x: Tensor | None) -> Tensor | None:
        return None if x is None else x[rows]

    return replace(
        sample,
        draws=sample.draws[order],
        positions=positions[order],
        jacobian=sample.jacobian[rows],
        outputs=sample.outputs[rows],
        values=sample.values[rows],
        targets=of(sample.targets),
        spans=of(sample.spans),
        base=of(sample.base),
        errors=of(sample.errors),
    )


def _cut(rows: Batch, size: int) -> Iterator[Batch]:
    """The rows, at most `size` at a time."""
    for start in range(0, len(rows), size):
        part = slice(start, start + size)

        def of(x: Tensor | None, part: slice = part) -> Tensor | None:
            return None if x is None else x[part]

        inputs = tuple(x[part] for x in rows.inputs)
        yield Batch(inputs, start, of(rows.target), of(rows.spans), of(rows.ids))
