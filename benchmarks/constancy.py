"""Whether a long live run stays as it is: a network trains in JupyterLab, its panel open.

`python -m benchmarks.constancy 600` trains for ten minutes and puts what has grown into
benchmarks/results.json and README.md; `make bench` keeps what was found then.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.browser.notebook import Notebook

SETUP = """
import gc
from time import perf_counter

import psutil
import torch
from ipywidgets.widgets.widget import _instances

import nbexplain as nbx

torch.manual_seed(0)
X = torch.randn(2_000, 23)
y = 3 * X[:, :1] - X[:, 1:2] * X[:, 2:3]
model = torch.nn.Sequential(torch.nn.Linear(23, 64), torch.nn.Tanh(), torch.nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
watch = nbx.watch(model, X, y, budget=0.5).start()
updates = [0]

def counted(watch):
    updates[0] += 1

watch.observe(counted)

def train(seconds):
    end = perf_counter() + seconds
    while perf_counter() < end:
        batch = torch.randint(0, len(X), (64,))
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(X[batch]), y[batch])
        loss.backward()
        optimizer.step()

def held():
    gc.collect()
    comms = len(get_ipython().kernel.comm_manager.comms)
    memory = psutil.Process().memory_info().rss / 1e6
    counts = {"comms": comms, "widgets": len(_instances), "objects": len(gc.get_objects())}
    return {**counts, "memory": memory, "told": len(watch._listeners), "updates": updates[0]}

watch.explore()
"""


@dataclass(frozen=True)
class Constancy:
    """What there was more of at the end of a live run than at half of it.

    Attributes:
        seconds: of training.
        updates: explanations in the second half.
        memory: megabytes more that the kernel held.
        objects: more that Python tracked.
        comms: more, of the kernel.
        widgets: more, of the kernel.
        told: more that the watch tells of its updates.
        heap: megabytes more that the page's scripts held, after all garbage was collected.
        nodes: more in the page's document.
        listeners: more, of the page's events.
    """

    seconds: float
    updates: int
    memory: float
    objects: int
    comms: int
    widgets: int
    told: int
    heap: float
    nodes: int
    listeners: int


def constancy(notebook: Notebook, seconds: float) -> Constancy:
    """Two cells in a fresh page that train for half of the time each."""
    notebook.open([SETUP])
    notebook.run()
    notebook.page.locator("[data-nbx-panel][data-nbx-state=live]").wait_for()
    found = []
    for _ in range(2):
        notebook.execute(f"train({seconds / 2})")
        found.append(_held(notebook))
    half, end = found
    more = {name: round(end[name] - half[name], 1) for name in half}
    return Constancy(seconds, **more)


def _held(notebook: Notebook) -> dict[str, float]:
    """What is alive in the kernel and in the page."""
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("HeapProfiler.enable")
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    counters = session.send("Memory.getDOMCounters")
    heap = session.send("Runtime.getHeapUsage")["usedSize"] / 1e6
    session.detach()
    page = {"nodes": counters["nodes"], "listeners": counters["jsEventListeners"], "heap": heap}
    return {**notebook.evaluate("held()"), **page}


def main(seconds: float) -> None:
    """Measure, and put it beside what else was."""
    from dataclasses import replace

    from playwright.sync_api import sync_playwright

    from benchmarks import report, results
    from tests.browser import chromium
    from tests.browser.notebook import Notebook
    from tests.browser.server import Server

    with TemporaryDirectory() as folder, Server(Path(folder)) as server, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.find(), args=["--no-sandbox"])
        notebook = Notebook(browser.new_page(viewport={"width": 1280, "height": 900}), server)
        found = constancy(notebook, seconds)
        notebook.shut_down()
        browser.close()
    print(found)
    every = replace(results.read(), constancy=found)
    results.write(every)
    report.rewrite(every)


if __name__ == "__main__":
    main(float(sys.argv[1]))
