"""The loss as the response: torch's own value, by every method, and adding up."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

import nbexplain as nbx

ROWS = 40


def network(outputs, *end):
    torch.manual_seed(0)
    layers = nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, outputs), *end
    return nn.Sequential(*layers).double()


X = torch.randn(ROWS, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2
YES = X[:, 0] > 0
CLASSES = torch.arange(ROWS) % 3
SOFT = torch.rand(ROWS, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def apart(outputs, y):
    y = y.double().view(ROWS, -1)
    return functional.binary_cross_entropy(outputs, y, reduction="none").sum(1)


CASES = {
    "one logit": (
        network(1),
        YES,
        lambda z, y: functional.binary_cross_entropy_with_logits(
            z[:, 0], y.double(), reduction="none"
        ),
    ),
    "logits": (
        network(3),
        CLASSES,
        lambda z, y: functional.cross_entropy(z, y, reduction="none"),
    ),
    "probabilities": (
        network(3, nn.Softmax(1)),
        CLASSES,
        lambda p, y: functional.nll_loss(p.log(), y, reduction="none"),
    ),
    "a sigmoid": (network(1, nn.Sigmoid()), YES, apart),
    "soft labels": (network(1, nn.Sigmoid()), SOFT, apart),
    "several sigmoids": (network(3, nn.Sigmoid()), (X > 0).double(), apart),
    "numbers": (network(2), X[:, :2] ** 2, lambda f, y: (f - y).square().sum(1)),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["deeplift", "integrated_gradients"])
def test_contributions_add_up_to_what_torch_calls_the_loss(name, method):
    model, y, loss = CASES[name]
    ex = nbx.explain(model, X, y, response="loss", method=method)
    with torch.no_grad():
        wanted = loss(model(X), y)
        base = loss(model(X.mean(0, keepdim=True)).expand(ROWS, -1), y)
    np.testing.assert_allclose(ex.predictions[:, 0], wanted, rtol=1e-6)
    np.testing.assert_allclose(ex.base_values[:, 0], base, rtol=1e-5)
    exact = 1e-9 if method == "deeplift" else 1.01e-3 * (wanted - base).abs().numpy() + 1e-9
    assert (np.abs(ex.gaps[:, 0]) <= exact).all()


@pytest.mark.parametrize("name", CASES)
def test_its_derivatives_are_those_of_finite_differences(name):
    model, y, loss = CASES[name]
    ex = nbx.explain(model, X, y, response="loss", scale="none")
    step = 1e-6
    with torch.no_grad():
        moved = [loss(model(X + step * e), y) - loss(model(X - step * e), y) for e in torch.eye(3)]
    np.testing.assert_allclose(
        ex.attributions[:, 0], torch.stack(moved, 1) / (2 * step), rtol=1e-4, atol=1e-7
    )


def test_a_certainty_that_is_wrong_is_finite():
    sure = nn.Sequential(nn.Linear(3, 1), nn.Sigmoid()).double()
    with torch.no_grad():
        sure[0].weight.fill_(1e4)
    ex = nbx.explain(sure, X, ~(X.sum(1) > 0), response="loss", method="deeplift")
    assert np.isfinite(ex.predictions).all()
    assert np.isfinite(ex.attributions).all()
    assert ex.predictions.max() > 100


def test_true_values_of_another_width_are_refused_in_a_sentence():
    model, _, _ = CASES["several sigmoids"]
    with pytest.raises(ValueError, match="each say yes or no needs as many true values a row"):
        nbx.explain(model, X, SOFT, response="loss")
