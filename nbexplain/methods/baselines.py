"""What methods that compare have in common, and what their settings may be."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from nbexplain.choices import choose

BASELINES = ("zero", "mean", "median")
"""Baselines that have a name."""


@dataclass(frozen=True)
class Common:
    """What all methods but sensitivity share: each row's last output, features over all lags."""

    definition: ClassVar[Literal["marginal"]] = "marginal"
    steps: ClassVar[Literal["last"]] = "last"
    chained: ClassVar[bool] = False
    additive: ClassVar[bool] = False
    noisy: ClassVar[bool] = False


def check_baseline(baseline: object) -> None:
    """Refuse what is no baseline.

    Raises:
        ValueError: an unknown name, or numbers that are not finite.
        TypeError: neither a name nor numbers.
    """
    if isinstance(baseline, str):
        choose("baseline", baseline, BASELINES)
        return
    try:
        values = np.asarray(baseline if baseline is not None else "None", dtype=np.float64)
    except (TypeError, ValueError):
        raise TypeError(
            f"baseline={baseline!r} is no baseline: pass {', '.join(map(repr, BASELINES))}, a "
            "number, or one row of numbers."
        ) from None
    if not np.isfinite(values).all():
        raise ValueError("baseline holds numbers that are not finite.")


def check_count(name: str, count: int, most: int = 100_000) -> None:
    """Refuse what is no number of draws.

    Raises:
        ValueError: no whole number from 1 to `most`.
    """
    if isinstance(count, bool) or count != int(count) or not 1 <= count <= most:
        raise ValueError(f"{name}={count!r} must be a whole number from 1 to {most:,}.")
