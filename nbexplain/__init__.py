"""nbexplain: which inputs a network uses, and how sure that is.

>>> import torch, nbexplain as nbx
>>> ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))
>>> list(ex.importance().columns)
['importance', 'low', 'high', 'rms', 'mean', 'std', 'cumulative']
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

from nbexplain import datasets
from nbexplain.comparison import Agreement, Comparison, agreement, compare
from nbexplain.explain import explain
from nbexplain.explanation import Explanation
from nbexplain.live import TrainingRecord, Watch, load, watch
from nbexplain.methods import (
    Card,
    DeepLift,
    ExpectedGradients,
    GradientXInput,
    IntegratedGradients,
    Sensitivity,
    SmoothGrad,
    card,
)
from nbexplain.neighbours import from_captum, from_shap
from nbexplain.notebook.follow.followers import followed

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbexplain.notebook.widgets import (
        Explorer,
        ImportanceBars,
        InstancePicker,
        LagTimeline,
        LocalBars,
        Selection,
        TrainingHistory,
    )

__all__ = [
    "Agreement",
    "Card",
    "Comparison",
    "DeepLift",
    "ExpectedGradients",
    "Explanation",
    "Explorer",
    "GradientXInput",
    "ImportanceBars",
    "InstancePicker",
    "IntegratedGradients",
    "LagTimeline",
    "LocalBars",
    "Selection",
    "Sensitivity",
    "SmoothGrad",
    "TrainingHistory",
    "TrainingRecord",
    "Watch",
    "agreement",
    "card",
    "compare",
    "datasets",
    "explain",
    "followed",
    "from_captum",
    "from_shap",
    "load",
    "load_ipython_extension",
    "unload_ipython_extension",
    "watch",
]

_WIDGETS = (
    "Explorer",
    "ImportanceBars",
    "InstancePicker",
    "LagTimeline",
    "LocalBars",
    "Selection",
    "TrainingHistory",
)


def __getattr__(name: str) -> Any:
    """Widgets are imported when they are first asked for: importing nbexplain stays light."""
    if name in _WIDGETS:
        from nbexplain.notebook import widgets

        return getattr(widgets, name)
    raise AttributeError(f"module 'nbexplain' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_WIDGETS])


def load_ipython_extension(ipython: "InteractiveShell") -> None:
    """`%load_ext nbexplain`: register the `%explain` magic."""
    from nbexplain.notebook import magic

    magic.load_ipython_extension(ipython)


def unload_ipython_extension(ipython: "InteractiveShell") -> None:
    """`%unload_ext nbexplain`: take the magic away again."""
    from nbexplain.notebook import magic

    magic.unload_ipython_extension(ipython)
