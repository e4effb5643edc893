"""What a page is sent of lags at the moments of a training.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.axes import Int64
from nbexplain.live.profile import LagProfile, every
from nbexplain.notebook.codes import coded, leading, units
from nbexplain.notebook.packing import State

#: Lags that a page has the history of.
LEADING = 256
#: Lags that lead: where another one comes among them, the page gets its past.
FIRST = 5


@dataclass(frozen=True, eq=False)
class Held:
    """Which lags a page has the history of, and whether with the features at each.

    Attributes:
        lags: all there are; none of tables.
        places: of those held among them, ascending.
        cells: lags times features of the maps; 0 without maps.
    """

    lags: range
    places: Int64[np.ndarray, " held"]
    cells: int

    @classmethod
    def of(cls, profiles: Sequence[LagProfile | None], *, maps: bool = False) -> Self:
        """Those that lead at any of the moments; maps where each has one and all lags are held.

        >>> profile = LagProfile(range(3), *np.array([[60.0, 30.0, 10.0]] * 3))
        >>> Held.of([profile]).places.tolist(), Held.of([None]).places.tolist()
        ([0, 1, 2], [])
        """
        lags = every(profiles)
        known = [profile.over(lags) for profile in profiles if profile is not None]
        places = leading([of.share for of in known], LEADING) if known else np.zeros(0, np.int64)
        found = [of.map for of in known if of.map is not None]
        whole = maps and len(found) == len(profiles) > 0 and len(places) == len(lags)
        return cls(lags, places, found[0].size if whole else 0)

    @property
    def size(self) -> int:
        """Bytes of one moment."""
        shares = 4 + 6 * len(self.places) if len(self.places) else 0
        return shares + (4 + 2 * self.cells if self.cells else 0)

    @property
    def told(self) -> State:
        """What is said beside the arrays."""
        return {"first_lag": self.lags.start} if len(self.places) else {}

    def lead(self, profile: LagProfile | None) -> bool:
        """Whether the lags that lead in this one are held, with its map where others have one."""
        if profile is None:
            return True
        if self.cells and profile.map is None:
            return False
        if not (self.lags.start <= profile.lags.start and profile.lags.stop <= self.lags.stop):
            return False
        first = leading([profile.over(self.lags).share], FIRST)
        return bool(np.isin(first, self.places).all())

    def arrays(self, profiles: Sequence[LagProfile | None]) -> dict[str, NDArray[Any]]:
        """The arrays of these moments, as `PROTOCOL.md` has them; none without lags."""
        if not len(self.places):
            return {}
        none = LagProfile(self.lags, *np.full((3, len(self.lags)), np.nan))
        known = [none if of is None else of.over(self.lags) for of in profiles]
        shares = {
            f"lag_{name}": np.array([getattr(of, name)[self.places] for of in known])
            for name in ("share", "low", "high")
        }
        unit = units(np.fmax(shares["lag_share"], shares["lag_high"]))
        found: dict[str, NDArray[Any]] = {
            "lags": self.places.astype("<u4"),
            "lag_unit": unit,
            **{name: coded(values, unit) for name, values in shares.items()},
        }
        if self.cells:
            maps = np.stack([of.map for of in known if of.map is not None])
            flat = maps.reshape(len(maps), -1).astype(np.float64)
            scale = units(flat)
            found |= {"map_unit": scale, "map": coded(flat, scale).reshape(maps.shape)}
        return found
