"""From an explanation of sequences to what the page is sent of time.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbexplain.notebook.packing import State, packed, text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

#: Bytes of lag maps that a page gets unasked, …
BUDGET = 150_000
#: … of which one is there whatever its size, up to so many cells.
MOST_CELLS = 100_000
#: Bytes of lag maps that a saved page holds.
SAVED = 8_000_000

Slice = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def described(explanation: Explanation) -> State | None:
    """How many lags there are and what they are called; None where there are none."""
    features = explanation.features
    if features.kind != "sequence" or features.steps < 2:
        return None
    unit = features.lag_unit
    named = isinstance(unit, tuple)
    return {
        "count": features.steps,
        "unit": text(unit) if isinstance(unit, str) else None,
        "labels": [text(name) for name in features.lag_names] if named else None,
    }


def lag_slice(explanation: Explanation, output: int | None) -> Slice:
    """Of one response and output: low and high of the lags' shares, `[τ]`, and the map `[τ, F]`.

    All in percent of the total, lag 0 first; leads are left out. A lag's share is the sum of its
    row in the map.
    """
    shares, leads = explanation.lag_shares(output), explanation.window().leads
    cells = explanation.lag_map(output).to_numpy()
    found = (shares.low[leads:], shares.high[leads:], cells[leads:])
    low, high, cells = (np.ascontiguousarray(array, "<f4") for array in found)
    return low, high, cells


def lag_slices(
    explanation: Explanation,
    answers: dict[str, Explanation],
    wanted: Sequence[tuple[str, int | None]],
    budget: int,
) -> State:
    """The trait `lags`: as many of the wanted slices as fit, the nearest first; {} without lags."""
    about = described(explanation)
    if about is None:
        return {}
    steps, features = about["count"], len(explanation.features)
    size = np.dtype("<f4").itemsize * steps * (features + 2)
    fits = max(budget // size, int(steps * features <= MOST_CELLS))
    wanted = wanted[:fits]
    if not wanted:
        return {}
    found = [lag_slice(answers[response], output) for response, output in wanted]
    low, high, cells = (np.stack(arrays) for arrays in zip(*found, strict=True))
    return {
        "slices": [{"response": response, "output": output} for response, output in wanted],
        "low": packed(low),
        "high": packed(high),
        "map": packed(cells),
    }


def size_of(lags: State) -> int:
    """Bytes of the arrays in the trait."""
    return sum(len(lags[name]["data"]) for name in ("low", "high", "map") if name in lags)
