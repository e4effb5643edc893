"""A model that trains in a running cell: bars move, picks are answered, and the end is exact.

Then the scrubber brings back early states, as the watch has them.
"""

import threading

import pytest
from playwright.sync_api import expect

from tests.browser.explorer import Panel
from tests.browser.notebook import PATIENCE
from tests.browser.test_access import VIOLATIONS
from tests.browser.test_demo_page import AXE

SETUP = """
import time
import torch
import nbexplain as nbx

torch.manual_seed(0)
X = torch.randn(2_000, 6)
y = 3 * X[:, :1] - X[:, 1:2] + 0.1 * X[:, 2:3]
model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
watch = nbx.watch(model, X, y, budget=0.3)
explorer = watch.explore()
explorer
"""
#: Until it is told to stop: by a file, since no message gets to a busy main thread.
TRAINING = """
import pathlib
with watch:
    while not pathlib.Path("enough").exists():
        batch = torch.randint(0, len(X), (64,))
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(X[batch]), y[batch])
        loss.backward()
        optimizer.step()
"""


def widths(panel):
    bars = panel.view("importance").locator(".nbx-row .nbx-bar")
    return bars.evaluate_all("all => all.map((bar) => bar.style.width)")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_bars_move_during_the_training_cell_and_rows_are_answered(open_page, request, app):
    notebook = open_page(app)
    enough = notebook.server.root / "enough"
    enough.unlink(missing_ok=True)
    notebook.open([SETUP, TRAINING])
    notebook.run(wait=False)
    panel = Panel(notebook.cell(0)).drawn()
    live = notebook.cell(0).locator(".nbx-live")
    seen = set()
    for _ in range(8):
        before = live.text_content() if live.count() else ""
        notebook.page.wait_for_function(
            "(before) => { const at = document.querySelector('.nbx-live');"
            " return at && at.textContent !== before; }",
            arg=before,
        )
        seen.add(tuple(widths(panel)))
    assert len(seen) >= 4
    assert "Live · step" in live.text_content()
    panel.picker.click(0.5, 0.5)
    assert panel.local.label
    notebook.screenshot(f"live-{app}")
    pause = notebook.cell(0).locator(".nbx-pause")
    pause.click()
    expect(live).to_contain_text("Paused · step", timeout=PATIENCE)
    # Whatever was on its way has come: the next answer is of after it.
    panel.picker.click(0.3, 0.5)
    stood, bars = live.text_content(), widths(panel)
    other = panel.local.label
    panel.picker.click(0.7, 0.5)
    expect(panel.local.view).not_to_contain_text(other, timeout=PATIENCE)
    assert (live.text_content(), widths(panel)) == (stood, bars)
    pause.click()
    expect(live).to_contain_text("Live · step", timeout=PATIENCE)
    expect(live).not_to_have_text(stood.replace("Paused", "Live"), timeout=PATIENCE)
    enough.touch()
    live.wait_for(state="detached")
    assert notebook.errors() == []
    if app == "lab":
        assert notebook.console == []
    notebook.wait_for("watch.state == 'finished'")
    shares = notebook.evaluate("[float(s) for s in watch.explanation.importances().share]")
    order = sorted(range(6), key=lambda feature: -shares[feature])
    assert panel.bars.names == [f"x{feature}" for feature in order]
    assert order[:2] == [0, 1]

    history = panel.view("history")
    slider = history.get_by_role("slider")
    last = notebook.evaluate("watch.step")
    assert slider.get_attribute("aria-valuetext") == f"step {last:,} of {last:,}"
    latest = panel.bars.names
    slider.press("Home")
    history.locator("[data-latest]").wait_for()
    notebook.wait_for("explorer.moment == 0")
    early = notebook.evaluate("[float(s) for s in watch.history.loc[0]]")
    ranked = [f"x{feature}" for feature in sorted(range(6), key=lambda f: -early[f])]
    assert panel.bars.names == ranked != latest
    shown = panel.bars.row().first.get_attribute("aria-label")
    assert shown.startswith(f"1 {ranked[0]}, {max(early):.1f} percent, row sampling")
    assert "at step 0" in notebook.cell(0).locator(".nbx-question").text_content()
    notebook.screenshot("scrubbed")
    notebook.page.add_script_tag(path=request.config.rootpath / AXE)
    assert notebook.page.evaluate(VIOLATIONS) == []
    history.locator("[data-latest]").click()
    notebook.wait_for("explorer.moment is None")
    assert panel.bars.names == latest
    notebook.evaluate("setattr(explorer, 'moment', 0)")
    history.locator("[data-latest]").wait_for()
    assert panel.bars.names == ranked
    notebook.execute("explorer.save_html('page.html')")
    page = notebook.page.context.new_page()
    page.goto((notebook.server.root / "page.html").as_uri())
    saved = Panel(page.locator("section")).drawn()
    assert saved.bars.names == ranked
    saved.view("history").get_by_role("slider").press("End")
    saved.view("history").locator("[data-latest]").wait_for(state="detached")
    assert saved.bars.names == latest
    page.close()


#: As `TRAINING`, and tells how far it is.
TELLING = TRAINING.replace(
    "        optimizer.step()\n",
    "        optimizer.step()\n"
    "        if not watch.step % 500: pathlib.Path('told').write_text(str(watch.step))\n",
)


def test_a_tab_in_the_background_comes_back_to_the_present(open_page):
    """A page that is frozen, as a browser does with tabs left alone, draws and hears nothing."""
    notebook = open_page("lab")
    enough, told = notebook.server.root / "enough", notebook.server.root / "told"
    enough.unlink(missing_ok=True)
    told.unlink(missing_ok=True)
    notebook.open([SETUP, TELLING])
    notebook.run(wait=False)
    live = notebook.cell(0).locator(".nbx-live", has_text="step 1")
    live.wait_for()
    live = notebook.cell(0).locator(".nbx-live")
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("Page.setWebLifecycleState", {"state": "frozen"})
    step = "() => Number(/[\\d,]+/.exec(document.querySelector('.nbx-live').textContent)[0]" + (
        ".replaceAll(',', ''))"
    )
    stood = notebook.page.evaluate(step)
    reached = until(told, stood + 20_000)
    before = notebook.page.evaluate(step)
    assert before < reached, "the page was not frozen"
    session.send("Page.setWebLifecycleState", {"state": "active"})
    notebook.page.wait_for_function(f"(reached) => ({step})() >= reached", arg=reached)
    enough.touch()
    live.wait_for(state="detached")
    notebook.wait_for("watch.state == 'finished'")
    slider = notebook.cell(0).get_by_role("slider")
    last = notebook.evaluate("watch.step")
    assert slider.get_attribute("aria-valuetext") == f"step {last:,} of {last:,}"
    panel = Panel(notebook.cell(0))
    shares = notebook.evaluate("[float(s) for s in watch.explanation.importances().share]")
    assert panel.bars.names == [f"x{f}" for f in sorted(range(6), key=lambda f: -shares[f])]
    assert notebook.errors() == []


def until(told, step):
    """The step that the training has told in this file, once it is beyond `step`."""
    deadline = threading.Event()
    timer = threading.Timer(60, deadline.set)
    timer.start()
    while not deadline.is_set():
        text = told.read_text() if told.exists() else ""
        if text and int(text) > step:
            timer.cancel()
            return int(text)
    raise AssertionError(f"the training did not get to step {step}")
