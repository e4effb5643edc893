"""y on the kept rows, whatever form the data came in."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx

X = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
CODES = torch.arange(300) % 2
NUMBERS = torch.arange(300.0) / 7


def network(outputs):
    torch.manual_seed(0)
    return torch.nn.Linear(3, outputs)


@pytest.mark.parametrize("batch_size", [None, 64])
@pytest.mark.parametrize("keep", [None, 50, [7, 3, 290], 0])
def test_true_values_are_those_of_the_kept_rows(batch_size, keep):
    names = np.array(["no", "yes"])[CODES]
    ex = nbx.explain(network(2), X, names, keep=keep, batch_size=batch_size)
    assert ex.classes == ("no", "yes")
    assert ex.targets.tolist() == CODES[ex.rows].tolist()
    ex = nbx.explain(network(1), X, NUMBERS, keep=keep, batch_size=batch_size)
    assert ex.classes is None
    assert ex.targets.tolist() == NUMBERS[ex.rows].double().tolist()


def test_several_columns_of_y():
    y = torch.stack([NUMBERS, -NUMBERS], dim=1)
    assert nbx.explain(network(2), X, y, batch_size=64).targets.shape == (300, 2)


def test_outputs_that_are_chosen_have_their_own_columns_of_y():
    y = torch.stack([NUMBERS, -NUMBERS, 0 * NUMBERS], dim=1)
    ex = nbx.explain(network(3), X, y, outputs=[2, 0], keep=4)
    assert ex.targets.tolist() == y[ex.rows][:, [2, 0]].double().tolist()
    other = next(row for row in range(300) if row not in ex.rows)
    assert ex.origin.row(other).target.tolist() == y[[other]][:, [2, 0]].double().tolist()
    assert np.allclose(ex.predictions, network(3)(X)[ex.rows][:, [2, 0]].detach())


def test_without_y_there_are_none():
    ex = nbx.explain(network(2), X)
    assert (ex.targets, ex.classes) == (None, None)


@pytest.mark.parametrize("y", [CODES, NUMBERS])
def test_y_that_comes_with_the_rows(y):
    data = TensorDataset(X, y)
    outputs = 1 if y.is_floating_point() else 2
    forms = [
        DataLoader(data, batch_size=40),
        [(X[:100], y[:100]), (X[100:], y[100:])],
        iter([(X[:100], y[:100]), (X[100:], y[100:])]),
    ]
    for form in forms:
        found = nbx.explain(network(outputs), form)
        assert found.targets.tolist() == y[found.rows].tolist()


def test_they_stay_what_they_were():
    y = NUMBERS.clone()
    ex = nbx.explain(network(1), X, y)
    y.zero_()
    assert ex.targets.tolist() == NUMBERS.double().tolist()


def test_another_response_has_them_too():
    ex = nbx.explain(network(2), X, CODES, keep=20)
    for response in ex.responses:
        other = ex.with_response(response)
        assert other.targets.tolist() == CODES[other.rows].tolist()
        assert other.classes == ex.classes


def test_a_row_on_demand_has_its_own():
    ex = nbx.explain(network(1), pd.DataFrame(X.numpy()), NUMBERS, keep=1)
    for row in (0, 7, int(ex.rows[0])):
        assert ex.origin.row(row).target.item() == NUMBERS[row]
