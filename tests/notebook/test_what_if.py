"""What-if between the page, the views and the kernel."""

import gc

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.widgets import answers
from tests.notebook.pages import Page
from tests.notebook.test_answers import explained, floats, frame

COLOURS = {"colour": ["red", "blue"]}


def asked(edit, row=7, **more):
    return {"t": "edit", "client": "page", "id": 1, "row": row, "edit": edit, **more}


def coloured():
    X = frame()
    X["red"], X["blue"] = 1.0 * (X["c0"] > 0), 1.0 * (X["c0"] <= 0)
    return explained(X, groups=COLOURS)


class TestMessage:
    def test_is_answered_as_the_model_does(self):
        X, ex = frame(), explained()
        page = Page(nbx.Explorer(ex))
        answer, buffers = page.ask(asked([[1, 1.5], [3, -1]]))
        outputs, jacobian, values = floats(buffers[:3])
        changed = X.iloc[[7]].assign(c1=1.5, c3=-1.0)
        raw = explained(response="raw")
        for k in range(3):
            found = raw.local(changed, output=k)["attribution"]
            np.testing.assert_allclose(jacobian.reshape(3, 4)[k], found, rtol=1e-5)
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3))
        with torch.no_grad():
            wanted = model(torch.tensor(changed.to_numpy()).float())
        np.testing.assert_allclose(outputs, wanted[0], atol=1e-5)
        np.testing.assert_allclose(values, changed.iloc[0], rtol=1e-6)
        near = answer.pop("near")
        told = {"t": "edit", "client": "page", "id": 1, "row": 7, "label": "row 7"}
        assert answer == told | {"target": None, "named": {}, "outside": []}
        table = ex.nearest(changed, n=6).drop(index="row 7", errors="ignore").head(5)
        assert [one["label"] for one in near] == table.index.tolist()
        assert [one["row"] for one in near] == [int(name.split()[1]) for name in table.index]
        np.testing.assert_allclose([one["distance"] for one in near], table["distance"])

    def test_says_what_is_outside_the_data(self):
        X, page = frame(), Page(nbx.Explorer(explained()))
        answer, _ = page.ask(asked([[0, 99], [1, X["c1"].max()]]))
        assert answer["outside"] == [[0, None, X["c0"].min(), X["c0"].max()]]

    def test_choices_are_told_and_taken_by_their_column(self):
        page = Page(nbx.Explorer(coloured()))
        answer, buffers = page.ask(asked([], choices=True))
        assert answer["choices"] == {"4": ["red", "blue"]}
        was = answer["named"]["4"]
        other = next(name for name in COLOURS["colour"] if name != was)
        answer, buffers = page.ask(asked([[4, other]]))
        assert answer["named"] == {"4": other}
        assert "choices" not in answer
        assert floats(buffers[:3])[2][4:].tolist() == [other == "red", other == "blue"]

    def test_of_a_sequence_has_a_lag(self):
        X = torch.randn(20, 4, 1)
        page = Page(nbx.Explorer(nbx.explain(lambda x: 3 * x[:, -1] + x[:, -2] ** 2, X)))
        answer, buffers = page.ask(asked([[0, 50, 1]], row=2))
        assert floats(buffers[:3])[0][0] == pytest.approx(3 * X[2, 3, 0].item() + 2500)
        assert answer["outside"][0][:2] == [0, 1]

    @pytest.mark.parametrize(
        ("edit", "sentence"),
        [
            ([[0, "much"]], "'c0' is a number, not 'much'"),
            ([[9, 1]], "no feature at position 9"),
            ([[None, 1]], "no position of a feature"),
            ([[0, 1, 2]], "X has no lags"),
        ],
    )
    def test_what_cannot_be_is_a_sentence(self, edit, sentence):
        answer, _ = Page(nbx.Explorer(explained())).ask(asked(edit))
        assert sentence in answer["error"]
        assert (answer["id"], answer["row"]) == (1, 7)

    def test_the_models_own_error_is_told_with_its_kind(self):
        def model(x):
            if (x > 9).any():
                raise RuntimeError("out of luck")
            return x.sum(1, keepdim=True)

        page = Page(nbx.Explorer(nbx.explain(model, torch.randn(30, 2))))
        assert page.ask(asked([[0, 10]]))[0]["error"] == "RuntimeError: out of luck"

    def test_of_those_that_wait_the_newest_of_each_page_is_answered(self, monkeypatch):
        waiting = []
        monkeypatch.setattr(answers, "when_free", waiting.append)
        page = Page(nbx.Explorer(explained()))
        for count in range(3):
            page.send({**asked([[0, count]]), "id": count})
        page.send({**asked([[0, 9]]), "client": "other"})
        assert page.sent == []
        for call in waiting:
            call()
        assert [(told["client"], told["id"]) for told, _ in page.sent] == [
            ("page", 2),
            ("other", 1),
        ]

    def test_waiting_keeps_no_explanation_alive(self, monkeypatch):
        waiting = []
        monkeypatch.setattr(answers, "when_free", waiting.append)
        ex = explained()
        page = Page(nbx.Explorer(ex, hold=False))
        page.send(asked([[0, 1]]))
        del ex
        gc.collect()
        waiting[0]()
        assert "run its cell again" in page.sent[0][0]["error"]

    def test_of_no_row_is_ignored(self):
        page = Page(nbx.Explorer(explained()))
        page.send(asked([], row=None))
        assert page.sent == []


class TestTrait:
    def view(self, **traits):
        return nbx.Explorer(explained(), **traits)

    def test_tells_the_page_and_is_told_by_it(self):
        view = self.view(edit={"c1": 2}, instance="row 7")
        page = Page(view)
        assert view.edit == {"c1": 2.0}
        assert page.chosen["edit"] == [[1, 2.0, None]]
        page.send({**select(instance=7), "edit": [[0, 3], [2, 4.5]]})
        assert view.edit == {"c0": 3.0, "c2": 4.5}
        assert page.chosen["edit"] == [[0, 3], [2, 4.5]]
        assert page.chosen["client"] == "page"
        page.send(select(instance=7))
        assert view.edit is None
        assert "edit" not in page.chosen

    def test_goes_with_the_row(self):
        view = self.view(instance="row 7", edit={"c1": 2})
        page = Page(view)
        view.instance = "row 8"
        assert view.edit is None
        assert "edit" not in page.chosen
        # A page picks another row and edits it at once, be it with the same values.
        view.edit = {"c0": 1}
        page.send({**select(instance=9), "edit": [[0, 1]]})
        assert (view.instance, view.edit) == ("row 9", {"c0": 1.0})
        page.send(select(instance=8))
        assert view.edit is None

    def test_goes_when_another_view_picks_another_row(self):
        picked = nbx.Selection(instance="row 7")
        one = nbx.Explorer(explained(), selection=picked, edit={"c1": 2})
        two = nbx.Explorer(explained(), selection=picked)
        assert two.edit is None
        two.instance = "row 3"
        assert (one.instance, one.edit) == ("row 3", None)

    def test_is_shared_by_views_of_one_explanation(self):
        ex = explained()
        one, two = nbx.Explorer(ex, instance="row 7"), nbx.LocalBars(ex)
        two.edit = {"c1": 2}
        assert one.edit == {"c1": 2.0}
        one.edit = {}
        assert two.edit is None

    def test_stays_with_a_new_explanation_that_can_have_it(self):
        view = self.view(instance="row 7", edit={"c1": 2})
        view.follow(explained())
        assert view.edit == {"c1": 2.0}
        view.follow(explained(frame().rename(columns={"c1": "other"})))
        assert (view.instance, view.edit) == ("row 7", None)

    @pytest.mark.parametrize(
        ("edit", "error", "sentence"),
        [
            ({"c9": 1}, ValueError, "no feature 'c9'"),
            ({"c1": None}, TypeError, "'c1' is a number"),
            ([1], TypeError, "no dict"),
        ],
    )
    def test_what_no_row_can_have_is_refused(self, edit, error, sentence):
        view = self.view(instance="row 7")
        with pytest.raises(error, match=sentence):
            view.edit = edit
        assert view.edit is None

    def test_without_a_row_is_refused(self):
        with pytest.raises(ValueError, match="set instance first"):
            self.view().edit = {"c1": 2}

    def test_of_an_empty_view_waits(self):
        view = nbx.LocalBars(instance="row 7", edit={"c1": 2})
        torch.manual_seed(0)
        view.explain(torch.nn.Linear(4, 1), frame())
        assert view.edit == {"c1": 2.0}

    def test_of_features_that_share_a_name_is_the_pages_alone(self):
        X = pd.DataFrame(frame().to_numpy(), columns=["twin", "twin", "c", "d"])
        view = nbx.Explorer(explained(X), instance=7)
        page = Page(view)
        page.send({**select(instance=7), "edit": [[0, 3], [2, 4.5]]})
        assert view.edit == {"c": 4.5}
        assert page.chosen["edit"] == [[0, 3], [2, 4.5]]


def select(**chosen):
    """A choice of the page."""
    nothing = dict.fromkeys(["feature", "instance", "other", "rows"])
    shown = {"output": 1, "response": "prob", "client": "page", "seq": 1}
    return {"t": "select", **nothing, **shown, **chosen}
