"""What a watch costs the training it watches, and whether it stays at that.

Trainings with and without a watch take turns in one process, and the ratio is taken within each
pair, as for the floor; it is one of processor time, on one thread, and the watch's own clock is
that of the processor too: neither what it costs nor how often it explains is then a matter of what
else runs on the machine. `python -m benchmarks.live 600` trains for ten minutes under a watch and
tells what has grown.
"""

import copy
import gc
import os
import sys
from dataclasses import dataclass
from time import perf_counter, process_time
from unittest.mock import patch

import numpy as np
import psutil
import torch
from torch import nn

from benchmarks.networks import Network
from benchmarks.speed import settled, threads

BATCH = 256
"""Rows of an optimizer's step."""


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


@dataclass(frozen=True)
class Constancy:
    """What there was more of at the end of a long watch than at half of it.

    Attributes:
        seconds: of training.
        updates: explanations in the second half.
        memory: megabytes more that the process held.
        objects: more that Python tracked.
        moments: in the history at the end.
        listeners: that the watch tells of updates, at the end.
    """

    seconds: float
    updates: int
    memory: float
    objects: int
    moments: int
    listeners: int


class Training:
    """A fresh copy of a network, and its optimizer."""

    def __init__(self, network: Network) -> None:
        self.model = copy.deepcopy(network.model).train().requires_grad_(requires_grad=True)
        self._X, self._y = network.X, network.y
        self._optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self._generator = torch.Generator().manual_seed(0)

    def step(self) -> None:
        """One step on a batch of chance."""
        batch = torch.randint(0, len(self._X), (BATCH,), generator=self._generator)
        self._optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(self._X[batch]), self._y[batch])
        loss.backward()
        self._optimizer.step()


def slowdown(
    network: Network, seconds: float = 3.0, pairs: int = 11, budget: float = 0.05
) -> Slowdown:
    """The loop alone is timed: the first and the last explanation, of all rows, are not in it."""
    load = os.getloadavg()[0]
    with threads(1):
        steps = _steps(network, seconds)
    plain, watched, rates, rows = [], [], [], []
    with threads(1), settled():
        for pair in range(pairs):
            for watch in (False, True) if pair % 2 == 0 else (True, False):
                gc.collect()
                if watch:
                    took, rate, explained = _watched(network, steps, budget)
                    watched.append(took)
                    rates.append(rate)
                    rows.append(explained)
                else:
                    plain.append(_plain(network, steps))
    low, ratio, high = np.quantile(np.array(watched) / np.array(plain), [0.25, 0.5, 0.75])
    return Slowdown(
        network.name,
        budget,
        pairs,
        round(float(np.median(plain)), 3),
        *(round(float(x), 4) for x in (ratio, low, high)),
        round(float(np.median(rates)), 2),
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
    return max(1, round(count * seconds / min(1.0, seconds)))


def _plain(network: Network, steps: int) -> float:
    training = Training(network)
    began = process_time()
    for _ in range(steps):
        training.step()
    return process_time() - began


def _watched(network: Network, steps: int, budget: float) -> tuple[float, float, int]:
    """Seconds, updates a second, and rows of the last one."""
    import nbexplain as nbx

    training = Training(network)
    told: list[int] = []
    with patch("nbexplain.live.watching.perf_counter", process_time):
        watch = nbx.watch(
            training.model, network.X, network.y.numpy(), budget=budget, progress=False
        ).start()
        watch.observe(lambda watch: told.append(watch.explanation.count))
        began = process_time()
        for _ in range(steps):
            training.step()
        took = process_time() - began
        watch.leave()
    return took, (len(told) - 1) / took, told[-1]  # the last one is told of the end


def constancy(network: Network, seconds: float, budget: float = 0.5) -> Constancy:
    """A watch with a panel, for so long."""
    import nbexplain as nbx

    training = Training(network)
    watch = nbx.watch(training.model, network.X, network.y.numpy(), budget=budget, progress=False)
    view = watch.explore()
    updates = [0]
    with watch:
        leave = watch.observe(lambda _: updates.append(updates.pop() + 1))
        before = (0.0, 0, 0)
        for half in range(2):
            end = perf_counter() + seconds / 2
            while perf_counter() < end:
                training.step()
            if half == 0:
                before = (*_held(), updates[0])
        memory, objects = _held()
        leave()
        found = Constancy(
            seconds,
            updates[0] - before[2],
            round(memory - before[0], 1),
            objects - before[1],
            len(watch.history),
            len(watch._listeners),
        )
    view.close()
    return found


def _held() -> tuple[float, int]:
    """Megabytes of the process, and objects that Python tracks."""
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6, len(gc.get_objects())


if __name__ == "__main__":
    from benchmarks.networks import paper

    print(constancy(paper(), float(sys.argv[1])))
