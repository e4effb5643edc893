"""`bars.explain` in JupyterLab, pages too big to hold everything, views side by side."""

SETUP = """
import threading
import numpy as np, torch, ipywidgets
import nbexplain as nbx

torch.manual_seed(0)
X = np.random.default_rng(0).normal(size=(90, 5))
linear = torch.nn.Linear(5, 2)
go_on = threading.Event()

def model(x):
    # The pass waits after its first rows, so that the page can be looked at.
    if len(x) == 30:
        model.passes += 1
        assert model.passes < 2 or go_on.wait(60)
    return linear(x)

model.passes = 0
bars = nbx.ImportanceBars()
"""
STATE = "[data-nbx-view=importance][data-nbx-state={}]"


def test_progress_error_another_try_and_the_result(notebook):
    broken = "X[3, 2] = np.nan\ntry:\n    bars.explain(model, X)\nexcept ValueError:\n    pass"
    notebook.open([SETUP, "bars", broken])
    notebook.run()
    cell = notebook.cell(1)
    view = cell.locator(STATE.format("error"))
    view.get_by_text("x2").first.wait_for()
    notebook.execute("X[3, 2] = 0; go_on.set()")
    view.get_by_role("button", name="Try again").click()
    cell.locator(STATE.format("ready")).locator("[data-feature]").first.wait_for()
    assert notebook.evaluate("bars.explanation.count") == 90


def test_rows_done_are_counted_while_the_cell_runs(notebook):
    slow = "ex = bars.explain(model, X, batch_size=30)"
    gate = """
gate = nbx.ImportanceBars(nbx.explain(linear, X))
gate.observe(lambda change: go_on.set(), "feature")
gate
"""
    notebook.open([SETUP, "bars", gate, slow])
    notebook.run(wait=False)
    loading = notebook.cell(1).locator(STATE.format("loading"))
    loading.get_by_text("30 of 90 rows").wait_for()
    # Heard on another thread of the kernel: the main one runs the cell.
    notebook.cell(2).locator("[data-feature=x1]").click()
    notebook.cell(1).locator(STATE.format("ready")).wait_for()
    assert notebook.errors() == []


def test_what_a_big_page_lacks_comes_from_the_kernel(notebook):
    big = """
wide = torch.nn.Linear(2_000, 40)
ex = nbx.explain(wide, torch.randn(60, 2_000), outputs=range(40), keep=0)
bars = nbx.ImportanceBars(ex)
bars
"""
    notebook.open([SETUP, big])
    notebook.run()
    assert notebook.errors() == []
    view = notebook.cell(1).locator(STATE.format("ready"))
    view.get_by_role("button", name="Output").click()
    view.get_by_role("combobox").fill("y39")
    view.locator("[data-output=y39]").click()
    ranked = notebook.evaluate("list(ex.importance('y39').index[:5])")
    view.locator(f"[data-feature={ranked[0]}][aria-posinset='1']").wait_for()
    names = view.locator("[data-feature]").evaluate_all("all => all.map((r) => r.dataset.feature)")
    assert names[:5] == ranked


def test_views_stand_side_by_side_and_take_a_layout(notebook):
    row = """
go_on.set()
ex = nbx.explain(linear, X)
first = nbx.ImportanceBars(ex)
second = nbx.ImportanceBars(ex, layout=ipywidgets.Layout(width="300px", height="400px"))
ipywidgets.HBox([first, second])
"""
    notebook.open([SETUP, row])
    notebook.run()
    assert notebook.errors() == []
    views = notebook.cell(1).locator(STATE.format("ready"))
    views.nth(1).locator("[data-feature]").first.wait_for()
    left, right = (views.nth(i).bounding_box() for i in (0, 1))
    assert left["width"] > 250
    assert right["x"] >= left["x"] + left["width"]
    assert 290 <= right["width"] <= 300
    views.nth(0).locator("[data-feature=x1]").click()
    views.nth(1).locator("[data-feature=x1][aria-selected=true]").wait_for()
    notebook.screenshot("side-by-side")
