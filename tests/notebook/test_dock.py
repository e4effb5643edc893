"""What docking publishes, for pages that dock and pages that cannot, and what it keeps."""

import gc
import sys
import weakref
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import comm
import ipywidgets
import pytest
import torch
import traitlets

import nbexplain as nbx
from nbexplain.notebook import dock as docking
from nbexplain.notebook.widgets import forms


class Handle:
    """An output that can be updated."""

    def __init__(self, data):
        self.data = data

    def update(self, data, raw):
        assert raw
        self.data = data


class Sidecar(ipywidgets.Widget):
    """What the package of this name has, without a page."""

    title = traitlets.Unicode()
    outputs = traitlets.Tuple()
    made: ClassVar = []

    def __init__(self, **traits):
        super().__init__(**traits)
        self.made.append(self)


@pytest.fixture
def kernel(monkeypatch):
    """A kernel in its fifth cell; `.outputs` is what it shows, `.asked` the comms it opens."""
    found = SimpleNamespace(outputs=[], asked=[], execution_count=5)
    monkeypatch.setattr(docking, "in_kernel", lambda: True)
    monkeypatch.setattr(forms, "in_kernel", lambda: True)
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: found)

    def display(data, raw, display_id=None):
        found.outputs.append(Handle(data))
        return found.outputs[-1]

    class Asked:
        def on_close(self, call):
            self.closed = call

    create = comm.create_comm

    def opened(**options):
        if options["target_name"] != docking.TARGET:  # a widget's own
            return create(**options)
        found.asked.append(Asked())
        return found.asked[-1]

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr("comm.create_comm", opened)
    monkeypatch.setattr(docking, "find_spec", lambda name: None)
    yield found
    docking._latest.clear()
    docking._beside.clear()


@pytest.fixture
def sidecar(kernel, monkeypatch):
    module = ModuleType("sidecar")
    module.Sidecar = Sidecar
    monkeypatch.setitem(sys.modules, "sidecar", module)
    monkeypatch.setattr(docking, "find_spec", lambda name: name == "sidecar")
    monkeypatch.setattr(Sidecar, "made", [])
    return Sidecar.made


def explained():
    return nbx.explain(torch.nn.Linear(3, 1), torch.eye(3))


def model_of(handle):
    return handle.data[forms.WIDGET]["model_id"]


def test_each_page_finds_its_form(kernel):
    ex = explained()
    ex.dock()
    still, line, panel = kernel.outputs
    view = forms.view_of(ex)
    assert line.data == {
        docking.MIME: {"model_id": view.model_id, "title": "Linear"},
        "text/plain": docking.BELOW,
    }
    assert "Create New View for Cell Output" in docking.BELOW
    # A page that docks draws nothing in the place of the panel.
    assert panel.data[docking.MIME] == {}
    assert model_of(panel) == view.model_id
    assert f"nbx-static-{view.model_id}" in still.data["text/html"]
    assert kernel.asked == []


def test_the_panel_is_the_one_of_the_output(kernel, monkeypatch):
    ex, shown = explained(), []
    monkeypatch.setattr(forms, "_display", shown.append)
    ex.dock()
    kernel.execution_count += 1
    ex._ipython_display_()
    assert shown[-1][forms.WIDGET]["model_id"] == model_of(kernel.outputs[-1])


def test_the_cell_that_docks_does_not_show_its_result_below(kernel, monkeypatch):
    ex, other, shown = explained(), explained(), []
    monkeypatch.setattr(forms, "_display", shown.append)
    ex.dock()
    ex._ipython_display_()
    assert shown == []
    other._ipython_display_()
    assert len(shown) == 2


def test_docking_again_shows_the_same_panel(kernel):
    ex = explained()
    watch = nbx.watch(torch.nn.Linear(3, 1), torch.eye(3))
    for shown in (ex, watch, ex, watch):
        shown.dock()
    models = [model_of(panel) for panel in kernel.outputs[2::3]]
    assert models[:2] == models[2:]
    assert models[0] != models[1]


def test_the_panel_of_a_watch_follows_it(kernel):
    model = torch.nn.Linear(3, 1)  # a watch does not keep it
    watch = nbx.watch(model, torch.eye(3)).start()
    watch.dock()
    (docked,) = docking._latest
    assert docked.view._session.status == {"state": "live", "step": 0, "paused": False}
    docked.view.close()
    watch.dock()
    assert docking._latest[0].view is not docked.view
    watch.stop()


def test_what_is_docked_is_kept_until_another_is(kernel):
    ex = explained()
    seen = weakref.ref(ex)
    ex.dock()
    del ex
    gc.collect()
    assert seen() is not None
    explained().dock()
    gc.collect()
    assert seen() is None


def test_a_watch_whose_docked_panel_was_closed_is_kept_by_nothing(kernel):
    watch = nbx.watch(torch.nn.Linear(3, 1), torch.eye(3))
    watch.dock()
    docking._watching(watch).close()
    explained().dock()  # in its place
    known = weakref.ref(watch)
    del watch
    gc.collect()
    assert known() is None


def test_a_terminal_is_told_what_there_is(capsys):
    explained().dock()
    nbx.watch(torch.nn.Linear(3, 1), torch.eye(3)).dock()
    assert capsys.readouterr().out.splitlines() == [docking.NOWHERE] * 2


def test_a_page_that_cannot_dock_gets_a_sidecar(kernel, sidecar):
    ex = explained()
    ex.dock()
    (asked,) = kernel.asked
    _, line, panel = kernel.outputs
    assert sidecar == []  # the page may have the extension
    asked.closed({"content": {}})
    (place,) = sidecar
    (output,) = place.outputs
    assert output["data"][forms.WIDGET]["model_id"] == model_of(panel)
    assert line.data == {"text/plain": docking.BESIDE}
    ex.dock()
    kernel.asked[1].closed({"content": {}})
    assert [one.comm is None for one in sidecar] == [True, False]


class TestLines:
    def test_dock_docks_what_the_line_gives(self, shell, monkeypatch):
        docked = []
        monkeypatch.setattr(docking, "dock", docked.append)
        shell.run_cell("ex = %explain --dock net A", silent=True)
        assert docked == [shell.user_ns["ex"]]
        shell.run_cell("watch = %explain --dock --live net A", silent=True)
        assert docked[1:] == [shell.user_ns["watch"]]
        shell.run_line_magic("explain", "--stop")
        shell.run_cell("ex = %explain net A", silent=True)
        assert len(docked) == 2

    @pytest.mark.parametrize("trains", [True, False])
    def test_above_a_cell_it_docks_what_the_cell_trains(self, shell, monkeypatch, trains):
        from tests.notebook.test_live import TRAINS

        docked = []
        monkeypatch.setattr(docking, "dock", docked.append)
        made = "import torch\nnet, X = torch.nn.Linear(3, 1), torch.randn(9, 3)\n"
        found = shell.run_cell_magic("explain", "--dock net X", made + TRAINS * trains)
        (one,) = docked
        assert isinstance(one, nbx.Watch if trains else nbx.Explanation)
        assert (found is None) == trains

    def test_its_help_is_that_of_the_method(self, shell):
        from nbexplain.notebook.magic import help_text

        first = nbx.Explanation.dock.__doc__.split("\n")[0]
        assert " ".join(first[1:].split()) in " ".join(help_text().split())
