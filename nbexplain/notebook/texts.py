"""From an explanation of texts to what the page is sent of tokens: their names and their shares.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

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


def described(explanation: Explanation) -> State | None:
    """The ranked tokens, ascending by id, and how many there are in all; None of no texts."""
    if not explanation.features.tokens:
        return None
    places = _ranked(explanation)
    ids = explanation.token_sums.ids
    return {
        "ids": ids[places].tolist(),
        "names": [text(name) for name in explanation.token_names(ids[places])],
        "all": len(ids),
    }


def token_slice(
    explanation: Explanation, answer: Explanation, output: int | None
) -> NDArray[np.float32] | None:
    """Share, low and high of each ranked token in percent, and no direction, `[4, tokens]`.

    The tokens are those that are `described` of the explanation, whichever response is answered;
    None of no texts.
    """
    if not explanation.features.tokens:
        return None
    found, places = answer.token_shares(output), _ranked(explanation)
    shares = [found.share, found.low, found.high, np.full(len(found.share), np.nan)]
    return np.stack(shares)[:, places].astype("<f4")


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


def _ranked(explanation: Explanation) -> NDArray[np.intp]:
    """Places of the leading tokens, ascending by id."""
    return np.sort(explanation.token_shares(explanation.default_output).order[:MOST_RANKED])
