"""What all views have in common: a session, two-way traits by name, a form without a kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets
from ipywidgets import Layout

from nbexplain.explanation import Explanation
from nbexplain.notebook import wire
from nbexplain.notebook.widgets.hosting import close_layout, route_by_sender
from nbexplain.notebook.widgets.running import Run
from nbexplain.notebook.widgets.selection import NAMES, Selection
from nbexplain.notebook.widgets.session import Session

if TYPE_CHECKING:
    from nbexplain.live.history import Moment
    from nbexplain.notebook.report import Part


class View(anywidget.AnyWidget):
    """A view of an explanation.

    Views of one explanation share what is chosen, in the page and here. The traits below can be
    observed, set and linked; they follow clicks at once when the kernel is free.

    Args:
        explanation: what `nbx.explain` returned; None leaves the view empty until `explain`.
        selection: an `nbx.Selection` that this view shares what is picked with; without one, all
            views of an explanation share.
        hold: whether the view keeps the explanation alive.
        **traits: any of those below to begin with, and `layout`.

    Attributes:
        feature: name of the picked feature, or None.
        instance: label of the picked row (of the frame's index, else its position), or None.
        other: label of a second row, to compare with the first, or None.
        rows: labels of the brushed rows, a tuple, or None. Any list of labels can be set.
        lags: the brushed lags of sequences, a tuple with 0 for the last step, or None.
        against: of contributions, labels of the rows that the picked one is held against, a tuple,
            for the page to show the way from their mean response to the row's; None is the
            method's own baseline. Any list of labels can be set.
        output: name of the output that is shown; None is all of them combined.
        response: what is differentiated: "raw", "prob", "logodds", …
        step: of outputs at every step (`nbx.Sensitivity(steps="valid")`), the one that is shown,
            counted from 0; None is all of them together.
        moment: of a watched model, the optimizer's step that the bars are taken back to, of those
            in the page the nearest; None is the latest.
        edit: other values of the picked row, by feature, for the page to show what the model
            makes of it: `view.edit = {"age": 60}`; of sequences by (feature, lag), of one-hot
            groups the column that is on; None is the row as it is. Another row is not edited.
        method: name of the method that answers, of `explanation.methods`; another is asked of the
            same copy of the model and the same data, and shown in its place.
        beside: name of a second method, whose numbers stand beside; None without one.

    Raises:
        ValueError: a trait is given a feature, row, output or response that there is not.
        TypeError: an option that views do not have.
        FileNotFoundError: in a checkout whose front end was not built.
    """

    feature = traitlets.Unicode(None, allow_none=True)
    instance = traitlets.Any(None, allow_none=True)
    other = traitlets.Any(None, allow_none=True)
    rows = traitlets.Any(None, allow_none=True)
    lags = traitlets.Any(None, allow_none=True)
    against = traitlets.Any(None, allow_none=True)
    output = traitlets.Unicode(None, allow_none=True)
    response = traitlets.Unicode("")
    step = traitlets.Int(None, allow_none=True)
    moment = traitlets.Int(None, allow_none=True)
    edit = traitlets.Any(None, allow_none=True)
    method = traitlets.Unicode("")
    beside = traitlets.Unicode(None, allow_none=True)

    #: What the page mounts.
    KIND = ""

    #: One that refuses its arguments is closed before it is linked to anything.
    _links: Sequence[traitlets.link] = ()
    _own_layout = False

    _esm = traitlets.Unicode().tag(sync=True)
    _session = anywidget.WidgetTrait().tag(sync=True)
    _kind = traitlets.Unicode().tag(sync=True)
    _static = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        explanation: Explanation | None = None,
        *,
        selection: Selection | None = None,
        hold: bool = True,
        **traits: Any,
    ) -> None:
        self._held = explanation if hold else None
        self._given = selection
        if not isinstance(explanation, (Explanation, NoneType)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"{type(self).__name__} shows what nbx.explain(…) returned, "
                f"not {type(explanation).__name__}."
            )
        self._refuse(explanation)
        if not isinstance(selection, (Selection, NoneType)):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"selection={selection!r} is not an nbx.Selection.")
        layout = {name: traits.pop(name) for name in ("layout", "tooltip") if name in traits}
        if unknown := [name for name in traits if name not in NAMES]:
            raise TypeError(
                f"{type(self).__name__} has no option {unknown[0]!r}: "
                f"{', '.join(sorted(NAMES))}, selection and layout can be given."
            )
        if explanation is None:
            session = Session(picked=selection)
        else:
            session = Session.of(explanation, selection)
        self._own_layout = not isinstance(layout.get("layout"), Layout)
        super().__init__(_esm=wire.bundle("view"), _kind=self.KIND, **layout)
        self._static = str(self.model_id)
        route_by_sender(self.comm)
        self._join(session)
        # An edit is of the row picked before, a response of the method.
        for name in sorted(traits, key=lambda name: (name == "edit", name != "method")):
            setattr(self, name, traits[name])

    @property
    def explanation(self) -> Explanation | None:
        """What is shown, or None."""
        return self._held if self._held is not None else self._session.explanation

    @property
    def selection(self) -> Selection:
        """What is picked, for other views to share: `nbx.LocalBars(ex, selection=view.selection)`.

        >>> import torch, nbexplain as nbx
        >>> bars = nbx.ImportanceBars(nbx.explain(torch.nn.Linear(2, 1), torch.eye(2)))
        >>> bars.feature = "x1"
        >>> bars.selection
        Selection(feature='x1')
        >>> bars.close()
        """
        return self._session.picked

    def explain(
        self, model: object, X: object, y: object | None = None, **options: Any
    ) -> Explanation:
        """`nbx.explain(model, X, y, **options)`, its progress and its result shown here.

        An error is shown too, with a way to try again, and comes through.

        >>> import torch, nbexplain as nbx
        >>> bars = nbx.ImportanceBars()
        >>> ex = bars.explain(torch.nn.Linear(2, 1), torch.eye(2))
        >>> bars.explanation is ex
        True
        >>> bars.close()
        """
        if self._session.filled:  # others may be looking at it
            self._held = None
            self._join(Session(picked=self._given))
        self._held = Run(self._session, self.keep).explain(model, X, y, options)
        return self._held

    def save_html(self, path: str | Path) -> None:
        """Write one file that shows this view as it is, without a kernel and with the network off.

        What is chosen stays so, and everything in the page goes on being linked.

        Args:
            path: the file to write; an existing one is replaced.

        Raises:
            ValueError: there is nothing to show yet.
            OSError: the file cannot be written.
        """
        from nbexplain.notebook.report import save_html

        part = self.part()
        save_html(path, {part.explanation.title: part})

    def part(self) -> Part:
        """This view as a part of a page that `nbexplain.notebook.report.save_html` writes.

        Raises:
            ValueError: there is nothing to show yet.
        """
        from nbexplain.notebook.report import Part

        explanation = self.explanation
        if explanation is None:
            raise ValueError("This view is empty: give it an explanation, or call its explain().")
        session = self._session
        record = session.record
        return Part(
            explanation,
            self.KIND,
            dict(session.selection),
            session.picked.key,
            None if record is None else record.state,
            session.besides(),
        )

    @property
    def closed(self) -> bool:
        """Whether the view was taken from the page."""
        return self._session is None or not self._links

    def follow(self, explanation: Explanation) -> None:
        """Show another explanation in place of this one, keeping what is chosen."""
        self._held = self._session.as_switched(explanation)
        self._session.show(self._held)

    def refresh(self, explanation: Explanation, *, rows: bool) -> None:
        """Show newer numbers of the same model, and its rows too if `rows`, by messages."""
        self._held = explanation
        if self.method == explanation.method:
            self._session.refresh(explanation, rows=rows)
        else:  # it was switched before the model trained on: all of it is another's
            self._session.show(explanation)

    def keep(self, explanation: Explanation) -> None:
        """Keep alive what this view shows by now, which another view of it was told."""
        self._held = explanation

    def switched(self, explanation: Explanation) -> None:
        """Its session shows another method's explanation: keep alive that in place of the first."""
        self._held = explanation if self._held is not None else None

    def shares(self, other: View) -> bool:
        """Whether both show the same: an explanation and what is chosen."""
        return self._session is other._session

    def remember(self, explanation: Explanation, moments: Sequence[Moment]) -> None:
        """Show these moments of a training, which made the explanation."""
        self._session.remember(explanation, moments)

    def add(self, moments: Sequence[Moment]) -> None:
        """Show also those of these moments that are new, by messages."""
        self._session.add(moments)

    def tell_versions(self, versions: dict[str, Any]) -> None:
        """Say in the page which versions of the model there are, and what changed between two."""
        self._session.versions = versions

    def hear(self, listener: Callable[[Any, dict[str, Any], Any], None]) -> Callable[[], None]:
        """Let `listener` have the page's messages too; the result ends that."""
        session = self._session
        session.on_msg(listener)

        def end() -> None:
            session.on_msg(listener, remove=True)

        return end

    def report(self, **status: Any) -> None:
        """Say in the page what is going on: `state` and what belongs to it."""
        self._session.report(**status)

    def _refuse(self, explanation: Explanation | None) -> None:
        """Raise where this view has nothing to show of such an explanation."""

    @traitlets.validate(*NAMES)
    def _known(self, proposal: Any) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        # While it is being made, or when it follows what was checked already.
        if self._session is None or value is getattr(self._session.chosen, name):
            return value
        return self._session.check(name, value)

    def _join(self, session: Session) -> None:
        """Show this session, and take part in what is chosen there."""
        for link in self._links:
            link.unlink()
        left, self._session = self._session, session
        session.views.add(self)
        if left is not None:
            left.leave(self)
        self._links = [traitlets.link((session.chosen, name), (self, name)) for name in NAMES]

    def close(self) -> None:
        """Take the view from the page; the data goes with the last view of it."""
        for link in self._links:
            link.unlink()
        session, self._links, self._held = self._session, [], None
        super().close()
        if self._own_layout:
            close_layout(self)
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
