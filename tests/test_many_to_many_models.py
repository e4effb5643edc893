"""Outputs at every step, whatever the network, the padding, the layout and the response."""

import re
from importlib import import_module

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from torch import nn

import nbexplain as nbx
from tests.belongings import belongings
from tests.oracles import central_differences
from tests.test_many_to_many_steps import PAPER, every
from tests.test_padding import LENGTHS, STEPS, X, left, right

FEW = X[:40]


class Causal(nn.Module):
    """A convolution that looks back alone."""

    def __init__(self):
        super().__init__()
        self.conv, self.head = nn.Conv1d(3, 4, 3, padding=2), nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.conv(x.mT)[..., : x.shape[1]].tanh().mT)


class Attending(nn.Module):
    """A transformer encoder; a mask keeps it from looking ahead."""

    def __init__(self, masked, norm_first):
        super().__init__()
        layer = nn.TransformerEncoderLayer(
            4, 2, 8, activation="gelu", batch_first=True, norm_first=norm_first
        )
        self.embed, self.head = nn.Linear(3, 4), nn.Linear(4, 2)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.masked = masked

    def forward(self, x):
        mask = None
        if self.masked:
            mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1], dtype=x.dtype)
        return self.head(self.encoder(self.embed(x), mask=mask, is_causal=self.masked))


class Cell(nn.Module):
    """A recurrent layer with a head, and its states beside."""

    def __init__(self, kind, **options):
        super().__init__()
        self.cell = kind(3, 4, batch_first=True, **options)
        self.head = nn.Linear(8 if options else 4, 2)

    def forward(self, x):
        found, states = self.cell(x)
        return self.head(found), states


NETWORKS = {
    "lstm": (lambda: Cell(nn.LSTM), False),
    "gru": (lambda: Cell(nn.GRU), False),
    "both ways": (lambda: Cell(nn.GRU, bidirectional=True), True),
    "causal convolution": (Causal, False),
    "attention, fused": (lambda: Attending(False, False), True),
    "attention, fused and masked": (lambda: Attending(True, False), False),
    "attention, plain": (lambda: Attending(False, True), True),
}


def network(name):
    torch.manual_seed(0)
    return NETWORKS[name][0]().double().eval()


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_against_finite_differences(name):
    model, leads = network(name), NETWORKS[name][1]
    before = belongings(model, FEW)
    ex = every(model, FEW, scale="none", batch_size=15)
    assert belongings(model, FEW) == before

    def flat(inputs):
        found = model(*inputs)
        return (found[0] if isinstance(found, tuple) else found).flatten(1)

    (found,) = central_differences(flat, (FEW,))
    jacobian = found.view(40, STEPS, 2, STEPS, 3).numpy()[:, :, 1]
    steps = np.sqrt((jacobian**2).mean(0)).sum(-1)
    np.testing.assert_allclose(ex.time_map(1), 100 * steps / steps.sum(), atol=1e-5)
    lags = range(-(STEPS - 1) * leads, STEPS)
    by_lag = [np.diagonal(jacobian, -k, axis1=1, axis2=2) for k in lags]
    pooled = np.array([np.sqrt((lag**2).mean((0, 2))) for lag in by_lag])
    table = ex.lag_map(1)
    assert table.index.tolist() == list(lags)
    np.testing.assert_allclose(table, 100 * pooled / pooled.sum(), atol=1e-5)
    np.testing.assert_allclose(ex.importances(1).rms, pooled.sum(0), rtol=1e-6)
    local = ex.local(3, 1, step=2)["importance"]
    squares = (jacobian[3, 2] ** 2).sum(0)
    np.testing.assert_allclose(local, 100 * squares / squares.sum(), atol=1e-5)
    np.testing.assert_allclose(ex.attributions[:, 1], jacobian[:, -1], atol=1e-8)
    assert any("later steps" in note for note in ex.notes) == leads


def test_the_model_comes_back_untouched_from_errors():
    class Bad(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRU(3, 2, batch_first=True).double()

        def forward(self, x):
            if bool((x == 9).any()):
                raise RuntimeError("the user's own")
            return self.cell(x)[0]

    model = Bad().train()
    before = belongings(model)
    with pytest.raises(RuntimeError, match="the user's own"):
        every(model, torch.cat([X[:70], X[:7] * 0 + 9]), batch_size=70)
    assert belongings(model) == before


# Padding and layouts


class Tanh(nn.Module):
    """A recurrent layer that stays at 0 while its inputs are 0, as padding at the start is."""

    def __init__(self, outputs=1, form=lambda y: y, order=(0, 1, 2)):
        super().__init__()
        torch.manual_seed(3)
        self.cell = nn.RNN(3, 4, bias=False, batch_first=True).double()
        self.head = nn.Linear(4, outputs).double()
        self.form, self.order = form, order

    def forward(self, x):
        found = self.head(self.cell(x.permute(self.order))[0])
        return self.form(found.permute(self.order) if found.ndim == 3 else found)


def alone(model, rows=40):
    """Each row's own Jacobian by finite differences, `[n, n, p]`, without its padding."""
    found = []
    for row, n in zip(X[:rows], LENGTHS[:rows].tolist(), strict=True):
        f = lambda inputs: model(*inputs).flatten(1)  # noqa: E731
        (jacobian,) = central_differences(f, (row[None, :n],))
        found.append(jacobian[0].numpy())
    return found


@pytest.mark.parametrize("side", [left, right])
def test_padding_is_no_input_and_no_output(side):
    x, mask = side(X[:40], LENGTHS[:40])
    model = Tanh()
    found = alone(model)
    ex = every(model, x, lengths=mask, scale="none", batch_size=15)
    squares, reach = np.zeros((STEPS, STEPS, 3)), np.zeros((STEPS, STEPS, 1))
    for jacobian in found:
        n = len(jacobian)
        squares[:n, :n] += jacobian**2
        reach[:n, :n] += 1
    sizes = np.sqrt(squares / np.maximum(reach, 1)).sum(-1)
    np.testing.assert_allclose(ex.time_map(), 100 * sizes / sizes.sum(), atol=1e-6)
    sums, counts = (
        np.array([np.diagonal(of, -k).sum(1) for k in range(STEPS)]) for of in (squares, reach)
    )
    pooled = np.sqrt(sums / counts)
    np.testing.assert_allclose(ex.lag_map(), 100 * pooled / pooled.sum(), atol=1e-6)
    pairs = [int((LENGTHS[:40] - k).clamp(min=0).sum()) for k in range(STEPS)]
    assert ex.lag_importance()["count"].tolist() == pairs
    assert ex.lag_importance(step=4)["count"].tolist() == [int((LENGTHS[:40] > 4).sum())] * 5
    literal = every(model, x, method=PAPER, lengths=mask, scale="none")
    now = np.sqrt(np.stack([squares[s, s] / reach[s, s] for s in range(STEPS)]))
    np.testing.assert_allclose(literal.importances().rms, now.sum(0), rtol=1e-6)
    np.testing.assert_allclose(literal.importances(step=3).rms, now[3], rtol=1e-6)


@pytest.mark.parametrize("side", [left, right])
def test_padded_rows_have_the_steps_of_rows_without_padding(side):
    x, mask = side(X[:40], LENGTHS[:40])
    row = int((LENGTHS[:40] == 4).nonzero()[0])
    model = Tanh()
    ex = every(model, x, lengths=mask, scale="none")
    plain = every(model, X[row : row + 1, :4], scale="none")
    np.testing.assert_allclose(
        ex.local(row, step=2)["importance"], plain.local(0, step=2)["importance"]
    )
    np.testing.assert_allclose(ex.lag_map(row=row, step=2), plain.lag_map(row=0, step=2))
    # None is the row's last step, which is kept.
    assert ex.local(row).equals(ex.local(row, step=3))
    shown, own = ex.lag_map(row=row), plain.lag_map(row=0)
    np.testing.assert_allclose(shown, np.pad(own, [(0, 2), (0, 0)]))
    with pytest.raises(ValueError, match="step=4 is outside this row, which has 4 steps"):
        ex.local(row, step=4)
    start = int(mask[row].int().argmax())
    np.testing.assert_allclose(ex.attributions[row, 0, start : start + 4], plain.attributions[0, 0])


@pytest.mark.parametrize("layout", ["tnp", "npt"])
def test_layouts(layout):
    order = {"tnp": (1, 0, 2), "npt": (0, 2, 1)}[layout]
    plain = every(Tanh(2), FEW)
    ex = every(Tanh(2, order=order), FEW.permute(order), layout=layout)
    pd.testing.assert_frame_equal(ex.lag_importance(), plain.lag_importance())
    pd.testing.assert_frame_equal(ex.time_map(0), plain.time_map(0))
    pd.testing.assert_frame_equal(ex.local(3, step=1), plain.local(3, step=1))
    flat = Tanh(order=order, form=lambda y: y.squeeze({"tnp": 2, "npt": 1}[layout]))
    found = every(flat, FEW.permute(order), layout=layout)
    pd.testing.assert_frame_equal(found.time_map(), every(Tanh(), FEW).time_map())


# Outputs and responses


@pytest.mark.parametrize("outputs", [2, 3])
@pytest.mark.parametrize("response", ["raw", "prob", "logodds"])
def test_responses(outputs, response):
    y = np.arange(40) % outputs
    model = Tanh(outputs)
    ex = every(model, FEW, y, response=response)

    def own(returned):
        if response == "raw":
            return returned
        p = returned.softmax(2)
        return p if response == "prob" else p.log() - (1 - p).log()

    plain = every(model, FEW, response=own)
    for output in range(outputs):
        np.testing.assert_allclose(ex.lag_map(output), plain.lag_map(output), rtol=1e-9)
        found, expected = ex.importances(output, 2), plain.importances(output, 2)
        np.testing.assert_allclose(found.share, expected.share, rtol=1e-9)
        np.testing.assert_allclose(found.low, expected.low, rtol=1e-9)
    np.testing.assert_allclose(ex.predictions, plain.predictions)
    np.testing.assert_allclose(ex.time_map(0), plain.time_map(0), rtol=1e-9)
    other = ex.with_response("prob")
    again = every(model, FEW, y, response="prob")
    pd.testing.assert_frame_equal(other.lag_importance(), again.lag_importance())
    pd.testing.assert_frame_equal(other.importance(step=1), again.importance(step=1))


def test_another_reading_takes_another_pass():
    ex = every(Tanh(2), FEW)
    assert ex.response == "raw"
    found, own = ex.with_response("prob"), every(Tanh(2), FEW, response="prob")
    pd.testing.assert_frame_equal(found.lag_importance(1), own.lag_importance(1))


def test_certain_probabilities_are_counted_at_all_steps():
    x = FEW.abs() + 1
    x[:3, 2] = 0
    ex = every(lambda x: x[..., :1] / (1 + x[..., :1]), x, np.arange(40) % 2, response="logodds")
    assert any(note.startswith("3 probabilities are exactly 0 or 1") for note in ex.notes)


def test_progress_is_shown_within_a_batch(monkeypatch):
    shown = []

    class Bar:
        def __init__(self, **_):
            self.n = 0

        def update(self, more):
            self.n += more
            shown.append(self.n)

        def close(self):
            shown.append("closed")

    monkeypatch.setattr("tqdm.tqdm", Bar)
    every(Tanh(), FEW, batch_size=40, progress=True)
    assert shown == [6, 13, 20, 26, 33, 40, 40, "closed"]
    told = []
    every(Tanh(), FEW, batch_size=25, progress=lambda *done: told.append(done))
    assert told == [(25, 40), (40, 40)]


def test_the_predicted_output_of_many_at_each_step():
    model = Tanh(12)
    ex = every(model, FEW)
    own = every(model, FEW, response=lambda y: y.amax(2, keepdim=True))
    np.testing.assert_allclose(ex.time_map(), own.time_map(), rtol=1e-9)


def test_the_loss_of_each_step():
    y = torch.randn(40, STEPS, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    model = Tanh()
    ex = every(model, FEW, y, response="loss", scale="none")
    assert ex.question.startswith("Sensitivity of the loss at every step")
    (found,) = central_differences(lambda inputs: (model(*inputs)[..., 0] - y).square(), (FEW,))
    steps = np.sqrt((found.numpy() ** 2).mean(0)).sum(-1)
    np.testing.assert_allclose(ex.time_map(), 100 * steps / steps.sum(), atol=1e-6)
    last = nbx.explain(model, FEW, y, response="loss", scale="none")
    np.testing.assert_allclose(last.attributions[:, 0], found[:, -1], atol=1e-8)


@pytest.mark.parametrize("method", ["sensitivity", nbx.Sensitivity(steps="valid")])
@pytest.mark.parametrize("padded", [False, True])
def test_classes_of_each_step(method, padded):
    y = torch.randint(3, (40, STEPS), generator=torch.Generator().manual_seed(7))
    x, mask = left(FEW, LENGTHS[:40]) if padded else (FEW, None)
    model = Tanh(3)
    ex = nbx.explain(model, x, y, method=method, lengths=mask)
    of_rows = nbx.explain(model, x, y[:, -1], method=method, lengths=mask)
    assert ex.response == "prob"
    assert ex.classes == ex.outputs == ("0", "1", "2")
    assert ex.targets.tolist() == y[:, -1].tolist()  # padding at the start ends with the row
    pd.testing.assert_frame_equal(ex.importance(1), of_rows.importance(1))
    numbers = nbx.explain(model, x, y + 0.5, method=method, lengths=mask)
    assert (numbers.response, numbers.classes) == ("raw", None)
    assert numbers.targets.tolist() == (y[:, -1] + 0.5).tolist()


def test_the_loss_of_the_class_of_each_step():
    y = torch.randint(3, (40, STEPS), generator=torch.Generator().manual_seed(7))
    model = Tanh(3)
    ex = every(model, FEW, y, response="loss", scale="none")
    (found,) = central_differences(
        lambda inputs: -model(*inputs).log_softmax(2).gather(2, y[..., None])[..., 0], (FEW,)
    )
    steps = np.sqrt((found.numpy() ** 2).mean(0)).sum(-1)
    np.testing.assert_allclose(ex.time_map(), 100 * steps / steps.sum(), atol=1e-6)


def test_several_values_of_each_step():
    y = torch.randn(40, STEPS, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    model = Tanh(2)
    ex = every(model, FEW, y, response="loss", scale="none")
    (found,) = central_differences(lambda inputs: (model(*inputs) - y).square().sum(2), (FEW,))
    steps = np.sqrt((found.numpy() ** 2).mean(0)).sum(-1)
    np.testing.assert_allclose(ex.time_map(), 100 * steps / steps.sum(), atol=1e-6)
    assert ex.targets.tolist() == y[:, -1].tolist()
    codes = torch.randint(2, (40, STEPS, 1), generator=torch.Generator().manual_seed(5))
    tagged = every(model, FEW, codes)
    assert tagged.response == "prob"
    assert tagged.targets.tolist() == codes[:, -1, 0].tolist()


def test_what_has_steps_is_found_beside_what_has_none():
    plain = every(Tanh(2), FEW)
    for form in (
        lambda y: (y, y.mean((1, 2))[None]),
        lambda y: {"state": None, "out": y},
        lambda y: [y],
        lambda y: (y.mean(1), y),
    ):
        ex = every(Tanh(2, form=form), FEW)
        pd.testing.assert_frame_equal(ex.lag_importance(), plain.lag_importance())
    assert any("element 1 of shape [n, 2]" in note for note in ex.notes)


def test_one_number_a_step():
    flat = Tanh(form=lambda y: y.squeeze(2))
    ex = every(flat, FEW)
    pd.testing.assert_frame_equal(ex.time_map(), every(Tanh(), FEW).time_map())
    assert ex.outputs == ("y0",)
    assert any("one output at every step" in note for note in ex.notes)
    # Unless asked for, they are so many outputs, which is said where nothing else says it.
    plain = nbx.explain(flat, FEW)
    assert len(plain.outputs) == STEPS
    assert any("nbx.Sensitivity(steps='valid')" in note for note in plain.notes)
    classes = nbx.explain(flat, FEW, np.arange(40) % STEPS)
    assert not any("nbx.Sensitivity" in note for note in classes.notes)


@pytest.mark.parametrize("groups", [8, 1])
def test_sums_too_large_for_64_groups_have_wider_intervals_or_none(groups, monkeypatch):
    whole = every(Tanh(), X)
    stepping = import_module("nbexplain.explain.stepping")  # nbexplain.explain is the function
    monkeypatch.setattr(stepping, "groups_within", lambda _: groups)
    ex = every(Tanh(), X)
    pd.testing.assert_frame_equal(ex.lag_importance(), whole.lag_importance())
    found, full = ex.importances(step=3), whole.importances(step=3)
    np.testing.assert_allclose(found.share, full.share)
    said = any("Single output steps have no intervals" in note for note in ex.notes)
    assert said == np.isnan(found.low).all() == (groups == 1)
    if groups > 1:
        width, wide = found.high - found.low, full.high - full.low
        assert (width > wide / 3).all()
        assert (width < wide * 3).all()


# Sums that merge, files, and what is refused


@settings(max_examples=10)
@given(st.sampled_from([1, 7, 59, 60, 130, 256, None]))
def test_batches_do_not_matter(batch_size):
    model, x = Tanh(2), X[:60]
    one, many = every(model, x, batch_size=60), every(model, x, batch_size=batch_size)
    pd.testing.assert_frame_equal(one.lag_importance(), many.lag_importance())
    pd.testing.assert_frame_equal(one.importance(step=3), many.importance(step=3))
    pd.testing.assert_frame_equal(one.time_map(), many.time_map())
    np.testing.assert_allclose(one.attributions, many.attributions)


def test_an_interrupt_keeps_the_batches_before_it():
    def told(done, _):
        if done == 20:
            raise KeyboardInterrupt

    model = Tanh()
    ex = every(model, FEW, batch_size=10, progress=told, scale="none")
    assert ex.count == 20
    assert any("Interrupted: 20 of 40" in note for note in ex.notes)
    part = every(model, FEW[:20], scale="none")
    pd.testing.assert_frame_equal(ex.lag_importance(), part.lag_importance())


def test_rows_are_kept_at_their_last_step():
    ex, last = every(Tanh(2), FEW), nbx.explain(Tanh(2), FEW)
    np.testing.assert_allclose(ex.attributions, last.attributions)
    np.testing.assert_allclose(ex.predictions, last.predictions)
    pd.testing.assert_frame_equal(ex.local(5, 1), last.local(5, 1))
    assert every(Tanh(2), FEW, keep=3).attributions.shape[0] == 3


@pytest.mark.parametrize("padded", [False, True])
def test_files(tmp_path, padded):
    x, mask = right(FEW, LENGTHS[:40]) if padded else (FEW, None)
    ex = every(Tanh(2), x, np.arange(40) % 2, lengths=mask)
    ex.save(tmp_path / "steps.nbx")
    again = nbx.load(tmp_path / "steps.nbx")
    for response in ("prob", "logodds"):
        was, now = ex.with_response(response), again.with_response(response)
        for step in (None, 0, 3):
            pd.testing.assert_frame_equal(now.importance(step=step), was.importance(step=step))
            pd.testing.assert_frame_equal(
                now.lag_importance(1, step=step), was.lag_importance(1, step=step)
            )
        pd.testing.assert_frame_equal(now.time_map(), was.time_map())
    assert again.notes == ex.notes
    assert again.question == ex.question
    row = int((LENGTHS[:40] == STEPS).nonzero()[0])
    pd.testing.assert_frame_equal(again.local(row, step=STEPS - 1), ex.local(row))
    with pytest.raises(ValueError, match=f"step=1 of row {row} needs X"):
        again.local(row, step=1)


REFUSED = {
    "no steps": (nn.Flatten(), X, {}, ["steps='valid'", "[n, 18]", "6 steps"]),
    "a table": (nn.Linear(3, 1).double(), X[:, 0], {}, ["steps='valid'", "[rows, steps"]),
    "pictures": (lambda x: x * 2, X, {"layout": "nhw"}, ["steps='valid' is for outputs"]),
    "units by step": (
        Tanh(),
        X,
        {"scale": np.arange(18.0)},
        ["scale differs between steps", "3 columns"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_pooled_is_said(case):
    model, x, options, parts = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(parts[0])) as caught:
        every(model, x, **options)
    assert all(part in str(caught.value) for part in parts)
    assert str(caught.value).endswith(".")


def test_steps_are_refused_in_sentences():
    last, ex = nbx.explain(Tanh(), FEW), every(Tanh(), FEW)
    for call in (
        lambda: last.importance(step=0),
        lambda: last.lag_importance(step=0),
        lambda: last.lag_map(row=0, step=0),
        lambda: last.local(0, step=0),
        last.time_map,
        lambda: nbx.explain(nn.Linear(3, 1).double(), X[:, 0]).importance(step=0),
    ):
        with pytest.raises(ValueError, match=r"nbx.Sensitivity\(steps='valid'\)"):
            call()
    for step in (-1, STEPS):
        with pytest.raises(ValueError, match=f"step={step} is outside the steps of X, 0 to 5"):
            ex.importance(step=step)
    with pytest.raises(TypeError, match="step='last' is not a position"):
        ex.importance(step="last")
    with pytest.raises(ValueError, match="steps"):
        nbx.Sensitivity(steps="all")


def test_what_is_not_finite_names_its_row():
    x = FEW.clone()
    x[7, 2, 1] = 0
    with pytest.raises(ValueError, match="not finite at row 7 of X, in column 'x1'"):
        every(lambda x: x.abs().sqrt(), x, batch_size=5)
    with pytest.raises(ValueError, match="output is not finite at row 7"):
        every(lambda x: torch.where(x == 0, torch.inf, x), x)


def test_rows_that_influence_each_other_at_some_step_are_found():
    mixing = lambda x: torch.cat([x[:, :1] - x[:, :1].mean(0), x[:, 1:]], 1)  # noqa: E731
    nbx.explain(mixing, FEW)  # the last step does not mix them
    with pytest.raises(ValueError, match="Rows influence each other"):
        every(mixing, FEW)


def test_entries_that_only_step_are_noted():
    first = torch.arange(STEPS)[:, None] == 0
    ex = every(lambda x: x[..., :1] + (x[..., 1:2] > 0) * first, FEW[..., :2])
    assert any("moves with x1, but its derivative is 0" in note for note in ex.notes)
