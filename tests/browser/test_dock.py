"""The panel in the sidebar: the same as the output's, live at 250 px, each notebook its own."""

import pytest

from tests.browser.explorer import Panel
from tests.browser.notebook import CELL_THAT_WAITS
from tests.browser.server import OURS, SIDECAR, WIDGET_MANAGER
from tests.browser.test_live import SETUP, TRAINING, widths

EXPLAINED = """
import torch
import nbexplain as nbx

torch.manual_seed(0)
X = torch.randn(400, 6)
y = 3 * X[:, :1] - X[:, 1:2] + 0.1 * X[:, 2:3]
model = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
ex = nbx.explain(model, X, y)
"""
RESTART = """async () => {
  await window.jupyterapp.shell.currentWidget.sessionContext.restartKernel();
}"""
#: What stands out at the right; tables behind charts are for screen readers and are clipped.
OVERFLOW = """(dock) => [...dock.querySelectorAll('*')]
  .filter((one) => one.getBoundingClientRect().right > dock.getBoundingClientRect().right + 1)
  .filter((one) => !one.closest('table'))
  .map((one) => one.outerHTML.slice(0, 100))"""


def docks(notebook):
    return notebook.page.locator("[data-nbx-dock]")


def visible(notebook):
    return Panel(notebook.page.locator("[data-nbx-dock]:visible"))


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_dock_shows_the_panel_of_the_output(open_page, app):
    notebook = open_page(app)
    notebook.open([EXPLAINED, "ex.dock()", "ex"])
    notebook.run()
    assert notebook.errors() == []
    dock, output = visible(notebook).drawn(), Panel(notebook.cell(2)).drawn()
    assert "Docked beside the code." in notebook.cell(1).inner_text()
    assert notebook.cell(1).locator("[data-nbx-view]").count() == 0
    assert dock.bars.names == output.bars.names
    dock.bars.row("x1").click()
    assert output.bars.selected.get_attribute("data-feature") == "x1"
    output.picker.click(0.5, 0.5)
    assert dock.local.label == output.local.label
    notebook.screenshot(f"dock-{app}")
    before = dock.place.bounding_box()
    output.local.view.scroll_into_view_if_needed()
    assert dock.place.bounding_box() == before
    if app == "lab":
        assert notebook.console == []


def test_the_dock_is_live_while_a_cell_trains_at_250_pixels(notebook):
    enough = notebook.server.root / "enough"
    enough.unlink(missing_ok=True)
    setup = SETUP.replace("explorer = watch.explore()\nexplorer", "watch.dock()")
    assert setup != SETUP
    notebook.open([setup, TRAINING])
    notebook.run(wait=False)
    panel = visible(notebook).drawn()
    assert 240 <= panel.place.bounding_box()["width"] <= 260
    live, seen = panel.place.locator(".nbx-live"), set()
    for _ in range(8):
        before = live.text_content() if live.count() else ""
        notebook.page.wait_for_function(
            "(before) => { const at = document.querySelector('[data-nbx-dock] .nbx-live');"
            " return at && at.textContent !== before; }",
            arg=before,
        )
        seen.add(tuple(widths(panel)))
    assert len(seen) >= 4
    panel.picker.click(0.5, 0.5)
    assert panel.local.label
    assert panel.place.evaluate("(dock) => dock.scrollWidth - dock.clientWidth") == 0
    notebook.screenshot("dock-live")
    assert panel.place.evaluate(OVERFLOW) == []
    card = panel.place.locator(".nbx-card > summary")
    card.click()
    assert panel.place.evaluate(OVERFLOW) == []
    card.click()
    enough.touch()
    live.wait_for(state="detached")
    notebook.wait_for("watch.state == 'finished'")
    shares = notebook.evaluate("[float(s) for s in watch.explanation.importances().share]")
    assert panel.bars.names == [f"x{k}" for k in sorted(range(6), key=lambda k: -shares[k])]


def test_closed_it_comes_back(notebook):
    notebook.open(["%load_ext nbexplain\n" + EXPLAINED, "%explain --dock model X y"])
    notebook.run()
    assert notebook.errors() == []
    panel = visible(notebook).drawn()
    # The line's result is what it docked: it does not stand below as well.
    assert notebook.cell(1).locator("[data-nbx-view]").count() == 0
    panel.bars.row("x2").click()
    close = panel.place.get_by_role("button", name="Close the panel of test.ipynb")
    close.click()
    docks(notebook).wait_for(state="detached")
    notebook.cell(1).get_by_role("button", name="Show the panel beside the code").click()
    assert visible(notebook).drawn().bars.selected.get_attribute("data-feature") == "x2"
    close.click()
    docks(notebook).wait_for(state="detached")
    notebook.command("nbexplain:show-dock")
    visible(notebook).drawn()
    close.click()
    docks(notebook).wait_for(state="detached")
    notebook.command("notebook:run-cell")  # the last one is active
    visible(notebook).drawn()
    assert docks(notebook).count() == 1


def test_a_kernel_that_was_started_anew_is_said(notebook):
    notebook.open([EXPLAINED, "ex.dock()"])
    notebook.run()
    visible(notebook).drawn()
    gone = docks(notebook).get_by_role("status").filter(has_text="kernel")
    assert gone.count() == 0
    notebook.page.evaluate(RESTART)
    gone.wait_for()
    notebook.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    docks(notebook).locator(".nbx[data-theme=dark]").wait_for()
    notebook.screenshot("dock-restarted")
    notebook.command("apputils:change-theme", {"theme": "JupyterLab Light"})
    notebook.run()
    gone.wait_for(state="detached")
    visible(notebook).drawn()
    assert docks(notebook).count() == 1


def test_two_notebooks_have_a_dock_each(notebook):
    weights = {"one": "[[3.0, 2.0, 1.0]]", "two": "[[1.0, 2.0, 3.0]]"}
    for name, weight in weights.items():
        setup = EXPLAINED.replace("ex = nbx", "model = torch.nn.Linear(3, 1)\nex = nbx")
        setup = setup.replace("ex = nbx", f"model.weight.data = torch.tensor({weight})\nex = nbx")
        setup = setup.replace("model, X, y", "model, X[:, :3]")
        if name == "one":
            notebook.open([setup, "ex.dock()"], "one.ipynb")
        else:
            notebook.open_beside([setup, "ex.dock()"], "two.ipynb")
        notebook.run()
        visible(notebook).drawn()
    assert docks(notebook).count() == 2
    assert visible(notebook).bars.names == ["x2", "x1", "x0"]
    assert "two.ipynb" in visible(notebook).place.inner_text()
    notebook.command("docmanager:open", {"path": "one.ipynb"})
    visible(notebook).place.get_by_text("one.ipynb").wait_for()
    assert visible(notebook).bars.names == ["x0", "x1", "x2"]
    visible(notebook).bars.row("x1").click()
    notebook.command("docmanager:open", {"path": "two.ipynb"})
    visible(notebook).place.get_by_text("two.ipynb").wait_for()
    assert visible(notebook).bars.selected.count() == 0


CREATE = "Create New View for Cell Output"


def test_without_the_extension_the_output_holds_the_panel_and_says_what_to_do(open_page):
    notebook = open_page(without=(OURS, SIDECAR))
    nowhere = 'import sys\nsys.modules["sidecar"] = None  # as where it is not installed'
    notebook.open([f"{nowhere}\n{EXPLAINED}", "ex.dock()"])
    notebook.run()
    panel = Panel(notebook.cell(1)).drawn()
    notebook.cell(1).get_by_text(CREATE).wait_for()
    assert docks(notebook).count() == 0
    # What the sentence says is so.
    panel.view("importance").click(button="right")
    notebook.page.get_by_role("menuitem", name=CREATE).click()
    Panel(notebook.page.locator(".jp-LinkedOutputView")).drawn()
    notebook.screenshot("dock-without")


def test_without_widgets_nothing_is_said_to_be_docked(open_page):
    notebook = open_page(without=(WIDGET_MANAGER,))
    notebook.open([EXPLAINED, "ex.dock()"])
    notebook.run()
    notebook.cell(1).get_by_text(CREATE).wait_for()
    assert notebook.cell(1).locator(".nbx-static").is_visible()
    assert docks(notebook).count() == 0


def test_sidecar_takes_the_place_of_the_extension_once_the_kernel_is_free(open_page):
    notebook = open_page(without=(OURS,))
    notebook.open([EXPLAINED, "ex.dock()", CELL_THAT_WAITS])
    with notebook.busy():  # until then the output holds it
        Panel(notebook.cell(1)).drawn()
    Panel(notebook.page.locator(".jp-SideArea")).drawn()
    notebook.cell(1).get_by_text("Docked beside the code by sidecar.").wait_for()
    notebook.screenshot("dock-sidecar")


def test_the_dock_follows_the_names_of_its_line(notebook):
    setup = EXPLAINED.replace("ex = nbx.explain(model, X, y)", "model = torch.nn.Linear(6, 1)")
    edit = "model.weight.data = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])"
    notebook.open([f"%load_ext nbexplain\n{setup}", "%explain --dock model X", edit])
    notebook.run()
    assert notebook.errors() == []
    panel = visible(notebook).drawn()
    notebook.page.wait_for_function(
        "() => document.querySelector('[data-nbx-dock] [data-feature]')?.dataset.feature === 'x5'"
    )
    assert panel.bars.names == ["x5", "x4", "x3", "x2", "x1", "x0"]
