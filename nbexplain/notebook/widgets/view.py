"""What all views have in common: a session, two-way traits by name, a form without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbexplain.notebook import wire
from nbexplain.notebook.widgets.selection import Selection
from nbexplain.notebook.widgets.session import Session, route_by_sender

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


class View(anywidget.AnyWidget):
    """A view of an explanation.

    Views of one explanation share what is chosen, in the page and here. The traits below can be
    observed, set and linked; they follow clicks at once when the kernel is free.

    Attributes:
        feature: name of the picked feature, or None.
        output: name of the output that is shown; None is all of them combined.
        response: what is differentiated: "raw", "prob", "logodds", …
        explanation: what is shown, or None.
    """

    feature = traitlets.Unicode(None, allow_none=True)
    output = traitlets.Unicode(None, allow_none=True)
    response = traitlets.Unicode("")

    #: What the page mounts.
    KIND = ""

    _esm = traitlets.Unicode().tag(sync=True)
    _session = anywidget.WidgetTrait().tag(sync=True)
    _kind = traitlets.Unicode().tag(sync=True)
    _static = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, explanation: Explanation | None = None, *, hold: bool = True, **traits: Any
    ) -> None:
        self._links: list[traitlets.link] = []
        self._held = explanation if hold else None
        session = Session() if explanation is None else Session.of(explanation)
        layout = {name: traits.pop(name) for name in ("layout", "tooltip") if name in traits}
        super().__init__(_esm=wire.bundle("view"), _kind=self.KIND, **layout)
        self._static = str(self.model_id)
        route_by_sender(self)
        self._join(session)
        for name, value in traits.items():
            if name not in Selection.NAMES:
                raise TypeError(
                    f"{type(self).__name__} has no option {name!r}: "
                    "feature, output, response and layout can be given."
                )
            setattr(self, name, value)

    @property
    def explanation(self) -> Explanation | None:
        """What is shown, or None."""
        return self._held if self._held is not None else self._session.explanation

    @traitlets.validate("feature", "output", "response")
    def _known(self, proposal: Any) -> str | None:
        if self._session is None:  # while it is being made
            return proposal["value"]
        return self._session.check(proposal["trait"].name, proposal["value"])

    def _join(self, session: Session) -> None:
        """Show this session, and take part in what is chosen there."""
        for link in self._links:
            link.unlink()
        left, self._session = self._session, session
        session.views.add(self)
        if left is not None:
            left.leave(self)
        self._links = [
            traitlets.link((session.chosen, name), (self, name)) for name in Selection.NAMES
        ]

    def close(self) -> None:
        """Take the view from the page; the data goes with the last view of it."""
        for link in self._links:
            link.unlink()
        session, self._links, self._held = self._session, [], None
        super().close()
        if session is not None:
            session.leave(self)

    def __repr__(self) -> str:
        shown = self.explanation
        about = "" if shown is None else f"{shown.title}, {len(shown.features.names)} features"
        return f"{type(self).__name__}({about})"

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        from nbexplain.notebook.widgets.forms import forms

        return forms(self, self.explanation), {}

    def _ipython_display_(self) -> None:
        from nbexplain.notebook.widgets.forms import publish

        publish(self, self.explanation)
