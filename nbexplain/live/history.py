"""What a watch has seen: the importances after some of the steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from nbexplain.engine.axes import Float64
from nbexplain.live.profile import LagProfile, every

if TYPE_CHECKING:
    import pandas as pd

MOST = 1_000
"""Moments kept; beyond them every second one of those before is dropped."""

FEWEST = 64
"""Moments kept of whatever size."""

MEMORY = 64_000_000
"""Bytes of all moments, where more than `FEWEST` are kept."""


@dataclass(frozen=True, eq=False)
class Moment:
    """The importances after one step.

    Attributes:
        step: optimizer steps taken since the watch began; 0 before the first.
        seconds: since then.
        share: of each feature, percent.
        low: lower bound of its interval (row sampling).
        high: upper bound.
        rows: that were explained.
        loss: what the code that trains calls its loss; None where it was not seen.
        epoch: likewise.
        direction: mean / rms of each feature's derivative, between −1 and 1; NaN makes no claim.
            None where nothing is known of signs.
        lags: what each lag carries; None where X holds no sequences.
    """

    step: int
    seconds: float
    share: Float64[np.ndarray, " features"]
    low: Float64[np.ndarray, " features"]
    high: Float64[np.ndarray, " features"]
    rows: int
    loss: float | None = None
    epoch: int | None = None
    direction: Float64[np.ndarray, " features"] | None = None
    lags: LagProfile | None = None

    @property
    def size(self) -> int:
        """Bytes of its arrays."""
        of = self.lags
        arrays = (self.share, self.low, self.high, self.direction)
        profile = () if of is None else (of.share, of.low, of.high, of.map)
        return sum(array.nbytes for array in (*arrays, *profile) if array is not None)


class History:
    """Moments in the order of their steps, thinned so that memory stays bounded.

    The first and the last moment are always kept, the others at about equal distances.

    Args:
        features: names.
        most: moments at most; fewer where they would take more than `MEMORY`.
        moments: to begin with.

    >>> history = History(("a",), most=4)
    >>> for step in range(9):
    ...     history.add(Moment(step, 0.0, *np.ones((3, 1)), rows=1))
    >>> [moment.step for moment in history]
    [0, 4, 8]
    """

    def __init__(
        self, features: tuple[str, ...], most: int = MOST, moments: Sequence[Moment] = ()
    ) -> None:
        self.features = features
        self._moments = list(moments)
        self._most = most
        self._stride, self._count = 1, len(self._moments)

    def add(self, moment: Moment) -> None:
        """Add the moment after a later step; after the same one, it replaces the last.

        A loss and an epoch that were seen then stay, where they are not seen any longer.
        """
        if self._moments and self._moments[-1].step == moment.step:
            last = self._moments[-1]
            loss = last.loss if moment.loss is None else moment.loss
            epoch = last.epoch if moment.epoch is None else moment.epoch
            self._moments[-1] = replace(moment, loss=loss, epoch=epoch)
            return
        if self._moments and (self._count - 1) % self._stride:
            self._moments.pop()  # the last one so far was there as the last only
        self._moments.append(moment)
        self._count += 1
        room = max(MEMORY // max(moment.size, 1), FEWEST)
        if len(self._moments) > min(self._most, room):
            self._stride *= 2
            last = self._moments[-1]
            self._moments = self._moments[::2]
            if self._moments[-1] is not last:
                self._moments.append(last)

    def __len__(self) -> int:
        return len(self._moments)

    def __iter__(self) -> Iterator[Moment]:
        return iter(tuple(self._moments))

    def __getitem__(self, place: int) -> Moment:
        return self._moments[place]

    def frame(self) -> pd.DataFrame:
        """Importance in percent, step × feature."""
        import pandas as pd

        moments = tuple(self._moments)
        shares = (
            np.stack([m.share for m in moments]) if moments else np.zeros((0, len(self.features)))
        )
        return pd.DataFrame(shares, index=_steps(moments), columns=list(self.features))

    def lag_frame(self) -> pd.DataFrame:
        """Importance in percent, step × lag; without columns where there are no lags."""
        import pandas as pd

        moments = tuple(self._moments)
        profiles = [m.lags for m in moments]
        lags = every(profiles)
        columns = pd.RangeIndex(lags.start, lags.stop, name="lag")
        rows = [np.full(len(lags), np.nan) if p is None else p.over(lags).share for p in profiles]
        shares = np.stack(rows) if rows else np.zeros((0, len(lags)))
        return pd.DataFrame(shares, index=_steps(moments), columns=columns)

    def log(self) -> pd.DataFrame:
        """Of each moment: seconds, loss, epoch (NaN where they were not seen) and rows."""
        import pandas as pd

        moments = tuple(self._moments)
        table = {
            "seconds": [m.seconds for m in moments],
            "loss": [float("nan") if m.loss is None else m.loss for m in moments],
            "epoch": [float("nan") if m.epoch is None else m.epoch for m in moments],
            "rows": [m.rows for m in moments],
        }
        return pd.DataFrame(table, index=_steps(moments))


def _steps(moments: Sequence[Moment]) -> pd.Index[int]:
    import pandas as pd

    return pd.Index([m.step for m in moments], name="step", dtype=int)
