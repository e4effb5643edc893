"""A model edited in a cell, and its panel that follows: differences, versions, keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.explorer import Panel
from tests.browser.notebook import KERNEL, PANEL
from tests.browser.test_access import VIOLATIONS
from tests.browser.test_demo_page import AXE, built, demo  # noqa: F401

CELLS = [
    """
import torch
import nbexplain as nbx
%load_ext nbexplain
torch.manual_seed(0)
X = torch.randn(2_000, 6)
net = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
with torch.no_grad():
    net[0].weight.copy_(torch.tensor([6.0, 5, 4, 3, 2, 1]) / 20)  # x0 leads
""",
    "%explain net X",
    "net[0].weight.data[:, 0] = 0",
    "unrelated = 1 + 1",
    "1 / 0",
    "del net",
]
ONE = "nbx.followed()[0]"


def run(notebook, index):
    """Run one cell, to its end."""
    notebook.page.evaluate(f"(index) => {{ {PANEL}.content.activeCellIndex = index; }}", index)
    notebook.command("notebook:run-cell")


def order(notebook, version):
    found = f"{ONE}.versions[{version}].explanation.importance().index"
    return notebook.evaluate(f"list({found})")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_weight_edited_in_a_cell_shows_what_it_changed(open_page, app):
    notebook = open_page(app)
    notebook.open(CELLS)
    run(notebook, 0)
    run(notebook, 1)
    panel = Panel(notebook.cell(1)).drawn()
    bar = panel.place.locator(".nbx-versions")
    assert bar.count() == 0
    assert panel.bars.names[0] == "x0"

    run(notebook, 2)
    said = bar.get_by_role("status")
    said.get_by_text("version 2 against version 1: ").wait_for()
    assert "lost: x0" in said.text_content()
    panel.place.locator("[data-feature=x0] .nbx-moved[data-claim=lost]").wait_for()
    assert panel.bars.names[-1] == "x0"
    assert panel.place.locator(".nbx-ghost").count() == 6
    notebook.screenshot(f"edited-{app}")

    sentence = said.text_content()
    run(notebook, 3)
    run(notebook, 4)  # an error of the cell's own
    assert notebook.evaluate(f"len({ONE}.versions)") == 2
    assert said.text_content() == sentence

    shown, against = bar.locator("select").first, bar.locator("select").last
    name = bar.get_by_role("textbox", name="Name of the version shown")
    shown.select_option("version 1")
    notebook.wait_for(f"{ONE}.shown == 1")
    panel.bars.row("x0").first.wait_for()
    panel.page.wait_for_function(
        "(first) => document.querySelector('[data-feature]')?.dataset.feature === first", arg="x0"
    )
    assert panel.bars.names == order(notebook, 1)
    expect(name).to_have_value("version 1")
    name.fill("as trained")
    name.press("Enter")
    notebook.wait_for(f"{ONE}.versions[1].name == 'as trained'")
    bar.get_by_role("button", name="Pin").focus()
    panel.page.keyboard.press("Enter")
    notebook.wait_for(f"{ONE}.versions[1].pinned")
    bar.locator("[aria-pressed=true]").wait_for()

    shown.select_option("version 2")
    notebook.wait_for(f"{ONE}.shown == 2")
    against.select_option("★ as trained")
    said.get_by_text("version 2 against as trained: ").wait_for()
    assert panel.bars.names == order(notebook, 2)

    run(notebook, 5)
    said.get_by_text("net is no longer defined").wait_for()
    assert notebook.errors() == ["ZeroDivisionError: division by zero"]
    if app == "lab":
        assert notebook.console == []


def test_ending_and_restarting_leave_a_panel_that_can_be_read(notebook):
    notebook.open(CELLS[:3])
    notebook.run()
    bar = notebook.cell(1).locator(".nbx-versions")
    bar.get_by_text("version 2 against version 1").wait_for()
    notebook.execute("get_ipython().run_line_magic('explain', '--stop')")
    bar.get_by_text("No longer followed").wait_for()
    assert bar.locator("select").first.is_disabled()
    assert not notebook.evaluate(
        "[c for c in get_ipython().events.callbacks['post_run_cell'] if 'Follow' in str(c)]"
    )
    assert notebook.console == []


def test_a_kernel_that_restarted_leaves_what_changed_to_be_read(notebook):
    notebook.open(CELLS[:3])
    notebook.run()
    bar = notebook.cell(1).locator(".nbx-versions")
    bar.get_by_text("version 2 against version 1").wait_for()
    expect(bar.locator("select").first).to_be_enabled()
    notebook.page.evaluate(f"async () => {{ await {KERNEL}.restart(); }}")
    expect(bar.locator("select").first).to_be_disabled()
    bar.get_by_text("version 2 against version 1").wait_for()


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [250, 500, 900])
def test_versions_fit_and_are_reached_by_keyboard(demo, request, width, dark):  # noqa: F811
    page = demo("edited", width, dark=dark)
    bar = page.locator(".nbx-versions")
    bar.wait_for()
    page.add_script_tag(path=request.config.rootpath / AXE)
    assert page.evaluate(VIOLATIONS) == []
    assert (
        page.evaluate(
            "() => { const at = document.querySelector('.nbx-versions'),"
            " host = at.closest('.nbx').getBoundingClientRect();"
            " return [at, ...at.querySelectorAll('*')].filter((one) =>"
            " one.getBoundingClientRect().right > host.right + 1).map((one) => one.outerHTML); }"
        )
        == []
    )
    bar.locator("select").first.focus()
    passed = []
    for _ in range(3):
        page.keyboard.press("Tab")
        passed.append(page.evaluate("() => document.activeElement.localName"))
    assert passed == ["select", "input", "button"]
    page.screenshot(path=request.config.rootpath / f"out/screenshots/versions-{width}-{dark}.png")
