"""The views: each shows an explanation in its way, and shares what is chosen with the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbexplain.explanation.sequences import check_lags
from nbexplain.notebook.widgets.view import View

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


class Explorer(View):
    """Importance bars, instance picker and the picked row, linked: an explanation's live form.

    Of sequences it has their lags too, and of a watched model (`watch.explore()`) the history of
    its training.

    Args:
        explanation: what `nbx.explain` returned; None leaves it empty until `explain` is called.
        selection: an `nbx.Selection` to share what is picked with; without one, all views of an
            explanation share.
        **traits: any of those below to begin with, and `layout`.

    The traits are two-way: clicks set them, and setting them picks.

    Attributes:
        feature: name of the picked feature, or None.
        instance: label of the picked row (of the frame's index, else its position), or None.
        other: label of a second row, to compare with the first, or None.
        rows: labels of the brushed rows, a tuple, or None.
        lags: the brushed lags of sequences, a tuple with 0 for the last step, or None.
        against: of contributions, labels of the rows that the picked one is held against, a tuple,
            or None for the method's own baseline.
        output: name of the output that is shown; None is all of them combined.
        response: what is differentiated: "raw", "prob", "logodds", …
        step: of outputs at every step, the one that is shown; None is all of them together.
        moment: of a watched model, the optimizer's step that the bars are taken back to, or None.
        method: name of the method that answers, of `explanation.methods`; setting it asks another.
        beside: name of a second method, whose numbers stand beside, or None.
        edit: other values of the picked row, by feature (of sequences by (feature, lag)), or None.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))
    >>> explorer = nbx.Explorer(ex, instance=2)
    >>> explorer.feature = "x1"
    >>> explorer.instance, explorer.feature, explorer.output
    (2, 'x1', 'y0')
    >>> explorer.close()
    """

    KIND = "explorer"


class ImportanceBars(View):
    """Features ranked by importance, with intervals (row sampling), directions and the 90 % line.

    While rows are brushed, the shares over these rows stand beside those over all. Arguments and
    traits are those of `nbx.Explorer`.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> bars = nbx.ImportanceBars(ex, feature="x1")
    >>> bars.feature, bars.output
    ('x1', 'y0')
    >>> bars.close()
    """

    KIND = "importance"


class InstancePicker(View):
    """The rows, each a mark: hover, click and brush them, or search one by its label.

    Arguments and traits are those of `nbx.Explorer`.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> picker = nbx.InstancePicker(ex, rows=[0, 1])
    >>> picker.rows
    (0, 1)
    >>> picker.close()
    """

    KIND = "instances"


class LocalBars(View):
    """The picked row: its values, what the response at it is sensitive to, and a second beside it.

    Its values can be changed there, or here by `edit`: the model's answer to the changed row
    stands beside that to the row as it is. `ex.local(X.loc[[label]].assign(**edit))` is that
    answer as a table. Arguments and traits are those of `nbx.Explorer`.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> local = nbx.LocalBars(ex, instance=0, other=1)
    >>> local.edit = {"x1": 3}
    >>> local.instance, local.other, local.edit
    (0, 1, {'x1': 3.0})
    >>> local.close()
    """

    KIND = "local"


class LagTimeline(View):
    """Lags from the past to now: their shares with intervals, over a map of features at each lag.

    Brushed lags mark in the importance bars what each feature carries within them; a picked
    feature shows its own lags, a picked row its own map. Arguments and traits are those of
    `nbx.Explorer`.

    Raises:
        ValueError: X holds no sequences, or sequences of one step.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(lambda x: 3 * x[:, -1] + x[:, -2], torch.randn(50, 4, 1))
    >>> timeline = nbx.LagTimeline(ex, lags=[0, 1])
    >>> timeline.lags
    (0, 1)
    >>> timeline.close()
    """

    KIND = "lags"

    def _refuse(self, explanation: Explanation | None) -> None:
        if explanation is not None:
            check_lags(explanation)
