"""Views and their session on the Python side: traits, messages, displays, running."""

import gc
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
import traitlets
from ipywidgets import HBox, Layout
from ipywidgets.widgets.widget import _instances

import nbexplain as nbx
from nbexplain.notebook import widgets, wire
from nbexplain.notebook.widgets.hosting import route_by_sender
from nbexplain.notebook.widgets.session import Session

NAMES = ["age", "income", "debt"]


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 2))


@pytest.fixture(scope="module")
def X():
    return pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=NAMES)


@pytest.fixture
def ex(model, X):
    return nbx.explain(model, X, ["no", "yes"] * 20)


def page(view):
    """What the page sends, and what it gets."""
    session, sent = view._session, []
    session.send = lambda content, buffers=None: sent.append((content, buffers))
    return lambda content: session._handle_custom_msg(content, []), sent


def click(send, feature=None, output=1, response="prob", client="page", seq=1):
    choice = {"feature": feature, "output": output, "response": response}
    send({"t": "select", **choice, "client": client, "seq": seq})


def test_a_view_begins_where_the_explanation_does(ex):
    bars = nbx.ImportanceBars(ex)
    assert (bars.feature, bars.output, bars.response) == (None, "yes", "prob")
    assert bars.explanation is ex
    assert bars._session.selection["output"] == 1


def test_a_trait_set_here_reaches_the_page(ex):
    bars = nbx.ImportanceBars(ex)
    bars.feature, bars.output, bars.response = "debt", None, "raw"
    picked = {"feature": 2, "instance": None, "other": None, "rows": None}
    shown = {"output": None, "response": "raw"}
    assert bars._session.selection == {**picked, **shown, "client": "", "seq": 0}


def test_traits_can_be_given_at_once(ex):
    bars = nbx.ImportanceBars(ex, feature="age", response="logodds", layout=Layout(width="400px"))
    assert (bars.feature, bars.response, bars.layout.width) == ("age", "logodds", "400px")
    before = len(_instances)
    with pytest.raises(
        TypeError, match="no option 'row': against, beside, edit, feature, instance,"
    ):
        nbx.ImportanceBars(ex, row=3)
    assert len(_instances) == before


def test_an_explanation_is_explored_with_traits_and_a_selection(ex):
    picked = nbx.Selection(instance=4)
    explorer = ex.explore(selection=picked, feature="debt", layout=Layout(width="90%"))
    assert isinstance(explorer, nbx.Explorer)
    assert (explorer.explanation, explorer.instance, picked.feature) == (ex, 4, "debt")
    assert explorer.layout.width == "90%"
    assert ex.explore()._session is not explorer._session


def test_a_click_sets_the_traits_of_all_views_and_is_echoed(ex):
    bars, other = nbx.ImportanceBars(ex), nbx.ImportanceBars(ex)
    heard = []
    other.observe(lambda change: heard.append((change["name"], change["new"])))
    send, _ = page(bars)
    click(send, feature=1, output=None, response="raw", seq=7)
    assert (bars.feature, bars.output, bars.response) == ("income", None, "raw")
    assert sorted(heard, key=str) == [("feature", "income"), ("output", None), ("response", "raw")]
    assert (bars._session.selection["client"], bars._session.selection["seq"]) == ("page", 7)


def test_a_click_on_a_namesake_stays_on_it(model):
    twins = pd.DataFrame(np.eye(3, dtype="float32"), columns=["twin", "twin", "x"])
    bars = nbx.ImportanceBars(nbx.explain(model, twins, output_names=["no", "yes"]))
    send, _ = page(bars)
    for feature in (1, 0, 1):
        click(send, feature=feature, output=None, response="raw")
        assert (bars.feature, bars._session.selection["feature"]) == ("twin", feature)


def test_a_message_about_what_is_not_there_is_dropped(ex):
    bars = nbx.ImportanceBars(ex)
    _, sent = page(bars)
    # Past the dispatcher, which would log an error and go on.
    send = lambda content: bars._session._receive(None, content, [])  # noqa: E731
    click(send, feature=99)
    click(send, feature="age")
    send({"t": "unheard of"})
    assert (bars.feature, sent) == (None, [])


@pytest.mark.parametrize(
    ("trait", "value", "words"),
    [
        ("feature", "aeg", "aeg.*age"),
        ("output", "maybe", "maybe.*yes"),
        ("response", "loss", "loss.*logodds"),
    ],
)
def test_an_unknown_name_is_refused_and_changes_nothing(ex, trait, value, words):
    bars = nbx.ImportanceBars(ex)
    before = getattr(bars, trait)
    with pytest.raises(ValueError, match=words):
        setattr(bars, trait, value)
    assert getattr(bars, trait) == before


def test_views_link_like_any_widget(ex, model, X):
    bars = nbx.ImportanceBars(ex)
    other = nbx.ImportanceBars(nbx.explain(model, X, ["no", "yes"] * 20))
    link = traitlets.link((bars, "feature"), (other, "feature"))
    bars.feature = "debt"
    assert other.feature == "debt"
    link.unlink()
    assert HBox([bars, other]).children == (bars, other)


def test_one_session_and_one_bundle_for_all_views_of_an_explanation(ex):
    bars, other = nbx.ImportanceBars(ex), nbx.ImportanceBars(ex)
    assert bars._session is other._session is Session.of(ex)
    state = bars.get_state()
    assert state["_session"] == f"anywidget:{bars._session.model_id}"
    assert len(state["_esm"]) < 1_000


def test_the_session_closes_with_its_last_view(ex):
    bars, other = nbx.ImportanceBars(ex), nbx.ImportanceBars(ex)
    session = bars._session
    bars.close()
    assert session.comm is not None
    other.close()
    assert session.comm is None
    again = nbx.ImportanceBars(ex)
    assert again._session is not session
    assert again.feature is None


def test_a_view_holds_its_explanation_and_a_display_does_not(model, X):
    ex = nbx.explain(model, X)
    dies = weakref.ref(ex)
    bars = nbx.ImportanceBars(ex)
    widgets.mimebundle(ex)
    del ex
    gc.collect()
    assert dies() is bars.explanation is not None
    bars.close()
    gc.collect()
    assert dies() is None


def test_a_slice_is_answered_with_its_numbers(ex):
    send, sent = page(nbx.ImportanceBars(ex))
    send({"t": "slice", "response": "logodds", "output": 0})
    ((answer, buffers),) = sent
    asked = ex.with_response("logodds")
    assert answer["question"] == asked.question_about(0)
    values = np.frombuffer(buffers[0], "<f4").reshape(4, 3)
    np.testing.assert_array_equal(values, wire.importance(asked, 0))


@pytest.mark.parametrize(
    ("response", "output", "words"), [("loss", 0, "not at hand"), ("raw", 5, "out of range")]
)
def test_a_slice_that_cannot_be_is_answered_with_a_sentence(ex, response, output, words):
    send, sent = page(nbx.ImportanceBars(ex))
    send({"t": "slice", "response": response, "output": output})
    ((answer, _),) = sent
    assert words in answer["error"]


def test_a_slice_of_an_explanation_that_is_gone_says_so(model, X):
    ex = nbx.explain(model, X)
    session = Session.of(ex)
    sent = []
    session.send = sent.append
    del ex
    gc.collect()
    session._handle_custom_msg({"t": "slice", "response": "raw", "output": 0}, [])
    assert "run its cell again" in sent[0]["error"]


class TestExplain:
    def test_shows_progress_and_the_result(self, model, X):
        bars = nbx.ImportanceBars()
        assert bars._session.status == {"state": "empty"}
        told, states = [], []
        bars._session.observe(lambda change: states.append(change["new"]), "status")
        ex = bars.explain(model, X, batch_size=10, progress=lambda *rows: told.append(rows))
        assert bars.explanation is ex
        assert [state["state"] for state in states][:2] == ["loading", "loading"]
        assert states[1]["total"] == 40
        assert states[-1] == {"state": "ready"}
        assert told[-1] == (40, 40)
        assert nbx.ImportanceBars(ex)._session is bars._session

    def test_an_error_is_shown_and_comes_through_and_can_be_tried_again(self, model, X):
        bars = nbx.ImportanceBars()
        broken = X.copy()
        broken.loc[3, "income"] = np.nan
        with pytest.raises(ValueError, match="income"):
            bars.explain(model, broken)
        status = bars._session.status
        assert status["state"] == "error"
        assert "income" in status["message"]
        assert "Traceback" in status["detail"]
        broken.loc[3, "income"] = 0.0
        send, _ = page(bars)
        send({"t": "again"})
        assert bars._session.status == {"state": "ready"}
        assert bars.explanation.count == 40

    def test_the_kind_of_a_foreign_error_is_named(self, X):
        def forward(x):
            raise RuntimeError("out of luck")

        bars = nbx.ImportanceBars()
        with pytest.raises(RuntimeError, match="out of luck"):
            bars.explain(forward, X)
        assert bars._session.status["message"] == "RuntimeError: out of luck"

    def test_other_views_keep_what_they_show(self, ex, model, X):
        bars, other = nbx.ImportanceBars(ex), nbx.ImportanceBars(ex)
        new = bars.explain(model, X)
        assert (bars.explanation, other.explanation) == (new, ex)
        bars.feature = "age"
        assert other.feature is None

    def test_what_was_chosen_before_there_is_anything_is_kept_where_it_fits(self, model, X):
        bars = nbx.ImportanceBars(feature="income", response="logodds")
        bars.explain(model, X, ["no", "yes"] * 20)
        assert (bars.feature, bars.response) == ("income", "logodds")


def test_clicks_are_routed_by_their_sender():
    class Comm:
        def _reply_subshell_for(self, data, default):
            return "main"

    class Other:
        __slots__ = ()

    class Older:
        pass

    routed, older = Comm(), Older()
    for comm in (routed, older, Other(), None):
        route_by_sender(comm)
    assert routed._reply_subshell_for is None
    assert vars(older) == {}


def test_what_was_closed_leaves_no_model_behind():
    explanation = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    layout = Layout(width="300px")
    before = set(_instances)
    for _ in range(3):
        views = [nbx.Explorer(explanation), nbx.LocalBars(explanation, layout={"width": "200px"})]
        views.append(nbx.ImportanceBars(explanation, layout=layout))
        for view in views:
            view.close()
    assert set(_instances) == before
    assert layout.comm is not None, "a layout that was given is its giver's"
    layout.close()
