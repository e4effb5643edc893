"""Gradients times inputs, and gradients averaged over noise."""

from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike
from torch import Tensor

from nbexplain.engine.attributed import Attributed, Task, at_baseline, stepped
from nbexplain.engine.drawn import smoothed
from nbexplain.engine.sensitivities import sensitivities
from nbexplain.methods.baselines import Common, check_baseline, check_count


@dataclass(frozen=True)
class GradientXInput(Common):
    r"""What each input would contribute if the response were as steep all the way to the baseline.

    $\varphi_e = (x_e - b_e)\, \partial_e F(x)$: one forward and one backward sweep
    (Shrikumar et al., Not Just a Black Box, 2016). The contributions add up to $F(x) - F(b)$ only
    where F is linear, or positively homogeneous with b = 0 (bias-free ReLU networks); elsewhere
    the gap is shown.

    Attributes:
        baseline: "zero", "mean" or "median" (of each column over X), a number, or an array that
            broadcasts to one row of X; of texts these are embeddings, and a whole number is the
            token whose embedding stands at every place.

    >>> GradientXInput().name
    'gradient_x_input'
    """

    name: ClassVar[str] = "gradient_x_input"
    additive: ClassVar[bool] = True
    baseline: str | float | ArrayLike = "zero"

    def __post_init__(self) -> None:
        check_baseline(self.baseline)

    def attributions(self, task: Task) -> Attributed:
        """Contributions of one batch."""
        outputs, jacobian = sensitivities(task.function, task.inputs)
        return Attributed(outputs, stepped(task, jacobian), at_baseline(task))


@dataclass(frozen=True)
class SmoothGrad(Common):
    r"""The mean derivative under noise on the inputs: what stays of a gradient that jumps about.

    $E[\partial F(x + \sigma\varepsilon)]$ (Smilkov et al., 2017), ε standard normal and σ a share
    of each column's standard deviation over X. Columns of whole numbers (codes, counts, flags) get
    no noise. Importances are those of a sensitivity.

    Attributes:
        n_samples: draws a row.
        noise: σ in standard deviations of the column.

    >>> SmoothGrad(n_samples=10).noise
    0.5
    """

    name: ClassVar[str] = "smoothgrad"
    noisy: ClassVar[bool] = True
    n_samples: int = 50
    noise: float = 0.5

    def __post_init__(self) -> None:
        check_count("n_samples", self.n_samples)
        if not self.noise > 0:
            raise ValueError(f"noise={self.noise} must be above 0, in standard deviations.")

    def attributions(self, task: Task) -> Attributed:
        """Smoothed derivatives of one batch; its references are the columns' deviations."""
        deviations: tuple[Tensor, ...] = tuple(self.noise * s for s in task.references)
        return smoothed(task, self.n_samples, deviations)
