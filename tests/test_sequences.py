"""Explanations of sequences: known answers, networks of every kind, rows, files, sentences."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.engine.importances import student_t
from tests.belongings import belongings
from tests.oracles import central_differences

GEOMETRIC = [41.957573, 25.174544, 15.104726, 9.062836, 5.437701, 3.262621]


def windows(n=200, steps=6, width=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, steps, width, generator=generator, dtype=torch.float64)


class Recurrence(nn.Module):
    """h_t = a h_{t-1} + b·x_t, y = h_τ."""

    def __init__(self, a, *b):
        super().__init__()
        self.a = a
        self.register_buffer("b", torch.tensor(b, dtype=torch.float64))

    def forward(self, x):
        h = x.new_zeros(len(x))
        for t in range(x.shape[1]):
            h = self.a * h + x[:, t] @ self.b
        return h


def delayed(x):
    """y = 3 x1 now + x2 a step ago."""
    return 3 * x[:, -1, 0] + x[:, -2, 1]


# Known answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("a", [0.6, -0.6])
@pytest.mark.parametrize("scale", ["std", "none"])
def test_a_linear_recurrence_forgets_geometrically(a, scale):
    ex = nbx.explain(Recurrence(a, 1, -2, 0.5), windows(), scale=scale)
    shares = 100 * 0.6 ** np.arange(6) * 0.4 / (1 - 0.6**6)
    np.testing.assert_allclose(shares, GEOMETRIC, atol=1e-6)
    table = ex.lag_importance()
    np.testing.assert_allclose(table["importance"], shares, atol=1e-9)
    np.testing.assert_allclose(table["low"], shares, atol=1e-6)
    np.testing.assert_allclose(table["high"], shares, atol=1e-6)


@pytest.mark.parametrize(("share", "length"), [(0.4, 1), (0.42, 2), (0.9, 4), (0.95, 5), (1.0, 6)])
def test_memory_is_the_shortest_window_that_carries_the_share(share, length):
    ex = nbx.explain(Recurrence(0.6, 1, -2, 0.5), windows(), scale="none")
    found = ex.memory_length(share)
    assert (found.length, found.low, found.high) == (length, length, length)
    assert length >= len(ex.select(share, by="lag"))


def test_memory_has_an_interval_where_rows_differ():
    # Few rows look back to lag 4: whether lag 0 alone carries 80 % depends on which are drawn.
    ex = nbx.explain(lambda x: x[:, -1, 0] + x[:, -5, 0] * (x[:, 0, 0] > 1.6), windows(400))
    table = ex.lag_importance()
    assert table["low"][0] < 80 < table["importance"][0]
    found = ex.memory_length(0.8)
    assert (found.length, found.low, found.high) == (1, 1, 5)
    sure = ex.memory_length(0.7)
    assert (sure.length, sure.low, sure.high) == (1, 1, 1)
    few = nbx.explain(delayed, windows(1)).memory_length()
    assert few.length == 2
    assert np.isnan([few.low, few.high]).all()
    constant = nbx.explain(lambda x: 0 * x[:, 0, :1], windows(9)).memory_length()
    assert np.isnan([constant.length, constant.low, constant.high]).all()


def test_features_of_a_linear_recurrence_share_by_their_weights():
    ex = nbx.explain(Recurrence(0.6, 1, -2, 0.5), windows(), scale="none")
    np.testing.assert_allclose(ex.importances().share, [28.571429, 57.142857, 14.285714], atol=1e-6)


def test_a_delay_is_seen_at_its_lag():
    ex = nbx.explain(delayed, windows(steps=4, width=2), scale="none")
    np.testing.assert_allclose(ex.importances().share, [75, 25])
    np.testing.assert_allclose(ex.lag_map(), [[75, 0], [0, 25], [0, 0], [0, 0]])
    np.testing.assert_allclose(ex.lag_importance()["importance"], [75, 25, 0, 0])
    assert ex.select(0.75, by="lag") == [0]
    assert ex.select(by="lag") == [0, 1]
    assert ex.select() == ["x0", "x1"]


def literal(model, x, **options):
    return nbx.explain(model, x, method=nbx.Sensitivity(definition="lag0"), **options)


def test_the_papers_formula_sees_lag_0_alone(tmp_path):
    x = windows(steps=4, width=2)
    ex = literal(delayed, x, scale="none")
    np.testing.assert_allclose(ex.importances().share, [100, 0])
    assert ex.importance()["mean"].to_dict() == {"x0": 3, "x1": 0}
    assert ex.select() == ["x0"]
    np.testing.assert_allclose(ex.lag_importance()["importance"], [75, 25, 0, 0])
    ex.save(tmp_path / "literal.nbx")
    pd.testing.assert_frame_equal(nbx.load(tmp_path / "literal.nbx").importance(), ex.importance())
    own = nbx.explain(Recurrence(0.6, 1, -2, 0.5), windows(), scale="none")
    paper = literal(Recurrence(0.6, 1, -2, 0.5), windows(), scale="none")
    np.testing.assert_allclose(paper.importances().share, own.importances().share)


def test_groups_and_intervals_of_lag_0_are_those_of_its_table():
    torch.manual_seed(0)
    model, x = Recurrent(nn.GRU).double(), windows(64 * 4, steps=4)
    found = literal(model, x, groups={"bc": ["x1", "x2"]}, scale="none").importances(0)
    g = torch.from_numpy(nbx.explain(model, x, scale="none").attributions[:, :1, -1])
    squares = g[:, 0].numpy() ** 2
    blocks = (squares @ [[1, 0], [0, 1], [0, 1]]).reshape(64, 4, 2).sum(1)
    sizes = np.sqrt(blocks.sum(0) / len(x))
    np.testing.assert_allclose(found.share, 100 * sizes / sizes.sum())
    spared = np.sqrt(blocks.sum(0) - blocks)
    spared = 100 * spared / spared.sum(1, keepdims=True)
    error = np.sqrt(63 / 64 * ((spared - spared.mean(0)) ** 2).sum(0))
    np.testing.assert_allclose(found.high - found.share, student_t(0.95, 63) * error)


def test_a_note_says_where_the_rankings_differ():
    x = windows(steps=4, width=2)
    sentence = (
        "Lag 0 ranks features otherwise (the paper's formula): 90 % are carried by x0 "
        "there, by x0, x1 over all lags."
    )
    notes = nbx.explain(delayed, x, scale="none").notes
    assert sentence in notes
    own = literal(delayed, x, scale="none").notes
    assert own[0] == "Features are ranked by lag 0 alone, as the paper's formula has it."
    assert own[1] == sentence.replace(" (the paper's formula)", "")
    assert not any("Not used" in note for note in (*notes, *own))
    agree = nbx.explain(Recurrence(0.6, 1, -2, 0.5), windows(), scale="none").notes
    assert not any("Lag 0" in note for note in agree)
    past = nbx.explain(lambda x: x[:, 0, 0] + x[:, 0, 1], x)
    assert any("does not move with the last step" in note for note in past.notes)


def test_lag_0_is_of_sequences():
    with pytest.raises(ValueError, match="definition='lag0' is for sequences"):
        literal(nn.Linear(3, 1), torch.randn(9, 3))
    with pytest.raises(ValueError, match="definition='lag_0' is unknown: did you mean 'lag0'"):
        nbx.Sensitivity(definition="lag_0")


def test_a_tanh_network_at_zero_is_a_product_of_its_weights():
    torch.manual_seed(0)
    cell = nn.RNN(3, 4, bias=False, batch_first=True).double()
    head = nn.Linear(4, 1, bias=False).double()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell, self.head = cell, head

        def forward(self, x):
            return self.head(self.cell(x)[0][:, -1])

    ex = nbx.explain(Net(), torch.zeros(2, 5, 3, dtype=torch.float64), scale="none")
    row = head.weight
    for lag in range(5):
        expected = (row @ cell.weight_ih_l0).detach().numpy()[0]
        np.testing.assert_allclose(ex.attributions[0, 0, 4 - lag], expected, atol=1e-14, rtol=0)
        row = row @ cell.weight_hh_l0
    total = np.abs(ex.attributions[0, 0]).sum()
    np.testing.assert_allclose(
        ex.lag_map(), 100 * np.abs(ex.attributions[0, 0, ::-1]) / total, rtol=1e-12
    )


def test_an_input_moves_by_one_unit_at_every_step():
    # A column that moves more at some steps than at others does not become more important there.
    x = windows(steps=4, width=2) * torch.tensor([1.0, 5.0, 1.0, 0.0])[:, None]
    ex = nbx.explain(Recurrence(1.0, 1, 2), x)
    np.testing.assert_allclose(ex.lag_importance()["importance"], 25)
    deviation = x.numpy().reshape(-1, 2).std(0)
    np.testing.assert_allclose(ex.scaling.reshape(4, 2), np.tile(deviation, (4, 1)))


# Networks of every kind ---------------------------------------------------------------------------


class Recurrent(nn.Module):
    def __init__(self, kind, hidden=False, **options):
        super().__init__()
        self.cell = kind(3, 4, batch_first=True, **options)
        self.head = nn.Linear(4 * (1 + options.get("bidirectional", False)), 2)
        self.hidden = hidden

    def forward(self, x):
        steps, state = self.cell(x)
        y = self.head(steps[:, -1])
        return (y, state) if self.hidden else y


class StepsFirst(nn.Module):
    """A recurrent network whose cell takes [τ, N, p]."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRU(3, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.cell(x.transpose(0, 1))[1][-1])


class CellOfStepsFirst(StepsFirst):
    """The same network, which itself takes [τ, N, p]."""

    def forward(self, x):
        return super().forward(x.transpose(0, 1))


class Convolution(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(3, 4, 2, padding=1, dilation=2), nn.GELU(), nn.AdaptiveAvgPool1d(1)
        )
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.layers(x.mT).flatten(1))

    def layers_first(self):
        return nn.Sequential(*self.layers, nn.Flatten(), self.head)


class Attention(nn.Module):
    def __init__(self, fused):
        super().__init__()
        self.embed, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.attend = nn.MultiheadAttention(4, 2, batch_first=True)
        self.layer = nn.TransformerEncoderLayer(4, 2, 8, batch_first=True, activation="gelu")
        self.fused = fused

    def forward(self, x):
        z = self.embed(x)
        z = self.layer(z) if self.fused else self.attend(z, z, z)[0]
        return self.head(z[:, -1])


NETWORKS = {
    "rnn": lambda: Recurrent(nn.RNN),
    "gru": lambda: Recurrent(nn.GRU),
    "lstm": lambda: Recurrent(nn.LSTM),
    "stacked with dropout": lambda: Recurrent(nn.LSTM, num_layers=2, dropout=0.5),
    "bidirectional": lambda: Recurrent(nn.GRU, bidirectional=True),
    "output and hidden": lambda: Recurrent(nn.LSTM, hidden=True),
    "steps first": StepsFirst,
    "convolution": Convolution,
    "cell of steps first": CellOfStepsFirst,
    "layers of channels first": lambda: Convolution().layers_first(),
    "attention": lambda: Attention(fused=False),
    "transformer": lambda: Attention(fused=True),
}


LAYOUTS = {
    "cell of steps first": ("tnp", (1, 0, 2)),
    "layers of channels first": ("npt", (0, 2, 1)),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_derivatives_agree_with_finite_differences(name, training):
    torch.manual_seed(0)
    model = NETWORKS[name]().double().train(training)
    layout, order = LAYOUTS.get(name, (None, (0, 1, 2)))
    x = windows(n=8, steps=5)
    before = belongings(model, x)
    options = {} if layout is None else {"layout": layout}
    ex = nbx.explain(model, x.permute(order), response="raw", scale="none", **options)
    assert belongings(model, x) == before
    model.eval()

    def outputs(inputs):
        returned = model(inputs[0].permute(order))
        return returned[0] if isinstance(returned, tuple) else returned

    (expected,) = central_differences(outputs, (x,))
    assert expected is not None
    np.testing.assert_allclose(ex.attributions, expected.numpy(), rtol=1e-5, atol=1e-8)
    # The tables are those of the expected derivatives, in order of lags.
    for output in range(2):
        sizes = np.sqrt((expected.numpy()[:, output, ::-1] ** 2).mean(0))
        np.testing.assert_allclose(ex.lag_map(output), 100 * sizes / sizes.sum(), rtol=1e-5)
        np.testing.assert_allclose(
            ex.lag_importance(output)["importance"], 100 * sizes.sum(1) / sizes.sum(), rtol=1e-5
        )


def test_a_bare_cell_is_explained_by_the_users_choice():
    torch.manual_seed(0)
    cell = nn.LSTM(3, 2, batch_first=True).double()
    chosen = nbx.explain(cell, windows(20), response=lambda out: out[0][:, -1], scale="none")
    x = windows(20).requires_grad_()
    (g,) = torch.autograd.grad(cell(x)[0][:, -1, 1].sum(), x)
    sizes = g.square().mean(0).sqrt().flip(0)
    np.testing.assert_allclose(chosen.lag_map(1), 100 * sizes / sizes.sum(), rtol=1e-9)


def test_classifiers_answer_for_every_response():
    torch.manual_seed(0)
    ex = nbx.explain(Recurrent(nn.GRU).double(), windows(60), np.arange(60) % 2)
    for response in ("raw", "prob", "logodds"):
        other = ex.with_response(response)
        assert other.lag_importance()["importance"].sum() == pytest.approx(100)
        np.testing.assert_allclose(
            other.lag_map(1).sum(axis=0).to_numpy(), other.importances(1).share, rtol=1e-9
        )


# Rows ---------------------------------------------------------------------------------------------


def test_the_margins_of_one_rows_map_are_its_tables():
    torch.manual_seed(0)
    x = windows(30, steps=4)
    ex = nbx.explain(Recurrent(nn.GRU).double(), x)
    squares = ex.attributions[7, 1, ::-1] ** 2
    table = ex.lag_map(1, row=7)
    np.testing.assert_allclose(table, 100 * squares / squares.sum())
    np.testing.assert_allclose(ex.lag_importance(1, row=7)["importance"], table.sum(axis=1))
    np.testing.assert_allclose(ex.local(7, 1)["importance"], table.sum(axis=0))
    assert ex.lag_importance(1, row=7)[["low", "high"]].isna().all(axis=None)
    new = nbx.explain(Recurrent(nn.GRU).double(), x, keep=0)
    pd.testing.assert_frame_equal(new.lag_map(0, row=x[3]), new.lag_map(0, row=3))


# Frames, names and files --------------------------------------------------------------------------


def test_frames_are_indexed_by_lag_and_feature():
    ex = nbx.explain(
        Recurrence(0.5, 1, 2), windows(steps=3, width=2), feature_names=["rain", "wind"]
    )
    assert list(ex.lag_importance().columns) == ["importance", "low", "high"]
    assert ex.lag_importance().index.tolist() == ex.lag_map().index.tolist() == [0, 1, 2]
    assert ex.lag_importance().index.name == "lag"
    assert list(ex.lag_map().columns) == ["rain", "wind"]


def test_the_unit_of_lags_is_named_and_saved(tmp_path):
    x = windows(steps=3, width=2)
    ex = nbx.explain(Recurrence(0.5, 1, 2), x, lag_unit="h")
    assert ex.lag_importance().index.name == "lag (h)"
    named = nbx.explain(Recurrence(0.5, 1, 2), x, lag_unit=["June", "May", "April"])
    assert named.lag_importance().index.name == "lag"
    assert named.features.lag_names == ("June", "May", "April")
    for one in (ex, named):
        one.save(tmp_path / "sequence.nbx")
        again = nbx.load(tmp_path / "sequence.nbx")
        assert again.features.lag_unit == one.features.lag_unit
        pd.testing.assert_frame_equal(again.lag_importance(), one.lag_importance())
        pd.testing.assert_frame_equal(again.lag_map(row=3), one.lag_map(row=3))
        assert again.select(by="lag") == one.select(by="lag")


def test_files_of_before_are_read(tmp_path):
    nbx.explain(Recurrence(0.5, 1, 2), windows(width=2)).save(tmp_path / "new.nbx")
    with np.load(tmp_path / "new.nbx") as archive:
        arrays = dict(archive)
    header = json.loads(arrays["header"].tobytes())
    del header["features"]["lag_unit"]
    arrays["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    with (tmp_path / "old.nbx").open("wb") as file:
        np.savez(file, **arrays)
    assert nbx.load(tmp_path / "old.nbx").features.lag_unit is None


# Sentences ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "ask",
    [
        lambda ex: ex.lag_importance(),
        lambda ex: ex.lag_map(row=0),
        lambda ex: ex.select(by="lag"),
        lambda ex: ex.chart("lags"),
        lambda ex: ex.chart("lag_map"),
    ],
)
def test_there_are_no_lags_without_steps(ask):
    with pytest.raises(ValueError, match=r"There are no lags: a row of X has the shape \[3\]"):
        ask(nbx.explain(nn.Linear(3, 1), torch.randn(9, 3)))
    one = nbx.explain(Recurrence(0.5, 1, 2), windows(steps=1, width=2))
    sentence = r"X's sequences have one step \(rows of shape \[1, 2\]\)"
    assert any(note.startswith("X's sequences have one step") for note in one.notes)
    with pytest.raises(ValueError, match=sentence):
        ask(one)


@pytest.mark.parametrize(
    ("x", "unit", "sentence"),
    [
        (windows(steps=3), ["now", "then"], "lag_unit has 2 names, but X has 3 steps"),
        (torch.zeros(4, 3).double(), "h", r"has the shape \[3\]: leave it out"),
    ],
)
def test_units_that_do_not_fit_are_refused(x, unit, sentence):
    with pytest.raises(ValueError, match=sentence):
        nbx.explain(lambda x: x.flatten(1).sum(1), x, lag_unit=unit)


def test_few_overlapping_windows_say_how_little_they_are():
    one = nbx.explain(Recurrence(0.5, 1, 2), windows(6, width=2))
    assert any("6 windows of 6 steps may all overlap" in note for note in one.notes)
    assert one.lag_importance()["low"].isna().all()
    few = nbx.explain(Recurrence(0.5, 1, 2), windows(40, width=2))
    assert any("are 7 blocks" in note for note in few.notes)
    many = nbx.explain(Recurrence(0.5, 1, 2), windows(100, width=2))
    assert not any("rest on little" in note for note in many.notes)


def test_constant_models_have_nothing_to_select():
    ex = nbx.explain(lambda x: 0 * x[:, 0, 0], windows())
    assert ex.lag_importance()["importance"].isna().all()
    assert ex.lag_map(row=0).isna().all(axis=None)
    with pytest.raises(ValueError, match="Nothing to select"):
        ex.select(by="lag")
