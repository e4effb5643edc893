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
    if isinstance(method, type) and method in _CLASSES:
        raise TypeError(f"method= is the class {method.__name__}: pass nbx.{method.__name__}().")
    raise TypeError(
        f"method={method!r} is neither a name nor a method object: "
        f"pass one of {', '.join(map(repr, METHODS))}, or for example nbx.Sensitivity()."
    )


def paired(method: Method) -> Method:
    """The method by which rows that each have a reference of their own are held against it.

    Expected gradients against a group are the mean of integrated gradients over it, which is what
    their draws expect.

    Raises:
        ValueError: the method holds rows against nothing.

    >>> paired(ExpectedGradients()).name
    'integrated_gradients'
    """
    if not method.additive:
        able = ", ".join(repr(name) for name, known in METHODS.items() if known.additive)
        raise ValueError(
            f"method={method.name!r} holds a row against nothing, so there is no against= for it: "
            f"ask ex.with_method for one of {able}."
        )
    return IntegratedGradients() if isinstance(method, ExpectedGradients) else method


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
    "paired",
    "resolve",
]
