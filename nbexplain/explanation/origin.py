"""Where an explanation came from, while it is at hand: more rows and more passes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.engine.swept import Swept
from nbexplain.explanation.question import Question
from nbexplain.methods import Method

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation


@dataclass(frozen=True, eq=False)
class Row:
    """One row.

    Attributes:
        values: its inputs, `[1, *shape]`.
        outputs: what the swept function returns, `[1, outputs]`.
        jacobian: its derivatives, `[1, outputs, *shape]`.
        target: its true value, `[1]` or `[1, outputs]`; None where there is none.
        spans: its existing steps, `[1, 2]`; None where nothing is padding.
        base: the outputs at its baseline, `[1, outputs]`; None for methods without one.
        errors: standard errors, `[1, outputs, features]`, of texts by token; None for methods that
            draw nothing.
    """

    values: Tensor
    outputs: Tensor
    jacobian: Tensor
    target: Tensor | None = None
    spans: Tensor | None = None
    base: Tensor | None = None
    errors: Tensor | None = None


@dataclass(frozen=True, eq=False)
class Held:
    """One row held against each of several others.

    Attributes:
        row: the row; its derivatives and its base are means over the references.
        each: contributions of its features against each reference,
            `[references, outputs, features]`.
        bases: the outputs at each reference, `[references, outputs]`.
        values: the inputs of the references, `[references, *shape]`.
        among: rows that the references were drawn from; as many as they are, where all were taken.
    """

    row: Row
    each: NDArray[np.float64]
    bases: NDArray[np.float64]
    values: Tensor
    among: int


class TooShortError(ValueError):
    """Every reference of a padded row has fewer steps than the row."""


class Origin(Protocol):
    """A model and its rows, ready for more."""

    @property
    def method(self) -> Method:
        """How attributions are formed."""
        ...

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of the methods that may answer for this model and its rows."""
        ...

    def with_method(
        self,
        method: Method,
        response: str,
        progress: bool | Callable[[int, int | None], object] | None = None,
    ) -> Explanation:
        """The same question but for the method, of the same copy of the model."""
        ...

    @property
    def count(self) -> int | None:
        """The number of rows of X, where it is known."""
        ...

    def locate(self, label: object) -> int:
        """The position in X of the row with this label."""
        ...

    def labels(self, positions: NDArray[np.int64]) -> Sequence[object]:
        """The labels of the rows at these positions."""
        ...

    def row(
        self, row: object, step: int | None = None, edit: Mapping[int, float] | None = None
    ) -> Row:
        """The row at a position of X, or a new one given as data.

        Of outputs at every step, at one step; None is its last. With `edit`, other values by
        entry of the row, padded rows having their last existing step last.
        """
        ...

    def against(
        self, row: object, references: NDArray[np.int64] | object | None, step: int | None = None
    ) -> Held:
        """A row, as `row` takes it, held against rows of X by position, or new ones given as data.

        None holds it against what the method does: its baseline, or each row of its background.
        Of many references a seeded sample is taken.

        Raises:
            TooShortError: of padded rows, all references are shorter.
        """
        ...

    def sweep(self, question: Question) -> Swept:
        """Another pass over X."""
        ...


def gone(asked: Question, what: str) -> str:
    """Why `what`, which takes the model, cannot be explained where it is not at hand.

    Args:
        asked: the question of the explanation that lacks it.
        what: "a new row".
    """
    if asked.by:
        return (
            f"The attributions of {asked.by} came without a model to explain {what}: call "
            "nbx.explain(model, X)."
        )
    return f"X and the model are no longer at hand to explain {what}: call nbx.explain again."
