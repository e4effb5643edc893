"""Attributions of captum and shap in our tables, files and pages."""

import subprocess
import sys
import warnings
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.notebook import wire

pytestmark = pytest.mark.filterwarnings("ignore:Input Tensor . did not already require")


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def network(outputs=3):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, outputs)).double()


X = pd.DataFrame(
    normal(30, 4).numpy(),
    columns=["age", "income", "debt", "rooms"],
    index=[f"r{i}" for i in range(30)],
)
CLASSES = ["no", "perhaps", "yes"]


@pytest.fixture(params=["captum", "shap"])
def other(request):
    """The same attributions through either door."""
    if request.param == "captum":
        return lambda phi, X, **given: nbx.from_captum(list(np.moveaxis(phi, -1, 0)), X, **given)
    return nbx.from_shap


def test_shares_and_rows_are_those_of_the_numbers(other):
    phi = X.to_numpy()[..., None] * np.array([[1, 2, -3, 0], [4, 0, 1, 1.0]]).T
    ex = other(phi, X, output_names=["low", "high"], base_values=[0.5, -1.0])
    for k, name in enumerate(["low", "high"]):
        size = np.abs(phi[..., k]).mean(0)
        table = ex.importance(name)
        np.testing.assert_allclose(table.importance[X.columns], 100 * size / size.sum())
        np.testing.assert_allclose(table["mean"][X.columns], phi[..., k].mean(0))
        local = ex.local("r7", name)
        np.testing.assert_allclose(local.attribution, phi[7, :, k])
        np.testing.assert_allclose(local.value, X.loc["r7"])
        share = 100 * np.abs(phi[7, :, k]) / np.abs(phi[7, :, k]).sum()
        np.testing.assert_allclose(local.importance, share)
    np.testing.assert_allclose(ex.base_values, np.tile([0.5, -1.0], (30, 1)))
    np.testing.assert_allclose(ex.predictions, phi.sum(1) + np.array([0.5, -1.0]))
    assert list(ex.labels) == list(X.index)


def test_captums_integrated_gradients_are_ours():
    attr = pytest.importorskip("captum.attr")
    model, x = network(), torch.from_numpy(X.to_numpy().copy())
    method = attr.IntegratedGradients(model)
    theirs = {
        name: method.attribute(x, target=k, n_steps=64, method="gausslegendre")
        for k, name in enumerate(CLASSES)
    }
    with torch.no_grad():
        base, predictions = model(torch.zeros(1, 4).double())[0], model(x)
    ex = nbx.from_captum(
        theirs, X, method="IntegratedGradients", base_values=base, predictions=predictions
    )
    ours = nbx.explain(
        model,
        X,
        method=nbx.IntegratedGradients(baseline="zero", n_steps=64),
        response="raw",
        output_names=CLASSES,
    )
    pd.testing.assert_frame_equal(ex.importance(), ours.importance(), atol=1e-5)
    pd.testing.assert_frame_equal(ex.local("r3", "yes"), ours.local("r3", "yes"), atol=1e-5)
    np.testing.assert_allclose(ex.base_values, ours.base_values)
    np.testing.assert_allclose(ex.gaps, 0, atol=1e-6)
    assert ex.question == (
        f"IntegratedGradients by captum {version('captum')} of the 3 outputs combined against the "
        "given baseline, 30 rows"
    )


def test_captums_several_inputs_stand_side_by_side():
    attr = pytest.importorskip("captum.attr")
    series, person = normal(12, 5, 2), normal(12, 3, seed=1)

    def model(a, b):
        return (a * a).sum((1, 2)) + 2 * b.sum(1)

    theirs = attr.InputXGradient(model).attribute((series, person))
    ex = nbx.from_captum(theirs, {"series": series, "person": person}, method="InputXGradient")
    np.testing.assert_allclose(ex.attributions[:, 0, :10], 2 * (series**2).flatten(1))
    np.testing.assert_allclose(ex.attributions[:, 0, 10:], 2 * person)
    assert ex.features.names[0] == "series[0,0]"
    assert ex.features.names[-1] == "person[2]"
    with pytest.raises(ValueError, match=r"attributions are of 2 inputs, but inputs is 1 input"):
        nbx.from_captum(theirs, series)


def test_sequences_have_lags():
    attr = pytest.importorskip("captum.attr")
    windows = normal(40, 5, 2)
    theirs = attr.InputXGradient(lambda x: 3 * x[:, -1, 0] - x[:, -3, 1]).attribute(windows)
    ex = nbx.from_captum(theirs, windows, lag_unit="h", feature_names=["flow", "rain"])
    flow, rain = 3 * windows[:, -1, 0].abs().mean(), windows[:, -3, 1].abs().mean()
    found = ex.lag_importance().importance
    wanted = np.array([flow, 0, rain, 0, 0]) * 100 / float(flow + rain)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert found.index.name == "lag (h)"
    assert ex.features.lag_names[2] == "2 h"


def test_images_are_pictures_of_channels():
    pixels = normal(6, 2, 3, 3)
    ex = nbx.from_captum(pixels, pixels, feature_names=["red", "green"])
    assert ex.features.kind == "image"
    size = pixels.sum((2, 3)).abs().mean(0)
    np.testing.assert_allclose(
        ex.importance().importance[["red", "green"]], 100 * size / size.sum()
    )


@pytest.fixture
def exact():
    shap = pytest.importorskip("shap")
    model = network()

    def predicted(rows):
        with torch.no_grad():
            return model(torch.as_tensor(np.asarray(rows))).softmax(1).numpy()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return shap.explainers.Exact(predicted, X)(X), predicted(X)


def test_an_explanation_of_shap_comes_with_all_it_has(exact):
    values, predicted = exact
    y = pd.Series(pd.Categorical(np.array(CLASSES)[predicted.argmax(1)], CLASSES), name="answer")
    ex = nbx.from_shap(values, y=y, response="prob", predictions=predicted, method="ExactExplainer")
    assert ex.outputs == tuple(CLASSES)
    assert ex.features.names == tuple(X.columns)
    np.testing.assert_allclose(ex.attributions, np.moveaxis(values.values, -1, 1))
    np.testing.assert_allclose(ex.base_values, values.base_values)
    np.testing.assert_allclose(ex.gaps, 0, atol=1e-6)
    assert ex.question_about("yes") == (
        f"ExactExplainer by shap {version('shap')} of P(answer = yes) against the explainer's "
        "background, 30 rows"
    )
    assert not [note for note in ex.notes if "Predictions" in note]


def test_parts_of_a_shap_explanation(exact):
    values, predicted = exact
    one = nbx.from_shap(values[:, :, 2], X, output_names=["yes"])
    np.testing.assert_allclose(one.attributions[:, 0], values.values[..., 2])
    np.testing.assert_allclose(one.predictions[:, 0], predicted[:, 2], atol=1e-6)
    row = nbx.from_shap(values[4])
    np.testing.assert_allclose(row.attributions[0], values.values[4].T)
    np.testing.assert_allclose(row.base_values[0], values.base_values[4])
    single = nbx.from_shap(values[4, :, 2])
    np.testing.assert_allclose(single.attributions[0, 0], values.values[4, :, 2])


def test_a_row_of_a_frame_keeps_its_names_and_its_label():
    phi = X.to_numpy()
    one = nbx.from_shap(phi[4], X.iloc[4], base_values=0.5)
    pd.testing.assert_frame_equal(
        one.local("r4"), nbx.from_shap(phi, X, base_values=0.5).local("r4")
    )


def test_arrays_as_old_and_new_shap_return_them():
    shap = pytest.importorskip("shap")
    model, x = network().float(), torch.tensor(X.to_numpy(), dtype=torch.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        explainer = shap.DeepExplainer(model, x[:10])
        new = explainer.shap_values(x)
        held = explainer(x)
    with torch.no_grad():
        predictions = model(x)
    base = explainer.expected_value
    for values in (new, list(np.moveaxis(new, -1, 0)), held):
        ex = nbx.from_shap(values, X, base_values=base, predictions=predictions)
        np.testing.assert_allclose(ex.attributions, np.moveaxis(new, -1, 1))
        np.testing.assert_allclose(ex.gaps, 0, atol=1e-5)
        np.testing.assert_allclose(ex.base_values[3], base)


def test_several_inputs_of_shap():
    shap = pytest.importorskip("shap")

    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second = nn.Linear(4, 2), nn.Linear(3, 2)

        def forward(self, a, b):
            return self.first(a) + self.second(b)

    torch.manual_seed(0)
    a, b = normal(20, 4).float(), normal(20, 3, seed=1).float()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = shap.GradientExplainer(Two(), [a, b]).shap_values([a[:6], b[:6]])
    ex = nbx.from_shap(values, [a[:6], b[:6]])
    wanted = np.concatenate(values, axis=1)
    np.testing.assert_allclose(ex.attributions, np.moveaxis(wanted, -1, 1))
    old = [[v[..., k] for v in values] for k in range(2)]
    again = nbx.from_shap(old, (a[:6], b[:6]))
    np.testing.assert_array_equal(again.attributions, ex.attributions)


def test_a_gap_of_theirs_is_said():
    phi = X.to_numpy()
    ex = nbx.from_captum(phi, X, base_values=0, predictions=phi.sum(1) * 2)
    np.testing.assert_allclose(ex.gaps[:, 0], phi.sum(1))
    assert "Contributions do not add up on 30 of 30 rows" in " ".join(ex.notes)


def test_what_single_precision_rounds_off_is_no_gap():
    """Contributions that cancel, in single precision as captum's mostly are, told in double."""
    phi = X.to_numpy().copy()
    phi[:, 3] = -phi[:, :3].sum(1)
    ex = nbx.from_captum(phi.astype("float32"), X, base_values=0, predictions=phi.sum(1))
    assert np.abs(ex.gaps).max() > 1e-9
    assert "add up" not in " ".join(ex.notes)


def test_without_a_base_nothing_is_said_to_add_up(other):
    phi = np.stack([X.to_numpy(), 2 * X.to_numpy()], axis=2)
    ex = other(phi, X)
    assert ex.base_values is None
    assert ex.gaps is None
    assert np.isnan(ex.predictions).all()
    assert "Predictions were not given, and are not shown: pass predictions=." in ex.notes
    assert not ex.asked.baseline
    assert ex.question.endswith("of the 2 outputs combined, 30 rows")
    size = X.abs().mean()
    np.testing.assert_allclose(ex.importance().importance[X.columns], 100 * size / size.sum())


def test_groups_add_up_with_their_signs():
    phi = X.to_numpy()
    ex = nbx.from_captum(phi, X, groups={"money": ["income", "debt"]})
    total = np.abs(phi[:, 1] + phi[:, 2]).mean()
    size = np.array([np.abs(phi[:, 0]).mean(), total, np.abs(phi[:, 3]).mean()])
    found = ex.importance().importance[["age", "money", "rooms"]]
    np.testing.assert_allclose(found, 100 * size / size.sum())


def test_files_and_pages_say_the_same(tmp_path, other):
    phi = np.stack([X.to_numpy(), -X.to_numpy()], axis=2)
    given = {"base_values": 0.5, "y": ["no", "yes"] * 15, "response": "prob"}
    ex = other(phi, X, **given)
    ex.save(tmp_path / "theirs.nbx")
    again = nbx.load(tmp_path / "theirs.nbx")
    assert (again.question, again.notes) == (ex.question, ex.notes)
    pd.testing.assert_frame_equal(again.importance(), ex.importance())
    pd.testing.assert_frame_equal(again.local("r5"), ex.local("r5"))
    for one in (ex, again):
        state = wire.state(one)
        assert state["instances"]["additive"]
        assert state["instances"]["base"]["shape"] == [30, 2]
        assert state["meta"]["baseline"] == ex.asked.baseline
        assert state["meta"]["by"] == ex.asked.by
        one.save_html(tmp_path / "theirs.html")
        assert one.question in (tmp_path / "theirs.html").read_text().replace("&#x27;", "'")
        assert one._repr_mimebundle_().keys() >= {"text/html", "text/plain"}
        one.chart("local", row="r5").to_dict()


def test_what_takes_the_model_is_refused(other):
    ex = other(np.stack([X.to_numpy()], axis=2), X)
    lacks = r"came without a model to explain {}: call nbx.explain\(model, X\)"
    with pytest.raises(ValueError, match=lacks.format("a new row")):
        ex.local(X.iloc[[0]])
    with pytest.raises(ValueError, match=lacks.format("a new row")):
        ex.nearest(X.iloc[[0]])
    from nbexplain.explanation.edited import changes, edited

    with pytest.raises(ValueError, match=lacks.format("a changed row")):
        edited(ex, 0, changes(ex, {"age": 3}))
    with pytest.raises(ValueError, match=lacks.format("by method='deeplift'")):
        ex.with_method("deeplift")
    with pytest.raises(ValueError, match="row='x' is not among the 30 rows whose attributions"):
        ex.local("x")
    with pytest.raises(ValueError, match="needs another pass"):
        ex.with_response("prob")
    assert list(ex.nearest("r0", 2).index) == list(
        nbx.explain(network(1), X).nearest("r0", 2).index
    )


def test_their_arrays_stay_theirs():
    phi, rows = normal(10, 3), normal(10, 3, seed=1)
    before = phi.clone(), rows.clone()
    ex = nbx.from_captum(phi.requires_grad_(), rows)
    kept = ex.attributions.copy()
    with torch.no_grad():
        phi.mul_(0)
    np.testing.assert_array_equal(ex.attributions, kept)
    assert torch.equal(rows, before[1])
    np.testing.assert_array_equal(kept[:, 0], before[0])


def nan(row):
    found = X.to_numpy().copy()
    found[row, 2] = np.nan
    return found


theirs, shaps, PHI = nbx.from_captum, nbx.from_shap, X.to_numpy()
BAD = {
    "shape": (lambda: theirs(PHI[:, :3], X), r"shape \[30, 3\], but inputs has \[30, 4\]"),
    "embeddings": (lambda: theirs(normal(30, 4, 8), X), r"add up its last axis, .sum\(-1"),
    "nan": (lambda: theirs(nan(3), X), "attributions is not finite at row 3"),
    "nan among rows": (lambda: shaps(PHI, nan(3)), "data is NaN or infinite in 1 of its 30"),
    "base": (lambda: theirs(PHI, X, base_values=[1, 2, 3]), r"base_values has the shape \[3"),
    "nan base": (lambda: theirs(PHI, X, base_values=np.nan), "base_values is not finite"),
    "predictions": (
        lambda: theirs([PHI, PHI], X, predictions=PHI[:, 0]),
        r"predictions has the shape \[30\], but there are 30 rows and 2 outputs: pass \[30, 2\]",
    ),
    "one prediction for all": (
        lambda: theirs(PHI, X, predictions=0.5),
        r"predictions has the shape \[\], but there are 30 rows and 1 output: pass \[30\]",
    ),
    "predictions of one row for all": (
        lambda: theirs([PHI, PHI], X, predictions=[0.5, 1.0]),
        r"predictions has the shape \[2\], but there are 30 rows and 2 outputs: pass \[30, 2\]",
    ),
    "names": (lambda: theirs(PHI, X, feature_names=list("abcd")), "does not match X's own"),
    "fewer names": (lambda: theirs(PHI, PHI, feature_names=["a"]), "feature_names has 1"),
    "outputs": (lambda: theirs(PHI, X, output_names=["a", "b"]), "output_names is 2 names"),
    "labels": (lambda: theirs(PHI, X, labels=["a"]), "labels has 1 names, but there are 30"),
    "y": (lambda: theirs(PHI, X, y=[1, 2]), "y has 2 values and inputs has 30 rows"),
    "classes": (lambda: theirs(PHI, X, y=list("abcde") * 6), "y has 5 classes"),
    "response": (lambda: theirs(PHI, X, response="probs"), "did you mean 'prob'"),
    "nothing": (lambda: theirs([], X), "attributions are empty"),
    "no data": (lambda: shaps(PHI), "pass data=X"),
    "interactions": (
        lambda: shaps(PHI[:, :, None] * PHI[:, None], X),
        "values are interactions",
    ),
    "inputs": (lambda: shaps([PHI], (PHI, PHI)), "values are 1 array, but data is 2 inputs"),
    "text": (lambda: shaps(PHI, X.astype(str)), "data has 4 columns that the model cannot"),
    "delta": (lambda: theirs((PHI, PHI[:, 0]), X), "return_convergence_delta"),
    "no arrays": (lambda: theirs(nn.Linear(2, 1), X), "attributions is of type Linear"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_arrays_get_one_clear_sentence(case):
    call, said = BAD[case]
    with pytest.raises((ValueError, TypeError), match=said):
        call()


def test_neither_library_is_needed():
    code = (
        "import sys, numpy as np; sys.modules['captum'] = sys.modules['shap'] = None;"
        "import nbexplain as nbx; X = np.eye(3);"
        "print(nbx.from_captum(X, X).question, nbx.from_shap(X, X).question, sep='; ')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == (
        "Attributions by captum of y0, 3 rows; SHAP values by shap of y0, 3 rows"
    )
