"""Nothing is left of a panel that was closed, nothing grows in one that is live."""

import pytest

from benchmarks.constancy import constancy
from tests.browser.explorer import SETUP
from tests.browser.notebook import KERNEL

TIMES = 200
BOX = """
import gc, ipywidgets
from ipywidgets.widgets.widget import _instances
ex = explained("classifier")
box = ipywidgets.VBox()
kept = ex.explore()

def show(what):
    made = {"panel": lambda: kept, "new panel": lambda: ex.explore(selection=nbx.Selection())}
    box.children = (made.get(what, ipywidgets.Label)(),)

def leave():
    (view,) = box.children
    box.children = ()
    if view is not kept:
        view.layout.close()
        if isinstance(view, ipywidgets.Label):
            view.style.close()
        view.close()

def counted():
    gc.collect()
    kernel = get_ipython().kernel
    return [len(kernel.comm_manager.comms), len(_instances)]

box
"""
# In the page, so that rounds are quick: Python shows, the page draws, Python leaves.
ROUNDS = f"""async ([times, what]) => {{
    const run = (code) => {KERNEL}.requestExecute({{ code, store_history: false }}).done;
    const there = () => document.querySelector(
        ".jp-Notebook :is([data-nbx-panel] [data-nbx-plot] canvas, .widget-label)");
    const until = async (done) => {{
        const end = performance.now() + 30_000;
        while (!done()) {{
            if (performance.now() > end) throw new Error("The panel did not come or go.");
            await new Promise(requestAnimationFrame);
        }}
    }};
    for (let i = 0; i < times; i++) {{
        await run(`show("${{what}}")`);
        await until(there);
        there().closest("[data-nbx-panel]")?.querySelector("[data-feature]").click();
        await run("leave()");
        await until(() => !there());
    }}
}}"""


def held(notebook, session):
    """What is alive in the page and in the kernel, after all garbage was collected."""
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    counters = session.send("Memory.getDOMCounters")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    comms, widgets = notebook.evaluate("counted()")
    return {**counters, "heap": heap, "comms": comms, "widgets": widgets}


def grown(notebook, session, what):
    """How much more there is after so many rounds."""
    notebook.page.evaluate(ROUNDS, [20, what])  # what is made once and kept
    before = held(notebook, session)
    notebook.page.evaluate(ROUNDS, [TIMES, what])
    after = held(notebook, session)
    return {name: after[name] - before[name] for name in before}


def test_nothing_is_left_of_panels_that_were_closed(notebook):
    """Compared with a label of ipywidgets: JupyterLab itself keeps a little of each round."""
    notebook.open([SETUP, BOX])
    notebook.run()
    assert notebook.errors() == []
    session = notebook.page.context.new_cdp_session(notebook.page)
    session.send("HeapProfiler.enable")
    label, panel, new = (grown(notebook, session, what) for what in ("label", "panel", "new panel"))
    print(f"grown in {TIMES} rounds: {label=} {panel=} {new=}")  # noqa: T201
    for found in (panel, new):
        assert found["comms"] == found["widgets"] == 0
        # One of anything that is left in each round would be 200.
        for name in ("nodes", "jsEventListeners", "documents"):
            assert found[name] - label[name] < TIMES / 4, name
    # A page never forgets a module, and anywidget gives every new session one: its text.
    assert panel["heap"] - label["heap"] < TIMES * 10_000
    assert new["heap"] - label["heap"] < TIMES * 150_000


@pytest.mark.slow
def test_nothing_grows_while_a_model_is_watched(notebook):
    """Twenty seconds, half of them explanations; `benchmarks.constancy 600` is ten minutes."""
    found = constancy(notebook, seconds=20)
    print(found)  # noqa: T201
    assert found.updates > 20
    assert found.comms == found.widgets == found.told == 0
    # Of anything that stayed of each update there would be so many more.
    assert found.objects < 100 + 10 * found.updates
    assert found.memory < 30
    assert found.listeners < found.updates / 4
    assert found.nodes < found.updates
    assert found.heap < 5
