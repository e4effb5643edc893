"""One batch's pass over outputs at every step: one forward sweep, a backward sweep per step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nbexplain.data import Batch
from nbexplain.engine.accumulators import Spread, Sums
from nbexplain.engine.padding import existing, from_first
from nbexplain.engine.responses import in_turn, mirrored, saturated
from nbexplain.engine.stepwise import Stepwise, Summing, groups_within
from nbexplain.engine.swept import PROBABLE, Swept
from nbexplain.explain.progress import Progress
from nbexplain.explain.reading import Step
from nbexplain.explanation.question import Question
from nbexplain.methods import Sensitivity

if TYPE_CHECKING:
    from nbexplain.explain.passes import Work

SWEPT = 256
"""Rows that a backward sweep takes at least, where they fit the batch."""


def by_step(
    work: Work,
    question: Question,
    responses: Sequence[str],
    batch: Batch,
    progress: Progress | None = None,
) -> Swept:
    """The statistics of one batch's outputs at every step; rows are kept at their last step.

    Derivatives are held one output step at a time: `[rows, outputs, τ, p]`.

    Raises:
        ValueError: an output or a derivative is not finite.
    """
    (values,) = [x for x in batch.inputs if x.is_floating_point()]
    rows, steps, width = values.shape
    spans = batch.spans
    lengths = torch.full((rows,), steps) if spans is None else spans[:, 1] - spans[:, 0]
    summing: dict[str, Summing] = {}
    seen: list[Tensor] = []
    ends: tuple[Tensor, Tensor] | None = None
    for step, outputs, jacobian in _derived(work, batch):
        if spans is not None:
            there = existing(spans, steps) & (lengths > step)[:, None]
            jacobian = jacobian.masked_fill(~there.to(jacobian.device)[:, None, :, None], 0)
        ends = _ends((outputs, jacobian), ends, lengths == step + 1)
        seen.append(outputs[(lengths > step).to(outputs.device)])
        shifted = jacobian if spans is None else from_first(jacobian, spans)
        for response, found in in_turn(outputs, shifted, question.kind, responses):
            if response not in summing:
                entries = len(responses) * outputs.shape[1] * (steps * width) * steps
                summing[response] = Summing(
                    lengths,
                    (steps, width, found.shape[1]),
                    batch.start,
                    work.features.block,
                    groups_within(entries),
                    found,
                )
            finite = summing[response].add(step, found)
            if not (finite and outputs.isfinite().all()):
                raise ValueError(work.not_finite(batch.start, outputs, found))
        if progress is not None:
            progress.within(batch.start + rows * (step + 1) // steps)
    assert ends is not None  # every row has a step
    outputs, jacobian = ends
    told = torch.cat(seen)
    sums: dict[str, Sums] = {}
    stepwise: dict[str, Stepwise] = {}
    for response, adding in summing.items():
        pooled, single = adding.done(Spread.of(told))
        both = mirrored(outputs, question.kind, response)
        sums[response] = pooled.mirrored() if both else pooled
        stepwise[response] = single.mirrored() if both else single
    part = Swept.of(
        question.kind,
        work.keep,
        work.features.block,
        (),
        batch.start,
        values,
        outputs,
        jacobian,
        work.subject.true_values(batch.target, batch.spans),
        spans,
    )
    count = int(saturated(told).sum()) if question.kind in PROBABLE else 0
    return replace(part, sums=sums, stepwise=stepwise, saturated=count)


def _derived(work: Work, batch: Batch) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Output steps, with their outputs and derivatives.

    Few rows are swept several times at once, each copy from a step of its own: a sweep of 16 rows
    through a GRU takes as long as one of 256.
    """
    subject, rows, spans, target = work.subject, len(batch), batch.spans, batch.target
    inputs = subject.reading.snapshot.prepare(batch.inputs)
    longest = subject.reading.longest(inputs, spans)
    copies = min(longest, max(1, min(SWEPT, work.batch_size) // rows))
    steps: Sequence[Step] = range(longest)
    if copies > 1:
        inputs = tuple(x.repeat(copies, *[1] * (x.ndim - 1)) for x in inputs)
        spans = None if spans is None else spans.repeat(copies, 1)
        target = None if target is None else target.repeat(copies, *[1] * (target.ndim - 1))
        own = torch.arange(copies).repeat_interleave(rows)
        steps = [(own + step).clamp(max=longest - 1) for step in range(0, longest, copies)]
    function, step = subject.at_steps(target, spans, steps), 0
    assert isinstance(work.method, Sensitivity)  # the one that has outputs at every step
    for outputs, jacobian in work.method.by_step(function, inputs):
        for part in zip(outputs.split(rows), jacobian.split(rows), strict=True):
            if step < longest:
                yield step, *part
            step += 1


def _ends(
    found: tuple[Tensor, Tensor], before: tuple[Tensor, Tensor] | None, here: Tensor
) -> tuple[Tensor, Tensor] | None:
    """Outputs and derivatives at each row's last step: `found` where that is `here`."""
    if not here.any():
        return before
    if before is None or here.all():
        return found
    outputs, jacobian = found
    here = here.to(outputs.device)
    return (
        torch.where(here[:, None], outputs, before[0]),
        torch.where(here[:, None, None, None], jacobian, before[1]),
    )
