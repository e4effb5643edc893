"""How names from the user's data are shown: as text, on one line, in a bounded width.

Feature names come from files nobody controls: line breaks, control characters, direction
overrides that reorder the rest of the line, 200 characters, scripts of either direction. Here they
are made printable, measured in terminal cells and shortened in the middle, where names differ
least (a suffix like `_lag_12` tells neighbours apart).
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"
_ISOLATE, _END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_JOINER, _EMOJI_STYLE = "\N{ZERO WIDTH JOINER}", "\N{VARIATION SELECTOR-16}"
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")  # a terminal's colours and cursor moves
_DIRECTION = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(name: object) -> str:
    r"""One line of visible characters: what a reader may be shown of any name.

    Control characters and line breaks become single spaces; terminal escapes, direction marks
    and unpaired surrogates vanish. An empty name reads "(no name)".

    >>> printable("income\n(net)"), printable("\x1b[31mred"), printable("")
    ('income (net)', 'red', '(no name)')
    """
    kept: list[str] = []
    for character in _ESCAPES.sub("", str(name)):
        category = unicodedata.category(character)
        if category in {"Cc", "Zl", "Zp", "Zs"}:
            kept.append(" ")
        elif not (category == "Cs" or character in _DIRECTION or _is_noncharacter(character)):
            kept.append(character)
    return " ".join("".join(kept).split()) or "(no name)"


def isolated(name: str) -> str:
    """The name in direction isolates where it holds right-to-left text, else the name itself.

    Without them the numbers beside an Arabic or Hebrew name change places with it.

    >>> isolated("age") == "age", len(isolated("גיל"))
    (True, 5)
    """
    rtl = any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in name)
    return f"{_ISOLATE}{name}{_END}" if rtl else name


def clusters(text: str) -> Iterator[str]:
    """The text in pieces that must not be cut: a character with its marks, a joined emoji.

    >>> [len(c) for c in clusters("e\u0301a")]
    [2, 1]
    """
    piece = ""
    for character in text:
        joined = piece.endswith(_JOINER) or _is_flag(piece, character)
        if piece and not joined and not _extends(character):
            yield piece
            piece = ""
        piece += character
    if piece:
        yield piece


def width(text: str) -> int:
    """How many terminal cells the text takes: two for wide (CJK, emoji), none for marks.

    >>> width("age"), width("年齢"), width("e\u0301")
    (3, 4, 1)
    """
    return sum(map(_cells, clusters(text)))


def shortened(name: str, room: int) -> str:
    """The name in at most `room` cells, cut in the middle.

    >>> shortened("mean_temperature_lag_12", 14)
    'mean_te…lag_12'
    """
    if width(name) <= room:
        return name
    pieces = [(piece, _cells(piece)) for piece in clusters(name)]
    left = room - 1  # the ellipsis takes a cell
    tail = _fit(reversed(pieces), left // 2)
    head = _fit(iter(pieces), left - sum(cells for _, cells in tail))
    return "".join([*(p for p, _ in head), ELLIPSIS, *(p for p, _ in reversed(tail))])


def padded(text: str, room: int, *, right: bool = False) -> str:
    """The text filled with blanks to `room` cells, isolates not counted.

    >>> padded("年", 4), padded("7", 3, right=True)
    ('年  ', '  7')
    """
    blanks = " " * (room - width(text))
    return blanks + text if right else text + blanks


def near(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """The end of a sentence about an unknown word: the one that was meant, or `otherwise`.

    >>> near("modle", ["model", "X"]), near("y", ["model"], "; there are only models")
    ('; did you mean "model"?', '; there are only models.')
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else f"{otherwise}."


def _fit(pieces: Iterator[tuple[str, int]], room: int) -> list[tuple[str, int]]:
    taken: list[tuple[str, int]] = []
    for piece, cells in pieces:
        if cells > room:
            break
        room -= cells
        taken.append((piece, cells))
    return taken


def _cells(cluster: str) -> int:
    """Cells of one cluster: its widest character, two where a selector asks for the emoji form."""
    if _EMOJI_STYLE in cluster:
        return 2
    return max((_character_cells(c) for c in cluster), default=0)


def _character_cells(character: str) -> int:
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc"}:
        return 0
    # A pair of regional indicators is one flag of two cells.
    if unicodedata.east_asian_width(character) in {"W", "F"} or _is_indicator(character):
        return 2
    return 1


def _extends(character: str) -> bool:
    return unicodedata.category(character) in {"Mn", "Mc", "Me", "Cf"} or _is_skin_tone(character)


def _is_noncharacter(character: str) -> bool:
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF


def _is_skin_tone(character: str) -> bool:
    return "\U0001f3fb" <= character <= "\U0001f3ff"


def _is_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _is_flag(piece: str, character: str) -> bool:
    return len(piece) == 1 and _is_indicator(piece) and _is_indicator(character)
