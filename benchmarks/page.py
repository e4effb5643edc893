"""The front end: what a page loads, and how long a change takes to be seen."""

from __future__ import annotations

import gzip
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "nbexplain" / "static"
RUNS = 3
"""Of so many the one with the best median counts: what else a machine does is not the page's."""

READ = """
(text) => { window.state = JSON.parse(text, (_, value) => value?.base64 === undefined ? value
    : Uint8Array.from(atob(value.base64), (byte) => byte.charCodeAt(0))); }
"""
BARS = {
    "first": "(i, store) => store.load(state)",
    "output": "(i, store) => store.choose({ output: i % 2 })",
    "pick": "(i, store) => store.choose({ feature: (37 * i) % state.names.length })",
    "scroll": "(i, store, list) => { list.scrollTop = (311 * i) % list.scrollHeight; }",
}
PANEL = {
    "first": BARS["first"],
    "pick": "(i, store) => store.choose({ instance: (7919 * i) % state.meta.rows })",
    "brush": """(i, store) => {
      const size = 10_000 + (577 * i) % 30_000;
      store.choose({ rows: state.brushed.subarray(i % 1_000, size) });
    }""",
    "feature": "(i, store) => store.choose({ feature: i % state.names.length })",
}
# Made by the demo page: what a kernel would send for so many instances.
MAKE = """
() => {
  window.state = STATES.many();
  state.brushed = Uint32Array.from({ length: state.meta.rows }, (_, i) => i);
}
"""
# From the start of a change, in a frame, to the task after that frame was laid out and painted.
TIMES = """
async ([change, count]) => {
  const act = eval(change), times = [];
  for (let i = 0; i < count; i++)
    times.push(await new Promise((done, failed) => requestAnimationFrame(() => {
      const began = performance.now(), channel = new MessageChannel();
      channel.port1.onmessage = () => done(performance.now() - began);
      try { act(i, stores.empty, document.querySelector(".nbx-list")); } catch (e) { failed(e); }
      channel.port2.postMessage(0);
    })));
  return times;
}
"""


@dataclass(frozen=True)
class Bundle:
    """A module of the front end.

    Attributes:
        name: of its file in `nbexplain/static`.
        size: kilobytes, as a saved notebook holds it.
        gzipped: kilobytes, as a server sends it.
    """

    name: str
    size: float
    gzipped: float


@dataclass(frozen=True)
class Update:
    """One kind of change to the ranked bars of so many features, or to the whole panel.

    Attributes:
        features: that are ranked.
        instances: in the linked panel; 0 for the bars alone.
        change: "first" (data comes in); of bars "output" (another ranking), "pick" (a feature),
            "scroll"; of the panel "pick" (an instance), "brush" (10,000 to 40,000 instances, up
            to their marks in the bars), "feature" (all instances take its colours).
        median: milliseconds until the frame is painted, in the best of three runs.
        p95: the same, of the slowest twentieth of that run.
    """

    features: int
    instances: int
    change: str
    median: float
    p95: float


def bundles() -> tuple[Bundle, ...]:
    """Sizes of the built modules."""
    return tuple(_bundle(path) for path in sorted(STATIC.glob("*.js")))


def updates(features: tuple[int, ...] = (50, 500, 2_000), count: int = 200) -> tuple[Update, ...]:
    """Times of `count` changes of each kind to the bars, on the demo page in Chromium."""
    with _demo() as browser:
        return tuple(
            update
            for size in features
            for update in _timed(browser, "importance", (READ, _state(size)), BARS, count, size, 0)
        )


def panel(count: int = 60) -> tuple[Update, ...]:
    """The same of the linked panel, with as many instances as a page holds and 50 features."""
    with _demo() as browser:
        return tuple(_timed(browser, "explorer", (MAKE, None), PANEL, count, 50, 100_000))


@contextmanager
def _demo() -> Iterator[Browser]:
    """Chromium, and the demo page built."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium

    subprocess.run(["npm", "run", "--silent", "demo"], cwd=ROOT, check=True, capture_output=True)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=flags)
        yield browser
        browser.close()


def _timed(
    browser: Browser,
    kind: str,
    prepare: tuple[str, str | None],
    changes: dict[str, str],
    count: int,
    features: int,
    instances: int,
) -> Iterator[Update]:
    page = browser.new_page(viewport={"width": 900, "height": 1_000})
    page.goto(f"{(ROOT / 'out/demo-page/index.html').as_uri()}?show=empty&kind={kind}")
    page.evaluate(*prepare)
    for change, code in changes.items():
        first = change == "first"
        runs = [
            np.quantile(page.evaluate(TIMES, [code, 1 if first else count]), [0.5, 0.95])
            for _ in range(1 if first else RUNS)
        ]
        middle, slow = (round(float(time), 2) for time in min(runs, key=lambda run: run[0]))
        yield Update(features, instances, change, middle, slow)
    page.close()


def _state(features: int) -> str:
    """What the kernel sends a page for a network of two outputs."""
    import torch

    import nbexplain as nbx
    from nbexplain.notebook import wire

    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(features, 2, generator=generator)
    X = torch.randn(256, features, generator=generator)
    ex = nbx.explain(lambda x: (x @ weights).tanh(), X, progress=False)
    return wire.to_json(wire.state(ex))


def _bundle(path: Path) -> Bundle:
    data = path.read_bytes()
    gzipped = len(gzip.compress(data, compresslevel=9, mtime=0))
    return Bundle(path.name, round(len(data) / 1000, 1), round(gzipped / 1000, 1))
