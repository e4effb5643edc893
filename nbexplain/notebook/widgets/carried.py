"""What a session carries to the page, and the moments of a training among it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

import anywidget
import traitlets

from nbexplain.notebook import wire
from nbexplain.notebook.history import Record

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.live.history import Moment
    from nbexplain.notebook.widgets.selection import Chosen


class Carried(anywidget.AnyWidget):
    """The traits that the page reads (see `PROTOCOL.md`)."""

    _esm = traitlets.Unicode().tag(sync=True)
    _proto = traitlets.Int(wire.PROTOCOL).tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    meta = traitlets.Dict().tag(sync=True)
    names = traitlets.List().tag(sync=True)
    importance = traitlets.Dict().tag(sync=True)
    lags = traitlets.Dict().tag(sync=True)
    instances = traitlets.Dict().tag(sync=True)
    history = traitlets.Dict().tag(sync=True)
    versions = traitlets.Dict().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)
    _link = traitlets.Unicode().tag(sync=True)

    #: Views that show it.
    views: WeakSet[Any]
    #: The moments that the page has; None of an explanation that no watch made.
    record: Record | None = None
    #: The row that `edit` changes.
    edited: object = None

    @property
    def filled(self) -> bool:
        """Whether an explanation has been shown."""
        return bool(self.meta)

    def report(self, **status: Any) -> None:
        """Say in the page what is going on: `state` and what belongs to it."""
        self.status = status

    def leave(self, view: object) -> None:
        """A view was closed; with the last one the session closes."""
        self.views.discard(view)
        if not self.views:
            self.close()

    @property
    def holds(self) -> bool:
        """Whether rows can be held against others."""
        return "against" in self.meta

    def remember(self, explanation: Explanation, moments: Sequence[Moment]) -> None:
        """The page has these moments of a training, as a trait."""
        self.record = self.record or Record(explanation)
        self.history = self.record.replace(moments)

    def add(self, moments: Sequence[Moment]) -> None:
        """Send the moments that the page has not."""
        found = None if self.record is None else self.record.news(moments)
        if found is not None:
            self.send(*found)

    def agreeing(self, chosen: Chosen, outputs: tuple[str, ...], name: str) -> dict[str, Any]:
        """What else changes with what was chosen by this name.

        A moment is one of the response and output that the watch shows: with it come these, and
        with another response, output or output step it goes. An edit is one of the picked row,
        and goes with it.
        """
        if name == "edit":
            self.edited = chosen.instance
        elif name == "instance" and chosen.edit and chosen.instance != self.edited:
            return {"edit": None}
        if self.record is None or chosen.moment is None:
            return {}
        response, output = self.record.of
        of = {"response": response, "output": None if output is None else outputs[output]}
        of = {**of, "step": None}
        if all(getattr(chosen, key) == value for key, value in of.items()):
            return {}
        return of if name == "moment" else {"moment": None}

    def _within(self, lags: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return tuple(lag for lag in lags or () if lag in self._lags) or None

    @property
    def _lags(self) -> range:
        """The lags there are; none of tables."""
        about = self.meta.get("lags") or {"leads": 0, "count": 0}
        return range(-about["leads"], about["count"])

    def moment_at(self, step: int) -> int:
        """The step nearest to this one that bars can be taken back to.

        Raises:
            ValueError: no history is shown, or numbers by another method than its own are.
        """
        if self.record is None:
            raise ValueError(
                f"moment={step} is a step of a training, and there is no history here: "
                "nbx.watch(model, X).explore() and nbx.TrainingHistory(watch) have one."
            )
        if not self.remembers(self.meta.get("method")):
            raise ValueError(
                f"moment={step} is a step of a training that was followed by the method "
                f"{self.record.method!r}, and {self.meta.get('method')!r} is shown: set "
                f"method={self.record.method!r} first."
            )
        return self.record.nearest(step)

    def remembers(self, method: object) -> bool:
        """Whether there is a history, and it is by this method."""
        return self.record is not None and self.record.method == method
