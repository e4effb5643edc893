"""The Explorer in JupyterLab and Notebook 7: everything is linked, with and without the kernel."""

import pytest

from tests.browser.explorer import SETUP, Panel
from tests.browser.notebook import CELL_THAT_WAITS

EXPLORE = "ex = explained({task!r})\nexplorer = ex.explore()\nexplorer"


def opened(notebook, task="classifier", *more):
    """A notebook of the setup, the Explorer in its second cell, and these cells."""
    notebook.open([SETUP, EXPLORE.format(task=task), *more])
    return notebook


@pytest.mark.parametrize("task", ["classifier", "regression"])
@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_all_is_linked_while_the_kernel_is_blocked(open_page, app, task):
    notebook = opened(open_page(app), task, CELL_THAT_WAITS)
    with notebook.busy():
        panel = Panel(notebook.cell(1)).drawn()
        before = panel.bars.names
        # A click picks the nearest row: its ring is where the click was.
        panel.picker.click(0.5, 0.5)
        clicked = panel.local.label
        assert panel.picker.label.text_content() == clicked
        assert clicked.startswith("r")
        assert set(panel.local.rows()) == set("abcdefgh")
        # A brush shows λ over its rows in the bars, beside that over all.
        count = panel.picker.drag((0.12, 0.25), (0.6, 0.78))
        assert 20 < count < 380
        assert f"λ over {count} brushed rows" in panel.bars.legend
        assert panel.bars.marks.count() == 8
        brushed = panel.bars.brushed()
        assert panel.bars.names == before
        # A feature is what colours are about.
        panel.bars.row("c").click()
        panel.bars.selected.wait_for()
        assert panel.picker.colour == "attribution of c"
        # A search picks.
        panel.picker.find("r123")
        panel.local.of("r123").wait_for()
    assert notebook.errors() == []
    notebook.wait_for("explorer.instance == 'r123'")
    assert notebook.evaluate("[explorer.feature, len(explorer.rows)]") == ["c", count]
    expected = notebook.evaluate("shares(ex, explorer.rows)")
    assert brushed == pytest.approx(expected, abs=0.06)
    assert (
        max(
            abs(expected[name] - notebook.evaluate("ex.importance().importance.to_dict()")[name])
            for name in expected
        )
        > 0.2
    ), "the brush hardly differs from all rows"
    predicted = notebook.evaluate("float(ex.local('r123', explorer.output).attribution['c'])")
    shown = panel.local.rows()["c"]["Move"]
    assert float(shown.replace("−", "-")) == pytest.approx(predicted, abs=0.006)
    if app == "lab":
        assert notebook.console == []


def test_a_trait_set_in_python_moves_the_views(notebook):
    opened(notebook).run()
    panel = Panel(notebook.cell(1)).drawn()
    notebook.execute("explorer.feature, explorer.instance = 'd', 'r010'")
    panel.local.of("r010").wait_for()
    assert panel.bars.selected.get_attribute("data-feature") == "d"
    assert panel.picker.colour == "attribution of d"
    assert panel.picker.label.text_content() == "r010"
    notebook.execute("explorer.other = 'r020'")
    panel.local.of("r020").wait_for()
    assert panel.local.of("r010").is_visible()
    notebook.execute("explorer.rows = labels[:37]")
    panel.bars.view.get_by_text("λ over 37 brushed rows").wait_for()
    assert panel.picker.brushed() == 37
    expected = notebook.evaluate("shares(ex, labels[:37])")
    assert panel.bars.brushed() == pytest.approx(expected, abs=0.06)
    notebook.execute("explorer.response, explorer.output = 'logodds', None")
    panel.place.locator("[data-response=logodds] input:checked").wait_for()
    panel.bars.view.get_by_text("both ways").first.wait_for(state="detached")
    assert "log-odds" in panel.local.text
    notebook.execute("explorer.instance = explorer.other = explorer.rows = explorer.feature = None")
    panel.local.of("r020").wait_for(state="detached")
    panel.picker.chip.wait_for(state="detached")
    assert panel.bars.selected.count() == 0
    # Nothing of this came back as a choice of the page's.
    names = "explorer.instance, explorer.other, explorer.rows, explorer.feature, explorer.output"
    assert notebook.evaluate(f"[{names}, explorer.response]") == [None] * 5 + ["logodds"]


def test_two_rows_are_compared_and_left(notebook):
    opened(notebook).run()
    panel = Panel(notebook.cell(1)).drawn()
    panel.picker.click(0.4, 0.4)
    first = panel.local.label
    panel.picker.click(0.7, 0.6, modifiers=["Alt"])
    notebook.wait_for("explorer.other is not None")
    second = notebook.evaluate("explorer.other")
    assert panel.local.of(first).is_visible()
    panel.local.of(second).click()
    panel.local.of(second).wait_for(state="detached")
    notebook.wait_for("explorer.other is None")
    assert notebook.evaluate("explorer.instance") == first


def test_a_row_that_was_not_kept_is_shown_once_the_kernel_is_free(notebook):
    label = "r002"
    few = EXPLORE.format(task="classifier").replace(
        "'classifier'", "'classifier', keep=range(100, 150)"
    )
    notebook.open([SETUP, few, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(1)).drawn()
        assert "50 of 400" in panel.picker.text
        # Which row a label stands for is answered beside the running cell.
        panel.picker.find(label)
        # Until its label is known, a row is called by its position.
        panel.local.view.get_by_text("#2", exact=True).wait_for()
        panel.local.view.get_by_text("The kernel is busy").wait_for()
        assert panel.local.view.locator("[data-feature]").count() == 0
    panel.local.view.locator("[data-feature]").first.wait_for()
    assert panel.local.label == label
    expected = notebook.evaluate(f"ex.local({label!r}, explorer.output).attribution.to_dict()")
    shown = panel.local.rows()
    assert set(shown) == set(expected)
    for name, value in expected.items():
        assert float(shown[name]["Move"].replace("−", "-").replace("≈", "")) == pytest.approx(
            value, abs=0.006
        )
    notebook.wait_for(f"explorer.instance == {label!r}")
    # Brushed rows that were not kept: how many of them λ is over is said.
    notebook.execute("explorer.rows = labels[:120]")
    panel.bars.view.get_by_text("20 of 120 with attributions").wait_for()
    panel.bars.view.get_by_text("λ over").wait_for()
    expected = notebook.evaluate("shares(ex, labels[:120])")
    assert panel.bars.brushed() == pytest.approx(expected, abs=0.06)
    assert notebook.console == []
