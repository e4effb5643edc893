"""Standard errors of what is drawn: how far contributions move with other draws."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from tests.corpus import Negation, corpus


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def product(x):
    return x.prod(1, keepdim=True)


SAME = torch.tensor([[1.5, -2.0]], dtype=torch.float64).repeat(600, 1)
BACKGROUND = normal(500, 2) * torch.tensor([1.0, 0.5]) + torch.tensor([0.3, 0.7])


@pytest.mark.parametrize("samples", [20, 21])
def test_errors_are_the_spread_over_other_draws(samples):
    # The same row six hundred times, each with draws of its own.
    method = nbx.ExpectedGradients(BACKGROUND, n_samples=samples)
    ex = nbx.explain(product, SAME, method=method)
    found, errors = ex.attributions[:, 0], ex.standard_errors[:, 0]
    spread, said = found.std(0, ddof=1), np.sqrt((errors**2).mean(0))
    np.testing.assert_allclose(said, spread, rtol=0.15)
    u, v = BACKGROUND.numpy().T
    wanted = np.array([np.mean((1.5 - u) * (v - 2.0)), np.mean((-2.0 - v) * (u + 1.5))]) / 2
    near = np.abs(found - wanted) < 3 * errors
    assert (near.mean(0) > 0.96).all()


def test_members_of_a_group_and_lags_move_together():
    # f = x0 · x1: the two members' draws are of the same rows, their errors do not simply add up.
    groups = {"both": ["x0", "x1"]}
    method = nbx.ExpectedGradients(BACKGROUND, n_samples=30)
    ex = nbx.explain(product, SAME, groups=groups, method=method)
    assert ex.standard_errors.shape == (600, 1, 1)
    spread = ex.attributions[:, 0].sum(1).std(ddof=1)
    assert np.sqrt((ex.standard_errors**2).mean()) == pytest.approx(spread, rel=0.15)
    windows = SAME[:, :, None]
    again = nbx.explain(
        lambda x: product(x[..., 0]),
        windows,
        method=nbx.ExpectedGradients(BACKGROUND[:, :, None], n_samples=30),
    )
    np.testing.assert_allclose(again.standard_errors, ex.standard_errors)


def test_four_times_as_many_draws_halve_them():
    few, many = (
        nbx.explain(product, SAME, method=nbx.ExpectedGradients(BACKGROUND, n_samples=n))
        for n in (25, 100)
    )
    ratio = np.sqrt((few.standard_errors**2).mean(0) / (many.standard_errors**2).mean(0))
    np.testing.assert_allclose(ratio, 2, rtol=0.1)


def test_a_linear_model_has_errors_of_its_background_alone():
    model = nn.Linear(2, 1, bias=False).double()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[2.0, 0.0]]))
    ex = nbx.explain(model, SAME, method=nbx.ExpectedGradients(BACKGROUND, n_samples=50))
    sd = 2 * BACKGROUND[:, 0].std(correction=0).item() / 50**0.5
    assert np.sqrt((ex.standard_errors[:, 0, 0] ** 2).mean()) == pytest.approx(sd, rel=0.1)
    assert not ex.standard_errors[:, 0, 1].any()


def test_one_draw_has_no_error_and_other_methods_none():
    ex = nbx.explain(product, SAME[:5], method=nbx.ExpectedGradients(BACKGROUND, n_samples=1))
    assert np.isnan(ex.standard_errors).all()
    other = nbx.explain(product, normal(9, 2), method="integrated_gradients")
    assert other.standard_errors is None
    assert "error" not in other.local(0)


def test_tables_files_batches_and_new_rows_have_them(tmp_path):
    X = pd.DataFrame(normal(150, 2, seed=1).numpy(), columns=["a", "b"])
    ex = nbx.explain(product, X, method="expected_gradients")
    table = ex.local(4)
    assert list(table.columns) == ["value", "attribution", "error", "importance"]
    np.testing.assert_array_equal(table.error, ex.standard_errors[4, 0])
    small = nbx.explain(product, X, method="expected_gradients", batch_size=7, keep=20)
    np.testing.assert_allclose(small.standard_errors, ex.standard_errors[small.rows], atol=1e-12)
    left = next(row for row in range(150) if row not in small.rows)
    np.testing.assert_allclose(small.local(left).error, ex.local(left).error, atol=1e-12)
    small.save(tmp_path / "drawn.nbx")
    again = nbx.load(tmp_path / "drawn.nbx")
    np.testing.assert_array_equal(again.standard_errors, small.standard_errors)
    row = int(small.rows[0])
    pd.testing.assert_frame_equal(again.local(row), small.local(row))


def test_tokens_have_errors_each():
    ids, _ = corpus(40)
    ex = nbx.explain(Negation().double(), ids, method="expected_gradients")
    assert ex.standard_errors.shape == ex.attributions.shape
    table = ex.local(3)
    np.testing.assert_array_equal(table.error, ex.standard_errors[3, 0, : len(table)])


def test_rough_contributions_are_said():
    # Its sign is that of the background's row, so one draw says little.
    X = normal(80, 2, seed=2)
    said = [
        "rough" in " ".join(nbx.explain(product, X, method=nbx.ExpectedGradients(X, n)).notes)
        for n in (4, 4_000)
    ]
    assert said == [True, False]
