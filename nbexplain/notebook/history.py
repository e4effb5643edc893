"""From what a watch has seen to what the page is sent of it: few moments, leading features.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.axes import Float32, Float64, Int64, UInt8, UInt16
from nbexplain.notebook import wire
from nbexplain.notebook.packing import State, bytes_of, described, packed, text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.live.history import Moment

#: Moments that a page has at most: a line has no more points than a screen shows.
MOST = 400
#: Features that a page has the history of.
LEADING = 256
#: Features that lead: where another one comes among them, the page gets its past.
FIRST = 5
#: Bytes of the arrays, at most.
BUDGET = 150_000
#: Codes of shares as they cross: the largest, and none.
FULL, MISSING = 65_534, 65_535
#: Codes of directions: that of 0, and how far from it that of 1 is; the code 0 is none.
STRAIGHT, STEEP = 128, 126


def thinned(moments: Sequence[Moment], most: int) -> list[Moment]:
    """At most so many of the moments, the first and the last among them, at equal distances.

    >>> thinned([0, 1, 2, 3, 4, 5, 6], 3)
    [0, 3, 6]
    """
    if len(moments) <= most:
        return list(moments)
    places = np.linspace(0, len(moments) - 1, most).round().astype(int)
    return [moments[place] for place in places]


def leading(moments: Sequence[Moment], most: int) -> Int64[np.ndarray, " leading"]:
    """Positions, ascending, of the features with the largest shares at any of the moments.

    >>> from nbexplain.live.history import Moment
    >>> of = lambda *share: Moment(0, 0.0, *np.tile(share, (3, 1)), rows=1)
    >>> leading([of(60.0, 30.0, 10.0), of(50.0, 10.0, 40.0)], 2)
    array([0, 2])
    """
    largest = np.max([moment.share for moment in moments], axis=0)
    # NaN, where nothing was sensitive at some moment, is no lead.
    return np.sort(np.argsort(-np.nan_to_num(largest, nan=-1.0), kind="stable")[:most])


def units(
    shares: Float64[np.ndarray, "moments features"],
) -> Float32[np.ndarray, " moments"]:
    """What a code of 1 stands for at each moment, percent: the power of 2 that lets all cross.

    >>> units(np.array([[60.0, 40.0], [0.5, np.nan]])).tolist()
    [0.0009765625, 1.52587890625e-05]
    """
    # NaN, where nothing was sensitive at some moment, is of any unit.
    largest = np.nan_to_num(shares).max(axis=1, initial=0.0)
    largest = np.where(largest > 0, largest, FULL)
    return np.exp2(np.ceil(np.log2(largest / FULL))).astype("<f4")


def coded(
    shares: Float64[np.ndarray, "moments features"], unit: Float32[np.ndarray, " moments"]
) -> UInt16[np.ndarray, "moments features"]:
    """Shares in units of their moment; what is not exactly 0 stays above it.

    >>> coded(np.array([[50.0, 1e-9, 0.0, np.nan]]), np.array([0.5], "f4"))
    array([[  100,     1,     0, 65535]], dtype=uint16)
    """
    values = shares / unit[:, None]
    codes = np.rint(values).clip(0, FULL)
    codes = np.where(values > 0, np.maximum(codes, 1), codes)
    return np.where(np.isnan(values), MISSING, codes).astype("<u2")


def claims(
    directions: Float64[np.ndarray, "moments features"],
) -> UInt8[np.ndarray, "moments features"]:
    """Directions in 1/126: never rounded up, so that they claim what they claimed.

    >>> claims(np.array([[0.5, 0.4999, -1.0, np.nan]]))
    array([[191, 190,   2,   0]], dtype=uint8)
    """
    # The page counts what float32 rounds below a half, which is much less than a code.
    sizes = np.floor(np.abs(directions) * STEEP + 1e-5).clip(0, STEEP)
    codes = STRAIGHT + np.sign(directions) * sizes
    return np.where(np.isnan(directions), 0, codes).astype("|u1")


class Record:
    """The moments of a training that a page has.

    Args:
        explanation: one of those that the watch made: all answer the same question.
    """

    def __init__(self, explanation: Explanation) -> None:
        output = wire.position(explanation, explanation.default_output)
        column = explanation.asked.column(output)
        self._about: State = {
            "response": explanation.response,
            "output": output,
            "question": text(explanation.asked.about(column, None)),
        }
        width = min(LEADING, len(explanation.features))
        # A moment is six numbers, and of each feature three shares and a direction.
        self._most = max(2, min(MOST, (BUDGET - 4 * width) // (4 * 6 + 7 * width)))
        self._moments: list[Moment] = []
        self._features: NDArray[np.int64] = np.zeros(0, np.int64)

    @property
    def of(self) -> tuple[str, int | None]:
        """The response, and the position of the output, that all moments are of."""
        return self._about["response"], self._about["output"]

    @property
    def state(self) -> State:
        """All of it, as a trait or a saved page holds it."""
        arrays = self._arrays(self._moments)
        return {**self._about, **{name: packed(array) for name, array in arrays.items()}}

    def nearest(self, step: int) -> int:
        """The step nearest to this one of those that the page has; of two, the earlier."""
        return min((moment.step for moment in self._moments), key=lambda one: abs(one - step))

    def replace(self, moments: Sequence[Moment]) -> State:
        """From now on the page has these, thinned: what it is sent as a trait."""
        self._keep(moments, self._most)
        return self.state

    def news(self, moments: Sequence[Moment]) -> tuple[State, list[Any]] | None:
        """The message with those that the page has not, and its buffers; None where it has all.

        It is of all moments, with `anew`, where they have become too many, or where another
        feature has come to lead; otherwise of those after the last.
        """
        last = self._moments[-1].step
        new = [moment for moment in moments if moment.step > last]
        if not new:
            return None
        anew = len(self._moments) + len(new) > self._most
        anew |= not np.isin(leading(new[-1:], FIRST), self._features).all()
        if anew:  # half, so that there is room for as many again
            self._keep(moments, self._most // 2 + 1)
        else:
            self._moments += new
        arrays = self._arrays(self._moments if anew else new)
        told = {name: described(array) for name, array in arrays.items()}
        message: State = {"t": "history", "history": {**self._about, **told}}
        message |= {"arrays": list(arrays), **({"anew": True} if anew else {})}
        return message, [bytes_of(array) for array in arrays.values()]

    def _keep(self, moments: Sequence[Moment], most: int) -> None:
        self._features = leading(moments, LEADING)
        self._moments = thinned(moments, most)

    def _arrays(self, moments: Sequence[Moment]) -> dict[str, NDArray[Any]]:
        missing = float("nan")
        losses = [missing if moment.loss is None else moment.loss for moment in moments]
        epochs = [missing if moment.epoch is None else moment.epoch for moment in moments]
        shares = {
            name: np.array([getattr(moment, name)[self._features] for moment in moments])
            for name in ("share", "low", "high")
        }
        unknown = np.full(len(self._features), missing)
        directions = [
            unknown if moment.direction is None else moment.direction[self._features]
            for moment in moments
        ]
        unit = units(np.fmax(shares["share"], shares["high"]))
        return {
            "steps": np.array([moment.step for moment in moments], "<u4"),
            "rows": np.array([moment.rows for moment in moments], "<u4"),
            "seconds": np.array([moment.seconds for moment in moments], "<f4"),
            "loss": np.array(losses, "<f4"),
            "epoch": np.array(epochs, "<f4"),
            "features": self._features.astype("<u4"),
            "unit": unit,
            **{name: coded(values, unit) for name, values in shares.items()},
            "direction": claims(np.array(directions)),
        }
