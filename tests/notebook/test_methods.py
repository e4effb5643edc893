"""Another method in the panel: switched to, beside, in the page's messages and the traits."""

import gc
import weakref

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.methods import METHODS
from nbexplain.notebook import wire
from nbexplain.notebook.report.page import Part
from tests.notebook.pages import Page

X = torch.randn(60, 4, generator=torch.Generator().manual_seed(0))
Y = ["no", "yes"] * 30


def network(outputs=2):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, outputs))


@pytest.fixture
def ex():
    return nbx.explain(network(), X, Y)


@pytest.fixture
def explorer(ex):
    view = nbx.Explorer(ex)
    yield view
    view.close()


def no_rule(x):
    return torch.cross(x[:, :3], x[:, 1:], dim=1)[:, :1]


class TestTheTrait:
    def test_names_the_method_and_switches_it(self, ex, explorer):
        assert explorer.method == "sensitivity"
        explorer.method = "deeplift"
        assert explorer.explanation is ex.with_method("deeplift")
        assert (explorer.method, explorer.response) == ("deeplift", "logodds")
        assert explorer._session.meta["method"] == "deeplift"
        explorer.method = "sensitivity"
        assert explorer.explanation is ex
        assert explorer.response == "prob"

    def test_what_is_picked_stays(self, explorer):
        explorer.feature, explorer.instance, explorer.rows = "x2", 7, [1, 5]
        explorer.output = "no"
        explorer.method = "integrated_gradients"
        assert (explorer.feature, explorer.instance, explorer.rows) == ("x2", 7, (1, 5))
        assert explorer.output == "no"

    def test_a_response_of_the_user_s_stays(self, ex, explorer):
        explorer.response = "raw"
        explorer.method = "deeplift"
        assert explorer.response == "raw"
        assert explorer.explanation is ex.with_response("raw").with_method("deeplift")
        explorer.method = "sensitivity"
        assert explorer.response == "raw"

    def test_is_that_of_all_views_and_keeps_what_they_show(self, ex):
        one, other = nbx.ImportanceBars(ex), nbx.LocalBars(ex, instance=3)
        seen = []
        other.observe(lambda change: seen.append(change["new"]), "method")
        one.method = "deeplift"
        assert seen == ["deeplift"]
        assert other.explanation is one.explanation is ex.with_method("deeplift")
        one.close()
        other.close()

    def test_an_object_that_was_shown_is_meant_by_its_name(self):
        own = nbx.IntegratedGradients(baseline="zero", n_steps=8)
        ex = nbx.explain(network(), X, Y, method=own)
        view = nbx.Explorer(ex, method="sensitivity")
        view.method = "integrated_gradients"
        assert view.explanation is ex
        view.close()

    def test_an_error_is_a_sentence_and_the_method_stays(self):
        ex = nbx.explain(no_rule, X)
        view = nbx.Explorer(ex)
        for name, said in (("deeplift", "cross"), ("deeplit", "did you mean 'deeplift'")):
            with pytest.raises(ValueError, match=said):
                view.method = name
        assert view.method == "sensitivity"
        assert view.explanation is ex
        view.close()
        empty = nbx.Explorer()
        with pytest.raises(ValueError, match="nothing to show by a method yet"):
            empty.method = "deeplift"
        empty.close()

    def test_a_shown_explanation_is_freed_with_what_was_switched_to(self):
        ex = nbx.explain(network(), X, Y)
        view = nbx.Explorer(ex, method="deeplift")
        known = weakref.ref(view.explanation)
        view.close()
        del ex, view
        gc.collect()
        assert known() is None

    def test_a_model_that_trains_keeps_its_method(self, explorer):
        explorer.report(state="live", step=3)
        with pytest.raises(ValueError, match="While the model trains its method stays"):
            explorer.method = "deeplift"
        page = Page(explorer)
        answer, _ = page.ask({"t": "method", "method": "deeplift"})
        assert "While the model trains" in answer["error"]

    def test_a_later_version_is_shown_by_the_method_that_was_switched_to(self, explorer):
        explorer.method = "deeplift"
        later = nbx.explain(network(), X, Y)
        explorer.follow(later)
        assert explorer.explanation is later.with_method("deeplift")
        refused = nbx.explain(no_rule, X)
        explorer.follow(refused)
        assert explorer.explanation is refused
        assert explorer.method == "sensitivity"


class TestThePage:
    def test_is_told_of_the_methods_and_their_cards(self, ex, tmp_path):
        told = wire.state(ex.with_method("deeplift"))["meta"]["methods"]
        assert told[0]["name"] == "deeplift"
        assert {one["name"] for one in told} == set(METHODS)
        for one in told:
            card = nbx.card(one["name"])
            assert one["title"] == card.title
            assert one["facts"] == [list(fact) for fact in card.facts]
        ex.save(tmp_path / "ex.nbx")
        (only,) = wire.state(nbx.load(tmp_path / "ex.nbx"))["meta"]["methods"]
        assert only["name"] == "sensitivity"

    def test_switches(self, ex, explorer):
        page = Page(explorer)
        page.pick(feature=1, instance=4)
        page.send({"t": "method", "method": "deeplift"})
        assert explorer.explanation is ex.with_method("deeplift")
        assert explorer.method == "deeplift"
        assert explorer._session.meta["method"] == "deeplift"
        chosen = page.chosen
        assert (chosen["feature"], chosen["instance"], chosen["response"]) == (1, 4, "logodds")

    def test_a_choice_of_before_the_switch_changes_nothing(self, explorer):
        page = Page(explorer)
        page.send({"t": "method", "method": "deeplift"})
        page.pick(feature=2, response="prob")
        assert (explorer.feature, explorer.response) == (None, "logodds")
        page.pick(feature=2, response="logodds")
        assert explorer.feature == "x2"

    def test_is_told_of_errors_and_of_what_is_gone(self):
        ex = nbx.explain(no_rule, X)
        view = nbx.Explorer(ex, hold=False)
        page = Page(view)
        answer, _ = page.ask({"t": "method", "method": "deeplift"})
        assert answer["method"] == "deeplift"
        assert "no rule for 'cross'" in answer["error"].replace("linalg_", "")
        assert view.method == "sensitivity"
        answer, _ = page.ask({"t": "beside", "method": "deeplift", "response": "raw", "output": 0})
        assert "no rule" in answer["error"]
        del ex
        gc.collect()
        for kind in ("method", "beside"):
            answer, _ = page.ask({"t": kind, "method": "smoothgrad", "response": "raw"})
            assert "no longer in the kernel's memory" in answer["error"]
        view.close()


class TestBeside:
    def test_the_other_s_shares_question_and_agreement(self, ex, explorer):
        asked = {"t": "beside", "method": "deeplift", "response": "prob", "output": 1}
        answer, (shares,) = Page(explorer).ask(asked)
        other = ex.with_method("deeplift")
        share, rank = np.frombuffer(shares, "<f4").reshape(2, 4)
        table = other.importance("yes")["importance"]
        np.testing.assert_allclose(share, table.reindex(list(ex.features.names)), rtol=1e-6)
        assert [f"x{at}" for at in np.argsort(rank)] == list(table.index)
        assert sorted(rank) == [1, 2, 3, 4]
        found = nbx.agreement(ex, other, output="yes")
        assert answer == {**asked, "sentence": found.sentence}

    def test_of_all_outputs_combined(self, ex, explorer):
        asked = {"t": "beside", "method": "deeplift", "response": "prob", "output": None}
        _, (share,) = Page(explorer).ask(asked)
        expected = ex.with_method("deeplift").importances(None).share
        np.testing.assert_allclose(np.frombuffer(share, "<f4")[:4], expected, rtol=1e-6)

    @pytest.mark.parametrize("keep", [None, [2]])
    def test_both_of_one_row_by_absolute_values(self, keep):
        ex = nbx.explain(network(), X, Y, keep=keep)
        view = nbx.Explorer(ex)
        asked = {"t": "beside", "method": "deeplift", "response": "prob", "output": 1, "row": 9}
        answer, (both,) = Page(view).ask(asked)
        assert answer == asked
        found = np.frombuffer(both, "<f4").reshape(4, 4)
        tables = [
            one.local(9, "yes", definition="absolute") for one in (ex, ex.with_method("deeplift"))
        ]
        for place, table in enumerate(tables):
            np.testing.assert_allclose(found[2 * place], table["importance"], rtol=1e-4)
            np.testing.assert_allclose(found[2 * place + 1], table["attribution"], rtol=1e-4)
        view.close()

    def test_is_a_trait_both_ways_and_swaps_with_the_method(self, explorer):
        explorer.beside = "deeplift"
        page = Page(explorer)
        assert page.chosen["beside"] == "deeplift"
        page.pick(feature=1)
        assert explorer.beside is None
        explorer.beside = "deeplift"
        explorer.method = "deeplift"
        assert (explorer.method, explorer.beside) == ("deeplift", "sensitivity")
        assert page.chosen["beside"] == "sensitivity"

    def test_a_swap_is_shown_once(self, explorer, monkeypatch):
        explorer.beside = "deeplift"
        shown, state = [], wire.state
        monkeypatch.setattr(wire, "state", lambda ex: shown.append(ex.method) or state(ex))
        explorer.method = "deeplift"
        assert shown == ["deeplift"]

    def test_what_cannot_stand_beside_is_refused_in_a_sentence(self, explorer):
        with pytest.raises(ValueError, match="is the method that is shown"):
            explorer.beside = "sensitivity"
        with pytest.raises(ValueError, match="did you mean 'deeplift'"):
            explorer.beside = "deeplit"
        assert explorer.beside is None

    def test_of_texts_methods_are_switched_but_stand_alone(self):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1))
        view = nbx.Explorer(nbx.explain(model, torch.randint(0, 9, (40, 3))))
        with pytest.raises(ValueError, match="Texts have one feature"):
            view.beside = "deeplift"
        view.method = "deeplift"
        assert view.explanation.method == "deeplift"
        view.close()

    def test_a_saved_page_holds_what_is_shown(self, ex, explorer):
        explorer.instance, explorer.beside, explorer.output = 3, "deeplift", "yes"
        part = explorer.part()
        whole, at_row = part.beside
        assert (at_row["method"], at_row["row"]) == ("deeplift", 3)
        answer, (share,) = Page(explorer).ask(
            {"t": "beside", "method": "deeplift", "response": "prob", "output": 1}
        )
        assert whole["numbers"]["data"] == share
        assert whole["sentence"] == answer["sentence"]
        assert part.selection["beside"] == "deeplift"
        assert Part.of(ex).beside is None
