"""Outputs at every step: pooled by lag, one by one, and as a map of output by input steps."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from tests.oracles import central_differences
from tests.test_many_to_many import EveryStep, delayed
from tests.test_padding import STEPS, X

VALID = nbx.Sensitivity(steps="valid")
PAPER = nbx.Sensitivity(definition="lag0", steps="valid")


def every(model, x=X, *args, method=VALID, **options):
    return nbx.explain(model, x, *args, method=method, **options)


def ahead(x):
    """y_s = 2 x_{s+1} + x_s, the input beyond the last step being 0."""
    return 2 * torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], dim=1) + x


def growing(x):
    """y_s = (s + 1)(x1_s + 3 x2_{s-1}): each step has its own shares and sizes."""
    before = torch.cat([torch.zeros_like(x[:, :1, 1:]), x[:, :-1, 1:]], dim=1)
    return torch.arange(1, x.shape[1] + 1)[:, None] * (x[..., :1] + 3 * before)


# Closed forms


def test_a_delay_is_pooled_over_the_pairs_that_have_it():
    ex = every(delayed, X[:, :4, :2].float(), scale="none")
    table = ex.lag_importance()
    np.testing.assert_allclose(table["importance"], [75, 25, 0, 0], atol=1e-9)
    assert table["count"].tolist() == [1200, 900, 600, 300]
    # Dividing by all pairs instead gives 77.6.
    wrong = 3 / (3 + np.sqrt(3 / 4))
    assert 100 * wrong == pytest.approx(77.5991, abs=1e-4)
    assert abs(table["importance"][0] - 100 * wrong) > 2
    np.testing.assert_allclose(ex.importances().share, [75, 25])
    assert ex.question == "Sensitivity of y0 at every step per unit of each input, 300 rows"
    assert any("1,200 at lag 0 and 300 at lag 3" in note for note in ex.notes)
    assert any("Lag 0 ranks features otherwise (the paper's" in note for note in ex.notes)


def test_the_papers_formula_adds_up_the_steps_at_lag_0():
    x = X[:, :4, :2].float()
    np.testing.assert_allclose(
        every(delayed, x, method=PAPER, scale="none").importances().share, [100, 0]
    )
    # r_1 = Σ_s (s + 1) |a_1|: the roots are added up, not the squares.
    model = lambda x: torch.arange(1, 5)[:, None] * (x * torch.tensor([2.0, -1.0])).sum(2, True)  # noqa: E731
    ex = every(model, x, method=PAPER, scale="none")
    np.testing.assert_allclose(ex.importances().rms, [20, 10], rtol=1e-6)
    assert any("ranked by lag 0 alone" in note for note in ex.notes)
    at = ex.importance(step=2).loc["x1"]
    assert at[["rms", "mean", "std"]].tolist() == [3, -3, 0]


def test_leads_are_reported():
    ex = every(ahead, X[:, :4, :1], scale="none")
    table = ex.lag_importance()
    assert table.index.tolist() == [-3, -2, -1, 0, 1, 2, 3]
    np.testing.assert_allclose(table["importance"], [0, 0, 200 / 3, 100 / 3, 0, 0, 0], atol=1e-9)
    assert table["count"].tolist() == [300, 600, 900, 1200, 900, 600, 300]
    assert ex.lag_map().index.tolist() == table.index.tolist()
    assert ex.select(0.5, by="lag") == [-1]
    assert ex.memory_length().length == 1
    assert "Outputs use later steps: 66.7 % of the total lies in leads, lags below 0." in ex.notes
    # Importances count them: alone, lag 0 would give x0 all of it.
    both = every(lambda x: torch.cat([ahead(x[..., :1]), x[..., 1:2]], 2).sum(2, True), X)
    assert both.importances().share[0] > both.importances().share[1] * 2
    assert ex.lag_importance(step=1).index.tolist() == [-2, -1, 0, 1]
    np.testing.assert_allclose(
        ex.lag_importance(row=0, step=1)["importance"], [0, 80, 20, 0], atol=1e-9
    )
    assert not any("later steps" in note for note in every(EveryStep()).notes)


def test_single_steps_have_their_own_tables():
    ex = every(growing, X[..., :2], scale="none")
    assert ex.importance(step=0)["importance"].to_dict() == {"x0": 100.0, "x1": 0.0}
    np.testing.assert_allclose(ex.importances(step=3).share, [25, 75])
    np.testing.assert_allclose(ex.importances(step=3).rms, [4, 12])
    table = ex.lag_importance(step=3)
    np.testing.assert_allclose(table["importance"], [25, 75, 0, 0], atol=1e-9)
    assert table["count"].tolist() == [300] * 4
    np.testing.assert_allclose(ex.lag_map(step=1), [[25, 0], [0, 75]], atol=1e-9)
    np.testing.assert_allclose(ex.local(7, step=4)["importance"], [10, 90])
    np.testing.assert_allclose(ex.lag_map(row=7, step=1), [[10, 0], [0, 90]], atol=1e-9)
    np.testing.assert_array_equal(
        ex.lag_shares(step=2).share, ex.lag_importance(step=2)["importance"]
    )


def test_single_steps_have_the_intervals_of_their_output_alone():
    torch.manual_seed(0)
    cell, head = nn.GRU(3, 4, batch_first=True).double(), nn.Linear(4, 1).double()
    ex = every(lambda x: head(cell(x)[0]))
    plain = nbx.explain(lambda x: head(cell(x)[0][:, 3]), X)
    columns = ["importance", "low", "high", "rms"]
    pd.testing.assert_frame_equal(ex.importance(step=3)[columns], plain.importance()[columns])
    found, alone = ex.lag_importance(step=3), plain.lag_importance().iloc[2:]
    np.testing.assert_allclose(found[["importance", "low", "high"]], alone, atol=1e-9)


def test_the_map_of_output_by_input_steps():
    ex = every(growing, X[:, :3, :2], scale="none")
    sizes = np.array([[1, 0, 0], [6, 2, 0], [0, 9, 3]])
    table = ex.time_map()
    np.testing.assert_allclose(table, 100 * sizes / 21, atol=1e-9)
    assert (table.index.name, table.columns.name) == ("output step", "input step")
    above = every(ahead, X[:, :3, :1], scale="none").time_map()
    np.testing.assert_allclose(above, 100 * np.array([[1, 2, 0], [0, 1, 2], [0, 0, 1]]) / 7)


def test_pooling_brute_force():
    """Every statistic from the whole Jacobian of finite differences, formed naively."""
    torch.manual_seed(1)
    cell, head = nn.GRU(3, 5, batch_first=True).double(), nn.Linear(5, 2).double()
    model = lambda x: head(cell(x)[0]).tanh()  # noqa: E731
    ex = every(model, X[:50], scale=[1.0, 2.0, 0.5])
    (found,) = central_differences(lambda inputs: model(*inputs).flatten(1), (X[:50],))
    jacobian = found.view(50, STEPS, 2, STEPS, 3).numpy() * np.array([1, 2, 0.5])
    for output in (0, 1):
        of = jacobian[:, :, output]
        # Lag k stands on a diagonal of output by input steps.
        lags = [np.diagonal(of, -k, axis1=1, axis2=2) for k in range(STEPS)]
        pooled = np.array([np.sqrt((lag**2).mean((0, 2))) for lag in lags])
        np.testing.assert_allclose(
            ex.lag_map(output), 100 * pooled / pooled.sum(), rtol=1e-5, atol=1e-9
        )
        np.testing.assert_allclose(ex.importances(output).rms, pooled.sum(0), rtol=1e-6)
        steps = np.sqrt((of**2).mean(0)).sum(-1)
        np.testing.assert_allclose(ex.time_map(output), 100 * steps / steps.sum(), atol=1e-6)
    spread = model(X[:50]).detach().flatten(0, 1).std(0, correction=0).numpy()
    weighed = (jacobian / spread[:, None, None]) ** 2
    size = np.sqrt(weighed[:, 2, :, :3].mean(0).sum(0)).sum(0)
    np.testing.assert_allclose(ex.importances(step=2).rms, size, rtol=1e-6)


def test_the_members_of_a_group_meet_at_leads_too():
    def model(x):
        later = torch.cat([x[:, 1:], torch.zeros_like(x[:, :1])], dim=1)
        return 3 * later[..., :1] + 4 * later[..., 1:2] + x[..., 2:]

    ex = every(model, X[:, :4], scale="none", groups={"g": ["x0", "x1"]})
    expected = np.zeros((7, 2))
    expected[2, 0], expected[3, 1] = 500 / 6, 100 / 6
    np.testing.assert_allclose(ex.lag_map(), expected, atol=1e-9)
    np.testing.assert_allclose(ex.lag_map(step=1), expected[1:5], atol=1e-9)


def test_little_data_and_constant_models():
    steps = every(delayed, X[:, :1, :2])
    assert not any("every step" in note for note in steps.notes)
    np.testing.assert_allclose(steps.time_map(), [[100]])
    one = every(delayed, X[:1, :4, :2])
    np.testing.assert_allclose(one.importances().share, [75, 25])
    assert one.lag_importance()["low"].isna().all()
    flat = every(lambda x: x[..., :1] * 0 + 1, X)
    assert flat.time_map().isna().all(axis=None)
    assert flat.lag_importance()["count"].tolist() == [300 * n for n in range(STEPS, 0, -1)]
    assert any("does not depend on any input" in note for note in flat.notes)


def test_streams():
    parts = iter([X[:100], X[100:]])
    pd.testing.assert_frame_equal(
        every(EveryStep(), parts).lag_importance(), every(EveryStep()).lag_importance()
    )
