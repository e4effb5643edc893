"""Marks: the moments at which a feature's importance jumped.

While a network learns, importances drift, fast at first and ever more slowly: about a straight
line over the logarithm of the steps. A jump is a departure from that line which the drift, the
wobble of small steps and the interval of row sampling do not explain: a column that began to leak
the answer, a shortcut that was found, data that changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.axes import Float64
from nbexplain.live.history import Moment

SPAN = (0.3, 0.8)
"""The trend is that of the moments between these shares of the steps taken since the last mark."""

FEWEST = 6
"""Moments that make a trend."""

MOST = 48
"""Moments of a trend that are looked at, so that the cost of a look is bounded."""

WOBBLES = 5.0
"""A jump misses the trend by so many times the distance of the trend's farthest moment,"""

DRIFTS = 2.0
"""and beyond it by so many times what the trend itself moved, from its middle to now;"""

TIMES = 3.0
"""it misses by so many times the largest miss of late."""

NEWS = 24.0
"""Percentage points times explanations that have seen them: a jump of 12 counts once a second one
has seen it, one of 6 once a fourth one has."""

CLEAR = 3.0
"""A jump that misses by so many times what counts as far is clear: it counts once a second
explanation has seen it,"""

PART = 0.3
"""if both together bring this part of the largest importance, so that one of two hundred features
may be news with a few percent,"""

LEAST = 3.0
"""but no less than so many points; half of `NEWS` is always enough."""

LONGEST = 6
"""Explanations that are waited for: jumps of less than a sixth of `NEWS` are none.

These numbers were chosen on 600 short clean runs, of which 3 are marked, 300 longer ones and 200 of
wider tables, of which none is, and 220 leaks; `benchmarks/marks.py` reports other runs."""


@dataclass(frozen=True)
class Mark:
    """A feature's importance left its trend.

    Attributes:
        step: of the first explanation that saw it.
        feature: its name; of several that moved, the one that moved most.
        before: percent, where its trend led.
        after: percent, where it went until the importances settled again, or is now.

    >>> Mark(1200, "bonus", 3.0, 61.4).note
    'At step 1,200 the importance of bonus jumped from 3.0 % to 61.4 %.'
    """

    step: int
    feature: str
    before: float
    after: float

    @property
    def note(self) -> str:
        """The mark as a sentence."""
        return (
            f"At step {self.step:,} the importance of {self.feature} jumped from "
            f"{self.before:.1f} % to {self.after:.1f} %."
        )


@dataclass(frozen=True, eq=False)
class _Miss:
    """How far importances were from where their trends led."""

    step: int
    size: Float64[np.ndarray, " features"]


class Marks:
    """Jumps, found as moments come.

    What counts as far is learned too: a feature whose importance wanders, or whose trend bends,
    has missed its trend before. A jump counts once more explanations have seen it too, in the same
    direction, the more the smaller and the less clear it is: a single step that went astray and
    came back is none.
    After a mark the trends begin anew.

    >>> import numpy as np
    >>> marks, history = Marks(("a", "b")), []
    >>> for step in range(100):
    ...     share = np.array([20.0, 80.0] if step < 90 else [70.0, 30.0])
    ...     history.append(Moment(step, 0.0, share, share - 1, share + 1, rows=9))
    ...     marks.look(history)
    >>> [mark.note for mark in marks.found]
    ['At step 90 the importance of a jumped from 20.0 % to 70.0 %.']
    """

    def __init__(self, features: tuple[str, ...], found: Sequence[Mark] = ()) -> None:
        self.found = tuple(found)
        self._features = features
        self._misses: list[_Miss] = []
        self._jumps: list[_Miss] = []  # of the latest moments; 0 where a feature kept to its trend

    def look(self, history: Sequence[Moment]) -> None:
        """Look at the last moment of the history: whether it, and those before, are a jump."""
        now = history[-1]
        start = self.found[-1].step if self.found else 0
        low, high = (start + share * (now.step - start) for share in SPAN)
        trend = tuple(m for m in history if max(low, start + 1) <= m.step <= high)
        if len(trend) < FEWEST:
            self._follow(now)
            return
        trend = trend[:: -(-len(trend) // MOST)]
        line = _Line.through(trend, start)
        miss = _Miss(now.step, now.share - line.at(now.step))
        usual = [old.size for old in self._misses if low <= old.step <= high]
        self._remember(miss)
        if len(usual) < FEWEST // 2:
            self._follow(now)
            return
        far = np.maximum(TIMES * np.abs(usual).max(axis=0), line.unsure(now.step))
        far = np.maximum(far, _noise(trend, now))
        beyond = np.where(np.abs(miss.size) > far, miss.size, 0.0)
        self._jumps = [*self._jumps[1 - LONGEST :], _Miss(now.step, beyond)]
        for count in range(2, len(self._jumps) + 1):
            news = self._news(count, far, float(line.mean.max()))
            if news.any():
                place = int((news * np.abs(miss.size)).argmax())
                name, share = self._features[place], float(now.share[place])
                before = share - float(miss.size[place])
                self.found = (*self.found, Mark(self._jumps[-count].step, name, before, share))
                self._misses, self._jumps = [], []
                return

    def _news(
        self, count: int, far: Float64[np.ndarray, " features"], largest: float
    ) -> NDArray[np.bool_]:
        """Which features the last `count` moments tell a jump of; `largest` is an importance."""
        seen = np.stack([jump.size for jump in self._jumps[-count:]])
        size = np.abs(seen)
        news = size.min(axis=0) > NEWS / count
        if count == 2:
            enough = min(max(LEAST, PART * largest), NEWS / 2)
            news |= (size[-1] > CLEAR * far) & (size.sum(axis=0) > enough)
        return news & ((seen > 0).all(axis=0) | (seen < 0).all(axis=0))

    def _follow(self, now: Moment) -> None:
        """There is no trend since the last mark yet: what it marked is still going on."""
        if self.found:
            last = self.found[-1]
            after = float(now.share[self._features.index(last.feature)])
            self.found = (*self.found[:-1], replace(last, after=after))

    def _remember(self, miss: _Miss) -> None:
        """Keep a miss; of many, the larger of every two neighbours."""
        self._misses.append(miss)
        if len(self._misses) > 4 * MOST:
            pairs = zip(self._misses[::2], self._misses[1::2], strict=False)
            self._misses = [
                _Miss(b.step, np.maximum(np.abs(a.size), np.abs(b.size))) for a, b in pairs
            ]


@dataclass(frozen=True, eq=False)
class _Line:
    """Straight lines through a trend, over the logarithm of the steps since `start`."""

    start: int
    middle: float
    mean: Float64[np.ndarray, " features"]
    slope: Float64[np.ndarray, " features"]
    wobble: Float64[np.ndarray, " features"]

    @classmethod
    def through(cls, trend: tuple[Moment, ...], start: int) -> Self:
        """Of least squares; `wobble` is the farthest that a moment is from them."""
        x = np.log([moment.step - start for moment in trend])
        y = np.stack([moment.share for moment in trend])
        spread, mean = x - x.mean(), y.mean(axis=0)
        slope = spread @ y / (spread @ spread)
        wobble = np.abs(y - mean - spread[:, None] * slope).max(axis=0)
        return cls(start, float(x.mean()), mean, slope, wobble)

    def at(self, step: int) -> Float64[np.ndarray, " features"]:
        """Where they lead, percent."""
        return (self.mean + self._moved(step)).clip(0, 100)

    def unsure(self, step: int) -> Float64[np.ndarray, " features"]:
        """How far from there a moment may be: the wobble, and as much as the lines rise or fall."""
        return WOBBLES * self.wobble + DRIFTS * np.abs(self._moved(step))

    def _moved(self, step: int) -> Float64[np.ndarray, " features"]:
        return (np.log(step - self.start) - self.middle) * self.slope


def _noise(trend: tuple[Moment, ...], now: Moment) -> Float64[np.ndarray, " features"]:
    """Of row sampling, in a difference of two importances; unknown (NaN) without intervals."""
    then = np.median([moment.high - moment.low for moment in trend], axis=0)
    return np.hypot(then, now.high - now.low) / 2
