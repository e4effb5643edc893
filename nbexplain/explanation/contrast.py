"""A row against a group: what each feature contributes to their difference, and its interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.importances import student_t
from nbexplain.explanation.against import Group, group_of
from nbexplain.explanation.local import column_of, is_data, position_of
from nbexplain.explanation.origin import Held

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation


@dataclass(frozen=True, eq=False)
class Contrast:
    r"""Contributions of one row's features to its distance from a group's mean response.

    $\varphi_j = \frac1n \sum_r \varphi_j(x, r)$, the mean over the group's rows r of the method's
    contributions with r for its baseline, which add up to $F(x) - \frac1n \sum_r F(r)$ as exactly
    as the method's do. Shapley's game against a background is averaged the same way (Lundberg &
    Lee, A Unified Approach to Interpreting Model Predictions, 2017, §4.2).

    Attributes:
        question: what is answered, in one sentence.
        row: the row's label; None for a new row.
        output: name of the output.
        features: names, in the data's order.
        against: what the row is held against, in words.
        references: how many rows it was held against.
        among: how many the group has; more than `references` where these were drawn from it.
        prediction: the response at the row.
        base: the mean response over the references.
        contributions: of each feature, in the response's units, `[features]`.
        errors: their standard errors over the references, $s/\sqrt n$, `[features]`; NaN with one
            reference.
        confidence: of the interval.
        each: contributions against each reference, `[references, features]`.
    """

    question: str
    row: object
    output: str
    features: tuple[str, ...]
    against: str
    references: int
    among: int
    prediction: float
    base: float
    contributions: NDArray[np.float64]
    errors: NDArray[np.float64]
    confidence: float
    each: NDArray[np.float64]

    @property
    def gap(self) -> float:
        """By how much the contributions' sum misses prediction − base."""
        return float(self.prediction - self.base - self.contributions.sum())

    @property
    def interval(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Low and high of the mean contribution over such references, by Student's t.

        `[features]` each; NaN with one reference. It speaks of other rows from where the
        references came, not of other fits.
        """
        if self.references < 2:
            return self.errors, self.errors
        half = student_t(self.confidence, self.references - 1) * self.errors
        return self.contributions - half, self.contributions + half

    def __repr__(self) -> str:
        return f"Contrast({self.question}: {self.base:.4g} to {self.prediction:.4g})"


def contrast(
    ex: Explanation, row: object, against: object, output: str | int | None = None
) -> Contrast:
    """The contrast of `Explanation.contrast`, which says what its arguments mean."""
    group = group_of(ex, against)
    held = hold(ex, row, group)
    return contrasted(ex, held, group, label_of(ex, row), output)


def hold(ex: Explanation, row: object, group: Group, step: int | None = None) -> Held:
    """A row, by label or as data, held against a group."""
    assert ex.origin is not None  # or there were no group
    return group.held(ex.origin, row if is_data(row) else position_of(ex, row), step)


def label_of(ex: Explanation, row: object) -> object:
    """What a row is called; None for a new one."""
    if is_data(row) or ex.origin is None:
        return None
    return ex.origin.labels(np.array([position_of(ex, row)]))[0]


def contrasted(
    ex: Explanation, held: Held, group: Group, label: object, output: str | int | None
) -> Contrast:
    """One output of a row held against a group."""
    column = column_of(ex, held.row, output)
    each, count = held.each[:, column], len(held.each)
    errors = np.full(each.shape[1], np.nan)
    if count > 1:
        errors = each.std(0, ddof=1) / np.sqrt(count)
    words = group.words(held, ex.asked.baseline)
    at = "a new row" if label is None else f"row {label!r}"
    return Contrast(
        question=f"{ex.asked.against(words).about(column, None)}, at {at}",
        row=label,
        output=ex.asked.names[column],
        features=ex.features.names,
        against=words,
        references=count,
        among=held.among,
        prediction=float(held.row.outputs[0, column]),
        base=float(held.bases[:, column].mean()),
        contributions=each.mean(0),
        errors=errors,
        confidence=ex.confidence,
        each=each,
    )
