"""The machine and the versions that numbers come from."""

import os
import platform
import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("torch", "numpy", "pandas", "captum", "neuralsens", "lime")


@dataclass(frozen=True)
class Machine:
    """What a benchmark ran on.

    Attributes:
        processor: its model.
        cores: logical ones that this process may use.
        threads: that torch uses for one operation.
        memory: gigabytes.
        system: name and release.
        python: version.
        versions: of packages, by name.
        load: processes that wanted to run, mean of the last minute before the start.
    """

    processor: str
    cores: int
    threads: int
    memory: float
    system: str
    python: str
    versions: dict[str, str]
    load: float


def machine() -> Machine:
    import torch

    import nbexplain

    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        threads=torch.get_num_threads(),
        memory=round(pages / 1e9, 1),
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        python=platform.python_version(),
        versions={"nbexplain": nbexplain.__version__, **_versions()},
        load=round(os.getloadavg()[0], 1),
    )


def _processor() -> str:
    """The kernel's word for it; `platform` knows only the architecture on Linux."""
    information = Path("/proc/cpuinfo")
    if information.exists():
        found = re.search(r"^model name\s*: (.+)$", information.read_text(), re.MULTILINE)
        if found:
            return found[1]
    return platform.processor() or platform.machine()


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return found
