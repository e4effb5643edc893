"""How an explanation or a view stands in a notebook: live, and in a form that outlives it."""

from __future__ import annotations

import warnings
import weakref
from typing import TYPE_CHECKING, Any

from nbexplain.notebook.widgets.view import View
from nbexplain.notebook.widgets.views import Explorer

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

WIDGET = "application/vnd.jupyter.widget-view+json"

_shown: weakref.WeakKeyDictionary[Explanation, View] = weakref.WeakKeyDictionary()


def mimebundle(explanation: Explanation) -> dict[str, Any]:
    """The live view, the script-free form and plain text at once."""
    view = view_of(explanation)
    return still(explanation, "still") if view is None else forms(view, explanation)


def display(explanation: Explanation) -> None:
    """Show an explanation as the result of a cell."""
    from nbexplain.notebook.dock import just_docked
    from nbexplain.notebook.report import plain_text

    if not in_kernel():
        _display({"text/plain": plain_text(explanation)})
    elif just_docked(explanation):
        return
    elif (view := view_of(explanation)) is None:
        _display(still(explanation, "still"))
    else:
        publish(view, explanation)


def publish(view: View, explanation: Explanation | None) -> None:
    """Show a view in two outputs: its script-free form, which the live one hides while it lives.

    In one output the form would be lost: a notebook that is opened again without its widgets
    shows an error in the place of the whole output, whatever else that holds.
    """
    if explanation is None or view.comm is None:
        _display(forms(view, explanation))
    else:
        _display(still(explanation, view.model_id))
        _display({**live(view), "text/plain": ""})


def forms(view: View, explanation: Explanation | None) -> dict[str, Any]:
    """All forms of a view by MIME type; a closed one has no live form."""
    closed = view.comm is None
    parts = {} if closed else live(view)
    if explanation is None:
        return {**parts, "text/plain": repr(view)}
    return {**parts, **still(explanation, "still" if closed else view.model_id)}


def still(explanation: Explanation, key: str) -> dict[str, Any]:
    """The forms that need no kernel, by MIME type; `key` is that of the live view beside them."""
    from nbexplain.notebook.report import plain_text, static_html

    return {"text/html": static_html(explanation, key), "text/plain": plain_text(explanation)}


def live(view: View) -> dict[str, Any]:
    """The live form of an open view, by MIME type."""
    return {WIDGET: {"version_major": 2, "version_minor": 0, "model_id": view.model_id}}


def view_of(explanation: Explanation) -> View | None:
    """The view that shows this explanation wherever it is displayed: one, however often.

    It does not keep the explanation alive. None, with a warning, in a checkout without a bundle.
    """
    view = shown_view(explanation)
    if view is None:
        try:
            view = Explorer(explanation, hold=False)
        except FileNotFoundError as error:
            warnings.warn(str(error), stacklevel=2)
            return None
        _shown[explanation] = view
    return view


def shown_view(explanation: Explanation) -> View | None:
    """The open view that shows this explanation where it was displayed; None where it was not."""
    view = _shown.get(explanation)
    if view is None or view.comm is None or view.explanation is not explanation:
        return None  # closed, or gone on to a later version
    return view


def in_kernel() -> bool:
    """Whether a page may be at the other end."""
    from IPython.core.getipython import get_ipython

    return hasattr(get_ipython(), "kernel")


def _display(data: dict[str, Any]) -> None:
    from IPython.display import display

    display(data, raw=True)
