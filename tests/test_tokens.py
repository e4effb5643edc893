"""Texts: ids of tokens through an embedding, without the user rewriting the model."""

import copy
import re

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx
from nbexplain.engine.accumulators import GROUPS
from nbexplain.engine.importances import student_t
from tests.belongings import belongings
from tests.corpus import (
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
from tests.oracles import central_differences

IDS, Y = corpus()
MASK = (IDS != PAD).long()
LENGTHS = MASK.sum(1)


def derivatives(model, ids, *others):
    """Central differences at the embedding's output, found without hooks, `[n, K, τ, d]`."""
    moved = copy.deepcopy(model).eval()
    embedded = moved.embedding(ids).detach()

    def f(inputs):
        moved.embedding = Put(inputs[0])
        return moved(ids, *others)

    return central_differences(f, (embedded,))[0]


# Known answers ------------------------------------------------------------------------------------


def test_a_mean_of_embeddings_is_moved_alike_by_each_token():
    model = made(Mean)
    ex = nbx.explain(model, IDS, tokens=WORDS)
    size = float(model.head.weight.detach().norm()) / STEPS
    np.testing.assert_allclose(ex.attributions, np.full((len(IDS), 1, STEPS), size))
    table = ex.token_importance()
    counts = np.bincount(IDS.flatten())
    assert table["count"].to_dict() == dict(zip(WORDS, counts.tolist(), strict=True))
    r = size * np.sqrt(counts / len(IDS))
    np.testing.assert_allclose(table.loc[list(WORDS), "rms"], r)
    np.testing.assert_allclose(table.loc[list(WORDS), "importance"], 100 * r / r.sum())
    np.testing.assert_allclose(table["cumulative"], table["importance"].cumsum())
    np.testing.assert_allclose(ex.lag_importance()["importance"], 100 / STEPS)


def test_the_interval_leaves_groups_of_rows_out():
    model = Negation().double()
    table = nbx.explain(model, IDS, tokens=WORDS).token_importance()
    squares = np.zeros((GROUPS, len(WORDS)))
    norms = model.norms(IDS).numpy()
    for n, row in enumerate(IDS.numpy()):
        np.add.at(squares[n % GROUPS], row, norms[n] ** 2)
    rows = np.bincount(np.arange(len(IDS)) % GROUPS, minlength=GROUPS)
    left = np.sqrt((squares.sum(0) - squares) / (len(IDS) - rows)[:, None])
    spared = 100 * left / left.sum(1, keepdims=True)
    half = student_t(0.95, GROUPS - 1) * np.sqrt((GROUPS - 1) * spared.var(0))
    there = table.loc[list(WORDS[1:])]
    np.testing.assert_allclose(there["high"] - there["importance"], half[1:])
    assert WORDS[PAD] not in table.index


def test_not_turns_what_follows_it():
    model = Negation().double()
    ex = nbx.explain(model, IDS, Y, tokens=WORDS, response="logodds")
    norms = model.norms(IDS).numpy()
    np.testing.assert_allclose(ex.attributions[:, 0], norms)
    row = int(np.flatnonzero((IDS == NOT).any(1))[0])
    length = int(LENGTHS[row])
    table = ex.local(row)
    assert table.index.name == "position"
    assert list(table["token"]) == [WORDS[i] for i in IDS[row, :length]]
    np.testing.assert_allclose(table["attribution"], norms[row, :length])
    share = norms[row, :length] ** 2
    np.testing.assert_allclose(table["importance"], 100 * share / share.sum())
    absolute = ex.local(row, definition="absolute")["importance"]
    np.testing.assert_allclose(absolute, 100 * norms[row, :length] / norms[row].sum())
    lags = ex.lag_importance(row=row)["importance"]
    np.testing.assert_allclose(lags[:length], table["importance"][::-1])
    assert table["token"].iloc[int(table["importance"].argmax())] in ("not", "good", "bad")


def test_not_and_what_stands_before_a_verdict_count_most():
    model = Negation().double()
    table = nbx.explain(model, IDS, tokens=WORDS, response="raw").token_importance()
    # A verdict follows each "not", which moves the sum by 1 and by 2 along its two numbers.
    assert table.loc["not", "rms"] == pytest.approx((5 * table.loc["not", "count"] / 400) ** 0.5)
    each = (table["rms"] / np.sqrt(table["count"])).sort_values()
    assert each.index[-1] == "not"
    assert set(each.index[:2]) == {"good", "bad"}


MODELS = {
    "mean": (made(Mean, 2), IDS),
    "more outputs than numbers": (made(Mean, 4, width=2), IDS),
    "recurrent": (made(Recurrent), IDS),
    "one output": (made(Recurrent, 1), IDS),
    "convolution": (made(Convolution), IDS),
    "transformer": (made(Transformer), IDS),
    "mask": (made(Transformer), {"input_ids": IDS, "attention_mask": MASK}),
    "floating mask": (made(Transformer), {"input_ids": IDS, "attention_mask": MASK.double()}),
}


@pytest.mark.parametrize("response", ["raw", "prob", "logodds"])
@pytest.mark.parametrize("name", MODELS)
def test_norms_agree_with_finite_differences_at_the_embedding(name, response):
    model, X = MODELS[name]
    others = (X["attention_mask"][:20],) if isinstance(X, dict) else ()
    part = {key: x[:20] for key, x in X.items()} if isinstance(X, dict) else X[:20]
    y = None if response == "raw" else Y[:20] if name in ("one output",) else None
    ex = nbx.explain(model, part, y, response=response)
    raw = derivatives(model, IDS[:20], *others)
    with torch.no_grad():
        z = copy.deepcopy(model).eval()(IDS[:20], *others)
    if response != "raw":
        # The chain rule in its plain form, p = softmax(z) or σ(z).
        if z.shape[1] == 1:
            p = z.sigmoid()
            raw = raw if response == "logodds" else (p * (1 - p))[..., None, None] * raw
        else:
            p = z.softmax(1)
            raw = p[..., None, None] * (raw - torch.einsum("nk,nktd->ntd", p, raw)[:, None])
            if response == "logodds":
                raw = raw / (p * (1 - p))[..., None, None]
    expected = raw.norm(dim=-1)
    if name in ("convolution",) or "mask" in name:
        expected = expected * MASK[:20, None]
    np.testing.assert_allclose(ex.attributions, expected, rtol=1e-6, atol=1e-9)
    squares = np.zeros(len(WORDS))
    weights = ex.weights_of(None)[None, :, None]
    there = MASK[:20].numpy() if name == "convolution" or "mask" in name else 1
    np.add.at(squares, IDS[:20].numpy(), ((expected.numpy() ** 2) * weights).sum(1) * there)
    table = ex.token_importance()
    expected_rms = np.sqrt(squares[table.index.astype(int)] / 20)
    np.testing.assert_allclose(table["rms"], expected_rms, rtol=1e-6)


def test_outputs_at_every_step_are_those_of_the_last_token():
    model = made(Recurrent, every=True)
    ex = nbx.explain(model, IDS, lengths=LENGTHS)
    row = int(np.flatnonzero(LENGTHS.numpy() < STEPS)[0])
    length = int(LENGTHS[row])
    alone = nbx.explain(made(Recurrent), IDS[row : row + 1, :length])
    np.testing.assert_allclose(ex.local(row)["attribution"], alone.local(0)["attribution"])


def test_two_embeddings_of_the_same_ids_stand_side_by_side():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Embedding(12, 3), nn.Embedding(12, 2)
            self.head = nn.Linear(5, 1, bias=False)

        def forward(self, ids):
            return self.head(torch.cat([self.left(ids), self.right(ids)], 2).sum(1))

    model = made(Two)
    ex = nbx.explain(model, IDS)
    np.testing.assert_allclose(ex.attributions, float(model.head.weight.detach().norm()))
    assert "left and right" in ex.notes[0]


def test_an_embedding_called_twice_is_replaced_in_both_calls():
    class Twice(Mean):
        def forward(self, ids):
            return self.head(self.embedding(ids).sum(1) + 2 * self.embedding(input=ids).sum(1))

    model = made(Twice)
    ex = nbx.explain(model, IDS)
    np.testing.assert_allclose(ex.attributions, 3 * float(model.head.weight.detach().norm()))


def test_steps_first_inside_the_model():
    class StepsFirst(Recurrent):
        def forward(self, ids):
            return self.head(self.cell(self.embedding(ids.T).transpose(0, 1))[0][:, -1])

    ids = IDS[:30]
    first, plain = (nbx.explain(made(kind), ids) for kind in (StepsFirst, Recurrent))
    np.testing.assert_allclose(first.attributions, plain.attributions)


# Padding and positions ----------------------------------------------------------------------------


def padded_on_the_left():
    moved = [row.roll(STEPS - int(n)) for row, n in zip(IDS, LENGTHS, strict=True)]
    return torch.stack(moved)


def test_padding_is_known_by_the_embedding_the_mask_or_the_lengths():
    model = made(Transformer)
    by_mask = nbx.explain(model, {"input_ids": IDS, "attention_mask": MASK})
    by_lengths = nbx.explain(model, {"input_ids": IDS, "attention_mask": MASK}, lengths=LENGTHS)
    declared = made(Transformer)
    declared.embedding.padding_idx = PAD
    by_index = nbx.explain(declared, {"input_ids": IDS, "attention_mask": MASK})
    for ex in (by_lengths, by_index):
        pd.testing.assert_frame_equal(ex.lag_importance(), by_mask.lag_importance())
        pd.testing.assert_frame_equal(ex.token_importance(), by_mask.token_importance())
    said = [next(n for n in ex.notes if "Padding" in n) for ex in (by_mask, by_lengths, by_index)]
    assert "attention_mask" in said[0]
    assert "lengths=" in said[1]
    assert "padding_idx=0" in said[2]


def test_a_mask_of_padding_is_the_other_way_round():
    class Padded(Transformer):
        def forward(self, ids, padding_mask):
            return super().forward(ids, (~padding_mask).long())

    plain = nbx.explain(made(Transformer), (IDS, MASK))
    turned = nbx.explain(made(Padded), (IDS, MASK == 0))
    pd.testing.assert_frame_equal(turned.token_importance(), plain.token_importance())


def test_lag_0_is_the_last_token_wherever_padding_stands():
    class Sum(Negation):
        def forward(self, ids):
            return self.embedding(ids).sum((1, 2))[:, None]

    left, right = (nbx.explain(Sum(), ids) for ids in (padded_on_the_left(), IDS))
    pd.testing.assert_frame_equal(left.lag_importance(), right.lag_importance())
    pd.testing.assert_frame_equal(left.token_importance(), right.token_importance())
    assert left.local(0).index[-1] == STEPS - 1
    assert list(left.local(0)["token"]) == list(right.local(0)["token"])


def test_a_row_of_padding_alone_is_refused():
    ids = IDS.clone()
    ids[7] = PAD
    with pytest.raises(ValueError, match="Row 7 of X is all padding"):
        nbx.explain(Negation(), ids)


# Names --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tokens",
    [
        list(WORDS),
        dict(enumerate(WORDS)),
        {word: i for i, word in enumerate(WORDS)},
        lambda i: WORDS[i],
        np.array(WORDS),
    ],
)
def test_names_of_tokens_come_in_any_form(tokens):
    ex = nbx.explain(made(Mean), IDS, tokens=tokens)
    assert set(ex.token_importance().index) == set(WORDS)
    assert ex.local(torch.full((STEPS,), NOT))["token"].tolist() == ["not"] * STEPS


def test_without_names_tokens_are_their_ids():
    ex = nbx.explain(made(Mean), IDS)
    assert set(ex.token_importance().index) == {str(i) for i in range(len(WORDS))}


@pytest.mark.parametrize(
    ("tokens", "error", "parts"),
    [
        (list(WORDS[:7]), ValueError, ["ids 0 to 6", "not 7"]),
        ({0: "a", 1: "b"}, ValueError, ["no name for the id 2"]),
        ({"a": 0, "b": 1}, ValueError, ["no name for the id 2"]),
        ("words", TypeError, ["str", "tokenizer.decode"]),
        (3, TypeError, ["int"]),
    ],
)
def test_an_id_without_a_name_is_named(tokens, error, parts):
    rare = IDS.clone()
    rare[:300] = rare[:300].clamp(max=6)  # beyond the rows that are looked at first
    with pytest.raises(error) as caught:
        nbx.explain(made(Mean), rare, tokens=tokens)
    assert all(part in str(caught.value) for part in parts)


def test_a_new_row_holds_ids():
    ex = nbx.explain(made(Mean), IDS, tokens=WORDS)
    assert ex.local([NOT] * STEPS)["token"].tolist() == ["not"] * STEPS
    with pytest.raises(ValueError, match="row holds float32, but X holds ids"):
        ex.local(torch.zeros(STEPS))


# What is said and refused -------------------------------------------------------------------------


def test_the_question_speaks_of_embeddings():
    ex = nbx.explain(made(Mean, 2), IDS, np.where(Y == 1, "positive", "negative"))
    assert ex.question == "Sensitivity of P(positive) to each token's embedding, 400 rows"
    assert ex.importance().index.tolist() == ["token"]
    notes = " ".join(ex.notes)
    assert "token_importance" in notes
    assert "lag_importance" in notes
    assert not any("passed to the model" in note for note in ex.notes)


def test_inputs_beside_the_ids_are_passed_on():
    ex = nbx.explain(made(Transformer), {"input_ids": IDS, "attention_mask": MASK})
    assert "attention_mask is passed to the model and not ranked." in ex.notes


class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(12, 3), nn.Linear(5, 1)

    def forward(self, numbers, ids):
        return self.head(torch.cat([numbers, self.embedding(ids).mean(1)], 1))


def test_numbers_beside_ids_are_ranked_unless_tokens_are_meant():
    model, numbers = made(Mixed), torch.randn(len(IDS), 2, dtype=torch.float64)
    assert nbx.explain(model, (numbers, IDS)).features.names == ("x0", "x1")
    ex = nbx.explain(model, (numbers, IDS), tokens=WORDS)
    size = float(model.head.weight.detach()[0, 2:].norm()) / STEPS
    np.testing.assert_allclose(ex.attributions, size)
    assert "numbers is passed to the model and not ranked." in ex.notes


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag, self.head = nn.EmbeddingBag(12, 3), nn.Linear(3, 1)

    def forward(self, ids):
        return self.head(self.bag(ids))


class Cut(Mean):
    def forward(self, ids):
        return super().forward(ids[:, :5])


class Later(Mean):
    """Cuts rows that are short, as the first are not."""

    def forward(self, ids):
        return super().forward(ids[:, :5] if (ids[:, 5:] == PAD).all() else ids)


REFUSED = {
    "a bag": (Bag(), IDS, {}, ["nn.EmbeddingBag (bag)", ".mean(1)"]),
    "other ids": (Cut(), IDS, {}, ["holds integers", "int64", ".float()", "none received these"]),
    "no embedding": (nn.Linear(STEPS, 1), IDS, {}, ["holds integers", "int64", ".float()"]),
    "names of numbers": (nn.Linear(STEPS, 1), IDS.float(), {"tokens": WORDS}, ["tokens="]),
    "a scale": (Mean(), IDS, {"scale": "std"}, ["scale=", "embeddings"]),
    "names of columns": (
        Mean(),
        IDS,
        {"feature_names": list("abc")},
        ["feature_names=", "tokens="],
    ),
    "every step": (
        Recurrent(every=True),
        IDS,
        {"method": nbx.Sensitivity(steps="valid")},
        ["steps='valid'"],
    ),
    "groups": (Mean(), IDS, {"groups": {"g": ["a"]}}, ["groups="]),
    "a layout": (Mean(), IDS, {"layout": "tnp"}, ["layout='tnp'"]),
    "ids that change later": (
        Later(),
        torch.cat([torch.full((64, STEPS), GOOD), IDS[LENGTHS < 6]]),
        {"batch_size": 64},
        ["received other ids"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_explained_is_said(case):
    model, X, options, parts = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(parts[0])) as caught:
        nbx.explain(model, X, **options)
    assert all(part in str(caught.value) for part in parts)
    assert str(caught.value).endswith(".")


def test_integers_that_an_embedding_gets_in_part_stay_numbers():
    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding, self.head = nn.Embedding(12, 3), nn.Linear(11, 1)

        def forward(self, x):
            return self.head(torch.cat([x[:, 1:].float(), self.embedding(x[:, 0].long())], 1))

    ex = nbx.explain(Table(), IDS.numpy())
    assert ex.features.kind == "table"
    assert len(ex.importance()) == STEPS


def test_there_are_no_tokens_in_a_table():
    ex = nbx.explain(nn.Linear(2, 1), torch.eye(2))
    for ask in (ex.token_importance, lambda: ex.text(0)):
        with pytest.raises(ValueError, match="no tokens"):
            ask()


@pytest.mark.parametrize("name", MODELS)
def test_the_model_is_untouched(name):
    model, X = MODELS[name]
    before = belongings(model, X)
    ex = nbx.explain(model, X)
    ex.local(0)
    ex.local({k: x[:1] for k, x in X.items()} if isinstance(X, dict) else X[:1].clone())
    assert belongings(model, X) == before


# The same answer by other ways --------------------------------------------------------------------


def loaded(ids):
    return DataLoader(TensorDataset(ids, Y[: len(ids)]), batch_size=70)


@pytest.mark.parametrize(
    "given",
    [
        lambda ids: ids.numpy(),
        lambda ids: ids.int(),
        lambda ids: ids.tolist(),
        lambda ids: (ids,),
        lambda ids: pd.DataFrame(ids.numpy()),
        loaded,
        lambda ids: list(ids.split(30)),
    ],
)
def test_ids_come_in_any_form(given):
    model = Negation().double()
    ex = nbx.explain(model, given(IDS), tokens=WORDS, response="raw")
    plain = nbx.explain(model, IDS, tokens=WORDS, response="raw")
    pd.testing.assert_frame_equal(ex.token_importance(), plain.token_importance())


def test_batches_and_a_sample_change_nothing():
    model = made(Recurrent)
    whole = nbx.explain(model, IDS, Y, tokens=WORDS, lengths=LENGTHS)
    few = nbx.explain(model, IDS, Y, tokens=WORDS, lengths=LENGTHS, batch_size=7, keep=30)
    for response in ("raw", "prob", "logodds"):
        a, b = (ex.with_response(response) for ex in (whole, few))
        for output in (None, 0):
            pd.testing.assert_frame_equal(a.token_importance(output), b.token_importance(output))
    assert len(few.attributions) == 30


@pytest.mark.parametrize("keep", [None, 20])
def test_a_saved_explanation_has_its_tokens(tmp_path, keep):
    ex = nbx.explain(made(Recurrent), IDS, Y, tokens=WORDS, lengths=LENGTHS, keep=keep)
    ex.save(tmp_path / "texts.nbx")
    again = nbx.load(tmp_path / "texts.nbx")
    row = int(ex.rows[3])
    for response in again.responses:
        a, b = (one.with_response(response) for one in (ex, again))
        pd.testing.assert_frame_equal(a.token_importance(), b.token_importance())
        pd.testing.assert_frame_equal(a.local(row), b.local(row))
        pd.testing.assert_frame_equal(a.lag_importance(), b.lag_importance())
    assert again.question == ex.question
    assert again.notes == ex.notes


# Other responses and many outputs -----------------------------------------------------------------


@pytest.mark.parametrize("outputs", [1, 2, 3])
def test_the_loss_is_differentiated_at_the_embedding(outputs):
    model, y = made(Recurrent, outputs), torch.arange(len(IDS)) % max(2, outputs)
    ex = nbx.explain(model, IDS, y.tolist(), response="loss")
    embedded = model.embedding(IDS).detach().requires_grad_()
    z = model.head(model.cell(embedded)[0][:, -1])
    if outputs == 1:
        loss = nn.functional.binary_cross_entropy_with_logits(z[:, 0], y.double(), reduction="sum")
    else:
        loss = nn.functional.cross_entropy(z, y, reduction="sum")
    (gradient,) = torch.autograd.grad(loss, embedded)
    np.testing.assert_allclose(ex.attributions[:, 0], gradient.norm(dim=-1), rtol=1e-9)


def test_of_many_outputs_the_predicted_one_is_explained():
    model = made(Recurrent, 12)
    ex = nbx.explain(model, IDS[:30])
    assert "predicted output" in ex.question
    best = model(IDS[:30]).argmax(1)
    every = derivatives(model, IDS[:30])[torch.arange(30), best]
    np.testing.assert_allclose(ex.attributions[:, 0], every.norm(dim=-1), rtol=1e-6, atol=1e-10)
    some = nbx.explain(model, IDS[:30], outputs=[3, 5])
    expected = derivatives(model, IDS[:30])[:, [3, 5]].norm(dim=-1)
    np.testing.assert_allclose(some.attributions, expected, rtol=1e-6, atol=1e-10)


def test_a_function_of_what_the_model_returns_is_differentiated():
    model = made(Recurrent, 3)
    ex = nbx.explain(model, IDS[:30], response=lambda out: out[:, 0] * 2)
    expected = 2 * derivatives(model, IDS[:30])[:, 0].norm(dim=-1)
    np.testing.assert_allclose(ex.attributions[:, 0], expected, rtol=1e-6, atol=1e-10)
