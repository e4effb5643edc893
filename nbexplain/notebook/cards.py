"""A method's card as text and as an HTML fragment without a script."""

from __future__ import annotations

from html import escape
from textwrap import fill
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbexplain.methods import Card

#: Letters of a line, and of the column that says what stands beside it.
_LINE, _LABEL = 96, 15


def plain_text(card: Card) -> str:
    """The title, and below it what the card says, each fact beside what it is."""
    indent = " " * _LABEL
    facts = [
        fill(f"{label:{_LABEL}}{fact}", _LINE, subsequent_indent=indent)
        for label, fact in card.facts
    ]
    return "\n".join([card.title, *facts])


def static_html(card: Card) -> str:
    """A heading and a list of terms: complete in itself, in whatever style the page has."""
    facts = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(fact)}</dd>" for label, fact in card.facts
    )
    return (
        '<div class="mathjax_ignore tex2jax_ignore" style="max-width: 76ch">'
        f"<h4>{escape(card.title)}</h4><dl>{facts}</dl></div>"
    )
