"""Contributions in the page: what it is told, what it is answered, what forms say of them."""

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook import wire
from nbexplain.notebook.instances import MESSAGE, Limits, instances
from tests.notebook.pages import Page

ALL = Limits(10**6, 10**6, 10**9, 10**9)


def explained(columns=4, outputs=2, sequence=0, method="integrated_gradients", **options):
    torch.manual_seed(0)
    shape = (80, sequence, columns) if sequence else (80, columns)
    X = np.random.default_rng(0).normal(size=shape).astype("f4")
    layers = (
        torch.nn.Flatten(),
        torch.nn.LazyLinear(8),
        torch.nn.Tanh(),
        torch.nn.LazyLinear(outputs),
    )
    model = torch.nn.Sequential(*layers)
    model(torch.from_numpy(X))
    given = X if sequence else pd.DataFrame(X, columns=[f"c{j}" for j in range(columns)])
    y = (X.reshape(80, -1)[:, 0] > 0).astype(int) if outputs > 1 else None
    return nbx.explain(model, given, y, method=method, **options)


def places(ex, found):
    return np.searchsorted(ex.rows, found["rows"])


@pytest.mark.parametrize("columns", [4, 100])
def test_the_page_has_all_that_a_waterfall_needs(columns):
    ex = explained(columns)
    found = instances(ex, ALL)
    here = places(ex, found)
    assert found["additive"] is True
    assert found["kind"] == "odds"
    np.testing.assert_allclose(found["outputs"], ex.predictions[here], rtol=1e-5)
    np.testing.assert_allclose(found["base"], ex.base_values[here], rtol=1e-5)
    sent = found["entries"][0]
    np.testing.assert_allclose(found["jacobian"], ex.attributions[here][:, :, sent], rtol=1e-5)
    total = found["jacobian"].sum(2)
    if columns > 64:
        total = total + found["rest"].diagonal(axis1=1, axis2=2)
    gap = np.abs(found["outputs"] - found["base"] - total)
    assert (gap <= 2e-3 * np.abs(found["outputs"] - found["base"]) + 1e-5).all()


def test_the_state_says_method_and_baseline():
    meta = wire.state(explained())["meta"]
    assert meta["method"] == "integrated_gradients"
    assert meta["baseline"] == "the mean of each column"
    assert [one["name"] for one in meta["responses"]] == ["logodds"]
    assert "baseline" not in wire.state(explained(method="smoothgrad"))["meta"]


def single(y, **options):
    """Of a network with one logit."""
    torch.manual_seed(0)
    X = torch.randn(80, 3)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    return nbx.explain(model, X, y(X[:, 0]), method="deeplift", **options)


@pytest.mark.parametrize(
    ("y", "name", "classes"),
    [
        (lambda x: pd.Series(x > 0, name="default"), "default", ["False", "True"]),
        (lambda x: pd.Series((x > 0).int(), name="default"), "default", ["0", "1"]),
        (
            lambda x: pd.Series(np.where(x > 0, "late", "early"), name="pays"),
            "pays = late",
            ["early", "late"],
        ),
    ],
)
def test_a_single_logit_says_which_class_is_predicted_and_which_is_true(y, name, classes):
    ex = single(y)
    assert f"log-odds of {name} against" in ex.question
    found = instances(ex, ALL)
    assert (found["kind"], found["classifier"], found["classes"]) == ("odds", True, classes)
    np.testing.assert_array_equal(found["target"], ex.targets[places(ex, found)])
    # Where y's name says it, the page says it too.
    assert wire.state(ex)["meta"].get("positive") == (None if "=" in name else name)
    again = single(y, response="raw")
    assert f"the logit of {name} against" in again.question
    assert instances(again, ALL)["kind"] == "logit"


def test_the_loss_of_a_single_logit_predicts_no_class():
    found = instances(single(lambda x: pd.Series(x > 0), response="loss"), ALL)
    assert (found["kind"], found["classifier"], found["classes"]) == ("values", False, None)


def test_raw_contributions_to_one_of_several_logits_are_said_to_be_of_a_logit():
    ex = explained(response="raw")
    assert ex.question.startswith("Integrated gradients of the 2 outputs combined against")
    assert "Raw outputs are logits" in " ".join(ex.notes)
    found = instances(ex, ALL)
    assert (found["kind"], found["classifier"]) == ("logits", True)


def test_no_direction_is_claimed_of_contributions():
    ex = explained()
    assert np.isnan(wire.importance(ex, 1)[3]).all()
    assert "rises" not in repr(ex)
    assert "both ways" not in repr(ex)


@pytest.mark.parametrize("options", [{}, {"sequence": 3}])
def test_shares_over_brushed_rows_are_those_of_an_explanation_of_them(options):
    ex = explained(**options)
    rows = np.arange(10, 40)
    page = Page(nbx.Explorer(ex))
    message, buffers = page.ask(
        {"t": "subset", "id": 1, "response": "logodds", "output": 1},
        rows.astype("<u4").tobytes(),
    )
    assert message["rows"] == 30
    found = np.frombuffer(buffers[0], "<f4")
    phi = ex.attributions[10:40, 1]
    size = np.abs(phi.reshape(30, -1, len(ex.features)).sum(1)).mean(0)
    np.testing.assert_allclose(found, 100 * size / size.sum(), rtol=1e-4)
    if options:
        cells = np.abs(phi).mean(0)[::-1].ravel()
        found = np.frombuffer(buffers[1], "<f4")
        np.testing.assert_allclose(found, 100 * cells / cells.sum(), rtol=1e-4)
        lags = np.abs(phi.sum(2)).mean(0)[::-1]
        found = np.frombuffer(buffers[2], "<f4")
        np.testing.assert_allclose(found, 100 * lags / lags.sum(), rtol=1e-4)
        assert np.abs(found - 100 * cells.reshape(3, -1).sum(1) / cells.sum()).max() > 0.2


def test_lags_have_shares_of_their_own_with_their_intervals():
    ex = explained(sequence=3)
    (first, *_) = wire.state(ex)["lags"]["slices"]
    own, low, high = (np.frombuffer(first[name]["data"], "<f4") for name in ("own", "low", "high"))
    of = ex.lag_importance(ex.outputs[first["output"]])
    np.testing.assert_allclose(own, of["importance"], rtol=1e-5)
    assert (low <= own).all()
    assert (own <= high).all()
    # At one row, too, features add up with their signs.
    phi = ex.attributions[7, 1][::-1].sum(1)
    at_row = ex.lag_importance(1, row=7)["importance"]
    np.testing.assert_allclose(at_row, 100 * np.abs(phi) / np.abs(phi).sum(), rtol=1e-5)
    plain = explained(sequence=3, method="smoothgrad")
    assert "own" not in wire.state(plain)["lags"]["slices"][0]


def test_a_row_that_was_not_kept_comes_with_its_baseline():
    ex = explained(keep=20)
    row = next(place for place in range(80) if place not in ex.rows)
    message, buffers = Page(nbx.Explorer(ex)).ask({"t": "row", "row": row})
    outputs, jacobian = (np.frombuffer(data, "<f4") for data in buffers[:2])
    total = jacobian.reshape(2, -1).sum(1)
    np.testing.assert_allclose(message["base"] + total, outputs, rtol=5e-3, atol=1e-4)


def test_all_rows_come_with_their_baselines():
    ex = explained()
    message, _ = Page(nbx.Explorer(ex)).ask({"t": "instances"})
    assert "base" in message["arrays"]
    assert message["instances"]["base"]["shape"] == list(instances(ex, MESSAGE)["base"].shape)


def test_forms_draw_contributions(tmp_path):
    ex = explained()
    ex.save_html(tmp_path / "page.html")
    assert "against the mean of each column" in (tmp_path / "page.html").read_text()
    assert "contribution" in str(ex.chart("local", row=3).to_dict())
