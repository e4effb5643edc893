"""The lag timeline in JupyterLab: features, rows and lags change each other's views alone."""

import pytest

from tests.browser.explorer import Panel
from tests.browser.notebook import CELL_THAT_WAITS

#: 64 hours of 16 series; the response sees x0 now, x1 three hours back and x2 a day back.
SETUP = """
import torch
import nbexplain as nbx

class Delays(torch.nn.Module):
    def forward(self, x):
        now, ago, day = x[:, -1, 0], x[:, -4, 1], x[:, -25, 2]
        return (3 * now + 2 * torch.sin(ago) + day + 0.01 * x.sum((1, 2)))[:, None]

X = torch.randn(200, 64, 16, generator=torch.Generator().manual_seed(0))
ex = nbx.explain(Delays(), X, lag_unit="h", scale="none", progress=False)
explorer = ex.explore()
explorer
"""


def lags(panel):
    return panel.view("lags")


def heights(panel, place=0):
    """The bars of a map, as shares of the tallest."""
    bars = lags(panel).locator(".nbx-lag-panel").nth(place).locator("[data-lag]")
    found = bars.evaluate_all(
        "all => all.map((one) => [+one.dataset.lag,"
        " +(one.querySelector('.nbx-lag-bar')?.getAttribute('height') ?? NaN)])"
    )
    most = max(height for _, height in found)
    return {lag: height / most for lag, height in found}


def expected(shares):
    most = max(shares)
    return {lag: share / most for lag, share in enumerate(shares)}


def test_features_rows_and_lags_change_each_other_while_the_kernel_is_blocked(notebook):
    notebook.open([SETUP, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(0)).drawn()
        timeline = lags(panel)
        marks = timeline.locator(".nbx-lag-panel").first.locator("[data-lag]")
        assert marks.count() == 64
        everything = heights(panel)
        # A feature: its own lags, and its row in the map.
        panel.bars.row("x1").click()
        timeline.locator(".nbx-lag-row").wait_for()
        own = heights(panel)
        assert max(own, key=own.get) == 3
        # Lags, brushed by a drag: what each feature carries within them, in the bars.
        svg = timeline.locator(".nbx-lag-bars").first
        svg.scroll_into_view_if_needed()
        box = svg.bounding_box()
        mouse, cell = notebook.page.mouse, box["width"] / 64
        mouse.move(box["x"] + 61.5 * cell, box["y"] + 40)
        mouse.down()
        mouse.move(box["x"] + 63.5 * cell, box["y"] + 40, steps=4)
        mouse.up()
        panel.bars.marks.first.wait_for()
        assert "λ within lags 0–2" in panel.bars.legend
        head = panel.view("importance").locator("th", has_text="Within lags 0–2")
        head.wait_for(state="attached")
        # By keyboard too, and what is there is said.
        svg.focus()
        notebook.page.keyboard.press("ArrowLeft")
        notebook.page.keyboard.press("Shift+ArrowLeft")
        panel.view("importance").locator(".nbx-legend", has_text="within lags 1–2").wait_for()
        timeline.locator(".nbx-lag-read", has_text="2 h · x1").wait_for()
        # A cell of the map is a feature and a lag.
        canvas = timeline.locator("canvas").first
        size = canvas.bounding_box()
        canvas.click(position={"x": (64 - 24.5) * cell, "y": 2.5 * size["height"] / 16})
        panel.view("importance").locator("[data-feature=x2][aria-selected=true]").wait_for()
        assert "λ within lag 24" in panel.bars.legend
        # A row: its own map beside that of all rows.
        panel.picker.click(0.5, 0.5)
        timeline.locator(".nbx-lag-panel").nth(1).wait_for()
        label = panel.local.label
        panel.bars.row("x2").click()
        panel.bars.selected.wait_for(state="detached")
        at_row = heights(panel, 1)
        assert label in timeline.locator(".nbx-lag-caption").nth(1).text_content()
        notebook.screenshot("lags-linked")
    assert notebook.errors() == []
    assert notebook.console == []
    notebook.wait_for(f"explorer.instance == {int(label.removeprefix('#'))}")
    assert notebook.evaluate("[explorer.feature, explorer.lags]") == [None, [24]]
    found = [
        (everything, "ex.lag_importance().importance.tolist()"),
        (own, "(lambda c: (100 * c / c.sum()).tolist())(ex.lag_map()['x1'])"),
        (at_row, "ex.lag_importance(row=explorer.instance).importance.tolist()"),
    ]
    for shown, asked in found:
        wanted = expected(notebook.evaluate(asked))
        assert shown == pytest.approx(wanted, abs=0.01)
    # Python brushes too, and is told what is no lag.
    notebook.execute("explorer.lags = range(3)")
    panel.view("importance").locator(".nbx-legend", has_text="within lags 0–2").wait_for()


#: A filter that sees 3 x0 now and x1 a step ago, at each of eight steps.
STEPWISE = """
import torch
import nbexplain as nbx

def model(x):
    ago = torch.cat([torch.zeros_like(x[:, :1, 1:]), x[:, :-1, 1:]], 1)
    return 3 * x[..., :1] + ago

X = torch.randn(60, 8, 2, generator=torch.Generator().manual_seed(0))
every = nbx.Sensitivity(steps="valid")
ex = nbx.explain(model, X, method=every, scale="none", progress=False)
explorer = ex.explore()
explorer
"""


def test_one_output_step_is_shown_while_the_kernel_is_blocked(notebook):
    notebook.open([STEPWISE, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(0)).drawn()
        question = notebook.cell(0).locator(".nbx-question")
        assert heights(panel)[1] == pytest.approx(1 / 3, abs=0.02)
        square = lags(panel).get_by_role("slider", name="Output step")
        square.scroll_into_view_if_needed()
        square.focus()
        square.press("ArrowDown")  # the first step has no step before it
        question.get_by_text("output step 0").wait_for()
        assert {lag for lag, height in heights(panel).items() if height > 0} == {0}
        assert "100" in panel.bars.row("x0").text_content()
        box = square.bounding_box()
        square.click(position={"x": box["width"] / 2, "y": 5.5 * box["height"] / 8})
        question.get_by_text("output step 5").wait_for()
        assert heights(panel)[1] == pytest.approx(1 / 3, abs=0.02)
        notebook.screenshot("lags-steps")
    assert notebook.errors() == []
    assert notebook.console == []
    notebook.wait_for("explorer.step == 5")
    notebook.execute("explorer.step = None")
    question.get_by_text("output step").wait_for(state="detached")
