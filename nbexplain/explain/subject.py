"""What is differentiated: a model's snapshot, and which of its outputs, as which response."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor
from torch.nn import functional

from nbexplain.data import Batch
from nbexplain.engine.axes import Float
from nbexplain.engine.responses import Kind, respond
from nbexplain.engine.sensitivities import Function
from nbexplain.model import Picked, Snapshot, last_steps, pick

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
        stepped: whether the model returns outputs at every step, of which the last are looked at.
    """

    snapshot: Snapshot
    names: tuple[str, ...] | None
    chosen: Callable[..., object] | None
    order: tuple[int, ...] | None = None
    timed: bool = True
    stepped: bool = False

    def returned(self, inputs: tuple[Tensor, ...], spans: Tensor | None = None) -> object:
        """What the model returns, or the user's choice from it."""
        found = self._returned(inputs)
        return self._last(found, inputs, spans) if self.stepped else found

    def _last(self, returned: object, inputs: tuple[Tensor, ...], spans: Tensor | None) -> object:
        """Outputs at every step cut to each row's last; what has none as it is."""
        x = next((x for x in inputs if x.is_floating_point() and x.ndim == 3), None)
        if x is None or not self.timed:
            return returned
        return last_steps(returned, len(x), x.shape[1], self.order, spans)

    def _returned(self, inputs: tuple[Tensor, ...]) -> object:
        if (order := self.order) is not None:
            inputs = tuple(
                x.permute(order).contiguous() if x.is_floating_point() else x for x in inputs
            )
        returned = self.snapshot(inputs, self.names)
        return returned if self.chosen is None else self.chosen(returned)

    def first(self, batch: Batch) -> tuple[Picked, Self]:
        """The outputs of the first rows, without a graph, and how to find them again.

        Outputs `[rows, steps, K]` are those of sequences, where nothing else fits.
        """
        inputs = tuple(x.clone() for x in self.snapshot.prepare(batch.inputs))
        with torch.no_grad():
            try:
                returned = self._returned(tuple(x.clone() for x in inputs))
            except RuntimeError as error:
                self._check_width(batch, error)
                raise
        last = self._last(returned, inputs, batch.spans)
        # Outputs [rows, steps, 1] would pass for so many outputs of a row.
        if last is returned or not isinstance(returned, Tensor):
            try:
                return pick(returned, len(batch)), self
            except ValueError:
                if last is returned:
                    raise
        picked = pick(last, len(batch))
        return replace(picked, note=_noted(picked.note, batch)), replace(self, stepped=True)

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


def _noted(note: str | None, batch: Batch) -> str:
    whose = "the last step" if batch.spans is None else "each row's last existing step"
    step = f"The model returns outputs at every step: those of {whose} are explained."
    return step if note is None else f"{note} {step}"


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

    def outputs(
        self, inputs: tuple[Tensor, ...], spans: Tensor | None = None
    ) -> Float[Tensor, "rows outputs"]:
        """The network's outputs, the same part of what it returns for any rows."""
        return self.picked.again(self.reading.returned(inputs, spans), len(inputs[0]))

    def function(self, target: Tensor | None = None, spans: Tensor | None = None) -> Function:
        """What is differentiated, for rows with these true values and existing steps."""

        def response(inputs: tuple[Tensor, ...]) -> Tensor:
            outputs = self.outputs(inputs, spans)
            if self.select is None:
                return outputs
            if self.select == "loss":
                return self._loss(outputs, target)[:, None]
            responses = respond(outputs, self.raw, self.response)
            if self.select == "predicted":
                return responses.gather(1, outputs.detach().argmax(1, keepdim=True))
            return responses[:, list(self.select)]

        return response

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
