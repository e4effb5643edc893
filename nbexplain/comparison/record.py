"""`compare`: explanations side by side, and the change from the first to each of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.comparison.aligned import (
    Key,
    check_alike,
    common,
    in_units_of,
    keys,
    replicated,
    same_rows,
    titles,
)
from nbexplain.comparison.fits import FEWEST, noise_of, refitted
from nbexplain.comparison.wording import notes, sentence
from nbexplain.engine.changes import Change, change
from nbexplain.engine.importances import Importances
from nbexplain.explanation import Explanation

if TYPE_CHECKING:
    import altair
    import pandas as pd


@dataclass(frozen=True, eq=False, repr=False)
class Against:
    """One explanation against the first.

    Attributes:
        change: of each feature that both have, in the order of `places`.
        places: their positions among the comparison's features.
        paired: whether both are of the same rows.
        refit: whether their models are two fits, and not one that was edited.
        rescaled: whether it was put in the units of the first one's inputs.
    """

    change: Change
    places: NDArray[np.int64]
    paired: bool
    refit: bool
    rescaled: bool


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """Explanations of one question side by side; `nbx.compare` makes one.

    Attributes:
        explanations: as compared: all in the units of the first one's inputs.
        names: what they are called.
        features: names of all that any of them has, the last one's ranking first.
        output: that is compared; None for all combined.
        confidence: of the intervals, between 0 and 1.
        against: the others against the first.
        refits: how many refits the noise of fits was taken from; 0 for an allowance.
        keys: the features, namesakes told apart.
    """

    explanations: tuple[Explanation, ...]
    names: tuple[str, ...]
    features: tuple[str, ...]
    output: str | None
    confidence: float
    against: tuple[Against, ...]
    refits: int
    keys: tuple[Key, ...]

    @cached_property
    def table(self) -> pd.DataFrame:
        """Features × explanations.

        Returns:
            A frame indexed by feature, the last explanation's most important first, whose columns
            are pairs of an explanation's name and a quantity: `importance`, `low` and `high`
            (percent, its interval over rows by itself) and `rank` (1 is the most important); of
            all but the first also `change` (percentage points from the first), `change_low` and
            `change_high` (its interval, which holds for all features at once) and `claim`:
            "gained" or "lost" where that leaves out 0, else "". Of more than two explanations
            also `("all", "spread")`, the standard deviation of the importance over them. NaN
            where an explanation does not have the feature.

        >>> import torch, nbexplain as nbx
        >>> def explained(*weights):
        ...     w = torch.tensor([weights]).T
        ...     return nbx.explain(lambda x: x @ w, torch.eye(2), scale="none")
        >>> both = nbx.compare(explained(1.0, 1.0), explained(3.0, 1.0), names=["old", "new"])
        >>> both.table["new"][["change", "claim"]].to_dict("index")
        {'x0': {'change': 25.0, 'claim': 'gained'}, 'x1': {'change': -25.0, 'claim': 'lost'}}
        """
        import pandas as pd

        columns: dict[tuple[str, str], Any] = {}
        for place, name in enumerate(self.names):
            found = self.shares(place)
            columns |= {(name, what): of for what, of in found.items()}
            if place:
                columns |= {(name, what): of for what, of in self.changes(place).items()}
        if len(self.names) > 2:
            columns["all", "spread"] = self.spread
        index = pd.Index(self.features, name="feature")
        table = pd.DataFrame(columns, index=index)
        table.columns = pd.MultiIndex.from_tuples(list(columns), names=["explanation", None])
        return table

    @property
    def sentence(self) -> str:
        """What gained and lost beyond its interval, in one sentence."""
        return sentence(self)

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before reading the numbers, each a short sentence."""
        return notes(self)

    @cached_property
    def spread(self) -> NDArray[np.float64]:
        """Standard deviation of the importance over the explanations, points, `[features]`."""
        shares = np.stack([self.shares(place)["importance"] for place in range(len(self.names))])
        return shares.std(0, ddof=1)

    def shares(self, place: int) -> dict[str, NDArray[Any]]:
        """`importance`, `low`, `high` and `rank` of one explanation, `[features]`."""
        found = self._importances[place]
        own = {key: at for at, key in enumerate(keys(self.explanations[place]))}
        places = [own.get(key, -1) for key in self.keys]
        ranks = np.empty(len(own))
        ranks[found.order] = np.arange(1, len(own) + 1)
        arrays = {"importance": found.share, "low": found.low, "high": found.high, "rank": ranks}
        return {name: np.append(array, np.nan)[places] for name, array in arrays.items()}

    def directions(self, place: int) -> NDArray[np.float64]:
        """Mean / rms of one explanation's derivatives, `[features]`; NaN where there is no mean."""
        found = self._importances[place]
        own = {key: at for at, key in enumerate(keys(self.explanations[place]))}
        ratio = np.append(found.direction, np.nan)
        return ratio[[own.get(key, -1) for key in self.keys]]

    def changes(self, place: int = -1) -> dict[str, NDArray[Any]]:
        """`change`, `change_low`, `change_high` and `claim` of one against the first."""
        found = self.against[place - 1 if place > 0 else place]
        arrays = {
            "change": found.change.points,
            "change_low": found.change.low,
            "change_high": found.change.high,
        }
        told: dict[str, NDArray[Any]] = {}
        for name, array in arrays.items():
            told[name] = np.full(len(self.features), np.nan)
            told[name][found.places] = array
        told["claim"] = np.full(len(self.features), "", dtype=object)
        told["claim"][found.places] = found.change.claims
        return told

    @cached_property
    def _importances(self) -> tuple[Importances, ...]:
        return tuple(ex.importances(self.output) for ex in self.explanations)

    # Forms

    def chart(self) -> altair.LayerChart | altair.Chart:
        """The importances side by side as an Altair chart, claims marked."""
        from nbexplain.notebook.comparisons.charts import chart

        return chart(self)

    def __repr__(self) -> str:
        """The sentence and the table as aligned text."""
        from nbexplain.notebook.comparisons.text import plain_text

        return plain_text(self)

    def _repr_html_(self) -> str:
        from nbexplain.notebook.comparisons.fragment import static_html

        return static_html(self, f"comparison-{id(self):x}")


def compare(
    *explanations: Explanation,
    names: Sequence[str] | None = None,
    output: str | int | None = None,
    refits: Sequence[Explanation] = (),
) -> Comparison:
    r"""Explanations of one question side by side: models, seeds, train and test rows, columns.

    The change from the first to each other is told in percentage points, with an interval that
    holds for all features at once: $\lambda'_j - \lambda_j \pm t_{1-\alpha/2m,\,\nu} \sqrt{v_j +
    f_j}$. $v_j$ speaks of the rows: where both are of the same rows it is the delete-one-group
    jackknife of the difference itself (64 groups), which is far narrower than that of two
    separate shares. $f_j$ speaks of the fits: where more than half of the models' parameters
    differ they are two fits, whose shares differ by chance alone by
    $f_j = 2 \kappa^2 ((1-\lambda_j)^2 + (m-1) \lambda_j^2)$; κ comes from `refits` where there
    are at least three, else it is an allowance of 0.2 / m (measured: `benchmarks/refits.py`).

    Args:
        *explanations: at least two; features are matched by name, and all are put in the units
            of the first one's inputs (with `scale="std"`, its standard deviations).
        names: what to call them; by default their models' names, numbered where they are alike.
        output: an output's name or position; None takes the one shown by default.
        refits: explanations of the same model fitted anew, by other seeds.

    Raises:
        ValueError: fewer than two; of different questions (method, response, scale, outputs);
            of texts; without a common feature; names of another number, or not unique.
        TypeError: what is no explanation.

    >>> import torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))
    >>> nbx.compare(ex, ex, names=["then", "now"]).sentence
    'now against then: no share changed.'
    """
    for ex in (*explanations, *refits):
        if not isinstance(ex, Explanation):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(
                f"compare takes what nbx.explain(…) returned, not {type(ex).__name__}: "
                "nbx.compare(ex_a, ex_b)."
            )
    if len(explanations) < 2:
        raise ValueError(
            "compare takes at least two explanations: nbx.compare(ex_a, ex_b); "
            f"got {len(explanations)}."
        )
    called = called_by(explanations, names)
    check_alike((*explanations, *refits), (*called, *[f"refit {i}" for i in range(len(refits))]))
    first = explanations[0]
    column = first.asked.column(first.default_output if output is None else output)
    wanted = None if column is None else first.asked.names[column]
    shown = (first, *(in_units_of(first, ex) for ex in explanations[1:]))
    known = _ranked(shown, wanted)
    fits = [keyed_shares(in_units_of(first, ex), wanted) for ex in refits]
    different = [refitted(first, ex) for ex in shown[1:]]
    if len(fits) < FEWEST and 1 + sum(different) >= FEWEST:
        # Several fits tell of their own spread.
        among = [first, *(ex for ex, is_fit in zip(shown[1:], different, strict=True) if is_fit)]
        fits = [keyed_shares(ex, wanted) for ex in among]
    before = replicated(first, wanted)
    found: list[Against] = []
    for ex, given, refit in zip(shown[1:], explanations[1:], different, strict=True):
        places, here, there = _common(known, first, ex, called)
        paired = same_rows(first, given)
        noise = None
        if refit:
            every = [[of[known[at]] for at in places] for of in fits if _has(of, known, places)]
            noise = noise_of([np.array(one) for one in every], len(known))
        changed = change(
            before.part(here),
            replicated(ex, wanted).part(there),
            first.confidence,
            paired=paired,
            noise=noise,
            features=len(known),
        )
        found.append(Against(changed, places, paired, refit, ex is not given))
    return Comparison(
        explanations=shown,
        names=called,
        features=tuple(name for name, _ in known),
        output=wanted,
        confidence=first.confidence,
        against=tuple(found),
        refits=len(fits) if len(fits) >= FEWEST else 0,
        keys=known,
    )


def keyed_shares(explanation: Explanation, output: str | None) -> dict[Key, float]:
    """Percent of the total by feature."""
    shares = explanation.importances(output).share
    return dict(zip(keys(explanation), shares.tolist(), strict=True))


def _has(of: dict[Key, float], known: Sequence[Key], places: NDArray[np.int64]) -> bool:
    return all(known[at] in of for at in places)


def _ranked(explanations: Sequence[Explanation], output: str | None) -> tuple[Key, ...]:
    """All features: the last explanation's in their order, then what only earlier ones have."""
    found: dict[Key, None] = {}
    for ex in reversed(explanations):
        own = keys(ex)
        found |= {own[j]: None for j in ex.importances(output).order}
    return tuple(found)


def _common(
    known: Sequence[Key], first: Explanation, other: Explanation, names: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Where the features that both have stand: among all, in the first, in the other."""
    here, there = common(first, other, names)
    own, at = keys(first), {key: place for place, key in enumerate(known)}
    places = np.array([at[own[place]] for place in here])
    order = np.argsort(places)
    return places[order], here[order], there[order]


def called_by(explanations: Sequence[Explanation], names: Sequence[str] | None) -> tuple[str, ...]:
    """What explanations are called: as given, else by their titles, told apart.

    Raises:
        ValueError: not a name for each, or names that do not differ.
    """
    if names is None:
        return titles([ex.title for ex in explanations])
    if isinstance(names, str) or len(names) != len(explanations):
        raise ValueError(
            f"names has {1 if isinstance(names, str) else len(names)} of them for "
            f"{len(explanations)} explanations: give each one."
        )
    if len(set(names)) < len(names) or "all" in names:
        raise ValueError(f"names={list(names)!r} must differ from each other and from 'all'.")
    return tuple(map(str, names))
