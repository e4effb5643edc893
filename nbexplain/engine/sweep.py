"""One pass over the data: batches in, merged statistics and kept rows out."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor

from nbexplain.engine.accumulators import Sample, Spread, Sums, draw, join
from nbexplain.engine.axes import Float
from nbexplain.engine.responses import Kind, chain, saturated


@dataclass(frozen=True, eq=False)
class Swept:
    """What a pass over rows leaves: everything importances are made of.

    Attributes:
        kind: what the network returns.
        sums: of the derivatives, by response.
        inputs: spread of the differentiated input entries.
        outputs: spread of the network's outputs.
        saturated: rows, by output, whose given probability is exactly 0 or 1.
        sample: the rows kept whole.
    """

    kind: Kind
    sums: Mapping[str, Sums]
    inputs: Spread
    outputs: Spread
    saturated: int
    sample: Sample

    @property
    def count(self) -> int:
        """How many rows were seen."""
        return self.inputs.count

    def with_response(self, response: str, block: int) -> "Swept":
        """The same pass with the sums of another response, from kept rows.

        All rows must have been kept; `LookupError` where they were not.
        """
        if response in self.sums:
            return self
        if len(self.sample.positions) < self.count:
            raise LookupError(response)
        outputs, jacobian = tensors(self.sample)
        sums = Sums.at(
            chain(outputs, jacobian, self.kind, response), self.sample.positions, block
        )
        return replace(self, sums={**self.sums, response: sums})
