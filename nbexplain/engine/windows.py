"""Sums with the steps they are of: what tables of all output steps, or of one, are made from."""

from dataclasses import dataclass

import numpy as np

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.axes import Float64, Int64
from nbexplain.engine.contributions import by_cells, cells_of, features_of, singly
from nbexplain.engine.importances import mean_squares
from nbexplain.engine.lags import by_lag
from nbexplain.engine.swept import Swept
from nbexplain.features import Features


@dataclass(frozen=True, eq=False)
class Window:
    """Sums of derivatives, their entries row-major over (steps, columns).

    Attributes:
        sums: of the derivatives.
        features: how entries form features.
        scale: factor of each entry's derivative.
        leads: how many of the steps come after that of the output, which is lag 0.
    """

    sums: Sums
    features: Features
    scale: Float64[np.ndarray, " entries"]
    leads: int = 0

    @property
    def lags(self) -> range:
        """The lags, ascending; negative ones are leads.

        >>> from nbexplain.features import features
        >>> import torch
        >>> sums = Sums.of(torch.ones(1, 1, 3, 1), start=0)
        >>> Window(sums, features((3, 1)), np.ones(3), leads=1).lags
        range(-1, 2)
        """
        return range(-self.leads, self.features.steps - self.leads)

    @property
    def counts(self) -> Int64[np.ndarray, " lags"]:
        """How many rows, or pairs of row and output step, have each lag."""
        seen = np.broadcast_to(self.sums.seen.sum(0), len(self.scale))
        return seen.reshape(self.features.steps, -1)[::-1, 0]

    def share_of_leads(self, weights: Float64[np.ndarray, " outputs"]) -> float:
        """Percent of the total that lies at leads."""
        size = np.sqrt(by_lag(self.features, mean_squares(self.sums, self.scale, weights))).sum(-1)
        return float(100 * size[: self.leads].sum() / size.sum())


def window(
    swept: Swept,
    response: str,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    step: int | None = None,
) -> Window:
    """The sums of all output steps by lag, or of one; with leads where any output uses them.

    Args:
        swept: what the pass left.
        response: whose sums.
        features: of the input.
        scale: factor of each of its entries.
        step: the output step; None for all together, or for models with one output.
    """
    stepwise = swept.stepwise.get(response)
    if swept.sums[response].squares is not None:
        cells = by_cells(features)
        return Window(cells_of(swept.sums[response], features), cells, np.ones(len(cells.cells)))
    if stepwise is None:
        return Window(swept.sums[response], features, scale)
    steps, width = features.steps, len(features.columns)
    if step is None:
        if not stepwise.ahead:
            return Window(swept.sums[response], features, scale)
        both = swept.sums[response].beside(stepwise.leads)
        longer = features.over(2 * steps - 1)
        return Window(both, longer, np.tile(scale[:width], 2 * steps - 1), steps - 1)
    leads = steps - 1 - step if stepwise.ahead else 0
    there = step + 1 + leads
    sums = stepwise.at(step).part(slice(there * width))
    return Window(sums, features.over(there), scale[: there * width], leads)


def pooled(swept: Swept, response: str, features: Features) -> Window:
    """The sums of contributions by feature, lags and places added up with their signs.

    Args:
        swept: what the pass left.
        response: whose sums.
        features: of the input.
    """
    each = singly(features)
    return Window(features_of(swept.sums[response], features), each, np.ones(len(each)))


def at_lag_0(
    swept: Swept,
    response: str,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    step: int | None = None,
) -> Window:
    r"""The sums at lag 0: of all output steps, entries `(output step, column)`, or of one.

    Over all output steps, a feature's size is $\sum_s \sqrt{\frac1N \sum_n J_{nssj}^2}$ (Horel
    et al., many to many). The arguments are those of `window`.
    """
    width, stepwise = len(features.columns), swept.stepwise.get(response)
    if stepwise is None:
        sums = swept.sums[response].part(slice(-width, None))
        return Window(sums, features.last_step, scale[-width:])
    if step is None:
        return Window(stepwise.instant, features, scale)
    sums = stepwise.instant.part(slice(step * width, (step + 1) * width))
    return Window(sums, features.last_step, scale[:width])


def time_sizes(
    swept: Swept,
    response: str,
    features: Features,
    scale: Float64[np.ndarray, " entries"],
    weights: Float64[np.ndarray, " outputs"],
) -> Float64[np.ndarray, "steps steps"]:
    r"""The root mean square derivative of each output step by each input step, features added up.

    $T_{su} = \sum_j \sqrt{\frac{1}{N_{su}} \sum_n (s_j\, \partial y_{ns} / \partial x_{nuj})^2}$
    over the rows n that have both steps. The arguments are those of `window`, and the weights of
    the outputs.
    """
    stepwise = swept.stepwise[response]
    found: list[Float64[np.ndarray, " steps"]] = []
    for step in range(features.steps):
        squares = mean_squares(stepwise.at(step), scale, weights)
        found.append(np.sqrt(by_lag(features, squares))[::-1].sum(-1))
    return np.stack(found)
