"""The fingerprint: each way to edit a model, noticed; each that leaves it as it was, quiet."""

import copy
import random
import types

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn.utils import prune as pruning
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx
from nbexplain.live import fingerprint as prints
from nbexplain.live.fingerprint import contents, fingerprint

X = torch.randn(64, 5, generator=torch.Generator().manual_seed(0))


def network():
    torch.manual_seed(0)
    layers = (nn.Linear(5, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4), nn.LayerNorm(4))
    return nn.Sequential(*layers, nn.Dropout(0.5), nn.Linear(4, 1)).eval()


def steps(model, optimizer, count=1):
    for _ in range(count):
        optimizer.zero_grad()
        model(X).square().mean().backward()
        optimizer.step()


def optimized(kind, **options):
    return lambda model: steps(model, kind(model.parameters(), lr=0.01, **options))


def lbfgs(model):
    optimizer = torch.optim.LBFGS(model.parameters())

    def closure():
        optimizer.zero_grad()
        loss = model(X).square().mean()
        loss.backward()
        return loss

    optimizer.step(closure)


def scaled(model):
    scaler = torch.amp.GradScaler("cpu")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler.scale(model(X).square().mean()).backward()
    scaler.step(optimizer)
    scaler.update()


def compiled(model):
    steps(torch.compile(model, backend="eager"), torch.optim.Adam(model.parameters(), lr=0.01))


def by_hand(model):
    model(X).square().mean().backward()
    with torch.no_grad():
        for p in model.parameters():
            p -= 0.01 * p.grad


def through_numpy(model):
    model[0].weight.detach().numpy()[0] = 0


def through_data(model):
    model[0].weight.data[0] = 0


def one_number(model):
    model[3].weight.data[1, 2] += 1e-3


def new_data(model):
    model[0].weight.data = torch.randn(8, 5)


def new_parameter(model):
    model[0].weight = nn.Parameter(torch.randn(8, 5))


def loaded(model):
    model.load_state_dict({k: v + 1 for k, v in network().state_dict().items()})


def assigned(model):
    state = {k: v + 1 for k, v in network().state_dict().items()}
    model.load_state_dict(state, assign=True)


def pruned(model):
    pruning.l1_unstructured(model[0], "weight", amount=0.5)


def pruned_for_good(model):
    pruned(model)
    pruning.remove(model[0], "weight")


def replaced(model):
    model[3] = nn.Linear(8, 4)


def activation(model):
    model[2] = nn.Tanh()


def swapped_rows(model):
    w = model[3].weight.data
    w[[0, 1]] = w[[1, 0]].clone()


def flipped_signs(model):
    for p in model.parameters():
        p.data.neg_()


def patched(model):
    model.forward = types.MethodType(lambda self, x: 2 * nn.Sequential.forward(self, x), model)


def patched_inside(model):
    model[3].forward = lambda x: nn.functional.linear(x, model[3].weight) * 3


def eps(model):
    model[4].eps = 0.1


def statistics(model):
    model.train()
    model(X)
    model.eval()


def a_hook(model):
    model[0].register_forward_hook(lambda module, inputs, output: output * 2)


EDITS = [
    optimized(torch.optim.SGD),
    optimized(torch.optim.Adam, foreach=True),
    optimized(torch.optim.RMSprop),
    optimized(torch.optim.SGD, fused=True),
    optimized(torch.optim.Adam, fused=True),
    optimized(torch.optim.AdamW, fused=True),
    lbfgs,
    scaled,
    compiled,
    by_hand,
    through_numpy,
    through_data,
    one_number,
    new_data,
    new_parameter,
    loaded,
    assigned,
    pruned,
    pruned_for_good,
    replaced,
    activation,
    swapped_rows,
    flipped_signs,
    patched,
    patched_inside,
    eps,
    statistics,
    a_hook,
]


def named(edit):
    return edit.__qualname__ if "<lambda>" not in edit.__qualname__ else "optimizer"


@pytest.mark.parametrize("edit", EDITS, ids=named)
def test_every_edit_is_noticed(edit):
    model = network()
    ex = nbx.explain(model, X)
    before = fingerprint(model, ex)
    edit(model)
    assert not before.same(fingerprint(model, ex))


def nothing(model):
    pass


def loaded_alike(model):
    model.load_state_dict(network().state_dict())


def other_modes(model):
    model.train()
    model[0].weight.requires_grad_(False)
    model[0].weight.grad = torch.zeros_like(model[0].weight)


def called(model):
    with torch.no_grad():
        model(X)


def zero_steps(model):
    steps(model, torch.optim.SGD(model.parameters(), lr=0.0))


def replaced_alike(model):
    model[2] = nn.ReLU()


@pytest.mark.parametrize(
    "cell", [nothing, loaded_alike, other_modes, called, zero_steps, replaced_alike]
)
def test_what_changes_nothing_is_quiet(cell):
    model = network()
    ex = nbx.explain(model, X)
    before = fingerprint(model, ex)
    cell(model)
    assert before.same(fingerprint(model, ex))


def test_the_same_model_made_again_is_quiet_and_another_is_not():
    ex = nbx.explain(network(), X)
    before = fingerprint(network(), ex)
    assert before.same(fingerprint(network(), ex))
    assert before.same(fingerprint(copy.deepcopy(network()), ex))
    assert not before.same(fingerprint(nn.Linear(5, 1), ex))


def test_a_function_is_known_by_its_modules_and_by_what_it_returns():
    layer, factor = nn.Linear(5, 1), [1.0]

    def model(x):
        return layer(x) * factor[0]

    ex = nbx.explain(model, X)
    before = fingerprint(model, ex)
    assert before.same(fingerprint(model, ex))
    factor[0] = 2.0
    assert not before.same(fingerprint(model, ex))
    factor[0] = 1.0
    layer.weight.data[0, 0] += 1
    assert not before.same(fingerprint(model, ex))


def test_the_model_comes_back_as_it_was():
    """Parameters, buffers, gradients, modes, flags, hooks and all random states."""
    model = network().train()
    model(X).sum().backward()
    ex = nbx.explain(model, X)
    before = copy.deepcopy(model.state_dict())
    grads = [p.grad.clone() for p in model.parameters()]
    modes = [m.training for m in model.modules()]
    versions = [p._version for p in model.parameters()]
    states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    fingerprint(model, ex)
    assert all(torch.equal(x, before[name]) for name, x in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), grads, strict=True))
    assert [m.training for m in model.modules()] == modes
    assert [p._version for p in model.parameters()] == versions
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (np.random.get_state()[1] == states[1]).all()  # noqa: NPY002
    assert random.getstate() == states[2]


class Clamping(nn.Module):
    """A forward that writes into its parameters, past what torch counts."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([[1.0, -1.0, 1.0, -1.0, 1.0]]))

    def forward(self, x):
        self.weight.data.clamp_(min=0)
        return x @ self.weight.T


def test_a_forward_that_writes_into_its_parameters_does_so_in_a_copy():
    model = Clamping()
    ex = nbx.explain(model, X)
    found = None
    for _ in range(3):
        found = fingerprint(model, ex, found)
        assert not found.pure
    assert model.weight[0, 1] == -1
    model = network()
    first = fingerprint(model, ex)
    assert first.pure
    again = fingerprint(model, ex, first)
    assert again.pure
    assert first.same(again)


def test_a_large_model_is_sampled_and_that_is_said(monkeypatch):
    model = nn.Linear(1024, 64)
    assert not fingerprint(model).sampled
    monkeypatch.setattr(prints, "MODEL", 64 * 1024)
    found = fingerprint(model)
    assert found.sampled
    assert found.same(fingerprint(model))
    model.weight.data *= 1.01
    assert not found.same(fingerprint(model))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.complex64])
def test_every_type_is_read(dtype):
    model = nn.Linear(3, 2, dtype=dtype)
    before = fingerprint(model)
    assert before.same(fingerprint(model))
    model.weight.data[0, 0] += 1
    assert not before.same(fingerprint(model))


def frame():
    return pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}, index=["r", "s"])


def changed(value, change):
    change(value)
    return value


DATA = [
    (frame, lambda f: f.__setitem__("a", [1.0, 3.0])),
    (frame, lambda f: f.__setitem__("b", ["x", "z"])),
    (frame, lambda f: setattr(f, "columns", ["c", "b"])),
    (frame, lambda f: f.__setitem__("c", 0.0)),
    (frame, lambda f: setattr(f, "index", ["r", "t"])),
    (lambda: frame()["a"], lambda s: s.__setitem__("r", 5.0)),
    (lambda: np.arange(6.0).reshape(2, 3), lambda x: x.__setitem__((0, 0), 9)),
    (lambda: X.clone(), lambda x: x[0].neg_()),
    (lambda: (X.clone(), X.clone()), lambda pair: pair[1].add_(1)),
    (lambda: {"x": X.clone()}, lambda named: named["x"].add_(1)),
    (lambda: TensorDataset(X.clone()), lambda data: data.tensors[0].add_(1)),
    (
        lambda: DataLoader(TensorDataset(X.clone())),
        lambda loader: loader.dataset.tensors[0].add_(1),
    ),
    (lambda: [1, 2, 3], lambda found: found.append(4)),
    (lambda: np.array(["a", None], object), lambda x: x.__setitem__(0, "b")),
]


@pytest.mark.parametrize(("make", "change"), DATA)
def test_changed_data_are_noticed_and_the_same_are_not(make, change):
    before = contents(make())
    assert contents(make()) == before
    assert contents(changed(make(), change)) != before


def test_polars_frames_are_read():
    polars = pytest.importorskip("polars")
    one = polars.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
    assert contents(one) == contents(one.clone())
    assert contents(one) != contents(one.with_columns(a=polars.lit(3.0)))


def test_large_data_are_sampled(monkeypatch):
    monkeypatch.setattr(prints, "DATA", 8192)
    x = np.zeros((10_000, 4))
    before = contents(x)
    assert contents(x.copy()) == before
    assert contents(x + 1) != before
