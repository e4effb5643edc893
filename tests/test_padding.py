"""Padded sequences and other layouts: the tables of the same sequences without them."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx
from nbexplain.engine.accumulators import GROUPS
from nbexplain.engine.importances import student_t
from tests.oracles import central_differences

GEOMETRIC = [41.957573, 25.174544, 15.104726, 9.062836, 5.437701, 3.262621]
N, STEPS = 300, 6
X = torch.randn(N, STEPS, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LENGTHS = torch.randint(2, STEPS + 1, (N,), generator=torch.Generator().manual_seed(1))


def right(x=X, lengths=LENGTHS, fill=0.0):
    """Sequences with their padding at the end, and which steps exist."""
    mask = torch.arange(x.shape[1]) < lengths[:, None]
    return torch.where(mask[..., None], x, fill), mask


def left(x=X, lengths=LENGTHS, fill=0.0):
    """The same sequences with their padding at the start."""
    padded, mask = right(x, lengths, fill)
    moved = [row.roll(x.shape[1] - int(n), 0) for row, n in zip(padded, lengths, strict=True)]
    return torch.stack(moved), mask.flip(1)


class Recurrence(nn.Module):
    """h_t = a h_{t-1} + b·x_t, y = h at the last existing step."""

    def __init__(self, a=0.6, b=(1.0, -2.0, 0.5)):
        super().__init__()
        self.a = a
        self.register_buffer("b", torch.tensor(b, dtype=torch.float64))

    def states(self, x):
        h, found = x.new_zeros(len(x)), []
        for t in range(x.shape[1]):
            h = self.a * h + x[:, t] @ self.b
            found.append(h)
        return torch.stack(found, 1)

    def forward(self, x, lengths=None):
        h = self.states(x)
        return h[:, -1] if lengths is None else h.gather(1, lengths[:, None] - 1)[:, 0]


class Packed(nn.Module):
    """An LSTM of packed sequences."""

    def __init__(self, classes=1):
        super().__init__()
        self.cell, self.head = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, classes)

    def forward(self, x, lengths):
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.head(self.cell(packed)[1][0][-1])


def packed(classes=1):
    torch.manual_seed(0)
    return Packed(classes).double()


# Known answers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fill", [0.0, 7.0])
@pytest.mark.parametrize("scale", ["none", "std"])
def test_a_recurrence_of_padded_rows_forgets_as_one_of_whole_rows(fill, scale):
    x = right(fill=fill)[0]
    ex = nbx.explain(Recurrence(), (x, LENGTHS), lengths=LENGTHS, scale=scale)
    np.testing.assert_allclose(ex.lag_importance()["importance"], GEOMETRIC, atol=1e-6)
    x, mask = left(fill=fill)
    other = nbx.explain(Recurrence(), x, lengths=mask, scale=scale)
    np.testing.assert_allclose(other.lag_importance()["importance"], GEOMETRIC, atol=1e-6)
    np.testing.assert_allclose(other.importances().share, ex.importances().share, atol=1e-9)


def test_without_lengths_the_lags_are_those_of_the_window():
    # METHODS A4: unaligned end padding smears the shares.
    recurrence = Recurrence()
    ex = nbx.explain(lambda x, at: recurrence(x, at), (right(fill=7.0)[0], LENGTHS), scale="none")
    assert ex.lag_importance()["importance"][0] < 30


def test_an_input_moves_by_the_spread_of_the_steps_that_exist():
    x, mask = right(fill=50.0)
    ex = nbx.explain(Recurrence(), (x, LENGTHS), lengths=mask, batch_size=70)
    deviation = x[mask].numpy().std(0)
    np.testing.assert_allclose(ex.scaling.reshape(STEPS, 3), np.tile(deviation, (STEPS, 1)))


def jackknifed(g, lengths, confidence=0.95):
    """Shares of lags and half their interval's width by their definition, one output."""
    sizes = []
    group = np.arange(len(g)) // STEPS % GROUPS
    for left_out in (None, *range(group.max() + 1)):
        rows = [n for n in range(len(g)) if group[n] != left_out]
        map_ = np.zeros((STEPS, g.shape[2]))
        for lag in range(STEPS):
            reach = [g[n, lengths[n] - 1 - lag] for n in rows if lengths[n] > lag]
            map_[lag] = np.sqrt(np.mean(np.square(reach), axis=0))
        sizes.append(100 * map_.sum(1) / map_.sum())
    spared = np.array(sizes[1:])
    error = np.sqrt((len(spared) - 1) * spared.var(0))
    return sizes[0], student_t(confidence, len(spared) - 1) * error


def test_shares_and_intervals_are_their_definition():
    model = packed()
    x = right()[0].requires_grad_()
    (g,) = torch.autograd.grad(model(x, LENGTHS).sum(), x)
    share, half = jackknifed(g.numpy(), LENGTHS.tolist())
    ex = nbx.explain(model, (x.detach(), LENGTHS), lengths=LENGTHS, scale="none", batch_size=64)
    table = ex.lag_importance()
    np.testing.assert_allclose(table["importance"], share, rtol=1e-9)
    np.testing.assert_allclose(table["high"], np.minimum(share + half, 100), rtol=1e-9)
    np.testing.assert_allclose(ex.lag_map().sum(axis=0), ex.importances().share)


def test_packed_derivatives_agree_with_finite_differences():
    model, x = packed(), right()[0][:12]
    ex = nbx.explain(model, (x, LENGTHS[:12]), lengths=LENGTHS[:12], scale="none")
    (expected, _) = central_differences(lambda inputs: model(*inputs), (x, LENGTHS[:12]))
    np.testing.assert_allclose(ex.attributions, expected, rtol=1e-5, atol=1e-8)


def test_padding_that_a_model_reads_is_no_input():
    # Without packing, an LSTM runs over the padding at the start as well.
    torch.manual_seed(0)
    cell = nn.LSTM(3, 4, batch_first=True).double()
    x, mask = left()
    ex = nbx.explain(cell, x, lengths=mask, response=lambda out: out[0][:, -1], scale="none")
    assert (ex.attributions[~mask[:, None].expand(-1, 4, -1).numpy()] == 0).all()
    assert (ex.attributions[mask[:, None].expand(-1, 4, -1).numpy()] != 0).any()


# What follows -------------------------------------------------------------------------------------


def test_one_row_is_aligned_too():
    ex = nbx.explain(Recurrence(), (right()[0], LENGTHS), lengths=LENGTHS, scale="none")
    short = int((LENGTHS == 3).nonzero()[0])
    shares = 0.36 ** np.arange(3)
    found = ex.lag_importance(row=short)["importance"]
    np.testing.assert_allclose(found, [*100 * shares / shares.sum(), 0, 0, 0])
    np.testing.assert_allclose(ex.local(short)["importance"], 100 * np.array([4, 16, 1]) / 21)
    few = nbx.explain(Recurrence(), (right()[0], LENGTHS), lengths=LENGTHS, scale="none", keep=0)
    np.testing.assert_allclose(few.lag_map(row=short), ex.lag_map(row=short))


def test_a_new_row_is_whole():
    x, mask = left()
    ex = nbx.explain(Recurrence(), x, lengths=mask, scale="none")
    assert (ex.lag_importance(row=x[0].numpy())["importance"] > 0).all()


@pytest.mark.parametrize("keep", [None, 20])
def test_other_responses_and_files_are_aligned(keep, tmp_path):
    model, y = packed(3), np.arange(N) % 3
    data = (right()[0], LENGTHS)
    ex = nbx.explain(model, data, y, lengths=LENGTHS, keep=keep, batch_size=90)
    direct = nbx.explain(model, data, y, lengths=LENGTHS, response="logodds")
    ex.save(tmp_path / "padded.nbx")
    for one in (ex, nbx.load(tmp_path / "padded.nbx")):
        pd.testing.assert_frame_equal(
            one.with_response("logodds").lag_importance(), direct.lag_importance()
        )
        row = int(one.rows[5])
        pd.testing.assert_frame_equal(
            one.with_response("logodds").lag_map(row=row), direct.lag_map(row=row)
        )
        assert one.notes == ex.notes


def test_lag_0_is_each_rows_last_step():
    lag0 = nbx.Sensitivity(definition="lag0")
    ex = nbx.explain(
        Recurrence(), (right()[0], LENGTHS), lengths=LENGTHS, method=lag0, scale="none"
    )
    np.testing.assert_allclose(ex.importances().share, 100 * np.array([1, 2, 0.5]) / 3.5)


def test_a_note_says_how_few_rows_reach_back():
    ex = nbx.explain(Recurrence(), (right()[0], LENGTHS), lengths=LENGTHS)
    longest = int((LENGTHS == STEPS).sum())
    assert any(f"300 at lag 0 and {longest} at lag 5" in note for note in ex.notes)
    short = torch.full((N,), 4)
    none = nbx.explain(Recurrence(), (right(lengths=short)[0], short), lengths=short)
    assert none.lag_importance()["importance"].tolist()[4:] == [0, 0]
    assert (none.lag_importance()["low"] == none.lag_importance()["high"])[4:].all()
    whole = nbx.explain(Recurrence(), X, lengths=torch.full((N,), STEPS))
    assert not any("differ in length" in note for note in whole.notes)
    pd.testing.assert_frame_equal(
        whole.lag_importance(), nbx.explain(Recurrence(), X).lag_importance()
    )


def test_loaders_are_padded_by_position():
    x, mask = left()
    loader = DataLoader(TensorDataset(x), batch_size=32)
    ex = nbx.explain(Recurrence(), [batch[0] for batch in loader], lengths=mask, scale="none")
    np.testing.assert_allclose(ex.lag_importance()["importance"], GEOMETRIC, atol=1e-6)
    with pytest.raises(ValueError, match="lengths has 299 rows and X has 300"):
        nbx.explain(Recurrence(), [batch[0] for batch in loader], lengths=mask[1:])
    with pytest.raises(ValueError, match="lengths has 330 rows and X has 300"):
        nbx.explain(Recurrence(), [batch[0] for batch in loader], lengths=torch.ones(330).long())


def holed():
    mask = torch.ones(N, STEPS, dtype=torch.bool)
    mask[4, 2] = False
    return mask


def with_length(row, length):
    lengths = LENGTHS.clone()
    lengths[row] = length
    return lengths


@pytest.mark.parametrize(
    ("lengths", "sentence"),
    [
        (LENGTHS[:-1], "lengths has 299 rows and X has 300: pass one length for each row"),
        (with_length(7, 0), "Row 7 of X is all padding .* 1 row here"),
        (torch.zeros(N, STEPS).bool(), "Row 0 of X is all padding .* 300 rows here"),
        (with_length(5, 9), r"lengths\[5\] is 9, but the rows of X have 6 steps"),
        (with_length(5, -1), "Row 5 of X is all padding"),
        (LENGTHS.double(), "whole numbers"),
        (torch.ones(N, 4).bool(), r"or a mask \[rows, 6\]"),
        (holed(), "has a gap in row 4"),
        (3, "lengths has 1 row and"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(lengths, sentence):
    with pytest.raises(ValueError, match=sentence):
        nbx.explain(Recurrence(), X, lengths=lengths)


def test_lengths_are_of_sequences():
    with pytest.raises(ValueError, match="lengths= is for sequences"):
        nbx.explain(nn.Linear(3, 1), torch.randn(9, 3), lengths=[2] * 9)


# Layouts ------------------------------------------------------------------------------------------


class Turned(nn.Module):
    """The recurrence, of inputs in another order of axes."""

    def __init__(self, *order):
        super().__init__()
        self.inner, self.order = Recurrence(), order

    def forward(self, x, lengths=None):
        flat = x.view(-1)  # works on an input that lies in memory as in training
        return self.inner(flat.view(x.shape).permute(self.order), lengths)


ORDERS = {"ntp": (0, 1, 2), "tnp": (1, 0, 2), "npt": (0, 2, 1)}


@pytest.mark.parametrize("form", [lambda x: x, lambda x: x.numpy(), lambda x: x.tolist()])
@pytest.mark.parametrize("layout", ORDERS)
def test_layouts_have_the_same_tables(layout, form):
    if layout == "tnp" and isinstance(form(X), list):
        with pytest.raises(TypeError, match="layout='tnp' needs X as an array or a tensor"):
            nbx.explain(Turned(1, 0, 2), form(X), layout=layout)
        return
    plain = nbx.explain(Recurrence(), X, np.arange(N) * 1.0)
    order = ORDERS[layout]
    ex = nbx.explain(Turned(*order), form(X.permute(order)), np.arange(N) * 1.0, layout=layout)
    pd.testing.assert_frame_equal(ex.lag_importance(), plain.lag_importance())
    pd.testing.assert_frame_equal(ex.lag_map(row=3), plain.lag_map(row=3))
    pd.testing.assert_frame_equal(ex.importance(), plain.importance())
    np.testing.assert_allclose(ex.attributions, plain.attributions)
    row = X[7] if layout == "tnp" else X.permute(order)[7] if layout == "ntp" else X[7].T
    np.testing.assert_allclose(ex.local(row)["importance"], plain.local(7)["importance"])


def test_layout_and_padding_go_together():
    x, _ = right()
    ex = nbx.explain(Turned(0, 2, 1), (x.mT, LENGTHS), layout="npt", lengths=LENGTHS, scale="none")
    np.testing.assert_allclose(ex.lag_importance()["importance"], GEOMETRIC, atol=1e-6)
    ex = nbx.explain(
        Turned(1, 0, 2), (x.transpose(0, 1), LENGTHS), layout="tnp", lengths=LENGTHS, scale="none"
    )
    np.testing.assert_allclose(ex.lag_importance()["importance"], GEOMETRIC, atol=1e-6)


def test_a_convolution_takes_channels_first():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv1d(3, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(2 * 5, 1)).double()
    loader = DataLoader(TensorDataset(X.mT.contiguous(), torch.zeros(N)), batch_size=50)
    ex = nbx.explain(net, loader, layout="npt", scale="none")
    (expected,) = central_differences(lambda inputs: net(inputs[0]), (X.mT.contiguous(),))
    np.testing.assert_allclose(ex.attributions, expected.mT, rtol=1e-5, atol=1e-8)


def test_pictures_without_channels():
    net = nn.Sequential(nn.Flatten(), nn.Linear(6, 1))
    x = torch.randn(20, 2, 3)
    ex = nbx.explain(net, x, layout="nhw")
    assert ex.features.kind == "image"
    assert ex.features.names[4] == "x[1,1]"
    assert (ex.scale, ex.attributions.shape) == ("none", (20, 1, 2, 3))
    with pytest.raises(ValueError, match="There are no lags"):
        ex.lag_importance()
    with pytest.raises(ValueError, match="lengths= is for sequences"):
        nbx.explain(net, x, layout="nhw", lengths=[1] * 20)


@pytest.mark.parametrize(
    ("x", "layout", "sentence"),
    [
        (X, "np", r"layout='np' is of 2 axes, but X has 3: pass X as \[rows, features\]"),
        (X[:, 0], "ntp", r"but X has 2: pass X as \[rows, steps, features\]"),
        (X, "nchw", r"\[rows, channels, height, width\]"),
        (X, "ntc", "layout='ntc' is unknown"),
    ],
)
def test_layouts_that_do_not_fit_are_refused(x, layout, sentence):
    with pytest.raises(ValueError, match=sentence):
        nbx.explain(lambda x: x.flatten(1).sum(1), x, layout=layout)
