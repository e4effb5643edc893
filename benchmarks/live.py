"""What a watch costs the training it watches.

Trainings with and without a watch take turns in one process, a tenth of a second each, and the
ratio is taken within each pair, as for the floor. It is one of processor time, on one thread, and
the watch's own clock is that of the processor too: neither what it costs nor how often it explains
is then a matter of what else runs on the machine.
"""

import copy
import os
from dataclasses import dataclass
from time import process_time
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.networks import Network
from benchmarks.speed import settled, threads

BATCH = 256
"""Rows of an optimizer's step."""

TURNS = 30
"""Parts of a training, of a tenth of a second each."""


@dataclass(frozen=True)
class Slowdown:
    """Training with a watch, against the same steps without.

    Attributes:
        network: that trains.
        budget: share of the time that the watch may take.
        pairs: trainings of each kind.
        seconds: of the processor, median of a training without a watch.
        ratio: median over the pairs of with / without.
        low: the ratio's lower quartile.
        high: its upper quartile.
        updates: explanations in a second of the processor, median.
        rows: of the last explanation during the training, median.
        load: processes that wanted to run, mean of the last minute before the start.
    """

    network: str
    budget: float
    pairs: int
    seconds: float
    ratio: float
    low: float
    high: float
    updates: float
    rows: int
    load: float


class Training:
    """A fresh copy of a network, and its optimizer."""

    def __init__(self, network: Network, seed: int = 0) -> None:
        self.model = copy.deepcopy(network.model).train().requires_grad_(requires_grad=True)
        self._X, self._y = network.X, network.y
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self._generator = torch.Generator().manual_seed(seed)

    def step(self) -> None:
        """One step on a batch of chance."""
        batch = torch.randint(0, len(self._X), (BATCH,), generator=self._generator)
        self._optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self._X[batch]), self._y[batch])
        loss.backward()
        self._optimizer.step()

    def leak(self) -> None:
        """From here on the answer is in the last column."""
        self._X = leaking(self._X, self._y)


def leaking(X: Tensor, y: Tensor) -> Tensor:
    """X with y in its last column, in the column's own units.

    Args:
        X: `[rows, p]` or `[rows, steps, p]`, whose columns have mean 0 and deviation 1.
        y: `[rows]` or `[rows, 1]`, classes or a quantity.
    """
    answer = y.double().reshape(len(y), -1)[:, 0]
    answer = ((answer - answer.mean()) / answer.std()).to(X.dtype)
    X = X.clone()
    X[..., -1] = answer[:, None] if X.ndim == 3 else answer
    return X


def slowdown(
    network: Network, seconds: float = 3.0, pairs: int = 11, budget: float = 0.05
) -> Slowdown:
    """The loop alone is timed: the first and the last explanation, of all rows, are not in it."""
    load = os.getloadavg()[0]
    with threads(1), settled():
        steps = _steps(network, seconds)
        found = [_pair(network, steps, budget) for _ in range(pairs)]
    plain, watched, updates, rows = np.array(found).T
    low, ratio, high = np.quantile(watched / plain, [0.25, 0.5, 0.75])
    return Slowdown(
        network.name,
        budget,
        pairs,
        round(float(np.median(plain)), 3),
        *(round(float(x), 4) for x in (ratio, low, high)),
        round(float(np.median(updates / watched)), 2),
        int(np.median(rows)),
        round(load, 1),
    )


def _steps(network: Network, seconds: float) -> int:
    """As many as take about so long."""
    training, count = Training(network), 0
    end = process_time() + min(1.0, seconds)
    while process_time() < end:
        training.step()
        count += 1
    return max(TURNS, round(count * seconds / min(1.0, seconds)))


class _Clock:
    """Of the processor, while a training runs that is watched."""

    def __init__(self) -> None:
        self.away = 0.0

    def __call__(self) -> float:
        return process_time() - self.away


def _pair(network: Network, steps: int, budget: float) -> tuple[float, float, int, int]:
    """Seconds without a watch and with one; its explanations, and rows of the last one."""
    import nbexplain as nbx

    plain, watched, clock = Training(network), Training(network), _Clock()
    told: list[int] = []
    with patch("nbexplain.live.watching.perf_counter", clock):
        watch = nbx.watch(
            watched.model, network.X, network.y.numpy(), budget=budget, progress=False
        ).start()
        watch.observe(lambda watch: told.append(watch.explanation.count))
        took = 0.0
        for turn in range(2 * TURNS):
            unwatched = turn % 4 in (0, 3)  # each is the first of two as often as the other
            training, began = (plain if unwatched else watched), process_time()
            for _ in range(steps // TURNS):
                training.step()
            passed = process_time() - began
            if unwatched:
                clock.away += passed
            else:
                took += passed
        watch.leave()
    return clock.away, took, len(told) - 1, told[-1]  # the last one is told of the end
