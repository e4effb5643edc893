"""Where networks are modules with activations of their own, other libraries compute the same."""

import warnings

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from nbexplain.engine.decomposition import contributions


@pytest.fixture(params=[nn.Tanh, nn.ReLU, nn.Sigmoid, nn.Softplus, nn.ELU])
def network(request):
    torch.manual_seed(3)
    act = request.param
    net = nn.Sequential(nn.Linear(4, 8), act(), nn.Linear(8, 6), act(), nn.Linear(6, 3))
    return net.double().eval().requires_grad_(False)


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(20, 4, generator=generator).double()


def ours(network, x, before):
    return contributions(lambda i: network(i[0]), (x,), (before,))[2]


def test_captums_deep_lift(network, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        attr = pytest.importorskip("captum.attr")
        found = ours(network, rows, torch.full((1, 4), 0.2).double())
        for k in range(3):
            theirs = attr.DeepLift(network).attribute(
                rows, torch.full((1, 4), 0.2).double(), target=k
            )
            assert_close(found[:, k], theirs.detach(), rtol=1e-7, atol=4e-9)


def test_shaps_deep_explainer(network, rows):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shap = pytest.importorskip("shap")
        if isinstance(network[1], nn.ELU):
            network[1], network[3] = nn.Tanh(), nn.Tanh()
        background = torch.zeros(1, 4).double()
        theirs = shap.DeepExplainer(network, background).shap_values(rows, check_additivity=False)
    found = ours(network, rows, background)
    assert_close(found, torch.as_tensor(theirs).movedim(-1, 1).double(), rtol=1e-6, atol=4e-9)
