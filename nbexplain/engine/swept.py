"""What a pass over rows leaves: everything importances are made of, as one value that merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Self

from torch import Tensor

from nbexplain.engine.accumulators import Spread, Sums
from nbexplain.engine.attributed import Attributed, exceeds
from nbexplain.engine.axes import Float, Real
from nbexplain.engine.contributions import contributed
from nbexplain.engine.padding import existing
from nbexplain.engine.responses import Kind, in_turn, mirrored, saturated
from nbexplain.engine.samples import Keep, Sample, join
from nbexplain.engine.stepwise import Stepwise
from nbexplain.engine.tokens import TokenSums, summed_by_token
from nbexplain.features import Features

SLACK = 1.25
"""Rows held, in units of those kept, before the surplus is dropped."""

PROBABLE: tuple[Kind, ...] = ("probabilities", "independent")
"""Outputs that may be probabilities of exactly 0 or 1."""

GAP = 1e-2
"""A gap that is said, relative to the difference of the outputs (METHODS I)."""

CHUNK = 4096
"""Kept rows whose response is formed at once."""


@dataclass(frozen=True, eq=False)
class Swept:
    """Statistics of some rows, and the rows kept whole.

    Attributes:
        kind: what the network returns.
        keep: which rows are kept.
        block: consecutive rows that may overlap.
        sums: of the derivatives, by response.
        spread: of the differentiated input entries and, after them, of the outputs.
        saturated: values among the outputs that are probabilities of exactly 0 or 1.
        samples: the kept rows, in parts.
        steps: spread of the existing steps of padded sequences, by column; else None.
        stepwise: where outputs at every step are explained, their sums otherwise than by lag, by
            response; empty elsewhere. The `sums` are then over all steps by lag.
        tokens: of texts, the sums of the derivatives by token, by response; else empty.
        missed: of contributions, rows whose sum misses the difference of the outputs by more than
            a hundredth of it.
    """

    kind: Kind
    keep: Keep
    block: int
    sums: Mapping[str, Sums]
    spread: Spread
    saturated: int
    samples: tuple[Sample, ...]
    steps: Spread | None = None
    stepwise: Mapping[str, Stepwise] = field(default_factory=dict[str, Stepwise])
    tokens: Mapping[str, TokenSums] = field(default_factory=dict[str, TokenSums])
    missed: int = 0

    @classmethod
    def of(
        cls,
        kind: Kind,
        keep: Keep,
        block: int,
        responses: Sequence[str],
        start: int,
        values: Real[Tensor, "rows *shape"],
        outputs: Float[Tensor, "rows outputs"],
        jacobian: Float[Tensor, "rows outputs *shape"],
        targets: Tensor | None = None,
        spans: Tensor | None = None,
    ) -> Self:
        """The statistics of one batch whose first row stands at position `start`.

        Values `[rows, steps, p]` that are integers are ids of tokens, each p times.
        """
        asked = (outputs, jacobian, kind, responses, start)
        return cls(
            kind,
            keep,
            block,
            summed(*asked, block, spans),
            Spread.of(values.flatten(1), outputs),
            int(saturated(outputs).sum()) if kind in PROBABLE else 0,
            (Sample.of(keep, start, jacobian, outputs, values, targets, spans),),
            None if spans is None else _steps(values, spans),
            tokens={}
            if values.is_floating_point()
            else summed_by_token(values[..., 0], *asked, spans),
        )

    @classmethod
    def of_contributions(
        cls,
        keep: Keep,
        features: Features,
        response: str,
        start: int,
        values: Real[Tensor, "rows *shape"],
        found: Attributed,
        targets: Tensor | None = None,
        spans: Tensor | None = None,
    ) -> Self:
        """The same of contributions, whose response is part of what was attributed.

        Values that are integers are ids of tokens.
        """
        outputs, base = found.outputs, found.base
        # Of two outputs that are opposite, one is summed.
        own = found.attributions[:, 1:] if found.opposite else found.attributions
        sums = contributed(own, features, start, spans)
        tokens: dict[str, TokenSums] = {}
        if not values.is_floating_point():
            of = TokenSums.of_contributions(values[..., 0], own, start, spans)
            tokens = {response: of.mirrored() if found.opposite else of}
        sample = Sample.of(
            keep,
            start,
            found.attributions,
            outputs,
            values,
            targets,
            spans,
            base=base,
            errors=found.errors,
        )
        missed = 0
        if base is not None:
            missed = int(exceeds(found.attributions, outputs, base, GAP).sum())
        return cls(
            "values",
            keep,
            features.block,
            {response: sums.mirrored() if found.opposite else sums},
            Spread.of(values.flatten(1), outputs),
            0,
            (sample,),
            None if spans is None else _steps(values, spans),
            tokens=tokens,
            missed=missed,
        )

    def merge(self, other: Self) -> Self:
        """The statistics of both sets of rows."""
        keep, samples = self.keep, self.samples + other.samples
        if sum(sample.count for sample in samples) > SLACK * keep.capacity:
            samples = (join(samples, keep.capacity),)
            if keep.positions is None and keep.capacity:
                keep = replace(keep, bound=int(samples[0].draws.max()))
        return replace(
            self,
            keep=keep,
            sums={name: sums.merge(other.sums[name]) for name, sums in self.sums.items()},
            spread=self.spread.merge(other.spread),
            saturated=self.saturated + other.saturated,
            samples=samples,
            steps=self.steps.merge(other.steps) if self.steps and other.steps else None,
            stepwise={name: own.merge(other.stepwise[name]) for name, own in self.stepwise.items()},
            tokens={name: sums.merge(other.tokens[name]) for name, sums in self.tokens.items()},
            missed=self.missed + other.missed,
        )

    @property
    def count(self) -> int:
        """How many rows were swept."""
        return self.spread.count

    @property
    def inputs(self) -> Spread:
        """Spread of the differentiated input entries."""
        return self.spread.part(slice(None, -self._width))

    @property
    def outputs(self) -> Spread:
        """Spread of the outputs, at every step where those are explained."""
        for stepwise in self.stepwise.values():
            return stepwise.outputs
        return self.spread.part(slice(-self._width, None))

    @property
    def _width(self) -> int:
        return self.samples[0].outputs.shape[1]

    @cached_property
    def sample(self) -> Sample:
        """The kept rows, joined."""
        return join(self.samples, self.keep.capacity)

    @property
    def complete(self) -> bool:
        """Whether every row was kept, and so gives all other responses."""
        return not self.stepwise and sum(sample.count for sample in self.samples) == self.count

    def responding(self, response: str) -> "Swept":
        """The same rows with the sums of another response as well, formed from the kept rows."""
        if response in self.sums:
            return self
        if not self.complete:
            raise LookupError(response)
        sample, total = self.sample, None
        for start in range(0, sample.count, CHUNK):
            rows = slice(start, start + CHUNK)
            outputs, jacobian = sample.outputs[rows], sample.jacobian[rows]
            first = int(sample.positions[start])
            spans = None if sample.spans is None else sample.spans[rows]
            part = summed(outputs, jacobian, self.kind, (response,), first, self.block, spans)[
                response
            ]
            total = part if total is None else total.merge(part)
        assert total is not None  # a pass has at least one row
        found = replace(self, sums={**self.sums, response: total})
        if not self.tokens:
            return found
        asked = (sample.outputs, sample.jacobian, self.kind, (response,), 0, sample.spans)
        tokens = summed_by_token(sample.values[..., 0], *asked)
        return replace(found, tokens={**self.tokens, **tokens})


def _steps(values: Real[Tensor, "rows steps p"], spans: Tensor) -> Spread:
    """The spread of the steps that exist, each a row of it; initial states are no steps."""
    return Spread.of(values[existing(spans[:, :2].to(values.device), values.shape[1])])


def summed(
    outputs: Float[Tensor, "rows outputs"],
    jacobian: Float[Tensor, "rows outputs *shape"],
    kind: Kind,
    responses: Sequence[str],
    start: int,
    block: int,
    spans: Tensor | None = None,
) -> dict[str, Sums]:
    """The sums of the responses' derivatives over one batch; of two classes, one is summed."""
    sums: dict[str, Sums] = {}
    for response, derivatives in in_turn(outputs, jacobian, kind, responses):
        found = Sums.of(derivatives, start, block, spans)
        sums[response] = found.mirrored() if mirrored(outputs, kind, response) else found
    return {response: sums[response] for response in responses}
