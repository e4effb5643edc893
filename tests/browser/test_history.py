"""Histories of sequences, and of two trainings: lines by lag, one axis, the way back, a page."""

import pytest
from playwright.sync_api import expect

from tests.browser.explorer import Panel
from tests.browser.notebook import PATIENCE
from tests.browser.test_access import VIOLATIONS
from tests.browser.test_demo_page import AXE

SETUP = """
import torch
import nbexplain as nbx

X = torch.randn(300, 4, 2, generator=torch.Generator().manual_seed(0))

def watched(seed, target, steps):
    torch.manual_seed(seed)
    target = target + 0.5 * torch.randn(300, 1)
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    watch = nbx.watch(model, X, feature_names=["level", "flow"], budget=0.5).start()
    watch._budget.due = lambda now: watch.step % 10 == 0
    for _ in range(steps):
        optimizer.zero_grad()
        loss = torch.nn.functional.mse_loss(model(X), target)
        loss.backward()
        optimizer.step()
    return watch.stop()

watched(0, X[:, 0, :1], 100).save("before.nbx")
watch = watched(1, X[:, 3, 1:], 200)
lines = nbx.TrainingHistory(watch, nbx.load("before.nbx"), names=["now", "before"])
lines
"""


def table(view):
    """The table behind a view: head, and rows."""
    rows = view.locator("table tr")
    return rows.evaluate_all("all => all.map((row) => [...row.children].map((c) => c.textContent))")


def shares_of(view):
    return [float(row[1].removesuffix(" %")) for row in table(view.view("lags"))[1:]]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_two_trainings_of_sequences(open_page, request, theme):
    notebook = open_page("lab")
    notebook.open([SETUP, "explorer = watch.explore()\nexplorer"])
    if theme == "dark":
        notebook.command("apputils:change-theme", {"theme": "JupyterLab Dark"})
    notebook.run()
    assert notebook.errors() == []
    lines = notebook.cell(0).locator("[data-nbx-view=history]")
    panel = Panel(notebook.cell(1)).drawn()
    lines.locator(".nbx-history-other").first.wait_for(state="attached")
    head, *rows = table(lines)
    assert head[:2] == ["Step", "Run"]
    assert {row[1] for row in rows} == {"now", "before"}
    assert [row[0] for row in rows if row[1] == "before"][-1] == "100"
    expect(lines.locator(".nbx-history-loss")).to_contain_text("before 0.")
    names = lines.locator(".nbx-history-names")
    assert names.locator("[data-feature]").count() == 2
    assert names.get_by_text("before").count() == 2

    lines.locator("[data-lines=lag]").click()
    names.locator("[data-lag]").first.wait_for()
    assert sorted(table(lines)[0][-4:]) == ["lag 0", "lag 1", "lag 2", "lag 3"]
    latest = shares_of(panel)
    assert latest == pytest.approx(
        notebook.evaluate("watch.lag_history.iloc[-1].tolist()"), abs=0.1
    )
    assert latest[0] > 60
    lines.get_by_role("slider").press("Home")
    notebook.wait_for("explorer.moment == 0")
    panel.view("history").locator("[data-latest]").wait_for()
    first = notebook.evaluate("watch.lag_history.iloc[0].tolist()")
    assert shares_of(panel) == pytest.approx(first, abs=0.1) != latest
    expect(notebook.cell(1).locator(".nbx-back")).to_contain_text("The bars and lags are those")
    names.locator("[data-lag='2']").first.click()
    notebook.wait_for("lines.lags == (2,)")
    notebook.screenshot(f"two-trainings-{theme}")
    notebook.page.add_script_tag(path=request.config.rootpath / AXE)
    assert notebook.page.evaluate(VIOLATIONS) == []
    if theme == "dark":
        return
    assert notebook.console == []

    notebook.execute("lines.save_html('page.html')")
    page = notebook.page.context.new_page()
    page.goto((notebook.server.root / "page.html").as_uri())
    saved = page.locator("[data-nbx-view=history]")
    saved.locator(".nbx-history-other").first.wait_for(state="attached", timeout=PATIENCE)
    assert {row[1] for row in table(saved)[1:]} == {"now", "before"}
    assert saved.get_by_role("slider").get_attribute("aria-valuetext") == "step 0 of 200"
    page.close()
