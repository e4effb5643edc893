"""Methods in the panel: switched, beside each other, their cards; with the kernel and without."""

import pytest
from playwright.sync_api import expect

from tests.browser.explorer import SETUP, Panel
from tests.browser.notebook import CELL_THAT_WAITS
from tests.browser.test_access import VIOLATIONS
from tests.browser.test_demo_page import AXE
from tests.browser.test_saved_page import explanation, opened  # noqa: F401

EXPLORE = "ex = explained('classifier')\nexplorer = ex.explore()\nexplorer"
REFUSED = """
odd = nbx.explain(lambda x: torch.cross(x[:, :3], x[:, 3:6], dim=1)[:, :1], inputs, progress=False)
other = odd.explore()
other
"""


def choose(panel, label, title):
    """An entry of a menu in the header."""
    menu = panel.place.locator(f".nbx-methods .nbx-menu:has([role=listbox][aria-label^={label}])")
    menu.get_by_role("button").click()
    menu.get_by_role("option", name=title).click()


def test_methods_are_switched_and_stand_beside_each_other(notebook):
    notebook.open([SETUP, EXPLORE, REFUSED])
    notebook.run()
    panel = Panel(notebook.cell(1)).drawn()
    panel.bars.row("c").click()
    panel.picker.find("r123")
    panel.local.of("r123").wait_for()
    notebook.wait_for("explorer.instance == 'r123'")

    choose(panel, "Method", "DeepLIFT")
    question = panel.place.locator(".nbx-question")
    question.get_by_text("DeepLIFT of the log-odds of").wait_for()
    notebook.wait_for("explorer.method == 'deeplift'")
    assert notebook.evaluate("explorer.explanation is ex.with_method('deeplift')")
    assert panel.bars.names == notebook.evaluate(
        "list(ex.with_method('deeplift').importance(explorer.output).index)"
    )
    panel.bars.selected.wait_for()  # what was picked stays
    assert panel.bars.selected.get_attribute("data-feature") == "c"
    assert panel.local.label == "r123"
    panel.place.locator(".nbx-waterfall").wait_for()

    choose(panel, "Beside", "Integrated gradients")
    notebook.wait_for("explorer.beside == 'integrated_gradients'")
    said = panel.place.locator(".nbx-agreement [role=status]")
    said.wait_for()
    agreed = "nbx.agreement(ex.with_method('deeplift'), ex.with_method('integrated_gradients'))"
    assert said.text_content() == notebook.evaluate(f"{agreed}.sentence")
    questions = panel.place.locator(".nbx-agreement li").all_text_contents()
    for said_of, name in zip(questions, ("deeplift", "integrated_gradients"), strict=True):
        assert notebook.evaluate(f"nbx.card({name!r}).question") in said_of
    assert panel.place.locator(".nbx-row .nbx-dot").count() == 8
    panel.place.locator("[data-both]").first.wait_for()
    notebook.screenshot("methods-beside")
    number = panel.place.locator(".nbx-list .nbx-moved").first
    expect(number).to_be_visible()
    notebook.execute("explorer.layout.width = '180px'")
    expect(number).to_be_hidden()  # or it would stand on the ring
    notebook.execute("explorer.layout.width = None")
    expect(number).to_be_visible()

    notebook.execute("explorer.method = 'integrated_gradients'")
    question.get_by_text("Integrated gradients of the log-odds").wait_for()
    expect(panel.place.locator(".nbx-agreement b").nth(1)).to_have_text("DeepLIFT")  # they swap
    notebook.execute("explorer.beside = None; explorer.method = 'sensitivity'")
    question.get_by_text("Sensitivity of P(").wait_for()
    assert panel.place.locator(".nbx-agreement").count() == 0

    refused = Panel(notebook.cell(2))
    refused.bars.row().first.wait_for()
    choose(refused, "Method", "DeepLIFT")
    refused.place.get_by_text("DeepLIFT has no rule for").wait_for()
    assert notebook.evaluate("other.method") == "sensitivity"
    assert refused.bars.row().count() == 8
    assert notebook.errors() == []


def test_a_busy_kernel_is_waited_for(notebook):
    notebook.open([SETUP, EXPLORE, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(1)).drawn()
        choose(panel, "Method", "Integrated gradients")
        panel.place.get_by_text("Integrated gradients: Asking the kernel").wait_for()
        panel.place.get_by_text("The kernel is busy; this will fill in").wait_for()
        assert panel.bars.row().count() == 8  # the old one stays until then
    panel.place.get_by_text("Integrated gradients of the log-odds").wait_for()
    assert panel.place.get_by_text("Asking the kernel").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [290, 540, 940])
def test_a_saved_page_keeps_both_methods_and_the_card(
    opened,  # noqa: F811
    explanation,  # noqa: F811
    request,
    width,
    scheme,
):
    view = explanation.explore(instance="r005", beside="deeplift", output="repaid")
    page = opened({"Two methods": view}, color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 1000})
    view.close()
    page.locator(".nbx-agreement").wait_for()
    assert page.locator(".nbx-row .nbx-dot").count() == 6
    assert page.locator("[data-both]").count() == 6
    sides = page.evaluate(
        "() => [...document.querySelectorAll("
        "'.nbx-methods, .nbx-agreement, .nbx-pair, .nbx-row .nbx-dot')]"
        ".map((one) => one.getBoundingClientRect().right"
        " - one.closest('.nbx').getBoundingClientRect().right)"
    )
    assert max(sides) <= 0
    card = page.locator(".nbx-card")
    card.locator("summary").focus()
    page.keyboard.press("Enter")
    card.get_by_text("Horel et al.").wait_for()
    box = card.locator(".nbx-popup").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    page.screenshot(path=request.config.rootpath / f"out/screenshots/methods-{width}-{scheme}.png")
    axe = (request.config.rootpath / AXE).read_text(encoding="utf-8")
    page.evaluate(f"() => {{ {axe} }}")  # past the page's own policy
    assert page.evaluate(VIOLATIONS) == []
    page.keyboard.press("Escape")
    expect(card.locator(".nbx-popup")).to_be_hidden()
    assert page.evaluate("() => document.activeElement.localName") == "summary"
