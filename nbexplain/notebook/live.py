"""A watch in the panel: bars that move while the model trains."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from nbexplain.notebook.widgets import Explorer
from nbexplain.notebook.widgets.running import sentence

if TYPE_CHECKING:
    from nbexplain.live import Watch

#: Seconds between two pictures: a page that is told more often falls behind.
INTERVAL = 0.1
#: Seconds between two samples of rows.
ROWS = 1.0


def explore(watch: Watch) -> Explorer:
    """The linked panel of what a watch explains, now and as it goes on."""
    view = Explorer(watch.explanation)
    Following(view).tell(watch)
    return view


class Following:
    """A view that follows a watch until it is closed."""

    def __init__(self, view: Explorer) -> None:
        self._view = view
        self._told = self._rows = monotonic()
        self._leave = lambda: None

    def tell(self, watch: Watch) -> None:
        """Show where the watch stands, and from now on where it gets to."""
        self._leave = watch.observe(self)
        self._report(watch)

    def __call__(self, watch: Watch) -> None:
        """The watch has something to tell."""
        now = monotonic()
        if self._view.closed:
            self._leave()
        elif watch.state not in ("waiting", "live"):
            if watch.state == "finished":
                self._view.follow(watch.explanation)
            self._report(watch)
        elif now - self._told >= INTERVAL:
            rows = now - self._rows >= ROWS
            self._view.refresh(watch.explanation, rows=rows)
            self._report(watch)
            self._told, self._rows = now, now if rows else self._rows

    def _report(self, watch: Watch) -> None:
        if watch.state == "failed" and watch.error is not None:
            self._view.report(state="error", message=sentence(watch.error))
        elif watch.state == "finished":
            self._view.report(state="ready", **_marked(watch))
        else:
            paused = watch.state == "paused"
            self._view.report(state="live", step=watch.step, paused=paused, **_marked(watch))


def _marked(watch: Watch) -> dict[str, list[str]]:
    """The marks as sentences, where there are some."""
    return {"marks": [mark.note for mark in watch.marks]} if watch.marks else {}
