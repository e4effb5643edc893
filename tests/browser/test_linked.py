"""Views in cells of their own, side by side, and of several explanations: what is shared."""

import pytest

from tests.browser.explorer import SETUP, Panel

APART = """
ex = explained("classifier")
bars, picker, local = nbx.ImportanceBars(ex), nbx.InstancePicker(ex), nbx.LocalBars(ex)
bars
"""
TWO = """
other = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
# The same rows; the columns in another order, one of them missing.
few = X[list("hgfedcb")]
narrow = torch.nn.Sequential(torch.nn.Linear(7, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))
ex, second = explained("classifier"), nbx.explain(narrow, few, y["classifier"], progress=False)
picked = nbx.Selection()
one, two = ex.explore(selection=picked), second.explore(selection=picked)
one
"""
RESPONSES = """
import ipywidgets
ex = explained("classifier")
picked = nbx.Selection(instance="r007")
one = ex.explore(selection=picked, response="prob")
two = ex.with_response("logodds").explore(selection=picked)
ipywidgets.HBox([one, two])
"""


def run(notebook, *cells):
    """The panels in these cells, drawn."""
    notebook.open([SETUP, *cells])
    notebook.run()
    assert notebook.errors() == []
    return [Panel(notebook.cell(1 + index)) for index in range(len(cells))]


def test_views_in_cells_of_their_own_are_linked(notebook):
    bars, picker, local = run(notebook, APART, "picker", "local")
    picker.picker.click(0.5, 0.5)
    label = local.local.label
    assert picker.picker.label.text_content() == label
    bars.bars.row("c").click()
    local.view("local").locator("[data-feature=c][aria-selected=true]").wait_for()
    assert picker.picker.colour == "attribution of c"
    count = picker.picker.drag((0.15, 0.25), (0.6, 0.78))
    assert f"λ over {count} brushed row" in bars.bars.legend
    # What is chosen in the header of one view is shown by all.
    bars.place.locator("[data-response=logodds]").first.click()
    picker.place.locator("[data-response=logodds] input:checked").wait_for()
    assert "log-odds" in local.local.text
    notebook.wait_for(
        f"(bars.instance, picker.feature, len(local.rows)) == ({label!r}, 'c', {count})"
    )


def test_views_stand_side_by_side(notebook):
    box = APART.replace("\nbars\n", "\nimport ipywidgets\nipywidgets.HBox([bars, picker])\n")
    panel, _ = run(notebook, box, "ipywidgets.VBox([local])")
    left, right = (view.bounding_box() for view in (panel.view("importance"), panel.picker.view))
    assert left["x"] + left["width"] <= right["x"]
    assert abs(left["y"] - right["y"]) < 20
    panel.picker.find("r321")
    panel.picker.label.get_by_text("r321").wait_for()
    notebook.wait_for("local.instance == 'r321'")
    notebook.screenshot("side-by-side-linked")


def test_a_selection_links_two_models_of_the_same_rows(notebook):
    first, second = run(notebook, TWO, "two")
    first.drawn().picker.find("r042")
    second.drawn().local.of("r042").wait_for()
    # A feature is the same by its name, wherever it stands; what one lacks, the other keeps.
    second.bars.row("h").click()
    first.view("importance").locator("[data-feature=h][aria-selected=true]").wait_for()
    first.bars.row("a").click()
    second.bars.selected.wait_for(state="detached")
    count = second.picker.drag((0.15, 0.25), (0.6, 0.78))
    assert first.picker.brushed() == count
    notebook.wait_for(
        f"(picked.instance, picked.feature, len(picked.rows)) == ('r042', 'a', {count})"
    )
    assert notebook.evaluate("[one.feature, two.feature, set(one.rows) == set(two.rows)]") == [
        "a",
        None,
        True,
    ]
    # Each shows λ of its own model over them.
    for panel, ex in ((first, "ex"), (second, "second")):
        assert panel.bars.brushed() == pytest.approx(
            notebook.evaluate(f"shares({ex}, picked.rows)"), abs=0.06
        )
    # Which output and response are shown is each one's own.
    first.place.locator("[data-response=raw]").first.click()
    notebook.wait_for("one.response == 'raw'")
    assert notebook.evaluate("two.response") == "prob"
    assert second.place.locator("[data-response=prob] input:checked").first.is_visible()
    # Python wins over both pages.
    notebook.execute("picked.instance = 'r399'")
    for panel in (first, second):
        panel.local.of("r399").wait_for()


def test_two_response_scales_stand_side_by_side(notebook):
    (both,) = run(notebook, RESPONSES)
    panels = [Panel(both.place.locator("[data-nbx-panel]").nth(index)) for index in (0, 1)]
    for panel, response in zip(panels, ("prob", "logodds"), strict=True):
        panel.place.locator(f"[data-response={response}] input:checked").wait_for()
        panel.local.of("r007").wait_for()
    panels[1].picker.find("r008")
    panels[0].local.of("r008").wait_for()
    moves = [panel.local.rows()["c"]["Move"] for panel in panels]
    assert moves[0] != moves[1]
    expected = notebook.evaluate(
        "[float(v.explanation.local('r008', v.output).attribution['c']) for v in (one, two)]"
    )
    shown = [float(move.replace("−", "-")) for move in moves]
    assert shown == pytest.approx(expected, rel=0.03, abs=0.006)


def test_selections_of_their_own_separate_two_views_of_one_explanation(notebook):
    apart = APART.replace("\nbars\n", "\nalone = ex.explore(selection=nbx.Selection())\nalone")
    alone, shared = run(notebook, apart, "ipywidgets = ex.explore()\nipywidgets")
    alone.drawn().picker.find("r001")
    shared.drawn().picker.find("r002")
    alone.local.of("r001").wait_for()
    shared.local.of("r002").wait_for()
    assert alone.local.of("r002").count() == 0
    alone.bars.row("b").click()
    shared.bars.row("d").click()
    notebook.wait_for("(alone.feature, bars.feature, local.instance) == ('b', 'd', 'r002')")
    assert notebook.evaluate("alone.instance") == "r001"


def test_ipywidgets_link_joins_what_is_apart(notebook):
    apart = APART.replace("\nbars\n", "\none = ex.explore(selection=nbx.Selection())\none")
    link = """
import ipywidgets
two = ex.explore(selection=nbx.Selection())
field = ipywidgets.Text()
ipywidgets.link((one, "instance"), (two, "instance"))
ipywidgets.dlink((two, "feature"), (field, "value"), lambda name: name or "")
ipywidgets.VBox([field, two])
"""
    one, two = run(notebook, apart, link)
    one.drawn().picker.find("r111")
    two.drawn().local.of("r111").wait_for()
    two.bars.row("f").click()
    notebook.wait_for("field.value == 'f'")
    assert notebook.evaluate("[one.feature, two.feature]") == [None, "f"]
