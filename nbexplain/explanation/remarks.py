"""What to know before reading the numbers: sentences that stand beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.engine.accumulators import GROUPS
from nbexplain.engine.contributions import by_feature
from nbexplain.engine.importances import fewest, mean_squares, roots
from nbexplain.engine.swept import GAP
from nbexplain.engine.windows import Window, at_lag_0
from nbexplain.explanation.sequences import ONE_STEP

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation

UNITS_APART = 10
"""Columns whose spreads differ by more than this factor are in raw units (METHODS A1)."""

CARRIED = 0.9
"""Rankings are compared by the features that carry this share."""

ROUGH = 0.25
"""Standard error of the leading contribution, as a share of it, that is said."""

FEW_BLOCKS = 10
"""Blocks of overlapping windows below which intervals are said to rest on little."""


MENDED = {
    "gradient_x_input": " They do where the response is as steep all the way from the baseline; "
    "'integrated_gradients' and 'deeplift' add up elsewhere too.",
    "integrated_gradients": " The way there has kinks that no more nodes were spent on: 'deeplift' "
    "adds up exactly.",
    "expected_gradients": " They do in expectation: a larger n_samples comes nearer.",
}
"""Why a method's contributions may not add up, and what to do."""


def remarks(ex: Explanation) -> Iterator[str]:
    """The remarks that an explanation's own numbers call for."""
    window, names = ex.window(), np.array(ex.features.names, dtype=object)
    rms = _sizes(ex, window)
    unused = rms == 0
    moving = ex.scaling > 0 if ex.scale == "std" else ex.swept.inputs.deviation > 0
    stepped = ex.swept.outputs.deviation.max() > 0 and ex.method != "deeplift" and not ex.asked.by
    if unused.all() and stepped:
        yield (
            "No input has a derivative, but the response differs between rows: it may change in "
            "steps (a rounding, a comparison), which derivatives do not see. There are no shares "
            "to show."
        )
    elif unused.all() and ex.asked.additive:
        yield (
            "No input contributes on any row: each row equals its baseline, or the response does "
            "not move on the way there. Another baseline may tell more."
        )
    elif unused.all():
        yield "The response does not depend on any input: there are no shares to show."
    elif unused.any():
        constant = unused & ~_any_entry(ex, moving)
        idle = unused & ~constant
        if idle.any():
            # An input that is used contributes nothing where it cannot move the response.
            found = (
                "Contributing nothing on any row"
                if ex.asked.additive
                else "Not used by the model (derivative 0 on every row)"
            )
            yield f"{found}: {listed(list(names[idle]))}."
        if constant.any() and ex.scale == "std":
            yield (
                f"Constant in X, so without a standard deviation to move by: "
                f"{listed(list(names[constant]))}." + _constant_states(ex, list(names[constant]))
            )
    elif _saturated(ex, rms):
        yield (
            "The response hardly moves with any input (saturated): the shares of so flat a "
            "function mean little."
        )
    named = ex.features.tokens or ex.asked.additive
    if ex.features.steps > 1 and not unused.all() and not named:
        yield from _lag_0(ex, rms)
    if ex.asked.steps == "valid" and ex.features.steps > 1 and not unused.all():
        yield from _every_step(ex, window)
    if ex.features.tokens and not unused.all():
        yield (
            "What a token contributed is added up over the numbers of its embedding."
            if ex.asked.additive
            else "Derivatives at tokens are in their embedding's own scale: compare them within a "
            "model."
        )
    if (rough := _rough(ex)) > ROUGH:
        yield (
            "Contributions are means of draws, and rough: at the median row the standard error of "
            f"the leading one is {100 * rough:.0f} % of it. Four times as many n_samples halve it."
        )
    if ex.swept.missed:
        yield (
            f"Contributions do not add up on {ex.swept.missed:,} of {ex.count:,} rows: their sum "
            f"misses the difference from the baseline by more than {100 * GAP:g} %."
            f"{'' if ex.asked.by else MENDED.get(ex.method, '')}"
        )
    if ex.asked.network == "logits" and ex.response == "raw":
        yield (
            "Raw outputs are logits: adding the same function of the inputs to all of them "
            "changes no probability, so the importance of a single logit is not identified. "
            "response='logodds' or 'prob' is."
        )
    if ex.response == "logodds" and ex.swept.saturated:
        yield (
            f"{ex.swept.saturated:,} probabilities are exactly 0 or 1 and have no log-odds: "
            "their derivatives count as 0."
        )
    if ex.scale == "none" and ex.features.kind == "table" and not ex.asked.additive:
        spread = ex.swept.inputs.deviation[moving]
        if len(spread) and spread.max() > UNITS_APART * spread.min():
            yield (
                f"Columns are in different units (spreads differ {spread.max() / spread.min():,.0f}"
                " times): scale='std' compares them per standard deviation."
            )
    if ex.features.kind == "sequence" and ex.features.steps == 1:
        yield ONE_STEP.format(shape=list(ex.features.shape))
    if ex.asked.steps == "last" and window.sums.reach is not None:
        counts = window.counts[: ex.features.steps - bool(ex.features.states)]
        if counts.min() < counts.max():
            yield (
                f"Rows differ in length: each lag's mean is over the rows that reach back so far, "
                f"{ex.count:,} at lag 0 and {counts.min():,} at lag {len(counts) - 1}."
            )
    if ex.count == 1:
        yield "One row: its shares have no interval."
    elif ex.features.block == 1 and ex.count < GROUPS:
        yield f"Only {ex.count} rows: the intervals rest on little."
    elif ex.features.block > 1:
        yield from _few_blocks(ex)
    kept = ex.swept.sample.count
    if kept < ex.count:
        yield f"Attributions are kept for {kept:,} of {ex.count:,} rows."


def _rough(ex: Explanation) -> float:
    """The leading contribution's standard error as a share of it, at the median kept row."""
    errors = ex.standard_errors
    if errors is None or not len(errors):
        return 0
    told = torch.from_numpy(ex.attributions)
    found = (told if ex.features.tokens else by_feature(told, ex.features)).abs().numpy()
    leading = found.argmax(2)[..., None]
    size, error = (np.take_along_axis(x, leading, 2) for x in (found, errors))
    return float(np.median(np.divide(error, size, out=np.zeros_like(error), where=size > 0)))


def _constant_states(ex: Explanation, names: Sequence[str]) -> str:
    """Where what is constant are initial states, which often are zeros."""
    if not set(names) & set(ex.features.states):
        return ""
    return " scale='none' shows what such a state moves."


def _sizes(ex: Explanation, window: Window) -> NDArray[np.float64]:
    """Each feature's root mean square derivative, all outputs combined."""
    squares = mean_squares(window.sums, window.scale, ex.weights_of(None))
    return roots(window.features, squares, window.sums.root)


def _lag_0(ex: Explanation, sizes: NDArray[np.float64]) -> Iterator[str]:
    """Where features rank otherwise by lag 0 than over all lags, whose `sizes` are given."""
    at_once = _sizes(ex, at_lag_0(ex.swept, ex.response, ex.features, ex.scaling))
    now, ever = fewest(at_once, CARRIED), fewest(sizes, CARRIED)
    at_now, at_all = (listed([ex.features.names[j] for j in s]) for s in (now, ever))
    literal, every = ex.asked.definition == "lag0", ex.asked.steps == "valid"
    if literal:
        yield "Features are ranked by lag 0 alone, as the paper's formula has it."
    if not len(now):
        what = "No output moves with its own step" if every else "The response does not move with"
        last = "" if every else " the last step"
        yield f"{what}{last} of X: lag 0 alone ranks no feature."
    elif list(now) != list(ever):
        paper = "" if literal else " (the paper's formula)"
        yield (
            f"Lag 0 ranks features otherwise{paper}: {100 * CARRIED:g} % are carried by {at_now} "
            f"there, by {at_all} over all lags."
        )


def _every_step(ex: Explanation, window: Window) -> Iterator[str]:
    """How outputs at every step are pooled, where they look ahead, and what has no interval."""
    pairs = window.counts[window.leads :]
    yield (
        f"Outputs at every step count alike: each lag's mean is over the pairs of row and output "
        f"step that have it, {pairs[0]:,} at lag 0 and {pairs[-1]:,} at lag {len(pairs) - 1}."
    )
    if window.leads:
        share = window.share_of_leads(ex.weights_of(None))
        yield f"Outputs use later steps: {share:.1f} % of the total lies in leads, lags below 0."
    if len(ex.swept.stepwise[ex.response].second) == 1 and ex.count > 1:
        yield (
            "Single output steps have no intervals: their sums by group of rows would take more "
            "than 64 MB."
        )


def _few_blocks(ex: Explanation) -> Iterator[str]:
    """Windows may overlap, so the intervals rest on blocks of τ rows."""
    steps, blocks = ex.features.block, -(-ex.count // ex.features.block)
    if blocks == 1:
        yield (
            f"{ex.count} windows of {steps} steps may all overlap: the shares have no interval; "
            f"more than {steps} windows give one."
        )
    elif blocks < FEW_BLOCKS:
        yield (
            f"{ex.count:,} windows of {steps} steps, which may overlap, are {blocks} blocks: the "
            "intervals rest on little."
        )


def listed(names: Sequence[object], most: int = 5) -> str:
    """Names in a sentence, the first few of many."""
    shown = ", ".join(str(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def _any_entry(ex: Explanation, flags: np.ndarray) -> np.ndarray:
    """Which features have an entry so marked."""
    found = np.zeros(len(ex.features), dtype=bool)
    np.logical_or.at(found, ex.features.owners[ex.features.cells], flags)
    return found


def _saturated(ex: Explanation, rms: np.ndarray) -> bool:
    spread = ex.swept.outputs.deviation.max()
    return bool(spread > 0 and ex.scale == "std" and rms.sum() < 1e-12 * spread)
