"""What stands behind `%explain`: a line of Python expressions and options, split, read and named.

The options are `explain()`'s own: names, defaults and help come from its signature and docstring.
Arguments end at blanks outside brackets and quotes, so `X.drop(columns=["y", "id"])` is one.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from nbexplain.notebook.names import near

_PAIRS = {")": "(", "]": "[", "}": "{"}
_OPENING = frozenset(_PAIRS.values())


class LineError(ValueError):
    """A line that cannot be understood; the message is a sentence for the user."""


@dataclass(frozen=True)
class Option:
    """One option of the line.

    Attributes:
        flag: As it is typed: "--output".
        parameter: The argument of `explain()` that it fills, or None for `--row`.
        help: What the docstring says of it.
        words: Names that stand for themselves as its value: "prob".
        repeats: Whether it may be given several times.
        names: Whether an undefined or unsuitable word is a name in the data: a label, an output.
        bare: Whether it stands alone, without a value.
    """

    flag: str
    parameter: str | None
    help: str
    words: tuple[str, ...] = ()
    repeats: bool = False
    names: bool = False
    bare: bool = False


@dataclass(frozen=True)
class Line:
    """A line, split: expressions in order, and each given option's values as text."""

    expressions: tuple[str, ...] = ()
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    help: bool = False


def split(line: str) -> list[str]:
    """The arguments of a line: blanks inside brackets and quotes do not end one.

    A "#" where an argument could begin starts a comment.

    Raises:
        LineError: for a bracket or quote that is not closed, or closed but never opened.

    >>> split('net X.drop(columns=["y", "id"]) --output "high risk"  # first look')
    ['net', 'X.drop(columns=["y", "id"])', '--output', '"high risk"']
    """
    found: list[str] = []
    start = at = 0
    while at < len(line):
        if line[at].isspace():
            start = at = at + 1
        elif line[at] == "#":
            break
        else:
            at = _end(line, start, blanks_end=True)
            found.append(line[start:at])
    return found


def parse(line: str) -> Line:
    """The line's expressions and options.

    Raises:
        LineError: for an unknown option, one without a value, or one given twice.

    >>> parse("net X y --response prob --output a --output b").options
    {'--response': ('prob',), '--output': ('a', 'b')}
    """
    tokens = split(line)
    if tokens in (["-h"], ["--help"], ["?"]):
        return Line(help=True)
    expressions: list[str] = []
    given: dict[str, tuple[str, ...]] = {}
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        if not is_flag(token):
            expressions.append(token)
            continue
        flag, equals, value = token.partition("=")
        option = option_named(flag)
        if option.bare and equals:
            raise LineError(f"{flag} takes no value: leave {equals}{value} out.")
        if not equals and not option.bare:
            if position == len(tokens) or is_flag(tokens[position]):
                raise LineError(f"{flag} needs a value: {flag} {_example(option)}.")
            value = tokens[position]
            position += 1
        if option.flag in given and not option.repeats:
            raise LineError(f"{option.flag} is given twice.")
        given[option.flag] = (*given.get(option.flag, ()), value)
    return Line(tuple(expressions), given)


def is_flag(token: str) -> bool:
    """Whether a token is an option and not an expression."""
    return re.match(r"--[A-Za-z]", token) is not None


def option_named(flag: str) -> Option:
    """The option of this name; `--batch_size` is `--batch-size`, `--outputs` is `--output`.

    Raises:
        LineError: for any other name, with the nearest that exists.
    """
    wanted = flag.replace("_", "-")
    for option in options():
        if wanted in {option.flag, f"--{(option.parameter or '').replace('_', '-')}"}:
            return option
    flags = [option.flag for option in options()]
    end = near(wanted, flags, f"; there are {', '.join(flags)}")
    raise LineError(f"{flag} is not an option of %explain{end}")


@cache
def options() -> tuple[Option, ...]:
    """The options of `%explain`: the keyword arguments of `explain()`, and `--row`."""
    from nbexplain.explain import explain
    from nbexplain.explanation import Explanation
    from nbexplain.methods import METHODS

    told = documented(inspect.getdoc(explain) or "")
    found: list[Option] = []
    for name, parameter in inspect.signature(explain).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        # Quoted words of the docstring are the values that have names.
        words = tuple(METHODS) if name == "method" else tuple(_quoted(told.get(name, "")))
        if name == "outputs":
            told[name] = f"{told.get(name, '')} Give it again for each further output.".strip()
            found.append(Option("--output", name, told[name], words, repeats=True, names=True))
        else:
            flag = f"--{name.replace('_', '-')}"
            unit = name == "lag_unit"  # `--lag-unit h` needs no quotes
            found.append(Option(flag, name, told.get(name, ""), words, names=unit))
    row = "also show one row's local explanation: its label in the frame's index, else its position"
    found.append(
        Option("--row", None, f"{row}; or an expression that gives a new row.", names=True)
    )
    live = "follow the model while it trains, as nbx.watch does: the panel's bars move"
    found.append(Option("--live", None, f"{live}, and the line gives the watch.", bare=True))
    docked = (inspect.getdoc(Explanation.dock) or "").split("\n\n")[0]
    found.append(Option("--dock", None, f"{docked[0].lower()}{docked[1:]}", bare=True))
    found.append(
        Option("--stop", None, "follow no names any longer, and end what --live began.", bare=True)
    )
    return tuple(found)


def documented(docstring: str) -> dict[str, str]:
    r"""What a Google style docstring says of each argument.

    >>> documented("Does it.\n\nArgs:\n    a: first\n        line.\n\nReturns:\n    c: none")
    {'a': 'first line.'}
    """
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", docstring, re.DOTALL | re.MULTILINE)
    found: dict[str, str] = {}
    name = ""
    for line in section.group(1).splitlines() if section else ():
        begun = re.match(r" {4}\*{0,2}(\w+)(?: \([^)]*\))?: ?(.*)", line)
        if begun:
            name, found[begun[1]] = begun[1], begun[2].strip()
        elif name and line.strip():
            found[name] = f"{found[name]} {line.strip()}".strip()
    return found


def _quoted(text: str) -> Sequence[str]:
    # A word in code, such as {"EDUCATION": …}, is an example and not a value.
    return list(dict.fromkeys(re.findall(r'"(\w+)"', re.sub(r"`[^`]*`", "", text))))


def _example(option: Option) -> str:
    return "|".join(option.words) if option.words else "VALUE"


def _end(line: str, start: int, *, blanks_end: bool) -> int:
    """Where the expression that begins at `start` ends: a blank, or a bracket it did not open."""
    opened: list[tuple[str, int]] = []
    at = start
    while at < len(line):
        character = line[at]
        if character in "'\"":
            at = _after_quote(line, at)
            continue
        if character in _OPENING:
            opened.append((character, at))
        elif character in _PAIRS:
            if not opened and not blanks_end:
                return at
            if not opened or opened[-1][0] != _PAIRS[character]:
                raise LineError(_unopened(line, start, at, opened))
            opened.pop()
        elif character.isspace() and blanks_end and not opened:
            return at
        at += 1
    if opened:
        bracket, where = opened[-1]
        raise LineError(f"The {bracket} in {_excerpt(line, start, where)} is not closed.")
    return at


def _after_quote(line: str, start: int) -> int:
    """The position behind a string literal; in f-strings, braces hold expressions of their own."""
    quote = line[start] * (3 if line.startswith(line[start] * 3, start) else 1)
    prefix = re.search(r"[A-Za-z]*$", line[:start])
    formatted = prefix is not None and "f" in prefix[0].lower() and len(prefix[0]) <= 2
    at = start + len(quote)
    while at < len(line):
        if line.startswith(quote, at):
            return at + len(quote)
        if line[at] == "\\" or (formatted and line.startswith(("{{", "}}"), at)):
            at += 2
        elif formatted and line[at] == "{":
            at = _end(line, at + 1, blanks_end=False) + 1
        else:
            at += 1
    begin = start - len(prefix[0]) if prefix else start
    raise LineError(f"The quote {quote} in {_excerpt(line, begin, begin)} is not closed.")


def _unopened(line: str, start: int, at: int, opened: list[tuple[str, int]]) -> str:
    if opened:
        return f"The {opened[-1][0]} in {_excerpt(line, start, at)} is closed by {line[at]}."
    return f"The {line[at]} in {_excerpt(line, start, at)} closes no bracket."


def _excerpt(line: str, start: int, at: int) -> str:
    text = line[start:].strip()
    return text if len(text) <= 60 else f"…{line[max(at - 20, start) : at + 40].strip()}…"
