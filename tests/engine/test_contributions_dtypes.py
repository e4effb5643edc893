"""DeepLIFT where tensors take their form from others, and where precision changes on the way."""

import pytest
import torch
from torch import nn

from nbexplain.engine.decomposition import contributions

WEIGHTS = torch.linspace(-1, 1, 12).view(3, 4)
SCALE = torch.linspace(0.5, 2, 4)
STYLES = {
    "to": lambda x: (x @ WEIGHTS.to(x)).tanh() * SCALE.to(x, copy=True),
    "type_as": lambda x: (x @ WEIGHTS.type_as(x)).tanh() * SCALE.type_as(x),
    "expand_as": lambda x: (x @ WEIGHTS.to(x.dtype)).tanh() * SCALE.expand_as(x @ WEIGHTS.to(x)),
    "view_as": lambda x: (x @ WEIGHTS.view_as(WEIGHTS.to(x))).tanh() * SCALE.to(x),
    "both vary": lambda x: (x.to(x * 2) @ WEIGHTS.to(x)).tanh() * SCALE.to(x),
}


def plain(x):
    return (x @ WEIGHTS).tanh() * SCALE


def normal(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("rule", ["rescale", "revealcancel"])
@pytest.mark.parametrize("style", STYLES)
def test_what_takes_only_the_form_of_another_is_as_if_it_did_not(style, rule):
    x, zero = normal(20, 3), torch.full((1, 3), 0.3)
    before = WEIGHTS.clone()
    found = contributions(lambda xs: STYLES[style](xs[0]), (x,), (zero,), rule)
    wanted = contributions(lambda xs: plain(xs[0]), (x,), (zero,), rule)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other)
    assert torch.equal(WEIGHTS, before)
    assert vars(WEIGHTS) == {}


@pytest.mark.parametrize("rule", ["rescale", "revealcancel"])
def test_double_precision_within_single_is_held_to_single(rule):
    torch.manual_seed(0)
    layers = nn.Linear(3, 16), nn.Tanh(), nn.Linear(16, 2)
    inside = nn.Sequential(*layers).double()
    x, zero = normal(200, 3), torch.zeros(1, 3)
    outputs, base, found = contributions(lambda xs: inside(xs[0].double()), (x,), (zero,), rule)
    assert outputs.dtype == torch.float64
    gaps = (outputs - base - found.sum(2)).abs()
    assert gaps.max() < 1e-5 * (outputs - base).abs().max()
