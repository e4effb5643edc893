"""A row of tokens as a sentence: each shaded by its share of the row, contributions by sign.

HTML of a few elements with no script, whose every name is escaped, and plain text.
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbexplain.features import TOKEN
from nbexplain.notebook.names import printable
from nbexplain.notebook.numbers import decimals, fixed, number

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

STRONGEST = 0.5
"""Opacity behind the token with the largest share: text on it keeps a contrast above 4.5 : 1."""

MOST_TOKENS = 2000
"""Tokens written out: the last of a longer text, the nearest to what most models read last."""

_LIGHT = "--nbx-shade:118,84,179;--nbx-up:184,72,8;--nbx-down:35,104,176"
_DARK = "--nbx-shade:156,131,212;--nbx-up:240,139,76;--nbx-down:95,166,236"
CSS = (
    f".nbx-static__text{{{_LIGHT};margin:4px 0;line-height:1.9;max-width:72ch;max-height:22em;"
    "overflow:auto;overflow-wrap:anywhere}"
    f"@media(prefers-color-scheme:dark){{.nbx-static__text{{{_DARK}}}}}"
    f'[data-jp-theme-light="true"] .nbx-static__text,.vscode-light .nbx-static__text{{{_LIGHT}}}'
    f'[data-jp-theme-light="false"] .nbx-static__text,.vscode-dark .nbx-static__text{{{_DARK}}}'
    ".nbx-static__text .rises{--nbx-shade:var(--nbx-up)}"
    ".nbx-static__text .falls{--nbx-shade:var(--nbx-down)}"
    ".nbx-static__text mark{color:inherit;padding:.1em .15em;border-radius:3px;"
    "background:rgba(var(--nbx-shade),var(--o))}"
    "@media(forced-colors:active){.nbx-static__text mark{background:none;"
    "border-bottom:calc(1px + 6px*var(--o)) solid}}"
)


@dataclass(frozen=True, eq=False)
class Sentence:
    """One row as text.

    Attributes:
        words: the tokens that exist, first to last.
        share: of each, percent of the squared derivatives; NaN for a constant model.
        start: position of the first.
        parts: of contributions, what each contributed, whose absolute values `share` is of.

    >>> import torch, nbexplain as nbx
    >>> embedding = torch.nn.Embedding(3, 2)
    >>> model = lambda ids: embedding(ids).sum((1, 2))
    >>> nbx.explain(model, torch.tensor([[0, 1]]), tokens=["very", "<b>"]).text(0)
    very (50.0 %) <b> (50.0 %)
    """

    words: tuple[str, ...]
    share: NDArray[np.float64]
    start: int = 0
    parts: NDArray[np.float64] | None = None

    @classmethod
    def of(cls, explanation: Explanation, row: object, output: str | int | None) -> Sentence:
        """The sentence of a row; see `Explanation.text`."""
        table = explanation.local(row, output)
        words = tuple(printable(word) for word in table[TOKEN])
        parts = table["attribution"].to_numpy(float) if explanation.asked.additive else None
        return cls(words, table["importance"].to_numpy(float), int(table.index[0]), parts)

    def fragment(self) -> str:
        """The sentence as an HTML element, for a page that has `CSS`."""
        places, largest = decimals(self.share), float(np.nanmax([0, *self.share]))
        first = max(0, len(self.words) - MOST_TOKENS)
        marks = []
        for place in range(first, len(self.words)):
            share = float(self.share[place])
            opacity = STRONGEST * share / largest if largest > 0 and share == share else 0
            said = f"{self._said(place, places)}, position {self.start + place}"
            word, hue = html.escape(self.words[place]), self._hue(place)
            marks.append(f'<mark{hue} style="--o:{opacity:.3f}" title="{said}">{word}</mark>')
        cut = "… " if first else ""
        return f'<p class="nbx-static__text">{cut}{" ".join(marks)}</p>'

    def _repr_html_(self) -> str:
        return f"<div><style>{CSS}</style>{self.fragment()}</div>"

    def __repr__(self) -> str:
        places = decimals(self.share)
        return " ".join(
            f"{word} ({self._said(place, places)})" for place, word in enumerate(self.words)
        )

    def _said(self, place: int, places: int) -> str:
        """What is said of one token: its share, after what it contributed."""
        share = f"{fixed(float(self.share[place]), places)} %"
        if self.parts is None:
            return share
        part = float(self.parts[place])
        return f"{'+' if part > 0 else ''}{number(part)}, {share}"

    def _hue(self, place: int) -> str:
        """The class of a token that raised or lowered the response."""
        part = 0.0 if self.parts is None else float(self.parts[place])
        return f' class="{"rises" if part > 0 else "falls"}"' if part else ""
