"""Sensitivity: the derivative of the response with respect to each input."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from nbexplain.engine.axes import Float
from nbexplain.engine.sensitivities import Function, sensitivities


@dataclass(frozen=True)
class Sensitivity:
    """How the response would move if an input moved a little (Horel et al., §2.3).

    Global importance is the share of the root mean square derivative, local importance the share
    of the squared derivative. It says nothing of how much of a prediction is *due* to an input,
    nor of causes.

    >>> Sensitivity().name
    'sensitivity'
    """

    name: ClassVar[str] = "sensitivity"

    def attributions(
        self, function: Function, inputs: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs *shape"]]:
        """Outputs and derivatives of one batch; see `engine.sensitivities`."""
        return sensitivities(function, inputs)
