"""Contributions by gradients: closed forms, completeness, laws, captum as an oracle."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx

ADDITIVE = ("gradient_x_input", "integrated_gradients", "expected_gradients", "deeplift")


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(inputs=4, outputs=1, seed=0):
    torch.manual_seed(seed)
    layers = nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, outputs)
    return nn.Sequential(*layers).double()


class Linear(nn.Linear):
    """Weights in double precision, and nothing else."""

    def __init__(self, weights):
        super().__init__(len(weights), 1, bias=False, dtype=torch.float64)
        self.load_state_dict({"weight": torch.tensor([weights], dtype=torch.float64)})


class Log(list):
    """What a model's private copy notes down here too: a plain list it has a copy of."""


def polynomial(x):
    return x[:, :1] ** 2 * x[:, 1:]


def test_the_polynomial_tells_the_methods_apart():
    X = torch.tensor([[1.5, -2.0]], dtype=torch.float64)
    for method, wanted in (
        (nbx.IntegratedGradients(baseline="zero"), [-3, -1.5]),
        (nbx.GradientXInput(), [-9, -4.5]),
    ):
        ex = nbx.explain(polynomial, X, method=method)
        np.testing.assert_allclose(ex.attributions[0, 0], wanted, atol=1e-12)


def test_a_product_against_a_baseline_has_its_closed_form():
    a, b, u, v = 1.5, -2.0, 0.3, 0.7
    X = torch.tensor([[a, b]], dtype=torch.float64)
    ig = nbx.IntegratedGradients(baseline=[u, v])
    ex = nbx.explain(lambda x: x.prod(1, keepdim=True), X, method=ig)
    first = (a - u) * (b + v) / 2
    assert first == pytest.approx(-0.78)
    np.testing.assert_allclose(ex.attributions[0, 0], [first, (b - v) * (a + u) / 2], rtol=1e-6)
    np.testing.assert_allclose(ex.base_values, [[u * v]])
    np.testing.assert_allclose(ex.gaps, 0, atol=1e-6)


def test_expected_gradients_of_a_product_meet_their_expectation():
    background = normal(4_000, 2) * 0.5 + torch.tensor([0.3, 0.7])
    X = torch.tensor([[1.5, -2.0]], dtype=torch.float64)
    method = nbx.ExpectedGradients(background, n_samples=4_000)
    ex = nbx.explain(lambda x: x.prod(1, keepdim=True), X, method=method)
    mean = background.mean(0).numpy()
    both = background.prod(1).mean().item()
    # E[(a − u)(v + α(b − v))] over pairs (u, v) of the background.
    u, v = background.numpy().T
    wanted = [np.mean((1.5 - u) * (v - 2.0)) / 2, np.mean((-2.0 - v) * (u + 1.5)) / 2]
    np.testing.assert_allclose(ex.attributions[0, 0], wanted, atol=0.08)
    assert wanted[0] == pytest.approx((1.5 - mean[0]) * (-2 + mean[1]) / 2, abs=0.08)
    np.testing.assert_allclose(ex.base_values, [[both]], rtol=1e-6)


def test_of_a_bias_free_relu_network_gradient_times_input_is_complete():
    torch.manual_seed(0)
    layers = nn.Linear(5, 16, bias=False), nn.ReLU(), nn.Linear(16, 1, bias=False)
    ex = nbx.explain(nn.Sequential(*layers).double(), normal(50, 5), method="gradient_x_input")
    np.testing.assert_allclose(ex.gaps, 0, atol=1e-12)


@pytest.mark.parametrize("sigma", [0.3, 1.0])
def test_smoothed_cosine_has_its_closed_form(sigma):
    wanted = -math.sin(0.7) * math.exp(-(sigma**2) / 2)
    # A column of spread 1, one of whose rows is looked at.
    X = torch.tensor([[0.7], *[[0.7 + s * math.sqrt(1.5)] for s in (-1, 1)]])
    method = nbx.SmoothGrad(n_samples=4_000, noise=sigma)
    ex = nbx.explain(torch.cos, X.double(), scale="none", method=method)
    assert ex.attributions[0, 0, 0] == pytest.approx(wanted, abs=0.04)


def test_whole_numbers_get_no_noise():
    X = torch.stack([normal(200, seed=1), (normal(200) > 0).double()], dim=1)
    seen = Log()

    def model(x):
        seen.append(x.detach()[:, 1].clone())
        return (x**3).sum(1, keepdim=True)

    nbx.explain(model, X, method=nbx.SmoothGrad(n_samples=3))
    assert len(seen) >= 3
    assert all(set(column.tolist()) <= {0.0, 1.0} for column in seen)


@pytest.mark.parametrize("outputs", [1, 3])
def test_integrated_gradients_add_up(outputs):
    X = normal(200, 4)
    y = None if outputs == 1 else torch.arange(200) % 3
    ex = nbx.explain(network(outputs=outputs), X, y, method="integrated_gradients")
    difference = np.abs(ex.predictions - ex.base_values)
    assert (np.abs(ex.gaps) <= 1e-3 * difference + 1e-12).all()
    assert ex.response == ("raw" if outputs == 1 else "logodds")
    assert not [note for note in ex.notes if "add up" in note]


@pytest.mark.parametrize("rule", ["rescale", "revealcancel"])
def test_deeplift_adds_up_exactly(rule):
    X = normal(100, 4)
    y = torch.arange(100) % 3
    ex = nbx.explain(network(outputs=3), X, y, method=nbx.DeepLift(rule=rule))
    assert np.abs(ex.gaps).max() < 1e-12
    assert ex.question.startswith("DeepLIFT")


@pytest.mark.parametrize("method", ADDITIVE)
def test_of_many_outputs_it_is_the_row_s_own_prediction_along_the_whole_way(method):
    model, X = network(outputs=15), 3 * normal(60, 4)
    ex = nbx.explain(model, X, response="raw", method=method)
    with torch.no_grad():
        rows, baseline = model(X), {"gradient_x_input": torch.zeros(1, 4).double()}
        at = baseline.get(method, X.mean(0, keepdim=True))
        base = model(X).mean(0) if method == "expected_gradients" else model(at)[0]
    own = rows.argmax(1)
    assert (own != base.argmax()).sum() > 20
    np.testing.assert_allclose(ex.predictions[:, 0], rows.max(1).values, rtol=1e-9)
    np.testing.assert_allclose(ex.base_values[:, 0], base[own], rtol=1e-9)
    if method in ("integrated_gradients", "deeplift"):
        assert (np.abs(ex.gaps) <= 1.01e-3 * np.abs(ex.predictions - ex.base_values) + 1e-9).all()


def test_a_median_of_many_rows_is_that_of_a_sample():
    X = normal(10_500, 2)
    ex = nbx.explain(network(2), X, method=nbx.DeepLift(baseline="median"))
    assert "The median is that of 10,000 rows drawn from X." in ex.notes
    np.testing.assert_allclose(ex.base_values[0], network(2)(X.median(0).values).item(), atol=0.05)


def test_deeplift_of_a_minimum_is_due_to_both_by_revealcancel():
    X = torch.tensor([[3.0, 1.0]], dtype=torch.float64)

    def least(x):
        return x[:, :1] - (x[:, :1] - x[:, 1:]).relu()

    for rule, wanted in (("rescale", [0, 1]), ("revealcancel", [0.5, 0.5])):
        ex = nbx.explain(least, X, method=nbx.DeepLift(baseline="zero", rule=rule))
        np.testing.assert_allclose(ex.attributions[0, 0], wanted, atol=1e-6)


def test_what_deeplift_cannot_take_apart_is_named():
    def model(x):
        return torch.cumprod(x, 1)[:, -1:]

    with pytest.raises(ValueError, match=r"cumprod.*integrated_gradients"):
        nbx.explain(model, normal(10, 3), method="deeplift")


def test_kinks_are_closed_in_on():
    X = torch.linspace(-1, 1, 101, dtype=torch.float64)[:, None]
    ex = nbx.explain(
        lambda x: (x - 0.3).relu(), X, method=nbx.IntegratedGradients(baseline=[-1.0], n_steps=4)
    )
    difference = np.abs(ex.predictions - ex.base_values)
    assert (np.abs(ex.gaps) <= 1.01e-3 * difference + 1e-6).all()
    few = nbx.IntegratedGradients(baseline=[-1.0], n_steps=4, tolerance=1.0)
    coarse = nbx.explain(lambda x: (x - 0.3).relu(), X, method=few)
    assert np.abs(coarse.gaps).max() > 0.05


def test_a_linear_model_contributes_weight_times_difference():
    w = [2.0, -1.0, 0.0]
    X = pd.DataFrame(normal(300, 3).numpy() + 5, columns=["a", "b", "c"])
    wanted = (X - X.mean()) * w
    for method in ("integrated_gradients", "deeplift", nbx.GradientXInput(baseline="mean")):
        ex = nbx.explain(Linear(w), X, method=method)
        np.testing.assert_allclose(ex.attributions[:, 0], wanted, atol=1e-9)
        size = wanted.abs().mean()
        table = ex.importance()
        np.testing.assert_allclose(table.importance[["a", "b", "c"]], 100 * size / size.sum())
        np.testing.assert_allclose(table["mean"][["a", "b", "c"]], wanted.mean(), atol=1e-9)
        np.testing.assert_allclose(table.rms.a, np.sqrt((wanted.a**2).mean()))
        assert table.index[0] == "a"
        assert table.importance.c == 0
        assert ((table.low <= table.importance) & (table.importance <= table.high)).all()
        local = ex.local(7)
        np.testing.assert_allclose(local.attribution, wanted.loc[7], atol=1e-9)
        np.testing.assert_allclose(
            local.importance, 100 * wanted.loc[7].abs() / wanted.loc[7].abs().sum(), atol=1e-9
        )


def test_a_table_of_contributions_says_from_where_to_where_they_lead():
    X = pd.DataFrame(normal(50, 4).numpy(), columns=list("abcd"))
    ex = nbx.explain(network(outputs=2), X, np.arange(50) % 2, method="deeplift")
    for output in (0, 1):
        table = ex.local(7, output)
        base, prediction = table.attrs["baseline"], table.attrs["prediction"]
        assert base == ex.base_values[7, output]
        assert prediction == ex.predictions[7, output]
        assert table.attribution.sum() == pytest.approx(prediction - base)
    against = ex.local(7, 1, against=[1, 2]).attrs
    assert against["baseline"] == pytest.approx(ex.predictions[[1, 2], 1].mean())
    assert not nbx.explain(network(), X).local(7).attrs


def test_members_of_a_group_add_up_with_their_signs():
    X = pd.DataFrame(normal(100, 3).numpy(), columns=["x", "r", "g"])
    ex = nbx.explain(
        Linear([1.0, 2.0, -2.0]),
        X,
        groups={"colour": ["r", "g"]},
        method="integrated_gradients",
    )
    c = X - X.mean()
    size = np.array([c.x.abs().mean(), (2 * c.r - 2 * c.g).abs().mean()])
    found = ex.importance().importance[["x", "colour"]]
    np.testing.assert_allclose(found, 100 * size / size.sum())
    np.testing.assert_allclose(ex.local(3).attribution.colour, 2 * c.r[3] - 2 * c.g[3])


def test_lags_and_features_of_sequences_add_up_with_their_signs():
    X = normal(80, 5, 2)

    def model(x):
        return (3 * x[:, -1, :1] - 2 * x[:, -3, :1]) + x[:, -1, 1:]

    ex = nbx.explain(model, X, method=nbx.IntegratedGradients(baseline="zero"))
    first = (3 * X[:, -1, 0] - 2 * X[:, -3, 0]).abs().mean()
    second = X[:, -1, 1].abs().mean()
    shares = 100 * np.array([first, second]) / (first + second).item()
    np.testing.assert_allclose(ex.importance().importance[["x0", "x1"]], shares)
    lag0, lag2 = (3 * X[:, -1, 0] + X[:, -1, 1]).abs().mean(), 2 * X[:, -3, 0].abs().mean()
    wanted = 100 * np.array([lag0, 0, lag2, 0, 0]) / (lag0 + lag2).item()
    np.testing.assert_allclose(ex.lag_importance().importance, wanted, atol=1e-9)
    cells = np.array([3 * X[:, -1, 0].abs().mean(), second, 2 * X[:, -3, 0].abs().mean()])
    found = ex.lag_map()
    np.testing.assert_allclose(
        [found.x0[0], found.x1[0], found.x0[2]], 100 * cells / cells.sum(), atol=1e-9
    )
    here = ex.lag_map(row=4)
    total = (3 * X[4, -1, 0]).abs() + X[4, -1, 1].abs() + (2 * X[4, -3, 0]).abs()
    assert here.x0[2] == pytest.approx(100 * float((2 * X[4, -3, 0]).abs() / total))


def test_padding_contributes_nothing():
    X, lengths = normal(40, 6, 2), [2, 4, 6, 3] * 10
    w = normal(6, 2, seed=3)
    ex = nbx.explain(
        lambda x: (x * w).sum((1, 2))[:, None], X, lengths=lengths, method="integrated_gradients"
    )
    for row, length in enumerate(lengths):
        assert not ex.attributions[row, 0, length:].any()
        assert ex.attributions[row, 0, :length].all()


def test_padding_is_held_against_itself_also_where_rows_are_drawn():
    X, lengths = normal(40, 6, 2), [2, 4, 6, 3] * 10
    w = normal(6, 2, seed=3)
    background = normal(30, 6, 2, seed=4)
    ex = nbx.explain(
        lambda x: (x * w).sum((1, 2))[:, None],
        X,
        lengths=lengths,
        method=nbx.ExpectedGradients(background, n_samples=3_000),
    )
    there = (torch.arange(6) < torch.tensor(lengths)[:, None])[..., None]
    wanted = torch.where(there, (X - background.mean(0)) * w, 0)
    np.testing.assert_allclose(ex.attributions[:, 0], wanted, atol=0.1)
    base = (torch.where(there, background.mean(0), X) * w).sum((1, 2))
    np.testing.assert_allclose(ex.base_values[:, 0], base, atol=1e-6)


@pytest.mark.parametrize("method", ["integrated_gradients", "deeplift"])
def test_initial_states_of_padded_rows_contribute_too(method):
    class Read(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRU(2, 3, 2, batch_first=True)

        def forward(self, x, h0):
            return self.cell(x, h0)[0].sum(2)[..., None]

    torch.manual_seed(0)
    X, h0 = normal(12, 6, 2), normal(2, 12, 3, seed=1)
    lengths = [1, 4, 6] * 4
    model = Read().double()
    ex = nbx.explain(model, (X, h0), lengths=lengths, method=method)
    assert ex.features.states == ("h0",)
    last = torch.tensor(lengths) - 1
    with torch.no_grad():
        there = (torch.arange(6) < torch.tensor(lengths)[:, None])[..., None]
        mean = torch.where(there, X[there[..., 0]].mean(0), X)
        base = model(mean, h0.mean(1, keepdim=True).expand(2, 12, 3).contiguous())
    np.testing.assert_allclose(ex.base_values, base[torch.arange(12), last], atol=1e-9)
    assert (np.abs(ex.gaps) <= 1.01e-3 * np.abs(ex.predictions - ex.base_values) + 1e-9).all()


@pytest.mark.parametrize("response", ["prob", "logodds"])
@pytest.mark.parametrize(
    "method", [*ADDITIVE, "smoothgrad", nbx.DeepLift(rule="revealcancel")], ids=str
)
def test_of_two_classes_one_is_asked_and_the_other_is_its_opposite(method, response):
    X, y = 5 * normal(60, 4), torch.arange(60) % 2
    model, swept = network(outputs=2), Log()

    def seen(gradient):
        swept.append(len(gradient))
        return gradient

    def counted(x):
        found = model(x)
        if found.requires_grad:
            found.register_hook(seen)
        return found

    both = nbx.explain(counted, X, y, method=method, response=response)
    of_both = len(swept)
    for name in ("0", "1"):
        swept.clear()
        one = nbx.explain(counted, X, y, method=method, response=response, outputs=name)
        assert len(swept) == of_both > 0
        column = int(name)
        np.testing.assert_allclose(both.attributions[:, column], one.attributions[:, 0], atol=1e-12)
        np.testing.assert_allclose(both.predictions[:, column], one.predictions[:, 0], rtol=1e-12)
        pd.testing.assert_frame_equal(both.importance(name), one.importance(), rtol=1e-9)
        pd.testing.assert_frame_equal(both.local(3, name), one.local(3), rtol=1e-9)
        if one.gaps is not None:
            np.testing.assert_allclose(both.base_values[:, column], one.base_values[:, 0])
            np.testing.assert_allclose(both.gaps[:, column], one.gaps[:, 0], atol=1e-12)


@pytest.mark.parametrize("method", [*ADDITIVE, "smoothgrad"])
def test_batches_and_calls_change_nothing(method):
    X = normal(300, 4)
    found = [
        nbx.explain(network(outputs=2), X, method=method, batch_size=size) for size in (300, 77, 77)
    ]
    for ex in found[1:]:
        np.testing.assert_allclose(ex.attributions, found[0].attributions, atol=1e-12)
        np.testing.assert_allclose(
            ex.importance().importance, found[0].importance().importance, atol=1e-9
        )
    np.testing.assert_array_equal(found[1].attributions, found[2].attributions)


@pytest.mark.parametrize("method", [*ADDITIVE, "smoothgrad"])
def test_the_model_comes_back_untouched(method):
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    nbx.explain(model, normal(100, 4), method=method)
    assert model.training
    assert torch.equal(random, torch.get_rng_state())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(p.grad is None and p.requires_grad for p in model.parameters())


def test_integrated_gradients_are_those_of_captum():
    captum = pytest.importorskip("captum.attr")
    model, X = network(outputs=3), normal(50, 4)
    ig = nbx.IntegratedGradients(baseline="zero", n_steps=50)
    ex = nbx.explain(model, X, response="raw", method=ig)
    for output in range(3):
        theirs = captum.IntegratedGradients(model).attribute(
            X, target=output, n_steps=50, method="gausslegendre"
        )
        # They hold their step sizes in single precision.
        np.testing.assert_allclose(ex.attributions[:, output], theirs, atol=1e-7)


def test_kept_rows_new_rows_and_files_say_the_same(tmp_path):
    X = pd.DataFrame(normal(200, 4).numpy(), columns=list("abcd"))
    ex = nbx.explain(network(), X, method="integrated_gradients", keep=50)
    row = int(ex.rows[3])
    again = ex.local(X.iloc[[row]])
    pd.testing.assert_frame_equal(ex.local(row), again)
    other = next(place for place in range(200) if place not in ex.rows)
    assert ex.local(other).attribution.abs().sum() > 0
    ex.save(tmp_path / "kept.nbx")
    loaded = nbx.load(tmp_path / "kept.nbx")
    pd.testing.assert_frame_equal(loaded.importance(), ex.importance())
    pd.testing.assert_frame_equal(loaded.local(row), ex.local(row))
    np.testing.assert_array_equal(loaded.base_values, ex.base_values)
    assert (loaded.question, loaded.notes) == (ex.question, ex.notes)


def test_the_nearest_rows_are_near_by_standard_deviations():
    X = pd.DataFrame(normal(200, 3).numpy() * [1, 1, 1e6], columns=list("abc"))
    by_sensitivity = nbx.explain(Linear([1.0, 1.0, 0.0]), X).nearest(7)
    ex = nbx.explain(Linear([1.0, 1.0, 0.0]), X, method="integrated_gradients")
    pd.testing.assert_frame_equal(ex.nearest(7), by_sensitivity)


def test_the_nearest_of_sequences_are_those_of_a_sensitivity_padded_or_not(tmp_path):
    # Two features of very different spread, and a step that all rows but one pad.
    X = normal(60, 5, 2) * torch.tensor([1.0, 100.0])
    lengths = torch.tensor([5, *[2, 3, 4] * 20][:60])
    for given in ({}, {"lengths": lengths}):
        wanted = nbx.explain(lambda x: x.sum((1, 2))[:, None], X, **given).nearest(7)
        ex = nbx.explain(lambda x: x.sum((1, 2))[:, None], X, method="deeplift", **given)
        pd.testing.assert_frame_equal(ex.nearest(7), wanted)
        ex.save(tmp_path / "near.nbx")
        pd.testing.assert_frame_equal(nbx.load(tmp_path / "near.nbx").nearest(7), wanted)


def test_questions_say_method_and_baseline():
    X, y = normal(30, 4), torch.arange(30) % 2
    ex = nbx.explain(network(outputs=2), X, y, method="integrated_gradients")
    assert ex.question == (
        "Integrated gradients of the log-odds of 1 against the mean of each column, 30 rows"
    )
    zero = nbx.explain(network(), X, method="gradient_x_input")
    assert zero.question == "Gradient × input of y0 against zero, 30 rows"
    drawn = nbx.explain(network(), X, method="expected_gradients")
    assert drawn.question == "Expected gradients of y0 against 30 rows of X, 30 rows"


@pytest.mark.parametrize("method", [*ADDITIVE, "smoothgrad"])
def test_only_derivatives_have_a_chain_rule(method):
    X = normal(20, 4)
    assert nbx.explain(network(outputs=3), X).with_response("prob").response == "prob"
    ex = nbx.explain(network(outputs=3), X, method=method)
    with pytest.raises(ValueError, match=r"'prob' needs another pass.*response='prob'"):
        ex.with_response("prob")


def test_a_gap_is_said():
    ex = nbx.explain(
        lambda x: (x**2).sum(1, keepdim=True), normal(50, 2), method="gradient_x_input"
    )
    (note,) = (note for note in ex.notes if "add up on" in note)
    assert note.startswith(
        "Contributions do not add up on 50 of 50 rows: their sum misses the difference from the "
        "baseline by more than 1 %. They do where"
    )
    drawn = nbx.explain(network(), normal(50, 4), method=nbx.ExpectedGradients(n_samples=2))
    assert "a larger n_samples comes nearer" in " ".join(drawn.notes)


def test_the_question_says_the_rule_and_so_do_comparisons():
    X = normal(80, 4)
    usual, other = (
        nbx.explain(network(), X, method=nbx.DeepLift(rule=rule))
        for rule in ("rescale", "revealcancel")
    )
    assert usual.question.startswith("DeepLIFT of ")
    assert other.question.startswith("DeepLIFT (RevealCancel) of ")
    assert nbx.agreement(usual, other).names == ("DeepLIFT", "DeepLIFT (RevealCancel)")
    with pytest.raises(ValueError, match="rule is rescale of one and revealcancel of the other"):
        nbx.compare(usual, other)
    zero = nbx.explain(network(), X, method=nbx.DeepLift(baseline="zero"))
    with pytest.raises(ValueError, match=r"as in method=nbx\.DeepLift\(baseline='mean'\)"):
        nbx.compare(usual, zero)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        (lambda: nbx.IntegratedGradients(baseline="centre"), "baseline='centre'"),
        (lambda: nbx.IntegratedGradients(baseline=[1.0, 2.0]), r"shape \[2\].*row of X, \[4\]"),
        (lambda: nbx.IntegratedGradients(baseline=float("nan")), "not finite"),
        (lambda: nbx.IntegratedGradients(n_steps=0), "n_steps=0"),
        (lambda: nbx.IntegratedGradients(tolerance=0), "tolerance=0"),
        (lambda: nbx.SmoothGrad(noise=0), "noise=0"),
        (lambda: nbx.DeepLift(rule="rescal"), "rule='rescal' is unknown: did you mean 'rescale'"),
        (lambda: nbx.DeepLift("man"), "baseline='man' is unknown: did you mean 'mean'"),
        (lambda: nbx.SmoothGrad(n_samples=0), "n_samples=0"),
        (lambda: nbx.ExpectedGradients(np.zeros((5, 3))), "pass the same columns"),
        (lambda: "integrated", "integrated_gradients"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(method, said):
    with pytest.raises(ValueError, match=said):
        nbx.explain(network(), normal(10, 4), method=method())


def test_a_stream_has_no_mean():
    batches = iter([normal(10, 4)])
    with pytest.raises(ValueError, match="X is a stream"):
        nbx.explain(network(), batches, method="integrated_gradients")


def test_a_baseline_far_from_the_data_is_said():
    X = pd.DataFrame({"year": 2000 + normal(50).numpy(), "x": normal(50, seed=1).numpy()})
    ex = nbx.explain(
        lambda x: x.sum(1, keepdim=True), X, method=nbx.IntegratedGradients(baseline="zero")
    )
    (note,) = [note for note in ex.notes if "far from" in note]
    assert note.startswith("The baseline is far from the data in year")


def test_the_mean_of_rows_that_rarely_reach_a_step_is_not_called_far():
    X, lengths = 5 + normal(400, 4, 2), [4, *[2] * 399]
    X[1:, 2:] = 0
    options = {"lengths": lengths, "method": "integrated_gradients"}
    ex = nbx.explain(lambda x: x.sum((1, 2))[:, None], X, **options)
    assert "far from" not in " ".join(ex.notes)
    options["method"] = nbx.IntegratedGradients(baseline=100)
    ex = nbx.explain(lambda x: x.sum((1, 2))[:, None], X, **options)
    assert "The baseline is far from the data in x0, x1" in " ".join(ex.notes)


def test_a_row_that_was_not_kept_is_asked_for_once():
    calls = Log()

    def model(x):
        calls.append(len(x))
        return x.sum((1, 2))[:, None]

    ex = nbx.explain(model, normal(30, 4, 2), method="deeplift", keep=0)
    calls.clear()
    ex.local(3)
    of_one = len(calls)
    calls.clear()
    ex.lag_importance(row=3)
    assert len(calls) == of_one > 0


def test_gradient_times_input_runs_the_model_at_rows_and_at_their_baseline_once():
    calls = Log()

    def model(x):
        calls.append(len(x))
        return x.sum(1, keepdim=True)

    ex = nbx.explain(model, normal(30, 4), method="gradient_x_input", keep=0)
    calls.clear()
    ex.local(3)
    assert calls == [1, 1]


def test_integer_inputs_are_held_as_they_are():
    class Mixed(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(3, 2, dtype=torch.float64)

        def forward(self, x, code):
            return x.sum(1, keepdim=True) + self.table(code).sum(1, keepdim=True)

    X = (normal(30, 2), torch.arange(30) % 3)
    for method in ADDITIVE:
        ex = nbx.explain(Mixed(), X, method=method)
        assert np.abs(ex.gaps).max() < 1e-9 or method == "expected_gradients"


def test_an_output_is_integrated_by_itself_whatever_stands_beside_it():
    """One with kinks takes nodes of its own: it does not cost the others theirs."""
    X = normal(40, 6)
    torch.manual_seed(0)
    layers = nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4)
    model = nn.Sequential(*layers).double()
    together = nbx.explain(model, X, method="integrated_gradients")
    for k in range(4):
        alone = nbx.explain(model, X, method="integrated_gradients", outputs=[k])
        np.testing.assert_allclose(
            together.attributions[:, k], alone.attributions[:, 0], rtol=1e-9, atol=1e-12
        )
