"""Sensitivity: the derivative of the response with respect to each input."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.attributed import Attributed, Task
from nbexplain.engine.axes import Float
from nbexplain.engine.sensitivities import (
    Steps,
    sensitivities,
    sensitivities_by_step,
)


@dataclass(frozen=True)
class Sensitivity:
    r"""How the response would move if an input moved a little (Horel et al., §2.3).

    Global importance is the share of the root mean square derivative, local importance the share
    of the squared derivative. It says nothing of how much of a prediction is *due* to an input,
    nor of causes.

    Attributes:
        definition: how features of sequences are ranked. "marginal" adds up a feature's root mean
            square derivatives over all lags. "lag0" takes that of lag 0 (the last step) alone, as
            the paper's formula has it: features that act with a delay then count for nothing.

        steps: which outputs of a model with outputs at every step are differentiated. "last" takes
            those of each row's last step; every lag is then the mean of all rows. "valid" takes
            those of all steps, a backward sweep each, and pools them by lag: the mean over the
            pairs of row and output step that have a lag, $N(\tau - k)$ for lag k. Where an output
            uses later steps, these are leads, lags below 0. Together with "lag0" it is the
            paper's formula for such models, $\sum_s \sqrt{\frac1N \sum_n (\partial y_{ns} /
            \partial x_{nsj})^2}$.

    Raises:
        ValueError: for another definition, or other steps.

    >>> Sensitivity().name, Sensitivity(definition="lag0").definition
    ('sensitivity', 'lag0')
    """

    name: ClassVar[str] = "sensitivity"
    chained: ClassVar[bool] = True
    additive: ClassVar[bool] = False
    noisy: ClassVar[bool] = False
    definition: Literal["marginal", "lag0"] = "marginal"
    steps: Literal["last", "valid"] = "last"

    def __post_init__(self) -> None:
        choose("definition", self.definition, ["marginal", "lag0"])
        choose("steps", self.steps, ["last", "valid"])

    def attributions(self, task: Task) -> Attributed:
        """Outputs and derivatives of one batch; see `engine.sensitivities`."""
        return Attributed(*sensitivities(task.function, task.inputs))

    def by_step(
        self, function: Steps, inputs: tuple[Tensor, ...]
    ) -> Iterator[tuple[Float[Tensor, "rows outputs"], Float[Tensor, "rows outputs *shape"]]]:
        """The same at every step of the outputs; see `engine.sensitivities_by_step`."""
        return sensitivities_by_step(function, inputs)
