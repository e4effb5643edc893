"""Two trainings in one view: what the page gets of the second, live, finished and saved."""

import json
import re

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.notebook.widgets import following
from tests.live.test_watch import always, data, train
from tests.notebook.pages import Page
from tests.notebook.test_history import read, told


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(following, "INTERVAL", 0.0)


def watched(width=4, seed=0, **options):
    X, y = data(width=width)
    torch.manual_seed(seed)
    model = nn.Linear(width, 1)
    return model, X, y, always(nbx.watch(model, X, **options))


def test_both_go_on_and_the_second_tells_its_own_session(at_once):
    model, X, y, one = watched()
    other, _, _, two = watched(seed=1)
    view = nbx.TrainingHistory(one, two, names=["clean", "leaky"])
    own, second = Page(view), Page(view._other)
    assert view._second is second.session is not own.session
    assert view._runs == ["clean", "leaky"]
    train(model, X, y, 2)
    train(other, X, y, 3)
    for page, steps in ((own, [1, 2]), (second, [1, 2, 3])):
        sent = [
            read(told(*part), "steps").tolist() for part in page.sent if part[0]["t"] == "history"
        ]
        assert sent == [[step] for step in steps]
    one.stop()
    two.stop()
    np.testing.assert_allclose(read(second.session.history, "share"), two.history, atol=2e-3)
    view.moment = 1
    assert own.chosen["moment"] == 1
    assert "moment" not in second.chosen


def test_the_trainings_are_as_they_would_be():
    def run(shown):
        torch.manual_seed(0)
        models = [nn.Linear(4, 1) for _ in range(2)]
        X, y = data()
        watches = [always(nbx.watch(model, X)) for model in models] if shown else []
        view = nbx.TrainingHistory(*watches) if shown else None
        torch.manual_seed(1)
        for model in models:
            train(model, X, y, 4)
        if view is not None:
            view.close()
        for watch in watches:
            watch.leave()
        return [*models[0].parameters(), *models[1].parameters(), torch.get_rng_state()]

    for a, b in zip(run(False), run(True), strict=True):
        assert torch.equal(a, b)


def test_an_open_panel_of_the_second_is_shared_and_stays():
    *_, one = watched()
    *_, two = watched(seed=1)
    panel = two.explore()
    view = nbx.TrainingHistory(one, two)
    assert view._second is panel._session
    view.close()
    assert not panel.closed
    assert view._other.closed


def test_names_are_the_models_own_told_apart_or_given():
    *_, one = watched()
    *_, two = watched(seed=1)
    assert nbx.TrainingHistory(one, two)._runs == ["Linear 1", "Linear 2"]
    with pytest.raises(ValueError, match="names has 1 of them for 2"):
        nbx.TrainingHistory(one, two, names=["one"])
    with pytest.raises(ValueError, match="pass the other one too"):
        nbx.TrainingHistory(one, names=["one"])


def test_what_cannot_be_compared_is_refused():
    *_, one = watched()
    *_, two = watched(scale="none")
    with pytest.raises(TypeError, match="not Explanation"):
        nbx.TrainingHistory(one, one.explanation)
    with pytest.raises(ValueError, match="Both trainings are the same"):
        nbx.TrainingHistory(one, one)
    with pytest.raises(ValueError, match="scale is std of one and none of the other"):
        nbx.TrainingHistory(one, two)


def test_a_saved_page_has_both(tmp_path):
    model, X, y, one = watched()
    names = ["x0", "x1", "x2", "x3", "ticket</script>"]
    other, Z, _, two = watched(width=5, seed=1, feature_names=names)
    train(model, X, y, 3)
    train(other, Z, y, 2)
    view = nbx.TrainingHistory(one.stop(), two.stop(), names=["a", "b\u202e"])
    view.save_html(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    (held,) = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    second = json.loads(held)["second"]
    assert second["features"] == names
    assert second["runs"] == ["a", "b\u202e"]
    assert second["history"]["steps"]["shape"] == [3]
    assert json.loads(held)["history"]["steps"]["shape"] == [4]
    assert "</script>" not in held
