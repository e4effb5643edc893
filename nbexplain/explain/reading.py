"""How a model is called, and which part of what it returns is looked at."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor

from nbexplain.data import PLAIN, Batch, Form, padded
from nbexplain.engine.padding import existing
from nbexplain.model import Picked, Snapshot, at_step, describe, pick, stepped_only

Step = int | Tensor
"""A step counted from a row's first existing one: that of all rows, or of each, `[rows]`."""


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
        steps: how many steps it returns outputs at; 0 where not at every one.
        form: how the model takes its inputs, where not one tensor after another.
        sequence: position of the sequence among inputs that are its states; None: the first.
    """

    snapshot: Snapshot
    names: tuple[str, ...] | None
    chosen: Callable[..., object] | None
    order: tuple[int, ...] | None = None
    timed: bool = True
    stepped: bool = False
    flat: bool = False
    steps: int = 0
    form: Form = PLAIN
    sequence: int | None = None

    def returned(
        self, inputs: tuple[Tensor, ...], spans: Tensor | None = None, step: int | None = None
    ) -> object:
        """What the model returns, or the user's choice from it.

        Outputs at every step are cut to one step of each row, counted from its first existing
        one; None is its last.
        """
        found = self._returned(inputs, spans)
        return self._cut(found, inputs, spans, step) if self.stepped else found

    def at_steps(
        self, inputs: tuple[Tensor, ...], spans: Tensor | None, steps: Sequence[Step]
    ) -> list[object]:
        """What `returned` gives at each of these steps, from one call of the model."""
        found = self._returned(inputs, spans)
        return [self._cut(found, inputs, spans, step) for step in steps]

    def longest(self, inputs: tuple[Tensor, ...], spans: Tensor | None = None) -> int:
        """Steps of the longest row."""
        if spans is not None:
            return int((spans[:, 1] - spans[:, 0]).max())
        return self._steps(inputs)

    def there(self, inputs: tuple[Tensor, ...], spans: Tensor | None) -> tuple[Tensor | None, ...]:
        """Of each input, which steps of its rows exist; empty where nothing is padding."""
        if spans is None:
            return ()
        return tuple(
            existing(spans[:, :2].to(x.device), x.shape[1])
            if x.is_floating_point() and x.ndim == 3 and self.sequence in (None, i)
            else None
            for i, x in enumerate(inputs)
        )

    def _steps(self, inputs: tuple[Tensor, ...]) -> int:
        """Steps of the inputs; 0 where they are no sequences."""
        if self.sequence is not None:
            return inputs[self.sequence].shape[1]
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
        rows, at = len(inputs[0]), position(spans, step)
        found = at_step(returned, rows, steps, self.order, at, flat=self.flat)
        if found is returned and spans is not None:
            # What a model unpacks is as long as the longest row of the batch.
            longest = int(spans[:, 1].max())
            found = at_step(returned, rows, longest, self.order, at, flat=self.flat)
        return found

    def _returned(self, inputs: tuple[Tensor, ...], spans: Tensor | None) -> object:
        given = self.form.arguments(inputs, self.order, spans)
        returned = self.snapshot(given, self.form.keys or self.names)
        returned = returned if self.chosen is None else self.chosen(returned)
        return padded(returned, self._steps(inputs))

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
                returned = self._returned(tuple(x.clone() for x in inputs), batch.spans)
            except RuntimeError as error:
                self._check_width(batch, error)
                raise
        stepped = replace(self, stepped=True, steps=self._steps(inputs))
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

    def every(self, target: Tensor | None, width: int) -> bool:
        """Whether y says what is true at every step, `[rows, steps]` or `[rows, steps, K]`.

        `[rows, outputs]` are those of one step.
        """
        if target is None or target.ndim < 2 or target.shape[1] != self.steps:
            return False
        return target.ndim == 3 or self.steps != width

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


def position(spans: Tensor | None, step: Step | None) -> Tensor | int:
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
