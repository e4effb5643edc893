"""What a pass over rows leaves: everything importances are made of, as one value that merges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

from torch import Tensor

from nbexplain.engine.accumulators import Spread, Sums
from nbexplain.engine.axes import Float
from nbexplain.engine.responses import Kind, chain, chain_second, mirrored, saturated
from nbexplain.engine.samples import Keep, Sample, join

SLACK = 1.25
"""Rows held, in units of those kept, before the surplus is dropped."""

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
    """

    kind: Kind
    keep: Keep
    block: int
    sums: Mapping[str, Sums]
    spread: Spread
    saturated: int
    samples: tuple[Sample, ...]

    @classmethod
    def of(
        cls,
        kind: Kind,
        keep: Keep,
        block: int,
        responses: Sequence[str],
        start: int,
        values: Float[Tensor, "rows *shape"],
        outputs: Float[Tensor, "rows outputs"],
        jacobian: Float[Tensor, "rows outputs *shape"],
    ) -> Self:
        """The statistics of one batch whose first row stands at position `start`."""
        return cls(
            kind,
            keep,
            block,
            {
                response: summed(outputs, jacobian, kind, response, start, block)
                for response in responses
            },
            Spread.of(values.flatten(1), outputs),
            int(saturated(outputs).sum()) if kind in ("probabilities", "independent") else 0,
            (Sample.of(keep, start, jacobian, outputs, values),),
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
        """Spread of the outputs."""
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
        """Whether every row was kept."""
        return sum(sample.count for sample in self.samples) == self.count

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
            sums = summed(outputs, jacobian, self.kind, response, first, self.block)
            total = sums if total is None else total.merge(sums)
        assert total is not None  # a pass has at least one row
        return replace(self, sums={**self.sums, response: total})


def summed(
    outputs: Float[Tensor, "rows outputs"],
    jacobian: Float[Tensor, "rows outputs *shape"],
    kind: Kind,
    response: str,
    start: int,
    block: int,
) -> Sums:
    """The sums of a response's derivatives over one batch; of two classes, one is summed."""
    if mirrored(outputs, kind, response):
        return Sums.of(chain_second(outputs, jacobian, response), start, block).mirrored()
    return Sums.of(chain(outputs, jacobian, kind, response), start, block)
