"""A watch in the panel: bars that move while the model trains, and their history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbexplain.notebook.widgets import Explorer
from nbexplain.notebook.widgets.following import follow, shown_of

if TYPE_CHECKING:
    from nbexplain.live import TrainingRecord


def display(watch: TrainingRecord) -> None:
    """Show a watch as the result of a cell."""
    from IPython import display as page

    from nbexplain.notebook.dock import just_docked

    if not just_docked(watch):
        page.display(explore(watch))


def explore(watch: TrainingRecord) -> Explorer:
    """The linked panel of what a watch explains, now and as it goes on."""
    view = Explorer(shown_of(watch))
    follow(view, watch)
    return view
