"""Against whom, in JupyterLab: a group is brushed, a row picked, and the way between them read."""

import pandas as pd

from tests.browser.explorer import SETUP, Panel
from tests.browser.notebook import CELL_THAT_WAITS
from tests.browser.test_access import THEMES, VIOLATIONS
from tests.browser.test_demo_page import AXE
from tests.browser.test_waterfall import Waterfall, assert_is

EXPLORE = """
ex = explained("classifier", method="deeplift")
explorer = ex.explore(output="default")
explorer
"""

GIVEN = """
ex = explained("classifier", method="deeplift")
explorer = ex.explore(output="default", instance="r005", against=labels[40:352])
explorer
"""


def contrast(notebook, label):
    """What Python says of a row against the group that the page has set."""
    found = f"ex.contrast({label!r}, against=explorer.against, output=explorer.output)"
    told = notebook.evaluate(
        f"(lambda c: [dict(zip(c.features, c.contributions.tolist())), c.base, c.prediction,"
        f" c.references])({found})"
    )
    return pd.Series(told[0]), *told[1:]


def compared(panel):
    """The way to compare with the brushed rows."""
    return panel.picker.view.get_by_role("button", name="Compare with these")


def chip(panel):
    return panel.local.view.locator("[data-against]")


def test_a_brushed_group_is_what_a_picked_row_is_held_against(notebook):
    notebook.open([SETUP, EXPLORE])
    notebook.run()
    assert notebook.errors() == []
    panel = Panel(notebook.cell(1)).drawn()
    count = panel.picker.drag((0.3, 0.3), (0.6, 0.7))
    compared(panel).click()
    compared(panel).wait_for(state="detached")
    notebook.wait_for("explorer.against == explorer.rows and explorer.rows is not None")
    assert notebook.evaluate("len(explorer.against)") == count
    assert f"against {count} rows" in chip(panel).text_content()
    panel.picker.chip.click()
    notebook.wait_for("explorer.rows is None")
    # From the group's mean response to the row's.
    origin = f"mean of the {count} rows"
    waterfall = Waterfall(panel.local)
    for label in ("r123", "r005"):
        panel.picker.find(label)
        waterfall.wait_for(label)
        found, base, prediction, references = contrast(notebook, label)
        assert references == count
        assert_is(waterfall, found, base, prediction, origin=origin)
        assert panel.local.view.locator(".nbx-end .nbx-name").first.text_content() == origin
    # Python sets a group, of one row, and the page follows.
    notebook.execute("explorer.against = ['r010']")
    panel.local.view.get_by_text("row 'r010'", exact=True).first.wait_for()
    waterfall.wait_for("r005")
    found, base, prediction, _ = contrast(notebook, "r005")
    assert_is(waterfall, found, base, prediction, origin="row 'r010'")
    # By keyboard back to the baseline.
    chip(panel).focus()
    chip(panel).press("Enter")
    notebook.wait_for("explorer.against is None")
    panel.local.view.get_by_text("baseline", exact=True).first.wait_for()


def test_a_busy_kernel_is_said_and_answers_after_its_cell(notebook):
    notebook.open([SETUP, EXPLORE, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(1)).drawn()
        panel.picker.drag((0.3, 0.3), (0.6, 0.7))
        compared(panel).click()
        panel.picker.find("r005")
        panel.local.view.get_by_text("The kernel is busy").wait_for()
    waterfall = Waterfall(panel.local).wait_for("r005")
    found, base, prediction, count = contrast(notebook, "r005")
    assert_is(waterfall, found, base, prediction, origin=f"mean of the {count} rows")


def test_axe_finds_nothing_in_either_theme_and_nothing_is_too_wide(notebook, request):
    notebook.open([SETUP, GIVEN])
    notebook.run()
    page, panel = notebook.page, Panel(notebook.cell(1)).drawn()
    Waterfall(panel.local).wait_for("r005")
    panel.picker.drag((0.3, 0.3), (0.6, 0.7))
    compared(panel).wait_for()
    page.add_script_tag(path=request.config.rootpath / AXE)
    for theme in THEMES:
        notebook.command("apputils:change-theme", {"theme": theme})
        name = theme.split()[1].lower()
        panel.place.locator(f"[data-theme={name}]").first.wait_for()
        assert page.evaluate(VIOLATIONS) == [], theme
        for width in (250, 500, 900):
            notebook.execute(f"explorer.layout.width = '{width}px'")
            page.wait_for_function(
                "([root, width]) => Math.round(root.getBoundingClientRect().width) === width",
                arg=[panel.place.locator(".nbx").element_handle(), width],
            )
            root = panel.place.locator(".nbx")
            assert root.evaluate("(root) => root.scrollWidth <= root.clientWidth"), width
            notebook.screenshot(f"against-{width}-{name}", of=root)
