"""What tokens contributed: in the space of their embeddings, added up for each token."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.notebook import wire
from tests.corpus import (
    BAD,
    GOOD,
    NOT,
    PAD,
    STEPS,
    WORDS,
    Convolution,
    Mean,
    Negation,
    Put,
    Recurrent,
    Transformer,
    corpus,
    made,
)

IDS, Y = corpus(120)
ADDITIVE = ("gradient_x_input", "integrated_gradients", "expected_gradients", "deeplift")
EXACT = ("integrated_gradients", "deeplift")


def embeddings(model, ids=IDS):
    with torch.no_grad():
        return model.embedding(ids)


@pytest.mark.parametrize("method", ADDITIVE)
def test_of_a_mean_of_embeddings_each_token_gives_its_part(method):
    model = made(Mean)
    if method == "gradient_x_input":
        method = nbx.GradientXInput(baseline="mean")
    elif method == "expected_gradients":
        method = nbx.ExpectedGradients(IDS, n_samples=2_000)
    ex = nbx.explain(model, IDS, method=method, keep=20)
    e = embeddings(model)
    w = model.head.weight[0].detach() / STEPS
    base = e.mean(0) if isinstance(method, nbx.ExpectedGradients) else e.mean((0, 1))
    wanted = ((e - base) @ w)[ex.rows]
    rough = 0.02 if isinstance(method, nbx.ExpectedGradients) else 1e-12
    np.testing.assert_allclose(ex.attributions[:, 0], wanted, atol=rough)
    np.testing.assert_allclose(ex.base_values, model.head(e.mean((0, 1))).item(), atol=1e-12)


def test_not_and_what_it_turns_share_their_product():
    # good = 1 in the one number, not = 1 in the other, from zeros: −2 n s is shared by halves.
    ids = torch.tensor([[NOT, GOOD, 5, 6], [5, BAD, 6, 7], [NOT, BAD, NOT, GOOD]])
    for method in (nbx.IntegratedGradients("zero"), nbx.DeepLift("zero")):
        ex = nbx.explain(Negation().double(), ids, tokens=WORDS, method=method)
        wanted = [[-1, 0, 0, 0], [0, -1, 0, 0], [1, 0, -1, 0]]
        np.testing.assert_allclose(ex.attributions[:, 0], wanted, atol=1e-9)
        table = ex.token_importance()
        # Rows of "not": −1, 0, and 1 − 1; of "good": 1 − 1 in two; of "bad": −1, and −1 + 1.
        assert table.loc["bad", "mean"] == pytest.approx(-1 / 3)
        assert table.loc["not", "mean"] == pytest.approx(-1 / 3)
        assert table.loc["not", "rms"] == pytest.approx((1 / 3) ** 0.5)
        assert table.loc["not", "count"] == 3
        assert table.loc[["bad", "not"], "importance"].tolist() == pytest.approx([50, 50])


def test_a_token_adds_up_in_a_row_before_it_counts():
    ids = torch.tensor([[GOOD, GOOD, BAD, 4], [BAD, GOOD, 4, 4]])
    model = made(Mean)
    ex = nbx.explain(model, ids, tokens=WORDS, method="integrated_gradients")
    phi, table = ex.attributions[:, 0], ex.token_importance()
    by_token = {
        name: np.array([phi[row][ids[row].numpy() == token].sum() for row in range(2)])
        for token, name in ((GOOD, "good"), (BAD, "bad"), (4, WORDS[4]))
    }
    sizes = {name: np.abs(parts).mean() for name, parts in by_token.items()}
    for name, parts in by_token.items():
        share = 100 * sizes[name] / sum(sizes.values())
        assert table.loc[name, "importance"] == pytest.approx(share)
        assert table.loc[name, "rms"] == pytest.approx(np.sqrt((parts**2).mean()))
        assert table.loc[name, "mean"] == pytest.approx(parts.mean())


@pytest.mark.parametrize("kind", [Negation, Recurrent, Transformer, Convolution, Mean])
@pytest.mark.parametrize("method", EXACT)
def test_contributions_add_up(kind, method):
    ex = nbx.explain(made(kind), IDS, method=method)
    change = np.abs(ex.predictions - ex.base_values)
    assert (np.abs(ex.gaps) <= 1e-3 * change + 1e-9).all()
    if method == "deeplift":
        assert np.abs(ex.gaps).max() <= 1e-9 * change.max()
    assert ex.attributions.shape == (*ex.predictions.shape, STEPS)


def test_padding_gives_nothing_and_sums_are_those_of_what_is_there():
    ex = nbx.explain(Negation().double(), IDS, method="integrated_gradients", tokens=WORDS)
    there = (IDS != PAD).numpy()
    assert not ex.attributions[:, 0][~there].any()
    assert "<pad>" not in ex.token_importance().index
    np.testing.assert_allclose(ex.gaps, 0, atol=1e-9)
    mean = embeddings(Negation().double())[IDS != PAD].mean(0)
    with torch.no_grad():
        at = Negation().double()
        at.embedding = Put(torch.where((IDS != PAD)[..., None], mean, embeddings(at)))
        np.testing.assert_allclose(ex.base_values, at(IDS), atol=1e-9)


@pytest.mark.parametrize("method", [*ADDITIVE, "smoothgrad"])
def test_batches_and_calls_change_nothing(method):
    model = made(Recurrent)
    found = [
        nbx.explain(model, IDS, Y, method=method, batch_size=size, lengths=(IDS != PAD).sum(1))
        for size in (120, 50)
    ]
    np.testing.assert_allclose(found[0].attributions, found[1].attributions, atol=1e-12)
    pd.testing.assert_frame_equal(
        found[0].token_importance(), found[1].token_importance(), rtol=1e-9
    )


BASELINES = {
    "zero": "an embedding of zeros",
    "mean": "the mean embedding",
    "median": "the median embedding",
    PAD: "the token '<pad>' at every place",
    GOOD: "the token 'good' at every place",
}


@pytest.mark.parametrize("baseline", BASELINES)
def test_what_a_text_is_held_against_is_said(baseline):
    model = made(Mean)
    ex = nbx.explain(model, IDS, tokens=WORDS, method=nbx.IntegratedGradients(baseline=baseline))
    assert ex.question == (f"Integrated gradients of y0 against {BASELINES[baseline]}, 120 rows")
    e = embeddings(model)
    at = {"zero": torch.zeros(5), "mean": e.mean((0, 1)), "median": None}.get(baseline, baseline)
    if at is None:
        at = torch.from_numpy(np.median(e.flatten(0, 1), axis=0))
    elif isinstance(at, int):
        at = model.embedding.weight[at].detach()
    np.testing.assert_allclose(ex.base_values, model.head(at.double()).item(), atol=1e-12)


@pytest.mark.parametrize(
    ("baseline", "said"),
    [
        (12, "There is no token 12: the embedding has 0 to 11."),
        (-1, "There is no token -1"),
        (0.5, "baseline=0.5 is no embedding: pass the id of a token"),
        ([1.0, 2.0], "does not fit a row of X when embedded, [9, 5]"),
    ],
)
def test_a_baseline_that_is_no_embedding_is_refused(baseline, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        nbx.explain(made(Mean), IDS, method=nbx.DeepLift(baseline))


def test_a_background_of_texts():
    model = made(Mean)
    ex = nbx.explain(model, IDS, method=nbx.ExpectedGradients(IDS[:7]))
    np.testing.assert_allclose(ex.base_values, model(IDS[:7]).mean().item(), atol=1e-12)


def test_tables_sentences_charts_and_pages(tmp_path):
    ex = nbx.explain(made(Negation), IDS, tokens=WORDS, method="deeplift")
    row = next(r for r in range(120) if NOT in IDS[r] and GOOD in IDS[r])
    table = ex.local(row)
    np.testing.assert_allclose(table.attribution, ex.attributions[row, 0, : len(table)], atol=1e-12)
    size = table.attribution.abs()
    np.testing.assert_allclose(table.importance, 100 * size / size.sum())
    pd.testing.assert_frame_equal(ex.local(IDS[row]), table)
    lags = ex.lag_importance(row=row).importance.to_numpy()[: len(table)]
    np.testing.assert_allclose(lags[::-1], table.importance, atol=1e-9)
    html = ex.text(row)._repr_html_()
    for sign, hue in ((1, "rises"), (-1, "falls")):
        assert html.count(f'class="{hue}"') == (sign * table.attribution > 0).sum() > 0
    first = table.iloc[0]
    assert str(ex.text(row)).startswith(first.token + " (")
    drawn = ex.chart("local", row=row).to_json()
    assert ("pushes up" in drawn, "pushes down" in drawn) == tuple(
        (sign * table.attribution > 0).any() for sign in (1, -1)
    )
    ex.save(tmp_path / "texts.nbx")
    again = nbx.load(tmp_path / "texts.nbx")
    pd.testing.assert_frame_equal(again.token_importance(), ex.token_importance())
    pd.testing.assert_frame_equal(again.local(row), table)
    assert again.notes == ex.notes
    state = wire.state(again)
    assert state["instances"]["additive"]
    assert state["instances"]["jacobian"]["shape"] == [120, 1, STEPS]
    assert "added up over the numbers of its embedding" in " ".join(ex.notes)
    assert "in their embedding's own scale" not in " ".join(ex.notes)


def test_a_text_is_held_against_others():
    ex = nbx.explain(made(Mean), IDS, tokens=WORDS, method="integrated_gradients")
    e, w = embeddings(made(Mean)), made(Mean).head.weight[0].detach() / STEPS
    table = ex.local(0, against=[1, 2, 3])
    np.testing.assert_allclose(table.attribution, (e[0] - e[1:4].mean(0)) @ w, atol=1e-12)
    with pytest.raises(ValueError, match="Reasons are of features, and a text has tokens"):
        ex.reasons(0)


def test_two_embeddings_of_the_same_ids_count_together():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.one, self.two = nn.Embedding(12, 3), nn.Embedding(12, 2)

        def forward(self, ids):
            return (self.one(ids).sum((1, 2)) * self.two(ids).sum((1, 2)))[:, None]

    ex = nbx.explain(made(Twice), IDS, method=nbx.DeepLift(GOOD))
    assert np.abs(ex.gaps).max() < 1e-9 * np.abs(ex.predictions - ex.base_values).max()


def test_the_model_comes_back_untouched():
    model = made(Recurrent).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for method in (*ADDITIVE, nbx.IntegratedGradients(PAD)):
        nbx.explain(model, IDS, method=method)
    assert model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not model.embedding._forward_hooks
    assert all(p.grad is None for p in model.parameters())
