"""How far two explanations agree in what they rank first, whatever question each answers."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from nbexplain.comparison.aligned import check_numbers, common, titles
from nbexplain.engine.axes import Float64
from nbexplain.engine.importances import added
from nbexplain.explanation import Explanation
from nbexplain.methods import CARDS

LEADING = 5
"""How many features lead."""

PAIRS = 5_000_000
"""Pairs of features over all rows that are looked at; of more rows, as many at equal distances."""


@dataclass(frozen=True, repr=False)
class Agreement:
    """Two rankings beside each other; `nbx.agreement` makes one.

    Attributes:
        names: what the two are called: their methods, else their models.
        questions: which question each answers, a sentence each.
        tau: Kendall's τ-b of the importances: 1 is the same order, 0 none in common, −1 the
            reverse; NaN where one of them ranks nothing.
        overlap: how many of the `k` leading features they have in common.
        k: how many lead.
        rows_tau: the median over rows of the τ-b of the sizes of attributions at one row; NaN
            where no row was kept by both.
        rows: over how many rows.
        output: whose importances these are; None for all combined.
    """

    names: tuple[str, ...]
    questions: tuple[str, ...]
    tau: float
    overlap: int
    k: int
    rows_tau: float
    rows: int
    output: str | None

    @property
    def sentence(self) -> str:
        """The numbers in one sentence."""
        if np.isnan(self.tau):
            return "Nothing to rank: one of them moves with no feature, or with all alike."
        parts = [
            f"Kendall τ {_signed(self.tau)}",
            f"{self.overlap} of the {self.k} leading features in common",
        ]
        if not np.isnan(self.rows_tau):
            rows = f"{self.rows:,} row{'s' * (self.rows != 1)}"
            parts.append(f"at one row τ is {_signed(self.rows_tau)} (median of {rows})")
        return "; ".join(parts) + "."

    def __repr__(self) -> str:
        return "\n".join(self._lines)

    def _repr_html_(self) -> str:
        return "".join(f"<p>{escape(line)}</p>" for line in self._lines)

    @property
    def _lines(self) -> list[str]:
        asked = zip(self.names, self.questions, strict=True)
        of = "" if self.output is None else f", {self.output}"
        return [
            f"{self.names[0]} beside {self.names[1]}{of}: {self.sentence}",
            *(f"{name}: {question}" for name, question in asked if question),
        ]


def agreement(
    a: Explanation, b: Explanation, k: int = LEADING, output: str | int | None = None
) -> Agreement:
    r"""How far two explanations agree: rank agreement of their features, and the leading ones.

    They may be by different methods, which answer different questions: that they disagree is then
    no error of either. Kendall's $\tau_b = (C - D) / \sqrt{(n_0 - n_1)(n_0 - n_2)}$ counts pairs
    of features in the same order, C, and in the other, D; $n_0 - n_1$ are the pairs that are not
    tied in the first, $n_0 - n_2$ in the second (Kendall, The Treatment of Ties in Ranking
    Problems, 1945).

    Args:
        a: an explanation.
        b: another, whose features are matched by name.
        k: how many features lead.
        output: an output's name or position; None takes the one shown by default.

    Raises:
        ValueError: of texts; without two common features; for `k` below 1.
        TypeError: what is no explanation.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))
    >>> nbx.agreement(ex, ex.with_method("deeplift"), k=2).tau
    1.0
    """
    for ex in (a, b):
        if not isinstance(ex, Explanation):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"agreement takes what nbx.explain(…) returned, not {type(ex).__name__}: "
                "nbx.agreement(ex_a, ex_b)."
            )
    check_numbers((a, b))
    if isinstance(k, bool) or k != int(k) or k < 1:
        raise ValueError(f"k={k!r} must be a whole number of features, 1 or more.")
    column = a.asked.column(a.default_output if output is None else output)
    return agreed(a, b, k, None if column is None else a.asked.names[column])


def agreed(a: Explanation, b: Explanation, k: int, output: str | None) -> Agreement:
    """What `agreement` gives of one output by its name, or of all combined."""
    cards = [CARDS.get(ex.method) for ex in (a, b)]
    by_method = [ex.asked.method_title for ex in (a, b)]
    called = by_method if by_method[0] != by_method[1] else [a.title, b.title]
    here, there = common(a, b, called)
    if len(here) < 2:
        raise ValueError("One feature in common has no order: agreement needs two or more.")
    shares = [ex.importances(output).share[places] for ex, places in ((a, here), (b, there))]
    most = min(int(k), len(here))
    leading = [set(np.argsort(-share, kind="stable")[:most].tolist()) for share in shares]
    ranked = not any(np.isnan(share).any() for share in shares)
    by_row = _by_row(a, b, here, there, output)
    return Agreement(
        names=titles(called),
        questions=tuple(card.question if card else "" for card in cards),
        tau=float(kendall(*shares)) if ranked else float("nan"),
        overlap=len(leading[0] & leading[1]) if ranked else 0,
        k=most,
        rows_tau=float(np.median(by_row)) if len(by_row) else float("nan"),
        rows=len(by_row),
        output=output,
    )


def kendall(
    a: Float64[np.ndarray, "*lead features"], b: Float64[np.ndarray, "*lead features"]
) -> NDArray[np.float64]:
    """Kendall's τ-b along the last axis; NaN where one side is tied throughout.

    >>> float(kendall(np.array([1.0, 2, 3, 4, 5]), np.array([2.0, 1, 3, 5, 4])))
    0.6
    """
    score = np.zeros(a.shape[:-1])
    moving = [np.zeros(a.shape[:-1]) for _ in range(2)]
    for gap in range(1, a.shape[-1]):
        signs = [np.sign(x[..., gap:] - x[..., :-gap]) for x in (a, b)]
        score += (signs[0] * signs[1]).sum(-1)
        for of, sign in zip(moving, signs, strict=True):
            of += (sign != 0).sum(-1)
    pairs = np.sqrt(moving[0] * moving[1])
    return np.divide(score, pairs, out=np.full_like(score, np.nan), where=pairs > 0)


def _by_row(
    a: Explanation,
    b: Explanation,
    here: NDArray[np.int64],
    there: NDArray[np.int64],
    output: str | None,
) -> NDArray[np.float64]:
    """τ-b of the sizes at each row that both kept, of those that have an order."""
    _, at_a, at_b = np.intersect1d(a.rows, b.rows, assume_unique=True, return_indices=True)
    most = max(1, PAIRS // (len(here) * (len(here) - 1) // 2))
    if len(at_a) > most:
        chosen = np.linspace(0, len(at_a) - 1, most).astype(np.int64)
        at_a, at_b = at_a[chosen], at_b[chosen]
    found = kendall(_sizes(a, at_a, output)[:, here], _sizes(b, at_b, output)[:, there])
    return found[~np.isnan(found)]


def _sizes(
    ex: Explanation, rows: NDArray[np.int64], output: str | None
) -> Float64[np.ndarray, "rows features"]:
    """How large each feature's attribution is at some kept rows; outputs combined by squares."""
    entries = ex.attributions[rows].astype(np.float64)
    entries = entries.reshape(*entries.shape[:2], len(ex.features.cells))
    if ex.asked.additive:
        squares = added(ex.features, entries) ** 2
    else:
        squares = added(ex.features, entries**2)
    counted = ex.weights_of(output)[list(ex.asked.columns)]
    return np.sqrt(np.einsum("rkf,k->rf", squares, counted))


def _signed(tau: float) -> str:
    """Two decimals, with a minus that is one."""
    return f"{tau:.2f}".replace("-", "−")
