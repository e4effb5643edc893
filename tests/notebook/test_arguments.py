"""The line behind %explain: split by brackets and quotes, options shared with explain()."""

from inspect import Parameter, signature

import pytest

import nbexplain as nbx
from nbexplain.notebook.arguments import LineError, options, parse, split


@pytest.mark.parametrize(
    ("line", "tokens"),
    [
        ("net X y", ["net", "X", "y"]),
        ("  net\tX  ", ["net", "X"]),
        ("", []),
        ('net X.drop(columns=["y", "id"]) y', ["net", 'X.drop(columns=["y", "id"])', "y"]),
        ("net (X, Z) [1, 2][0]", ["net", "(X, Z)", "[1, 2][0]"]),
        ("""net X.query("a > ')'")""", ["net", """X.query("a > ')'")"""]),
        ('net f("a\\" b") y', ["net", 'f("a\\" b")', "y"]),
        ("net r'a b' y", ["net", "r'a b'", "y"]),
        ('net """a "b" c""" y', ["net", '"""a "b" c"""', "y"]),
        ('net d[f"{k} {v["a b"]} {{"] y', ["net", 'd[f"{k} {v["a b"]} {{"]', "y"]),
        ("net X # and y later (", ["net", "X"]),
        ("net d['#'] #", ["net", "d['#']"]),
        ("net X['a#b']", ["net", "X['a#b']"]),
        ('--groups={"a": ["b", "c"]} net', ['--groups={"a": ["b", "c"]}', "net"]),
    ],
)
def test_split_by_brackets_and_quotes(line, tokens):
    assert split(line) == tokens


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("net X[1", "The [ in X[1 is not closed."),
        ("net X.drop(columns=['a']", "The ( in X.drop(columns=['a'] is not closed."),
        ("net 'a b", "The quote ' in 'a b is not closed."),
        ('net f"{a', 'The quote " in f"{a is not closed.'),
        ("net X)", "The ) in X) closes no bracket."),
        ("net (X]", "The ( in (X] is closed by ]."),
    ],
)
def test_open_brackets_and_quotes_are_named(line, sentence):
    with pytest.raises(LineError) as error:
        split(line)
    assert str(error.value) == sentence


def test_options_are_those_of_explain():
    parameters = signature(nbx.explain).parameters.values()
    keywords = {p.name for p in parameters if p.kind is Parameter.KEYWORD_ONLY}
    assert {option.parameter for option in options()} == keywords | {None}
    assert all(option.help for option in options())


def test_words_come_from_the_docstring():
    words = {option.flag: set(option.words) for option in options()}
    assert words["--response"] == {"auto", "raw", "prob", "logodds", "loss"}
    assert words["--scale"] == {"std", "none"}
    assert "sensitivity" in words["--method"]


def test_options_stand_anywhere_and_take_either_spelling():
    line = parse("--response=prob net --batch_size 10 X --output a y --outputs b")
    assert line.expressions == ("net", "X", "y")
    assert line.options == {
        "--response": ("prob",),
        "--batch-size": ("10",),
        "--output": ("a", "b"),
    }
