"""Contributions to one prediction, as JupyterLab and a saved page draw them: a waterfall."""

import re

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.numbers import fixed
from tests.browser.explorer import SETUP, Local, Panel
from tests.browser.notebook import SCREENSHOTS
from tests.browser.pixels import hue

EXPLAIN = """
net, states = models["classifier"], y["classifier"]
%load_ext nbexplain
ex = %explain net X states --method deeplift --row r005
explorer = ex.explore(instance="r005")
explorer
"""
GRADIENT = """
inputs_times = nbx.GradientXInput(baseline="mean")
ex = explained("regression", method=inputs_times)
explorer = ex.explore(instance="r005")
explorer
"""
STEPS = ".nbx-waterfall [role=option]"


class Waterfall:
    """What is drawn from the baseline to the picked row."""

    def __init__(self, local: Local) -> None:
        self.local, self.view = local, local.view
        self.list = self.view.get_by_role("listbox", name=re.compile("^What inputs contributed"))

    def wait_for(self, label: str) -> "Waterfall":
        self.local.of(label).wait_for()
        self.list.wait_for()
        return self

    @property
    def names(self) -> list[str]:
        """Of the steps, from the top."""
        return self.view.locator(f"{STEPS} .nbx-name").all_text_contents()

    @property
    def moves(self) -> dict[str, float]:
        """What is written beside each bar."""
        texts = self.view.locator(f"{STEPS} .nbx-move").all_text_contents()
        return dict(zip(self.names, map(number, texts), strict=True))

    @property
    def ends(self) -> tuple[float, float]:
        """What is written of the baseline and of the row."""
        first, last = self.view.locator(".nbx-end .nbx-move").all_text_contents()
        return number(first), number(last)

    def bars(self) -> list[tuple[float, float]]:
        """Left and right end of each bar on the screen, in pixels."""
        return [(b["x"], b["x"] + b["width"]) for b in self._boxes(f"{STEPS} .nbx-bar")]

    def levels(self) -> list[float]:
        """Where the response is before each step, and at the row, in pixels."""
        return [box["x"] for box in self._boxes(".nbx-level")][1:]

    def _boxes(self, css: str) -> list[dict[str, float]]:
        return self.view.locator(css).evaluate_all(
            "all => all.map((one) => { const { x, width } = one.getBoundingClientRect();"
            " return { x, width }; })"
        )


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("≈", "").replace(",", ""))


def assert_is(waterfall, found, base, prediction, *, gap=0.0, origin="baseline"):
    """On the screen is what Python says, from the baseline to the prediction."""
    order = found.abs().sort_values(ascending=False, kind="stable").index
    steps = [*order, *(["not accounted for"] if gap else [])]
    assert waterfall.names == steps
    wanted = {**found, **({"not accounted for": gap} if gap else {})}
    places = 10.0 ** np.floor(np.log10(max(map(abs, wanted.values()))) - 2)
    assert waterfall.moves == pytest.approx(wanted, abs=0.51 * places)
    assert waterfall.ends == pytest.approx((base, prediction), abs=0.51 * places)
    table = waterfall.local.rows()
    assert number(table[origin]["Response after it"]) == pytest.approx(base, rel=6e-3)
    assert number(table[steps[-1]]["Response after it"]) == pytest.approx(
        prediction, rel=6e-3, abs=2e-3 * abs(prediction - base)
    )
    # Each bar begins where the one above ended, to the right where it adds.
    levels = waterfall.levels()
    assert len(levels) == len(steps) + 1
    per_unit = (levels[-1] - levels[0]) / (prediction - base)
    for (left, right), name, before, after in zip(
        waterfall.bars(), steps, levels[:-1], levels[1:], strict=True
    ):
        ends = sorted((before, after))
        assert (left, right) == pytest.approx(ends, abs=1.5), name
        assert after - before == pytest.approx(wanted[name] * per_unit, abs=1.5), name


def said(notebook, label, output="explorer.output"):
    """What Python says of a row: contributions, the response at the baseline, and at the row."""
    found = notebook.evaluate(f"ex.local({label!r}, {output}).attribution.to_dict()")
    at = f"list(ex.rows).index(labels.index({label!r})), list(ex.outputs).index({output} or 'y0')"
    base, prediction = (
        notebook.evaluate(f"float(ex.{values}[{at}])") for values in ("base_values", "predictions")
    )
    return pd.Series(found), base, prediction


def test_what_explain_draws_adds_up_to_the_prediction(notebook):
    notebook.open([SETUP, EXPLAIN])
    notebook.run()
    assert notebook.errors() == []
    panel = Panel(notebook.cell(1)).drawn()
    waterfall = Waterfall(panel.local).wait_for("r005")
    found, base, prediction = said(notebook, "r005")
    assert found.sum() == pytest.approx(prediction - base, rel=1e-5)
    assert_is(waterfall, found, base, prediction)
    assert "the log-odds of repaid" in panel.local.text
    p = notebook.evaluate("float(torch.tensor(ex.predictions)[5, 1].sigmoid())")
    assert f"(P = {p:.3g}" in panel.local.text
    first = waterfall.names
    # Another row.
    panel.picker.find("r123")
    assert_is(waterfall.wait_for("r123"), *said(notebook, "r123"))
    assert waterfall.names != first
    notebook.wait_for("explorer.instance == 'r123'")
    # By keyboard, from the top.
    waterfall.list.focus()
    for _ in range(2):
        notebook.page.keyboard.press("ArrowDown")
    second = waterfall.names[1]
    notebook.wait_for(f"explorer.feature == {second!r}")
    assert panel.bars.selected.get_attribute("data-feature") == second
    active = waterfall.list.get_attribute("aria-activedescendant")
    assert second in (panel.place.locator(f"[id='{active}']").text_content() or "")
    notebook.page.keyboard.press("Escape")
    notebook.wait_for("explorer.feature is None")
    # The other class is the same way mirrored.
    notebook.execute("explorer.output = 'default'")
    panel.local.view.get_by_text("the log-odds of default").first.wait_for()
    mirrored, base, prediction = said(notebook, "r123", "'default'")
    assert_is(waterfall, mirrored, base, prediction)
    assert mirrored.to_dict() == pytest.approx((-said(notebook, "r123", "'repaid'")[0]).to_dict())


def test_what_is_not_accounted_for_is_a_bar_of_its_own(notebook):
    notebook.open([SETUP, GRADIENT])
    notebook.run()
    assert notebook.errors() == []
    waterfall = Waterfall(Panel(notebook.cell(1)).drawn().local).wait_for("r005")
    found, base, prediction = said(notebook, "r005")
    gap = prediction - base - found.sum()
    assert abs(gap) > 0.1 * abs(prediction - base)
    assert gap == pytest.approx(notebook.evaluate("float(ex.gaps[5, 0])"), rel=1e-5)
    assert_is(waterfall, found, base, prediction, gap=gap)
    notebook.screenshot("waterfall-gap", waterfall.view)


@pytest.fixture(scope="module")
def ex():
    """A network with one logit, by DeepLIFT."""
    torch.manual_seed(0)
    X = pd.DataFrame(torch.randn(200, 30).numpy()).add_prefix("column_")
    X.index = [f"r{k:03d}" for k in range(200)]
    layers = torch.nn.Linear(30, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)
    y = (X["column_0"] > 0).rename("refused")
    return nbx.explain(torch.nn.Sequential(*layers), X, y, method="deeplift", progress=False)


@pytest.fixture
def saved(browser, tmp_path, ex):
    """`saved(width, theme)` gives the saved page from its file, offline, and what it said."""
    path = tmp_path / "page.html"
    ex.explore(instance="r005").save_html(path)
    contexts = []

    def page(width=900, theme="light", **options):
        viewport = {"width": width + 40, "height": 1000}  # the page has margins
        context = browser.new_context(
            offline=True, color_scheme=theme, viewport=viewport, **options
        )
        contexts.append(context)
        opened, complaints = context.new_page(), []
        opened.on("console", lambda message: complaints.append(message.text))
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(path.as_uri())
        return opened, complaints

    yield page
    for context in contexts:
        context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [250, 500, 900])
def test_a_saved_page_draws_it_in_its_hues_at_any_width(saved, ex, width, theme):
    page, complaints = saved(width, theme)
    waterfall = Waterfall(Panel(page.locator("body")).local).wait_for("r005")
    found = ex.local("r005")["attribution"]
    twelve = found.abs().sort_values(ascending=False).index[:12]
    assert waterfall.names == [*twelve, "18 other features"]
    assert waterfall.moves["18 other features"] == pytest.approx(found.drop(twelve).sum(), abs=0.01)
    place = list(ex.rows).index(5)
    ends = ex.base_values[place, 0], ex.predictions[place, 0]
    assert waterfall.ends == pytest.approx(ends, abs=0.006)
    for name in twelve[:3]:
        bar = waterfall.view.locator(f"[data-feature='{name}'] .nbx-bar")
        assert hue(bar, 0.5) == ("orange" if found[name] > 0 else "blue")
    text = " ".join((waterfall.view.text_content() or "").split())
    assert f"(P = {1 / (1 + np.exp(-ends[1])):.3g})" in text
    assert f"predicted {ends[1] > 0}" in text
    waterfall.view.get_by_role("button", name="All 30 features").click()
    waterfall.view.get_by_role("button", name="Fewer features").wait_for()
    order = found.abs().sort_values(ascending=False).index
    assert waterfall.names == [*order]
    box = waterfall.view.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width + 40
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    waterfall.view.screenshot(path=SCREENSHOTS / f"waterfall-{width}-{theme}.png")
    assert complaints == []


def test_without_scripts_shares_are_of_contributions(saved, ex):
    page, _ = saved(java_script_enabled=False)
    still = page.locator(".nbx-static")
    assert still.get_by_text(ex.question).first.is_visible()
    assert "the mean of each column" in ex.question
    size = np.abs(ex.attributions[:, 0]).mean(0)
    shares = pd.Series(100 * size / size.sum(), ex.features.names).sort_values(ascending=False)
    names = still.locator(".nbx-static__bars td.nbx-static__name").all_text_contents()
    values = still.locator(".nbx-static__bars td.nbx-static__value").all_text_contents()
    assert names == list(shares.index)
    assert [float(value.split()[0]) for value in values] == pytest.approx(list(shares), abs=0.06)
    text = repr(ex)
    assert text.startswith(ex.question)
    for rank, (name, share) in enumerate(shares.items(), 1):
        assert re.search(rf"^ *{rank} +{name} +{re.escape(fixed(share, 2))} ", text, re.MULTILINE)
