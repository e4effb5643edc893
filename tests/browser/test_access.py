"""The Explorer without a mouse, with other colours, and as assistive technology meets it."""

import numpy as np
import pytest

from tests.browser.explorer import SETUP, Panel
from tests.browser.notebook import SCREENSHOTS
from tests.browser.pixels import painted
from tests.browser.test_demo_page import AXE, built, demo  # noqa: F401

VIOLATIONS = """async () => (await axe.run(".nbx", {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
})).violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`))"""
EXPLORE = """
ex = explained({task!r})
explorer = ex.explore(feature="c", instance="r005", other="r006", rows=labels[:60])
explorer
"""
THEMES = ("JupyterLab Light", "JupyterLab Dark")
FOCUSED = """() => {
    const { activeElement: at } = document, view = at.closest("[data-nbx-view]");
    const own = ["mode", "axis", "column", "list"].find((name) => at.closest(`[data-${name}]`));
    const what = own ?? at.getAttribute("role") ?? (at.type === "search" ? "search" : at.localName);
    return [view?.dataset.nbxView, at.matches("[data-nbx-plot]") ? "plot" : what];
}"""


def tab_to(page, view, what):
    """Press the tab key until the focus is there."""
    passed = []
    for _ in range(60):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(FOCUSED))
        if passed[-1] == [view, what]:
            return
    pytest.fail(f"{view} {what} is not reached by tab, only {passed}")


@pytest.mark.parametrize("task", ["classifier", "regression"])
def test_axe_finds_nothing_in_jupyterlab(notebook, request, task):
    notebook.open([SETUP, EXPLORE.format(task=task)])
    notebook.run()
    page, panel = notebook.page, Panel(notebook.cell(1)).drawn()
    panel.local.of("r006").wait_for()
    page.add_script_tag(path=request.config.rootpath / AXE)
    for theme in THEMES:
        notebook.command("apputils:change-theme", {"theme": theme})
        panel.place.locator(f"[data-theme={theme.split()[1].lower()}]").first.wait_for()
        for mode in ("plot", "beeswarm", "table"):
            panel.picker.show(mode)
            assert page.evaluate(VIOLATIONS) == [], (theme, mode)
        panel.picker.show("plot")
        menus = panel.place.locator("[aria-haspopup]")
        assert menus.count() >= 4
        for menu in menus.all():
            menu.click()
            assert menu.get_attribute("aria-expanded") == "true"
            assert page.evaluate(VIOLATIONS) == [], (theme, menu.inner_text())
            page.keyboard.press("Escape")
            panel.place.locator("[aria-expanded=true][aria-haspopup]").wait_for(state="detached")
        panel.picker.plot.hover()
        assert page.evaluate(VIOLATIONS) == [], theme
        notebook.screenshot(f"explorer-{task}-{theme.split()[1].lower()}", of=panel.place)


def test_everything_is_done_by_keyboard(demo):  # noqa: F811
    page = demo("flow")
    panel, keys = Panel(page.locator("#flow")).drawn(), page.keyboard
    # A feature.
    tab_to(page, "importance", "listbox")
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    assert panel.bars.selected.get_attribute("data-feature") == panel.bars.names[1]
    assert panel.picker.colour == f"attribution of {panel.bars.names[1]}"
    # What is shown, and how.
    tab_to(page, "instances", "mode")
    # A row: the cursor is ringed and spoken, and Enter picks it.
    tab_to(page, "instances", "plot")
    keys.press("ArrowRight")
    ringed = page.evaluate("stores.flow.hovered.value")
    keys.press("ArrowRight")
    assert page.evaluate("stores.flow.hovered.value") != ringed
    spoken = panel.picker.view.locator("[role=status]", has_text="predicted flow")
    spoken.wait_for(state="attached")
    keys.press("Enter")
    first = panel.local.label
    # A second one beside it.
    keys.press("ArrowDown")
    keys.press("Alt+Enter")
    page.wait_for_function("stores.flow.other.value !== null")
    assert panel.local.of(first).is_visible()
    # A brush: shift and arrows; Escape clears it, then the second row.
    keys.press("Shift+ArrowRight")
    count = panel.picker.brushed()
    for _ in range(3):
        keys.press("Shift+ArrowLeft")
        keys.press("Shift+ArrowUp")
    page.wait_for_function("(count) => stores.flow.rows.value?.length !== count", arg=count)
    for _ in range(8):
        keys.press("Shift+ArrowRight")
        keys.press("Shift+ArrowDown")
    assert panel.picker.brushed() > count
    assert "λ over" in panel.bars.legend
    keys.press("Escape")
    panel.picker.chip.wait_for(state="detached")
    keys.press("Escape")
    page.wait_for_function("stores.flow.other.value === null")
    # A search.
    tab_to(page, "instances", "search")
    keys.type("2024-0077")
    keys.press("Enter")
    panel.local.of("2024-0077").wait_for()


def test_a_class_is_brushed_by_keyboard(demo):  # noqa: F811
    """Its wrong rows, by the button beside its name."""
    page = demo("credit")
    panel, keys = Panel(page.locator("#credit")).drawn(), page.keyboard
    tab_to(page, "instances", "plot")
    tab_to(page, "instances", "button")
    for _ in range(8):
        if "wrong" in (page.evaluate("document.activeElement.ariaLabel") or ""):
            break
        tab_to(page, "instances", "button")
    keys.press("Enter")
    assert panel.picker.brushed() > 0


def test_the_table_is_sorted_and_picked_from_by_keyboard(demo):  # noqa: F811
    page = demo("flow")
    panel, keys = Panel(page.locator("#flow")).drawn(), page.keyboard
    tab_to(page, "instances", "mode")
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    grid = panel.picker.view.get_by_role("grid")
    grid.wait_for()
    tab_to(page, "instances", "column")
    for _ in range(10):
        if page.evaluate("document.activeElement.textContent") == "predicted flow":
            break
        tab_to(page, "instances", "column")
    keys.press("Enter")
    header = grid.get_by_role("columnheader", name="predicted flow")
    assert header.get_attribute("aria-sort") == "descending"
    numbers = [float(text) for text in _column(grid, header)]
    assert numbers == sorted(numbers, reverse=True)
    keys.press("Enter")
    assert header.get_attribute("aria-sort") == "ascending"
    grid.focus()
    keys.press("End")
    keys.press("Enter")
    label = panel.local.label
    row = grid.locator("[aria-selected=true]")
    assert row.get_attribute("data-row") == label
    assert row.get_attribute("aria-rowindex") == grid.get_attribute("aria-rowcount")
    box, window = row.bounding_box(), grid.bounding_box()
    assert box["y"] + box["height"] <= window["y"] + window["height"] + 1


def _column(grid, header):
    place = header.evaluate("head => [...head.parentElement.children].indexOf(head)")
    return grid.locator("[data-row]").evaluate_all(
        "(rows, place) => rows.map((row) => row.children[place].textContent.replace('−', '-'))",
        place,
    )


def test_forced_colours_keep_what_is_chosen_visible(demo):  # noqa: F811
    page = demo("flow", forced_colors="active")
    panel = Panel(page.locator("#flow")).drawn()
    panel.picker.click(0.5, 0.5)
    panel.picker.drag((0.2, 0.3), (0.6, 0.8))
    panel.local.view.locator("[data-feature]").first.click()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    style = "(element, name) => getComputedStyle(element)[name]"
    bars = panel.local.view.locator("[data-feature] .nbx-bar")
    for bar in bars.all()[:3]:
        assert bar.evaluate(style, "backgroundColor") != paper
    ring = panel.picker.view.locator(".nbx-picked circle").last
    assert ring.evaluate(style, "stroke") not in (paper, "none")
    assert panel.picker.view.locator(".nbx-box").evaluate(style, "stroke") not in (paper, "none")
    mark = panel.bars.marks.first
    assert mark.evaluate(style, "backgroundColor") != paper
    chosen = panel.local.view.locator("[aria-selected=true]")
    assert chosen.evaluate(style, "outlineStyle") == "solid"
    page.screenshot(path=SCREENSHOTS / "explorer-forced-colours.png")


def test_nothing_moves_where_that_is_asked_for(demo):  # noqa: F811
    page = demo("flow", reduced_motion="reduce")
    panel = Panel(page.locator("#flow")).drawn()
    panel.picker.click(0.5, 0.5)
    panel.picker.drag((0.2, 0.3), (0.6, 0.8))
    panel.bars.row().first.click()
    moving = "document.getAnimations().map((one) => [one.effect.target.outerHTML, one.playState])"
    assert page.evaluate(moving) == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("sight", ["none", "protanopia", "deuteranopia", "tritanopia"])
def test_hues_stay_apart_however_one_sees(demo, dark, sight):  # noqa: F811
    """Colours as painted, in CIE L*a*b*: 10 is a clear difference side by side."""
    page = demo("credit,simple", dark=dark)
    panel, simple = Panel(page.locator("#credit")).drawn(), Panel(page.locator("#simple"))
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setEmulatedVisionDeficiency", {"type": sight})
    bar = "[data-feature].nbx-{} .nbx-bar"
    hues = {
        "rises": painted(panel.bars.view.locator(bar.format("rises")).first, 0.3),
        "falls": painted(panel.bars.view.locator(bar.format("falls")).first, 0.3),
        "both ways": painted(simple.bars.view.locator(bar.format("both")).first, 0.3),
        "paper": painted(panel.place.locator("h3").first, -3),
    }
    apart = {
        (one, two): float(np.linalg.norm(hues[one] - hues[two]))
        for one in hues
        for two in hues
        if one < two
    }
    assert apart["falls", "rises"] > 60, apart
    assert min(apart.values()) > 20, apart
    # The picker's ramp: its ends, and its middle.
    ramp = panel.picker.view.locator(".nbx-ramp i").first
    low, middle, high = (painted(ramp, at) for at in (0.04, 0.5, 0.96))
    assert np.linalg.norm(low - high) > 60
    assert min(np.linalg.norm(low - middle), np.linalg.norm(high - middle)) > 25
