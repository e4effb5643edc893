"""Passes over rows: a model and a source in, statistics and kept rows out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.data import Batch, Source
from nbexplain.engine.attributed import Attributed, Task
from nbexplain.engine.beginnings import Beginning
from nbexplain.engine.contributions import by_feature
from nbexplain.engine.padding import aligned, existing
from nbexplain.engine.samples import Keep, exact
from nbexplain.engine.sensitivities import Function
from nbexplain.engine.swept import Swept
from nbexplain.engine.tokens import condensed
from nbexplain.explain.against import against
from nbexplain.explain.progress import Progress
from nbexplain.explain.stepping import by_step
from nbexplain.explain.subject import Subject
from nbexplain.explanation.origin import Held, Row
from nbexplain.explanation.question import Question
from nbexplain.features import Features
from nbexplain.methods import METHODS, Method
from nbexplain.model import untouched

if TYPE_CHECKING:
    from nbexplain.explain.call import Call
    from nbexplain.explanation import Explanation


@dataclass(frozen=True, eq=False)
class Work:
    """A model and its rows, ready for passes; an `Origin`.

    Attributes:
        subject: the differentiated function.
        source: the rows.
        method: how attributions are formed.
        features: of the rows.
        keep: which rows are kept whole.
        batch_size: rows a batch.
        beginning: how initial states stand before the first step; None without them.
        references: what the method holds rows against.
        seed: of what it draws.
        call: what it came from, to be asked again by another method; None where it cannot.
    """

    subject: Subject
    source: Source
    method: Method
    features: Features
    keep: Keep
    batch_size: int
    beginning: Beginning | None = None
    references: tuple[Tensor, ...] = ()
    seed: int = 0
    call: Call | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that may answer for this model and its rows."""
        if self.call is None or not self.source.repeatable:
            return (self.method.name,)
        return tuple(METHODS)

    def with_method(
        self,
        method: Method,
        response: str,
        progress: bool | Callable[[int, int | None], object] | None = None,
    ) -> Explanation:
        """The same call of `explain` by another method, of this copy of the model.

        Args:
            method: how attributions are formed.
            response: that is shown; where it is another than was asked for, it is asked for.
            progress: as `nbx.explain` takes it.

        Raises:
            ValueError: X is a stream, or this method cannot answer.
        """
        if self.call is None or not self.source.repeatable:
            raise ValueError(
                f"method={method.name!r} needs another pass over X, which is a stream whose rows "
                "are gone: call nbx.explain with it on an array or a DataLoader."
            )
        switched = None if response == self.subject.response else response
        return self.call.of(self.subject.reading.snapshot, switched).answer(method, progress)

    def sweep(
        self,
        question: Question,
        responses: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Swept:
        """A pass over all rows, for the sums of the question's response and of `responses`.

        With `progress`, an interrupt ends the pass early: what was merged by then is returned,
        and `progress.interrupted` says so.
        """
        wanted = tuple(dict.fromkeys((question.response, *responses)))
        if question.kind == "values":
            wanted = (question.response,)
        swept: Swept | None = None
        with untouched():
            try:
                for batch in self.source.batches(self.batch_size):
                    part = self.part(question, wanted, batch, progress)
                    swept = part if swept is None else swept.merge(part)
                    if progress is not None:
                        progress.at(swept.count)
            except KeyboardInterrupt:
                if swept is None or progress is None:
                    raise
                progress.interrupted = True
        assert swept is not None  # a source has at least one row
        return swept

    def part(
        self,
        question: Question,
        responses: tuple[str, ...],
        batch: Batch,
        progress: Progress | None = None,
    ) -> Swept:
        """The statistics of one batch, for the sums of these responses.

        Raises:
            ValueError: an output or a derivative is not finite.
        """
        if question.steps == "valid":
            return by_step(self, question, responses, batch, progress)
        values, found = self.derive(batch)
        outputs, jacobian = found.outputs, found.attributions
        true, spans = self.subject.true_values(batch.target, batch.spans), self.spans(batch)
        if self.method.additive:
            part = Swept.of_contributions(
                self.keep,
                self.features,
                question.response,
                batch.start,
                values,
                found,
                true,
                spans,
            )
        else:
            part = Swept.of(
                question.kind,
                self.keep,
                self.features.block,
                responses,
                batch.start,
                values,
                outputs,
                jacobian,
                true,
                spans,
            )
        sums = part.sums[question.response]
        if not (np.isfinite(sums.first).all() and np.isfinite(part.outputs.mean).all()):
            raise ValueError(self.not_finite(batch.start, outputs, jacobian))
        return part

    def derive(self, batch: Batch, step: int | None = None) -> tuple[Tensor, Attributed]:
        """Input values of one batch, and what the method says of it.

        Of outputs at every step, those of one step; None is each row's last. Of texts, the values
        are ids, and the derivatives `engine.tokens.condensed`; contributions are added up over
        the numbers of each embedding.
        """
        snapshot = self.subject.reading.snapshot
        inputs = snapshot.prepare(batch.inputs)
        references = snapshot.prepare(self.references) if self.references else ()
        subject, chosen = self.subject.half or self.subject, None
        if not self.method.chained:
            chosen = subject.predicted(inputs, batch.spans, step)

        def among(rows: Tensor) -> Function:
            if len(rows) == len(batch) and bool((rows == torch.arange(len(batch))).all()):
                return subject.function(batch.target, batch.spans, step, chosen)
            target = None if batch.target is None else batch.target[rows]
            spans = None if batch.spans is None else batch.spans[rows]
            predicted = None if chosen is None else chosen[rows.to(chosen.device)]
            return subject.function(target, spans, step, predicted)

        found = self.method.attributions(
            Task(
                inputs,
                among,
                references,
                np.arange(batch.start, batch.start + len(batch)),
                self.seed,
                own=subject.select in ("loss", "predicted"),
                there=self.subject.reading.there(inputs, batch.spans),
                pooled=self._pooled,
            )
        )
        if subject is not self.subject:
            found = self.subject.of_both(found, inputs, batch.target, batch.spans, step)
        jacobian = found.attributions
        jacobian = jacobian if self.beginning is None else self.beginning.stacked(jacobian)
        if (spans := self.spans(batch)) is not None:  # padding is no input
            there = existing(spans, jacobian.shape[2]).to(jacobian.device)
            jacobian = jacobian.masked_fill(~there[:, None, :, None], 0)
        if batch.ids is not None:
            additive = self.method.additive
            jacobian = jacobian.sum(3, keepdim=True) if additive else condensed(jacobian)
            ids = batch.ids.to(jacobian.device)[..., None].expand(-1, -1, jacobian.shape[3])
            return ids, replace(found, attributions=jacobian)
        floating = [x for x in batch.inputs if x.is_floating_point()]
        return self.together(floating), replace(found, attributions=jacobian)

    def together(self, floating: Sequence[Tensor]) -> Tensor:
        """The inputs that have derivatives as what is ranked, `[rows, *shape]`."""
        if len(floating) == 1:
            return floating[0]
        values = torch.cat([x.flatten(1) for x in floating], dim=1)
        return values if self.beginning is None else self.beginning.stacked(values)

    def _pooled(self, jacobian: Tensor) -> Tensor:
        """Contributions as they are told of a row: by feature, of texts by token."""
        if self.features.tokens:
            return jacobian.sum(3)
        if self.beginning is not None:
            jacobian = self.beginning.stacked(jacobian)
        return by_feature(jacobian, self.features)

    def spans(self, batch: Batch) -> Tensor | None:
        """The steps of each row that exist, where they stand in what `derive` gives."""
        return batch.spans if self.beginning is None else self.beginning.spans(batch.spans)

    def not_finite(self, start: int, outputs: Tensor, jacobian: Tensor) -> str:
        """Which row and column has a derivative that is not a number."""
        bad = ~torch.isfinite(outputs).all(1)
        what, where = "output is", ""
        if not bad.any():
            entries = ~torch.isfinite(jacobian.flatten(2)).all(1)
            bad = entries.any(1)
            entry = int(entries[bad][0].nonzero()[0])
            name = self.features.names[self.features.owners[self.features.cells[entry]]]
            what, where = "derivative is", f", in column {name!r}"
        more = int(bad.sum()) - 1
        first = self.labels(np.array([start + int(bad.nonzero()[0])]))[0]
        return (
            f"The model's {what} not finite at row {first!r} of X{where}"
            f"{f' and {more:,} more rows of its batch' if more else ''}: look at model(X) there, "
            "for a logarithm or a root of 0, say."
        )

    @property
    def count(self) -> int | None:
        """The number of rows of X, where it is known."""
        return self.source.count

    def labels(self, positions: NDArray[np.int64]) -> Sequence[object]:
        """The labels of rows."""
        return self.source.label(positions)

    def locate(self, label: object) -> int:
        """The position of a labelled row."""
        return self.source.locate(label)

    def row(
        self, row: object, step: int | None = None, edit: Mapping[int, float] | None = None
    ) -> Row:
        """A row of X by position, or a new one given as data, at one step of its outputs.

        With `edit`, other values by entry of the row, padded rows having their last existing step
        last; X keeps its own.

        Raises:
            ValueError: more than one row; a row without this step, or without a changed one.
        """
        batch = self.one(row, step)
        if edit:
            batch = self._edited(batch, edit)
        with untouched():
            values, found = self.derive(batch, step)
        target = exact(self.subject.true_values(batch.target, batch.spans))
        return Row(
            values.cpu(),
            found.outputs.cpu(),
            found.attributions.cpu(),
            target,
            self.spans(batch),
            None if found.base is None else found.base.cpu(),
            None if found.errors is None else found.errors.cpu(),
        )

    def one(self, row: object, step: int | None = None) -> Batch:
        """A row of X by position, or a new one given as data.

        Raises:
            ValueError: more than one row; a row without this step.
        """
        known = isinstance(row, int)
        form = self.subject.reading.form
        batch = self.source.take([row]) if known else self.source.new_rows(form.row(row))
        if (count := len(batch)) != 1:
            raise ValueError(f"row has {count:,} rows: pass one row at a time.")
        if step is not None and batch.spans is not None:
            length = int(batch.spans[0, 1] - batch.spans[0, 0])
            if step >= length:
                raise ValueError(f"step={step} is outside this row, which has {length:,} steps.")
        return batch

    def against(
        self, row: object, references: NDArray[np.int64] | object | None, step: int | None = None
    ) -> Held:
        """A row held against each of several others; see `explain.against`."""
        return against(self, row, references, step)

    def _edited(self, batch: Batch, edit: Mapping[int, float]) -> Batch:
        """One row with other values; the inputs that it came in are left alone."""
        inputs = list(batch.inputs)
        places = [i for i, x in enumerate(inputs) if x.is_floating_point()]
        parts = [inputs[i].detach().clone(memory_format=torch.contiguous_format) for i in places]
        # Numbered from 1 and laid out as values are, so that 0 is where there is no entry.
        sizes = [part.numel() for part in parts]
        numbers = torch.arange(1.0, sum(sizes) + 1, dtype=torch.float64)
        split = zip(parts, numbers.split(sizes), strict=True)
        laid = self.together([own.view(part.shape) for part, own in split])
        if (spans := self.spans(batch)) is not None:
            laid = aligned(laid[:, None], spans)
        for entry, value in edit.items():
            at = int(laid.reshape(-1)[entry]) - 1
            if at < 0:
                lag = self.features.steps - 1 - entry // len(self.features.columns)
                raise ValueError(f"This row has no step at lag {lag}: it is shorter.")
            for part in parts:
                if at < part.numel():
                    part.view(-1)[at] = value
                    break
                at -= part.numel()
        for i, part in zip(places, parts, strict=True):
            inputs[i] = part
        return replace(batch, inputs=tuple(inputs))
