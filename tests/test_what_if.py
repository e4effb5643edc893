"""Rows with some of their values changed, and the real rows nearest to one."""

import numpy as np
import pandas as pd
import pytest
import torch

import nbexplain as nbx
from nbexplain.explanation.edited import Change, bounds, changes, edited, named
from tests.belongings import belongings

DRAW = np.random.default_rng(3)
LABELS = [f"r{k}" for k in range(60)]


def frame(columns="abcd"):
    X = pd.DataFrame(DRAW.normal(size=(60, len(columns))), LABELS, list(columns))
    X["a"] = 50_000 + 9_000 * X["a"]  # in the frame's own unit
    return X


def network(inputs, outputs, *first):
    torch.manual_seed(1)
    layers = torch.nn.Linear(inputs, 6), torch.nn.Tanh(), torch.nn.Linear(6, outputs)
    return torch.nn.Sequential(*first, *layers).double()


class Scaled(torch.nn.Module):
    """A network's own scaler."""

    def __init__(self, X):
        super().__init__()
        self.register_buffer("mean", torch.tensor(X.mean().to_numpy()))
        self.register_buffer("std", torch.tensor(X.std().to_numpy()))

    def forward(self, x):
        return (x - self.mean) / self.std


def differences(f, x, size=1e-5):
    """Central differences of `f`, `[rows] → [rows, outputs]`, at one row: `[outputs, entries]`."""
    x = x.double()
    steps = torch.eye(x.numel(), dtype=torch.float64).view(-1, *x.shape) * size
    with torch.no_grad():
        return ((f(x + steps) - f(x - steps)) / (2 * size)).T.numpy()


def test_the_answer_is_the_models_in_the_frames_own_units():
    X = frame()
    model = network(4, 1, Scaled(X))
    ex = nbx.explain(model, X, scale="none")
    row = edited(ex, 7, changes(ex, {"a": 80_000, "c": -2}))
    changed = X.iloc[[7]].assign(a=80_000.0, c=-2.0)
    inputs = torch.tensor(changed.to_numpy())
    with torch.no_grad():
        np.testing.assert_allclose(row.outputs, model(inputs), rtol=1e-12)
    # The unit of a is large: so is the step.
    slopes = differences(lambda x: model.double()(x), inputs[0], 1e-3)
    np.testing.assert_allclose(row.jacobian[0], slopes, rtol=1e-5)
    found = ex.local(changed)
    np.testing.assert_allclose(found["attribution"], slopes[0], rtol=1e-5)
    assert found["value"].tolist() == row.values[0].tolist()


def test_without_changes_it_is_the_row_itself():
    ex = nbx.explain(network(4, 3), frame(), ["x", "y", "z"] * 20)
    row, kept = edited(ex, 5, []), ex.swept.sample
    np.testing.assert_allclose(row.jacobian[0], kept.jacobian[5], rtol=1e-12)
    assert row.target == kept.targets[5]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_classes_agree_with_the_model(dtype):
    X = torch.randn(40, 5, dtype=dtype)
    model = network(5, 3).to(dtype)
    ex = nbx.explain(model, X, [0, 1, 2, 0] * 10, scale="none")
    row = edited(ex, 2, changes(ex, {"x1": 0.75}))
    inputs = X[2:3].clone()
    inputs[0, 1] = 0.75
    with torch.no_grad():
        wanted = model(inputs)
        double = network(5, 3)
        double.load_state_dict(model.double().state_dict())
        slopes = differences(lambda x: torch.softmax(double(x), 1), inputs[0])
    np.testing.assert_allclose(row.outputs, wanted, rtol=1e-5)
    found = ex.local(inputs, output=1)["attribution"]
    np.testing.assert_allclose(found, slopes[1], atol=1e-5)


def test_several_inputs_and_codes_beside_them():
    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = torch.nn.Embedding(4, 3)
            self.out = torch.nn.Linear(2 + 3 + 3, 1)

        def forward(self, person, loan, code):
            return torch.tanh(self.out(torch.cat([person, loan, self.embed(code)], 1)))

    torch.manual_seed(0)
    X = {
        "person": pd.DataFrame(DRAW.normal(size=(30, 2)), columns=["age", "income"]),
        "loan": DRAW.normal(size=(30, 3)).astype("float32"),
        "code": np.arange(30) % 4,
    }
    model = Two()
    ex = nbx.explain(model, X)
    before = {name: np.array(part, copy=True) for name, part in X.items()}
    row = edited(ex, 6, changes(ex, {"income": 4.0, "loan[2]": -1.5}))
    person, loan = X["person"].to_numpy()[[6]].copy(), X["loan"][[6]].copy()
    person[0, 1], loan[0, 2] = 4.0, -1.5
    inputs = [torch.tensor(part).float() for part in (person, loan)]
    with torch.no_grad():
        wanted = model(*inputs, torch.tensor([6 % 4]))
    np.testing.assert_allclose(row.outputs, wanted, rtol=1e-5)
    assert row.values[0].tolist()[1] == 4.0
    for name, part in X.items():
        np.testing.assert_array_equal(np.asarray(part), before[name])


def lstm(layout="ntp"):
    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = torch.nn.LSTM(2, 5, batch_first=True)
            self.head = torch.nn.Linear(5, 1)

        def forward(self, x):
            x = x.mT if layout == "npt" else x
            return self.head(self.lstm(x)[0][:, -1])

    torch.manual_seed(0)
    return Net().double()


@pytest.mark.parametrize("layout", ["ntp", "npt"])
def test_sequences_are_edited_at_a_lag(layout):
    X = torch.randn(20, 6, 2, dtype=torch.float64)
    model = lstm(layout)
    ex = nbx.explain(model, X.mT if layout == "npt" else X, layout=layout, scale="none")
    row = edited(ex, 4, changes(ex, {("x1", 2): 3.0}))
    inputs = X[4:5].clone()
    inputs[0, 6 - 1 - 2, 1] = 3.0
    model_of = lstm()
    with torch.no_grad():
        np.testing.assert_allclose(row.outputs, model_of(inputs), rtol=1e-10)
    slopes = differences(model_of, inputs[0])
    np.testing.assert_allclose(row.jacobian.flatten(), slopes[0], atol=1e-8)


class Last(torch.nn.Module):
    """y = 3 x at the last existing step + x at the one before, plus the state."""

    def forward(self, x, lengths, h0=None):
        rows = torch.arange(len(x))
        y = 3 * x[rows, lengths - 1] ** 2 + x[rows, lengths - 2]
        return y if h0 is None else y + h0


def test_padded_rows_count_lags_from_their_last_step():
    X, lengths = torch.randn(20, 5, 1), torch.tensor([2, 3, 4, 5] * 5)
    X *= (torch.arange(5) < lengths[:, None])[..., None]
    ex = nbx.explain(Last(), (X, lengths), scale="none")
    row = edited(ex, 1, changes(ex, {("x0", 0): 2.0, ("x0", 1): 5.0}))
    assert row.outputs.item() == pytest.approx(3 * 4 + 5)
    assert row.jacobian.flatten().tolist() == pytest.approx([0, 1, 12, 0, 0])
    with pytest.raises(ValueError, match="no step at lag 3"):
        edited(ex, 1, changes(ex, {("x0", 3): 2.0}))


def test_states_are_edited_in_their_row():
    X, h0 = torch.randn(20, 5, 1), torch.randn(20, 1)
    model = lambda x, h0: 2 * x[:, -1] + h0**2  # noqa: E731
    ex = nbx.explain(model, {"x": X, "h0": h0}, scale="none")
    row = edited(ex, 1, changes(ex, {("h0", 5): 3.0, ("x0", 0): 1.0}))
    assert row.outputs.item() == pytest.approx(11)
    # The one value that there is needs no lag.
    assert changes(ex, {"h0": 3}) == (Change(1, 3.0, 5),)
    assert ex.features.names == ("x0", "h0")
    with pytest.raises(ValueError, match="no lag 6"):
        changes(ex, {("h0", 6): 3.0})
    with pytest.raises(ValueError, match="'h0' is not one number at lag 0"):
        changes(ex, {("h0", 0): 3.0})


class TestChoices:
    GROUPS = {  # noqa: RUF012
        "colour": ["red", "blue"],
        "size": ["big", "small"],
        "pay": ["p1", "p2"],
        "flags": ["f1", "f2"],
    }

    def explained(self):
        X = frame()
        X["red"], X["blue"] = X["b"] > 0, X["b"] < -1
        X["big"], X["small"] = 1.0 * (X["c"] > 0), 1.0 * (X["c"] <= 0)
        X["p1"], X["p2"] = X["c"] / 2, X["d"]
        X["f1"], X["f2"] = X["c"] > 0, X["d"] > 0
        return X, nbx.explain(network(12, 1, Scaled(X + 0.0)), X, groups=self.GROUPS)

    def test_are_where_at_most_one_column_is_1(self):
        _, ex = self.explained()
        assert ex.choices == {"colour": ("red", "blue", None), "size": ("big", "small")}

    @pytest.mark.parametrize(
        ("value", "red", "blue"), [("red", 1, 0), ("blue", 0, 1), (None, 0, 0)]
    )
    def test_switch_the_other_columns_off(self, value, red, blue):
        X, ex = self.explained()
        row = edited(ex, 3, changes(ex, {"colour": value}))
        wanted = X.iloc[[3]].assign(red=red, blue=blue)
        np.testing.assert_array_equal(row.values, wanted.to_numpy(float))

    def test_are_refused_where_there_is_none(self):
        _, ex = self.explained()
        with pytest.raises(ValueError, match="'size' is one of 'big', 'small', not 'huge'"):
            changes(ex, {"size": "huge"})
        with pytest.raises(ValueError, match="'size' is one of 'big', 'small', not None"):
            changes(ex, {"size": None})
        with pytest.raises(ValueError, match="'pay' is not one number: pass"):
            changes(ex, {"pay": 3})

    def test_have_no_bounds(self):
        X, ex = self.explained()
        assert bounds(ex, Change(4, "red")) is None
        assert bounds(ex, Change(1, 0.0)) == (X["b"].min(), X["b"].max())


def test_bounds_of_a_sequence_are_over_all_steps_that_exist():
    X, lengths = torch.rand(20, 5, 1) + 1, torch.tensor([2, 3, 4, 5] * 5)
    X = X.masked_fill((torch.arange(5) >= lengths[:, None])[..., None], -9)
    ex = nbx.explain(lambda x: x.clamp(min=0).sum(1), X, lengths=lengths)
    low, high = bounds(ex, Change(0, 0.0, 3))
    assert (low, high) == (X[X > 0].min(), X.max())


@pytest.mark.parametrize(
    ("edit", "error", "sentence"),
    [
        ({"ag": 1}, ValueError, "no feature 'ag'"),
        ({"a": "much"}, TypeError, "'a' is a number, not 'much'"),
        ({"a": np.nan}, ValueError, "'a' is a finite number"),
        ({("a", 1): 2}, ValueError, "X has no lags"),
        ({3: 2}, TypeError, "edit has the key 3"),
    ],
)
def test_what_no_row_can_have_is_refused(edit, error, sentence):
    ex = nbx.explain(network(4, 1), frame())
    with pytest.raises(error, match=sentence):
        changes(ex, edit)


def test_features_of_sequences_need_a_lag():
    ex = nbx.explain(lambda x: x[:, -1], torch.randn(9, 4, 2))
    with pytest.raises(ValueError, match=r"edit \(feature, lag\), such as \('x0', 0\)"):
        changes(ex, {"x0": 1.0})
    found = changes(ex, {("x0", 1): 1.0})
    assert named(ex, found) == {("x0", 1): 1.0}


def test_texts_are_refused():
    model = torch.nn.Sequential(
        torch.nn.Embedding(9, 3), torch.nn.Flatten(), torch.nn.Linear(12, 1)
    )
    ex = nbx.explain(model, torch.randint(0, 9, (30, 4)))
    with pytest.raises(ValueError, match="Tokens are not edited"):
        changes(ex, {("token", 0): 3})
    with pytest.raises(ValueError, match="Texts have no distance"):
        ex.nearest(0)


def test_what_is_not_finite_is_a_sentence_and_the_models_own_errors_come_through():
    def model(x):
        if (x > 9).any():
            raise RuntimeError("out of luck")
        return x.sqrt().sum(1, keepdim=True)

    ex = nbx.explain(model, torch.rand(30, 2) + 1)
    with pytest.raises(ValueError, match="not finite"):
        edited(ex, 0, changes(ex, {"x0": -1}))
    with pytest.raises(RuntimeError, match="out of luck"):
        edited(ex, 0, changes(ex, {"x0": 10}))


def test_the_model_and_the_data_are_untouched():
    X, model = frame(), network(4, 1, torch.nn.Dropout(0.5), torch.nn.BatchNorm1d(4)).eval()
    ex = nbx.explain(model, X)
    model.train()
    before, values = belongings(model), X.copy()
    edited(ex, 3, changes(ex, {"a": 1.0}))
    ex.nearest("r3")
    assert belongings(model) == before
    pd.testing.assert_frame_equal(X, values)


def test_without_the_model_it_says_so(tmp_path):
    ex = nbx.explain(network(4, 1), frame())
    ex.save(tmp_path / "ex.nbx")
    loaded = nbx.load(tmp_path / "ex.nbx")
    with pytest.raises(ValueError, match="no longer at hand"):
        edited(loaded, 3, changes(loaded, {"a": 1.0}))
    pd.testing.assert_frame_equal(loaded.nearest("r3"), ex.nearest("r3"))


class TestNearest:
    @pytest.mark.parametrize("scale", ["std", "none", [1.0, 2.0, 0.5, 4.0]])
    def test_is_by_the_explanations_scale(self, scale):
        X = frame()
        model = network(4, 1)
        ex = nbx.explain(model, X, scale=scale)
        unit = {"std": X.std(ddof=0), "none": 1}.get(str(scale), scale)
        new = X.iloc[[3]] + 0.1
        apart = np.sqrt((((X - new.to_numpy()) / unit) ** 2).sum(axis=1))
        wanted = apart.sort_values().head(4)
        found = ex.nearest(new, n=4)
        assert found.index.tolist() == wanted.index.tolist()
        np.testing.assert_allclose(found["distance"], wanted, rtol=1e-6)
        np.testing.assert_array_equal(found[list("abcd")], X.loc[found.index])
        with torch.no_grad():
            predicted = model(torch.tensor(X.loc[found.index].to_numpy()))
        np.testing.assert_allclose(found["prediction"], predicted[:, 0], rtol=1e-6)

    def test_a_row_is_not_near_itself(self):
        ex = nbx.explain(network(4, 1), frame())
        assert "r3" not in ex.nearest("r3", n=60).index
        assert len(ex.nearest("r3", n=99)) == 59

    def test_a_constant_column_does_not_count(self):
        X = frame().assign(c=1.0)
        ex = nbx.explain(network(4, 1), X)
        found = ex.nearest(X.iloc[[3]].assign(c=100.0), n=1)
        assert (found.index.tolist(), found["distance"].tolist()) == (["r3"], [0.0])

    def test_classes_have_the_prediction_of_the_output_and_groups_their_column(self):
        X = frame()
        X["red"], X["blue"] = 1.0 * (X["b"] > 0), 1.0 * (X["b"] <= 0)
        ex = nbx.explain(network(6, 2), X, ["no", "yes"] * 30, groups={"colour": ["red", "blue"]})
        found = ex.nearest("r8", output="yes")
        rows = [LABELS.index(label) for label in found.index]
        np.testing.assert_allclose(found["prediction"], ex.predictions[rows, 1])
        assert found["colour"].tolist() == ["red" if X["b"][k] > 0 else "blue" for k in found.index]

    def test_sequences_are_laid_with_their_last_steps_together(self):
        X = torch.zeros(3, 3, 1)
        X[0, :2, 0], X[1, :, 0], X[2, :, 0] = torch.tensor([1.0, 2.0]), torch.tensor([0.0, 1, 2]), 5
        ex = nbx.explain(lambda x: x.sum(1), X, lengths=[2, 3, 3], scale="none")
        found = ex.nearest(0)
        assert found.index.tolist() == [1, 2]
        assert found["distance"].tolist() == pytest.approx([0.0, np.sqrt(25 + 16 + 9)])

    def test_is_among_the_kept_rows(self):
        ex = nbx.explain(network(4, 1), frame(), keep=[1, 5])
        assert set(ex.nearest("r3").index) == {"r1", "r5"}

    def test_of_no_rows_is_refused(self):
        with pytest.raises(ValueError, match="n=0"):
            nbx.explain(network(4, 1), frame()).nearest("r3", n=0)
