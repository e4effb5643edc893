"""The tools of the browser tests, tried on a widget of a few lines."""

import pytest

from tests.browser.notebook import CELL_THAT_WAITS

WIDGET = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      const button = document.createElement("button");
      const draw = () => { button.textContent = `count ${model.get("count")}`; };
      button.onclick = () => { model.set("count", model.get("count") + 1); model.save_changes(); };
      model.on("change:count", draw);
      draw();
      el.append(button);
    } };
    '''
    count = traitlets.Int(1).tag(sync=True)

counter = Counter()
counter
"""


def test_kernel_and_page_see_each_other(notebook):
    notebook.open([WIDGET])
    notebook.run()
    button = notebook.cell(0).get_by_role("button", name="count 1")
    button.click()
    notebook.wait_for("counter.count == 2")
    notebook.execute("counter.count = 7")
    notebook.cell(0).get_by_text("count 7").wait_for()
    assert notebook.evaluate("counter.count") == 7
    assert notebook.errors() == []


def test_the_page_lives_while_a_cell_waits(notebook):
    notebook.open([WIDGET, CELL_THAT_WAITS])
    with notebook.busy():
        notebook.cell(0).get_by_role("button", name="count 1").click()
        notebook.cell(0).get_by_text("count 2").wait_for()


def test_errors_are_noticed(open_page):
    notebook = open_page()
    notebook.open(["1 / 0"])
    with pytest.raises(AssertionError):
        notebook.evaluate("nothing_of_this_name")
    notebook.run()
    assert notebook.errors() == ["ZeroDivisionError: division by zero"]
    notebook.page.evaluate("console.error('seen')")
    assert [message[:4] for message in notebook.console] == ["seen"]
