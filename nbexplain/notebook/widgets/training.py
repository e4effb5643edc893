"""The history of a training as a view, by itself or with a second one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbexplain.comparison.aligned import check_alike
from nbexplain.comparison.record import called_by
from nbexplain.live import TrainingRecord
from nbexplain.notebook.packing import text
from nbexplain.notebook.widgets.following import follow, has_lines, shown_of
from nbexplain.notebook.widgets.selection import Selection
from nbexplain.notebook.widgets.view import View

if TYPE_CHECKING:
    from nbexplain.notebook.report import Part


class TrainingHistory(View):
    """A line per feature over the steps of a training, and a way back to each of them.

    Of sequences there is a line per lag too, which of texts is the only one. While a step is
    picked, the importance bars and the lags of all linked views show their order, shares and
    intervals (row sampling) at that step (lags while the page holds the map of each step, at most
    about a thousand lags times features); rows stay those of the latest. Shares are in percent, of
    the response and the output that the watch shows first.

    Of two trainings the lines of the same feature have the same hue on one axis of steps, those of
    the second one paler, and their losses are beside each other; features that one has alone are
    there too. Steps are picked of the first. Each is in the units of its own X.

    Args:
        watch: what `nbx.watch` returned, before, while or after the model trains, or what
            `nbx.load` read of it.
        second: another one, to compare with.
        names: what both are called; None takes the models' names, told apart.
        selection: an `nbx.Selection` to share what is picked with; without one, all views of the
            watch share.
        **traits: those of `nbx.Explorer` to begin with, `moment`, and `layout`.

    Attributes:
        moment: the optimizer's step that the bars are taken back to, one of those in the page
            (another is taken as the nearest), or None for the latest. It is two-way, as the
            traits of `nbx.Explorer` are, which are here too.

    Raises:
        TypeError: `watch` or `second` is no watch.
        ValueError: X holds texts of one token, which has all of the importance at every step; two
            trainings answer different questions, or are the same; names that do not differ.

    >>> import torch, nbexplain as nbx
    >>> one, two = (nbx.watch(torch.nn.Linear(2, 1), torch.eye(2)) for _ in range(2))
    >>> history = nbx.TrainingHistory(one, two, names=["clean", "leaky"], feature="x1")
    >>> history.moment = 3
    >>> history.moment, history.feature
    (0, 'x1')
    >>> history.close()
    """

    KIND = "history"

    #: The session of the other training, and what both are called.
    _second = anywidget.WidgetTrait().tag(sync=True)
    _runs = traitlets.List().tag(sync=True)

    #: Follows the other training; it is never displayed.
    _other: View | None = None

    def __init__(
        self,
        watch: TrainingRecord,
        second: TrainingRecord | None = None,
        *,
        names: Sequence[str] | None = None,
        selection: Selection | None = None,
        moment: int | None = None,
        **traits: Any,
    ) -> None:
        both = [watch] if second is None else [watch, second]
        for one in both:
            _check(one)
        called = () if second is None else _called(watch, second, names)
        if second is None and names is not None:
            raise ValueError("names= are those of two trainings: pass the other one too.")
        super().__init__(shown_of(watch), selection=selection, **traits)
        follow(self, watch)
        self.moment = moment
        if second is not None:
            self._other = TrainingHistory(second)
            self._runs = [text(name) for name in called]
            self._second = self._other._session

    def part(self) -> Part:
        """This view as a part of a page, the other training included.

        Raises:
            ValueError: the view was closed.
        """
        part = super().part()
        other = None if self._other is None else self._other.part()
        if other is None or other.history is None:
            return part
        features = [text(name) for name in other.explanation.features.names]
        second = {"runs": list(self._runs), "features": features, "history": other.history}
        return replace(part, second=second)

    def close(self) -> None:
        """Take the view from the page; the data goes with the last view of it."""
        super().close()
        if self._other is not None:
            self._other.close()


def _check(watch: object) -> None:
    """Refuse what has no history."""
    if not isinstance(watch, TrainingRecord):
        raise TypeError(
            f"TrainingHistory shows what nbx.watch(model, X) returned, "
            f"not {type(watch).__name__}: only a watched model has a history."
        )
    if not has_lines(watch):
        raise ValueError(
            "Texts of one token have one feature at one lag, which has all of the importance "
            "at every step: there is no history to show. watch.explore() shows the tokens."
        )


def _called(
    one: TrainingRecord, other: TrainingRecord, names: Sequence[str] | None
) -> tuple[str, ...]:
    """What two trainings are called, which answer the same question."""
    if one is other:
        raise ValueError("Both trainings are the same: pass another one to compare with.")
    explanations = [one.explanation, other.explanation]
    called = called_by(explanations, names)
    check_alike(explanations, called)
    return called
