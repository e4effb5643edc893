"""How values cross to the page: arrays with their dtype and shape, text, JSON."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

State: TypeAlias = dict[str, Any]
"""JSON-like values with bytes among them, by name."""

MANY_ROWS = 1_000
"""Fewer positions than these keep their order."""


def packed(array: NDArray[Any]) -> State:
    r"""An array with its dtype and shape, little-endian in C order.

    >>> packed(np.array([[1.0, 2.0]], "<f4"))
    {'dtype': '<f4', 'shape': [1, 2], 'data': b'\x00\x00\x80?\x00\x00\x00@'}
    """
    return {**described(array), "data": _little(array).tobytes()}


def packed_rows(positions: NDArray[np.integer]) -> State:
    """Positions of rows: as they are, or, where that is much smaller, a bit for each row.

    >>> packed_rows(np.array([2, 0]))["shape"], packed_rows(np.arange(8_000))["shape"]
    ([2], [1000])
    """
    last = int(positions.max(initial=0))
    if len(positions) < MANY_ROWS or last // 8 >= 4 * len(positions):
        return packed(positions.astype("<u4"))
    bits = np.zeros(last + 1, np.uint8)
    bits[positions] = 1
    return packed(np.packbits(bits, bitorder="little"))


def described(array: NDArray[Any]) -> State:
    """Dtype and shape of a packed array, without its data."""
    return {"dtype": _little(array).dtype.str, "shape": list(array.shape)}


def bytes_of(array: NDArray[Any]) -> memoryview:
    """The data of a packed array, not copied where it lies as it is sent."""
    return np.ascontiguousarray(_little(array)).reshape(-1).view(np.uint8).data


def to_json(value: object) -> str:
    r"""JSON with bytes as `{"base64": "…"}`, safe inside a `<script>` element.

    >>> print(to_json({"name": "</script>", "data": b"!"}))
    {"name": "\u003c/script\u003e", "data": {"base64": "IQ=="}}
    """
    return json.dumps(value, default=_encoded, ensure_ascii=False).translate(_ESCAPES)


def text(value: object) -> str:
    """Text that has a UTF-8 form: a str may hold half a character (an unpaired surrogate)."""
    found = str(value)
    if found.isascii():
        return found
    return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _little(array: NDArray[Any]) -> NDArray[Any]:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


_ESCAPES = {ord(c): f"\\u{ord(c):04x}" for c in "<>&\u2028\u2029"}


def _encoded(value: object) -> Mapping[str, str]:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot be written as JSON.")
