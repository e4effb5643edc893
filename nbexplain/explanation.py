"""The result: a frozen record of what was asked, of what was found, and of how."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.accumulators import Sums
from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import Importances, added, importances, roots
from nbexplain.engine.responses import chain, respond
from nbexplain.engine.swept import Swept
from nbexplain.features import Features
from nbexplain.question import Question
from nbexplain.remarks import remarks

if TYPE_CHECKING:
    import altair
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Row:
    """One row: its inputs `[1, *shape]`, outputs `[1, outputs]` and derivatives `[1, outputs, *shape]`."""

    values: Tensor
    outputs: Tensor
    jacobian: Tensor


class Origin(Protocol):
    """Where an explanation came from, while it is at hand: more rows and more passes."""

    def locate(self, label: object) -> int:
        """The position in X of the row with this label."""
        ...

    def labels(self, positions: NDArray[np.int64]) -> Sequence[object]:
        """The labels of the rows at these positions."""
        ...

    def row(self, row: object) -> Row:
        """The row at a position of X, or a new one given as data."""
        ...

    def sweep(self, question: Question) -> Swept:
        """Another pass over X."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """Which inputs a network uses, how sure that is, and for which question.

    Made by `nbx.explain` or `nbx.load`. Every table speaks of one response and one scale.

    Attributes:
        title: the model's name.
        asked: the question in full.
        features: what is ranked.
        swept: what the pass over the rows left.
        scaling: the factor of each entry's derivative, `[entries]`.
        confidence: of the intervals, between 0 and 1.
        noted: what was remarked while explaining.
        provenance: versions, seed, passes and time taken.
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
    _others: dict[str, "Explanation"] = field(default_factory=dict, repr=False)

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

    def importances(self, output: str | int | None = None) -> Importances:
        """λ of every feature with its interval, as arrays in the data's order.

        Args:
            output: an output's name or position; None combines all of them inside the root mean
                square (regression outputs divided by their spread).

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
        >>> ex.importances().share.sum().round(6)
        np.float64(100.0)
        """
        return self._importances(self.asked.column(output))

    def _importances(self, column: int | None) -> Importances:
        weights = np.zeros(len(self.asked.names))
        if column is not None:
            weights[column] = 1
        else:
            weights[list(self.asked.columns)] = 1
            if not self.asked.classifier:
                # Outputs in different units combine by their spread; a constant one has no say.
                spread = self.swept.outputs.deviation
                weights *= np.divide(1, spread**2, out=np.zeros_like(spread), where=spread > 0)
        sums = self.swept.sums[self.response]
        return importances(sums, self.features, self.scaling, weights, self.confidence)

    def importance(self, output: str | int | None = None) -> "pd.DataFrame":
        """Importance of each feature, most important first.

        Args:
            output: an output's name or position; None combines all of them.

        Returns:
            A frame indexed by feature: `importance` (λ, percent of the total), `low` and `high`
            (its interval: how far λ would move with other rows from the same source), `rms`
            (root mean square derivative, response per unit of the scale), `mean` (signed; NaN
            for several outputs combined and for groups), `std` (over rows), `cumulative`
            (percent).

        >>> import torch, nbexplain as nbx
        >>> model = torch.nn.Linear(2, 1)
        >>> _ = model.load_state_dict({"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.zeros(1)})
        >>> X = torch.tensor([[1.0, 0.0], [-1.0, 1.0], [0.0, -1.0]])
        >>> nbx.explain(model, X).importance()["importance"].round(1).to_dict()
        {'x0': 66.7, 'x1': 33.3}
        """
        import pandas as pd

        found = self.importances(output)
        columns = {"importance": found.share, "cumulative": found.cumulative}
        columns |= {name: getattr(found, name) for name in ("low", "high", "rms", "mean", "std")}
        table = pd.DataFrame(columns, index=pd.Index(self.features.names, name="feature"))
        ranked = ["importance", "low", "high", "rms", "mean", "std", "cumulative"]
        return table.iloc[found.order][ranked]

    def select(self, share: float = 0.9, by: Literal["feature"] = "feature") -> list[str]:
        """The fewest features that carry this share of the importance, in rank order.

        Raises:
            ValueError: for a share outside (0, 1], or a constant model.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))
        >>> len(ex.select(1.0))
        3
        """
        choose("by", by, ["feature"])
        if not 0 < share <= 1:
            raise ValueError(f"share={share} must be above 0 and at most 1: 0.9 means 90 %.")
        found = self.importances()
        if np.isnan(found.share).any():
            raise ValueError("Nothing to select: the response does not depend on any input.")
        return [self.features.names[j] for j in found.select(share)]

    # Rows

    @property
    def rows(self) -> NDArray[np.int64]:
        """Positions in X of the kept rows, ascending, `[kept]`."""
        return self.swept.sample.positions

    @cached_property
    def attributions(self) -> NDArray[np.floating]:
        """Derivatives times the scale on the kept rows, `[kept, outputs, *input shape]`."""
        sample = self.swept.sample
        jacobian = chain(sample.outputs, sample.jacobian, self.asked.kind, self.response)
        return self._scaled(jacobian[:, list(self.asked.columns)])

    @cached_property
    def predictions(self) -> NDArray[np.floating]:
        """The response on the kept rows, `[kept, outputs]`."""
        responses = respond(self.swept.sample.outputs, self.asked.kind, self.response)
        return responses[:, list(self.asked.columns)].numpy()

    @property
    def base_values(self) -> None:
        """The baseline's outputs: a sensitivity has no baseline."""
        return None

    @cached_property
    def labels(self) -> tuple[object, ...]:
        """Labels of the kept rows: the frame's index, else their positions."""
        if self.kept_labels is not None:
            return self.kept_labels
        if self.origin is None:
            return tuple(self.rows.tolist())
        return tuple(self.origin.labels(self.rows))

    def _scaled(self, jacobian: Tensor) -> NDArray[np.floating]:
        scaling = self.scaling.reshape(self.features.shape).astype(np.float32)
        found = jacobian.float().numpy() if jacobian.dtype.itemsize < 4 else jacobian.numpy()
        return found * scaling.astype(found.dtype)

    def local(
        self,
        row: object,
        output: str | int | None = None,
        definition: Literal["squared", "absolute"] = "squared",
    ) -> "pd.DataFrame":
        r"""What the response at one row is sensitive to.

        $\lambda^0_j = 100\,(\partial F(x^0)/\partial x_j)^2 / \sum_l (\partial F(x^0)/\partial
        x_l)^2$ (Horel et al., §2.4): a square without a root, hence more concentrated than the
        global share. `definition="absolute"` takes $|\partial F/\partial x_j|$ instead.

        Args:
            row: the row's label in the frame's index, else its position in X; or a new row: a
                frame with one row, a mapping from columns to values, or an array `[p]`.
            output: an output's name or position; None takes the predicted class, else the first.
            definition: "squared" (the paper's) or "absolute".

        Returns:
            A frame indexed by feature, in the data's order: `value` (for a one-hot group the
            column that is on), `attribution` (the signed derivative in the chosen scale; NaN for
            groups, which have no one direction) and `importance` (percent).

        Raises:
            ValueError: no such row, or one that was not kept while X is no longer at hand.

        >>> import torch, nbexplain as nbx
        >>> model = torch.nn.Linear(2, 1)
        >>> _ = model.load_state_dict({"weight": torch.tensor([[2.0, -1.0]]), "bias": torch.zeros(1)})
        >>> nbx.explain(model, torch.eye(2), scale="none").local(0)["importance"].round(6).to_dict()
        {'x0': 80.0, 'x1': 20.0}
        """
        import pandas as pd

        choose("definition", definition, ["squared", "absolute"])
        found = self._row(row)
        column = self.asked.column(output)
        if column is None:
            columns = list(self.asked.columns)
            best = int(found.outputs[0, columns].argmax()) if self.asked.classifier else 0
            column = columns[best]
        jacobian = chain(found.outputs, found.jacobian, self.asked.kind, self.response)
        entries = self._scaled(jacobian[:, column]).astype(np.float64).reshape(-1)
        squared = definition == "squared"
        size = added(self.features, entries**2) if squared else roots(self.features, entries**2)
        with np.errstate(invalid="ignore"):
            share = 100 * size / size.sum()
        return pd.DataFrame(
            {
                "value": self._values(found.values),
                "attribution": np.where(self._single, added(self.features, entries), np.nan),
                "importance": share,
            },
            index=pd.Index(self.features.names, name="feature"),
        )

    @property
    def _single(self) -> NDArray[np.bool_]:
        """Which features are one entry, and so have a value and a direction."""
        owner = self.features.owners[self.features.cells]
        return np.bincount(owner, minlength=len(self.features)) == 1

    def _values(self, values: Tensor) -> Sequence[object] | NDArray[np.float64]:
        entries = values.reshape(-1).double().numpy()
        found = np.where(self._single, added(self.features, entries), np.nan)
        if self.features.kind != "table" or not self.features.groups:
            return found
        named: list[object] = list(found)
        for name, members in self.features.groups.items():
            on = [m for m in members if entries[self.features.columns.index(m)] != 0]
            named[self.features.index(name)] = on[0] if len(on) == 1 else np.nan
        return named

    def _row(self, row: object) -> Row:
        sample = self.swept.sample
        position = self._position(row)
        if position is not None:
            (place,) = np.nonzero(sample.positions == position)
            if len(place):
                kept = slice(int(place[0]), int(place[0]) + 1)
                return Row(sample.values[kept], sample.outputs[kept], sample.jacobian[kept])
        if self.origin is None:
            raise ValueError(
                f"row={row!r} is not among the {len(sample.positions):,} kept rows, and X and the "
                "model are no longer at hand: call nbx.explain again, with keep= for more rows."
            )
        return self.origin.row(row if position is None else position)

    def _position(self, row: object) -> int | None:
        """The position of a labelled row; None when the row is given as data."""
        if not isinstance(row, (str, bytes, tuple)) and (
            hasattr(row, "__array__") and getattr(row, "ndim", 0) or isinstance(row, (list, Mapping))
            or hasattr(row, "columns")
        ):
            return None
        if self.origin is not None:
            return self.origin.locate(row)
        if row in self.labels:
            return int(self.rows[self.labels.index(row)])
        raise ValueError(
            f"row={row!r} is not the label of a kept row, and X is no longer at hand to look it up."
        )

    # Other responses

    @property
    def responses(self) -> tuple[str, ...]:
        """Responses that `with_response` gives at once, this one among them."""
        at_hand = self.swept.complete or self.origin is not None
        return tuple(
            name for name in self.asked.responses if at_hand or name in self.swept.sums
        )

    def with_response(self, response: str) -> "Explanation":
        """The same explanation of another response: "raw", "prob" or "logodds".

        Formed by the chain rule from the derivatives at hand; where not every row was kept and
        the sums of this response are missing, by another pass over X.

        Raises:
            ValueError: where this explanation cannot give that response.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 3), torch.eye(2), y=["a", "b"], output_names=["a", "b", "c"])
        >>> ex.response, ex.with_response("logodds").response
        ('prob', 'logodds')
        """
        if response == self.response:
            return self
        if response not in self._others:
            asked = self.asked.switch(response)
            swept = replace(self.swept, kind=asked.kind)
            if response not in swept.sums:
                if swept.complete:
                    swept = swept.responding(response)
                elif self.origin is not None:
                    swept = self.origin.sweep(asked)
                else:
                    raise ValueError(
                        f"response={response!r} needs another pass over X, which is no longer at "
                        f"hand: call nbx.explain(…, response={response!r})."
                    )
            other = replace(self, asked=asked, swept=swept)
            self._others[response] = other
            other._others.setdefault(self.response, self)
        return self._others[response]

    # Pictures, files and notebooks: what draws is imported when it is asked for.

    def chart(
        self, kind: str = "importance", output: str | int | None = None, row: object = None
    ) -> "altair.Chart | altair.LayerChart":
        """An Altair chart: kind "importance" (of one output, or all), or "local" (of one row)."""
        from nbexplain.notebook.charts import chart

        return chart(self, kind, output=output, row=row)

    def save_html(self, path: str | Path) -> None:
        """Write one file that shows this explanation without a kernel and with the network off."""
        from nbexplain.notebook.report import save_html

        save_html(path, {self.title: self})

    def save(self, path: str | Path) -> None:
        """Write everything but the model and X to one file, without pickle; see `nbx.load`."""
        from nbexplain.storage import save

        save(self, path)

    def __repr__(self) -> str:
        from nbexplain.notebook.report import plain_text

        return plain_text(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        from nbexplain.notebook.widgets import mimebundle

        return mimebundle(self)

    def _ipython_display_(self) -> None:
        from nbexplain.notebook.widgets import display

        display(self)


__all__ = ["Explanation", "Origin", "Row", "Sums"]
