"""How numbers are written: one form for the text table, the HTML forms and the charts.

A true minus sign, three significant digits, thousands separators for counts, an en dash for what
is missing. A column of numbers shares its decimals, so that digits stand below digits.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

MINUS = "\N{MINUS SIGN}"
MISSING = "\N{EN DASH}"
_SUFFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def count(number: int) -> str:
    """A whole number with thousands separators.

    >>> count(25000)
    '25,000'
    """
    return f"{number:,}".replace("-", MINUS)


def counted(number: int, noun: str) -> str:
    """A count with its noun in the right form.

    >>> counted(1, "feature"), counted(1970, "row")
    ('1 feature', '1,970 rows')
    """
    return f"{count(number)} {noun}" if number == 1 else f"{count(number)} {noun}s"


def decimals(values: Iterable[float]) -> int:
    """The decimals a column shares: three significant digits at its largest magnitude.

    >>> decimals([45.2, 0.3]), decimals([0.0123]), decimals([100.0])
    (1, 4, 0)
    """
    largest = max((abs(v) for v in values if math.isfinite(v)), default=0.0)
    if largest == 0.0:
        return 0
    # Round first: 99.96 is written with three digits as 100, not as 100.0.
    exponent = int(f"{largest:.2e}".split("e")[1])
    return min(max(2 - exponent, 0), 12)


def fixed(value: float, places: int) -> str:
    """A number of a column whose members share `places` decimals.

    An exact zero is "0" (an unused input), while what merely rounds to zero is "<0.1": the two
    are different findings.

    >>> fixed(12.345, 1), fixed(-0.5, 1), fixed(0.0, 1), fixed(0.004, 1), fixed(float("nan"), 1)
    ('12.3', '−0.5', '0', '<0.1', '–')
    """
    if math.isnan(value):
        return MISSING
    if value == 0.0:
        return "0"
    text = f"{abs(value):,.{places}f}"
    if not any(digit in text for digit in "123456789"):
        smallest = f"{10.0**-places:.{places}f}"
        return f"<{smallest}" if value > 0 else f">{MINUS}{smallest}"
    return text if value > 0 else MINUS + text


def number(value: float) -> str:
    """A number that stands alone: three significant digits, k/M/G from ten thousand on.

    >>> number(0.012345), number(-3.0), number(25000.0), number(1.2e-5), number(float("nan"))
    ('0.0123', '−3', '25k', '1.2e−5', '–')
    """
    if math.isnan(value):
        return MISSING
    if math.isinf(value):
        return "\N{INFINITY}" if value > 0 else MINUS + "\N{INFINITY}"
    size = abs(value)
    if size == 0.0:
        return "0"
    if size < 1e-3 or size >= 1e12:
        mantissa, exponent = f"{size:.2e}".split("e")
        text = f"{_trimmed(mantissa)}e{int(exponent)}".replace("-", MINUS)
    elif size >= 1e4:
        scale, suffix = next((s, x) for s, x in _SUFFIXES if size >= s)
        text = f"{_three(size / scale)}{suffix}"
    else:
        text = _three(size)
    return text if value > 0 else MINUS + text


def _three(size: float) -> str:
    """Three significant digits without an exponent; whole numbers keep all of theirs."""
    return _trimmed(f"{size:.{decimals([size])}f}")


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def json_number(number: float) -> float | None:
    """A number as JSON has it: NaN as null.

    >>> json_number(float("nan")), json_number(2)
    (None, 2.0)
    """
    return None if math.isnan(number) else float(number)
