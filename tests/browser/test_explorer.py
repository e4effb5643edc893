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
        > 0.5
    ), "the brush hardly differs from all rows"
    predicted = notebook.evaluate("float(ex.local('r123').attribution['c'])")
    shown = panel.local.rows()["c"]["Move"]
    assert float(shown.replace("−", "-")) == pytest.approx(predicted, abs=0.006)
    if app == "lab":
        assert notebook.console == []
