"""Explanations brought side by side: the same question, the same units, features by name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.changes import Replicates
from nbexplain.explanation import Explanation

Key = tuple[str, int]
"""A feature's name, and how many before it have the same."""


def keys(explanation: Explanation) -> list[Key]:
    """What its features are known by in others.

    >>> import torch, nbexplain as nbx
    >>> keys(nbx.explain(torch.nn.Linear(2, 1), torch.eye(2), feature_names=["a", "a"]))
    [('a', 0), ('a', 1)]
    """
    seen: Counter[str] = Counter()
    found: list[Key] = []
    for name in explanation.features.names:
        found.append((name, seen[name]))
        seen[name] += 1
    return found


def check_numbers(explanations: Sequence[Explanation]) -> None:
    """Refuse texts, which rank no features.

    Raises:
        ValueError: one of them is of texts.
    """
    if any(ex.features.tokens for ex in explanations):
        raise ValueError(
            "Texts have one feature, the token, which has all of the importance in each of them: "
            "compare their token_importance() tables."
        )


def common(
    first: Explanation, other: Explanation, names: Sequence[str]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the features that both have stand in either, in the first one's order.

    Raises:
        ValueError: they have none in common.
    """
    there = {key: at for at, key in enumerate(keys(other))}
    found = [(at, there[key]) for at, key in enumerate(keys(first)) if key in there]
    if not found:
        raise ValueError(
            f"{names[0]} has no feature in common with another of these: their names "
            f"({', '.join(first.features.names[:3])}, … and {', '.join(other.features.names[:3])}, "
            "…) are what they are matched by; feature_names= gives the same to both."
        )
    places = np.array(found, np.int64)
    return places[:, 0], places[:, 1]


QUESTION = (
    *("method", "rule", "baseline", "response"),
    *("scale", "outputs", "definition", "steps"),
)
"""What explanations of the same question have in common."""


def titles(names: Sequence[str]) -> tuple[str, ...]:
    """Names that differ: numbered where they are alike.

    >>> titles(["MLP", "MLP"]), titles(["MLP", "CNN"])
    (('MLP 1', 'MLP 2'), ('MLP', 'CNN'))
    """
    alike = len(set(names)) < len(names)
    return tuple(f"{name} {i + 1}" if alike else name for i, name in enumerate(names))


def check_alike(explanations: Sequence[Explanation], names: Sequence[str]) -> None:
    """Refuse explanations that answer different questions.

    Raises:
        ValueError: naming what differs, and between which.
    """
    first = explanations[0]
    check_numbers(explanations)
    for ex, name in zip(explanations[1:], names[1:], strict=True):
        for what in QUESTION:
            here, there = getattr(first.asked, what), getattr(ex.asked, what)
            if here != there:
                raise ValueError(
                    f"{names[0]} and {name} answer different questions: {what} is {_said(here)} "
                    f"of one and {_said(there)} of the other. {_advice(what, here)}"
                )


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _advice(what: str, here: object) -> str:
    if what in ("method", "rule"):
        return "nbx.agreement says how far what they rank agrees."
    if what == "response":
        return f"with_response({here!r}) gives the other's too, or explain both alike."
    if what == "outputs":
        return "Give both the same y, output_names= or outputs=."
    if what in ("definition", "steps"):
        return f"Explain both with nbx.Sensitivity({what}={here!r})."
    if what == "baseline":
        return "Give both the same, as in method=nbx.DeepLift(baseline='mean')."
    return f"Explain both with {what}={here!r}."


def same_rows(one: Explanation, other: Explanation) -> bool:
    """Whether both are of the same rows of the same data, as far as they hold them.

    Their groups have as many rows, the columns that both have the same mean and spread, and rows
    that both kept the same values. So it is known of loaded explanations as well.
    """
    a, b = one.swept, other.swept
    groups = [swept.sums[ex.response] for swept, ex in ((a, one), (b, other))]
    if a.block != b.block or not np.array_equal(groups[0].rows, groups[1].rows):
        return False
    if one.features.shape[:-1] != other.features.shape[:-1]:
        return False
    places = _columns(one, other)
    if not len(places[0]):
        return False
    for ex_a, ex_b in zip(_spread(one, places[0]), _spread(other, places[1]), strict=True):
        if not np.allclose(ex_a, ex_b, rtol=1e-6, atol=0):
            return False
    kept, at_a, at_b = np.intersect1d(
        a.sample.positions, b.sample.positions, assume_unique=True, return_indices=True
    )
    if not len(kept):
        return False
    mine = a.sample.values[at_a.tolist()][..., places[0].tolist()]
    theirs = b.sample.values[at_b.tolist()][..., places[1].tolist()]
    return bool(np.array_equal(mine.double().numpy(), theirs.double().numpy(), equal_nan=True))


def _spread(ex: Explanation, columns: NDArray[np.int64]) -> tuple[NDArray[np.float64], ...]:
    found = ex.swept.inputs
    return tuple(
        x.reshape(ex.features.shape)[..., columns] for x in (found.mean, np.sqrt(found.squares))
    )


def _columns(one: Explanation, other: Explanation) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the columns that both have stand on the last axis of either's rows."""
    widths = [ex.features.shape[-1] for ex in (one, other)]
    names = [list(ex.features.columns) for ex in (one, other)]
    if any(len(n) != width or len(set(n)) != width for n, width in zip(names, widths, strict=True)):
        every = np.arange(widths[0]) if widths[0] == widths[1] else np.arange(0)
        return every, every
    common = [name for name in names[0] if name in set(names[1])]
    first, second = (np.array([of.index(name) for name in common], np.int64) for of in names)
    return first, second


def in_units_of(first: Explanation, other: Explanation) -> Explanation:
    """The other explanation per unit of the first one's inputs, where these differ.

    Columns that only the other has keep their own.
    """
    if first.scale == "none":
        return other
    here, there = _columns(first, other)
    shape, steps = other.features.shape, first.features.shape
    scaling = other.scaling.reshape(shape).copy()
    if shape[:-1] == steps[:-1]:
        scaling[..., there] = first.scaling.reshape(steps)[..., here]
    else:  # sequences of another length: a column moves by the same unit at every step
        last = first.scaling.reshape(-1, steps[-1])[-1]
        scaling[..., there] = last[here]
    if np.allclose(scaling.reshape(-1), other.scaling, rtol=1e-6, atol=0):
        return other
    return replace(other, scaling=scaling.reshape(-1), _others={})


def replicated(explanation: Explanation, output: str | int | None) -> Replicates:
    """The shares of an explanation's features with each group of rows left out."""
    return Replicates.of(explanation.ranked(), explanation.weights_of(output))
