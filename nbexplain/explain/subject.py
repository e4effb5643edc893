"""What is differentiated: a model's snapshot, and which of its outputs, as which response."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import torch
from torch import Tensor
from torch.nn import functional

from nbexplain.engine.attributed import Attributed, returned
from nbexplain.engine.axes import Float
from nbexplain.engine.responses import Kind, respond
from nbexplain.engine.sensitivities import Function, Steps
from nbexplain.explain.reading import Reading, Step, position
from nbexplain.model import Picked

Select = Literal["predicted", "loss"] | tuple[int, ...] | None


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
        predicted: Tensor | None = None,
    ) -> Function:
        """What is differentiated, for rows with these true values and existing steps.

        Of outputs at every step, those of one: None is each row's last. With `predicted`, each
        row's output is that one wherever its inputs are taken; see `predicted`.
        """

        def response(inputs: tuple[Tensor, ...]) -> Tensor:
            found = self.reading.returned(inputs, spans, step)
            true = self._true_at(target, spans, step)
            return self._response(found, len(inputs[0]), true, predicted)

        return response

    @property
    def half(self) -> Self | None:
        """Of what is said of both of two classes the second alone, whose opposite the first is.

        Log-odds add up to 0, probabilities to 1. None where the outputs are others.
        """
        both = self.raw == "logits" and self.picked.outputs.shape[1] == 2
        if not both or self.select != (0, 1) or self.response not in ("prob", "logodds"):
            return None
        return replace(self, select=(1,))

    def of_both(
        self,
        found: Attributed,
        inputs: tuple[Tensor, ...],
        target: Tensor | None,
        spans: Tensor | None,
        step: int | None,
    ) -> Attributed:
        """What is said of two classes, from what `half` is said of."""
        if self.response == "logodds":
            return found.of_both(torch.cat([-found.outputs, found.outputs], dim=1), 0.0)
        # Asked anew: of a p near 1, 1 − p would have no digits left.
        return found.of_both(returned(self.function(target, spans, step), inputs), 1.0)

    def predicted(
        self, inputs: tuple[Tensor, ...], spans: Tensor | None = None, step: int | None = None
    ) -> Tensor | None:
        """The largest output of each row `[rows, 1]`, where that is what is looked at.

        Methods that take the function away from the row (to a baseline, under noise) ask of the
        output that is predicted there, not of another one that is larger elsewhere.
        """
        if self.select != "predicted":
            return None
        with torch.no_grad():
            found = self.reading.returned(tuple(x.clone() for x in inputs), spans, step)
            return self.picked.again(found, len(inputs[0])).argmax(1, keepdim=True)

    def at_steps(self, target: Tensor | None, spans: Tensor | None, steps: Sequence[Step]) -> Steps:
        """What is differentiated at each of these steps, from one call of the model."""

        def responses(inputs: tuple[Tensor, ...]) -> list[Tensor]:
            found = self.reading.at_steps(inputs, spans, steps)
            return [
                self._response(cut, len(inputs[0]), self._true_at(target, spans, step))
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
        self, target: Tensor | None, spans: Tensor | None, step: Step | None
    ) -> Tensor | None:
        """What is true at one step of each row, where y says so of every step."""
        if target is None or not self.reading.every(target, self.picked.outputs.shape[1]):
            return target
        at = position(spans, step)
        found = target[:, at] if isinstance(at, int) else target[torch.arange(len(target)), at]
        return found if self.raw == "values" else found.reshape(len(found)).long()

    def _response(
        self, returned: object, rows: int, target: Tensor | None, predicted: Tensor | None = None
    ) -> Float[Tensor, "rows outputs"]:
        """The response of the network's outputs, the same part of what it returns for any rows."""
        outputs = self.picked.again(returned, rows)
        if self.select is None:
            return outputs
        if self.select == "loss":
            return self._loss(outputs, target)[:, None]
        responses = respond(outputs, self.raw, self.response)
        if self.select == "predicted":
            if predicted is None:
                predicted = outputs.detach().argmax(1, keepdim=True)
            return responses.gather(1, predicted)
        return responses[:, list(self.select)]

    def true_values(self, target: Tensor | None, spans: Tensor | None = None) -> Tensor | None:
        """What is true of these rows; of quantities, the columns of the swept outputs.

        Where y says so of every step, what is true at each row's last.
        """
        target = self._true_at(target, spans, None)
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
        # In operations that DeepLIFT has rules for, which torch's own losses are not.
        if self.raw in ("logits", "probabilities"):
            logarithms = outputs.log_softmax(1) if self.raw == "logits" else outputs.log()
            return -logarithms.gather(1, target.long()[:, None])[:, 0]
        yes = target.to(outputs.dtype).view(len(outputs), -1)
        if yes.shape != outputs.shape:
            raise ValueError(
                f"The loss of {outputs.shape[1]} outputs that each say yes or no needs as many "
                f"true values a row, but y has the shape {list(target.shape)}."
            )
        if self.raw == "logit":
            return (functional.softplus(outputs) - yes * outputs).sum(1)
        least = torch.finfo(outputs.dtype).tiny  # the logarithm of 0 has no derivative
        right, wrong = (p.clamp(min=least).log() for p in (outputs, 1 - outputs))
        return -(yes * right + (1 - yes) * wrong).sum(1)
