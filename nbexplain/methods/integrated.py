"""Integrated gradients, against one baseline or a background of them."""

from dataclasses import dataclass
from typing import ClassVar

from numpy.typing import ArrayLike

from nbexplain.engine.attributed import Attributed, Task
from nbexplain.engine.drawn import expected
from nbexplain.engine.paths import MOST_NODES, integrated
from nbexplain.methods.baselines import Common, check_baseline, check_count


@dataclass(frozen=True)
class IntegratedGradients(Common):
    r"""How the way from a baseline to the row divides the difference of the outputs.

    $\varphi_e = (x_e - b_e) \int_0^1 \partial_e F(b + \alpha(x - b))\, d\alpha$ (Sundararajan,
    Taly & Yan, 2017). The contributions add up to $F(x) - F(b)$ but for the error of the
    quadrature (Gauss-Legendre). Where an output's row misses it by more than the tolerance, the
    parts of the way that miss most are halved, with as many nodes on each half.

    Attributes:
        baseline: "mean" or "median" (of each column over X), "zero", a number, or an array that
            broadcasts to one row of X; of texts these are embeddings, and a whole number is the
            token whose embedding stands at every place. None is neutral: look at its output,
            `ex.base_values`.
        n_steps: nodes to begin with, on the whole way.
        tolerance: of the gap, relative to $|F(x) - F(b)|$.

    >>> IntegratedGradients(baseline="zero").n_steps
    16
    """

    name: ClassVar[str] = "integrated_gradients"
    additive: ClassVar[bool] = True
    baseline: str | float | ArrayLike = "mean"
    n_steps: int = 16
    tolerance: float = 1e-3

    def __post_init__(self) -> None:
        check_baseline(self.baseline)
        check_count("n_steps", self.n_steps, MOST_NODES)
        if not self.tolerance > 0:
            raise ValueError(f"tolerance={self.tolerance} must be above 0: 0.001 is a thousandth.")

    def attributions(self, task: Task) -> Attributed:
        """Contributions of one batch."""
        return integrated(task, self.n_steps, self.tolerance)


@dataclass(frozen=True)
class ExpectedGradients(Common):
    r"""Integrated gradients averaged over a background instead of against one baseline.

    $\varphi_e = E_{b,\alpha}[(x_e - b_e)\, \partial_e F(b + \alpha(x - b))]$ (Erion et al., 2021).
    The contributions add up to $F(x) - E\,F(b)$ in expectation; what the draws leave is shown as
    a gap, and `ex.standard_errors` says how far each would move with other draws.

    Attributes:
        background: rows to hold each row against, `[rows, *shape]` as X has them; None draws a
            hundred rows of X.
        n_samples: draws a row, each in its own stratum of α.

    >>> ExpectedGradients().n_samples
    100
    """

    name: ClassVar[str] = "expected_gradients"
    additive: ClassVar[bool] = True
    background: ArrayLike | None = None
    n_samples: int = 100

    def __post_init__(self) -> None:
        check_count("n_samples", self.n_samples)

    def attributions(self, task: Task) -> Attributed:
        """Contributions of one batch."""
        return expected(task, self.n_samples)
