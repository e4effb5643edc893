"""marimo, where it is installed: the linked panel in an app, and a live one."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.explorer import SETUP, Panel
from tests.browser.notebook import SCREENSHOTS

pytest.importorskip("marimo", reason="marimo is not installed: nothing is shown in it")

APP = """
import marimo

app = marimo.App()

@app.cell
def _():
{setup}
    ex = explained("classifier")
    return (ex,)

@app.cell
def _(ex):
    import marimo as mo

    heard, hear = mo.state("nothing yet")
    explorer = ex.explore(instance="r005")
    explorer.observe(lambda change: hear(change.new), "instance")
    mo.ui.anywidget(explorer)
    return heard, mo

@app.cell
def _(heard, mo):
    mo.md(f"Python heard of {{heard()}}")
    return

@app.cell
def _(ex):
    ex
    return

if __name__ == "__main__":
    app.run()
"""

#: Until it is told to stop, by a file.
LIVE = """
import marimo

app = marimo.App()

@app.cell
def _():
    import marimo as mo
    import torch
    import nbexplain as nbx

    torch.manual_seed(0)
    X = torch.randn(2_000, 6)
    y = 3 * X[:, :1] - X[:, 1:2] + 0.1 * X[:, 2:3]
    model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    watch = nbx.watch(model, X, y, budget=0.3)
    explorer = watch.explore()
    mo.ui.anywidget(explorer)
    return X, model, optimizer, torch, watch, y

@app.cell
def _(X, model, optimizer, torch, watch, y):
    import pathlib

    with watch:
        while not pathlib.Path("{enough}").exists():
            batch = torch.randint(0, len(X), (64,))
            optimizer.zero_grad()
            loss = torch.nn.functional.mse_loss(model(X[batch]), y[batch])
            loss.backward()
            optimizer.step()
    return

if __name__ == "__main__":
    app.run()
"""

SERVER = """
import socket, sys

import marimo, uvicorn

path, listening = sys.argv[1], socket.socket(fileno=int(sys.argv[2]))
app = marimo.create_asgi_app(quiet=True).with_app(path="", root=path).build()
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])
"""


@pytest.fixture
def serve(tmp_path):
    """`serve(source)` gives the address of an app, which runs until the test's end."""
    with ExitStack() as stack:
        yield lambda source: stack.enter_context(running(source, tmp_path))


@contextmanager
def running(source, tmp_path):
    path = tmp_path / "app.py"
    path.write_text(source)
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    # The socket listens before the server starts: whoever connects early waits until it answers.
    with socket.create_server(("127.0.0.1", 0)) as listening, (tmp_path / "log").open("wb") as log:
        number = listening.fileno()
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        process = subprocess.Popen(
            [sys.executable, "-c", SERVER, str(path), str(number)],
            stdout=log,
            stderr=log,
            env=environment,
            cwd=tmp_path,
            pass_fds=[number],
            start_new_session=True,
        )
    yield address
    assert process.poll() is None, (tmp_path / "log").read_text()
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(15)


def test_the_linked_panel_works_in_marimo(browser, serve):
    """As `mo.ui.anywidget(ex.explore())`, and as what a cell ends with."""
    app = serve(APP.format(setup=textwrap.indent(SETUP.strip(), "    ")))
    page = browser.new_page(viewport={"width": 1100, "height": 1400})
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(app)
    page.locator("[data-nbx-panel][data-nbx-state=ready]").nth(1).wait_for()
    one, two = (Panel(page.locator("[data-nbx-panel]").nth(index)).drawn() for index in (0, 1))
    one.local.of("r005").wait_for()
    one.picker.click(0.5, 0.6)
    one.local.of("r005").wait_for(state="detached")
    label = one.local.label
    # Both are views of one explanation, and Python hears of it.
    two.local.of(label).wait_for()
    page.get_by_text(f"Python heard of {label}").wait_for()
    two.picker.find("r123")
    one.local.of("r123").wait_for()
    count = one.picker.drag((0.12, 0.25), (0.6, 0.78))
    assert f"λ over {count} brushed rows" in two.bars.legend
    two.bars.row("c").click()
    assert one.picker.colour == "attribution of c"
    page.get_by_text("Python heard of r123").wait_for()
    page.screenshot(path=SCREENSHOTS / "marimo.png")
    page.close()
    assert said == []


def test_a_live_panel_works_in_marimo(browser, serve, tmp_path):
    """Bars move during the cell that trains, and stand as the history does after it."""
    enough = tmp_path / "enough"
    page = browser.new_page(viewport={"width": 1100, "height": 1400})
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(serve(LIVE.format(enough=enough)))
    page.locator("[data-nbx-panel][data-nbx-state=live]").wait_for()
    panel = Panel(page.locator("[data-nbx-panel]")).drawn()
    live = page.locator(".nbx-live")
    seen = set()
    for _ in range(6):
        before = live.text_content()
        expect(live).not_to_have_text(before)
        bars = panel.view("importance").locator(".nbx-row .nbx-bar")
        seen.add(tuple(bars.evaluate_all("all => all.map((bar) => bar.style.width)")))
    assert len(seen) >= 3
    page.screenshot(path=SCREENSHOTS / "marimo-live.png")
    enough.touch()
    live.wait_for(state="detached")
    assert panel.bars.names[:2] == ["x0", "x1"]
    page.close()
    assert said == []
