"""Initial states of sequences: one more row of the lag map, by closed form and differences."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import nbexplain as nbx
from nbexplain.engine.importances import student_t
from tests.belongings import belongings
from tests.oracles import central_differences

N, STEPS = 240, 5
A, B = 0.6, (1.0, -2.0, 0.5)


def normal(*shape, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


X = normal(N, STEPS, 3)
H0 = normal(N, 2, seed=1)


class Recurrence(nn.Module):
    """h_t = a h_{t-1} + b·x_t from h_0 = 3 s_1 + 4 s_2, y = h_τ."""

    def __init__(self):
        super().__init__()
        self.register_buffer("b", torch.tensor(B, dtype=torch.float64))
        self.register_buffer("c", torch.tensor([3.0, 4.0], dtype=torch.float64))

    def forward(self, x, h0):
        h = h0 @ self.c
        for t in range(x.shape[1]):
            h = A * h + x[:, t] @ self.b
        return h


def shares(unit=(1.0, 1.0, 1.0), state=(1.0, 1.0)):
    """The exact map: features by lag, and the state at lag τ alone."""
    sizes = np.zeros((STEPS + 1, 4))
    sizes[:STEPS, :3] = A ** np.arange(STEPS)[:, None] * np.abs(B) * unit
    sizes[STEPS, 3] = A**STEPS * np.hypot(3 * state[0], 4 * state[1])
    return 100 * sizes / sizes.sum()


# Known answers ------------------------------------------------------------------------------------


def test_a_state_is_one_more_row_and_one_more_feature():
    ex = nbx.explain(Recurrence(), (X, H0), scale="none")
    expected = shares()
    found = ex.lag_map()
    assert list(found.columns) == ["x0", "x1", "x2", "h0"]
    assert list(found.index) == list(range(STEPS + 1))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    np.testing.assert_allclose(ex.lag_importance()["importance"], expected.sum(1), atol=1e-9)
    np.testing.assert_allclose(ex.importances().share, expected.sum(0), atol=1e-9)
    np.testing.assert_allclose(ex.lag_importance()["low"], expected.sum(1), atol=1e-6)
    assert ex.features.lag_names == ("0", "1", "2", "3", "4", "h0")
    said = "h0 is taken as an initial state: one feature, in a row of its own before the first step"
    assert f"{said}, lag 5." in ex.notes


def test_each_entry_of_a_state_moves_by_its_own_spread():
    h0 = H0 * torch.tensor([1.0, 7.0])
    ex = nbx.explain(Recurrence(), (X, h0))
    unit, state = X.reshape(-1, 3).numpy().std(0), h0.numpy().std(0)
    np.testing.assert_allclose(ex.lag_map(), shares(unit, state), atol=1e-9)
    deviations = np.zeros((STEPS + 1, 5))
    deviations[1:, :3], deviations[0, 3:] = unit, state
    np.testing.assert_allclose(ex.scaling.reshape(STEPS + 1, 5), deviations, atol=1e-12)


def test_a_constant_state_has_no_spread_and_a_note_says_so():
    zero = torch.zeros(N, 2, dtype=torch.float64)
    ex = nbx.explain(Recurrence(), (X, zero))
    assert ex.importance()["importance"]["h0"] == 0
    (note,) = [note for note in ex.notes if "Constant" in note]
    assert note == (
        "Constant in X, so without a standard deviation to move by: h0. scale='none' shows what "
        "such a state moves."
    )
    other = nbx.explain(Recurrence(), (X, zero), scale="none")
    np.testing.assert_allclose(other.lag_map(), shares(), atol=1e-9)
    assert not [note for note in other.notes if "Constant" in note]


def test_memory_reaches_the_state_after_all_steps():
    ex = nbx.explain(Recurrence(), (X, H0), scale="none")
    before = shares().sum(1)[:STEPS].sum() / 100
    assert ex.memory_length(before - 1e-6).length == STEPS
    assert ex.memory_length(before + 1e-6).length == STEPS + 1
    assert ex.select(1.0, by="lag") == list(range(STEPS + 1))


def test_intervals_leave_out_windows_with_their_states():
    model = cell(nn.GRU)
    given = (X, normal(N, 4, seed=2))
    ex = nbx.explain(model, given, scale="none", outputs=[0])
    g = ex.attributions[:, 0]
    group = np.arange(N) // STEPS % 64
    found = []
    for left in (None, *range(group.max() + 1)):
        size = np.zeros((STEPS + 1, 4))
        rows = g[group != left] if left is not None else g
        size[:STEPS, :3] = np.sqrt((rows[:, 1:, :3] ** 2).mean(0))[::-1]
        size[STEPS, 3] = np.sqrt((rows[:, 0, 3:] ** 2).sum(1).mean())
        found.append(100 * size.sum(1) / size.sum())
    spared = np.array(found[1:])
    half = student_t(0.95, len(spared) - 1) * np.sqrt((len(spared) - 1) * spared.var(0))
    table = ex.lag_importance()
    np.testing.assert_allclose(table["importance"], found[0])
    np.testing.assert_allclose(table["high"] - table["importance"], half)


# Networks -----------------------------------------------------------------------------------------


class Begun(nn.Module):
    """A recurrent network that is given the state it begins with, as rows first or as torch's."""

    def __init__(self, kind, *, form="rows", **options):
        super().__init__()
        self.cell = kind(3, 4, **{"batch_first": True, **options})
        both = 2 if options.get("bidirectional") else 1
        self.head, self.form = nn.Linear(4 * both, 2), form

    def forward(self, x, h0, c0=None):
        turned = [
            h if h is None or self.form == "torch" else h[None] if h.ndim == 2 else h.movedim(1, 0)
            for h in (h0, c0)
        ]
        turned = [None if h is None else h.contiguous() for h in turned]
        states = turned[0] if c0 is None else tuple(turned)
        out = self.cell(x, states)[0]
        return self.head(out[:, -1] if self.cell.batch_first else out[-1])


class Paired(nn.Module):
    """An LSTM that takes its two states as a tuple."""

    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x, state):
        return self.head(self.cell(x, state)[0][:, -1])


def cell(kind, **options):
    torch.manual_seed(0)
    return Begun(kind, **options).double()


def layer():
    torch.manual_seed(0)
    return nn.LSTM(3, 4, batch_first=True).double()


def paired():
    torch.manual_seed(0)
    return Paired().double()


n = 12
x = X[:n]
NETWORKS = {
    "rnn": (lambda: cell(nn.RNN), (x, normal(n, 4)), {}),
    "gru": (lambda: cell(nn.GRU), (x, normal(n, 1, 4)), {}),
    "lstm": (lambda: cell(nn.LSTM), (x, normal(n, 4), normal(n, 4, seed=5)), {}),
    "torch's axes": (lambda: cell(nn.GRU, form="torch"), (x, normal(1, n, 4)), {}),
    "stacked": (
        lambda: cell(nn.GRU, form="torch", num_layers=2, dropout=0.5),
        (x, normal(2, n, 4)),
        {},
    ),
    "both ways": (lambda: cell(nn.RNN, bidirectional=True), (x, normal(n, 2, 4)), {}),
    "a tuple of states": (paired, (x, (normal(1, n, 4), normal(1, n, 4, seed=5))), {}),
    "steps first": (
        lambda: cell(nn.GRU, form="torch", batch_first=False),
        (x.movedim(0, 1), normal(1, n, 4)),
        {"layout": "tnp"},
    ),
    "a dict": (lambda: cell(nn.GRU), {"h0": normal(n, 4), "x": x}, {}),
    "a dict of a tuple": (
        paired,
        {"x": x, "state": (normal(1, n, 4), normal(1, n, 4, seed=5))},
        {},
    ),
    "the layer itself": (
        layer,
        (x, (normal(1, n, 4), normal(1, n, 4, seed=5))),
        {},
    ),
}


def flat(given):
    parts = list(given.values()) if isinstance(given, dict) else list(given)
    return [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]


def rows_first(one):
    return one if one.shape[0] == n else one.movedim(1, 0)


def rebuilt(given, tensors):
    """The form of `given` with other tensors, whose rows come first."""
    left = iter(tensors)

    def like(part):
        if isinstance(part, tuple):
            return tuple(like(one) for one in part)
        found = next(left)
        return found if part.shape[0] == n else found.movedim(1, 0).contiguous()

    if isinstance(given, dict):
        return {key: like(part) for key, part in given.items()}
    return like(given)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_derivatives_agree_with_finite_differences(name, training):
    make, given, options = NETWORKS[name]
    model = make().train(training)
    before = belongings(model, given)
    ex = nbx.explain(model, given, scale="none", response="raw", batch_size=5, **options)
    assert belongings(model, given) == before
    trusted = make().eval()

    def outputs(tensors):
        made = rebuilt(given, tensors)
        found = trusted(**made) if isinstance(made, dict) else trusted(*made)
        return found[0][:, -1] if isinstance(found, tuple) else found

    tensors = tuple(rows_first(one).contiguous() for one in flat(given))
    oracle = central_differences(outputs, tensors)
    place = next(i for i, one in enumerate(tensors) if one.shape[1:] == (STEPS, 3))
    states = torch.cat([g.flatten(2) for i, g in enumerate(oracle) if i != place], 2).numpy()
    steps = oracle[place].numpy()
    np.testing.assert_allclose(ex.attributions[:, :, 1:, :3], steps, rtol=1e-5, atol=1e-8)
    np.testing.assert_allclose(ex.attributions[:, :, 0, 3:], states, rtol=1e-5, atol=1e-8)
    assert not ex.attributions[:, :, 0, :3].any()
    assert not ex.attributions[:, :, 1:, 3:].any()
    squares = (states**2).sum(2).mean(0).sum(0)
    map_ = ex.lag_map(0).to_numpy()
    np.testing.assert_allclose(map_.sum(0), ex.importances(0).share)
    np.testing.assert_allclose(map_.sum(), 100)
    assert squares > 0
    assert (map_[STEPS, 3:] > 0).all()
    assert not map_[:STEPS, 3:].any()


def test_states_are_called_as_the_forward_calls_them():
    def named(name):
        make, given, options = NETWORKS[name]
        return list(nbx.explain(make(), given, **options).features.states)

    assert named("lstm") == named("a tuple of states") == ["h0", "c0"]
    assert named("a dict") == ["h0"]
    alone = nbx.explain(nn.GRU(3, 4, batch_first=True).double(), (x, normal(1, n, 4)))
    assert alone.features.lag_names[-1] == "hx"
    anonymous = nbx.explain(lambda *given: given[0].sum((1, 2)) + given[1].sum(1), (x, x[:, 0]))
    assert list(anonymous.features.states) == ["h0"]


def test_what_is_called_otherwise_stays_a_table():
    ex = nbx.explain(lambda x, static: x.sum((1, 2)) + static.sum(1), (x, normal(n, 2)))
    assert ex.features.kind == "table"
    two = nbx.explain(lambda x, z: x.sum((1, 2)) + z.sum((1, 2)), (x, normal(n, 7, 2)))
    assert two.features.kind == "table"
    assert two.notes[0].startswith("x and z are laid side by side as a table, without lags: ")
    frame = pd.DataFrame(normal(n, 2).numpy(), columns=["age", "income"])
    named = nbx.explain(lambda x, state: x.sum((1, 2)) + state.sum(1), (x, frame))
    assert named.features.names[-2:] == ("age", "income")


def test_codes_that_a_model_embeds_come_along():
    class Coded(nn.Module):
        def __init__(self):
            super().__init__()
            self.codes, self.cell = nn.Embedding(3, 4), nn.GRU(3, 4, batch_first=True)

        def forward(self, x, code, h0):
            return self.cell(x, h0 + self.codes(code))[0][:, -1]

    codes = torch.arange(n) % 3
    ex = nbx.explain(Coded().double(), (x, codes, normal(1, n, 4)))
    assert ex.features.states == ("h0",)
    assert ex.lag_importance()["importance"][STEPS] > 0


# Everything else that an explanation does ---------------------------------------------------------


def test_one_row_is_explained_kept_new_or_on_demand(tmp_path):
    model, h0 = cell(nn.GRU, form="torch"), normal(1, N, 4)
    ex = nbx.explain(model, (X, h0), np.arange(N) % 2)
    other = nbx.explain(model, (X, h0), np.arange(N) % 2, keep=0)
    table = ex.local(7)
    pd.testing.assert_frame_equal(other.local(7), table)
    for row in ((X[7], h0[:, 7]), (X[7:8], h0[:, 7:8])):
        pd.testing.assert_frame_equal(ex.local(row), table)
    lags = ex.lag_map(row=7)
    np.testing.assert_allclose(lags.sum(), table["importance"])
    assert lags["h0"][STEPS] == pytest.approx(table["importance"]["h0"])
    ex.save(tmp_path / "begun.nbx")
    again = nbx.load(tmp_path / "begun.nbx")
    pd.testing.assert_frame_equal(again.lag_map(), ex.lag_map())
    assert again.features.lag_names == ex.features.lag_names
    for response in ("raw", "logodds"):
        switched = nbx.explain(model, (X, h0), np.arange(N) % 2, response=response)
        found = ex.with_response(response).lag_importance("1")
        np.testing.assert_allclose(found, switched.lag_importance("1"))


def test_a_new_row_may_come_with_its_states_in_a_tuple():
    h0, c0 = normal(1, N, 4), normal(1, N, 4, seed=5)
    ex = nbx.explain(paired(), (X, (h0, c0)), outputs=[0])
    pd.testing.assert_frame_equal(ex.local((X[3], (h0[:, 3], c0[:, 3]))), ex.local(3))


def test_neither_batches_nor_their_source_change_the_answer():
    model, h0 = cell(nn.GRU), normal(N, 4)
    ex = nbx.explain(model, (X, h0)).lag_map()
    small = nbx.explain(model, (X, h0), batch_size=7).lag_map()
    np.testing.assert_allclose(small, ex)
    loader = DataLoader(TensorDataset(X, h0, torch.arange(N) % 2), 50)
    streamed = [(a, b) for a, b, _ in loader]
    np.testing.assert_allclose(nbx.explain(model, streamed, batch_size=9).lag_map(), ex)
    loaded = nbx.explain(model, loader).lag_map("1")
    held = nbx.explain(model, (X, h0), np.arange(N) % 2).lag_map("1")
    np.testing.assert_allclose(loaded, held)


def test_lags_and_groups_keep_their_names():
    ex = nbx.explain(Recurrence(), (X, H0), lag_unit="h", groups={"bc": ["x1", "x2"]})
    assert ex.features.lag_names == ("0 h", "1 h", "2 h", "3 h", "4 h", "h0")
    assert ex.lag_importance().index.name == "lag (h)"
    assert list(ex.lag_map().columns) == ["x0", "bc", "h0"]
    days = nbx.explain(Recurrence(), (X, H0), lag_unit=["Fr", "Th", "We", "Tu", "Mo"])
    assert days.features.lag_names == ("Fr", "Th", "We", "Tu", "Mo", "h0")
    named = nbx.explain(Recurrence(), (X, H0), feature_names=["a", "b", "c"])
    assert list(named.features.names) == ["a", "b", "c", "h0"]


def test_the_papers_formula_leaves_the_state_out():
    literal = nbx.Sensitivity(definition="lag0")
    ex = nbx.explain(Recurrence(), (X, H0), scale="none", method=literal)
    expected = 100 * np.array([1, 2, 0.5, 0]) / 3.5
    np.testing.assert_allclose(ex.importances().share, expected, atol=1e-9)


# Sentences ----------------------------------------------------------------------------------------


def refused(model, given, **options):
    with pytest.raises(ValueError, match=r"\.$") as error:
        nbx.explain(model, given, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_state_whose_rows_fit_no_axis_is_refused():
    assert refused(cell(nn.GRU), (x, normal(2, 7, 4))) == (
        "h0 has the shape [2, 7, 4], but none of its first axes is the 12 rows of X: pass an "
        "initial state as [rows, features], [rows, layers, features] or [layers, rows, features]."
    )
    assert refused(cell(nn.GRU), (x[:2], normal(2, 2, 4))) == (
        "h0 has the shape [2, 2, 4] and X has 2 rows, which may lie along either of its first "
        "axes: explain more rows, or fewer."
    )


def test_what_has_no_meaning_with_states_is_refused():
    every = nbx.Sensitivity(steps="valid")
    alone = nn.GRU(3, 4, batch_first=True).double()
    assert refused(alone, (x, normal(1, n, 4)), method=every) == (
        "steps='valid' counts lags from every step of the output, and hx stands at another one "
        "from each: leave it out, and the last step is explained."
    )
    assert refused(cell(nn.GRU), (x, normal(n, 4)), scale=[1.0] * 3) == (
        "scale has 3 units, but X has 7 columns, the entries of its initial states among them."
    )
    names = refused(cell(nn.GRU), (x, normal(n, 4)), feature_names=["a"])
    assert names.startswith("feature_names has 1 names")
