"""How an explanation or a view stands in a notebook: live, and in a form that outlives it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from nbexplain.notebook.widgets.importance import ImportanceBars
from nbexplain.notebook.widgets.view import View

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

WIDGET = "application/vnd.jupyter.widget-view+json"

_shown: weakref.WeakKeyDictionary[Explanation, View] = weakref.WeakKeyDictionary()


def mimebundle(explanation: Explanation) -> dict[str, Any]:
    """The live view, the script-free form and plain text at once."""
    return forms(_view(explanation), explanation)


def display(explanation: Explanation) -> None:
    """Show an explanation as the result of a cell."""
    from nbexplain.notebook.report import plain_text

    if _in_kernel():
        publish(_view(explanation), explanation)
    else:
        _display({"text/plain": plain_text(explanation)})


def publish(view: View, explanation: Explanation | None) -> None:
    """Show a view in two outputs: its script-free form, which the live one hides while it lives.

    In one output the form would be lost: a notebook that is opened again without its widgets
    shows an error in the place of the whole output, whatever else that holds.
    """
    data = forms(view, explanation)
    if explanation is not None:
        _display({mime: data[mime] for mime in ("text/html", "text/plain")})
        data = {WIDGET: data[WIDGET], "text/plain": ""}
    _display(data)


def forms(view: View, explanation: Explanation | None) -> dict[str, Any]:
    """All forms of a view by MIME type."""
    from nbexplain.notebook.report import plain_text, static_html

    live = {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": view.model_id}}
    if explanation is None:
        return {**live, "text/plain": repr(view)}
    return {
        **live,
        "text/html": static_html(explanation, view.model_id),
        "text/plain": plain_text(explanation),
    }


def _view(explanation: Explanation) -> View:
    """The view that shows this explanation wherever it is displayed: one, however often.

    It does not keep the explanation alive.
    """
    view = _shown.get(explanation)
    if view is None or view.comm is None:
        view = _shown[explanation] = ImportanceBars(explanation, hold=False)
    return view


def _in_kernel() -> bool:
    from IPython.core.getipython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _display(data: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True)
