"""From what a watch has seen to what the page is sent of it: few moments, leading features.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.notebook import wire
from nbexplain.notebook.codes import claims, coded, leading, units
from nbexplain.notebook.lag_history import Held
from nbexplain.notebook.packing import State, bytes_of, described, packed, text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.live.history import Moment

#: Moments that a page has at most: a line has no more points than a screen shows.
MOST = 400
#: Features, and lags, that a page has the history of.
LEADING = 256
#: Moments with maps of lags that a page has at least, or none of the maps.
ENOUGH = 50
#: Features that lead: where another one comes among them, the page gets its past.
FIRST = 5
#: Bytes of the arrays, at most.
BUDGET = 150_000


def thinned(moments: Sequence[Moment], most: int) -> list[Moment]:
    """At most so many of the moments, the first and the last among them, at equal distances.

    >>> thinned([0, 1, 2, 3, 4, 5, 6], 3)
    [0, 3, 6]
    """
    if len(moments) <= most:
        return list(moments)
    places = np.linspace(0, len(moments) - 1, most).round().astype(int)
    return [moments[place] for place in places]


class Record:
    """The moments of a training that a page has.

    Args:
        explanation: one of those that the watch made: all answer the same question.

    Attributes:
        method: by which all of them are.
    """

    def __init__(self, explanation: Explanation) -> None:
        output = wire.position(explanation, explanation.default_output)
        column = explanation.asked.column(output)
        self.method = explanation.method
        self._about: State = {
            "method": explanation.method,
            "response": explanation.response,
            "output": output,
            "question": text(explanation.asked.about(column, None)),
        }
        self._width = len(explanation.features)
        self._moments: list[Moment] = []
        self._features: NDArray[np.int64] = np.zeros(0, np.int64)
        self._lags = Held.of(())

    @property
    def of(self) -> tuple[str, int | None]:
        """The response, and the position of the output, that all moments are of."""
        return self._about["response"], self._about["output"]

    @property
    def state(self) -> State:
        """All of it, as a trait or a saved page holds it."""
        arrays = self._arrays(self._moments)
        held = {name: packed(array) for name, array in arrays.items()}
        return {**self._about, **self._lags.told, **held}

    def nearest(self, step: int) -> int:
        """The step nearest to this one of those that the page has; of two, the earlier."""
        return min((moment.step for moment in self._moments), key=lambda one: abs(one - step))

    def replace(self, moments: Sequence[Moment]) -> State:
        """From now on the page has these, thinned: what it is sent as a trait."""
        self._keep(moments)
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
        anew |= not np.isin(leading([new[-1].share], FIRST), self._features).all()
        anew |= not self._lags.lead(new[-1].lags)
        if anew:  # half, so that there is room for as many again
            self._keep(moments, halved=True)
        else:
            self._moments += new
        arrays = self._arrays(self._moments if anew else new)
        told = {name: described(array) for name, array in arrays.items()}
        message: State = {"t": "history", "history": {**self._about, **self._lags.told, **told}}
        message |= {"arrays": list(arrays), **({"anew": True} if anew else {})}
        return message, [bytes_of(array) for array in arrays.values()]

    @property
    def _most(self) -> int:
        """Moments that fit: each is six numbers, and of a feature three shares and a direction."""
        width = len(self._features)
        size = 4 * 6 + 7 * width + self._lags.size
        names = 4 * (width + len(self._lags.places))
        return max(2, min(MOST, (BUDGET - names) // size))

    def _keep(self, moments: Sequence[Moment], *, halved: bool = False) -> None:
        self._features = leading([moment.share for moment in moments], LEADING)
        profiles = [moment.lags for moment in moments]
        self._lags = Held.of(profiles, maps=len(self._features) == self._width)
        if self._most < min(ENOUGH, MOST):
            self._lags = Held.of(profiles, maps=False)
        self._moments = thinned(moments, self._most // 2 + 1 if halved else self._most)

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
            **self._lags.arrays([moment.lags for moment in moments]),
        }
