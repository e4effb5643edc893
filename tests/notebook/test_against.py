"""Against whom, between the page, the views and the kernel."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook import wire
from nbexplain.notebook.picked import unpacked_rows
from nbexplain.notebook.widgets import answers
from tests.notebook.pages import Page
from tests.notebook.test_answers import explained, floats, frame
from tests.notebook.test_what_if import select

GROUP = [3, 8, 20]
LABELS = tuple(f"row {k}" for k in GROUP)


def additive(**options):
    return explained(method="deeplift", **options)


def bytes_of(rows):
    return np.array(rows, "<u4").tobytes()


def asked(rows=(7,), **more):
    return {"t": "against", "client": "page", "id": 1, "rows": list(rows), **more}


class TestMessage:
    def test_is_answered_as_contrast_has_it(self):
        ex = additive()
        answer, buffers = Page(nbx.Explorer(ex)).ask(asked(), bytes_of(GROUP))
        outputs, jacobian, values = floats(buffers[:3])
        base = answer.pop("base")
        for k in range(3):
            found = ex.contrast("row 7", against=LABELS, output=k)
            np.testing.assert_allclose(jacobian.reshape(3, 4)[k], found.contributions, atol=1e-5)
            assert base[k] == pytest.approx(found.base, abs=1e-6)
            assert outputs[k] == pytest.approx(found.prediction)
        np.testing.assert_allclose(values, frame().iloc[7], rtol=1e-6)
        assert np.frombuffer(buffers[3], "<u4").tolist() == [0, 1, 2, 3]
        about = {"label": "row 7", "named": {}, "references": 3, "against": "3 rows"}
        told = {"t": "against", "client": "page", "id": 1, "row": 7}
        assert answer == told | about | {"target": answer["target"]}

    def test_one_row_is_called_by_its_label(self):
        answer, _ = Page(nbx.Explorer(additive())).ask(asked(), bytes_of([3]))
        assert (answer["against"], answer["references"]) == ("row 'row 3'", 1)

    def test_of_two_rows_has_two_answers(self):
        page = Page(nbx.Explorer(additive()))
        page.send(asked([7, 9]), bytes_of(GROUP))
        assert [told["row"] for told, _ in page.sent] == [7, 9]

    def test_what_cannot_be_is_a_sentence(self):
        answer, _ = Page(nbx.Explorer(explained())).ask(asked(), bytes_of(GROUP))
        assert "holds a row against nothing" in answer["error"]
        answer, _ = Page(nbx.Explorer(additive())).ask(asked(), bytes_of([3, 999]))
        assert (answer["row"], answer["id"]) == (7, 1)
        assert "999" in answer["error"]

    def test_of_those_that_wait_the_newest_of_each_page_is_answered(self, monkeypatch):
        waiting = []
        monkeypatch.setattr(answers, "when_free", waiting.append)
        page = Page(nbx.Explorer(additive()))
        for count in range(3):
            page.send(asked(id=count), bytes_of(GROUP))
        edit = {"t": "edit", "client": "page", "id": 1, "row": 7, "edit": []}
        page.send(edit)
        assert page.sent == []
        for call in waiting:
            call()
        assert [(told["t"], told["id"]) for told, _ in page.sent] == [("against", 2), ("edit", 1)]

    def test_of_nothing_is_ignored(self):
        page = Page(nbx.Explorer(additive()))
        page.send(asked())
        page.send(asked(rows=["x"]), bytes_of(GROUP))
        page.send({**asked(), "rows": None}, bytes_of(GROUP))
        assert page.sent == []


class TestTrait:
    def test_tells_the_page_and_is_told_by_it(self):
        view = nbx.Explorer(additive(), against=list(LABELS))
        page = Page(view)
        assert view.against == LABELS
        assert unpacked_rows(page.chosen["against"]).tolist() == GROUP
        message = {**select(instance=7, rows=1, response="logodds"), "against": 2}
        page.send(message, bytes_of([4]), bytes_of([5, 6]))
        assert (view.instance, view.rows) == ("row 7", ("row 4",))
        assert view.against == ("row 5", "row 6")
        page.send({**select(response="logodds"), "against": 1, "seq": 2}, bytes_of([9]))
        assert (view.rows, view.against) == (None, ("row 9",))
        page.send({**select(response="logodds"), "against": None, "seq": 3})
        assert view.against is None

    def test_takes_what_was_brushed(self):
        view = nbx.Explorer(additive(), rows=LABELS)
        view.against = view.rows
        view.rows = None
        assert view.against == LABELS
        view.against = pd.Index(LABELS[:1])
        assert view.against == LABELS[:1]

    def test_is_shared_as_brushed_rows_are(self):
        picked = nbx.Selection(against=LABELS)
        one = nbx.LocalBars(additive(), selection=picked)
        two = nbx.LocalBars(explained(method="integrated_gradients"), selection=picked)
        plain = nbx.LocalBars(explained(), selection=picked)
        assert (one.against, two.against, plain.against) == (LABELS, LABELS, None)
        assert "against" not in plain._session.selection
        two.against = LABELS[:2]
        assert picked.against == one.against == LABELS[:2]
        plain.feature = "c1"
        assert picked.against == LABELS[:2]
        assert repr(picked) == "Selection(feature='c1', against=<2 labels>)"

    def test_stays_through_a_method_that_compares_with_nothing(self):
        view = nbx.Explorer(additive(), against=LABELS)
        view.method = "sensitivity"
        assert view.against is None
        view.method = "integrated_gradients"
        assert view.against == LABELS

    @pytest.mark.parametrize(
        ("against", "error", "said"),
        [
            (["nobody"], ValueError, "'nobody' is not in X's index"),
            ("row 3", TypeError, "against='row 3' is not a list"),
            ([True, False, True], TypeError, "against is a mask"),
        ],
    )
    def test_what_is_no_group_is_refused(self, against, error, said):
        view = nbx.Explorer(additive())
        with pytest.raises(error, match=said):
            view.against = against

    def test_of_a_sensitivity_is_refused(self):
        view = nbx.Explorer(explained())
        with pytest.raises(ValueError, match="holds a row against nothing"):
            view.against = LABELS

    def test_a_page_of_before_leaves_it(self):
        view = nbx.Explorer(additive(), against=LABELS)
        Page(view).pick(instance=3, response="logodds")
        assert (view.instance, view.against) == ("row 3", LABELS)


def test_the_page_knows_whether_it_can_be_asked(tmp_path):
    ex = additive()
    assert wire.state(ex)["meta"]["against"] is True
    assert "against" not in wire.state(explained())["meta"]
    ex.save(tmp_path / "ex.nbx")
    assert "against" not in wire.state(nbx.load(tmp_path / "ex.nbx"))["meta"]


def test_a_saved_page_carries_the_current_contrast(tmp_path):
    ex = additive()
    view = nbx.Explorer(ex, instance="row 7", other="row 9", against=LABELS)
    view.save_html(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    held = json.loads(data)["contrasts"]
    assert [one["row"] for one in held] == [7, 9]
    assert held[0]["against"] == "3 rows"
    assert held[0]["jacobian"]["shape"] == [3, 4]
    ex.save_html(tmp_path / "plain.html")
    assert "contrasts" not in (tmp_path / "plain.html").read_text(encoding="utf-8")


def test_many_rows_are_packed_and_unpacked():
    torch.manual_seed(0)
    X = np.random.default_rng(0).normal(size=(5000, 2))
    ex = nbx.explain(torch.nn.Linear(2, 1), X, method="deeplift")
    view = nbx.Explorer(ex, instance=0, against=range(1, 4000))
    told = view._session.selection["against"]
    assert told["dtype"] == "|u1"
    assert unpacked_rows(told).tolist() == list(range(1, 4000))
    answer, _ = Page(view).ask(asked([0]), bytes_of(range(1, 4000)))
    assert (answer["against"], answer["references"]) == ("1,000 of 3,999 rows", 1000)


def test_a_texts_answer_has_its_tokens():
    ids = torch.tensor([[1, 2, 3], [4, 1, 2], [3, 3, 1]])
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Embedding(5, 2), torch.nn.Flatten(), torch.nn.Linear(6, 1))
    ex = nbx.explain(model, ids, method="deeplift", tokens=list("_abcd"))
    answer, buffers = Page(nbx.Explorer(ex)).ask(asked([0]), bytes_of([1, 2]))
    assert answer["words"] == {"1": "a", "2": "b", "3": "c"}
    found = ex.local(0, against=[1, 2])["attribution"]
    np.testing.assert_allclose(floats(buffers[:3])[1], found, atol=1e-6)
