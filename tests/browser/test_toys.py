"""Three networks whose answers are known: the words and the hues that a person sees."""

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from tests.browser.explorer import Panel
from tests.browser.notebook import SCREENSHOTS
from tests.browser.pixels import hue


class Toy(torch.nn.Module):
    """A function of the columns, as a network."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x)[:, None]


TOYS = {
    "sum": lambda x: 2 * x[:, 0] + x[:, 1],
    "fall": lambda x: -x[:, 0],
    "cosine": lambda x: torch.cos(x[:, 0]),
    "unused": lambda x: 3 * x[:, 1],
}


@pytest.fixture(scope="module")
def explanations():
    # Symmetric columns of standard deviation 1 that are not correlated.
    half = np.random.default_rng(0).normal(size=(250, 2))
    X = np.concatenate([half, -half, half * [1, -1], half * [-1, 1]])
    X = pd.DataFrame(X / X.std(0), columns=["x1", "x2"])
    return {name: nbx.explain(Toy(f), X, progress=False) for name, f in TOYS.items()}


@pytest.fixture(params=[False, True], ids=["light", "dark"])
def toys(browser, explanations, tmp_path, request):
    """`toys(name)` gives the page of a toy with a row picked."""
    opened = []

    def shown(name):
        explorer = explanations[name].explore(instance=3)
        path = tmp_path / f"{name}.html"
        explorer.save_html(path)
        explorer.close()
        theme = "dark" if request.param else "light"
        page = browser.new_page(viewport={"width": 960, "height": 800}, color_scheme=theme)
        opened.append(page)
        page.goto(path.as_uri())
        panel = Panel(page.locator("section[data-kind]")).drawn()
        panel.local.view.locator("[data-feature]").first.wait_for()
        page.screenshot(path=SCREENSHOTS / f"toy-{name}-{theme}.png", full_page=True)
        return panel

    yield shown
    for page in opened:
        page.close()


def bar(view, feature):
    """The bar of a feature; one of no length is not there, or has no width."""
    return view.locator(f"[data-feature={feature}] .nbx-bar")


def said(panel, feature):
    """What the row of a feature says: its share, and its arrow."""
    row = panel.bars.row(feature)
    return [row.locator(f".nbx-{part}").text_content() for part in ("share", "arrow")]


def test_a_sum_has_global_shares_by_size_and_local_ones_by_square(toys):
    panel = toys("sum")
    assert panel.bars.names == ["x1", "x2"]
    assert [said(panel, "x1"), said(panel, "x2")] == [["66.7", "↑"], ["33.3", "↑"]]
    assert "rises with the input" in panel.bars.legend
    assert "falls" not in panel.bars.legend
    rows = panel.local.rows()
    assert [rows[name]["Squared share of this row"] for name in rows] == ["80.0 %", "20.0 %"]
    assert [rows[name]["Move"] for name in rows] == ["+2.00", "+1.00"]
    # So that 80 and 20 do not contradict 67 and 33.
    assert "squared shares of this row" in panel.local.text.replace("Shares are ", "")
    assert "more concentrated than the global ones" in panel.local.text
    assert "If this input rose by one standard deviation, y0 would move by" in panel.local.text
    for view in (panel.bars.view, panel.local.view):
        assert [hue(bar(view, name)) for name in ("x1", "x2")] == ["orange", "orange"]


def test_what_falls_is_blue(toys):
    panel = toys("fall")
    assert said(panel, "x1") == ["100", "↓"]
    assert "falls with the input" in panel.bars.legend
    assert "rises" not in panel.bars.legend
    assert hue(bar(panel.bars.view, "x1")) == hue(bar(panel.local.view, "x1")) == "blue"
    assert panel.local.rows()["x1"]["Move"] == "−1.00"


def test_a_cosine_has_no_direction_over_all_rows_and_one_at_each(toys):
    panel = toys("cosine")
    assert said(panel, "x1") == ["100", ""]
    assert "both ways, depending on the row" in panel.bars.legend
    assert not {"↑", "↓"} & set(panel.bars.legend)
    assert hue(bar(panel.bars.view, "x1")) == "grey"
    move = panel.local.rows()["x1"]["Move"]
    assert hue(bar(panel.local.view, "x1")) == ("orange" if move.startswith("+") else "blue")


def test_an_input_that_is_not_used_is_0_and_has_no_hue(toys):
    panel = toys("unused")
    assert panel.bars.names == ["x2", "x1"]
    assert said(panel, "x1") == ["0", ""]
    widths = bar(panel.bars.view, "x1").evaluate_all("all => all.map((i) => i.clientWidth)")
    assert sum(widths) == 0
    assert bar(panel.local.view, "x1").count() == 0
    row = panel.local.rows()["x1"]
    assert (row["Move"], row["Squared share of this row"]) == ("0", "0 %")
    notes = panel.place.locator("details.nbx-notes")
    notes.locator("summary").first.click()
    assert "x1" in notes.first.text_content()
    assert hue(bar(panel.bars.view, "x2")) == "orange"
