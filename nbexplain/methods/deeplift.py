"""DeepLIFT: what each input contributes to the change of the response from a baseline."""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.axes import Float
from nbexplain.engine.decomposition import contributions
from nbexplain.engine.sensitivities import Function

BASELINES = ("zero", "mean", "median")
"""Baselines that have a name."""


@dataclass(frozen=True)
class DeepLift:
    r"""How much of a prediction's distance from the baseline's is due to each input.

    Contributions add up to that distance, exactly, however the network is written: its operations
    are taken apart into sums, functions of one entry and products, each of which passes its change
    on whole (Shrikumar et al., Learning Important Features Through Propagating Activation
    Differences, 2017). It depends on the baseline, and says nothing of causes.

    Attributes:
        baseline: what a row is compared with. "zero"; "mean" or "median" of the data, by column; a
            number; or an array that broadcasts to `[1, *input shape]`, in the inputs' units.
        rule: of elementwise functions. "rescale" gives the whole change one multiplier,
            $\Delta y / \Delta x$. "revealcancel" gives positive and negative contributions one
            each, so that an input which cancels another is not lost: $\min(x_1, x_2)$ is due to
            both.

    Raises:
        ValueError: for another rule, or an unknown name of a baseline.

    >>> DeepLift().baseline, DeepLift(rule="revealcancel").name
    ('mean', 'deeplift')
    """

    name: ClassVar[str] = "deeplift"
    baseline: Any = "mean"
    rule: Literal["rescale", "revealcancel"] = "rescale"

    def __post_init__(self) -> None:
        if isinstance(self.baseline, str):
            choose("baseline", self.baseline, BASELINES)
        choose("rule", self.rule, ["rescale", "revealcancel"])

    def attributions(
        self, function: Function, inputs: tuple[Tensor, ...], references: tuple[Tensor, ...]
    ) -> tuple[
        Float[Tensor, "rows outputs"],
        Float[Tensor, "rows outputs"],
        Float[Tensor, "rows outputs *shape"],
    ]:
        """Outputs, the baseline's outputs and contributions; see `engine.decomposition`."""
        return contributions(function, inputs, references, self.rule)
