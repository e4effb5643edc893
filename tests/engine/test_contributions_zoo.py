"""Contributions add up in every network of two zoos, and rows never influence each other."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.testing import assert_close

from nbexplain.engine.attributed import Task, exceeds
from nbexplain.engine.decomposition import contributions, names
from nbexplain.engine.decomposition.rules import RULES
from nbexplain.engine.paths import integrated
from nbexplain.engine.swept import GAP
from nbexplain.model import Snapshot
from tests.belongings import belongings
from tests.oracles import central_differences
from tests.spellings import SPELLINGS, Spelling
from tests.zoo import ZOO, Specimen, positional

# Torch's own, of a layer that is as it should be.
pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")

OUT_OF_SIGHT = {"custom_function", "scripted", "traced"}

every_spelling = pytest.mark.parametrize("spelling", SPELLINGS, ids=repr)
every_rule = pytest.mark.parametrize("rule", ["rescale", "revealcancel"])
healthy = pytest.mark.parametrize(
    "specimen", [s for s in ZOO if s.says is None and s.name not in OUT_OF_SIGHT], ids=repr
)
hidden = pytest.mark.parametrize("specimen", [s for s in ZOO if s.name in OUT_OF_SIGHT], ids=repr)

STEPS = {"steps", "masks_written_out", "masks_combined"}
"""Networks whose steps have no derivative."""

JUMPS = {"every_activation_of_torch", *STEPS}
"""Networks that jump, of which a gradient knows nothing."""

WITHOUT_GRADIENT = {
    *("in_place", "views_written_in_place", "written_into_constants", "gated_in_place"),
    "choices_that_agree",
}
"""Networks that autograd refuses: they write over what it needs, or ask for numbers."""

GAPS = {torch.float64: 1e-9, torch.float32: 1e-5}


def relative_gap(found, change):
    return float((found.flatten(2).sum(-1) - change).abs().max() / change.abs().max())


def test_the_zoos_are_large_enough():
    assert len(SPELLINGS) >= 40
    assert len({s.name for s in SPELLINGS}) == len(SPELLINGS)
    assert {s.name for s in ZOO} >= OUT_OF_SIGHT
    assert len({s.name for s in SPELLINGS} - JUMPS - WITHOUT_GRADIENT) >= 40


@every_rule
@pytest.mark.parametrize("dtype", GAPS, ids=str)
@every_spelling
def test_contributions_add_up(spelling: Spelling, dtype, rule):
    net, x = spelling.network(dtype), spelling.rows(dtype=dtype)
    reference = spelling.rows(7, dtype=dtype)[-1:]
    outputs, before, found = contributions(lambda i: net(i[0]), (x,), (reference,), rule)
    expected, from_reference = net(x.clone()), net(reference.expand_as(x).clone())
    assert_close(outputs, expected, rtol=0, atol=GAPS[dtype])
    assert_close(before, from_reference, rtol=0, atol=GAPS[dtype])
    assert relative_gap(found, expected - from_reference) <= GAPS[dtype]


def way(net, x, own):
    return Task((x,), lambda rows: lambda i: net(i[0]), (own,), np.arange(len(x)), 0)


@pytest.mark.parametrize(
    "spelling", [s for s in SPELLINGS if s.name not in JUMPS | WITHOUT_GRADIENT], ids=repr
)
def test_integrated_gradients_add_up(spelling: Spelling):
    net, x, own = spelling.network(), spelling.rows(6), spelling.rows(8)[:1]
    found = integrated(way(net, x, own), 16, 1e-3)
    assert_close(found.outputs, net(x.clone()))
    assert relative_gap(found.attributions, found.outputs - found.base) <= 1e-3
    if spelling.name == "packed":  # whose rows have the lengths of their places
        return
    apart = integrated(way(net, x[2:3], own), 16, 1e-3)
    assert_close(found.attributions[2:3], apart.attributions, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("spelling", [s for s in SPELLINGS if s.name in JUMPS], ids=repr)
def test_integrated_gradients_miss_jumps_and_it_shows(spelling: Spelling):
    net, x, own = spelling.network(), spelling.rows(6), spelling.rows(8)[:1]
    found = integrated(way(net, x, own), 16, 1e-3)
    assert exceeds(found.attributions, found.outputs, found.base, GAP).any()


@every_rule
@pytest.mark.parametrize(
    # The rows of what is packed have the lengths of their places.
    "spelling",
    [s for s in SPELLINGS if s.name != "packed"],
    ids=repr,
)
def test_a_row_gets_the_same_whoever_it_is_with(spelling: Spelling, rule):
    net, x, own = spelling.network(), spelling.rows(6), spelling.rows(8)[:6]
    f = lambda i: net(i[0])  # noqa: E731
    _, _, together = contributions(f, (x,), (own,), rule)
    for rows in (slice(2, 3), slice(1, 4)):
        _, _, apart = contributions(f, (x[rows],), (own[rows],), rule)
        assert_close(together[rows], apart, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("spelling", [s for s in SPELLINGS if s.name not in STEPS], ids=repr)
def test_an_infinitely_near_reference_gives_the_derivative(spelling: Spelling):
    """So no rule dumps what belongs to one input on another."""
    net, x = spelling.network(), spelling.rows()
    away = 1e-6 * spelling.rows(9)[: len(x)]
    _, _, found = contributions(lambda i: net(i[0]), (x,), (x + away,))
    (slopes,) = central_differences(lambda i: net(i[0]), (x,))
    wanted = -away[:, None] * slopes
    assert_close(found, wanted, rtol=1e-3, atol=1e-4 * float(wanted.abs().max()))


@every_rule
@healthy
def test_contributions_add_up_in_networks_as_people_write_them(specimen: Specimen, rule):
    model, inputs = specimen.make()
    before = belongings(model, inputs)
    values, names = positional(inputs)
    snapshot = Snapshot(model)
    values = snapshot.prepare(values)

    def f(tensors):
        outputs = specimen.outputs(snapshot(tensors, names))
        return outputs.reshape(len(outputs), -1)

    references = tuple(torch.full_like(x[:1], 0.3) if x.is_floating_point() else x for x in values)
    outputs, _, found = contributions(f, values, references, rule)
    fed = [r.expand_as(x).clone() for x, r in zip(values, references, strict=True)]
    change = f(tuple(x.clone() for x in values)) - f(tuple(fed))
    gap = {torch.float16: 3e-2, torch.bfloat16: 2e-1} | GAPS
    assert relative_gap(found, change.detach()) <= gap[outputs.dtype]
    assert belongings(model, inputs) == before


@hidden
def test_what_is_computed_out_of_sight_is_refused_by_name(specimen: Specimen):
    model, inputs = specimen.make()
    before = belongings(model, inputs)
    snapshot = Snapshot(model)
    values, _ = positional(inputs)
    with pytest.raises(ValueError, match=r"has no rule for .*integrated_gradients") as refused:
        contributions(lambda i: snapshot(i), values, tuple(torch.zeros_like(x) for x in values))
    assert "\n" not in str(refused.value)
    assert belongings(model, inputs) == before
    assert not _get_current_function_mode_stack()


REFUSED = {
    "argmax": lambda x: nn.functional.one_hot(x.argmax(1), 4) * x,
    "getitem": lambda x: torch.arange(4.0)[x.argmax(1)][:, None] + x,
    "topk": lambda x: x.topk(2, 1).values,
    "sort": lambda x: x.sort(1).values,
    "cumprod": lambda x: x.cumprod(1),
    "batch_norm": lambda x: nn.functional.batch_norm(x, None, None, training=True),
    "dropout": lambda x: nn.functional.dropout(x, 0.5, training=True),
    "atan2": lambda x: torch.atan2(x, x.flip(1)),
    "inverse": lambda x: torch.linalg.inv(x[:, None] * torch.eye(4)).sum(1),
    "einsum": lambda x: torch.einsum("ni,ni,ni->ni", x, x, x),
    "bilinear": lambda x: nn.functional.bilinear(x, x, x[:1, :, None] * x[1, None]).expand(2, 4),
    "__bool__": lambda x: x if x[1, 2] > 0 else -x,
    "item": lambda x: x * x[0, 0].item(),
    "numpy": lambda x: x * torch.from_numpy(x.detach().numpy()),
    "exp": lambda x: torch.view_as_real(torch.fft.fft(x).exp()).sum(-1),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_rule_is_refused_by_name(name):
    x = torch.tensor([[1.0, 2, -1, 3], [2.0, 1, 4, 0]])
    named = {"argmax": "one_hot", "inverse": "linalg_inv"}.get(name, name)
    with pytest.raises(ValueError, match=f"no rule for '{named}'.*integrated_gradients") as refused:
        contributions(lambda i: REFUSED[name](i[0]), (x,), (torch.tensor([[4.0, -1, -3, -2]]),))
    assert "\n" not in str(refused.value)
    assert not _get_current_function_mode_stack()


def test_rules_are_of_operations_that_torch_has():
    homes = (torch, torch.Tensor, nn.functional, torch._VF, torch._C._nn, torch._C._fft)
    homes += (torch._C._linalg,)
    special = {"format", "getitem", "hash", "len", "repr", "setitem", "str"}
    for name in (names.SHAPES | set(RULES)) - special:
        if not name.startswith(("get ", "__")):
            assert any(hasattr(home, name) or hasattr(home, f"{name}_") for home in homes), name


def test_a_sum_that_is_wrong_is_told():
    def f(inputs):
        inputs[0].register_hook(lambda gradient: 2 * gradient)
        return inputs[0] * 1

    with pytest.raises(RuntimeError, match=r"output 1, they sum to 2 .* changes by 1, a gap"):
        contributions(f, (torch.tensor([[0.0, 1.0]]),), (torch.zeros(1, 2),))


def test_a_reference_that_does_not_fit():
    with pytest.raises(ValueError, match=r"shape \[1, 3\] does not fit .* \[2, 4\]"):
        contributions(lambda i: i[0], (torch.ones(2, 4),), (torch.zeros(1, 3),))
