"""From an explanation of sequences to what the page is sent of time.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.profiles import profile_widths
from nbexplain.notebook import packing
from nbexplain.notebook.numbers import json_number
from nbexplain.notebook.packing import State, bytes_of, packed, text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

Arrays = dict[str, NDArray[np.float32]]


class Shown(NamedTuple):
    """What a slice is of: a response, an output's position (None: all), and an output step."""

    response: str
    output: int | None
    step: int | None = None

    @property
    def told(self) -> State:
        """As the page is told; a step only where there is one."""
        about: State = {"response": self.response, "output": self.output}
        return about if self.step is None else {**about, "step": self.step}


#: Bytes of lag maps that a page gets unasked, …
BUDGET = 150_000
#: … of which one is there whatever its size, up to so many cells.
MOST_CELLS = 100_000
#: Cells that a map has intervals of each feature's profile with.
MOST_WIDTHS = 25_000
#: What the memory carries.
MEMORY = 0.9
#: Bytes of lag maps that a saved page holds.
SAVED = 8_000_000


def described(explanation: Explanation) -> State | None:
    """How many lags and leads there are and what they are called; None where there are none."""
    features = explanation.features
    if features.kind != "sequence" or features.steps < 2:
        return None
    unit = features.lag_unit
    named = isinstance(unit, tuple)
    return {
        "count": features.steps,
        "unit": text(unit) if isinstance(unit, str) else None,
        "labels": [text(name) for name in features.lag_names] if named else None,
        "definition": explanation.asked.definition,
        "leads": explanation.window().leads,
        "stepwise": explanation.asked.steps == "valid",
        **({"beginning": text(features.beginning)} if features.beginning else {}),
    }


def lag_slice(
    explanation: Explanation, output: int | None, step: int | None = None
) -> tuple[State, Arrays]:
    """Of one response, output and output step: how far back it looks, and what each lag carries.

    `memory`: length, low and high, in steps; None where it is unknown. The arrays, in percent, by
    all lags L of the page, ascending: `low` and `high` of the lags' shares, `[L]`; the `map`
    `[L, F]`, in which a lag's share is the sum of its row; of contributions, which add up with
    their signs before, it is in `own`, `[L]`; of maps of few cells `widths`, half the
    intervals of each feature's own profile, `[L, F]`; NaN at lags that the output step has not. Of
    all output steps together also their `time` map, `[output steps, input steps]`.
    """
    found, every = explanation.window(step), explanation.window()
    shares = explanation.lag_shares(output, step)
    memory = explanation.memory_length(MEMORY, output, step)
    cells = explanation.lag_map(output, step=step).to_numpy()
    arrays = {"low": shares.low, "high": shares.high, "map": cells}
    if explanation.asked.additive:
        arrays["own"] = shares.share
    if every.features.steps * len(explanation.features) <= MOST_WIDTHS:
        weights, confidence = explanation.weights_of(output), explanation.confidence
        arrays["widths"] = profile_widths(found, weights, confidence)
    before, after = every.leads - found.leads, every.lags.stop - found.lags.stop
    for name, array in arrays.items():
        rest = [(0, 0)] * (array.ndim - 1)
        arrays[name] = np.pad(array, [(before, after), *rest], constant_values=np.nan)
    if step is None and explanation.asked.steps == "valid":
        arrays["time"] = explanation.time_map(output).to_numpy()
    told = {"memory": [json_number(steps) for steps in (memory.length, memory.low, memory.high)]}
    return told, {name: np.ascontiguousarray(array, "<f4") for name, array in arrays.items()}


def lag_slices(
    explanation: Explanation,
    answers: dict[str, Explanation],
    wanted: Sequence[Shown],
    budget: int,
) -> State:
    """The trait `lags`: as many of the wanted slices as fit, the nearest first; {} without lags."""
    about = described(explanation)
    if about is None:
        return {}
    lags = about["leads"] + about["count"]
    cells = lags * len(explanation.features)
    maps = 1 + (cells <= MOST_WIDTHS)
    size = np.dtype("<f4").itemsize * (maps * cells + 2 * lags)
    fits = max(budget // size, int(cells <= MOST_CELLS))
    if not fits:
        return {}
    slices: list[State] = []
    for shown in wanted[:fits]:
        told, arrays = lag_slice(answers[shown.response], shown.output, shown.step)
        held = {name: packed(array) for name, array in arrays.items()}
        slices.append({**shown.told, **told, **held})
    return {"slices": slices}


def lag_message(
    explanation: Explanation, output: int | None, step: int | None
) -> tuple[State, list[Any]]:
    """The message with one slice, and its buffers."""
    told, arrays = lag_slice(explanation, output, step)
    held = {name: packing.described(array) for name, array in arrays.items()}
    return {**told, **held, "arrays": list(arrays)}, [bytes_of(of) for of in arrays.values()]


def size_of(lags: State) -> int:
    """Bytes of the arrays in the trait."""
    return sum(
        len(value["data"])
        for info in lags.get("slices", [])
        for value in info.values()
        if isinstance(value, dict)
    )
