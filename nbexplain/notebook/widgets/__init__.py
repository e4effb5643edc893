"""Live views of explanations: widgets whose linking happens in the page."""

from nbexplain.notebook.widgets.forms import display, mimebundle
from nbexplain.notebook.widgets.selection import Selection
from nbexplain.notebook.widgets.session import Session
from nbexplain.notebook.widgets.training import TrainingHistory
from nbexplain.notebook.widgets.view import View
from nbexplain.notebook.widgets.views import (
    Explorer,
    ImportanceBars,
    InstancePicker,
    LagTimeline,
    LocalBars,
)

__all__ = [
    "Explorer",
    "ImportanceBars",
    "InstancePicker",
    "LagTimeline",
    "LocalBars",
    "Selection",
    "Session",
    "TrainingHistory",
    "View",
    "display",
    "mimebundle",
]
