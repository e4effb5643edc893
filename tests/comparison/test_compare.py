"""`nbx.compare`: closed forms, pairing, units, refusals, what is said."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import prune as pruning

import nbexplain as nbx
from benchmarks import refits
from nbexplain.comparison.aligned import replicated, same_rows
from nbexplain.comparison.fits import refitted
from nbexplain.engine.importances import student_t

X = torch.randn(640, 4, generator=torch.Generator().manual_seed(0))


def linear(weights, bias=0.0):
    model = nn.Linear(len(weights), 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([weights]))
        model.bias.fill_(bias)
    return model


def fitted(seed, inputs=X):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs.shape[1], 8), nn.Tanh(), nn.Linear(8, 1))


def test_linear_models_have_the_change_of_their_weights():
    """λ of a linear model is |w| / Σ|w|, whatever the rows: no interval to speak of."""
    old, new = (
        lambda x, w=w: x @ torch.tensor(w)[:, None] for w in ([1.0, 1, 1, 1], [5.0, 1, 1, 1])
    )
    both = nbx.compare(*(nbx.explain(f, X, scale="none") for f in (old, new)), names=["old", "new"])
    table = both.table
    assert table.index[0] == "x0"
    assert table["old"]["importance"].to_numpy() == pytest.approx([25] * 4)
    assert table["new"]["change"].to_numpy() == pytest.approx([37.5, -12.5, -12.5, -12.5])
    assert table["new"]["change_low"].to_numpy() == pytest.approx([37.5, -12.5, -12.5, -12.5])
    assert list(table["new"]["claim"]) == ["gained", "lost", "lost", "lost"]
    assert both.sentence == (
        "new against old: gained: x0 37.5 points; lost: x1 12.5 points, x2 12.5 points and x3 12.5 "
        "points beyond their intervals."
    )


def test_an_explanation_against_itself_is_zero():
    ex = nbx.explain(fitted(0), X)
    table = nbx.compare(ex, ex, names=["a", "b"]).table["b"]
    for column in ("change", "change_low", "change_high"):
        assert (table[column] == 0).all()
    assert not any(table["claim"])


def test_a_saved_explanation_is_the_same_one(tmp_path):
    ex = nbx.explain(fitted(0), X)
    ex.save(tmp_path / "one.nbx")
    both = nbx.compare(ex, nbx.load(tmp_path / "one.nbx"), names=["a", "b"])
    assert both.sentence == "b against a: no share changed."
    assert both.against[0].paired
    assert not both.against[0].refit


def jackknifed_by_hand(one, other):
    """The same rows, one group left out at a time, from the explanations' own derivatives."""
    groups = np.arange(one.count) % 64
    differences = []
    for group in range(64):
        shares = []
        for ex in (one, other):
            g = ex.attributions[groups != group, 0].astype(np.float64)
            r = np.sqrt((g**2).mean(0))
            shares.append(100 * r / r.sum())
        differences.append(shares[1] - shares[0])
    d = np.array(differences)
    return np.sqrt(63 / 64 * ((d - d.mean(0)) ** 2).sum(0))


def test_the_interval_of_the_same_rows_is_the_jackknife_of_the_difference():
    model = fitted(0)
    before = nbx.explain(model, X)
    with torch.no_grad():
        model[0].weight[:, 0] *= 2
    after = nbx.explain(model, X)
    both = nbx.compare(before, after)
    assert both.against[0].paired
    assert not both.against[0].refit
    t = student_t(1 - 0.05 / 4, 63)
    change = both.against[0].change
    expected = t * jackknifed_by_hand(before, after)
    order = list(both.features)
    for name, half in zip(before.features.names, expected, strict=True):
        at = order.index(name)
        assert (change.high - change.low)[at] / 2 == pytest.approx(half, rel=1e-4)


def test_pairing_is_narrower_than_two_intervals():
    model = fitted(0)
    before = nbx.explain(model, X)
    with torch.no_grad():
        model[0].weight[:, 0] *= 1.1
    after = nbx.explain(model, X)
    paired = nbx.compare(before, after).against[0].change
    other = nbx.explain(model, X.flip(0))
    apart = nbx.compare(before, other)
    assert not apart.against[0].paired
    unpaired = apart.against[0].change
    assert ((paired.high - paired.low) < (unpaired.high - unpaired.low) / 3).all()


@pytest.mark.parametrize("moved", [X.flip(0), X + 1e-3, X[:639], X * torch.tensor([1, 1, 1, 2.0])])
def test_other_rows_are_told_from_the_same(moved):
    model = fitted(0)
    assert same_rows(nbx.explain(model, X), nbx.explain(model, X.clone(), batch_size=37))
    assert not same_rows(nbx.explain(model, X), nbx.explain(model, moved))


def test_units_are_those_of_the_first():
    """w·s of the first rows: 1 and 3; the other rows' spread of x1 is twice as large."""
    f = lambda x: x @ torch.tensor([[1.0], [3.0]])  # noqa: E731
    train = torch.tensor([[1.0, 1.0], [-1.0, -1.0]]).repeat(50, 1)
    test = train * torch.tensor([1.0, 2.0])
    both = nbx.compare(nbx.explain(f, train), nbx.explain(f, test), names=["train", "test"])
    assert both.table["test"]["importance"].to_dict() == pytest.approx({"x1": 75, "x0": 25})
    assert both.table["test"]["change"].to_numpy() == pytest.approx([0, 0])
    assert "test is put in the standard deviations of the inputs of train." in both.notes


def test_features_are_matched_by_name_and_those_of_one_are_said():
    def explained(names, weights):
        frame = pd.DataFrame(X[:, : len(names)].numpy(), columns=names)
        return nbx.explain(lambda x: x @ torch.tensor(weights)[:, None], frame, scale="none")

    full = explained(["a", "b", "c"], [1.0, 1.0, 2.0])
    few = explained(["c", "a"], [1.0, 1.0])
    both = nbx.compare(full, few, names=["before", "after"])
    table = both.table
    assert table.loc["a", "after"]["change"] == pytest.approx(25)
    assert table.loc["c", "after"]["change"] == pytest.approx(0)
    assert np.isnan(table.loc["b", "after"]["importance"])
    assert "Only before has b: no change is told." in both.notes


def test_namesakes_are_matched_in_their_order():
    def explained(weights):
        f = lambda x: x @ torch.tensor(weights)[:, None]  # noqa: E731
        return nbx.explain(f, X[:, :2], feature_names=["a", "a"], scale="none")

    both = nbx.compare(explained([1.0, 3.0]), explained([3.0, 1.0]))
    assert sorted(both.changes()["change"]) == pytest.approx([-50, 50])


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"response": "logodds"}, "response is prob of one and logodds of the other"),
        ({"scale": "none"}, "scale is std of one and none of the other"),
        ({"outputs": ["1"]}, "outputs is 0, 1 of one and 1 of the other"),
    ],
)
def test_different_questions_are_refused(options, what):
    torch.manual_seed(0)
    model, y = nn.Linear(4, 2), (X[:, 0] > 0).long()
    with pytest.raises(ValueError, match=what):
        nbx.compare(nbx.explain(model, X, y), nbx.explain(model, X, y, **options))


@pytest.mark.parametrize("method", ["sensitivity", "integrated_gradients", "deeplift"])
def test_every_method_is_jackknifed_as_its_own_shares_are(method):
    """The variance that changes are made of is that of the table's intervals."""
    before = nbx.explain(fitted(0), X, method=method)
    found, own = replicated(before, None), before.importances()
    half = student_t(0.95, 63) * np.sqrt(found.variance)
    np.testing.assert_allclose(found.share, own.share)
    np.testing.assert_allclose(own.high - own.share, half, rtol=1e-6)


def test_contributions_from_other_baselines_are_refused():
    one, other = (
        nbx.explain(fitted(0), X, method=nbx.IntegratedGradients(baseline=baseline))
        for baseline in ("zero", "mean")
    )
    with pytest.raises(ValueError, match="baseline is zero of one and the mean"):
        nbx.compare(one, other)


def test_other_mistakes_get_a_sentence():
    ex = nbx.explain(fitted(0), X)
    with pytest.raises(ValueError, match="at least two"):
        nbx.compare(ex)
    with pytest.raises(TypeError, match="compare takes what nbx"):
        nbx.compare(ex, 3)
    with pytest.raises(ValueError, match="names has 1 of them for 2"):
        nbx.compare(ex, ex, names=["a"])
    with pytest.raises(ValueError, match="must differ"):
        nbx.compare(ex, ex, names=["a", "a"])
    other = nbx.explain(fitted(0), X, feature_names=list("abcd"))
    with pytest.raises(ValueError, match="no feature in common"):
        nbx.compare(ex, other)


def test_a_constant_model_makes_no_claim():
    nothing = nbx.explain(lambda x: 0 * x[:, :1], X)
    both = nbx.compare(nothing, nbx.explain(lambda x: x[:, :1], X), names=["a", "b"])
    assert (
        both.sentence == "b against a: nothing to compare, for one of them moves with no feature."
    )
    assert not any(both.table["b"]["claim"])
    assert "b against a" in repr(both)


def test_one_row_has_no_interval_and_no_claim():
    one, other = (nbx.explain(linear(w), X[:1]) for w in ([1.0, 1, 1, 1], [2.0, 1, 1, 1]))
    told = nbx.compare(one, other).changes()
    assert np.isnan(told["change_low"]).all()
    assert not any(told["claim"])


def edited(change):
    model = fitted(0)
    before = nbx.explain(model, X)
    change(model)
    return before, nbx.explain(model, X)


def zero_a_column(model):
    with torch.no_grad():
        model[0].weight[:, 1] = 0


def prune(model):
    pruning.l1_unstructured(model[0], "weight", amount=0.5)


def swap(model):
    model[1] = nn.ReLU()


@pytest.mark.parametrize("change", [zero_a_column, prune, swap])
def test_an_edit_is_no_refit(change):
    assert not refitted(*edited(change))


def test_another_fit_is_a_refit_and_a_function_has_no_fit():
    one, other = (nbx.explain(fitted(seed), X) for seed in (0, 1))
    assert refitted(one, other)
    both = nbx.compare(one, other, names=["first", "second"])
    assert any("second and first are different fits" in note for note in both.notes)
    wide = both.against[0].change
    narrow = nbx.compare(*edited(zero_a_column)).against[0].change
    assert (wide.high - wide.low).max() > (narrow.high - narrow.low).max()
    functions = [nbx.explain(f, X) for f in (lambda x: x[:, :1], lambda x: x[:, 1:2])]
    assert not refitted(*functions)


def test_what_is_loaded_counts_as_another_fit(tmp_path):
    before, after = edited(zero_a_column)
    before.save(tmp_path / "before.nbx")
    assert refitted(nbx.load(tmp_path / "before.nbx"), after)


def test_seeds_show_their_spread():
    explained = [nbx.explain(fitted(seed), X) for seed in range(4)]
    over = nbx.compare(*explained, names=list("abcd"))
    shares = np.stack([ex.importances().share for ex in explained])
    found = over.table["all", "spread"]
    for at, name in enumerate(explained[0].features.names):
        assert found[name] == pytest.approx(shares[:, at].std(ddof=1))
    assert over.refits == 4
    assert over.sentence.startswith("Over 4 explanations x")
    assert "taken from the spread of 4 of them" in " ".join(over.notes)


@pytest.mark.slow
def test_seed_noise_alone_is_no_gain():
    """200 refits of one network: a claim in at most 5 of 100, by the allowance and by refits."""
    fits = refits.explained(refits.drawn(2001), 206)
    refits_of, (first, *others) = fits[:5], fits[5:]
    for known in ((), refits_of):
        claims = [any(nbx.compare(first, ex, refits=known).changes()["claim"]) for ex in others]
        assert len(claims) == 200
        assert sum(claims) <= 10


def test_what_a_fit_has_no_part_in_is_found_all_the_same():
    """Another truth: the network then uses another column."""
    task = refits.drawn(2001)
    one, other = refits.explained(task, 2)
    moved = refits.explained(replace(task, X=task.X.roll(1, 1)), 1)[0]
    assert not any(nbx.compare(one, other).changes()["claim"])
    assert any(nbx.compare(one, moved).changes()["claim"])


def test_a_direction_that_turned_is_said():
    def explained(*weights):
        w = torch.tensor([weights]).T
        return nbx.explain(lambda x: x @ w, X[:, :2], scale="none")

    def said(one, other):
        return nbx.compare(one, other, names=["a", "b"]).sentence

    assert said(explained(1.0, 3.0), explained(1.0, -3.0)) == (
        "b against a: no share changed; x1 turned round."
    )
    assert said(explained(1.0, 3.0), explained(3.0, -1.0)) == (
        "b against a: gained: x0 50.0 points; lost: x1 50.0 points beyond their intervals; x1 "
        "turned round."
    )
    assert said(explained(1.0, 3.0), explained(1.0, 3.00001)) == (
        "b against a: no share changed by as much as 0.1 points."
    )
    model = fitted(0)
    before = nbx.explain(model, X)
    with torch.no_grad():
        model[0].weight[:, 3] *= -1
    assert said(before, nbx.explain(model, X)).endswith("; x3 turned round.")


def test_given_refits_replace_the_allowance():
    explained = [nbx.explain(fitted(seed), X) for seed in range(5)]
    allowed = nbx.compare(*explained[:2])
    known = nbx.compare(*explained[:2], refits=explained[2:])
    assert (allowed.refits, known.refits) == (0, 3)
    widths = [(of.against[0].change.high - of.against[0].change.low)[0] for of in (allowed, known)]
    assert widths[0] != pytest.approx(widths[1])


def test_sequences_of_another_length_are_unpaired():
    def explained(steps):
        g = torch.Generator().manual_seed(0)
        return nbx.explain(
            lambda x: x.sum((1, 2))[:, None], torch.randn(100, steps, 2, generator=g)
        )

    both = nbx.compare(explained(3), explained(5))
    assert not both.against[0].paired
    assert both.changes()["change"] == pytest.approx([0, 0], abs=1e-5)


@settings(max_examples=20)
@given(st.lists(st.floats(0.1, 10), min_size=2, max_size=6), st.data())
def test_changes_add_up_to_nothing_and_turn_round(weights, data):
    other = data.draw(st.lists(st.floats(0.1, 10), min_size=len(weights), max_size=len(weights)))
    rows = X[:, :1].repeat(1, len(weights))
    one, two = (
        nbx.explain(lambda x, w=w: x @ torch.tensor(w)[:, None], rows, progress=False)
        for w in (weights, other)
    )
    there, back = nbx.compare(one, two).table, nbx.compare(two, one).table
    forth = there.iloc[:, there.columns.get_level_values(1) == "change"].iloc[:, 0]
    returned = back.iloc[:, back.columns.get_level_values(1) == "change"].iloc[:, 0]
    assert forth.sum() == pytest.approx(0, abs=1e-6)
    assert forth.to_dict() == pytest.approx((-returned).to_dict(), abs=1e-6)


def test_forms_show_names_as_text():
    nasty = ["<script>alert(1)</script>", "b\nc", "d", "e"]
    one, other = (
        nbx.explain(linear(w), X, feature_names=nasty) for w in ([1.0, 2, 3, 4], [4.0, 2, 3, 1])
    )
    both = nbx.compare(one, other, names=["<b>old</b>", "new"])
    html = both._repr_html_()
    assert "<script" not in html
    assert "<b>old" not in html
    assert "&lt;script&gt;" in html
    assert "b c" in repr(both)
    drawn = both.chart().to_dict()
    labels = {row["label"] for row in drawn["data"]["values"]}
    assert "b c" in labels
    assert len(drawn["data"]["values"]) == 8
