"""The rows that a page gets: their order, their derivatives, and how many they are."""

import math
import time

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.engine.responses import chain
from nbexplain.notebook import wire
from nbexplain.notebook.instances import MESSAGE, SAMPLE, Limits, instances

ALL = Limits(10**6, 10**6, 10**9, 10**9)


def network(inputs, outputs, hidden=5):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(inputs, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, outputs)
    )


def flat(x):
    return x.flatten(1)


def frame(rows, columns=4, **options):
    X = np.random.default_rng(0).normal(size=(rows, columns))
    return pd.DataFrame(X, columns=[f"c{j}" for j in range(columns)], **options)


@pytest.fixture(scope="module")
def ex():
    return nbx.explain(network(4, 3), frame(90), ["a", "b", "c"] * 30)


def places(ex, found):
    """Where the rows of a page stand among the kept ones."""
    return np.searchsorted(ex.rows, found["rows"])


def test_rows_come_in_the_order_of_their_draw(ex):
    found = instances(ex)
    draws = ex.swept.sample.draws[places(ex, found)]
    assert (np.diff(draws.astype(float)) > 0).all()
    assert sorted(found["rows"].tolist()) == list(range(90))


def test_given_positions_come_in_ascending_order():
    ex = nbx.explain(network(4, 2), frame(50), keep=[40, 3, 7])
    assert instances(ex)["rows"].tolist() == [3, 7, 40]


@pytest.mark.parametrize("response", ["raw", "prob", "logodds"])
def test_every_response_follows_from_what_is_sent(ex, response):
    found = instances(ex)
    position = found["entries"][0]
    assert found["rows"].dtype == "<u4"
    jacobian = chain(
        torch.from_numpy(found["outputs"]),
        torch.from_numpy(found["jacobian"]),
        found["kind"],
        response,
    ).numpy()
    other = ex.with_response(response)
    wanted = other.attributions[places(ex, found)][:, :, position]
    np.testing.assert_allclose(jacobian, wanted, rtol=1e-5, atol=1e-7)
    X = frame(90).to_numpy()[found["rows"]][:, position]
    np.testing.assert_allclose(found["values"], X, rtol=1e-6)


def test_leading_features_come_in_rank_order(ex):
    ranked = ex.importance(ex.default_output).index
    found = instances(ex)
    assert [ex.features.names[j] for j in found["entries"][2]] == list(ranked)
    assert "rest" not in found
    assert found["all"] == 4


def test_the_others_are_one():
    ex = nbx.explain(network(80, 3), frame(30, 80), ["a", "b", "c"] * 10)
    found = instances(ex)
    raw = ex.with_response("raw")
    assert found["jacobian"].shape == (30, 3, 64)
    others = np.setdiff1d(np.arange(80), found["entries"][0])
    g = raw.attributions[places(ex, found)][:, :, others].astype(float)
    np.testing.assert_allclose(found["rest"], np.einsum("nke,nle->nkl", g, g), rtol=1e-5)


def test_in_chunks_as_at_once(monkeypatch):
    ex = nbx.explain(network(80, 3), frame(30, 80), ["a", "b", "c"] * 10)
    whole = instances(ex)
    monkeypatch.setattr("nbexplain.notebook.instances.CHUNK", 7 * 3 * 80)
    for name, part in instances(ex).items():
        np.testing.assert_array_equal(part, whole[name])


def test_weights_are_those_of_the_combined_importance():
    X = frame(60)
    ex = nbx.explain(network(4, 3), X, X[["c0", "c1", "c2"]].to_numpy() * [1, 10, 100])
    found = instances(ex)
    assert found["classifier"] is False
    squares = np.einsum("k,nke->ne", found["weights"], found["jacobian"].astype(float) ** 2)
    rms = np.sqrt(squares.mean(0))
    wanted = ex.importances(None).share[found["entries"][2]]
    np.testing.assert_allclose(100 * rms / rms.sum(), wanted, rtol=1e-5)


def test_one_of_several_outputs_has_a_column_of_its_own():
    ex = nbx.explain(network(4, 3), frame(9), ["a", "b", "c"] * 3, outputs=["c", "a"])
    found = instances(ex)
    assert (found["columns"], found["weights"]) == ([2, 0], [1, 0, 1])
    assert found["outputs"].shape == (9, 3)


def test_groups_are_told_by_their_members():
    ex = nbx.explain(network(4, 1), frame(9), groups={"both": ["c0", "c2"]})
    found = instances(ex)
    told = dict(zip(found["members"], found["entries"].T.tolist(), strict=True))
    names = {member: ex.features.names[feature] for member, (_, _, feature) in told.items()}
    assert names == {"c0": "both", "c1": "c1", "c2": "both", "c3": "c3"}
    assert {member: position for member, (position, *_) in told.items()} == {
        "c0": 0,
        "c1": 1,
        "c2": 2,
        "c3": 3,
    }


@pytest.mark.parametrize("lags", [3, 21, 70])
def test_features_of_a_sequence_come_whole(lags):
    model = torch.nn.Sequential(torch.nn.Flatten(), network(lags * 5, 1))
    ex = nbx.explain(model, torch.randn(12, lags, 5))
    found = instances(ex)
    positions, cells, owners = found["entries"]
    assert len(positions) == 5 * lags
    assert (positions % 5 == owners).all()
    assert (np.bincount(owners)[np.unique(owners)] == lags).all()
    np.testing.assert_array_equal(ex.features.owners[cells], owners)
    wanted = ex.attributions.reshape(12, 1, -1)[places(ex, found)][:, :, positions]
    np.testing.assert_array_equal(found["jacobian"], wanted)
    assert found["members"] is None


@pytest.mark.parametrize(("size", "entries"), [(64, 4096), (65, 0)])
def test_one_large_feature_is_sent_and_one_too_large_is_not(size, entries):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(2 * size**2, 1))
    ex = nbx.explain(model, torch.randn(3, 2, size, size), feature_names=["red", "blue"])
    found = instances(ex)
    assert found["entries"].shape == (3, entries)
    assert found["jacobian"].shape == (3, 1, entries)
    g = ex.attributions.astype(float)[places(ex, found)].reshape(3, -1)
    others = np.setdiff1d(np.arange(g.shape[1]), found["entries"][0])
    np.testing.assert_allclose(found["rest"][:, 0, 0], (g[:, others] ** 2).sum(1), rtol=1e-5)


def test_no_rows():
    ex = nbx.explain(network(4, 2), frame(20), keep=0)
    found = instances(ex)
    assert found["rows"].shape == (0,)
    assert found["outputs"].shape == (0, 2)
    assert found["jacobian"].shape == (0, 2, 4)
    assert found["values"].shape == (0, 4)
    assert found["more"] is False
    message, buffers = wire.rows_message(ex)
    assert message["instances"]["rows"] == {"dtype": "<u4", "shape": [0]}
    assert sum(len(data) for data in buffers) == 3 * 4 * 4  # entries


def labels_of(index):
    ex = nbx.explain(network(4, 1), frame(3, index=index), keep=[0, 1, 2])
    return instances(ex)["labels"]


def test_labels_are_text_where_they_are_not_the_positions():
    assert labels_of(None) is None
    assert labels_of([0, 2, 4]) == ["0", "2", "4"]
    assert labels_of([0.0, 1.0, 2.0]) == ["0.0", "1.0", "2.0"]
    assert labels_of(pd.Index(["<b>", "\ud800", "年"], dtype=object)) == ["<b>", "\ufffd", "年"]
    assert labels_of(pd.date_range("2026-01-01", periods=3))[0] == "2026-01-01 00:00:00"
    assert labels_of(pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]))[2] == "('b', 1)"


@pytest.mark.parametrize(
    ("limits", "rows", "held", "more"),
    [
        (Limits(500, 500, 10**9, 10**9), 90, 90, False),
        (Limits(50, 500, 10**9, 10**9), 50, 50, True),
        (Limits(500, 7, 10**9, 10**9), 90, 7, True),
        (Limits(500, 500, 10 * (4 + 12 + 4), 10**9), 10, 10, True),
        (Limits(500, 500, 10**9, 20 * 4 * (3 * 4 + 4)), 90, 20, True),
        (Limits(500, 500, 10**9, 0), 90, 0, True),
    ],
)
def test_no_more_rows_than_the_limits_allow(ex, limits, rows, held, more):
    found = instances(ex, limits)
    assert found["rows"].tolist() == instances(ex)["rows"][:rows].tolist()
    assert len(found["jacobian"]) == len(found["values"]) == held
    assert found["more"] is more
    np.testing.assert_array_equal(found["jacobian"], instances(ex)["jacobian"][:held])


def test_long_labels_count():
    ex = nbx.explain(network(4, 1), frame(40, index=[f"{'x' * 990}{k}" for k in range(40)]))
    found = instances(ex, Limits(100, 100, 20_000, 10**9))
    assert len(found["rows"]) == len(found["labels"]) == 19


def test_picked_rows_are_among_those_with_derivatives(ex):
    limits = Limits(50, 10, 10**9, 10**9)
    order = instances(ex)["rows"].tolist()
    for wanted in ([order[60]], [order[30], order[70]], [order[3], order[4]], [500, order[20]]):
        found = instances(ex, limits, wanted)
        rows = found["rows"].tolist()
        assert set(wanted) - {500} <= set(rows[:10])
        assert len(set(rows)) == 50
        wanted = ex.with_response("raw").attributions[places(ex, found)[:10]]
        np.testing.assert_array_equal(found["jacobian"], wanted[:, :, found["entries"][0]])


def test_labels_go_with_picked_rows():
    X = frame(60, index=[f"row {k}" for k in range(60)])
    found = instances(nbx.explain(network(4, 1), X), Limits(20, 5, 10**9, 10**9), [7, 58])
    assert found["labels"] == [f"row {k}" for k in found["rows"]]


class TestTargets:
    """What y says beside what the outputs predict."""

    @staticmethod
    def told(model, X, y, **options):
        found = instances(nbx.explain(model, X, y, **options))
        target = found["target"]
        if target is not None:
            assert target.dtype == "<f4"
            target = target[np.argsort(found["rows"])].tolist()
        return target, found["classes"], found["classifier"]

    def test_classes_are_codes_with_names(self):
        found = self.told(network(4, 3), frame(6), ["b", "c", "a"] * 2)
        assert found == ([1, 2, 0, 1, 2, 0], ["a", "b", "c"], True)

    def test_one_output_of_two_classes_has_both_names(self):
        assert self.told(network(4, 1), frame(2), [True, False]) == (
            [1, 0],
            ["False", "True"],
            True,
        )

    def test_numbers_are_numbers(self):
        assert self.told(network(4, 1), frame(2), [1.5, 2.5]) == ([1.5, 2.5], None, False)
        y = np.array([[1.0, 2.0], [3.0, 4.0]])
        assert self.told(network(4, 2), frame(2), y) == ([[1, 2], [3, 4]], None, False)

    def test_columns_of_y_are_those_of_the_outputs_or_not_told(self):
        assert self.told(network(4, 2), frame(2), [1.5, 2.5]) == (None, None, False)
        assert self.told(network(4, 1), frame(2), np.eye(2)) == (None, None, False)

    def test_without_y_there_are_none(self):
        assert self.told(network(4, 2), frame(2), None) == (None, None, False)

    def test_a_column_for_each_class_is_read_as_codes(self):
        model = torch.nn.Sequential(network(4, 3), torch.nn.Softmax(1))
        names = {"output_names": ["a", "b", "c"]}
        y = np.eye(3)[[2, 0, 1]]
        assert self.told(model, frame(3), y, **names) == ([2, 0, 1], ["a", "b", "c"], True)
        for other in (y / 2, 1 - y):
            assert self.told(model, frame(3), other, **names) == (None, None, True)

    def test_outputs_that_say_yes_or_no_have_a_target_each(self):
        model = torch.nn.Sequential(network(4, 3), torch.nn.Sigmoid())
        y = np.array([[1.0, 1, 0], [0, 0, 0], [0, 1, 0]])
        assert self.told(model, frame(3), y) == (y.tolist(), None, True)
        assert self.told(model, frame(3), y / 2) == (None, None, True)

    def test_codes_among_floats_are_read_as_codes(self):
        model = torch.nn.Sequential(network(4, 1), torch.nn.Sigmoid())
        y = np.array([1.0, 0.0, 1.0])
        assert self.told(model, frame(3), y) == ([1, 0, 1], ["0", "1"], True)
        assert self.told(model, frame(3), y / 2) == (None, None, True)

    @pytest.mark.parametrize("response", ["loss", lambda x: x[:, 0]])
    def test_no_prediction_of_y_has_no_target(self, response):
        y = ["a", "b"] * 2
        assert self.told(network(4, 2), frame(4), y, response=response) == (None, None, False)
        y = np.array([0.5, 1.5])
        found = self.told(network(4, 1), frame(2), y, response=response)
        assert found == (None, None, False)

    def test_the_predicted_one_of_many_classes_has_no_target(self):
        y = [f"class {k:02}" for k in range(12)]
        assert self.told(network(4, 12), frame(12), y) == (None, None, False)
        found = self.told(network(4, 12), frame(12), y, outputs=[0, 1])
        assert found == (None, None, True)
        target, classes, classifier = self.told(network(4, 12), frame(12), y, outputs=range(12))
        assert (target, classes, classifier) == (list(range(12)), y, True)

    def test_no_rows_no_targets(self):
        ex = nbx.explain(network(4, 3), frame(6), ["b", "c", "a"] * 2, keep=0)
        assert instances(ex)["target"].shape == (0,)


def test_a_loaded_explanation_has_the_same_rows(ex, tmp_path):
    ex.save(tmp_path / "ex.nbx")
    again = instances(nbx.load(tmp_path / "ex.nbx"))
    for name, part in instances(ex).items():
        np.testing.assert_array_equal(part, again[name])


def test_half_and_double_precision_cross_in_single():
    X = frame(8).to_numpy()
    double = instances(nbx.explain(network(4, 1).double(), X))
    half = instances(nbx.explain(network(4, 1).bfloat16(), torch.tensor(X).bfloat16()))
    assert {double["jacobian"].dtype, half["jacobian"].dtype, half["values"].dtype} == {
        np.dtype("<f4")
    }


def test_what_single_precision_cannot_hold_is_infinite():
    model = torch.nn.Linear(3, 1).double()
    torch.nn.init.constant_(model.weight, 1e100)
    ex = nbx.explain(model, np.eye(3), scale="none")
    assert math.inf in instances(ex)["jacobian"]


def test_a_message_has_its_arrays_apart(ex):
    message, buffers = wire.rows_message(ex)
    assert message["t"] == "instances"
    found = instances(ex, MESSAGE)
    assert message["arrays"] == ["rows", "outputs", "target", "entries", "jacobian", "values"]
    for name, data in zip(message["arrays"], buffers, strict=True):
        told = message["instances"][name]
        array = np.frombuffer(data, told["dtype"]).reshape(told["shape"])
        np.testing.assert_array_equal(array, found[name])
    assert message["instances"]["kind"] == "logits"


def test_a_hundred_thousand_rows_take_no_time():
    ex = nbx.explain(network(50, 2), torch.randn(100_000, 50), [0, 1] * 50_000, keep=100_000)
    assert ex.labels[0] == 0
    began = time.perf_counter()
    message, buffers = wire.rows_message(ex)
    assert time.perf_counter() - began < 1
    assert sum(len(data) for data in buffers) < 48_000_000 + 100_000 * (4 + 8 + 4) + 1_000
    assert message["instances"]["rows"]["shape"] == [100_000]
    assert message["instances"]["jacobian"]["shape"] == [80_000, 2, 50]
    sample = instances(ex, SAMPLE)
    assert len(sample["rows"]) == 150_000 // 16
    assert sample["jacobian"].nbytes + sample["values"].nbytes <= 450_000
