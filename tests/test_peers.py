"""Other libraries as oracles, where what they compute is what we compute."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx

generator = torch.Generator().manual_seed(0)
X = pd.DataFrame(torch.randn(200, 4, generator=generator).double().numpy(), columns=list("abcd"))


def perceptron(outputs):
    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(4, 6), nn.Sigmoid(), nn.Linear(6, 5), nn.Sigmoid(), nn.Linear(5, outputs)
    ).double()


@pytest.fixture
def neuralsens():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("neuralsens.partial_derivatives")


def test_neuralsens_on_a_sigmoid_perceptron(neuralsens):
    model = perceptron(1)  # of several outputs, neuralsens 0.0.26 raises an AttributeError
    layers = [layer for layer in model if isinstance(layer, nn.Linear)]
    theirs = neuralsens.jacobian_mlp(
        [layer.weight.detach().numpy().T for layer in layers],
        [layer.bias.detach().numpy() for layer in layers],
        ["identity", "sigmoid", "sigmoid", "identity"],  # theirs name the input layer's, too
        X,
        pd.DataFrame({"y": [0.0] * 200}),  # only its columns are read
    )
    ex = nbx.explain(model, X, scale="none")
    ours, other = ex.importance().loc[list("abcd")], theirs.sens[0]
    np.testing.assert_allclose(ours["rms"], other["mean_squared"], rtol=1e-5)
    np.testing.assert_allclose(ours["mean"], other["mean"], rtol=1e-5)
    np.testing.assert_allclose(ours["std"], other["std"], rtol=1e-5)
    np.testing.assert_allclose(ex.attributions[:, 0], theirs.raw_sens[0], rtol=1e-5)


def test_captums_saliency():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attr = pytest.importorskip("captum.attr")
    model = perceptron(3)
    x = torch.tensor(X.to_numpy(), requires_grad=True)
    ex = nbx.explain(model, X, scale="none")
    for k in range(3):
        theirs = attr.Saliency(model).attribute(x, target=k, abs=False)
        np.testing.assert_allclose(ex.attributions[:, k], theirs.detach(), rtol=1e-9)
