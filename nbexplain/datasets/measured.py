"""Real series with a known cycle, which come with statsmodels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nbexplain.datasets.windows import windows

if TYPE_CHECKING:
    import pandas as pd


def sunspots(steps: int = 24) -> tuple[Tensor, pd.Series]:
    """Yearly sunspot numbers, 1700 to 2008: the Sun's activity swells and ebbs in about 11 years.

    Source: National Geophysical Data Center, in the public domain; they come with statsmodels.

    Args:
        steps: years of a window.

    Returns:
        X, `[308 - steps + 1, steps, 1]` in float32, windows of yearly sunspot numbers, lag 0 the
        last; and y, named "sunspots", the number of the year after each window, indexed by that
        year.

    Raises:
        ImportError: statsmodels is not installed.
        ValueError: `steps` is less than 1, or leaves no window.

    Example:
        >>> X, y = sunspots(steps=10)
        >>> X.shape, y.head(2).to_dict()
        (torch.Size([299, 10, 1]), {1710: 3.0, 1711: 0.0})
    """
    import pandas as pd

    frame = _statsmodels("sunspots").set_index("YEAR")
    years = pd.Index(frame.index.astype(int), name="year")
    return _next(pd.Series(frame["SUNACTIVITY"].to_numpy(), index=years, name="sunspots"), steps)


def co2(steps: int = 36) -> tuple[Tensor, pd.Series]:
    """Monthly carbon dioxide in the air over Mauna Loa, 1958 to 2001, in parts per million.

    It rises from year to year and swings with the seasons, 12 months to a cycle. Monthly means of
    weekly measurements; the 5 months without one lie on the straight line between their
    neighbours.

    Source: C. D. Keeling and T. P. Whorf, Carbon Dioxide Information Analysis Center, 2004, in the
    public domain; the measurements come with statsmodels.

    Args:
        steps: months of a window.

    Returns:
        X, `[525 - steps + 1, steps, 1]` in float32, windows of monthly means, lag 0 the last; and
        y, named "co2", the mean of the month after each window, indexed by that month.

    Raises:
        ImportError: statsmodels is not installed.
        ValueError: `steps` is less than 1, or leaves no window.

    Example:
        >>> X, y = co2(steps=12)
        >>> X.shape, str(y.index[0]), round(float(y.iloc[0]), 1)
        (torch.Size([514, 12, 1]), '1959-03', 316.7)
    """
    import pandas as pd

    monthly = _statsmodels("co2")["co2"].resample("MS").mean().interpolate()
    months = pd.PeriodIndex(monthly.index, freq="M", name="month")
    return _next(pd.Series(monthly.to_numpy(), index=months, name="co2"), steps)


def _next(series: pd.Series, steps: int) -> tuple[Tensor, pd.Series]:
    """Windows of a series, and the value after each."""
    if not 1 <= steps < len(series):
        raise ValueError(
            f"steps={steps}: a window of this series has 1 to {len(series) - 1} steps."
        )
    values = series.astype("float32")
    X = windows(torch.tensor(values.to_numpy())[:-1, None], steps)
    return X, values.iloc[steps:]


def _statsmodels(name: str) -> pd.DataFrame:
    """The frame of one of its data sets."""
    import importlib

    try:
        module = importlib.import_module(f"statsmodels.datasets.{name}")
    except ImportError as error:
        raise ImportError(
            f"The series {name!r} comes with statsmodels, which is not installed: "
            "pip install statsmodels."
        ) from error
    return module.load_pandas().data
