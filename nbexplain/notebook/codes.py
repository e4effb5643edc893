"""Shares and directions as they cross to the page: few bytes each, and nothing claimed anew."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nbexplain.engine.axes import Float32, Float64, Int64, UInt8, UInt16

#: Codes of shares as they cross: the largest, and none.
FULL, MISSING = 65_534, 65_535
#: Codes of directions: that of 0, and how far from it that of 1 is; the code 0 is none.
STRAIGHT, STEEP = 128, 126


def leading(
    shares: Sequence[Float64[np.ndarray, " features"]], most: int
) -> Int64[np.ndarray, " leading"]:
    """Positions, ascending, of the features (or lags) with the largest shares at any moment.

    >>> leading([np.array([60.0, 30.0, 10.0]), np.array([50.0, 10.0, 40.0])], 2)
    array([0, 2])
    """
    largest = np.max(shares, axis=0)
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
