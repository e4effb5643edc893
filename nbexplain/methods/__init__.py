"""Attribution methods: configuration in, attributions out; one family a file."""

from nbexplain.choices import choose
from nbexplain.methods.cards import CARDS, Card, card
from nbexplain.methods.deeplift import DeepLift
from nbexplain.methods.gradients import GradientXInput, SmoothGrad
from nbexplain.methods.integrated import ExpectedGradients, IntegratedGradients
from nbexplain.methods.sensitivity import Sensitivity

Method = (
    Sensitivity | GradientXInput | SmoothGrad | IntegratedGradients | ExpectedGradients | DeepLift
)
"""What `method=` may be, besides a name."""

_CLASSES = (
    *(Sensitivity, GradientXInput, SmoothGrad),
    *(IntegratedGradients, ExpectedGradients, DeepLift),
)

METHODS: dict[str, type[Method]] = {method.name: method for method in _CLASSES}
"""Method classes by the name that `method=` takes."""


def resolve(method: object) -> Method:
    """The method object that `method=` means.

    Raises:
        ValueError: for an unknown name.
        TypeError: for anything that is neither a name nor a method object.
    """
    if isinstance(method, str):
        return METHODS[choose("method", method, METHODS)]()
    if isinstance(method, _CLASSES):
        return method
    raise TypeError(
        f"method={method!r} is neither a name nor a method object: "
        f"pass one of {', '.join(map(repr, METHODS))}, or for example nbx.Sensitivity()."
    )


__all__ = [
    "CARDS",
    "METHODS",
    "Card",
    "DeepLift",
    "ExpectedGradients",
    "GradientXInput",
    "IntegratedGradients",
    "Method",
    "Sensitivity",
    "SmoothGrad",
    "card",
    "resolve",
]
