"""What cannot be differentiated row by row is refused, and what can is not."""

import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from nbexplain.model import Snapshot, check_function, untouched
from tests.belongings import random_states
from tests.zoo import ZOO, mlp, rows


def draw():
    random.random()
    np.random.rand()  # noqa: NPY002
    torch.rand(1)


@pytest.mark.parametrize("error", [None, ValueError, KeyboardInterrupt])
def test_random_states_are_put_back_whatever_happens(error):
    before = random_states()
    try:
        with untouched():
            draw()
            assert random_states() != before
            if error is not None:
                raise error
    except (ValueError, KeyboardInterrupt):
        pass
    assert random_states() == before


@pytest.mark.parametrize("outside", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_gradients_are_on_inside_and_as_before_outside(outside):
    with outside():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        with untouched():
            assert torch.is_grad_enabled()
            assert not torch.is_inference_mode_enabled()
            assert torch.ones(1, requires_grad=True).exp().requires_grad
        assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before


def on_rows(function):
    """`function` of a single input, as `check_function` calls it."""
    return lambda inputs: function(inputs[0])


WELL = {
    "constant": lambda x: torch.ones(len(x), 2),
    "constant in part": lambda x: torch.stack([x[:, 0], torch.ones(len(x))], 1),
    "softmax": lambda x: x.softmax(1),
    "one output": lambda x: x.prod(1, keepdim=True),
    "kink": lambda x: x.relu(),
    "infinite derivative": lambda x: (x - x.detach()).abs().sqrt() + x,
    "not a number": lambda x: x.log(),
    "in place": lambda x: x.mul_(2).sin_(),
    "batch norm in evaluation": nn.BatchNorm1d(4).eval(),
    "instance norm": lambda x: F.instance_norm(x[:, None]).flatten(1) + x,
    "draws from its own seed": lambda x: x * torch.rand(4, generator=torch.Generator()),
}  # fmt: skip


@pytest.mark.parametrize("function", WELL.values(), ids=WELL)
def test_nothing_is_said_of_good_functions(function):
    check_function(on_rows(function), (rows(4),))


def test_attention_rounds_alike_in_every_look():
    model, inputs = next(s for s in ZOO if s.name == "tabular_transformer").make()
    check_function(Snapshot(model), inputs)


class Counter:
    calls = 0

    def __call__(self, x):
        self.calls += 1
        return x * self.calls


ILL = {
    "dropout": (lambda x: F.dropout(x), "different outputs for the same rows"),
    "noise": (lambda x: x + 1e-4 * torch.randn_like(x), "different outputs for the same rows"),
    "state": (Counter(), "different outputs for the same rows"),
    "centred": (lambda x: x - x.mean(0), "Rows influence each other"),
    "softmax over rows": (lambda x: x.softmax(0), "Rows influence each other"),
    "looks back": (lambda x: x.cumsum(0), "Rows influence each other"),
    "looks ahead": (lambda x: x.flip(0).cumsum(0).flip(0), "Rows influence each other"),
    "shifted": (lambda x: x.roll(1, 0), "Rows influence each other"),
    "centred without graph": (lambda x: x - x.detach().mean(0), "Rows influence each other"),
    "batch norm in training": (lambda x: F.batch_norm(x, None, None, training=True), "Rows"),
    "time before rows": (lambda x: nn.LSTM(4, 2)(x)[0].detach() + x[:, :2], "different outputs"),
    "detached": (lambda x: x.detach() ** 2, "have no derivative"),
    "comparison": (lambda x: (x > 0).float(), "have no derivative"),
    "numpy": (lambda x: torch.from_numpy(np.tanh(x.detach().numpy())), "have no derivative"),
    "no_grad": (torch.no_grad()(lambda x: x * 2), "have no derivative"),
    "label": (lambda x: x.argmax(1, keepdim=True).float(), "have no derivative"),
}  # fmt: skip


@pytest.mark.parametrize(("function", "sentence"), ILL.values(), ids=ILL)
def test_one_sentence_says_what_is_wrong(function, sentence):
    with pytest.raises(ValueError, match=sentence) as refused:
        check_function(on_rows(function), (rows(4),))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("signs", [(1,), (1, -1)], ids=["one output", "outputs that cancel"])
def test_an_influence_that_values_do_not_show_is_seen_in_derivatives(signs):
    def influenced(x):
        other = x.flip(0)
        y = x + other * (other - 1)  # the same for zeros and ones
        return torch.cat([sign * y for sign in signs], 1)

    with pytest.raises(ValueError, match="Rows influence"):
        check_function(on_rows(influenced), (torch.tensor([[0.0], [1.0], [0.0], [1.0]]),))


def test_a_batch_norm_that_uses_the_batch_is_named():
    net = nn.Sequential(mlp(4, 3), nn.BatchNorm1d(3, track_running_stats=False))
    snapshot = Snapshot(net)
    with pytest.raises(ValueError, match=r"1 \(BatchNorm1d\) uses the statistics of the batch"):
        check_function(snapshot, (rows(4),), snapshot.batch_statistics)


def test_each_of_several_inputs_is_looked_at():
    a, b, codes = rows(3), rows(3), torch.arange(6)
    check_function(lambda x: x[0] * x[2][:, None], (a, b, codes))
    with pytest.raises(ValueError, match="have no derivative"):
        check_function(lambda x: x[0] * x[1].detach(), (a, b))
    with pytest.raises(ValueError, match="Rows influence"):
        check_function(lambda x: x[0] * x[1].mean(0), (a, b))


def test_the_inputs_and_random_states_stay():
    x = rows(4)
    copy, before = x.clone(), random_states()
    check_function(on_rows(lambda x: (draw(), x.add_(1))[1]), (x,))
    assert torch.equal(x, copy)
    assert not x.requires_grad
    assert random_states() == before


def test_exceptions_of_the_forward_come_through():
    def forward(inputs):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        check_function(forward, (rows(4),))


def test_a_single_row_can_be_checked():
    check_function(on_rows(torch.sin), (rows(4, n=1),))
