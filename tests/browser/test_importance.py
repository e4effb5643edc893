"""The first view, as a person meets it: `%explain model X y` in JupyterLab."""

from itertools import product

import pytest

from tests.browser.notebook import CELL_THAT_WAITS
from tests.browser.server import WIDGET_MANAGER

SETUP = """
import numpy as np, pandas as pd, torch
import nbexplain as nbx
%load_ext nbexplain

torch.manual_seed(0)
X = pd.DataFrame(np.random.default_rng(0).normal(size=(400, 8)), columns=list("abcdefgh"))
model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 3))
with torch.no_grad():
    y = pd.Series(["cat", "dog", "owl"])[model(torch.tensor(X.values).float()).argmax(1).numpy()]
"""
EXPLAIN = "%explain model X y"
BARS = "ex = nbx.explain(model, X, y)\nbars = nbx.ImportanceBars(ex)\nbars"
ORDER = "list({ex}.importance({output}).index)"


def view_in(cell):
    """The view in a cell, drawn."""
    view = cell.locator("[data-nbx-view=importance][data-nbx-state=ready]")
    view.locator("[data-feature]").first.wait_for()
    return view


def features(view):
    """The names of the bars, from the top."""
    return view.locator("[data-feature]").evaluate_all(
        "rows => rows.map((row) => row.dataset.feature)"
    )


def choose(place, hook, name):
    """Press the switch of an output or a response, in the header of a view or a panel."""
    place.locator(f"[data-{hook}='{name}']").click()


def test_bars_stand_in_rank_order(notebook):
    notebook.open([SETUP, EXPLAIN, "ex = _"])
    notebook.run()
    assert notebook.errors() == []
    view = view_in(notebook.cell(1))
    assert features(view) == notebook.evaluate(ORDER.format(ex="ex", output=""))
    assert view.get_by_text(notebook.evaluate("ex.question")).first.is_visible()
    # The script-free form is there for readers without a kernel, but not beside the view.
    notebook.cell(1).locator(".nbx-static").wait_for(state="hidden")
    assert notebook.cell(1).locator(".nbx-static").count() == 1


def test_switching_and_filtering_work_while_the_kernel_is_blocked(notebook):
    notebook.open([SETUP, EXPLAIN, "ex = _", CELL_THAT_WAITS])
    choices = list(product(("prob", "logodds", "raw"), (None, "cat", "owl")))
    seen = {}
    with notebook.busy():
        view = view_in(notebook.cell(1))
        for response, output in choices:
            choose(notebook.cell(1), "response", response)
            choose(notebook.cell(1), "output", output or "")
            seen[response, output] = features(view)
        view.get_by_role("searchbox").fill("G")
        view.locator("[data-feature=a]").wait_for(state="detached")
        assert features(view) == ["g"]
    for response, output in choices:
        order = ORDER.format(ex=f"ex.with_response({response!r})", output=repr(output))
        assert seen[response, output] == notebook.evaluate(order), (response, output)
    assert len({tuple(order) for order in seen.values()}) > 3, "the orders hardly differ"


def test_a_trait_moves_the_view_and_a_click_sets_the_trait(notebook):
    notebook.open([SETUP, BARS])
    notebook.run()
    view = view_in(notebook.cell(1))
    selected = view.locator("[data-feature][aria-selected=true]")

    notebook.execute("bars.feature = 'c'")
    selected.wait_for()
    assert selected.get_attribute("data-feature") == "c"
    notebook.execute("bars.output = 'dog'; bars.response = 'raw'")
    view.locator("[data-output=dog] input:checked").wait_for()
    view.locator("[data-response=raw] input:checked").wait_for()
    raw = ORDER.format(ex="ex.with_response('raw')", output="'dog'")
    assert features(view) == notebook.evaluate(raw)

    view.locator("[data-feature=e]").click()
    notebook.wait_for("bars.feature == 'e'")
    choose(view, "output", "owl")
    notebook.wait_for("bars.output == 'owl'")
    choose(view, "response", "prob")
    notebook.wait_for("bars.response == 'prob'")
    view.locator("[data-feature=e]").click()
    notebook.wait_for("bars.feature is None")


def test_a_click_is_heard_while_a_cell_runs(notebook):
    """Comm messages take a subshell past the running cell (ipykernel 7.4 needs a hand)."""
    waits = """
import threading
heard = threading.Event()
bars.observe(lambda change: heard.set(), "feature")
assert heard.wait(30), "the click was not heard before the cell ended"
"""
    notebook.open([SETUP, BARS, waits])
    notebook.run(wait=False)
    view_in(notebook.cell(1)).locator("[data-feature=b]").click()
    notebook.wait_for("bars.feature == 'b'")
    assert notebook.errors() == []


def test_two_views_of_one_explanation_share_what_is_chosen(notebook):
    notebook.open([SETUP, BARS, "nbx.ImportanceBars(ex)"])
    notebook.run()
    first, second = (view_in(notebook.cell(index)) for index in (1, 2))
    first.locator("[data-feature=d]").click()
    second.locator("[data-feature=d][aria-selected=true]").wait_for()


@pytest.fixture
def saved(notebook):
    """A notebook that was run and saved, as bytes, and the question that it answers."""
    notebook.open([SETUP, f"{EXPLAIN} --progress True"], name="saved.ipynb")
    notebook.run()
    view_in(notebook.cell(1))
    notebook.save()
    question = notebook.evaluate("_.question")
    notebook.shut_down()
    return (notebook.server.root / "saved.ipynb").read_bytes(), question


@pytest.mark.parametrize("kernel", [True, False], ids=["another kernel", "no kernel"])
@pytest.mark.parametrize(
    "without", [(), (WIDGET_MANAGER,)], ids=["trusted", "elsewhere, no widgets"]
)
def test_reopened_the_static_form_is_there(saved, open_page, kernel, without):
    """Another server has not signed the notebook: Jupyter takes drawings out of its HTML."""
    content, question = saved
    reopened = open_page(without=without)
    (reopened.server.root / "saved.ipynb").write_bytes(content)
    reopened.visit("saved.ipynb", kernel=kernel)
    assert_static(reopened.cell(1), question, drawn=not without)


def test_without_the_widget_manager_the_static_form_is_there(open_page):
    notebook = open_page(without=(WIDGET_MANAGER,))
    notebook.open([SETUP, EXPLAIN])
    notebook.run()
    assert notebook.errors() == []
    assert_static(notebook.cell(1), notebook.evaluate("_.question"))


def assert_static(cell, question, *, drawn=True):
    """The script-free form, whole, and no word of what is missing beside it."""
    static = cell.locator(".nbx-static")
    static.get_by_text(question).wait_for()
    for name in "abcdefgh":
        assert static.get_by_role("cell", name=name, exact=True).first.is_visible()
    if drawn:
        assert static.locator("svg rect").count() >= 8, "the bars are not drawn"
    for excuse in ("Error displaying widget", "Loading widget", "Could not render"):
        assert cell.get_by_text(excuse).locator("visible=true").count() == 0, excuse


HOSTILE = [
    "<img src=x onerror=\"globalThis.broken='name'\">",
    "<script>globalThis.broken='script'</script>",
    "</table></div><h1>out</h1>",
    "a" * 200,
    "twin",
    "twin",
    "🦉 owl 👩‍👩‍👧",
    "שלום עולם",
    "&lt;b&gt; **bold** $x$",
]


def test_hostile_names_are_text(open_page):
    setup = f"""
import numpy as np, pandas as pd, torch
import nbexplain as nbx
%load_ext nbexplain
names = {HOSTILE!r}
X = pd.DataFrame(np.random.default_rng(0).normal(size=(200, len(names))), columns=names)
torch.manual_seed(0)
model = torch.nn.Linear(len(names), 2)
ex = nbx.explain(model, X, output_names=names[:2])
"""
    for without in ((), (WIDGET_MANAGER,)):
        notebook = open_page(without=without)
        notebook.open([setup, "ex"])
        notebook.run()
        assert notebook.errors() == []
        if not without:
            view = view_in(notebook.cell(1))
            assert sorted(features(view)) == sorted(HOSTILE)
            assert features(view) == notebook.evaluate("list(ex.importance().index)")
        else:
            static = notebook.cell(1).locator(".nbx-static")
            titles = static.locator("td[title]").evaluate_all("all => all.map((td) => td.title)")
            assert sorted(titles) == sorted(HOSTILE)
        outputs = notebook.cell(1).locator(".jp-OutputArea")
        # A method's card has headings of its own.
        markup = outputs.locator("img, h1, script, b:not(.nbx-card b), strong, mjx-container")
        assert markup.evaluate_all("all => all.map((one) => one.outerHTML)") == []
        assert notebook.page.evaluate("globalThis.broken ?? null") is None
        # Without the widget manager Jupyter has complaints of its own.
        assert without or notebook.console == []


def test_notebook_7_draws_the_bars(open_page):
    notebook = open_page("notebook")
    notebook.open([SETUP, EXPLAIN])
    notebook.run()
    assert notebook.errors() == []
    assert features(view_in(notebook.cell(1))) == notebook.evaluate(ORDER.format(ex="_", output=""))


def test_pictures_in_both_themes(notebook):
    """For people to look at, in out/screenshots."""
    notebook.open([SETUP, BARS])
    notebook.run()
    view = view_in(notebook.cell(1))
    view.locator("[data-feature]").nth(2).click()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        notebook.command("apputils:change-theme", {"theme": theme})
        notebook.page.locator(f"body[data-jp-theme-name='{theme}']").wait_for(state="attached")
        name = theme.split()[1].lower()
        assert notebook.screenshot(f"importance-{name}", of=view).stat().st_size > 10_000
        notebook.screenshot(f"lab-{name}")
