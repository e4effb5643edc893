"""The front end: what a page loads, and how long a change takes to be seen."""

import gzip
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "nbexplain" / "static"

READ = """
(text) => { window.state = JSON.parse(text, (_, value) => value?.base64 === undefined ? value
    : Uint8Array.from(atob(value.base64), (byte) => byte.charCodeAt(0))); }
"""
CHANGES = {
    "first": "(i, store) => store.load(state)",
    "output": "(i, store) => store.choose({ output: i % 2 })",
    "pick": "(i, store) => store.choose({ feature: (37 * i) % state.names.length })",
    "scroll": "(i, store, list) => { list.scrollTop = (311 * i) % list.scrollHeight; }",
}
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
    """One kind of change to the ranked bars of so many features.

    Attributes:
        features: that are ranked.
        change: "first" (data comes in), "output" (another ranking), "pick" (a feature), "scroll".
        median: milliseconds until the frame is painted.
        p95: the same, of the slowest twentieth.
    """

    features: int
    change: str
    median: float
    p95: float


def bundles() -> tuple[Bundle, ...]:
    """Sizes of the built modules."""
    return tuple(_bundle(path) for path in sorted(STATIC.glob("*.js")))


def updates(features: tuple[int, ...] = (50, 500, 2_000), count: int = 200) -> tuple[Update, ...]:
    """Times of `count` changes of each kind, on the demo page in Chromium."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium

    subprocess.run(["npm", "run", "--silent", "demo"], cwd=ROOT, check=True, capture_output=True)
    found: list[Update] = []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=flags)
        for size in features:
            page = browser.new_page(viewport={"width": 900, "height": 700})
            page.goto(f"{(ROOT / 'out/demo-page/index.html').as_uri()}?show=empty")
            page.evaluate(READ, _state(size))
            for change, code in CHANGES.items():
                times = page.evaluate(TIMES, [code, 1 if change == "first" else count])
                found.append(_update(size, change, times))
            page.close()
        browser.close()
    return tuple(found)


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


def _update(features: int, change: str, times: list[float]) -> Update:
    middle, slow = np.quantile(times, [0.5, 0.95])
    return Update(features, change, round(float(middle), 2), round(float(slow), 2))


def _bundle(path: Path) -> Bundle:
    data = path.read_bytes()
    gzipped = len(gzip.compress(data, compresslevel=9, mtime=0))
    return Bundle(path.name, round(len(data) / 1000, 1), round(gzipped / 1000, 1))
