"""What it costs after each cell to look whether the model or the data have changed.

`python -m benchmarks.editing` prints the median of looks at a model of 10 million parameters and
at a small one, nothing changed, which is the longest look there is.
"""

import sys
from dataclasses import dataclass
from time import perf_counter, process_time

import numpy as np
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.live.fingerprint import contents, fingerprint

WIDTH = 50


@dataclass(frozen=True)
class Look:
    """One look at a model and its data.

    Attributes:
        parameters: of the model.
        rows: of X.
        milliseconds: of the processor, median; what the cell waits where nothing else runs.
        waited: milliseconds by the clock, lower quartile.
        sampled: whether only a part of the model was read.
    """

    parameters: int
    rows: int
    milliseconds: float
    waited: float
    sampled: bool


def network(hidden: int) -> nn.Module:
    layers = (nn.Linear(WIDTH, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
    return nn.Sequential(*layers, nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, 1))


def look(hidden: int, rows: int = 25_000, times: int = 40) -> Look:
    model, X = network(hidden), torch.randn(rows, WIDTH)
    ex = nbx.explain(model, X[:500], progress=False)
    before = fingerprint(model, ex)
    worked, waited = [], []
    for _ in range(times):
        began, clock = process_time(), perf_counter()
        found = fingerprint(model, ex, before)
        contents(X)
        worked.append(1000 * (process_time() - began))
        waited.append(1000 * (perf_counter() - clock))
    return Look(
        sum(p.numel() for p in model.parameters()),
        rows,
        round(float(np.median(worked)), 2),
        round(float(np.quantile(waited, 0.25)), 2),
        found.sampled,
    )


def main() -> None:
    torch.set_num_threads(1)
    for hidden in (64, 700, 2_210):
        print(look(hidden))


if __name__ == "__main__":
    sys.exit(main())
