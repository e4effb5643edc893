"""Against whom: closed forms, the mean of single baselines, ways to name a group, refusals."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import nbexplain as nbx
from nbexplain.engine.importances import student_t
from nbexplain.explanation import reasons

ADDITIVE = ("gradient_x_input", "integrated_gradients", "expected_gradients", "deeplift")
NAMES = ["age", "red", "blue", "income"]


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(inputs=4, outputs=1, seed=0):
    torch.manual_seed(seed)
    layers = nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, outputs)
    return nn.Sequential(*layers).double()


def frame(rows=12):
    return pd.DataFrame(
        normal(rows, 4).numpy(), columns=NAMES, index=[f"r{i}" for i in range(rows)]
    )


class Linear(nn.Linear):
    """Weights in double precision, and nothing else."""

    def __init__(self, weights):
        super().__init__(len(weights), 1, bias=False, dtype=torch.float64)
        self.load_state_dict({"weight": torch.tensor([weights], dtype=torch.float64)})


@pytest.mark.parametrize("method", ADDITIVE)
def test_a_linear_models_contributions_are_weights_times_distances_from_the_groups_mean(method):
    w, X = np.array([2.0, -1.0, 0.5]), normal(9, 3).numpy()
    found = nbx.explain(Linear(w.tolist()), X, method=method).contrast(0, against=[2, 3, 5, 7])
    group = X[[2, 3, 5, 7]]
    np.testing.assert_allclose(found.contributions, w * (X[0] - group.mean(0)), atol=1e-12)
    np.testing.assert_allclose(found.errors, np.abs(w) * group.std(0, ddof=1) / 2, atol=1e-12)
    half = student_t(0.95, 3) * found.errors
    np.testing.assert_allclose(found.interval[1] - found.contributions, half, atol=1e-12)
    np.testing.assert_allclose(found.contributions - found.interval[0], half, atol=1e-12)
    assert found.base == pytest.approx((group @ w).mean(), abs=1e-12)
    assert found.gap == pytest.approx(0, abs=1e-12)
    assert (found.references, found.among, found.row, found.output) == (4, 4, 0, "y0")


def test_a_products_contributions_have_their_closed_form():
    """Of x₁x₂ against (u, v) the first contributes (x₁ − u)(x₂ + v)/2."""
    X = normal(6, 2)
    x, group = X[1].numpy(), X[[0, 4]].numpy()
    wanted = ((x[0] - group[:, 0]) * (x[1] + group[:, 1]) / 2).mean()
    for method in ("integrated_gradients", "expected_gradients", "deeplift"):
        ex = nbx.explain(lambda x: x.prod(1, keepdim=True), X, method=method)
        found = ex.contrast(1, against=[0, 4])
        assert found.contributions[0] == pytest.approx(wanted, rel=1e-5)
        assert found.base == pytest.approx(group.prod(1).mean(), rel=1e-5)


@pytest.mark.parametrize("make", [nbx.IntegratedGradients, nbx.DeepLift, nbx.GradientXInput])
def test_a_group_is_the_mean_of_its_rows_each_as_the_only_baseline(make):
    model, X = network(outputs=3), normal(20, 4)
    group, row = [3, 8, 9, 15], 4
    held = nbx.explain(model, X, method=make()).contrast(row, against=group, output=2)
    singles = [nbx.explain(model, X, method=make(baseline=X[r].numpy())) for r in group]
    each = np.array([ex.attributions[row, 2] for ex in singles])
    np.testing.assert_allclose(held.each, each, rtol=1e-9, atol=1e-12)
    bases = [ex.base_values[row, 2] for ex in singles]
    assert held.base == pytest.approx(np.mean(bases), abs=1e-12)


@pytest.mark.parametrize(
    ("method", "allowed"), [("integrated_gradients", 1e-3), ("deeplift", 1e-12)]
)
def test_contributions_add_up_from_the_groups_mean_response(method, allowed):
    model, X = network(), normal(30, 4)
    found = nbx.explain(model, X, method=method).contrast(0, against=range(5, 30))
    outputs = model(X).detach().numpy()[:, 0]
    assert found.prediction == pytest.approx(outputs[0])
    assert found.base == pytest.approx(outputs[5:].mean())
    assert abs(found.gap) <= allowed * np.abs(outputs[0] - outputs[5:]).mean()


def test_expected_gradients_against_a_group_is_what_their_draws_expect():
    model, X = network(), normal(30, 4)
    group = X[5:9].numpy()
    method = nbx.ExpectedGradients(background=group, n_samples=20_000)
    drawn = nbx.explain(model, X[:1], method=method).attributions[0, 0]
    held = nbx.explain(model, X, method="expected_gradients").contrast(0, against=group)
    np.testing.assert_allclose(held.contributions, drawn, atol=0.01)


@given(st.integers(1, 6), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_a_union_is_the_weighed_mean_of_its_parts(cut, seed):
    model, X = network(seed=seed), normal(8, 4, seed=seed)
    ex = nbx.explain(model, X, method="deeplift")
    one, two = range(1, 1 + cut), range(1 + cut, 8)
    parts = [ex.contrast(0, against=group) for group in (one, two)]
    whole = ex.contrast(0, against=range(1, 8))
    mean = sum(part.references * part.contributions for part in parts) / 7
    np.testing.assert_allclose(whole.contributions, mean, atol=1e-12)


def test_a_row_against_itself_has_no_contributions():
    ex = nbx.explain(network(), frame(), method="deeplift")
    assert not ex.contrast("r3", against="r3").contributions.any()
    assert ex.reasons("r3", against="r3").empty


def test_the_table_of_a_row_holds_the_same_contributions():
    ex = nbx.explain(network(outputs=2), frame(), method="deeplift")
    table = ex.local("r1", output="y1", against=["r2", "r3"])
    found = ex.contrast("r1", against=["r2", "r3"], output=1)
    np.testing.assert_allclose(table["attribution"], found.contributions, atol=1e-12)
    assert table["importance"].sum() == pytest.approx(100)
    assert list(table["value"]) == list(ex.local("r1")["value"])
    assert not np.allclose(table["attribution"], ex.local("r1", output="y1")["attribution"])


def test_without_a_group_it_is_the_methods_own_baseline():
    for method in ("integrated_gradients", "deeplift", "gradient_x_input"):
        ex = nbx.explain(network(), frame(), method=method)
        found = ex.contrast("r1")
        np.testing.assert_allclose(found.contributions, ex.local("r1")["attribution"], rtol=1e-6)
        assert found.base == pytest.approx(ex.base_values[1, 0])
        assert np.isnan(found.errors).all()
        assert "against the mean of each column" in found.question or "zero" in found.question
    found = nbx.explain(network(), frame(), method="expected_gradients").contrast("r1")
    assert (found.references, found.against) == (12, "12 rows of X")


@pytest.mark.parametrize(
    "against",
    [
        ["r2", "r5"],
        ("r5", "r2"),
        {"r2", "r5"},
        pd.Index(["r2", "r5", "r2"]),
        np.array(["r2", "r5"]),
        pd.Series(["r2", "r5"]),
        [i in (2, 5) for i in range(12)],
        np.isin(np.arange(12), [2, 5]),
        torch.tensor([i in (2, 5) for i in range(12)]),
        pd.Series([i in (2, 5) for i in range(12)]),
        frame().index.isin(["r2", "r5"]),
        frame()["age"].isin(frame()["age"].iloc[[2, 5]]).sample(frac=1, random_state=0),
        frame().iloc[[2, 5]],
        frame().iloc[[2, 5]][NAMES[::-1]],
        frame().iloc[[2, 5]].to_numpy(),
        torch.tensor(frame().iloc[[2, 5]].to_numpy()),
        frame().iloc[[2, 5]].to_numpy().tolist(),
    ],
    ids=lambda against: type(against).__name__,
)
def test_a_group_is_named_in_many_ways(against):
    if isinstance(against, pd.Series) and against.index[0] == 0 and against.dtype == bool:
        against = against.set_axis(frame().index)
    ex = nbx.explain(network(), frame(), method="deeplift")
    wanted = ex.contrast("r1", against=["r2", "r5"])
    found = ex.contrast("r1", against=against)
    np.testing.assert_allclose(found.contributions, wanted.contributions, atol=1e-12)
    assert found.references == 2


def test_one_row_is_named_by_its_label_or_its_values():
    X = frame()
    ex = nbx.explain(network(), X, method="deeplift")
    wanted = ex.contrast("r1", against="r2").contributions
    for one in (["r2"], X.loc["r2"], X.loc["r2"].to_dict(), X.loc[["r2"]]):
        np.testing.assert_allclose(ex.contrast("r1", against=one).contributions, wanted, atol=1e-12)


@pytest.mark.parametrize("rows", [4, 12])
def test_a_mask_is_one_where_columns_are_called_by_numbers_as_rows_are(rows):
    X = pd.DataFrame(normal(rows, 4).numpy())
    ex = nbx.explain(network(), X, method="deeplift")
    found = ex.contrast(0, against=pd.Series(range(rows)).isin([1, 3]))
    assert found.references == 2
    np.testing.assert_allclose(
        found.contributions, ex.contrast(0, against=[1, 3]).contributions, atol=1e-12
    )
    with pytest.raises(ValueError, match=f"has {rows + 1} rows and X has {rows}"):
        ex.contrast(0, against=pd.Series([True] * (rows + 1)))


def test_a_row_of_truths_is_told_by_its_columns():
    X = frame() > 0
    ex = nbx.explain(network(), X, method="deeplift")
    wanted = ex.contrast("r1", against="r2").contributions
    np.testing.assert_allclose(ex.contrast("r1", against=X.loc["r2"]).contributions, wanted)


def test_labels_of_two_levels_are_tuples():
    X = frame(4).set_axis(pd.MultiIndex.from_product([["a", "b"], [0, 1]]))
    ex = nbx.explain(network(), X, method="deeplift")
    assert ex.contrast(("a", 0), against=("b", 1)).against == "row ('b', 1)"
    assert ex.contrast(("a", 0), against=(("b", 1), ("b", 0))).references == 2


def test_rows_brushed_in_an_explorer_are_a_group():
    ex = nbx.explain(network(), frame(), method="deeplift")
    explorer = nbx.Explorer(ex)
    explorer.rows = ["r2", "r5"]
    assert ex.contrast("r1", against=explorer.rows).references == 2
    explorer.close()


@pytest.mark.parametrize(
    ("against", "said"),
    [
        ([], "against holds no rows"),
        ("nobody", r"against='nobody' is not in X's index"),
        (["r1", "nobody"], r"against='nobody' is not in X's index"),
        ([True, False], "has 2 rows and X has 12"),
        ([False] * 12, "is true of no row"),
        (pd.Series([True] * 12, index=range(12)), "has another index than X"),
        (frame().drop(columns="age"), "against lacks 'age'"),
        (frame().assign(age=np.nan), "against is NaN or infinite in 'age'"),
        (np.zeros((3, 7)), r"against has the shape \[3, 7\]"),
        (frame().iloc[:0], "no rows"),
    ],
)
def test_what_is_no_group_is_refused(against, said):
    ex = nbx.explain(network(), frame(), method="deeplift")
    with pytest.raises(ValueError, match=said):
        ex.contrast("r1", against=against)


@pytest.mark.parametrize("method", ["sensitivity", "smoothgrad"])
def test_methods_that_compare_with_nothing_say_which_do(method):
    ex = nbx.explain(network(), frame(), method=method)
    for ask in (ex.contrast, ex.reasons, lambda row, against: ex.local(row, against=against)):
        with pytest.raises(ValueError, match=r"'gradient_x_input', 'integrated_gradients', "):
            ask("r1", against=["r2"])


def test_a_loaded_explanation_says_what_it_lacks(tmp_path):
    ex = nbx.explain(network(), frame(), method="deeplift")
    ex.save(tmp_path / "one.nbx")
    with pytest.raises(ValueError, match=r"no longer at hand to explain a row against others"):
        nbx.load(tmp_path / "one.nbx").contrast("r1", against="r2")


def test_of_many_references_a_seeded_sample_is_taken_and_said():
    X = normal(1500, 3)
    model = Linear([1.0, 2.0, 3.0])
    ex = nbx.explain(model, X, method="deeplift", seed=4)
    found, again = ex.contrast(0, against=range(1500)), ex.contrast(0, against=range(1499, -1, -1))
    assert (found.references, found.among) == (1000, 1500)
    assert found.against == "1,000 of 1,500 rows"
    np.testing.assert_array_equal(found.contributions, again.contributions)
    other = nbx.explain(model, X, method="deeplift", seed=5).contrast(0, against=range(1500))
    assert (found.contributions != other.contributions).any()
    given = ex.contrast(0, against=X.numpy())
    np.testing.assert_array_equal(found.contributions, given.contributions)
    assert given.against == "1,000 of 1,500 given rows"


@pytest.mark.parametrize("method", ADDITIVE)
def test_what_is_found_depends_on_no_batches(method):
    model, X = network(outputs=2), normal(40, 4)
    few, many = (
        nbx.explain(model, X, method=method, batch_size=size).contrast(3, against=range(10, 33))
        for size in (7, 64)
    )
    np.testing.assert_allclose(few.each, many.each, atol=1e-12)


def test_members_of_a_group_add_up():
    X, groups = frame(), {"colour": ["red", "blue"]}
    whole = nbx.explain(network(), X, method="deeplift", groups=groups)
    parts = nbx.explain(network(), X, method="deeplift").contrast("r1", against=["r4", "r7"])
    found = whole.contrast("r1", against=["r4", "r7"])
    assert found.features == ("age", "colour", "income")
    pooled = [parts.contributions[0], parts.contributions[1:3].sum(), parts.contributions[3]]
    np.testing.assert_allclose(found.contributions, pooled, atol=1e-12)


class Recurrent(nn.Module):
    """A GRU read at its last step."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.cell, self.head = nn.GRU(2, 5, batch_first=True), nn.Linear(5, 2)

    def forward(self, x):
        return self.head(self.cell(x)[0][:, -1])


def test_sequences_are_held_against_sequences():
    model, X = Recurrent().double(), normal(9, 6, 2)
    ex = nbx.explain(model, X, method="deeplift")
    found = ex.contrast(0, against=[1, 2, 3], output=1)
    outputs = model(X).detach().numpy()[:, 1]
    assert found.base == pytest.approx(outputs[1:4].mean())
    assert abs(found.gap) < 1e-9
    singles = [nbx.DeepLift(baseline=X[r].numpy()) for r in (1, 2, 3)]
    wanted = [nbx.explain(model, X[:1], method=one).attributions[0, 1].sum(0) for one in singles]
    np.testing.assert_allclose(found.each, wanted, atol=1e-10)


def test_padded_rows_are_held_against_the_last_steps_of_longer_ones():
    """Of the sum of weighed existing steps, the last counting once and those before less."""

    def model(x, lengths):
        back = lengths[:, None] - 1 - torch.arange(4, dtype=torch.float32)
        return (x[..., 0] * torch.where(back >= 0, 0.5**back, 0)).sum(1, keepdim=True)

    X, lengths = normal(3, 4, 1), torch.tensor([2, 4, 1])
    ex = nbx.explain(model, (X, lengths), method="deeplift")
    found = ex.contrast(0, against=1)
    x, r = X[..., 0].numpy()[:2]
    wanted = (x[1] - r[3]) + 0.5 * (x[0] - r[2])
    np.testing.assert_allclose(found.contributions, [wanted], rtol=1e-5)
    assert found.base == pytest.approx(r[3] + 0.5 * r[2], rel=1e-5)
    # A shorter one has nothing to be held against at some lag.
    fewer = ex.contrast(0, against=[1, 2])
    assert (fewer.references, fewer.among, fewer.against) == (1, 2, "1 of 2 rows")
    np.testing.assert_allclose(fewer.contributions, found.contributions)
    assert len(ex.reasons(0)) == 1
    with pytest.raises(ValueError, match=r"has 4 steps, and all that it is held against have"):
        ex.contrast(1, against=[0, 2])


def test_reasons_of_a_row_longer_than_all_that_are_drawn_are_told_as_unstable():
    X, lengths = normal(400, 6, 2), [6, *[2, 3, 4] * 133]
    weigh = lambda x: (x * torch.arange(1.0, 7)[:, None]).sum((1, 2))[:, None]  # noqa: E731
    ex = nbx.explain(weigh, X, lengths=lengths, method="deeplift")
    table = ex.reasons(0)
    np.testing.assert_allclose(
        table["contribution"], ex.local(0).loc[table.index, "attribution"], rtol=1e-9
    )
    assert not table["stable"].any()
    with pytest.raises(ValueError, match="has 6 steps, and all that it is held against have"):
        ex.reasons(0, against=[1, 2])


def test_the_model_and_the_random_state_come_back_as_they_were():
    model = network().train()
    model(normal(3, 4)).sum().backward()
    before = {name: (p.clone(), p.grad.clone()) for name, p in model.named_parameters()}
    ex = nbx.explain(model, frame(), method="deeplift")
    state = torch.get_rng_state()
    ex.reasons("r1", against=["r2", "r3"])
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name][0])
        assert torch.equal(p.grad, before[name][1])
        assert p.requires_grad
    assert not any(m._forward_hooks for m in model.modules())


class Probability(Linear):
    """A logistic regression."""

    def forward(self, x):
        return torch.sigmoid(super().forward(x))


def test_reasons_of_a_linear_model_are_its_closed_form():
    X = pd.DataFrame(normal(40, 3).numpy(), columns=["a", "b", "c"])
    w = np.array([3.0, -2.0, 0.0])
    X.loc[0] = [2.0, 1.5, 9.0]
    ex = nbx.explain(Linear(w.tolist()), X, method="integrated_gradients", output_names=["price"])
    group = list(range(1, 40))
    table = ex.reasons(0, n=4, against=group)
    rest = X.loc[group]
    assert list(table.index) == ["a", "b"]  # what contributes nothing is no reason
    np.testing.assert_allclose(table["value"], [2.0, 1.5])
    np.testing.assert_allclose(table["reference"], rest[["a", "b"]].mean())
    wanted = (X.loc[0] - rest.mean())[["a", "b"]].to_numpy() * w[:2]
    np.testing.assert_allclose(table["contribution"], wanted)
    half = student_t(0.95, 38) * np.abs(w[:2]) * rest[["a", "b"]].std().to_numpy() / np.sqrt(39)
    np.testing.assert_allclose(table["high"] - table["contribution"], half)
    np.testing.assert_allclose(table["contribution"] - table["low"], half)
    assert table["stable"].all()
    assert table["sentence"].iloc[0] == (
        f"a = 2 raises price by {wanted[0]:.3g} against 39 rows "
        f"({f'{rest.a.mean():.3g}'.replace('-', '−')} on average)"
    )
    assert table["sentence"].iloc[1].startswith("b = 1.5 lowers price by ")


def test_a_contribution_whose_sign_the_references_do_not_settle_is_unstable():
    X = np.array([[0.1, 5.0], [-3.0, 0.0], [3.0, 0.1], [-2.0, -0.1], [2.2, 0.0]])
    table = nbx.explain(Linear([1.0, 1.0]), X, method="deeplift").reasons(0, against=[1, 2, 3, 4])
    assert table["stable"].to_dict() == {"x1": True, "x0": False}
    assert table.loc["x0", "low"] < 0 < table.loc["x0", "high"]
    assert table.loc["x0", "sentence"].endswith(
        "; unstable: it changes with the rows it is held against"
    )


def test_a_contribution_whose_place_the_references_do_not_settle_is_unstable():
    """Both are surely positive, but which is the larger depends on the rows drawn."""
    X = np.array([[5.0, 5.0], *[[float(i % 2), float(1 - i % 2)] for i in range(10)], [0.0, 0.001]])
    ex = nbx.explain(Linear([1.0, 1.0]), X, method="deeplift")
    one, two = (ex.reasons(0, n=n, against=range(1, 12)) for n in (1, 2))
    assert one["low"].iloc[0] > 0
    assert list(one["stable"]) == [False]
    assert list(two["stable"]) == [True, True]


def test_against_one_baseline_stability_is_judged_by_rows_of_x():
    """x0 of the row is above X's mean and below nobody: x1 is near the middle of X."""
    X = normal(60, 2).numpy()
    X[0] = [4.0, X[:, 1].mean() + 0.01]
    ex = nbx.explain(Linear([1.0, 1.0]), X, method="deeplift")
    table = ex.reasons(0)
    assert table[["low", "high"]].isna().all(axis=None)
    assert table["stable"].to_dict() == {"x0": True, "x1": False}
    # Against a single row beyond it, x0 has the other sign than against X.
    beyond = ex.reasons(0, against=np.array([[9.0, -5.0]]))
    assert beyond.loc["x0", "contribution"] == pytest.approx(-5)
    assert not beyond.loc["x0", "stable"]


def test_reasons_speak_in_the_responses_units():
    X = pd.DataFrame({"paid": [2.0, 0.0, 0.0, 0.0], "age": [0.0, 1.0, -1.0, 0.5]})
    options = {"y": pd.Series([1, 0, 0, 1], name="default"), "method": "integrated_gradients"}
    chances = nbx.explain(Probability([1.0, 0.0]), X, response="prob", **options)
    said = chances.reasons(0, n=1, against=[1, 2, 3])["sentence"].iloc[0]
    points = 100 * (1 / (1 + np.exp(-2)) - 0.5)
    assert (
        said == f"paid = 2 raises P(default) by {points:.3g} points against 3 rows (0 on average)"
    )
    odds = nbx.explain(Probability([1.0, 0.0]), X, **options)
    said = odds.reasons(0, n=1, against=1)["sentence"].iloc[0]
    assert said.startswith("paid = 2 raises the log-odds of default by 2 against row 1 (0)")


def test_a_one_hot_group_is_told_by_its_columns():
    X = pd.DataFrame(
        [[1.0, 1, 0, 0], [2.0, 0, 1, 0], [3.0, 0, 1, 0], [4.0, 0, 0, 1]],
        columns=["age", "red", "blue", "green"],
    )
    groups = {"colour": ["red", "blue", "green"]}
    ex = nbx.explain(Linear([0.0, 3.0, 0.0, 0.0]), X, method="deeplift", groups=groups)
    table = ex.reasons(0, against=[1, 2, 3])
    assert table.loc["colour", ["value", "reference"]].tolist() == ["red", "blue"]
    assert table.loc["colour", "sentence"] == (
        "colour = red raises y0 by 3 against 3 rows (blue most often)"
    )


def test_reasons_of_sequences_name_features_over_their_steps():
    model, X = Recurrent().double(), normal(30, 6, 2)
    table = nbx.explain(model, X, method="deeplift").reasons(0, against=range(1, 30))
    assert table["value"].isna().all()
    assert table["reference"].isna().all()
    assert all(" = " not in said.split(" ra")[0].split(" lo")[0] for said in table["sentence"])


def test_what_roundings_leave_of_a_mean_of_nothing_is_nothing():
    X = np.array([[5.0], [0.1], [0.2], [-0.3]])
    ex = nbx.explain(Linear([1.0]), X, method="deeplift")
    assert 0 < abs(ex.reasons(0, against=[1, 2, 3])["reference"].iloc[0]) < 1e-8
    assert "(0 on average)" in ex.reasons(0, against=[1, 2, 3])["sentence"].iloc[0]


def test_reasons_are_shown_whole():
    ex = nbx.explain(Linear([1.0, 1.0]), normal(30, 2), method="deeplift")
    table = ex.reasons(0, against=[1, 2, 3])
    for shown in (repr(table), table._repr_html_()):
        assert all(sentence in shown for sentence in table["sentence"])
    assert type(table[["value"]]) is pd.DataFrame


def test_same_call_same_seed_same_reasons(monkeypatch):
    kept, drawn = reasons._kept, []

    def noted(*asked):
        drawn.append(kept(*asked))
        return drawn[-1]

    monkeypatch.setattr(reasons, "_kept", noted)
    ex = nbx.explain(network(), frame(), method="deeplift")
    pd.testing.assert_frame_equal(*(ex.reasons("r5", n=2) for _ in range(2)))
    # How often a place was kept tells more of the draw than what is stable.
    assert drawn[0].tolist() == drawn[1].tolist()
    assert 0 < drawn[0].min() < 1


@pytest.mark.parametrize("n", [0, -1, 2.5, True])
def test_a_number_of_reasons_is_refused(n):
    ex = nbx.explain(network(), frame(), method="deeplift")
    with pytest.raises(ValueError, match="ask for one reason or more"):
        ex.reasons("r1", n=n)


class Words(nn.Module):
    """The sum of what each token weighs, by its place."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embedding, self.head = nn.Embedding(9, 3), nn.Linear(3, 1)

    def forward(self, ids):
        places = torch.arange(1.0, 5).view(-1, 1)
        return (self.head(self.embedding(ids)) * places).sum(1)


def test_texts_are_held_against_texts_token_by_token():
    model, X = Words(), torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8], [8, 1, 1, 2]])
    ex = nbx.explain(model, X, method="deeplift", tokens=list("_abcdefgh"))
    table = ex.local(0, against=[1, 2])
    with torch.no_grad():
        weighed = model.head(model.embedding(X))[..., 0] * torch.arange(1.0, 5)
    wanted = weighed[0] - weighed[1:].mean(0)
    assert list(table["token"]) == ["a", "b", "c", "d"]
    np.testing.assert_allclose(table["attribution"], wanted, rtol=1e-4)
    assert ex.contrast(0, against=[1, 2]).base == pytest.approx(weighed[1:].sum(1).mean().item())
    with pytest.raises(ValueError, match=r"ex\.local\(row, against=…\)"):
        ex.reasons(0, against=[1, 2])


class OutOfLuck(ValueError):
    """Of a model's own, made of two things."""

    def __init__(self, what, much):
        super().__init__(what, much)


def test_the_models_own_error_comes_through_unchanged():
    def model(x):
        if (x > 90).any():
            raise OutOfLuck("too much", x)
        return x.sum(1, keepdim=True)

    ex = nbx.explain(model, normal(9, 2), method="integrated_gradients")
    with pytest.raises(OutOfLuck, match="too much"):
        ex.contrast(0, against=np.array([[99.0, 0.0]]))
