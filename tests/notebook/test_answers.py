"""What a page asks of the kernel, and what it is answered."""

import gc
import threading

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook.instances import MESSAGE, instances
from nbexplain.notebook.widgets import answers
from tests.notebook.pages import Page

INDEX = [f"row {k}" for k in range(60)]


def frame(columns=4, index=INDEX):
    X = np.random.default_rng(0).normal(size=(len(index), columns))
    return pd.DataFrame(X, columns=[f"c{j}" for j in range(columns)], index=index)


def explained(X=None, outputs=3, y="abc", **options):
    torch.manual_seed(0)
    X = frame() if X is None else X
    model = torch.nn.Sequential(
        torch.nn.Linear(len(X.T), 5), torch.nn.Tanh(), torch.nn.Linear(5, outputs)
    )
    return nbx.explain(model, X, y and (list(y) * len(X))[: len(X)], **options)


def page(ex):
    return Page(nbx.Explorer(ex))


def floats(buffers):
    return [np.frombuffer(data, "<f4") for data in buffers]


def test_all_rows_that_there_are():
    ex = explained()
    message, buffers = page(ex).ask({"t": "instances"})
    found = instances(ex, MESSAGE)
    for name, data in zip(message["arrays"], buffers, strict=True):
        told = message["instances"][name]
        np.testing.assert_array_equal(
            np.frombuffer(data, told["dtype"]).reshape(told["shape"]), found[name]
        )
    assert message["instances"]["more"] is False
    assert message["instances"]["labels"][0] == f"row {found['rows'][0]}"


class TestRow:
    @pytest.mark.parametrize("keep", [None, [1, 2]])
    def test_is_told_in_full(self, keep):
        ex = explained(keep=keep)
        answer, buffers = page(ex).ask({"t": "row", "row": 7})
        outputs, jacobian, values = floats(buffers[:3])
        assert np.frombuffer(buffers[3], "<u4").tolist() == [0, 1, 2, 3]
        raw = explained(response="raw", keep=60)
        assert answer == {"t": "row", "row": 7, "label": "row 7", "target": 1, "named": {}}
        np.testing.assert_allclose(outputs, raw.predictions[7], rtol=1e-5)
        np.testing.assert_allclose(jacobian.reshape(3, 4), raw.attributions[7], rtol=1e-4)
        np.testing.assert_allclose(values, frame().iloc[7], rtol=1e-6)

    @pytest.mark.parametrize("keep", [[2], [7]])
    def test_has_the_target_that_is_read_with_the_others(self, keep):
        X = frame()
        y = X[["c0", "c1", "c2"]].to_numpy()
        ex = nbx.explain(torch.nn.Linear(4, 3), X, y, keep=keep)
        answer, _ = page(ex).ask({"t": "row", "row": 7})
        np.testing.assert_allclose(answer["target"], y[7], rtol=1e-6)
        model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(1))
        ex = nbx.explain(model, X, np.eye(3)[np.arange(60) % 3], keep=keep)
        assert page(ex).ask({"t": "row", "row": 7})[0]["target"] == 1
        assert page(explained(keep=keep, y=None)).ask({"t": "row", "row": 7})[0]["target"] is None

    def test_a_one_hot_group_is_told_by_the_column_that_is_on(self):
        X = frame()
        X["red"], X["blue"], X["big"], X["small"] = 1.0, 0.0, 1.0, 1.0
        groups = {"colour": ["red", "blue"], "size": ["big", "small"]}
        answer, buffers = page(explained(X, groups=groups)).ask({"t": "row", "row": 3})
        assert answer["named"] == {"4": "red"}
        assert np.frombuffer(buffers[3], "<u4").tolist() == [0, 1, 2, 3, 4, 4, 5, 5]

    def test_that_was_not_kept_waits_for_the_main_thread(self, monkeypatch):
        waiting = []
        monkeypatch.setattr(answers, "when_free", waiting.append)
        one = page(explained(keep=[1, 2]))
        one.send({"t": "row", "row": 1})
        assert len(one.sent) == 1
        one.send({"t": "row", "row": 3})
        assert len(one.sent) == 1
        (call,) = waiting
        call()
        assert one.sent[1][0]["label"] == "row 3"

    def test_waiting_keeps_no_explanation_alive(self, monkeypatch):
        waiting = []
        monkeypatch.setattr(answers, "when_free", waiting.append)
        ex = explained(keep=[1, 2])
        one = Page(nbx.Explorer(ex, hold=False))
        one.send({"t": "row", "row": 3})
        del ex
        gc.collect()
        waiting[0]()
        assert "run its cell again" in one.sent[0][0]["error"]

    def test_of_a_loaded_explanation_says_what_to_do(self, tmp_path):
        explained(keep=[1, 2]).save(tmp_path / "ex.nbx")
        one = page(nbx.load(tmp_path / "ex.nbx"))
        assert "keep=" in one.ask({"t": "row", "row": 3})[0]["error"]
        assert one.ask({"t": "row", "row": 2})[0]["label"] == "row 2"

    def test_outside_x_is_answered_with_a_sentence(self):
        assert "60" in page(explained()).ask({"t": "row", "row": 60})[0]["error"]

    def test_the_models_own_error_is_told_with_its_kind(self, monkeypatch):
        def fail(*_):
            raise RuntimeError("out of luck")

        ex = explained(keep=[0])
        monkeypatch.setattr(type(ex.origin), "row", fail)
        assert page(ex).ask({"t": "row", "row": 3})[0]["error"] == "RuntimeError: out of luck"

    @pytest.mark.parametrize("row", [None, "3", 1.5])
    def test_of_no_number_is_ignored(self, row):
        one = page(explained())
        one.send({"t": "row", "row": row})
        assert one.sent == []


class TestFind:
    @pytest.mark.parametrize(
        ("index", "typed", "row"),
        [
            (None, "7", 7),
            (None, " 7 ", 7),
            (None, "1,0", 10),
            (None, "7.0", 7),
            (INDEX, "row 7", 7),
            (INDEX, " row 7", 7),
            ([10 * k for k in range(60)], "70", 7),
            ([k / 2 for k in range(60)], "3.5", 7),
            ([k / 2 for k in range(60)], "3", 6),
            (pd.date_range("2026-01-01", periods=60), "2026-01-08", 7),
            (pd.MultiIndex.from_product([["a", "b"], range(30)]), "('a', 7)", 7),
            (["twin"] * 60, "twin", 0),
            ([*range(59), "7"], "7", 59),
            (["7", *range(1, 60)], "7", 0),
            ([True, False] * 30, "False", 1),
        ],
    )
    @pytest.mark.parametrize("keep", [None, [7]])
    def test_finds_what_reads_like_it(self, index, typed, row, keep):
        X = frame()
        X = X.to_numpy() if index is None else X.set_axis(index)
        answer, _ = page(explained(X, keep=keep)).ask({"t": "find", "label": typed})
        assert answer == {"t": "find", "label": typed, "row": row}

    @pytest.mark.parametrize("saved", [False, True])
    def test_says_how_rows_are_called(self, saved, tmp_path):
        ex = explained()
        if saved:
            ex.save(tmp_path / "ex.nbx")
            ex = nbx.load(tmp_path / "ex.nbx")
        one = page(ex)
        error = one.ask({"t": "find", "label": "rwo 7"})[0]["error"]
        assert error.startswith("No row is called “rwo 7”: there are row 0, row 1, row 2, … row 59")
        assert "Did you mean" in error
        assert one.ask({"t": "find", "label": "row 59"})[0]["row"] == 59


class TestSubset:
    def ask(self, ex, rows, response="prob", output=1):
        content = {"t": "subset", "response": response, "output": output, "id": 5}
        return page(ex).ask(content, np.array(rows, "<u4").tobytes())

    @pytest.mark.parametrize("response", ["raw", "prob", "logodds"])
    @pytest.mark.parametrize("output", [None, 0, 2])
    def test_is_the_importance_over_these_rows(self, response, output):
        rows = [3, 5, 8, 30]
        answer, buffers = self.ask(explained(), rows, response, output)
        assert answer == {"t": "subset", "id": 5, "rows": 4}
        # The scale is that of all rows.
        ex = explained()
        g = ex.with_response(response).attributions[rows].astype(float)
        g = g if output is None else g[:, [output]]
        rms = np.sqrt((g**2).sum(1).mean(0))
        np.testing.assert_allclose(floats(buffers)[0], 100 * rms / rms.sum(), rtol=1e-5)

    def test_counts_outputs_of_a_regression_by_their_spread(self):
        X = frame()
        ex = explained(X, y=None, scale="none")
        everything = self.ask(ex, range(60), "raw", None)[1]
        np.testing.assert_allclose(floats(everything)[0], ex.importances(None).share, rtol=1e-5)

    def test_is_over_those_that_were_kept(self):
        ex = explained(keep=[3, 5])
        answer, buffers = self.ask(ex, [3, 4, 59])
        assert answer["rows"] == 1
        local = ex.local("row 3", output=1, definition="absolute")["importance"]
        np.testing.assert_allclose(floats(buffers)[0], local, rtol=1e-5)
        answer, buffers = self.ask(ex, [4, 59])
        assert answer["rows"] == 0
        assert np.isnan(floats(buffers)[0]).all()

    def test_of_another_response_says_what_to_do(self):
        answer, _ = self.ask(explained(), [1], "loss")
        assert answer["id"] == 5
        assert "not at hand" in answer["error"]


@pytest.mark.parametrize("kind", ["slice", "instances", "find", "subset", "row"])
def test_an_explanation_that_is_gone_says_so(kind):
    one = Page(nbx.Explorer(explained(), hold=False))
    gc.collect()
    content = {"t": kind, "response": "prob", "output": 0, "row": 3, "label": "row 3", "id": 1}
    assert "run its cell again" in one.ask(content)[0]["error"]


def test_answers_are_the_same_on_another_thread():
    one = page(explained())
    asked = [{"t": "instances"}, {"t": "find", "label": "row 8"}, {"t": "row", "row": 8}]
    here = [one.ask(content) for content in asked]
    there = []
    thread = threading.Thread(target=lambda: there.extend(one.ask(content) for content in asked))
    thread.start()
    thread.join()
    told = [[bytes(data) for data in buffers] for _, buffers in here]
    assert told == [[bytes(data) for data in buffers] for _, buffers in there]
