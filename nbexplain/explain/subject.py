"""What is differentiated: a model's snapshot, and which of its outputs, as which response."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self, cast

import torch
from torch import Tensor
from torch.nn import functional

from nbexplain.data import Batch
from nbexplain.engine.axes import Float
from nbexplain.engine.responses import Kind, respond
from nbexplain.engine.sensitivities import Function, Steps
from nbexplain.model import Picked, Snapshot, at_step, describe, pick, stepped_only

Step = int | Tensor
"""A step counted from a row's first existing one: that of all rows, or of each, `[rows]`."""

Select = Literal["predicted", "loss"] | tuple[int, ...] | None


@dataclass(frozen=True, eq=False)
class Reading:
    """How the model is called, and the user's own choice from what it returns.

    Attributes:
        snapshot: the model's private copy.
        names: keys of the inputs, when they go by name.
        chosen: a function of what the model returns, or None.
        order: of the axes in which the model takes its floating inputs, or None.
        timed: whether inputs of three axes are sequences.
        stepped: whether the model returns outputs at every step.
        flat: whether these are `[rows, steps]`, one output a step.
    """

    snapshot: Snapshot
    names: tuple[str, ...] | None
    chosen: Callable[..., object] | None
    order: tuple[int, ...] | None = None
    timed: bool = True
    stepped: bool = False
    flat: bool = False

    def returned(
        self, inputs: tuple[Tensor, ...], spans: Tensor | None = None, step: int | None = None
    ) -> object:
        """What the model returns, or the user's choice from it.

        Outputs at every step are cut to one step of each row, counted from its first existing
        one; None is its last.
        """
        found = self._returned(inputs)
        return self._cut(found, inputs, spans, step) if self.stepped else found

    def at_steps(
        self, inputs: tuple[Tensor, ...], spans: Tensor | None, steps: Sequence[Step]
    ) -> list[object]:
        """What `returned` gives at each of these steps, from one call of the model."""
        found = self._returned(inputs)
        return [self._cut(found, inputs, spans, step) for step in steps]

    def longest(self, inputs: tuple[Tensor, ...], spans: Tensor | None = None) -> int:
        """Steps of the longest row."""
        if spans is not None:
            return int((spans[:, 1] - spans[:, 0]).max())
        return self._steps(inputs)

    def _steps(self, inputs: tuple[Tensor, ...]) -> int:
        """Steps of the inputs; 0 where they are no sequences."""
        x = next((x for x in inputs if x.is_floating_point() and x.ndim == 3), None)
        return x.shape[1] if x is not None and self.timed else 0

    def _cut(
        self,
        returned: object,
        inputs: tuple[Tensor, ...],
        spans: Tensor | None,
        step: Step | None = None,
    ) -> object:
        """Outputs at every step cut to one; what has none as it is."""
        if not (steps := self._steps(inputs)):
            return returned
        rows, at = len(inputs[0]), _position(spans, step)
        return at_step(returned, rows, steps, self.order, at, flat=self.flat)

    def true_at(
        self,
        target: Tensor,
        inputs: tuple[Tensor, ...],
        spans: Tensor | None,
        step: Step | None,
    ) -> Tensor:
        """True values `[rows, steps]` cut like the outputs; what has no steps as it is."""
        steps, at = self._steps(inputs), _position(spans, step)
        return cast(Tensor, at_step(target, len(target), steps, None, at, flat=True))

    def _returned(self, inputs: tuple[Tensor, ...]) -> object:
        if (order := self.order) is not None:
            inputs = tuple(
                x.permute(order).contiguous() if x.is_floating_point() else x for x in inputs
            )
        returned = self.snapshot(inputs, self.names)
        return returned if self.chosen is None else self.chosen(returned)

    def first(self, batch: Batch, *, every: bool = False) -> tuple[Picked, Self]:
        """The outputs of the first rows, without a graph, and how to find them again.

        Outputs `[rows, steps, K]` are those of sequences, where nothing else fits or those of
        `every` step are asked for; then `[rows, steps]` are too.

        Raises:
            ValueError: those of every step are asked for, and there are none.
        """
        inputs = tuple(x.clone() for x in self.snapshot.prepare(batch.inputs))
        with torch.no_grad():
            try:
                returned = self._returned(tuple(x.clone() for x in inputs))
            except RuntimeError as error:
                self._check_width(batch, error)
                raise
        stepped = replace(self, stepped=True)
        last = stepped._cut(returned, inputs, batch.spans)
        if every:
            if last is returned:
                stepped = replace(stepped, flat=True)
                last = stepped._cut(returned, inputs, batch.spans)
            if last is returned:
                raise ValueError(_no_steps(returned, len(batch), self._steps(inputs)))
            picked = pick(stepped_only(returned, last), len(batch))
            return replace(picked, note=_every_noted(picked.note, flat=stepped.flat)), stepped
        # Outputs [rows, steps, 1] would pass for so many outputs of a row.
        if last is returned or not isinstance(returned, Tensor):
            try:
                return pick(returned, len(batch)), self
            except ValueError:
                if last is returned:
                    raise
        picked = pick(last, len(batch))
        return replace(picked, note=_noted(picked.note, batch)), stepped

    def doubt(self, picked: Picked, batch: Batch) -> str | None:
        """A note where `[rows, steps]` outputs were taken as so many outputs."""
        steps = self._steps(batch.inputs)
        if self.stepped or steps < 2 or picked.outputs.shape[1] != steps:
            return None
        return (
            f"The model returns {steps} numbers a row, as many as X has steps: they are taken as "
            f"{steps} outputs; nbx.Sensitivity(steps='valid') takes them as one at every step."
        )

    def _check_width(self, batch: Batch, error: RuntimeError) -> None:
        """Say so where a forward failed because X has another number of columns."""
        first = self.snapshot.width
        found = batch.inputs[0].shape[-1]
        if first is None or len(batch.inputs) > 1 or found == first[1]:
            return
        # Torch names both widths; any other error of the forward is the user's own.
        if {str(found), str(first[1])} <= set(re.findall(r"\d+", str(error))):
            raise ValueError(
                f"X has {found} columns, but the model's first layer ({first[0]}) takes "
                f"{first[1]}: pass the columns it was trained on, in their order."
            ) from error


def _position(spans: Tensor | None, step: Step | None) -> Tensor | int:
    """Where rows have a step that is counted from their first existing one; None is the last."""
    if spans is None:
        return -1 if step is None else step
    last = spans[:, 1] - 1
    # A row without this step gives its last one, which is left out of what is summed.
    return last if step is None else torch.minimum(spans[:, 0] + step, last)


def _noted(note: str | None, batch: Batch) -> str:
    whose = "the last step" if batch.spans is None else "each row's last existing step"
    step = f"The model returns outputs at every step: those of {whose} are explained."
    return step if note is None else f"{note} {step}"


def _every_noted(note: str | None, *, flat: bool) -> str | None:
    if not flat:
        return note
    step = "The model returns one number a step: it is taken as one output at every step."
    return step if note is None else f"{note} {step}"


def _no_steps(returned: object, rows: int, steps: int) -> str:
    if not steps:
        return (
            "steps='valid' is for outputs at every step of sequences, X of shape [rows, steps, "
            "features]: leave it out."
        )
    return (
        "steps='valid' explains outputs at every step, [n, steps, outputs], but the model returns "
        f"{describe(returned, rows)} for sequences of {steps} steps: leave it out, or return the "
        "outputs of every step."
    )


@dataclass(frozen=True, eq=False)
class Subject:
    """The differentiated function: the snapshot, and what of its outputs is looked at.

    Attributes:
        reading: how the model is called.
        picked: which part of what it returns are its outputs.
        raw: what these are.
        response: the response, where it is part of the function.
        select: None for all raw outputs; "predicted", "loss", or columns of the response.
    """

    reading: Reading
    picked: Picked
    raw: Kind
    response: str
    select: Select

    def function(
        self,
        target: Tensor | None = None,
        spans: Tensor | None = None,
        step: int | None = None,
    ) -> Function:
        """What is differentiated, for rows with these true values and existing steps.

        Of outputs at every step, those of one: None is each row's last.
        """

        def response(inputs: tuple[Tensor, ...]) -> Tensor:
            found = self.reading.returned(inputs, spans, step)
            true = self._true_at(target, inputs, spans, step)
            return self._response(found, len(inputs[0]), true)

        return response

    def at_steps(self, target: Tensor | None, spans: Tensor | None, steps: Sequence[Step]) -> Steps:
        """What is differentiated at each of these steps, from one call of the model."""

        def responses(inputs: tuple[Tensor, ...]) -> list[Tensor]:
            found = self.reading.at_steps(inputs, spans, steps)
            return [
                self._response(cut, len(inputs[0]), self._true_at(target, inputs, spans, step))
                for step, cut in zip(steps, found, strict=True)
            ]

        return responses

    def side_by_side(self, target: Tensor | None = None, spans: Tensor | None = None) -> Function:
        """What is differentiated at all steps, `[rows, steps · outputs]`."""

        def responses(inputs: tuple[Tensor, ...]) -> Tensor:
            steps = range(self.reading.longest(inputs, spans))
            return torch.cat(self.at_steps(target, spans, steps)(inputs), dim=1)

        return responses

    def _true_at(
        self,
        target: Tensor | None,
        inputs: tuple[Tensor, ...],
        spans: Tensor | None,
        step: Step | None,
    ) -> Tensor | None:
        """What is true at one step of each row, of values `[rows, steps]`; others as they are."""
        if not self.reading.stepped or target is None or target.ndim != 2:
            return target
        if target.shape[1] == self.picked.outputs.shape[1]:
            return target
        return self.reading.true_at(target, inputs, spans, step)

    def _response(
        self, returned: object, rows: int, target: Tensor | None
    ) -> Float[Tensor, "rows outputs"]:
        """The response of the network's outputs, the same part of what it returns for any rows."""
        outputs = self.picked.again(returned, rows)
        if self.select is None:
            return outputs
        if self.select == "loss":
            return self._loss(outputs, target)[:, None]
        responses = respond(outputs, self.raw, self.response)
        if self.select == "predicted":
            return responses.gather(1, outputs.detach().argmax(1, keepdim=True))
        return responses[:, list(self.select)]

    def true_values(self, target: Tensor | None) -> Tensor | None:
        """What is true of these rows; of quantities, the columns of the swept outputs."""
        if target is None or self.raw != "values" or not isinstance(self.select, tuple):
            return target
        width = self.picked.outputs.shape[1]
        return target[:, list(self.select)] if target.shape[1:] == (width,) else target

    def _loss(self, outputs: Tensor, target: Tensor | None) -> Float[Tensor, " rows"]:
        """Each row's loss: cross-entropy for classes, the squared error otherwise."""
        if target is None:
            raise ValueError("The loss of a row needs its true value: pass y to nbx.explain.")
        target = target.to(outputs.device)
        if self.raw == "values":
            return (outputs - target.to(outputs.dtype).view(len(outputs), -1)).square().sum(1)
        classes = target.long()
        if self.raw == "logits":
            return functional.cross_entropy(outputs, classes, reduction="none")
        if self.raw == "probabilities":
            return -outputs.gather(1, classes[:, None])[:, 0].log()
        logits = self.raw == "logit"
        bce = functional.binary_cross_entropy
        loss = functional.binary_cross_entropy_with_logits if logits else bce
        return loss(outputs[:, 0], classes.to(outputs.dtype), reduction="none")
