"""All that was measured, as one record and as the file it is kept in."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.constancy import Constancy
from benchmarks.contributions import Contest, Contrastive, Zoo
from benchmarks.live import Slowdown
from benchmarks.machine import Machine
from benchmarks.marks import Marking, Planted
from benchmarks.memory import Memory
from benchmarks.page import Bundle, Update
from benchmarks.speed import Timing
from benchmarks.startup import FirstTable, Importing

FILE = Path(__file__).with_name("results.json")


@dataclass(frozen=True)
class Results:
    """One run of `python -m benchmarks`, and the latest one of `benchmarks.constancy`."""

    machine: Machine
    speed: tuple[Timing, ...]
    contests: tuple[Contest, ...]
    contrasts: tuple[Contrastive, ...]
    zoo: tuple[Zoo, ...]
    memory: tuple[Memory, ...]
    importing: Importing
    first_table: FirstTable
    bundles: tuple[Bundle, ...]
    updates: tuple[Update, ...]
    live: tuple[Slowdown, ...]
    marking: tuple[Marking, ...]
    planted: tuple[Planted, ...]
    constancy: Constancy


def write(results: Results, path: Path = FILE) -> None:
    text = json.dumps(asdict(results), indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def read(path: Path = FILE) -> Results:
    """The record that a file holds; `read` of what `write` wrote is equal to it."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return Results(
        machine=Machine(**found["machine"]),
        speed=tuple(Timing(**each) for each in found["speed"]),
        contests=tuple(Contest(**each) for each in found["contests"]),
        contrasts=tuple(Contrastive(**each) for each in found["contrasts"]),
        zoo=tuple(Zoo(**each) for each in found["zoo"]),
        memory=tuple(Memory(**each) for each in found["memory"]),
        importing=Importing(**found["importing"]),
        first_table=FirstTable(**found["first_table"]),
        bundles=tuple(Bundle(**each) for each in found["bundles"]),
        updates=tuple(Update(**each) for each in found["updates"]),
        live=tuple(Slowdown(**each) for each in found["live"]),
        marking=tuple(Marking(**each) for each in found["marking"]),
        planted=tuple(Planted(**each) for each in found["planted"]),
        constancy=Constancy(**found["constancy"]),
    )
