"""Live views of explanations: widgets whose linking happens in the page."""

from nbexplain.notebook.widgets.forms import display, mimebundle
from nbexplain.notebook.widgets.importance import ImportanceBars
from nbexplain.notebook.widgets.session import Session
from nbexplain.notebook.widgets.view import View

__all__ = ["ImportanceBars", "Session", "View", "display", "mimebundle"]
