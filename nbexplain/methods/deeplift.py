"""DeepLIFT: what each input contributes to the change of the response from a baseline."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from numpy.typing import ArrayLike

from nbexplain.choices import choose
from nbexplain.engine.attributed import Attributed, Task
from nbexplain.engine.decomposition import contributions
from nbexplain.methods.baselines import Common, check_baseline


@dataclass(frozen=True)
class DeepLift(Common):
    r"""How much of a prediction's distance from the baseline's is due to each input.

    Contributions add up to that distance, exactly, however the network is written: its operations
    are taken apart into sums, functions of one entry and products, each of which passes its change
    on whole (Shrikumar et al., Learning Important Features Through Propagating Activation
    Differences, 2017). It depends on the baseline, and says nothing of causes.

    Attributes:
        baseline: what a row is compared with: "mean" or "median" (of each column over X), "zero",
            a number, or an array that broadcasts to one row of X; of texts these are embeddings,
            and a whole number is the token whose embedding stands at every place.
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
    additive: ClassVar[bool] = True
    baseline: str | float | ArrayLike = "mean"
    rule: Literal["rescale", "revealcancel"] = "rescale"

    def __post_init__(self) -> None:
        check_baseline(self.baseline)
        choose("rule", self.rule, ["rescale", "revealcancel"])

    def attributions(self, task: Task) -> Attributed:
        """Contributions of one batch; see `engine.decomposition`."""
        inputs, references = task.rows(task.every)
        outputs, base, found = contributions(task.function, inputs, references, self.rule)
        return Attributed(outputs, found, base)
