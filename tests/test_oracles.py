"""Oracles of contributions through the public door, and the same numbers call after call.

Closed forms: a polynomial, a product, a minimum, a kink, one hidden layer, a bias-free ReLU
network; noise on a cosine and on a quadratic. Those of single rules are in `engine`.
"""

import math

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.engine.attributed import Task
from nbexplain.engine.drawn import smoothed


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def at(model, row, method):
    row = torch.tensor([row], dtype=torch.float64)
    return nbx.explain(model, row, response="raw", method=method).attributions[0, 0]


def polynomial(x):
    return x[:, :1] ** 2 * x[:, 1:]


def least(x):
    return x[:, :1] - (x[:, :1] - x[:, 1:]).relu()


FORMS = {
    "x1² x2, integrated": (polynomial, [1.5, -2], nbx.IntegratedGradients("zero"), [-3, -1.5]),
    "x1² x2, gradient": (polynomial, [1.5, -2], nbx.GradientXInput(), [-9, -4.5]),
    # x1² passes its change on whole, and of the product each factor has half.
    "x1² x2, DeepLIFT": (polynomial, [1.5, -2], nbx.DeepLift("zero"), [-2.25, -2.25]),
    "min(3, 1), rescale": (least, [3, 1], nbx.DeepLift("zero"), [0, 1]),
    "min(1, 3), rescale": (least, [1, 3], nbx.DeepLift("zero"), [1, 0]),
    "min(3, 1), revealcancel": (least, [3, 1], nbx.DeepLift("zero", "revealcancel"), [0.5, 0.5]),
    "min(1, 3), revealcancel": (least, [1, 3], nbx.DeepLift("zero", "revealcancel"), [0.5, 0.5]),
    "min(3, 1), integrated": (least, [3, 1], nbx.IntegratedGradients("zero"), [0, 1]),
    "relu, DeepLIFT": (torch.relu, [-2], nbx.DeepLift(2.0), [-2]),
    "relu, gradient": (torch.relu, [-2], nbx.GradientXInput(2.0), [0]),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_closed_forms(name):
    model, row, method, wanted = FORMS[name]
    np.testing.assert_allclose(at(model, row, method), wanted, atol=1e-3)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.GELU, nn.Softplus, nn.Sigmoid])
@pytest.mark.parametrize("layers", [1, 2])
def test_rescale_is_integrated_gradients_with_one_hidden_layer_and_with_two_it_is_not(
    activation, layers
):
    torch.manual_seed(0)
    hidden = [part for _ in range(layers - 1) for part in (nn.Linear(8, 8), activation())]
    model = nn.Sequential(nn.Linear(4, 8), activation(), *hidden, nn.Linear(8, 1)).double()
    X = 3 * normal(40, 4)
    rescale = nbx.explain(model, X, method="deeplift").attributions
    method = nbx.IntegratedGradients(n_steps=64, tolerance=1e-9)
    apart = np.abs(rescale - nbx.explain(model, X, method=method).attributions).max()
    assert apart < 1e-6 if layers == 1 else apart > 1e-5


def test_a_bias_free_relu_network_is_its_gradient_times_its_input():
    torch.manual_seed(0)
    layers = nn.Linear(6, 32, bias=False), nn.ReLU(), nn.Linear(32, 1, bias=False)
    model, X = nn.Sequential(*layers).double(), normal(100, 6)
    ex = nbx.explain(model, X, method="gradient_x_input")
    np.testing.assert_allclose(ex.attributions.sum(2), model(X).detach(), atol=1e-12)
    np.testing.assert_array_equal(ex.base_values, 0)


def test_a_product_against_a_drawn_background_has_its_expectation():
    a, b, mean = 1.5, -2.0, torch.tensor([0.3, 0.7], dtype=torch.float64)
    background = mean + normal(2_000, 2)
    X = torch.tensor([[a, b]], dtype=torch.float64).repeat(40, 1)
    method = nbx.ExpectedGradients(background, n_samples=500)
    ex = nbx.explain(lambda x: x.prod(1, keepdim=True), X, method=method)
    u, v = background.numpy().T
    wanted = [np.mean((a - u) * (b + v)) / 2, np.mean((b - v) * (a + u)) / 2]
    found, error = ex.attributions[:, 0].mean(0), ex.standard_errors[:, 0].mean(0) / 40**0.5
    assert (np.abs(found - wanted) < 4 * error).all()
    assert (4 * error < 0.1).all()


@pytest.mark.parametrize(
    ("sigma", "mean", "square"),
    [(0.3, -0.6158704867515762, 0.4290157543083729), (1.0, -0.39073777883882366, 0.48849872428)],
)
def test_noise_on_a_cosine(sigma, mean, square):
    assert mean == pytest.approx(-math.sin(0.7) * math.exp(-(sigma**2) / 2))
    assert square == pytest.approx((1 - math.cos(1.4) * math.exp(-2 * sigma**2)) / 2)
    g = noisy(lambda inputs: inputs[0].cos(), torch.full((40_000, 1), 0.7).double(), sigma)
    assert g.mean().item() == pytest.approx(mean, abs=0.02)
    assert g.square().mean().item() == pytest.approx(square, abs=0.02)


def test_noise_on_a_quadratic():
    A = normal(3, 3)
    A, x, sigma = A + A.T, normal(3, seed=1), 0.4
    g = noisy(
        lambda inputs: (inputs[0] @ A * inputs[0]).sum(1, keepdim=True) / 2,
        x.repeat(40_000, 1),
        sigma,
    )
    spread = sigma**2 * (A @ A.T).diag()
    error = (spread / 40_000).sqrt()
    assert ((g.mean(0) - A @ x).abs() < 4 * error).all()
    np.testing.assert_allclose(g.var(0), spread, rtol=0.05)


def noisy(function, rows, sigma):
    """One noisy derivative of each row, `[rows, entries]`."""
    deviations = torch.full((1, rows.shape[1]), sigma, dtype=torch.float64)
    task = Task((rows,), lambda _: function, (), np.arange(len(rows)), 0)
    return smoothed(task, 1, (deviations,)).attributions[:, 0]


METHODS = {
    "sensitivity": "sensitivity",
    "gradient x input": "gradient_x_input",
    "smoothgrad": "smoothgrad",
    "integrated": "integrated_gradients",
    "expected": "expected_gradients",
    "rescale": "deeplift",
    "revealcancel": nbx.DeepLift(rule="revealcancel"),
}


@pytest.mark.parametrize("name", METHODS)
def test_same_call_same_seed_same_numbers_on_one_thread_or_two(name):
    torch.manual_seed(0)
    layers = nn.Linear(23, 64), nn.Tanh(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3)
    model, X, y = nn.Sequential(*layers), normal(400, 23).float(), torch.arange(400) % 3
    threads, found = torch.get_num_threads(), []
    try:
        for count in (1, 1, 2):
            torch.set_num_threads(count)
            ex = nbx.explain(model, X, y, method=METHODS[name], seed=3, progress=False)
            found.append((ex.attributions, ex.importance().to_numpy()))
    finally:
        torch.set_num_threads(threads)
    for attributions, table in found[1:]:
        np.testing.assert_array_equal(attributions, found[0][0])
        np.testing.assert_array_equal(table, found[0][1])


class Numpy(nn.Module):
    def forward(self, x):
        return torch.from_numpy(x.detach().numpy().sum(1, keepdims=True))


BLACK = {
    "an array": (lambda x: x.detach().numpy()[:, :1], TypeError, "returns a NumPy array, which"),
    "a module of NumPy": (Numpy(), ValueError, "have no derivative: the forward cuts the graph"),
    "classes": (lambda x: x.argmax(1, keepdim=True).double(), ValueError, "argmax or a comparison"),
    "an estimator": (object(), TypeError, "model must be a torch.nn.Module or a function"),
}


@pytest.mark.parametrize("box", BLACK)
@pytest.mark.parametrize("name", METHODS)
def test_a_black_box_is_refused_by_every_method(name, box):
    model, error, said = BLACK[box]
    with pytest.raises(error, match=said) as caught:
        nbx.explain(model, normal(20, 4), method=METHODS[name])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["sensitivity", "gradient_x_input", "integrated_gradients"])
def test_steps_are_not_said_to_be_no_influence(name):
    ex = nbx.explain(lambda x: x.round().sum(1, keepdim=True), 3 * normal(80, 3), method=name)
    assert "it may change in steps (a rounding, a comparison)" in " ".join(ex.notes)
    still = nbx.explain(lambda x: 0 * x.sum(1, keepdim=True), normal(80, 3))
    assert "does not depend on any input" in " ".join(still.notes)


@pytest.mark.parametrize("of", [torch.jit.script, lambda m: torch.jit.trace(m, torch.zeros(1, 4))])
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_scripted_and_traced_models_are_refused_by_deeplift_and_not_by_gradients(of):
    torch.manual_seed(0)
    plain = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 1))
    X = normal(20, 4).float()
    with pytest.raises(ValueError, match=r"scripted or compiled code.*integrated_gradients"):
        nbx.explain(of(plain), X, method="deeplift")
    found = nbx.explain(of(plain), X, method="integrated_gradients").attributions
    wanted = nbx.explain(plain, X, method="integrated_gradients").attributions
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


LOSSES = {
    "cross_entropy_loss": lambda z: nn.functional.cross_entropy(
        z, torch.zeros(len(z), dtype=torch.long), reduction="none"
    ),
    "nll_loss_nd": lambda z: nn.functional.nll_loss(
        z.log_softmax(1), torch.zeros(len(z), dtype=torch.long), reduction="none"
    ),
    "binary_cross_entropy_with_logits": lambda z: nn.functional.binary_cross_entropy_with_logits(
        z, torch.ones_like(z), reduction="none"
    ),
    "kl_div": lambda z: nn.functional.kl_div(
        z.log_softmax(1), torch.full_like(z, 1 / 3), reduction="none"
    ).sum(1),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses_of_ones_own_are_refused_by_name_and_integrated(name):
    torch.manual_seed(0)
    model, X = nn.Linear(4, 3).double(), normal(20, 4)
    with pytest.raises(ValueError, match=f"no rule for '{name}'.*integrated_gradients"):
        nbx.explain(model, X, response=LOSSES[name], method="deeplift")
    ex = nbx.explain(model, X, response=LOSSES[name], method="integrated_gradients")
    change = np.abs(ex.predictions - ex.base_values)
    assert (np.abs(ex.gaps) <= 1.01e-3 * change + 1e-9).all()
