"""`Explanation`: tables of one question, rows on demand, other responses, and forms to keep."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import Importances, importances
from nbexplain.engine.responses import chain, respond
from nbexplain.engine.samples import widened
from nbexplain.engine.swept import Swept
from nbexplain.explanation.contributions import Contributions
from nbexplain.explanation.forms import Forms
from nbexplain.explanation.nearest import Nearby
from nbexplain.explanation.origin import Origin
from nbexplain.explanation.others import Others
from nbexplain.explanation.question import Question
from nbexplain.explanation.remarks import remarks
from nbexplain.explanation.rowwise import Rowwise
from nbexplain.explanation.sequences import Sequences, check_share
from nbexplain.explanation.tokens import Texts, Vocabulary
from nbexplain.features import Features

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Rowwise, Contributions, Others, Sequences, Texts, Nearby, Forms):
    """Which inputs a network uses, how sure that is, and for which question.

    Made by `nbx.explain`, `nbx.from_captum`, `nbx.from_shap` or `nbx.load`. Every table speaks of
    one response and one scale.

    Attributes:
        title: the model's name.
        asked: the question in full.
        features: what is ranked.
        swept: what the pass over the rows left.
        scaling: the factor of each entry's derivative, `[entries]`.
        confidence: of the intervals, between 0 and 1.
        noted: what was remarked while explaining.
        provenance: versions, seed, passes and time taken.
        classes: names of the classes in y, in the order of their codes; None where y is numbers,
            or was not given.
        vocabulary: of texts, what the tokens are called; else None.
    """

    title: str
    asked: Question
    features: Features
    swept: Swept
    scaling: Float64[np.ndarray, " entries"]
    confidence: float
    noted: tuple[str, ...]
    provenance: Mapping[str, Any]
    origin: Origin | None = None
    kept_labels: tuple[object, ...] | None = None
    classes: tuple[str, ...] | None = None
    vocabulary: Vocabulary | None = None
    _others: "dict[Hashable, Explanation]" = field(default_factory=dict, repr=False)

    # What was asked

    @property
    def method(self) -> str:
        """The method's name."""
        return self.asked.method

    @property
    def response(self) -> str:
        """What was differentiated: "raw", "prob", "logodds", "loss" or a callable's name."""
        return self.asked.response

    @property
    def scale(self) -> str:
        """The unit of the inputs: "std", "none" or "custom"."""
        return self.asked.scale

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the explained outputs."""
        return self.asked.outputs

    @property
    def count(self) -> int:
        """How many rows were explained."""
        return self.swept.count

    @property
    def question(self) -> str:
        """The question answered, in one sentence."""
        return self.asked.about(self.asked.default_column, self.count)

    def question_about(self, output: str | int | None = None) -> str:
        """The question answered by the table of one output, or of all combined (None)."""
        return self.asked.about(self.asked.column(output), self.count)

    @property
    def default_output(self) -> str | None:
        """The output that views show first; None for all combined.

        For two classes it is the second, whose shares are those of both together.
        """
        column = self.asked.default_column
        return None if column is None else self.asked.names[column]

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What to know before reading the numbers, each a short sentence."""
        return (*self.noted, *remarks(self))

    # Importance

    def importances(self, output: str | int | None = None, step: int | None = None) -> Importances:
        """λ of every feature with its interval, as arrays in the data's order.

        Args:
            output: an output's name or position; None combines all of them inside the root mean
                square (regression outputs divided by their spread).
            step: of outputs at every step, one; see `lag_importance`.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
        >>> ex.importances().share.sum().round(6)
        np.float64(100.0)
        """
        found = self.ranked(step)
        weights = self.weights_of(output)
        return importances(found.sums, found.features, found.scale, weights, self.confidence)

    def weights_of(self, output: str | int | None) -> NDArray[np.float64]:
        """What each swept output counts in the table of one output, or of all combined (None)."""
        column = self.asked.column(output)
        return self.weights if column is None else np.eye(len(self.asked.names))[column]

    @property
    def weights(self) -> NDArray[np.float64]:
        """What each output of the swept function counts where they are combined, `[outputs swept]`.

        1 for classes, one over the squared spread for other outputs, 0 for those not explained.
        """
        found = np.zeros(len(self.asked.names))
        found[list(self.asked.columns)] = 1
        if not self.asked.classifier:
            # Outputs in different units combine by their spread; a constant one has no say.
            spread = self.swept.outputs.deviation
            unknown = np.isnan(spread).astype(np.float64)
            found *= np.divide(1, spread**2, out=unknown, where=spread > 0)
        return found

    def importance(
        self, output: str | int | None = None, step: int | None = None
    ) -> "pd.DataFrame":
        """Importance of each feature, most important first.

        Args:
            output: an output's name or position; None combines all of them.
            step: of outputs at every step (`nbx.Sensitivity(steps="valid")`), the one, counted
                from each row's first existing step; None for all of them.

        Returns:
            A frame indexed by feature: `importance` (λ, percent of the total), `low` and `high`
            (its interval: how far λ would move with other rows from the same source), `rms`
            (root mean square derivative, response per unit of the scale), `mean` (signed; NaN
            for several outputs combined and for groups), `std` (over rows), `cumulative`
            (percent).

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: x @ torch.tensor([[2.0], [-1.0]])
        >>> X = torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
        >>> nbx.explain(model, X).importance()["importance"].round(1).to_dict()
        {'x0': 66.7, 'x1': 33.3}
        """
        import pandas as pd

        found = self.importances(output, step)
        ranked = ("share", "low", "high", "rms", "mean", "std", "cumulative")
        table = np.stack([getattr(found, name) for name in ranked], axis=1)[found.order]
        names = [self.features.names[j] for j in found.order]
        index = pd.Index(names, name="feature")
        return pd.DataFrame(table, index=index, columns=["importance", *ranked[1:]])

    @overload
    def select(self, share: float = 0.9, by: Literal["feature"] = "feature") -> list[str]: ...
    @overload
    def select(self, share: float = 0.9, *, by: Literal["lag"]) -> list[int]: ...
    def select(
        self, share: float = 0.9, by: Literal["feature", "lag"] = "feature"
    ) -> list[str] | list[int]:
        """The fewest features, or lags, that carry this share of the importance, in rank order.

        Raises:
            ValueError: for a share outside (0, 1], a constant model, or lags of no sequences.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))
        >>> len(ex.select(1.0))
        3
        """
        choose("by", by, ["feature", "lag"])
        check_share(share)
        found = self.lag_shares() if by == "lag" else self.importances()
        if np.isnan(found.share).any():
            raise ValueError("Nothing to select: the response does not depend on any input.")
        if by == "lag":
            return [self.window().lags[place] for place in found.select(share)]
        return [self.features.names[j] for j in found.select(share)]

    # Rows

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions in X of the kept rows, ascending, `[kept]`."""
        return self.swept.sample.positions

    @cached_property
    def attributions(self) -> NDArray[np.floating]:
        """Scaled derivatives on the kept rows, `[kept, outputs, *input shape]`; of texts norms.

        Of methods that compare with a baseline, contributions, of texts one for each token.
        """
        sample = self.swept.sample
        jacobian = chain(sample.outputs, sample.jacobian, self.asked.kind, self.response)
        found = self.scaled(jacobian[:, list(self.asked.columns)])
        if not self.features.tokens:
            return found
        return found[..., 0] if self.asked.additive else np.linalg.norm(found, axis=-1)

    @cached_property
    def predictions(self) -> NDArray[np.floating]:
        """The response on the kept rows, `[kept, outputs]`."""
        responses = respond(self.swept.sample.outputs, self.asked.kind, self.response)
        return widened(responses[:, list(self.asked.columns)]).numpy()

    @property
    def targets(self) -> NDArray[np.generic] | None:
        """The true values of the kept rows, in y; None without y.

        Codes of classes, whose names are `classes`, `[kept]`; or numbers, `[kept]` or
        `[kept, columns of y]`.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 2), torch.eye(2), y=["yes", "no"])
        >>> ex.targets.tolist(), ex.classes
        ([1, 0], ('no', 'yes'))
        """
        targets = self.swept.sample.targets
        return None if targets is None else targets.numpy()

    @cached_property
    def labels(self) -> tuple[object, ...]:
        """Labels of the kept rows: the frame's index, else their positions."""
        if self.kept_labels is not None:
            return self.kept_labels
        if self.origin is None:
            return tuple(self.rows.tolist())
        return tuple(self.origin.labels(self.rows))

    def scaled(self, jacobian: Tensor) -> NDArray[np.floating]:
        """Derivatives `[…, *input shape]` as an array, times the scale."""
        scaling = self.scaling.reshape(self.features.shape)
        found = widened(jacobian).numpy()
        return found * scaling.astype(found.dtype)
