"""Without a kernel: notebooks that were saved with their widgets, pages that were written."""

import json
import re

from tests.browser.explorer import SETUP, Panel
from tests.browser.test_importance import assert_static

SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
EXPLORE = """
ex = explained("classifier")
explorer = ex.explore(feature="c", instance="r005", rows=labels[:60])
explorer
"""
WIDE = """
wide = pd.DataFrame(draw.normal(size=(20_000, 50)).astype("float32")).add_prefix("sensor_")
ex = nbx.explain(torch.nn.Linear(50, 2), wide, wide["sensor_0"] > 0, progress=False)
explorer = ex.explore()
explorer
"""


def keep(notebook, cell):
    """Run a cell and save the notebook with the state of its widgets; gives what is in the file."""
    notebook.open([SETUP, cell], name="kept.ipynb")
    notebook.run()
    assert notebook.errors() == []
    Panel(notebook.cell(1)).drawn()
    notebook.command(SAVE_STATE)
    notebook.save()
    notebook.command(SAVE_STATE)  # no longer, as it was before
    return json.loads((notebook.server.root / "kept.ipynb").read_text())


def test_reopened_with_its_state_the_panel_lives(notebook):
    """Beside a new kernel that knows nothing of it."""
    keep(notebook, EXPLORE)
    notebook.shut_down()
    notebook.visit("kept.ipynb")
    panel = Panel(notebook.cell(1)).drawn()
    panel.local.of("r005").wait_for()
    assert panel.bars.selected.get_attribute("data-feature") == "c"
    assert panel.picker.brushed() == 60
    panel.picker.click(0.5, 0.6)
    panel.local.of("r005").wait_for(state="detached")
    assert re.fullmatch(r"r\d{3}", panel.local.label)
    panel.picker.find("r123")
    panel.local.of("r123").wait_for()
    count = panel.picker.drag((0.2, 0.3), (0.6, 0.7))
    assert f"λ over {count} brushed row" in panel.bars.legend
    notebook.cell(1).locator(".nbx-static").wait_for(state="hidden")
    assert notebook.evaluate("'explorer' in globals()") is False


def test_where_jupyter_restores_no_widgets_the_static_form_is_there(open_page):
    """JupyterLab's manager does nothing before a kernel runs, and complains in the console."""
    notebook = open_page()
    keep(notebook, EXPLORE)
    question = notebook.evaluate("ex.question")
    notebook.shut_down()
    notebook.visit("kept.ipynb", kernel=False)
    assert_static(notebook.cell(1), question)


def test_a_saved_notebook_stays_small(notebook):
    content = keep(notebook, WIDE)
    widgets = content["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    ours = [model["state"] | model for model in widgets.values() if "_esm" in model["state"]]
    code = sum(len(model["_esm"]) for model in ours)
    data = sum(3 * len(part["data"]) // 4 for model in ours for part in model.get("buffers", []))
    whole = len(json.dumps(content))
    print(f"{code:,} bytes of code, {data:,} of data, {whole:,} in the file")  # noqa: T201
    assert code <= 110_000
    assert 400_000 < data <= 1_000_000
    assert whole <= 1_500_000
