"""`explain` works on networks as people write them, and what was theirs stays as it was."""

from inspect import signature
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import nbexplain as nbx
from nbexplain.model.functions import modules_of
from tests.belongings import belongings
from tests.oracles import central_differences
from tests.zoo import ZOO, Inputs, Specimen, positional

everything = pytest.mark.parametrize("specimen", ZOO, ids=repr)
healthy = pytest.mark.parametrize("specimen", [s for s in ZOO if s.says is None], ids=repr)
modules = pytest.mark.parametrize(
    "specimen", [s for s in ZOO if s.says is None and isinstance(s.make()[0], nn.Module)], ids=repr
)
smooth = pytest.mark.parametrize("specimen", [s for s in ZOO if s.smooth], ids=repr)


def as_X(inputs: Inputs) -> Any:
    return inputs[0] if isinstance(inputs, tuple) and len(inputs) == 1 else inputs


def test_the_zoo_is_large_enough():
    assert sum(s.says is None for s in ZOO) >= 24
    assert len({s.name for s in ZOO}) == len(ZOO)


@everything
def test_explained_unedited_or_told_what_to_do(specimen: Specimen):
    model, inputs = specimen.make()
    before = belongings(model, inputs)
    if specimen.says is None:
        ex = nbx.explain(model, as_X(inputs), progress=False)
        shares = ex.importances().share
        assert np.isfinite(shares).all()
        assert shares.sum() == pytest.approx(100)
    else:
        with pytest.raises((ValueError, TypeError), match=specimen.says) as refused:
            nbx.explain(model, as_X(inputs), progress=False)
        assert "\n" not in str(refused.value)
    assert belongings(model, inputs) == before


class Fails(nn.Module):
    """Runs a network a few times, then raises in the middle of its forward."""

    def __init__(self, net: nn.Module, error: BaseException, calls: int):
        super().__init__()
        self.net, self.error, self.calls = net, error, calls

    def forward(self, *inputs: Any, **named: Any) -> Any:
        if named and "batch" in signature(self.net.forward).parameters:
            inputs, named = (named,), {}
        returned = self.net(*inputs, **named)
        torch.rand(1)
        self.calls -= 1
        if self.calls < 0:
            raise self.error
        return returned


@pytest.mark.parametrize("calls", [0, 2])
@pytest.mark.parametrize("error", [RuntimeError("halfway"), KeyboardInterrupt()], ids=repr)
@modules
def test_untouched_when_the_forward_raises(specimen: Specimen, error: BaseException, calls: int):
    model, inputs = specimen.make()
    failing = Fails(model, error, calls)
    before = belongings(failing, inputs)
    with pytest.raises(type(error)) as raised:
        nbx.explain(failing, as_X(inputs), progress=False)
    assert str(raised.value) == str(error)
    assert belongings(failing, inputs) == before


@smooth
def test_attributions_agree_with_finite_differences(specimen: Specimen):
    inputs = doubled(specimen)[1]
    ex = nbx.explain(
        doubled(specimen)[0], as_X(inputs), response="raw", scale="none", keep=6, progress=False
    )
    model = doubled(specimen)[0]
    for module in modules_of(model):
        module.eval()
    tensors, names = positional(inputs)

    def outputs(x: tuple[Tensor, ...]) -> Tensor:
        if names is None:
            returned = model(*x)
        elif specimen.name == "batch_as_a_dict":
            returned = model(dict(zip(names, x, strict=True)))
        else:
            returned = model(**dict(zip(names, x, strict=True)))
        return specimen.outputs(returned).reshape(len(x[0]), -1)

    oracle = [x for x in central_differences(outputs, tensors) if x is not None]
    expected = oracle[0] if len(oracle) == 1 else torch.cat([x.flatten(2) for x in oracle], 2)
    np.testing.assert_allclose(ex.attributions, expected.numpy(), rtol=1e-5, atol=1e-8)


def doubled(specimen: Specimen) -> tuple[Any, Inputs]:
    """The specimen in double precision."""
    model, inputs = specimen.make()
    for module in modules_of(model):
        module.double()
    if isinstance(inputs, dict):
        return model, {key: precise(x) for key, x in inputs.items()}
    return model, tuple(map(precise, inputs))


def precise(x: Tensor) -> Tensor:
    return x.double() if x.is_floating_point() else x
