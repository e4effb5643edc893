"""The picked row with other values, in JupyterLab: answered by the model of a kernel."""

import re

import pytest

from tests.browser.explorer import SETUP, Panel, WhatIf
from tests.browser.notebook import CELL_THAT_WAITS
from tests.browser.test_access import THEMES, VIOLATIONS
from tests.browser.test_demo_page import AXE
from tests.browser.test_saved import keep
from tests.browser.test_saved_page import explanation, opened  # noqa: F401

EXPLORE = """
ex = explained({task!r})
explorer = ex.explore(instance="r005", output={output!r})
explorer

def predicted(changes):
    "P(default) of the network itself at the changed row, or what the regression says."
    changed = torch.tensor(X.loc[["r005"]].assign(**changes).values).float()
    with torch.no_grad():
        found = models[{task!r}](changed)
    return (found.softmax(1)[0, 0] if {task!r} == "classifier" else found[0, 0]).item()
explorer
"""
EDITED = """
ex = explained("classifier")
explorer = ex.explore(instance="r005", edit={"c": 2.5})
explorer
"""
SENSORS = """
waves = torch.randn(60, 12, 2)
sequence = nbx.explain(lambda x: x[:, -3, :1] ** 2 + x[:, -1, 1:], waves, progress=False)
panel = sequence.explore(instance=7, lags=[2])
panel
"""
GROUPS = """
dummies = X.assign(red=1.0 * (X.a > 0), blue=1.0 * (X.a < -1))
torch.manual_seed(1)
paint = torch.nn.Sequential(torch.nn.Linear(10, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
grouped = nbx.explain(paint, dummies, groups={"colour": ["red", "blue"]}, progress=False)
panel = grouped.explore(instance="r005")
panel
"""


def run(notebook, *cells):
    notebook.open([SETUP, *cells])
    notebook.run()
    assert notebook.errors() == []
    return Panel(notebook.cell(1)).drawn()


@pytest.mark.parametrize(("task", "output"), [("classifier", "default"), ("regression", None)])
@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_the_answer_is_the_models(open_page, app, task, output):
    notebook = open_page(app)
    output = output or "y0"
    cell = EXPLORE.format(task=task, output=output)
    panel = run(notebook, cell)
    what_if = WhatIf(panel.local.view).begun()
    was = what_if.before
    assert was == pytest.approx(notebook.evaluate("predicted({})"), rel=6e-3)
    rows = panel.local.rows()
    what_if.change("c", "2.5")
    notebook.wait_for("explorer.edit == {'c': 2.5}")
    what_if.change("e", "-1.25")
    notebook.wait_for("explorer.edit == {'c': 2.5, 'e': -1.25}")
    wanted = notebook.evaluate("predicted({'c': 2.5, 'e': -1.25})")
    what_if.wait_for(wanted)
    assert what_if.before == was
    assert what_if.ghosts == 8
    # The table behind has both, as ex.local has them of the changed row.
    table = notebook.evaluate(
        "ex.local(X.loc[['r005']].assign(c=2.5, e=-1.25), explorer.output).attribution.to_dict()"
    )
    for name, row in panel.local.rows().items():
        assert number(row["Move"]) == pytest.approx(table[name], abs=0.006)
        assert row["Move before the changes"] == rows[name]["Move"]
    # One is put back, then all.
    what_if.back("c")
    what_if.wait_for(notebook.evaluate("predicted({'e': -1.25})"))
    notebook.wait_for("explorer.edit == {'e': -1.25}")
    what_if.button.click()
    notebook.wait_for("explorer.edit is None")
    assert panel.local.rows() == rows
    # From Python.
    notebook.execute("explorer.edit = {'a': 0.5}")
    what_if.wait_for(notebook.evaluate("predicted({'a': 0.5})"))
    if app == "lab":
        assert notebook.console == []


def test_a_blocked_kernel_says_so_and_answers_what_was_asked_last(notebook):
    cell = EXPLORE.format(task="classifier", output="default")
    notebook.open([SETUP, cell, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(1)).drawn()
        what_if = WhatIf(panel.local.view).begun()
        for value in ("1", "1.5", "-2.75"):
            what_if.change("c", value)
        asked = what_if.status.get_by_text("Asked; the kernel is running a cell")
        asked.wait_for()
        notebook.page.wait_for_function(
            "(words) => getComputedStyle(words).opacity === '1'", arg=asked.element_handle()
        )
        assert what_if.ghosts == 0
        # What needs no kernel goes on.
        panel.bars.row("e").click()
        panel.bars.selected.wait_for()
    what_if.wait_for(notebook.evaluate("predicted({'c': -2.75})"))
    asked.wait_for(state="detached")
    assert notebook.evaluate("explorer.edit") == {"c": -2.75}


def test_the_models_own_error_is_said_in_the_view(notebook):
    cell = """
def picky(x):
    if (x > 50).any():
        raise RuntimeError("out of luck")
    return x.sum(1, keepdim=True)

explorer = nbx.explain(picky, X, progress=False).explore(instance="r005")
explorer
"""
    panel = run(notebook, cell)
    what_if = WhatIf(panel.local.view).begun()
    what_if.change("c", "99")
    what_if.status.get_by_text("RuntimeError: out of luck").wait_for()
    what_if.change("c", "40")
    what_if.status.get_by_text(re.compile("Beyond the data: c is from")).wait_for()
    assert notebook.errors() == []


def test_the_nearest_real_rows_are_offered_and_picked(notebook):
    panel = run(notebook, EXPLORE.format(task="classifier", output="default"))
    what_if = WhatIf(panel.local.view).begun()
    what_if.change("c", "2.5")
    notebook.wait_for("explorer.edit == {'c': 2.5}")
    wanted = notebook.evaluate("ex.nearest(X.loc[['r005']].assign(c=2.5), n=6).index.tolist()")
    wanted = [label for label in wanted if label != "r005"][:5]
    what_if.near(wanted[0]).wait_for()
    assert what_if.nearest == wanted
    what_if.near(wanted[1]).click(modifiers=["Alt"])
    panel.local.of(wanted[1]).wait_for()
    assert notebook.evaluate("explorer.edit") == {"c": 2.5}
    what_if.near(wanted[0]).click()
    notebook.wait_for(f"(explorer.instance, explorer.edit) == ({wanted[0]!r}, None)")


def test_sequences_are_changed_at_the_lag_that_is_shown(notebook):
    panel = run(notebook, SENSORS)
    what_if = WhatIf(panel.local.view).begun()
    what_if.change("x0", "3")
    notebook.wait_for("panel.edit == {('x0', 2): 3.0}")
    what_if.wait_for(notebook.evaluate("9 + float(waves[7, -1, 1])"))


def test_groups_of_dummies_are_a_choice(notebook):
    panel = run(notebook, GROUPS)
    what_if = WhatIf(panel.local.view).begun()
    field = what_if.field("colour")
    field.wait_for()
    assert field.locator("option").all_text_contents() == ["red", "blue", "none"]
    was = notebook.evaluate("grouped.local('r005').value['colour']")
    now = "red" if was == "blue" else "blue"
    assert field.locator("option:checked").text_content() == was
    field.select_option(now)
    notebook.wait_for(f"panel.edit == {{'colour': {now!r}}}")
    switched = f"assign(red={now == 'red':d}, blue={now == 'blue':d})"
    row = f"torch.tensor(dummies.loc[['r005']].{switched}.values).float()"
    what_if.wait_for(notebook.evaluate(f"paint({row}).item()"))


def test_by_keyboard_and_for_assistive_technology(notebook, request):
    panel = run(notebook, EXPLORE.format(task="classifier", output="default"))
    page, what_if = notebook.page, WhatIf(panel.local.view)
    what_if.button.press("Enter")
    what_if.field("a").wait_for()
    keys = page.keyboard
    for _ in range(40):
        keys.press("Tab")
        if page.evaluate("document.activeElement.className").startswith("nbx-input"):
            break
    feature = page.evaluate("document.activeElement.closest('[data-feature]').dataset.feature")
    keys.press("Control+A")
    keys.type("1.5")
    notebook.wait_for(f"(explorer.edit, explorer.feature) == ({{{feature!r}: 1.5}}, {feature!r})")
    what_if.wait_for(notebook.evaluate(f"predicted({{{feature!r}: 1.5}})"))
    page.add_script_tag(path=request.config.rootpath / AXE)
    for theme in THEMES:
        notebook.command("apputils:change-theme", {"theme": theme})
        panel.place.locator(f"[data-theme={theme.split()[1].lower()}]").first.wait_for()
        assert page.evaluate(VIOLATIONS) == [], theme
        notebook.screenshot(f"what-if-{theme.split()[1].lower()}", of=panel.place)
    keys.press("Escape")
    notebook.wait_for("explorer.edit is None")


def test_a_saved_page_says_what_it_takes(opened, explanation):  # noqa: F811
    page = opened({"model": explanation})
    panel = Panel(page.locator("body")).drawn()
    panel.picker.click(0.5, 0.5)
    assert panel.local.label
    assert "What if its values were others? The model answers that" in panel.local.text
    assert WhatIf(panel.local.view).button.count() == 0


def test_a_reopened_notebook_says_it_too_and_so_does_one_whose_kernel_restarted(notebook):
    panel = run(notebook, EDITED)
    WhatIf(panel.local.view).button.wait_for()
    notebook.page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext"
        ".session.kernel.restart(); }"
    )
    panel.local.view.get_by_text("What if its values were others?").wait_for()
    assert WhatIf(panel.local.view).button.count() == 0
    keep(notebook, EDITED)
    notebook.shut_down()
    notebook.visit("kept.ipynb")
    panel = Panel(notebook.cell(1)).drawn()
    panel.local.of("r005").wait_for()
    panel.local.view.get_by_text("What if its values were others?").wait_for()
    assert panel.local.view.locator(".nbx-input, [data-edited]").count() == 0


def number(text):
    """What a cell says."""
    return float(text.replace("−", "-").replace("≈", "").replace(",", ""))
