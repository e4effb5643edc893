"""What is known of a training: the latest explanation, the history before it, its marks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from weakref import WeakSet

from nbexplain.live.history import History, Moment
from nbexplain.live.marks import Mark, Marks

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation import Explanation
    from nbexplain.notebook.widgets import Explorer

State: TypeAlias = Literal["waiting", "live", "paused", "finished", "failed"]


class TrainingRecord:
    """A training as it was seen: what a watch has, and what `nbx.load` reads of one.

    Args:
        explanation: the latest one.
        moments: the history.
        marks: the jumps in it.
        step: optimizer steps taken.

    Attributes:
        explanation: the latest one.
        state: "waiting" before the first step, "live", "paused", "finished" or "failed".
        error: of an explanation that failed.
        step: optimizer steps since the watch began.
    """

    def __init__(
        self,
        explanation: Explanation,
        *,
        moments: Sequence[Moment] = (),
        marks: Sequence[Mark] = (),
        step: int = 0,
    ) -> None:
        self.explanation = explanation
        self.state: State = "finished"
        self.error: Exception | None = None
        self.step = step
        self._history = History(tuple(explanation.features.names), moments=moments)
        self._marks = Marks(self._history.features, marks)
        self._listeners: list[Callable[[Any], object]] = []
        _records.add(self)

    @property
    def history(self) -> pd.DataFrame:
        """Importance in percent, step × feature; step 0 is before the first.

        >>> import torch, nbexplain as nbx
        >>> nbx.watch(torch.nn.Linear(2, 1), torch.eye(2)).history.round().sum(axis=1).to_dict()
        {0: 100.0}
        """
        return self._history.frame()

    @property
    def lag_history(self) -> pd.DataFrame:
        """Of sequences, the importance of lags in percent, step × lag.

        Lag 0 is the last step, as in `Explanation.lag_importance`; NaN at lags that the model did
        not have at a step (leads that it came to use).

        Raises:
            ValueError: X holds no sequences, or sequences of one step.

        >>> import torch, nbexplain as nbx
        >>> model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3, 1))
        >>> nbx.watch(model, torch.randn(20, 3, 1)).lag_history.columns.tolist()
        [0, 1, 2]
        """
        from nbexplain.explanation.sequences import check_lags

        check_lags(self.explanation)
        return self._history.lag_frame()

    @property
    def log(self) -> pd.DataFrame:
        """Of each moment in the history: seconds, loss, epoch (where they were seen) and rows."""
        return self._history.log()

    @property
    def moments(self) -> tuple[Moment, ...]:
        """The history with its intervals."""
        return tuple(self._history)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The moments at which an importance jumped: by more than its trend and its noise.

        The trend is known after some 17 explanations, about three seconds of a training; a jump
        before is none.

        >>> import torch, nbexplain as nbx
        >>> nbx.watch(torch.nn.Linear(2, 1), torch.eye(2)).marks
        ()
        """
        return self._marks.found

    @property
    def notes(self) -> tuple[str, ...]:
        """Those of the explanation, and a sentence for every mark."""
        return (*self.explanation.notes, *(mark.note for mark in self.marks))

    def explore(self) -> Explorer:
        """The linked panel, with the history; its bars move while the model trains."""
        from nbexplain.notebook.live import explore

        return explore(self)

    def save(self, path: str | Path) -> None:
        """Write the training to one file, without pickle: history, log, marks, explanation.

        The model and X are not in it. `nbx.load` reads it, bit for bit, as a finished training,
        which `nbx.TrainingHistory` shows too, also beside another. Of one that goes on it is what
        there is by now.

        Raises:
            OSError: the file cannot be written.

        >>> import tempfile, torch, nbexplain as nbx
        >>> watch = nbx.watch(torch.nn.Linear(2, 1), torch.eye(2))
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     watch.save(folder + "/run.nbx")
        ...     again = nbx.load(folder + "/run.nbx")
        >>> again.history.equals(watch.history), again
        (True, TrainingRecord(Linear, finished, step 0))
        """
        from nbexplain.live.storage import save

        save(self, path)

    def observe(self, listener: Callable[[Any], object]) -> Callable[[], None]:
        """Call `listener` after every update, on the thread that trains; the result ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def dock(self) -> None:
        """Show the panel beside the code, in JupyterLab's right sidebar; see `Explanation.dock`."""
        from nbexplain.notebook.dock import dock

        dock(self)

    def _ipython_display_(self) -> None:
        from nbexplain.notebook.live import display

        display(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.explanation.title}, {self.state}, step {self.step:,})"


_records: WeakSet[TrainingRecord] = WeakSet()


def record_of(explanation: Explanation) -> TrainingRecord:
    """The training whose latest explanation this is.

    Raises:
        ValueError: it is no training's, or there is a later one.

    >>> import torch, nbexplain as nbx
    >>> watch = nbx.watch(torch.nn.Linear(2, 1), torch.eye(2))
    >>> record_of(watch.explanation) is watch
    True
    """
    for record in list(_records):
        if record.explanation is explanation:
            return record
    raise ValueError(
        "This explanation is not the latest one of a training: a history is that of nbx.watch, "
        'as watch.explanation.chart("history").'
    )
