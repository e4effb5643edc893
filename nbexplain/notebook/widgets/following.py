"""Views that follow a watch: what they show moves while the model trains."""

from __future__ import annotations

from threading import RLock
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet, ref

from nbexplain.live import Watch
from nbexplain.notebook.widgets.running import sentence
from nbexplain.notebook.widgets.view import View

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.live import TrainingRecord

#: Seconds between two pictures: a page that is told more often falls behind.
INTERVAL = 0.1
#: Seconds between two samples of rows.
ROWS = 1.0

# Held by what a watch tells, so that both go when nobody asks for it any more.
_following: WeakKeyDictionary[TrainingRecord, WeakSet[Following]] = WeakKeyDictionary()


def shown_of(watch: TrainingRecord) -> Explanation:
    """What open views of this watch show, for others to join them; without any, the latest."""
    for one in _following.get(watch, ()):
        if (explanation := one.explanation) is not None:
            return explanation
    return watch.explanation


def follow(view: View, watch: TrainingRecord) -> None:
    """Show in this view where the watch stands, and from now on where it gets to."""
    for one in tuple(_following.get(watch, ())):
        if one.joined(view):
            return
        one.leave_closed(watch)
    Following(view, watch)


class Following:
    """Views of one session that follow a watch until they are closed."""

    def __init__(self, view: View, watch: TrainingRecord) -> None:
        self._views = [view]
        self._told = self._rows = monotonic()
        # It is told by the thread that trains, and of a pause by that of the page's messages.
        self._one = RLock()
        self._leave = watch.observe(self)
        if isinstance(watch, Watch):
            told = ref(watch)  # closed, too, the view may be kept by what is kept of the watch
            view.hear(lambda _, content, __: _pause(told(), content))
        _following.setdefault(watch, WeakSet()).add(self)
        self._remember(watch)
        self._report(watch)

    @property
    def explanation(self) -> Explanation | None:
        """What its views show; None once all are closed."""
        view = self._first()
        return None if view is None else view.explanation

    def joined(self, view: View) -> bool:
        """Let a view that shows the same session follow too; whether it does."""
        first = self._first()
        if first is None or not first.shares(view):
            return False
        self._views.append(view)
        return True

    def leave_closed(self, watch: TrainingRecord) -> None:
        """Follow no more where all views are closed."""
        with self._one:
            if self._first() is None and self in _following[watch]:
                _following[watch].discard(self)
                self._leave()

    def __call__(self, watch: TrainingRecord) -> None:
        """The watch has something to tell."""
        with self._one:
            self._tell(watch)

    def _tell(self, watch: TrainingRecord) -> None:
        now, view = monotonic(), self._first()
        if view is None:
            self.leave_closed(watch)
        elif watch.state not in ("waiting", "live"):
            if watch.state == "finished":
                view.follow(watch.explanation)
                self._keep(watch)
            self._remember(watch)
            self._report(watch)
        elif now - self._told >= INTERVAL:
            rows = now - self._rows >= ROWS
            view.refresh(watch.explanation, rows=rows)
            self._keep(watch)
            if has_lines(watch):
                view.add(watch.moments)
            self._report(watch)
            self._told, self._rows = now, now if rows else self._rows

    def _first(self) -> View | None:
        self._views = [view for view in self._views if not view.closed]
        return self._views[0] if self._views else None

    def _keep(self, watch: TrainingRecord) -> None:
        for view in self._views:
            view.keep(watch.explanation)

    def _remember(self, watch: TrainingRecord) -> None:
        if has_lines(watch):
            self._views[0].remember(watch.explanation, watch.moments)

    def _report(self, watch: TrainingRecord) -> None:
        view = self._views[0]
        if watch.state == "failed" and watch.error is not None:
            view.report(state="error", message=sentence(watch.error))
        elif watch.state == "finished":
            view.report(state="ready", **_marked(watch))
        else:
            paused = watch.state == "paused"
            view.report(state="live", step=watch.step, paused=paused, **_marked(watch))


def has_lines(watch: TrainingRecord) -> bool:
    """Whether there is a history to show: of texts, whose one feature has all, that of lags."""
    return not watch.explanation.asked.tokens or watch.moments[-1].lags is not None


def _pause(watch: Watch | None, content: dict[str, Any]) -> None:
    """Do what the page asks, which may be while a cell trains, on another thread."""
    if watch is not None and content.get("t") == "pause":
        watch.pause() if content.get("paused") else watch.resume()


def _marked(watch: TrainingRecord) -> dict[str, list[str]]:
    """The marks as sentences, where there are some."""
    return {"marks": [mark.note for mark in watch.marks]} if watch.marks else {}
