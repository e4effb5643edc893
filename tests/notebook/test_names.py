"""Names are shown on one line in a bounded width; numbers share their decimals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.notebook import names, numbers
from tests.notebook.fakes import NASTY

wcwidth = pytest.importorskip("wcwidth", reason="the independent measure of terminal cells")


@pytest.mark.parametrize("name", [*NASTY, "🇩🇪 rate", "👍🏽", "नमस्ते", "한국어", "ﾃｽﾄ", "✔️ done"])
def test_width_agrees_with_wcwidth(name):
    text = names.printable(name)
    assert names.width(text) == wcwidth.wcswidth(text)


@given(st.text(max_size=60), st.integers(3, 30))
def test_shortened_names_fit(name, room):
    text = names.printable(name)
    cut = names.shortened(text, room)
    assert names.width(cut) <= room
    assert cut == text or names.ELLIPSIS in cut


@given(st.text(max_size=60))
def test_printable_is_one_line_without_controls(name):
    text = names.printable(name)
    assert text
    assert len(text.splitlines()) == 1
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text)
    assert not set(text) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")
    text.encode()


def test_shortening_keeps_both_ends():
    cut = names.shortened("mean_temperature_of_the_outer_wall_lag_12", 20)
    assert cut.startswith("mean_temp")
    assert cut.endswith("lag_12")


def test_shortening_never_splits_an_emoji():
    family = "👩‍👩‍👧"
    cut = names.shortened(family * 20, 11)
    assert cut.replace(family, "") == names.ELLIPSIS


def test_right_to_left_names_are_isolated():
    assert names.isolated("گروه") == "\u2068گروه\u2069"
    assert names.isolated("group") == "group"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (0.5, "0.5"),
        (12.345, "12.3"),
        (99.96, "100"),
        (9999.4, "9999"),
        (-1234.5, "−1234"),
        (10_000.0, "10k"),
        (2.5e6, "2.5M"),
        (-7e9, "−7G"),
        (0.00099, "9.9e−4"),
        (math.nan, "–"),
        (math.inf, "∞"),
        (-math.inf, "−∞"),
    ],
)
def test_number(value, text):
    assert numbers.number(value) == text


@given(st.lists(st.floats(1e-6, 100), min_size=1, max_size=9))
def test_columns_have_three_digits_at_the_maximum(values):
    places = numbers.decimals(values)
    largest = numbers.fixed(max(values), places)
    digits = largest.replace(".", "").lstrip("0")
    assert len(digits) == 3


def test_an_exact_zero_is_told_from_a_small_number():
    assert numbers.fixed(0.0, 1) == "0"
    assert numbers.fixed(0.04, 1) == "<0.1"
    assert numbers.fixed(-0.04, 1) == ">−0.1"
    assert numbers.fixed(1234567.0, 0) == "1,234,567"
