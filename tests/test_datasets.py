import os

import numpy as np
import pandas as pd
import pytest
import torch

from nbexplain import datasets
from nbexplain.datasets import credit


def test_simulation_unpacks_as_inputs_outcome_and_truth():
    X, y, truth = datasets.simulation(n=50)
    assert list(X.columns) == list(truth.index) == ["x1", "x2", "x3", "x4", "x5"]
    assert X.shape == (50, 5)
    assert y.shape == (50,)
    assert y.name == "y"


def test_truth_is_the_theory_of_the_paper():
    truth = datasets.simulation(n=1).truth
    np.testing.assert_allclose(
        truth, [14.872794, 17.042401, 45.239073, 22.619537, 0.226195], atol=1e-6
    )


def test_truth_is_the_share_of_the_rms_derivatives_of_f():
    data = datasets.simulation(n=200_000, seed=3)
    x = torch.tensor(data.X.to_numpy(), requires_grad=True)
    (derivatives,) = torch.autograd.grad(data.f(x).sum(), x)
    rms = derivatives.square().mean(dim=0).sqrt()
    np.testing.assert_allclose(100 * rms / rms.sum(), data.truth, atol=0.1)


def test_noise_has_a_variance_of_a_hundredth():
    data = datasets.simulation(n=200_000, seed=1)
    noise = data.y - data.f(torch.tensor(data.X.to_numpy())).numpy()
    assert noise.mean() == pytest.approx(0, abs=0.001)
    assert noise.var() == pytest.approx(0.01, rel=0.02)


def test_a_seed_names_a_draw():
    first, again, other = (datasets.simulation(n=5, seed=seed) for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(first.X, again.X)
    pd.testing.assert_series_equal(first.y, again.y)
    assert not first.X.equals(other.X)


def test_drawing_leaves_the_global_random_states_alone():
    torch_before, numpy_before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    datasets.simulation(n=5)
    assert torch.equal(torch.get_rng_state(), torch_before)
    assert (np.random.get_state()[1] == numpy_before).all()  # noqa: NPY002


def test_simulation_without_rows_is_refused():
    with pytest.raises(ValueError, match="n=0: a simulation has at least 1 row"):
        datasets.simulation(n=0)


@pytest.fixture
def credit_folder(tmp_path):
    rows = {name: [1, 2, 3] for name in ("ID", *credit.CREDIT_COLUMNS)}
    rows |= {"ID": [11, 12, 13], credit.CREDIT_TARGET: [0, 1, 0]}
    pd.DataFrame(rows).to_csv(tmp_path / "credit_default.csv", index=False)
    return tmp_path


@pytest.mark.parametrize("given", ["folder", "file", "variable"])
def test_credit_data_is_read_from_a_path_or_the_environment(credit_folder, monkeypatch, given):
    monkeypatch.delenv("NBEXPLAIN_DATA", raising=False)
    path = {"folder": credit_folder, "file": credit_folder / "credit_default.csv"}.get(given)
    if path is None:
        monkeypatch.setenv("NBEXPLAIN_DATA", str(credit_folder))
    X, y = datasets.credit_default(path)
    assert list(X.columns) == list(credit.CREDIT_COLUMNS)
    assert list(X.index) == [11, 12, 13]
    assert y.tolist() == [0, 1, 0]
    assert y.name == "default"


def test_missing_credit_data_says_where_to_get_it(tmp_path, monkeypatch):
    monkeypatch.delenv("NBEXPLAIN_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="NBEXPLAIN_DATA"):
        datasets.credit_default()
    with pytest.raises(FileNotFoundError, match=r"No credit data at .*credit_default\.csv"):
        datasets.credit_default(tmp_path)


def test_credit_data_without_a_column_names_it(credit_folder):
    file = credit_folder / "credit_default.csv"
    pd.read_csv(file).drop(columns="PAY_AMT6").to_csv(file, index=False)
    with pytest.raises(ValueError, match="lacks the column 'PAY_AMT6'"):
        datasets.credit_default(file)


@pytest.mark.skipif(not os.environ.get("NBEXPLAIN_DATA"), reason="NBEXPLAIN_DATA is not set")
def test_the_real_credit_data():
    X, y = datasets.credit_default()
    assert X.shape == (30_000, 23)
    assert y.mean() == pytest.approx(0.2212)
