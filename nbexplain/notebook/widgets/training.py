"""The history of a training as a view."""

from __future__ import annotations

from typing import Any

from nbexplain.live import Watch
from nbexplain.notebook.widgets.following import follow, has_lines, shown_of
from nbexplain.notebook.widgets.selection import Selection
from nbexplain.notebook.widgets.view import View


class TrainingHistory(View):
    """A line per feature over the steps of a training, and a way back to each of them.

    Of sequences there is a line per lag too, which of texts is the only one. While a step is
    picked, the importance bars and the lags of all linked views show their order, shares and
    intervals (row sampling) at that step (lags while the page holds the map of each step, at most
    about a thousand lags times features); rows stay those of the latest. Shares are in percent, of
    the response and the output that the watch shows first.

    Args:
        watch: what `nbx.watch` returned, before, while or after the model trains.
        selection: an `nbx.Selection` to share what is picked with; without one, all views of the
            watch share.
        **traits: those of `nbx.Explorer` to begin with, `moment`, and `layout`.

    Attributes:
        moment: the optimizer's step that the bars are taken back to, one of those in the page
            (another is taken as the nearest), or None for the latest. It is two-way, as the
            traits of `nbx.Explorer` are, which are here too.

    Raises:
        TypeError: `watch` is no watch.
        ValueError: X holds texts of one token, which has all of the importance at every step.

    >>> import torch, nbexplain as nbx
    >>> watch = nbx.watch(torch.nn.Linear(2, 1), torch.eye(2))
    >>> history = nbx.TrainingHistory(watch, feature="x1")
    >>> history.moment = 3
    >>> history.moment, history.feature
    (0, 'x1')
    >>> history.close()
    """

    KIND = "history"

    def __init__(
        self,
        watch: Watch,
        *,
        selection: Selection | None = None,
        moment: int | None = None,
        **traits: Any,
    ) -> None:
        if not isinstance(watch, Watch):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"TrainingHistory shows what nbx.watch(model, X) returned, "
                f"not {type(watch).__name__}: only a watched model has a history."
            )
        if not has_lines(watch):
            raise ValueError(
                "Texts of one token have one feature at one lag, which has all of the importance "
                "at every step: there is no history to show. watch.explore() shows the tokens."
            )
        super().__init__(shown_of(watch), selection=selection, **traits)
        follow(self, watch)
        self.moment = moment
