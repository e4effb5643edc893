"""Whether two models are two fits or one that was edited, and what refits alone move.

Intervals of rows say nothing of refits: of two networks fitted alike, but for the seed, they claim
a change 89 times in 100 (`python -m benchmarks.refits`: 60 drawn tasks, quantities and classes,
small and large networks and steps). Regions of the rows as replicates of a fit do not help: the
noise of a fit is common to them, and they find a fifth to a half of it. What holds is that each
feature's root mean square derivative moves from fit to fit by about as much as every other's,
whatever its own size. By that, three refits at hand bring the claims down to 0.3 in 100 (4 in the
worst task), and the allowance to 0.5 in 100 (32 in the worst: for some networks only their own
refits tell).
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.engine.changes import MOST_FREEDOM, Noise, spread_of_fits
from nbexplain.explain.passes import Work
from nbexplain.explanation import Explanation

MOSTLY = 0.5
"""Share of a model's parameters that an edit leaves as they are."""

ALLOWANCE = 0.2
"""What each feature's root moves by from fit to fit, in units of the mean root, where no refits
are at hand. In 60 drawn tasks it was 0.06 in the median and 0.26 at most."""

UNEVEN = 1.5
"""Some features' roots move more than the pooled spread: the largest of a task by this much."""

FEWEST = 3
"""Refits that give a spread."""


def refitted(one: Explanation, other: Explanation) -> bool:
    """Whether the models are two fits: more than half of their parameters differ.

    Of explanations whose models are no longer at hand it is assumed, unless both found the same
    derivatives.
    """
    a, b = _parameters(one), _parameters(other)
    if a is None or b is None:
        first, second = (ex.swept.sums[ex.response].second for ex in (one, other))
        return first.shape != second.shape or not np.array_equal(first, second)
    count = max(*(sum(x.numel() for x in found.values()) for found in (a, b)), 1)
    alike = 0
    for name, x in a.items():
        y = b.get(name)
        if y is not None and x.shape == y.shape:
            alike += int((x == y.to(x.device)).sum())
    return bool(a or b) and alike <= MOSTLY * count


def _parameters(explanation: Explanation) -> dict[str, Tensor] | None:
    """The parameters of the model's copy; None once that is gone."""
    work = explanation.origin
    if not isinstance(work, Work):
        return None
    found: dict[str, Tensor] = {}
    with torch.no_grad():
        for name, module in work.subject.reading.snapshot.named_modules:
            for part, x in module.named_parameters(recurse=False):
                found[_plain(f"{name}.{part}")] = x
    return found


def _plain(name: str) -> str:
    """What a parameter was called before it was pruned or parametrised."""
    return name.removesuffix("_orig").replace(".parametrizations.", ".").removesuffix(".original")


def noise_of(shares: Sequence[NDArray[np.float64]], features: int) -> Noise:
    """The noise of refits by the shares of some; an allowance where there are fewer than three.

    Args:
        shares: of each refit, percent, `[features]`.
        features: how many there are in all.

    >>> noise_of([], 10).size
    0.02
    """
    if len(shares) < FEWEST:
        return Noise(ALLOWANCE / max(features, 1), MOST_FREEDOM)
    found = UNEVEN * spread_of_fits(np.stack(shares), features)
    # Shares of one fit add up: about half of them are free.
    return Noise(found, min((len(shares) - 1) * max(features // 2, 1), MOST_FREEDOM))
