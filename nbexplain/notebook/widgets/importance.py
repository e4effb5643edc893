"""`ImportanceBars`: the features of an explanation, ranked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbexplain.notebook.widgets.running import Run
from nbexplain.notebook.widgets.session import Session
from nbexplain.notebook.widgets.view import View

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


class ImportanceBars(View):
    """Features ranked by importance, with intervals (row sampling), directions and the 90 % line.

    Args:
        explanation: what `nbx.explain` returned; None leaves the view empty until `explain`.
        **traits: `feature`, `output`, `response` to begin with, and `layout`.

    Attributes:
        feature: name of the picked feature, or None. Two-way: clicks set it, setting it picks.
        output: name of the output that is shown; None is all of them combined. Two-way.
        response: what is differentiated: "raw", "prob", "logodds", … Two-way.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> bars = nbx.ImportanceBars(ex, feature="x1")
    >>> bars.feature, bars.output
    ('x1', 'y0')
    >>> bars.close()
    """

    KIND = "importance"

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
            self._join(Session())
        self._held = Run(self._session, self._keep).explain(model, X, y, options)
        return self._held

    def _keep(self, explanation: Explanation) -> None:
        self._held = explanation
