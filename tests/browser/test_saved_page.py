"""The page that `explorer.save_html` writes: opened from a file, with the network off."""

import csv
import io
import re
import struct
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.report import save_html
from tests.browser.explorer import Panel

LABELS = [f"r{k:03d}" for k in range(300)]


@pytest.fixture(scope="module")
def explanation():
    draw = np.random.default_rng(0)
    X = pd.DataFrame(draw.normal(size=(300, 6)), columns=list("abcdef"), index=LABELS)
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(6, 12), torch.nn.Tanh(), torch.nn.Linear(12, 2))
    y = np.where(X["a"] + draw.normal(size=300) > 0, "default", "repaid")
    return nbx.explain(model, X, pd.Series(y, LABELS), progress=False)


@pytest.fixture
def opened(browser, tmp_path):
    """`opened(shown)` writes this page and opens it; it asks for nothing and says nothing."""
    asked, said, contexts = [], [], []

    def page(shown, **options):
        path = tmp_path / "page.html"
        save_html(path, shown)
        context = browser.new_context(viewport={"width": 1000, "height": 1200}, **options)
        contexts.append(context)
        context.set_offline(True)
        one = context.new_page()
        one.on("request", lambda request: asked.append(request.url))
        one.on("console", lambda message: said.append(message.text))
        one.on("pageerror", lambda error: said.append(str(error)))
        one.goto(path.as_uri())
        return one

    yield page
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not re.match("(file|blob|data):", url)] == []


def test_the_page_keeps_what_is_chosen_and_every_link(opened, explanation, tmp_path):
    explorer = explanation.explore(feature="c", instance="r005", other="r006", rows=LABELS[:60])
    path = tmp_path / "explorer.html"
    explorer.save_html(path)
    explorer.close()
    assert "r005" in path.read_text()
    page = opened({"x": explanation})
    page.goto(path.as_uri())
    panel = Panel(page.locator("body")).drawn()
    for label in ("r005", "r006"):
        panel.local.of(label).wait_for()
    assert panel.bars.selected.get_attribute("data-feature") == "c"
    assert panel.picker.colour == "attribution of c"
    assert panel.picker.brushed() == 60
    assert "λ over 60 brushed rows" in panel.bars.legend
    assert page.get_by_text("Saved snapshot").is_visible()
    panel.picker.click(0.5, 0.6)
    panel.local.of("r005").wait_for(state="detached")
    panel.picker.find("r123")
    panel.local.of("r123").wait_for()
    panel.bars.row("e").click()
    assert panel.picker.colour == "attribution of e"
    count = panel.picker.drag((0.2, 0.3), (0.6, 0.7))
    assert f"λ over {count} brushed row" in panel.bars.legend
    panel.picker.find("nobody")
    panel.picker.view.get_by_text("No row in the saved page").wait_for()


@pytest.mark.parametrize("width", [250, 300, 500])
def test_a_narrow_page_does_not_scroll_sideways(opened, explanation, width):
    page = opened({"x": explanation})
    page.set_viewport_size({"width": width, "height": 900})
    Panel(page.locator("body")).drawn()
    page.wait_for_function(
        "width => document.documentElement.scrollWidth === width", arg=width, timeout=10_000
    )


def test_views_of_one_selection_stay_linked_in_the_page(opened, explanation):
    picked = nbx.Selection(instance="r001")
    views = {
        "Bars": nbx.ImportanceBars(explanation, selection=picked),
        "Local": nbx.LocalBars(explanation, selection=picked),
        "Log-odds": explanation.with_response("logodds").explore(selection=picked),
        "Apart": explanation.explore(selection=nbx.Selection(instance="r002")),
    }
    page = opened(views)
    for view in views.values():
        view.close()
    bars, local, odds, apart = (Panel(page.locator("section[data-kind]").nth(i)) for i in range(4))
    local.local.of("r001").wait_for()
    odds.drawn().picker.find("r077")
    local.local.of("r077").wait_for()
    bars.bars.row("f").click()
    local.view("local").locator("[data-feature=f][aria-selected=true]").wait_for()
    assert odds.bars.selected.get_attribute("data-feature") == "f"
    assert apart.local.label == "r002"
    assert apart.bars.selected.count() == 0


def download(panel, what):
    """The file behind an entry of the panel's menu: its name and bytes."""
    panel.place.get_by_role("button", name="Download").click()
    with panel.page.expect_download() as taken:
        panel.place.get_by_role("menuitem", name=what).click()
    return taken.value.suggested_filename, taken.value.path().read_bytes()


@pytest.fixture
def panel(opened, explanation):
    shown = explanation.explore(feature="c", instance="r005", rows=LABELS[:60])
    page = opened({"Credit <b>": shown}, accept_downloads=True)
    shown.close()
    return Panel(page.locator("section[data-kind]")).drawn()


def test_tables_hold_what_is_shown(panel, explanation):
    name, content = download(panel, "Importances (CSV)")
    assert name.endswith("importances.csv")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    table = explanation.importance(explanation.default_output)
    assert [row["feature"] for row in rows] == list(table.index)
    found = [float(next(v for k, v in row.items() if k.startswith("importance"))) for row in rows]
    assert found == pytest.approx(list(table["importance"]), rel=1e-5)
    name, content = download(panel, re.compile(r"nstances \(CSV\)"))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))
    assert {next(iter(row.values())) for row in rows} == set(LABELS[:60])
    name, content = download(panel, "Picked instance (CSV)")
    rows = {row["feature"]: row for row in csv.DictReader(io.StringIO(content.decode("utf-8-sig")))}
    local = explanation.local("r005", explanation.default_output)
    assert set(rows) == set("abcdef")
    numbers = {key for key, text in rows["c"].items() if re.fullmatch(r"-?[\d.e-]+", text or "")}
    values = [float(rows["c"][key]) for key in numbers]
    for wanted in ("value", "attribution", "importance"):
        assert any(v == pytest.approx(local.loc["c", wanted], rel=1e-4) for v in values), wanted


def test_a_drawing_says_what_is_shown(panel, explanation):
    name, content = download(panel, "Drawing (SVG)")
    assert name.endswith(".svg")
    root = ET.fromstring(content)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    said = " ".join(" ".join(root.itertext()).split())
    for words in (explanation.question, "r005", "60 brushed", "Feature importance"):
        assert words in said, words
    for feature in "abcdef":
        assert re.search(rf"\b{feature}\b", said)
    assert b"<script" not in content
    assert b"<foreignObject" not in content


def test_a_picture_is_what_is_on_the_screen(panel):
    name, content = download(panel, "Picture (PNG)")
    assert name.endswith(".png")
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    box = panel.place.locator("[data-nbx-panel]").bounding_box()
    # Twice as sharp, and all of it.
    assert width == pytest.approx(2 * box["width"], rel=0.1)
    assert height == pytest.approx(2 * box["height"], rel=0.15)
    assert len(content) > 20_000
