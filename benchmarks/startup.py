"""What is waited for before the first number: the import, and the first table in a kernel."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[1]

IMPORTS = """
from time import perf_counter
began = perf_counter()
import torch
torched = perf_counter()
import nbexplain
print(torched - began, perf_counter() - torched)
"""
WARM = """
%load_ext nbexplain
import torch
import pandas as pd
X = pd.DataFrame(torch.randn({rows}, 23).numpy())
y = torch.randint(2, ({rows},)).numpy()
model = torch.nn.Sequential(torch.nn.Linear(23, 64), torch.nn.Tanh(), torch.nn.Linear(64, 2))
torch.nn.functional.cross_entropy(
    model(torch.tensor(X.to_numpy()[:64])), torch.tensor(y[:64])).backward()
"""


@dataclass(frozen=True)
class Importing:
    """Import times.

    Attributes:
        processes: fresh ones, each of which imports torch and then nbexplain.
        torch: median seconds of `import torch`.
        beyond: median seconds that `import nbexplain` takes after that.
        low: lower quartile of the latter.
        high: upper quartile.
    """

    processes: int
    torch: float
    beyond: float
    low: float
    high: float


@dataclass(frozen=True)
class FirstTable:
    """From `%explain model X y` to the table, in a kernel where torch and pandas are loaded.

    Attributes:
        rows: of X, 23 columns each.
        kernels: fresh ones.
        first: median seconds of the first call in a kernel, which loads the widgets.
        later: median seconds of the calls after it.
    """

    rows: int
    kernels: int
    first: float
    later: float


def importing(processes: int = 15) -> Importing:
    """Both times from the same process: their difference over processes would be mostly noise."""
    times = [_import_times() for _ in range(processes + 1)][1:]  # the first fills the file cache
    beyond = sorted(time for _, time in times)
    low, high = (round(beyond[int(q * (len(beyond) - 1))], 4) for q in (0.25, 0.75))
    torch = round(median(time for time, _ in times), 4)
    return Importing(processes, torch, round(median(beyond), 4), low, high)


def first_table(rows: int = 25_000, kernels: int = 3, calls: int = 5) -> FirstTable:
    """Counted from sending the cell to receiving the output that holds the table."""
    times = [_table_times(rows, calls) for _ in range(kernels)]
    first = median(each[0] for each in times)
    later = median(time for each in times for time in each[1:])
    return FirstTable(rows, kernels, round(first, 4), round(later, 4))


def _import_times() -> tuple[float, float]:
    command = [sys.executable, "-c", IMPORTS]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    torch, beyond = map(float, done.stdout.split())
    return torch, beyond


def _table_times(rows: int, calls: int) -> list[float]:
    """Seconds of so many calls, one after another, in a fresh kernel."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(ROOT), stderr=subprocess.DEVNULL)
    try:
        reply = client.execute_interactive(WARM.format(rows=rows), timeout=300)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))
        return [_seconds_to_table(client) for _ in range(calls)]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _seconds_to_table(client) -> float:
    shown: list[float] = []

    def look(message) -> None:
        data = message["content"].get("data", {})
        if not shown and "importance" in data.get("text/plain", ""):
            shown.append(perf_counter())

    began = perf_counter()
    reply = client.execute_interactive("%explain model X y", output_hook=look, timeout=300)
    if not shown:
        raise RuntimeError(f"%explain showed no table: {reply['content']}")
    return shown[0] - began
