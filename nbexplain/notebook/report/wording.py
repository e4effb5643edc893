"""The sentences that stand beside the numbers, in one place so that all forms say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbexplain.notebook.names import isolated, printable
from nbexplain.notebook.numbers import count, counted

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.notebook.ranking import Direction, Ranking

ARROWS: dict[Direction, str] = {
    "rises": "\N{UPWARDS ARROW}",
    "falls": "\N{DOWNWARDS ARROW}",
    "both ways": "",
    "none": "",
}


def heading(explanation: Explanation) -> str:
    """The question that was answered, on one line."""
    return isolated(printable(explanation.question))


def interval(explanation: Explanation) -> str:
    """What the interval speaks of: "95 % interval, row sampling"."""
    return f"{100 * explanation.confidence:g} % interval, row sampling"


def meanings(ranking: Ranking) -> dict[Direction, str]:
    """What each direction that occurs in the ranking means, in a reader's words."""
    words: dict[Direction, str] = {
        "rises": "rises with the input",
        "falls": "falls with the input",
        "both ways": "both ways",
    }
    present = {row.direction for row in ranking.rows}
    return {key: text for key, text in words.items() if key in present}


def cut_sentence(carriers: int, noun: str) -> str:
    """The words on the 90 % line."""
    verb = "carries" if carriers == 1 else "carry"
    return f"{counted(carriers, noun)} {verb} 90 %"


def others(number: int) -> str:
    """The name of the row that sums up what is not listed."""
    return f"{count(number)} more"


def notes(explanation: Explanation) -> list[str]:
    """The explanation's notes, each on one line."""
    return [isolated(printable(note)) for note in explanation.notes]
