"""Sensitivity: the derivative of the response with respect to each input."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.axes import Float
from nbexplain.engine.sensitivities import Function, sensitivities


@dataclass(frozen=True)
class Sensitivity:
    """How the response would move if an input moved a little (Horel et al., §2.3).

    Global importance is the share of the root mean square derivative, local importance the share
    of the squared derivative. It says nothing of how much of a prediction is *due* to an input,
    nor of causes.

    Attributes:
        definition: how features of sequences are ranked. "marginal" adds up a feature's root mean
            square derivatives over all lags. "lag0" takes that of lag 0 (the last step) alone, as
            the paper's formula has it: features that act with a delay then count for nothing.

    Raises:
        ValueError: for another definition.

    >>> Sensitivity().name, Sensitivity(definition="lag0").definition
    ('sensitivity', 'lag0')
    """

    name: ClassVar[str] = "sensitivity"
    definition: Literal["marginal", "lag0"] = "marginal"

    def __post_init__(self) -> None:
        choose("definition", self.definition, ["marginal", "lag0"])

    def attributions(
        self, function: Function, inputs: tuple[Tensor, ...]
    ) -> tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs *shape"]]:
        """Outputs and derivatives of one batch; see `engine.sensitivities`."""
        return sensitivities(function, inputs)
