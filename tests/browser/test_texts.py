"""Texts in JupyterLab: the picked row is a shaded sentence, whose tokens pick lags."""

import re

import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.report import save_html
from tests.browser.explorer import Panel
from tests.browser.notebook import CELL_THAT_WAITS

SETUP = """
import torch
import nbexplain as nbx

WORDS = ["<pad>", "good", "bad", "not", *(f"word{i}" for i in range(56))]

class Recurrent(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Embedding(60, 6, padding_idx=0)
        self.cell, self.head = torch.nn.GRU(6, 8, batch_first=True), torch.nn.Linear(8, 2)

    def forward(self, input_ids):
        return self.head(self.cell(self.embedding(input_ids))[0].mean(1))

torch.manual_seed(0)
ids = torch.randint(1, 60, (200, 30))
for row in range(200):
    ids[row, 10 + row % 20:] = 0
y = ["negative", "positive"] * 100
ex = nbx.explain(Recurrent(), {"input_ids": ids}, y, tokens=WORDS, keep=40, progress=False)
explorer = ex.explore()
explorer
"""


def opacity(word):
    """How dark a token is shaded, by what the browser paints."""
    return float(
        word.evaluate(
            "one => getComputedStyle(one).backgroundColor.match(/[\\d.]+(?=\\))/)[0]"
            " * getComputedStyle(one).backgroundColor.startsWith('rgba')"
        )
    )


def test_a_picked_row_is_a_sentence_and_its_tokens_pick_lags(notebook):
    notebook.open([SETUP, CELL_THAT_WAITS])
    with notebook.busy():
        panel = Panel(notebook.cell(0)).drawn()
        panel.picker.click(0.5, 0.5)
        text = panel.view("local").locator(".nbx-text")
        text.wait_for()
        leave = panel.view("local").get_by_role("button", name=re.compile("^Leave "))
        label = (leave.first.get_attribute("aria-label") or "").removeprefix("Leave ")
        words = text.locator("[data-lag]")
        shown = words.evaluate_all("all => all.map((one) => one.textContent)")
        lags = words.evaluate_all("all => all.map((one) => +one.dataset.lag)")
        shades = [opacity(words.nth(i)) for i in range(words.count())]
        # A token by click, another by keyboard: the timeline, the bars and Python follow.
        words.nth(2).click()
        panel.view("importance").locator(".nbx-legend").wait_for()
        assert words.nth(2).get_attribute("aria-selected") == "true"
        text.focus()
        notebook.page.keyboard.press("ArrowRight")
        text.locator("[data-lag][aria-selected=true]", has_text=shown[3]).first.wait_for()
        read = panel.view("local").locator(".nbx-text-read")
        read.filter(has_text=f"token 4 of {len(shown)}").wait_for()
        # A lag that is picked in the timeline is marked in the text.
        bars = panel.view("lags").locator(".nbx-lag-panel").first.locator(".nbx-lag-bars")
        bars.focus()
        notebook.page.keyboard.press("Escape")
        text.locator("[aria-selected=true]").first.wait_for(state="detached")
        notebook.page.keyboard.press("End")
        words.last.locator("xpath=self::*[@aria-selected='true']").wait_for()
        # A token of the bars is marked wherever it stands.
        panel.bars.row().first.click()
        notebook.screenshot("texts")
    assert notebook.errors() == []
    assert notebook.console == []
    notebook.wait_for(f"explorer.instance == {int(label.removeprefix('#'))}")
    notebook.wait_for("list(explorer.lags) == [0]")
    table = notebook.evaluate(
        "(lambda t: [t['token'].tolist(), t['importance'].tolist()])"
        "(ex.local(explorer.instance, ex.default_output))"
    )
    assert shown == table[0]
    assert lags == list(range(len(shown)))[::-1]
    most = max(table[1])
    assert shades == pytest.approx([0.5 * share / most for share in table[1]], abs=0.01)
    names = notebook.evaluate("ex.token_importance(ex.default_output).index[:5].tolist()")
    assert panel.bars.names[:5] == names


def test_a_row_that_was_not_kept_comes_from_the_kernel(notebook):
    notebook.open([SETUP])
    notebook.run()
    panel = Panel(notebook.cell(0)).drawn()
    row = notebook.evaluate("next(row for row in range(200) if row not in ex.rows)")
    notebook.execute(f"explorer.instance = {row}")
    text = panel.view("local").locator(".nbx-text")
    text.wait_for()
    shown = text.locator("[data-lag]").evaluate_all("all => all.map((one) => one.textContent)")
    assert shown == notebook.evaluate(f"ex.local({row})['token'].tolist()")


def luminance(colour):
    """Relative luminance as WCAG 2 has it, of red, green and blue between 0 and 255."""
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_on_the_darkest_shade_can_be_read(browser, tmp_path, scheme):
    embedding = torch.nn.Embedding(9, 2)
    weights = torch.tensor([1.0, 0.0, 3.0])
    ids = torch.tensor([[1, 2, 3]] * 5)
    ex = nbx.explain(lambda ids: (embedding(ids).sum(2) * weights).sum(1), ids, progress=False)
    explorer = ex.explore(instance=0)
    save_html(tmp_path / "page.html", {"Texts": explorer})
    explorer.close()
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    words = page.locator(".nbx-text [data-lag]")
    words.first.wait_for()
    ratios = []
    for place in range(3):
        ink, shade, paper = words.nth(place).evaluate(
            "one => [getComputedStyle(one).color, getComputedStyle(one).backgroundColor,"
            " getComputedStyle(document.body).backgroundColor]"
            ".map((colour) => colour.match(/[\\d.]+/g).map(Number))"
        )
        opacity = shade[3] if len(shade) > 3 else 1
        behind = [opacity * a + (1 - opacity) * b for a, b in zip(shade, paper, strict=False)]
        lights = sorted([luminance(ink[:3]), luminance(behind[:3])])
        ratios.append((lights[1] + 0.05) / (lights[0] + 0.05))
    context.close()
    assert min(ratios) == ratios[2] >= 4.5
    assert ratios[0] > ratios[2] + 0.5
