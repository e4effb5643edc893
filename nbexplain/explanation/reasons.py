"""The leading contributions to one row's response as sentences, with what would change them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.samples import draw
from nbexplain.explanation.against import Group, group_of
from nbexplain.explanation.contrast import Contrast, contrasted, hold, label_of
from nbexplain.explanation.local import column_of, values
from nbexplain.explanation.origin import TooShortError

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation.origin import Held
    from nbexplain.explanation.record import Explanation

RESAMPLES = 200
"""Draws of the references with replacement."""

BACKGROUND = 100
"""Rows of X that stand in for a single reference, where it is asked what changes with it."""


def reasons(
    ex: Explanation, row: object, n: int, against: object, output: str | int | None
) -> pd.DataFrame:
    """The table of `Explanation.reasons`, which says what its arguments mean."""
    import pandas as pd

    from nbexplain.explanation.sentences import Sentences

    if isinstance(n, bool) or not isinstance(n, int) or n < 1:  # pyright: ignore[reportUnnecessaryIsInstance]
        raise ValueError(f"n={n!r}: ask for one reason or more.")
    if ex.features.tokens:
        raise ValueError(
            "Reasons are of features, and a text has tokens: ex.local(row, against=…) says what "
            "each of them contributed."
        )
    group = group_of(ex, against)
    held = hold(ex, row, group)
    found = contrasted(ex, held, group, label_of(ex, row), output)
    # Of equal sizes the first feature leads; what contributes nothing is no reason.
    order = np.argsort(-np.abs(found.contributions), kind="stable")[:n]
    order = order[found.contributions[order] != 0]
    low, high = found.interval
    stable = _stable(ex, row, found, order)
    own, others = list(values(ex.features, held.row.values)), _references(ex, held)
    column = column_of(ex, held.row, output)
    said = [
        _sentence(ex, found, place, column, own[place], others[place], steady)
        for place, steady in zip(order.tolist(), stable.tolist(), strict=True)
    ]
    return Sentences(
        {
            "value": [own[place] for place in order],
            "reference": [others[place] for place in order],
            "contribution": found.contributions[order],
            "low": low[order],
            "high": high[order],
            "stable": stable,
            "sentence": said,
        },
        index=pd.Index([found.features[place] for place in order], name="feature"),
    )


def _stable(
    ex: Explanation,
    row: object,
    found: Contrast,
    order: NDArray[np.int64],
) -> NDArray[np.bool_]:
    """Which of the leading contributions keep their sign and their place among the leading ones."""
    seed = int(ex.provenance["seed"])
    judged = found
    if found.references == 1:
        assert ex.origin is not None  # or the row were held against nothing
        count = ex.origin.count or ex.count
        drawn = np.argsort(draw(np.arange(count), seed), kind="stable")[:BACKGROUND]
        group = Group(np.sort(drawn).astype(np.int64))
        try:
            judged = contrasted(ex, hold(ex, row, group), group, found.row, found.output)
        except TooShortError:  # nothing to judge by
            return np.zeros(len(order), bool)
    low, high = judged.interval
    sure = np.where(found.contributions > 0, low > 0, high < 0)[order]
    return sure & (_kept(judged.each, order, seed) >= ex.confidence)


def _kept(each: NDArray[np.float64], order: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """In which share of resamples each of these is among as many leading contributions."""
    count, few = len(each), len(order)
    if not few:
        return np.zeros(0)
    weights = np.random.default_rng(seed).multinomial(count, [1 / count] * count, size=RESAMPLES)
    sizes = np.abs(weights @ each / count)
    # Beaten by fewer than there are places: what is equal in size shares a place.
    ahead = (sizes[:, None, :] > sizes[:, order, None]).sum(2)
    return (ahead < few).mean(0)


def _references(ex: Explanation, held: Held) -> list[Any]:
    """The mean value of each feature over the references; of a one-hot group, the most frequent."""
    mean = list(values(ex.features, held.values.double().mean(0)))
    for name, members in ex.features.groups.items():
        if ex.features.kind == "table":
            columns = [ex.features.columns.index(member) for member in members]
            on = held.values[:, columns] != 0
            (one,) = np.nonzero((on.sum(1) == 1).numpy())
            named = Counter(members[place] for place in on[one].int().argmax(1).tolist())
            mean[ex.features.index(name)] = named.most_common(1)[0][0] if named else np.nan
    return mean


def _sentence(
    ex: Explanation,
    found: Contrast,
    place: int,
    column: int,
    value: object,
    reference: object,
    stable: bool,
) -> str:
    """What one feature does, in the response's units and the frame's."""
    name, size = found.features[place], float(found.contributions[place])
    points = ex.response == "prob"
    amount = f"{_written(100 * abs(size))} points" if points else _written(abs(size))
    has = "" if value != value else f" = {_written(value)}"
    held = ""
    if reference == reference:
        how = " most often" if isinstance(reference, str) else " on average"
        # Beside the value, what roundings left of a mean of 0 is 0.
        near = 0 if _is_nothing(reference, value) else reference
        held = f" ({_written(near)}{how if found.references > 1 else ''})"
    said = (
        f"{name}{has} {'raises' if size > 0 else 'lowers'} {ex.asked.response_of(column)} by "
        f"{amount} against {found.against}{held}"
    )
    return said if stable else f"{said}; unstable: it changes with the rows it is held against"


def _is_nothing(mean: Any, value: Any) -> bool:
    """Whether a mean is 0 but for roundings, beside a value."""
    return not isinstance(mean, str) and abs(mean) < 1e-6 * abs(value)


def _written(value: Any) -> str:
    """A value as it stands in a sentence: a name, or a number of three digits.

    >>> _written(-12345.6), _written(0.12345), _written("married")
    ('−12,346', '0.123', 'married')
    """
    if isinstance(value, str):
        return value
    size = abs(float(value))
    return (
        f"{'−' if value < 0 else ''}{size:,.0f}"
        if size >= 999.5
        else (f"{'−' if value < 0 else ''}{size:.3g}")
    )
