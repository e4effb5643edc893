"""From an explanation of texts to what the page is sent of tokens: their names and their shares.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.engine.padding import reaching
from nbexplain.engine.samples import widened
from nbexplain.notebook.packing import State, text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

MOST_RANKED = 2_000
"""Tokens whose shares a page gets: those that lead where the explanation is first shown."""


@dataclass(frozen=True, eq=False)
class Ranked:
    """The tokens that a page ranks: those that lead where the explanation is first shown.

    Attributes:
        explanation: that is shown, of texts.
        places: of the tokens among those that occur, ascending by id, `[tokens]`.
    """

    explanation: Explanation
    places: NDArray[np.intp]

    @classmethod
    def of(cls, explanation: Explanation) -> Ranked | None:
        """The ranked tokens; None of no texts."""
        if not explanation.features.tokens:
            return None
        order = explanation.token_shares(explanation.default_output).order
        return cls(explanation, np.sort(order[:MOST_RANKED]))

    @cached_property
    def names(self) -> list[str]:
        """What they are called."""
        ids = self.explanation.token_sums.ids[self.places]
        return [text(name) for name in self.explanation.token_names(ids)]

    @property
    def described(self) -> State:
        """Ids and names, and how many tokens there are in all."""
        ids = self.explanation.token_sums.ids
        return {"ids": ids[self.places].tolist(), "names": self.names, "all": len(ids)}

    def slice(self, answer: Explanation, output: int | None) -> NDArray[np.float32]:
        """Share, low and high in percent, and no direction, of one response and output.

        `[4, tokens]`, the same tokens whichever response is answered.
        """
        found = answer.token_shares(output)
        shares = [found.share, found.low, found.high, np.full(len(found.share), np.nan)]
        return np.stack(shares)[:, self.places].astype("<f4")


def words(explanation: Explanation, ids: NDArray[Any]) -> dict[int, str]:
    """Names of the ids that occur in these values, where NaN is no token."""
    found = np.unique(ids[~np.isnan(ids)]).astype(np.int64)
    return dict(zip(found.tolist(), map(text, explanation.token_names(found)), strict=True))


def ids_of(values: Tensor, spans: Tensor | None) -> Tensor:
    """Ids `[rows, _, steps, p]` that are aligned by lag as numbers, NaN where there is no token."""
    found = widened(values).double()
    if spans is None:
        return found
    there = reaching(spans.to(values.device), values.shape[2])
    return found.masked_fill(~there[:, None, :, None], float("nan"))
