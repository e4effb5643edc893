"""Peak memory of explaining a stream, each in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
COLUMNS = 23
BATCH = 4_096


@dataclass(frozen=True)
class Memory:
    """One stream of rows.

    Attributes:
        rows: that were streamed.
        keep: rows whose derivatives stay; None for as many as fit 64 MB.
        before: megabytes resident once torch and nbexplain are imported.
        peak: most megabytes resident.
        seconds: the pass took, the making of the rows included.
    """

    rows: int
    keep: int | None
    before: float
    peak: float
    seconds: float


def memory(rows: int, keep: int | None) -> Memory:
    """Explain `rows` × 23 made-up numbers from a generator of batches, in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.memory", str(rows), str(keep)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    before, peak, seconds = map(float, done.stdout.split())
    return Memory(rows, keep, before, peak, seconds)


def resident() -> float:
    """Most megabytes this process has had in memory.

    Linux' own word: `ru_maxrss` counts what the parent had when it made the process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024, 1)
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20, 1)


def _stream(rows: int) -> Iterator[object]:
    import torch

    generator = torch.Generator().manual_seed(0)
    for start in range(0, rows, BATCH):
        yield torch.randn(min(BATCH, rows - start), COLUMNS, generator=generator)


def _main(rows: int, keep: int | None) -> None:
    from time import perf_counter

    from torch import nn

    import nbexplain as nbx

    model = nn.Sequential(nn.Linear(COLUMNS, 64), nn.Tanh(), nn.Linear(64, 2))
    before, began = resident(), perf_counter()
    ex = nbx.explain(model, _stream(rows), keep=keep, progress=False)
    ex.importance()
    print(before, resident(), round(perf_counter() - began, 3))


if __name__ == "__main__":
    _main(int(sys.argv[1]), None if sys.argv[2] == "None" else int(sys.argv[2]))
