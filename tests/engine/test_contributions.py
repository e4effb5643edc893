"""DeepLIFT against values computed by hand, and what it leaves of its inputs."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.overrides import _get_current_function_mode_stack
from torch.testing import assert_close

from nbexplain.engine.decomposition import contributions
from nbexplain.engine.decomposition.extremes import shares


def of(f, x, before, rule="rescale"):
    """Contributions to the one output of a function of one row."""
    x, before = (torch.tensor([v], dtype=torch.float64) for v in (x, before))
    _, _, found = contributions(lambda i: f(i[0]).reshape(len(i[0]), 1), (x,), (before,), rule)
    return found[0, 0].tolist()


def near(expected):
    return pytest.approx(expected, rel=1e-12, abs=1e-12)


# Oracles -----------------------------------------------------------------------------------------

MINIMA = {
    "relu": lambda x: x[:, 0] - (x[:, 0] - x[:, 1]).relu(),
    "matrix": lambda x: x[:, 0] - torch.relu(x @ torch.tensor([1.0, -1.0], dtype=x.dtype)),
    "in place": lambda x: x[:, 0] - x[:, 0].clone().sub_(x[:, 1]).relu_(),
    "scaled": lambda x: x[:, 0] - (-2 * (x[:, 1] - x[:, 0])).relu() / 2,
    "torch": lambda x: torch.minimum(x[:, 0], x[:, 1]),
}


@pytest.mark.parametrize("minimum", MINIMA.values(), ids=MINIMA)
def test_the_minimum_of_two(minimum):
    assert of(minimum, [3.0, 1], [0.0, 0]) == near([0, 1])
    assert of(minimum, [1.0, 3], [0.0, 0]) == near([1, 0])
    assert of(minimum, [3.0, 1], [0.0, 0], "revealcancel") == near([0.5, 0.5])
    assert of(minimum, [1.0, 3], [0.0, 0], "revealcancel") == near([0.5, 0.5])


def test_relu_from_a_baseline_beyond_its_kink():
    assert of(torch.relu, [-2.0], [2.0]) == [-2]


@pytest.mark.parametrize("activation", [torch.tanh, torch.relu, nn.functional.gelu])
def test_rescale_is_integrated_gradients_with_one_hidden_layer(activation):
    torch.manual_seed(0)
    a, b = torch.randn(6, 3).double(), torch.randn(6).double()
    x, before = torch.randn(3).double(), torch.randn(3).double()
    found = of(lambda x: activation(x @ a.T) @ b, x.tolist(), before.tolist())
    # Along the straight way the mean derivative of each unit is its Δy/Δz, in closed form.
    start, end = a @ before, a @ x
    expected = (x - before) * (((activation(end) - activation(start)) / (end - start) * b) @ a)
    assert found == near(expected.tolist())


def test_with_two_hidden_layers_it_is_not():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 1))
    net = net.double().requires_grad_(False)
    x = 5 * torch.randn(3).double()
    nodes = (torch.arange(2000).double() + 0.5) / 2000
    at = (nodes[:, None] * x).requires_grad_()
    (slopes,) = torch.autograd.grad(net(at).sum(), at)
    integrated = x * slopes.mean(0)
    found = torch.tensor(of(net, x.tolist(), [0.0] * 3)).double()
    assert found.sum().item() == pytest.approx(integrated.sum().item(), abs=1e-6)
    assert (found - integrated).abs().max() > 1e-3


# Products, quotients, gates ----------------------------------------------------------------------


def test_a_product_is_shared_by_the_mean_of_the_other_factor():
    a, b, u, v = 1.5, -2.0, 0.3, 0.7
    assert of(lambda x: x[:, 0] * x[:, 1], [a, b], [u, v]) == near(
        [(a - u) * (b + v) / 2, (b - v) * (a + u) / 2]
    )


def test_a_square_and_a_quotient():
    assert of(lambda x: x * x, [3.0], [1.0]) == near([8])
    # a/b is a times 1/b, whose multiplier is the ratio of changes.
    a, b, u, v = 3.0, 2.0, 1.0, 4.0
    assert of(lambda x: x[:, 0] / x[:, 1], [a, b], [u, v]) == near(
        [(a - u) * (1 / b + 1 / v) / 2, (1 / b - 1 / v) * (a + u) / 2]
    )


def test_a_product_of_matrices():
    left, right = torch.randn(2, 3).double(), torch.randn(3, 2).double()
    from_left, from_right = torch.randn(2, 3).double(), torch.randn(3, 2).double()
    x = (left[None], right[None])
    before = (from_left[None], from_right[None])
    _, _, found = contributions(lambda i: (i[0] @ i[1])[:, 0], x, before)
    expected_left = (left - from_left)[0, :, None] * (right + from_right) / 2
    expected_right = (right - from_right) * (left + from_left)[0, :, None] / 2
    for k in range(2):
        assert_close(found[0, k, :3], expected_left[:, k])
        own = torch.zeros(3, 2).double()
        own[:, k] = expected_right[:, k]
        assert_close(found[0, k, 6:], own.flatten())


def sigmoid(z):
    return 1 / (1 + torch.exp(-z))


def gate(f, z, start):
    """Value, reference and multiplier of an elementwise function."""
    return f(z), f(start), (f(z) - f(start)) / (z - start)


def test_one_step_of_an_lstm():
    torch.manual_seed(2)
    cell = nn.LSTM(2, 1, batch_first=True).double().requires_grad_(False)
    x, before = torch.randn(2).double(), torch.randn(2).double()
    found = of(lambda x: cell(x[:, None])[0], x.tolist(), before.tolist())
    w, b = cell.weight_ih_l0, cell.bias_ih_l0 + cell.bias_hh_l0
    z, start = w @ x + b, w @ before + b
    (i, i0, mi), (_, _, _), (g, g0, mg), (o, o0, mo) = (
        gate(f, z[k], start[k]) for k, f in enumerate([sigmoid, sigmoid, torch.tanh, sigmoid])
    )
    c, c0 = i * g, i0 * g0
    t, t0, mt = gate(torch.tanh, c, c0)
    # h = o tanh(ig): the product rule twice, then the gates' own multipliers.
    through = mo * (t + t0) / 2 * w[3]
    through = through + (o + o0) / 2 * mt * (mi * (g + g0) / 2 * w[0] + mg * (i + i0) / 2 * w[2])
    assert found == near(((x - before) * through).tolist())


def test_one_step_of_a_gru():
    torch.manual_seed(3)
    cell = nn.GRUCell(2, 1).double().requires_grad_(False)
    h = torch.tensor([[0.4]]).double()
    x, before = torch.randn(2).double(), torch.randn(2).double()
    found = of(lambda x: cell(x, h.expand(len(x), 1)), x.tolist(), before.tolist())
    inner, hidden = cell.weight_ih, (cell.weight_hh @ h[0] + cell.bias_hh)
    z, start = inner @ x + cell.bias_ih, inner @ before + cell.bias_ih
    r, r0, mr = gate(sigmoid, z[0] + hidden[0], start[0] + hidden[0])
    u, u0, mu = gate(sigmoid, z[1] + hidden[1], start[1] + hidden[1])
    n, n0, mn = gate(torch.tanh, z[2] + r * hidden[2], start[2] + r0 * hidden[2])
    # h' = (1 - u) n + u h, with h the same in both.
    through = mu * inner[1] * (h[0] - (n + n0) / 2)
    through = through + (1 - (u + u0) / 2) * mn * (inner[2] + hidden[2] * mr * inner[0])
    assert found == near(((x - before) * through).tolist())


def test_attention_of_one_query_over_two_keys():
    keys = torch.tensor([[1.0, 0.5], [-0.5, 2.0]]).double()
    values = torch.tensor([[1.0], [3.0]]).double()

    def attends(q):
        k, v = (t.expand(len(q), 2, -1) for t in (keys, values))
        return nn.functional.scaled_dot_product_attention(q[:, None], k, v, scale=1.0)

    x, before = torch.tensor([1.0, -0.3]).double(), torch.tensor([-0.2, 0.4]).double()
    s, s0 = keys @ x, keys @ before
    # The largest leaves: the share of the way on which each score is the larger one.
    ahead = float((s[0] - s[1]) / ((s[0] - s[1]) - (s0[0] - s0[1])))
    assert 0 < ahead < 1  # the scores cross
    assert s[0] > s[1]
    largest = ahead * keys[0] + (1 - ahead) * keys[1]
    u, u0 = s - s.max(), s0 - s0.max()
    e, e0 = u.exp(), u0.exp()
    m = (e - e0) / (u - u0)
    total, total0 = e.sum(), e0.sum()
    by_sum = -1 / (total * total0)
    per_exp = (1 / total + 1 / total0) / 2 * values[:, 0]
    per_sum = by_sum * ((e + e0) / 2 * values[:, 0]).sum()
    through = sum((per_exp[k] + per_sum) * m[k] * (keys[k] - largest) for k in range(2))
    found = of(attends, x.tolist(), before.tolist())
    assert found == near(((x - before) * through).tolist())
    assert found == near(
        of(lambda q: (q @ keys.T).softmax(-1) @ values, x.tolist(), before.tolist())
    )


# Maxima, choices ---------------------------------------------------------------------------------


def test_a_maximum_follows_the_leader_of_the_straight_way():
    # 4 - α against 5α: they meet at α = 2/3.
    for maximum in (
        lambda x: torch.maximum(x[:, 0], x[:, 1]),
        lambda x: x.amax(1),
        lambda x: x.max(dim=1).values,
        lambda x: nn.functional.max_pool1d(x, 2),
        lambda x: nn.functional.adaptive_max_pool1d(x[:, None], 1),
        lambda x: -(-x).amin(1),
    ):
        assert of(maximum, [3.0, 5.0], [4.0, 0.0]) == near([-2 / 3, 5 / 3])


entries = st.lists(st.floats(-5, 5, width=32), min_size=2, max_size=6)


@settings(max_examples=60)
@given(st.data(), entries)
def test_shares_of_a_maximum_add_up_and_ignore_the_order(data, start):
    end = data.draw(st.lists(st.floats(-5, 5, width=32), min_size=len(start), max_size=len(start)))
    x, before = torch.tensor(end).double(), torch.tensor(start).double()
    found = shares(x, before)
    assert (found >= 0).all()
    assert found.sum().item() == near(1)
    total = (found * (x - before)).sum().item()
    assert total == pytest.approx((x.max() - before.max()).item(), abs=1e-9)
    # The mean of who leads, on a fine grid of the way.
    way = (torch.arange(4001).double() + 0.5)[:, None] / 4001
    led = before + way * (x - before)
    value = (led * found).sum(1)
    assert value.mean().item() <= led.amax(1).mean().item() + 1e-9
    turned = shares(x.flip(0), before.flip(0)).flip(0)
    assert (turned * (x - before)).sum().item() == pytest.approx(total, abs=1e-9)


def test_a_choice_that_differs_is_the_function_it_writes_out():
    leaky = lambda x: torch.where(x > 0, x, 0.1 * x)  # noqa: E731
    assert of(leaky, [2.0], [-2.0]) == near([2.2])
    # c = [a > 0] times b: the product rule for the step and b.
    stepped = lambda x: torch.where(x[:, 0] > 0, x[:, 1], 0)  # noqa: E731
    assert of(stepped, [1.0, 5.0], [-1.0, 3.0]) == near([4, 1])
    assert of(lambda x: x[:, 1] * (x[:, 0] > 0), [1.0, 5.0], [-1.0, 3.0]) == near([4, 1])


# RevealCancel ------------------------------------------------------------------------------------


def test_positive_and_negative_contributions_have_multipliers_of_their_own():
    torch.manual_seed(4)
    layer = nn.Linear(3, 1).double().requires_grad_(False)
    x, before = torch.tensor([1.0, -0.5, 2.0]).double(), torch.tensor([0.2, 0.4, -1.0]).double()
    given_ = layer.weight[0] * (x - before)
    start = float(layer(before))
    up, down = float(given_.clamp(min=0).sum()), float(given_.clamp(max=0).sum())
    f = math.tanh
    rise = (f(start + up) - f(start) + f(start + up + down) - f(start + down)) / 2
    fall = (f(start + down) - f(start) + f(start + up + down) - f(start + up)) / 2
    expected = torch.where(given_ > 0, given_ * (rise / up), given_ * (fall / down))
    for f_ in (
        lambda x: layer(x).tanh(),
        lambda x: (x @ layer.weight.T + layer.bias).tanh(),
        lambda x: (x * layer.weight).sum(1).add(layer.bias).tanh(),
        lambda x: -nn.functional.conv1d(x[:, None], -layer.weight[None], -layer.bias).tanh(),
    ):
        assert of(f_, x.tolist(), before.tolist(), "revealcancel") == near(expected.tolist())


def test_what_is_written_into_a_sum_is_not_in_its_parts():
    def f(x):
        z = x @ torch.tensor([[1.0, -1.0], [1.0, 1.0]]).double().T
        z[:, 0] = x[:, 0] * 2
        return z.relu().sum(1)

    assert of(f, [1.0, 2.0], [0.0, 0.0], "revealcancel") == near([3, 2])


# What it leaves ----------------------------------------------------------------------------------


def test_inputs_stay_as_they_were_and_no_mode_is_left():
    x, before = torch.randn(3, 2), torch.randn(1, 2)
    kept = x.clone(), before.clone()
    assert not _get_current_function_mode_stack()

    def fails(inputs):
        inputs[0].mul_(2)
        raise KeyError("halfway")

    with pytest.raises(KeyError, match="halfway"):
        contributions(fails, (x,), (before,))
    contributions(lambda i: i[0].relu_().mul_(3), (x,), (before,))
    assert not _get_current_function_mode_stack()
    assert torch.equal(x, kept[0])
    assert torch.equal(before, kept[1])
    assert not x.requires_grad
    assert not vars(x)


def test_integers_are_the_same_for_row_and_reference_and_inputs_stand_side_by_side():
    a, b, codes = torch.randn(3, 2), torch.randn(3, 2, 2), torch.tensor([0, 1, 1])
    table = torch.tensor([1.0, 10.0])
    f = lambda i: (table[i[2]] * (i[0].sum(1) + 2 * i[1].sum((1, 2))))[:, None]  # noqa: E731
    zeros = torch.zeros(1), torch.zeros(1), torch.tensor([0])
    outputs, before, found = contributions(f, (a, b, codes), zeros)
    assert found.shape == (3, 1, 6)
    assert_close(found[1, 0], 10 * torch.cat([a[1], 2 * b[1].flatten()]))
    assert_close(outputs, f((a, b, codes)))
    assert_close(before, torch.zeros(3, 1))


def test_every_row_may_have_its_own_reference():
    x, before = torch.randn(4, 3).double(), torch.randn(4, 3).double()
    f = lambda i: (i[0].tanh().prod(1))[:, None]  # noqa: E731
    _, _, together = contributions(f, (x,), (before,))
    for row in range(4):
        _, _, alone = contributions(f, (x[row : row + 1],), (before[row : row + 1],))
        assert_close(together[row], alone[0])


def test_a_constant_function_and_a_row_that_is_its_reference_get_nothing():
    x = torch.rand(2, 3)
    for f in (lambda i: torch.ones(2, 2), lambda i: i[0][:, :2].sqrt()):
        outputs, before, found = contributions(f, (x,), (x.clone(),))
        assert found.shape == (2, 2, 3)
        assert found.eq(0).all()
        assert_close(outputs, before)
    # The derivative of a root at 0 is infinite; nothing changes there.
    _, _, found = contributions(lambda i: i[0].norm(dim=1)[:, None], (x * 0,), (x * 0,))
    assert found.eq(0).all()


def test_works_where_gradients_are_switched_off_inside_and_out():
    @torch.no_grad()
    def f(inputs):
        return (inputs[0] * 2).relu().detach()

    with torch.no_grad():
        _, _, found = contributions(f, (torch.ones(1, 1),), (torch.zeros(1, 1),))
    assert found.item() == 2


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_change_as_small_as_rounding_has_the_derivative(dtype):
    x = torch.tensor([[0.3, 5.0, 0.9]], dtype=dtype)
    step = 4 * torch.finfo(dtype).eps
    before = x * (1 + step)
    _, _, found = contributions(lambda i: i[0].tanh().sum(1, keepdim=True), (x,), (before,))
    assert_close(found[0, 0] / (x - before)[0], 1 - x[0].tanh() ** 2, rtol=1e-3, atol=0)


def test_no_part_of_a_change_is_raised_to_a_power_or_left_without_a_root():
    x, before = [30.0, -29.0], [0.0, 0.0]
    for f in (
        lambda x: x.sum(1).exp(),
        lambda x: (x.sum(1) + 1).sqrt(),
        lambda x: 1 / (2 + x.sum(1)),
    ):
        assert of(f, x, before, "revealcancel") == near(of(f, x, before))


# The same arithmetic, spelled otherwise ----------------------------------------------------------


def random(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(5)).double()


W, V = random(4, 4), random(4, 6)

ALIKE = {
    "relu": [
        torch.relu,
        lambda z: z.clamp(min=0),
        lambda z: z * (z > 0),
        lambda z: z.clone().relu_(),
    ],
    "leaky": [
        lambda z: nn.functional.leaky_relu(z, 0.25),
        lambda z: torch.where(z > 0, z, 0.25 * z),
        lambda z: z.masked_fill(z < 0, 0) - 0.25 * (-z).relu(),
        nn.PReLU(init=0.25).double().requires_grad_(False),
    ],
    "silu": [nn.functional.silu, nn.SiLU(), lambda z: nn.functional.silu(z.clone(), inplace=True)],
    "softmax": [
        lambda z: z.softmax(1),
        nn.Softmax(1),
        lambda z: torch.exp(z - z.amax(1, True)) / torch.exp(z - z.amax(1, True)).sum(1, True),
    ],
    "layer norm": [
        lambda z: nn.functional.layer_norm(z, (4,)),
        nn.LayerNorm(4, elementwise_affine=False),
        lambda z: (z - z.mean(1, True)) / (z.var(1, correction=0, keepdim=True) + 1e-5) ** 0.5,
        lambda z: nn.functional.group_norm(z, 1),
    ],
    "product": [
        lambda z: z * z.flip(1),
        lambda z: torch.einsum("ni,ni->ni", z, z.flip(1)),
        lambda z: z.clone().mul_(z.flip(1)),
        lambda z: torch.diag_embed(z).matmul(z.flip(1)[..., None]).squeeze(-1),
    ],
    "square": [lambda z: z * z, torch.square, lambda z: z**2, lambda z: z.pow(2)],
    "maximum": [
        lambda z: torch.maximum(z, z.flip(1)),
        lambda z: torch.stack([z, z.flip(1)]).amax(0),
        lambda z: z + (z.flip(1) - z).relu(),
        lambda z: torch.stack([z, z.flip(1)], -1).max(-1)[0],
    ],
}


@pytest.mark.parametrize("spellings", ALIKE.values(), ids=ALIKE)
def test_spellings_of_one_function_get_the_same(spellings):
    x, before = random(5, 4), random(7, 4)[2:]
    results = [
        contributions(lambda i, f=f: f(i[0] @ W).tanh() @ V, (x,), (before,))[2] for f in spellings
    ]
    for other in results[1:]:
        assert_close(other, results[0], rtol=1e-9, atol=1e-10)


def test_a_layer_is_its_cells_and_attention_its_products():
    torch.manual_seed(6)
    layer = nn.LSTM(3, 4, batch_first=True).double().requires_grad_(False)
    cell = nn.LSTMCell(3, 4).double().requires_grad_(False)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    heads = nn.MultiheadAttention(4, 1, batch_first=True).double().requires_grad_(False)

    def by_cells(inputs):
        h = c = torch.zeros(len(inputs[0]), 4).double()
        for step in inputs[0].unbind(1):
            h, c = cell(step, (h, c))
        return h

    def by_hand(inputs):
        q, k, v = (inputs[0] @ heads.in_proj_weight.T).chunk(3, -1)
        weights = (q @ k.mT / 2).softmax(-1)
        return (weights @ v @ heads.out_proj.weight.T)[:, 0]

    heads.in_proj_bias.zero_()
    for shape, one, other in [
        ((5, 6, 3), lambda i: layer(i[0])[0][:, -1], by_cells),
        ((5, 6, 4), lambda i: heads(i[0], i[0], i[0])[0][:, 0], by_hand),
    ]:
        x, before = random(*shape), random(2 * shape[0], *shape[1:])[-5:]
        results = [contributions(f, (x,), (before,))[2] for f in (one, other)]
        assert_close(*results, rtol=1e-9, atol=1e-11)


def test_contributions_are_linear_in_the_outputs_and_nothing_goes_to_what_is_not_used():
    f = lambda i: (i[0][:, :3] @ W[:3]).tanh()  # noqa: E731
    x, before = random(5, 4), torch.zeros(1, 4).double()
    _, _, apart = contributions(f, (x,), (before,))
    _, _, mixed = contributions(lambda i: f(i) @ V, (x,), (before,))
    assert_close(mixed, torch.einsum("nkp,kj->njp", apart, V))
    assert apart[..., 3].eq(0).all()
    assert apart[..., :3].ne(0).all()
