"""The page that `save_html` leaves: opened from a file, with the network off."""

import re

import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.report import save_html
from tests.browser.notebook import SCREENSHOTS

TITLE = "Tumours </script><img src=x onerror=alert(1)>"
AXE = "node_modules/axe-core/axe.min.js"
VIOLATIONS = """async () => {
  const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
  const { violations } = await axe.run({ runOnly: rules });
  return violations.map((rule) => [rule.help, rule.nodes.map((node) => node.html)]);
}"""


@pytest.fixture(scope="module")
def explanations():
    torch.manual_seed(0)
    X = pd.DataFrame(torch.randn(200, 6).numpy(), columns=[*"abcde", "<b>bold</b>"])
    classes = pd.Series(["no", "yes"] * 100)
    one, two = torch.nn.Linear(6, 1), torch.nn.Linear(6, 2)
    return {"A line": nbx.explain(one, X), TITLE: nbx.explain(two, X, classes)}


@pytest.fixture
def open_file(browser, tmp_path, explanations):
    """`open_file(theme)` gives the page, offline, and what it asked for and complained of."""
    path = tmp_path / "page.html"
    save_html(path, explanations)
    contexts = []

    def page(theme="light", **options):
        context = browser.new_context(offline=True, color_scheme=theme, **options)
        contexts.append(context)
        opened, asked, said = context.new_page(), [], []
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: said.append(message.text))
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.goto(path.as_uri())
        return opened, asked, said

    yield page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_page_is_whole_without_network_and_kernel(open_file, explanations, request, theme):
    page, asked, said = open_file(theme)
    views = page.locator("[data-nbx-view=importance][data-nbx-state=ready]")
    for index, (title, ex) in enumerate(explanations.items()):
        rows = views.nth(index).locator("[data-feature]")
        rows.first.wait_for()
        names = rows.evaluate_all("all => all.map((row) => row.dataset.feature)")
        assert names == list(ex.importance(ex.default_output).index)
        assert page.get_by_role("heading", name=title, exact=True).first.is_visible()
    assert page.locator("img").or_(page.locator("b", has_text="bold")).count() == 0
    page.evaluate((request.config.rootpath / AXE).read_text())  # not by tag: the page forbids it
    broken = page.evaluate(VIOLATIONS)
    assert broken == []
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"page-{theme}.png", full_page=True)
    page.set_viewport_size({"width": 320, "height": 800})
    page.screenshot(path=SCREENSHOTS / f"page-{theme}-narrow.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert said == []
    assert [url for url in asked if not re.match(r"(file|blob|data):", url)] == []


def test_page_switches_without_kernel(open_file, explanations):
    page, _, said = open_file()
    view = page.locator("[data-nbx-panel][data-nbx-state=ready]").nth(1)
    view.locator("[data-response=raw]").click()
    ex = explanations[TITLE]
    question = ex.with_response("raw").question_about(ex.default_output)
    view.get_by_text(question).first.wait_for()
    assert said == []


def test_page_without_scripts_shows_the_static_form(open_file, explanations):
    page, _, _ = open_file(java_script_enabled=False)
    for ex in explanations.values():
        assert page.locator(".nbx-static").get_by_text(ex.question).first.is_visible()
