"""The panel beside the code: in JupyterLab's sidebar, or what comes nearest to it (`PROTOCOL.md`).

The page decides: one that has the extension of this package docks, and shows in the output only
where to find the panel; any other shows the panel in the output. Where `sidecar` is installed the
kernel asks, and a page that cannot dock by itself gets a sidebar of that.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakKeyDictionary

from nbexplain.explanation import Explanation
from nbexplain.notebook.live import explore
from nbexplain.notebook.widgets.forms import in_kernel, live, still, view_of
from nbexplain.notebook.widgets.hosting import route_by_sender

if TYPE_CHECKING:
    from comm.base_comm import BaseComm

    from nbexplain.live import TrainingRecord
    from nbexplain.notebook.widgets import View

    Shown: TypeAlias = Explanation | TrainingRecord

MIME = "application/vnd.nbexplain.dock+json"
TARGET = "nbexplain.dock"
NOWHERE = (
    "dock() puts the panel beside the code of a notebook in JupyterLab or Notebook 7, and there is "
    "none here: print(ex) shows the table, ex.save_html(path) writes the panel as a page."
)
BELOW = (
    "This page has no place for the panel beside the code: it stands in this output. In "
    "JupyterLab, right-click it and choose Create New View for Cell Output; `pip install "
    "nbexplain` where JupyterLab runs brings the place."
)
BESIDE = (
    "Docked beside the code by sidecar. Where JupyterLab has no sidecar, the panel in this output "
    "is what there is."
)


@dataclass(frozen=True)
class _Docked:
    """What the page shows beside the code, and holds alive.

    Attributes:
        shown: what was docked.
        view: its panel.
        cell: number of the cell that docked it.
        asked: the question whether the page docks, where it was asked.
    """

    shown: Shown
    view: View
    cell: int
    asked: BaseComm | None


_latest: list[_Docked] = []
_beside: list[Any] = []
_watched: WeakKeyDictionary[TrainingRecord, View] = WeakKeyDictionary()


def dock(shown: Shown) -> None:
    """Show the panel of an explanation or of a watch beside the code, in place of another."""
    if not in_kernel():
        print(NOWHERE)  # noqa: T201 - what a terminal is told
        return
    view = view_of(shown) if isinstance(shown, Explanation) else _watching(shown)
    if view is None:
        return
    line = _publish(view, shown if isinstance(shown, Explanation) else shown.explanation)
    asked = _ask(view, line) if find_spec("sidecar") else None
    _latest[:] = [_Docked(shown, view, _cell(), asked)]


def just_docked(shown: Shown) -> bool:
    """Whether this very cell docked it, whose result need not show it once more.

    >>> import torch, nbexplain as nbx
    >>> just_docked(nbx.explain(torch.nn.Linear(2, 1), torch.eye(2)))
    False
    """
    return any(one.shown is shown and one.cell == _cell() for one in _latest)


def _watching(watch: TrainingRecord) -> View:
    """The panel of a watch that is docked: one, however often."""
    view = _watched.get(watch)
    if view is None or view.closed:
        view = _watched[watch] = explore(watch)
    return view


def _publish(view: View, explanation: Explanation) -> Any:
    """Show the script-free form, a line, and the panel for pages that cannot dock; the line."""
    from IPython.display import display

    display(still(explanation, view.model_id), raw=True)
    told = {"model_id": view.model_id, "title": explanation.title}
    line = display({MIME: told, "text/plain": BELOW}, raw=True, display_id=True)
    display({MIME: {}, **live(view), "text/plain": ""}, raw=True)
    return line


def _ask(view: View, line: Any) -> BaseComm:
    """Ask whether the page docks: one that does not know the target closes the comm."""
    from comm import create_comm

    def beside(_: object) -> None:
        sidecar: Any = importlib.import_module("sidecar")
        output = {"output_type": "display_data", "data": live(view), "metadata": {}}
        place = sidecar.Sidecar(title="nbexplain", outputs=(output,))
        for other in _beside:  # one panel stands beside the code, as in pages that dock
            other.close()
        _beside[:] = [place]
        # The panel stays in the output: whether the page has the front end of sidecar is not told.
        line.update({"text/plain": BESIDE}, raw=True)

    comm = create_comm(target_name=TARGET)
    route_by_sender(comm)
    comm.on_close(beside)
    return comm


def _cell() -> int:
    from IPython.core.getipython import get_ipython

    return getattr(get_ipython(), "execution_count", 0)
