"""Packed sequences: the tables of the same sequences padded, and networks against differences."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx
from tests.belongings import belongings
from tests.oracles import central_differences

N, STEPS = 150, 5
GENERATOR = torch.Generator().manual_seed(3)
LENGTHS = torch.randint(1, STEPS + 1, (N,), generator=GENERATOR)
EXISTS = torch.arange(STEPS) < LENGTHS[:, None]
X = torch.randn(N, STEPS, 3, generator=GENERATOR, dtype=torch.float64) * EXISTS[..., None]
H0 = torch.randn(1, N, 4, generator=GENERATOR, dtype=torch.float64)
C0 = torch.randn(1, N, 4, generator=GENERATOR, dtype=torch.float64)


def pack(x=X, lengths=LENGTHS, **options):
    return pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False, **options)


class Takes(nn.Module):
    """A recurrent network that takes a packed sequence and returns what its form says."""

    def __init__(self, kind, form="last", **options):
        super().__init__()
        self.cell, self.form = kind(3, 4, batch_first=True, **options), form
        self.head = nn.Linear(4 * (1 + options.get("bidirectional", False)), 2)

    def forward(self, packed, state=None):
        assert isinstance(packed, PackedSequence)
        steps, hidden = self.cell(packed, state)
        every = PackedSequence(self.head(steps.data), *steps[1:])
        if self.form == "packed":
            return every, hidden
        padded, lengths = pad_packed_sequence(every, batch_first=True)
        if self.form == "padded":
            return padded
        return padded[torch.arange(len(padded)), lengths - 1]


class Packs(nn.Module):
    """The same network, of padded sequences and their lengths."""

    def __init__(self, *args, **options):
        super().__init__()
        self.inner = Takes(*args, **options)

    def forward(self, x, lengths, state=None):
        return self.inner(pack(x, lengths), state)


def made(kind, *args, **options):
    torch.manual_seed(0)
    return kind(*args, **options).double()


def same(one, other):
    pd.testing.assert_frame_equal(one.lag_importance(), other.lag_importance())
    pd.testing.assert_frame_equal(one.lag_map(1), other.lag_map(1))
    pd.testing.assert_frame_equal(one.importance(), other.importance())
    pd.testing.assert_frame_equal(one.local(11), other.local(11))
    np.testing.assert_allclose(one.predictions, other.predictions)


# Known answers ------------------------------------------------------------------------------------


def test_a_sum_over_packed_steps_is_told_by_its_closed_form():
    weights = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)

    def last_two(packed):
        x, lengths = pad_packed_sequence(packed, batch_first=True)
        rows = torch.arange(len(x))
        before = x[rows, (lengths - 2).clamp(min=0)] * (lengths > 1)[:, None]
        return (x[rows, lengths - 1] + 3 * before) @ weights.to(x.dtype)

    ex = nbx.explain(last_two, pack(), scale="none")
    sizes = np.zeros((STEPS, 3))
    sizes[0], sizes[1] = weights.abs(), 3 * weights.abs()
    np.testing.assert_allclose(ex.lag_map(), 100 * sizes / sizes.sum(), atol=1e-4)


def test_rows_are_in_their_first_order():
    ex = nbx.explain(made(Takes, nn.GRU), pack(), outputs=[0])
    np.testing.assert_array_equal(ex.rows, np.arange(N))
    (outputs,) = (made(Takes, nn.GRU)(pack()).detach().numpy(),)
    np.testing.assert_allclose(ex.predictions[:, 0], outputs[:, 0])
    order = LENGTHS.argsort(descending=True)
    sorted_ = pack_padded_sequence(X[order], LENGTHS[order], batch_first=True)
    assert sorted_.sorted_indices is None
    other = nbx.explain(made(Takes, nn.GRU), sorted_, outputs=[0])
    np.testing.assert_allclose(other.predictions, ex.predictions[order])
    np.testing.assert_allclose(other.lag_map(), ex.lag_map())


@pytest.mark.parametrize("form", ["last", "padded", "packed"])
@pytest.mark.parametrize("batch_size", [None, 7])
def test_packed_rows_have_the_tables_of_padded_ones(form, batch_size):
    ex = nbx.explain(made(Takes, nn.GRU, form), pack(), batch_size=batch_size)
    told = nbx.explain(made(Packs, nn.GRU, form), (X, LENGTHS), lengths=LENGTHS)
    same(ex, told)
    plain = nbx.explain(made(Takes, nn.GRU), pack())
    np.testing.assert_allclose(ex.lag_map(), plain.lag_map())


@pytest.mark.parametrize("form", ["padded", "packed"])
def test_outputs_at_every_step_of_packed_rows(form):
    every = nbx.Sensitivity(steps="valid")
    ex = nbx.explain(made(Takes, nn.GRU, form), pack(), method=every, batch_size=40, scale="none")
    inner = made(Takes, nn.GRU, "padded")
    x = X.clone().requires_grad_()
    squares, counts = np.zeros((STEPS, 3)), np.zeros(STEPS)
    outputs = inner(pack(x))
    for step in range(STEPS):
        (g,) = torch.autograd.grad(outputs[step < LENGTHS, step, 0].sum(), x, retain_graph=True)
        for lag in range(step + 1):
            squares[lag] += g[step < LENGTHS, step - lag].square().sum(0).numpy()
            counts[lag] += int((step < LENGTHS).sum())
    sizes = np.sqrt(squares / counts[:, None])
    np.testing.assert_allclose(ex.lag_map(0), 100 * sizes / sizes.sum())
    np.testing.assert_array_equal(ex.lag_importance()["count"], counts)


# Networks -----------------------------------------------------------------------------------------


NETWORKS = {
    "rnn": lambda: made(Takes, nn.RNN),
    "gru": lambda: made(Takes, nn.GRU),
    "lstm": lambda: made(Takes, nn.LSTM),
    "stacked with dropout": lambda: made(Takes, nn.GRU, num_layers=2, dropout=0.5),
    "both ways": lambda: made(Takes, nn.LSTM, bidirectional=True),
}


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_derivatives_agree_with_finite_differences(name, training):
    x, lengths = X[:10], LENGTHS[:10]
    model, packed = NETWORKS[name]().train(training), pack(x, lengths)
    before = belongings(model, packed)
    ex = nbx.explain(model, packed, scale="none", response="raw", batch_size=4)
    assert belongings(model, packed) == before
    trusted = NETWORKS[name]().eval()
    (expected,) = central_differences(lambda inputs: trusted(pack(inputs[0], lengths)), (x,))
    np.testing.assert_allclose(ex.attributions, expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("form", ["packed", "told", "given"])
def test_states_stand_before_the_first_step_of_every_row(form):
    if form == "packed":
        ex = nbx.explain(made(Takes, nn.GRU), (pack(), H0), scale="none", batch_size=40)
    elif form == "told":
        given = {"x": X, "lengths": LENGTHS, "state": H0}
        ex = nbx.explain(made(Packs, nn.GRU), given, scale="none")
    else:
        given = (X, LENGTHS, H0)
        ex = nbx.explain(made(Packs, nn.GRU), given, lengths=EXISTS, scale="none")
    model, x = made(Takes, nn.GRU), X.clone().requires_grad_()
    h0 = H0.clone().requires_grad_()
    g, by_state = torch.autograd.grad(model(pack(x), h0)[:, 0].sum(), (x, h0))
    sizes = np.zeros((STEPS + 1, 4))
    for lag in range(STEPS):
        reach = lag < LENGTHS
        found = g[reach, LENGTHS[reach] - 1 - lag]
        sizes[lag, :3] = found.square().mean(0).sqrt()
    sizes[STEPS, 3] = by_state[0].square().sum(1).mean().sqrt()
    np.testing.assert_allclose(ex.lag_map(0), 100 * sizes / sizes.sum(), rtol=1e-9)
    np.testing.assert_allclose(ex.lag_map(0).sum(), ex.importances(0).share)
    row = int((LENGTHS == 3).nonzero()[0])
    squares = np.zeros((STEPS + 1, 4))
    squares[:3, :3] = g[row, :3].square().flip(0)
    squares[STEPS, 3] = by_state[0, row].square().sum()
    np.testing.assert_allclose(ex.lag_map(0, row=row), 100 * squares / squares.sum())
    longest = int((LENGTHS == STEPS).sum())
    assert any(f"150 at lag 0 and {longest} at lag 4." in note for note in ex.notes)


def test_states_and_existing_steps_move_by_their_own_spreads():
    ex = nbx.explain(made(Takes, nn.LSTM), (pack(), (H0, C0)))
    expected = np.zeros((STEPS + 1, 11))
    expected[1:, :3] = X[EXISTS].numpy().std(0)
    expected[0, 3:] = torch.cat([H0, C0], 2)[0].numpy().std(0)
    np.testing.assert_allclose(ex.scaling.reshape(STEPS + 1, 11), expected)
    assert ex.features.states == ("h0", "c0")


# What follows -------------------------------------------------------------------------------------


@pytest.mark.parametrize("states", [False, True])
def test_rows_files_and_responses(states, tmp_path):
    y = np.arange(N) % 2
    given = (pack(), H0) if states else pack()
    ex = nbx.explain(made(Takes, nn.GRU), given, y)
    lean = nbx.explain(made(Takes, nn.GRU), given, y, keep=0)
    pd.testing.assert_frame_equal(lean.local(11), ex.local(11))
    pd.testing.assert_frame_equal(lean.lag_map(row=11), ex.lag_map(row=11))
    ex.save(tmp_path / "packed.nbx")
    direct = nbx.explain(made(Takes, nn.GRU), given, y, response="logodds")
    for one in (ex, nbx.load(tmp_path / "packed.nbx")):
        found = one.with_response("logodds")
        pd.testing.assert_frame_equal(found.lag_importance(), direct.lag_importance())
        pd.testing.assert_frame_equal(found.lag_map(row=11), direct.lag_map(row=11))


# Lengths among the inputs -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given", [(X, LENGTHS), {"lengths": LENGTHS, "x": X}], ids=["tuple", "dict"]
)
def test_lengths_among_the_inputs_tell_the_padding(given):
    ex = nbx.explain(made(Packs, nn.GRU), given, batch_size=31)
    same(ex, nbx.explain(made(Packs, nn.GRU), (X, LENGTHS), lengths=LENGTHS))
    said = "lengths holds how many steps each row has: what follows them is padding, and no input."
    assert said in ex.notes
    row = {"x": X[4], "lengths": LENGTHS[4]} if isinstance(given, dict) else (X[4], LENGTHS[4])
    pd.testing.assert_frame_equal(ex.local(row), ex.local(4))


def test_lengths_come_with_their_batches():
    loader = DataLoader(TensorDataset(X, LENGTHS), 20)
    model = made(Packs, nn.GRU)
    other = nbx.explain(model, [tuple(batch) for batch in loader])
    same(other, nbx.explain(model, (X, LENGTHS)))
    wrong = LENGTHS.clone()
    wrong[first := 97] = 6
    broken = list(zip(X.split(20), wrong.split(20), strict=True))
    with pytest.raises(ValueError, match=rf"lengths\[{first}\] is 6, but the rows of X have 5 ste"):
        nbx.explain(lambda x, lengths: x.sum((1, 2)), broken, batch_size=20)


def test_lengths_go_by_other_names_where_the_rows_end_in_zeros():
    inner = made(Packs, nn.GRU)
    ex = nbx.explain(lambda x, many: inner(x, many), (X, LENGTHS))
    assert ex.lag_importance().equals(nbx.explain(inner, (X, LENGTHS)).lag_importance())
    filled = torch.where(EXISTS[..., None], X, 9.0)
    assert nbx.explain(inner, (filled, LENGTHS)).lag_importance().equals(ex.lag_importance())
    turned = torch.stack([x.roll(STEPS - int(n), 0) for x, n in zip(X, LENGTHS, strict=True)])
    left = nbx.explain(lambda x, lengths: x[:, -1] * lengths[:, None], (turned, LENGTHS))
    assert not any("padding" in note for note in left.notes)
    codes = nbx.explain(lambda x, store: x.sum((1, 2)) * store, (X + 1, LENGTHS))
    assert not any("padding" in note for note in codes.notes)
    assert codes.lag_importance()["importance"][0] == pytest.approx(20)


def test_what_a_model_raises_comes_through():
    def sorted_only(x, lengths):
        return pack_padded_sequence(x, lengths, batch_first=True).data[: len(x)]

    with pytest.raises(RuntimeError, match="enforce_sorted"):
        nbx.explain(sorted_only, (X, LENGTHS))


# Sentences ----------------------------------------------------------------------------------------


def ids():
    return pack_padded_sequence(torch.ones(3, 2).long(), [2, 2, 1], batch_first=True)


@pytest.mark.parametrize(
    ("given", "options", "sentence"),
    [
        (
            pack(),
            {"lengths": LENGTHS.roll(1)},
            r"lengths says that row \d+ of X has \d step.*, but it is packed with \d: leave",
        ),
        (pack(), {"lengths": LENGTHS[1:]}, "lengths has 149 rows and the PackedSequence X has 150"),
        (pack(), {"layout": "tnp"}, "layout='tnp' is for tensors, and X is a PackedSequence"),
        ((pack(), pack()), {}, "X holds two packed sequences"),
        (ids(), {}, "X is a PackedSequence of integers: pass the ids padded"),
        ([(pack(), H0)], {}, "batch 1 of X holds a PackedSequence: pass padded sequences"),
    ],
)
def test_what_does_not_fit_is_refused(given, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        nbx.explain(made(Takes, nn.GRU), given, **options)


def test_lengths_and_masks_that_agree_are_welcome():
    for given in (LENGTHS, EXISTS.numpy()):
        ex = nbx.explain(made(Takes, nn.GRU), pack(), lengths=given)
        same(ex, nbx.explain(made(Takes, nn.GRU), pack()))
