"""What a cell shows of an explanation and of a view: live, without scripts, as text."""

import pytest
import torch
from ipywidgets import Widget
from ipywidgets.widgets.widget import _instances

import nbexplain as nbx
from nbexplain.notebook import widgets, wire
from nbexplain.notebook.widgets import forms as shown


@pytest.fixture
def ex():
    yield nbx.explain(torch.nn.Linear(3, 2), torch.randn(40, 3), ["no", "yes"] * 20)
    Widget.close_all()


@pytest.fixture
def outputs(monkeypatch):
    found = []
    monkeypatch.setattr(shown, "_display", found.append)
    return found


def test_a_kernel_gets_the_static_form_and_the_live_view_apart(ex, outputs, monkeypatch):
    monkeypatch.setattr(shown, "in_kernel", lambda: True)
    ex._ipython_display_()
    static, live = outputs
    assert set(static) == {"text/html", "text/plain"}
    assert set(live) == {shown.WIDGET, "text/plain"}
    assert live["text/plain"] == ""
    assert f"nbx-static-{live[shown.WIDGET]['model_id']}" in static["text/html"]


def test_an_explanation_is_shown_in_the_explorer(ex):
    model_id = ex._repr_mimebundle_()[shown.WIDGET]["model_id"]
    assert isinstance(_instances[model_id], nbx.Explorer)


def test_a_terminal_gets_text(ex, outputs, monkeypatch):
    monkeypatch.setattr(shown, "in_kernel", lambda: False)
    ex._ipython_display_()
    assert [set(data) for data in outputs] == [{"text/plain"}]


def test_the_bundle_holds_all_forms(ex):
    data = ex._repr_mimebundle_()
    assert set(data) == {shown.WIDGET, "text/html", "text/plain"}


def test_without_the_bundle_the_static_form_is_shown_and_the_reason_said(ex, outputs, monkeypatch):
    def missing(name):
        raise FileNotFoundError("run npm")

    monkeypatch.setattr(wire, "bundle", missing)
    monkeypatch.setattr(shown, "in_kernel", lambda: True)
    with pytest.warns(UserWarning, match="run npm"):
        ex._ipython_display_()
    assert [set(data) for data in outputs] == [{"text/html", "text/plain"}]
    with pytest.warns(UserWarning, match="run npm"):
        assert shown.WIDGET not in ex._repr_mimebundle_()


def test_an_empty_view_is_shown_alone(outputs):
    nbx.ImportanceBars()._ipython_display_()
    assert [set(data) for data in outputs] == [{shown.WIDGET, "text/plain"}]


def test_displaying_again_makes_no_more_models(ex):
    widgets.mimebundle(ex)
    count = len(_instances)
    for _ in range(20):
        widgets.mimebundle(ex)
    assert len(_instances) == count


def test_a_closed_view_is_shown_without_scripts(ex, outputs):
    bars = nbx.ImportanceBars(ex)
    bars.close()
    bars._ipython_display_()
    assert [set(data) for data in outputs] == [{"text/html", "text/plain"}]
    empty = nbx.ImportanceBars()
    empty.close()
    empty._ipython_display_()
    assert outputs[1] == {"text/plain": "ImportanceBars()"}
