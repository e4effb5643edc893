"""The front door: from a model and data to tables, and what it leaves behind."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx

X = torch.randn(300, 3, generator=torch.Generator().manual_seed(0))
frame = pd.DataFrame(
    X.numpy(), columns=["age", "income", "rooms"], index=[f"r{i}" for i in range(300)]
)


def linear(*weights):
    """A model whose outputs are these linear functions of the columns."""
    w = torch.tensor(weights)
    return lambda x: x @ w.T


def test_the_papers_simulation_by_exact_gradients_is_within_a_twentieth_of_a_point():
    data = nbx.datasets.simulation(100_000, seed=1)
    found = nbx.explain(data.f, data.X, scale="none").importance()["importance"]
    assert (found - data.truth).abs().max() < 0.05


def test_shares_of_a_linear_model_are_its_weights_times_the_spread():
    spread = X.double().std(0, correction=0).numpy()
    rms = np.abs([2.0, -1, 0.5]) * spread
    table = nbx.explain(linear([2.0, -1, 0.5]), X).importance().loc[["x0", "x1", "x2"]]
    np.testing.assert_allclose(table["importance"], 100 * rms / rms.sum(), rtol=1e-6)
    np.testing.assert_allclose(table["rms"], rms, rtol=1e-6)
    np.testing.assert_allclose(table["mean"], [2, -1, 0.5] * spread, rtol=1e-6)
    literal = nbx.explain(linear([2.0, -1, 0.5]), X, scale="none").importance()
    np.testing.assert_allclose(literal["rms"], [2, 1, 0.5], rtol=1e-6)
    units = nbx.explain(linear([2.0, -1, 0.5]), X, scale=[1, 10, 2]).importance()
    assert units["rms"].round(5).to_dict() == {"x1": 10, "x0": 2, "x2": 1}


def test_the_table_is_as_promised():
    table = nbx.explain(linear([1.0, 3.0, 2.0]), frame, scale="none").importance()
    assert list(table.columns) == ["importance", "low", "high", "rms", "mean", "std", "cumulative"]
    assert table.index.name == "feature"
    assert list(table.index) == ["income", "rooms", "age"]
    assert table["cumulative"].iloc[-1] == pytest.approx(100)
    assert (table["low"] <= table["importance"]).all()
    assert (table["importance"] <= table["high"]).all()


def test_an_unused_input_is_exactly_zero_and_said():
    ex = nbx.explain(linear([1.0, 0.0, 2.0]), frame)
    assert ex.importance().loc["income", "importance"] == 0
    assert any("Not used" in note and "income" in note for note in ex.notes)


def test_a_column_the_forward_never_reads_is_exactly_zero():
    ex = nbx.explain(lambda x: x[:, :2].sum(1), X)
    assert ex.importance().loc["x2", "rms"] == 0


def test_a_constant_model():
    ex = nbx.explain(lambda x: torch.ones(len(x), 1), X)
    assert ex.importance()["importance"].isna().all()
    assert "does not depend on any input" in ex.notes[0]


def test_one_row():
    ex = nbx.explain(linear([3.0, 1.0, 0.0]), X[:1])
    assert ex.importance()["importance"].tolist() == [75, 25, 0]
    assert ex.importance()["low"].isna().all()
    assert any("no interval" in note for note in ex.notes)
    assert ex.question.endswith("1 row")


def test_batches_change_nothing():
    model = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    whole = nbx.explain(model, X, batch_size=300).importance()
    for size in (1, 7, 64, 299):
        parts = nbx.explain(model, X, batch_size=size).importance()
        pd.testing.assert_frame_equal(parts, whole, rtol=1e-5)


def test_groups_add_their_squares_inside_the_root():
    ex = nbx.explain(
        linear([3.0, 4.0, 5.0]), frame, groups={"home": ["age", "rooms"]}, scale="none"
    )
    table = ex.importance()
    assert table["rms"].round(5).to_dict() == {"home": round(34**0.5, 5), "income": 4}
    assert ex.local("r0")["importance"].round(4).to_dict() == {"home": 68, "income": 32}


def test_a_one_hot_group_shows_the_column_that_is_on():
    hot = pd.DataFrame({"size": [1.0, 2, 3], "red": [1, 0, 0], "blue": [0, 1, 1]})
    ex = nbx.explain(linear([1.0, 2, 3]), hot, groups={"colour": ["red", "blue"]})
    assert ex.local(2)["value"].to_dict() == {"size": 3.0, "colour": "blue"}
    both = ex.local([5.0, 1, 1])
    assert both["value"]["size"] == 5
    assert pd.isna(both["value"]["colour"])


# Classes, outputs and responses


def classifier(outputs=3, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, outputs))


def test_classes_name_the_outputs_and_make_it_probabilities():
    y = np.array(["cat", "dog", "eel"])[np.arange(300) % 3]
    ex = nbx.explain(classifier(), X, y)
    assert ex.outputs == ("cat", "dog", "eel")
    assert ex.response == "prob"
    np.testing.assert_allclose(ex.predictions.sum(1), 1, rtol=1e-5)
    assert np.isnan(ex.importance()["mean"]).all()
    assert not np.isnan(ex.importance("dog")["mean"]).any()


def test_a_float_target_is_a_regression_named_after_it():
    ex = nbx.explain(classifier(1), X, pd.Series(X[:, 0].numpy(), name="price"))
    assert (ex.response, ex.outputs) == ("raw", ("price",))
    assert ex.question == "Sensitivity of price per standard deviation of each input, 300 rows"


def test_the_question_names_the_positive_class():
    y = pd.Series(np.arange(300) % 2, name="default")
    ex = nbx.explain(classifier(2), X, y)
    assert ex.question == "Sensitivity of P(default) per standard deviation of each input, 300 rows"
    assert ex.default_output == "1"
    pd.testing.assert_series_equal(
        ex.importance()["importance"], ex.importance("1")["importance"], rtol=1e-5
    )


@pytest.mark.parametrize("head", ["softmax", "logsoftmax", "sigmoid"])
def test_a_network_that_ends_in_probabilities_is_not_squashed_twice(head):
    ends = {"softmax": nn.Softmax(1), "logsoftmax": nn.LogSoftmax(1), "sigmoid": nn.Sigmoid()}
    body = classifier(1 if head == "sigmoid" else 3)
    bare = nbx.explain(body, X, np.arange(300) % (2 if head == "sigmoid" else 3))
    for y in (None, np.arange(300) % (2 if head == "sigmoid" else 3)):
        ex = nbx.explain(nn.Sequential(body, ends[head]), X, y)
        assert ex.response == "prob"
        np.testing.assert_allclose(ex.attributions, bare.attributions, rtol=1e-4, atol=1e-7)
        np.testing.assert_allclose(ex.predictions, bare.predictions, rtol=1e-4)


@pytest.mark.parametrize("response", ["raw", "prob", "logodds"])
def test_switching_the_response_is_explaining_it_anew(response):
    y = np.arange(300) % 3
    ex = nbx.explain(classifier(), X, y).with_response(response)
    anew = nbx.explain(classifier(), X, y, response=response)
    pd.testing.assert_frame_equal(ex.importance("1"), anew.importance("1"), rtol=1e-5)
    np.testing.assert_allclose(ex.attributions, anew.attributions, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(ex.predictions, anew.predictions)
    assert ex.question == anew.question


def test_switching_costs_no_sweep_when_rows_are_kept_and_one_pass_otherwise():
    calls = 0

    def model(x):
        nonlocal calls
        calls += 1
        return x @ torch.arange(9.0).view(3, 3)

    y = np.arange(300) % 3
    ex = nbx.explain(model, X, y)
    before = calls
    ex.with_response("logodds").importance()
    assert calls == before
    # Not all kept: the other responses' sums were formed along the way.
    few = nbx.explain(model, X, y, keep=5)
    before = calls
    pd.testing.assert_frame_equal(
        few.with_response("logodds").importance(), ex.with_response("logodds").importance()
    )
    assert calls == before


def test_log_odds_of_two_classes_is_the_difference_of_the_logits():
    w = torch.tensor([[1.0, -2, 3], [0.5, 1, 1]])
    ex = nbx.explain(lambda x: x @ w.T, X, np.arange(300) % 2, response="logodds", scale="none")
    np.testing.assert_allclose(ex.attributions[0, 1], w[1] - w[0], rtol=1e-5)


def test_a_single_logit_is_never_shown_without_saying_that_it_is_not_identified():
    ex = nbx.explain(classifier(), X, np.arange(300) % 3, response="raw")
    assert any("not identified" in note for note in ex.notes)


def test_regression_outputs_combine_by_their_spread():
    ex = nbx.explain(linear([1.0, 0, 0], [0, 1000.0, 0]), X, scale="none")
    shares = ex.importance()["importance"]
    sd = X.double().std(0, correction=0)
    expected = (1 / sd[:2]) / (1 / sd[:2]).sum()
    np.testing.assert_allclose(shares[["x0", "x1"]], 100 * expected, rtol=1e-6)


def test_many_outputs_of_a_regression_are_all_explained():
    targets = torch.randn(300, 12, dtype=torch.float64)
    assert len(nbx.explain(classifier(12), X, targets).outputs) == 12


def test_a_single_output_is_named_after_the_second_class():
    ex = nbx.explain(classifier(1), X, np.array(["good", "bad"])[np.arange(300) % 2])
    assert ex.outputs == ("good",)  # "bad" comes first in the alphabet
    assert ex.question.startswith("Sensitivity of P(good)")
    assert ex.importance("y0").equals(ex.importance())


def test_sigmoids_side_by_side_are_probabilities_each_on_its_own():
    body = classifier(3)
    ex = nbx.explain(nn.Sequential(body, nn.Sigmoid()), X)
    assert ex.response == "prob"
    np.testing.assert_allclose(ex.predictions, body(X).sigmoid().detach(), rtol=1e-5)
    odds = ex.with_response("logodds")
    raw = nbx.explain(body, X)
    np.testing.assert_allclose(odds.attributions, raw.attributions, rtol=1e-3, atol=1e-5)


def test_outputs_between_0_and_1_need_not_be_probabilities():
    ex = nbx.explain(lambda x: x[:, :2].sigmoid() * 0.9, X)
    assert (ex.response, ex.responses) == ("raw", ("raw",))


def test_a_response_and_back_is_the_same_explanation():
    ex = nbx.explain(classifier(), X, np.arange(300) % 3)
    assert ex.with_response("raw").with_response("prob") is ex


def test_outputs_chosen_by_name_and_position():
    y = np.array(["cat", "dog", "eel"])[np.arange(300) % 3]
    one = nbx.explain(classifier(), X, y, outputs="dog")
    two = nbx.explain(classifier(), X, y, outputs=["eel", 0])
    whole = nbx.explain(classifier(), X, y)
    assert one.outputs == ("dog",)
    assert two.outputs == ("eel", "cat")
    pd.testing.assert_frame_equal(one.importance(), whole.importance("dog"))
    np.testing.assert_allclose(two.attributions, whole.attributions[:, [2, 0]])
    pd.testing.assert_frame_equal(two.importance(1), whole.importance("cat"))


def test_many_outputs_are_explained_by_the_predicted_one():
    model = classifier(12)
    ex = nbx.explain(model, X, np.arange(300) % 12, scale="none")
    assert ex.outputs == ("predicted",)
    assert "predicted output" in ex.question
    assert "12" in ex.question
    x = X.clone().requires_grad_()
    p = model(x).softmax(1)
    (best,) = torch.autograd.grad(p.max(1).values.sum(), x)
    np.testing.assert_allclose(ex.attributions[:, 0], best, rtol=1e-4, atol=1e-7)
    named = nbx.explain(model, X, np.arange(300) % 12, outputs=[3], scale="none")
    (third,) = torch.autograd.grad(model(x).softmax(1)[:, 3].sum(), x)
    np.testing.assert_allclose(named.attributions[:, 0], third, rtol=1e-4, atol=1e-7)


def test_the_loss():
    model, y = classifier(), torch.arange(300) % 3
    ex = nbx.explain(model, X, y, response="loss", scale="none")
    x = X.clone().requires_grad_()
    loss = nn.functional.cross_entropy(model(x), y, reduction="none")
    np.testing.assert_allclose(ex.predictions[:, 0], loss.detach(), rtol=1e-5)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    np.testing.assert_allclose(ex.attributions[:, 0], gradient, rtol=1e-4, atol=1e-7)
    assert "the loss" in ex.question
    squared = nbx.explain(linear([1.0, 2, 3]), X, X[:, 0].double() + 0.5, response="loss")
    assert squared.outputs == ("loss",)


@pytest.mark.parametrize("head", [nn.Identity(), nn.Sigmoid()])
def test_the_loss_of_a_single_output_for_two_classes(head):
    model, y = nn.Sequential(classifier(1), head), torch.arange(300) % 2
    ex = nbx.explain(model, X, y.bool(), response="loss", scale="none")
    p = classifier(1)(X).sigmoid()[:, 0]
    loss = nn.functional.binary_cross_entropy(p, y.float(), reduction="none")
    np.testing.assert_allclose(ex.predictions[:, 0], loss.detach(), rtol=1e-4)


def test_a_response_of_ones_own_chooses_from_what_the_model_returns():
    model = classifier()

    def margin(out):
        return out["scores"][:, 0] - out["scores"][:, 1]

    ex = nbx.explain(lambda x: {"scores": model(x), "hidden": x}, X, response=margin, scale="none")
    x = X.clone().requires_grad_()
    z = model(x)
    (gradient,) = torch.autograd.grad((z[:, 0] - z[:, 1]).sum(), x)
    np.testing.assert_allclose(ex.attributions[:, 0], gradient, rtol=1e-5)
    assert ex.response == "margin"


def test_output_names():
    ex = nbx.explain(classifier(2), X, output_names=["low", "high"])
    assert ex.outputs == ("low", "high")


# Rows


def test_local_of_a_kept_row_of_another_row_and_of_a_new_one_agree():
    model = classifier(1)
    every = nbx.explain(model, frame)
    some = nbx.explain(model, frame, keep=[4])
    assert some.rows.tolist() == [4]
    for row in ("r4", "r200"):
        pd.testing.assert_frame_equal(some.local(row), every.local(row))
    swapped = frame.loc[["r200"], ["rooms", "age", "income"]]
    pd.testing.assert_frame_equal(some.local(swapped), every.local("r200"))
    plain = nbx.explain(model, X).local(X[200])
    np.testing.assert_allclose(plain, every.local("r200"), rtol=1e-5)


def test_local_importance_is_the_share_of_the_square():
    ex = nbx.explain(linear([2.0, 1.0, -1.0]), frame, scale="none")
    table = ex.local("r3")
    assert table["attribution"].tolist() == [2, 1, -1]
    np.testing.assert_allclose(table["importance"], [400 / 6, 100 / 6, 100 / 6])
    absolute = ex.local("r3", definition="absolute")
    np.testing.assert_allclose(absolute["importance"], [50, 25, 25])
    np.testing.assert_allclose(table["value"], frame.loc["r3"])


def test_the_papers_local_oracle():
    # METHODS A9 at x0 = (π/2, 0, 0, 0, 0).
    ex = nbx.explain(nbx.datasets.simulation(10).f, torch.tensor([[np.pi / 2, 0, 0, 0, 0]]))
    found = ex.local(0)["importance"]
    expected = [14.285510206997, 14.285510206997, 57.142040827988, 14.285510206997, 0.001428551]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_local_takes_the_predicted_class():
    y = np.array(["cat", "dog", "eel"])[np.arange(300) % 3]
    ex = nbx.explain(classifier(), X, y)
    best = ex.outputs[ex.predictions[7].argmax()]
    pd.testing.assert_frame_equal(ex.local(7), ex.local(7, output=best))


def test_kept_rows_are_a_seeded_sample_and_said():
    ex = nbx.explain(classifier(), X, keep=10, seed=4)
    again = nbx.explain(classifier(), X, keep=10, seed=4, batch_size=13)
    assert len(ex.rows) == 10
    assert (np.diff(ex.rows) > 0).all()
    assert ex.rows.tolist() == again.rows.tolist()
    assert ex.attributions.shape == (10, 3, 3)
    assert any("10 of 300 rows" in note for note in ex.notes)
    assert nbx.explain(classifier(), X, keep=10, seed=5).rows.tolist() != ex.rows.tolist()
    assert nbx.explain(classifier(), X, keep=0).attributions.shape[0] == 0


# What it leaves behind


def test_an_interrupt_keeps_what_was_seen_and_says_so():
    def stop(done, total):
        assert total == 300
        if done >= 128:
            raise KeyboardInterrupt

    ex = nbx.explain(linear([1.0, 2, 3]), X, batch_size=64, progress=stop)
    assert ex.count == 128
    assert any("128 of 300" in note for note in ex.notes)
    pd.testing.assert_frame_equal(
        ex.importance(), nbx.explain(linear([1.0, 2, 3]), X[:128]).importance(), rtol=1e-6
    )


def test_an_interrupted_stream_says_so_too():
    def stop(done, total):
        assert total is None
        if done >= 100:
            raise KeyboardInterrupt

    ex = nbx.explain(linear([1.0, 2, 3]), iter(X.split(50)), progress=stop)
    assert "Interrupted: 100 rows were explained." in ex.notes


def test_an_interrupt_before_anything_was_seen_is_an_interrupt():
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nbx.explain(stop, X)


def test_an_interrupt_in_the_first_batch_is_an_interrupt():
    def stop(x):
        if len(x) > 64:  # past the look at the first rows
            raise KeyboardInterrupt
        return x

    with pytest.raises(KeyboardInterrupt):
        nbx.explain(stop, X)


def test_a_streams_pass_equals_that_of_its_rows():
    model = classifier(1)
    stream = nbx.explain(model, (X[i : i + 50] for i in range(0, 300, 50)))
    pd.testing.assert_frame_equal(
        stream.importance(), nbx.explain(model, X).importance(), rtol=1e-5
    )
    assert stream.count == 300


def test_rows_keep_their_positions_where_batches_are_cut():
    # The stream comes in batches of 150 rows, the work is done in 64.
    stream = nbx.explain(lambda x: x**2, iter([X[:150], X[150:]]), batch_size=64, keep=[140, 250])
    assert stream.rows.tolist() == [140, 250]
    whole = nbx.explain(lambda x: x**2, X, keep=[140, 250])
    np.testing.assert_allclose(stream.attributions, whole.attributions, rtol=1e-6)


def test_progress_is_told_and_silence_is_silent(capfd):
    told = []
    nbx.explain(
        classifier(), X, batch_size=100, progress=lambda done, total: told.append((done, total))
    )
    assert told == [(100, 300), (200, 300), (300, 300)]
    nbx.explain(classifier(), X, progress=False)
    assert capfd.readouterr() == ("", "")
    nbx.explain(classifier(), X, progress=True)
    assert "300" in capfd.readouterr().err


def test_steps_and_roundings_are_noticed():
    ex = nbx.explain(lambda x: x[:, 0] + x[:, 1].round(), X)
    assert any("moves with x1" in note for note in ex.notes)


def test_raw_units_are_noticed():
    units = X * torch.tensor([1.0, 1000.0, 1.0])
    ex = nbx.explain(linear([1.0, 1.0, 1.0]), units, scale="none")
    assert any("different units" in note for note in ex.notes)


def test_constant_columns_are_noticed():
    constant = X.clone()
    constant[:, 1] = 0.3
    ex = nbx.explain(linear([1.0, 1.0, 1.0]), constant)
    assert ex.notes == ("Constant in X, so without a standard deviation to move by: x1.",)


def test_few_rows_are_noticed():
    assert "Only 40 rows: the intervals rest on little." in nbx.explain(classifier(), X[:40]).notes
    assert nbx.explain(classifier(), X).notes == ()


def test_probabilities_without_log_odds_are_counted():
    hard = lambda x: torch.stack([(60 * x[:, 0]).sigmoid(), 1 - (60 * x[:, 0]).sigmoid()], 1)  # noqa: E731
    ex = nbx.explain(hard, X, response="logodds")
    lost = int(((hard(X) == 0) | (hard(X) == 1)).sum())
    assert lost > 0
    assert any(note.startswith(f"{lost} probabilities are exactly 0 or 1") for note in ex.notes)
    assert not any("exactly 0 or 1" in note for note in ex.with_response("prob").notes)


def test_a_saturated_response_is_noticed():
    # All but flat on every row, yet one row apart decides the spread of the outputs.
    flat = lambda x: torch.where(x[:, 0] > 10, 1.0, 0.0).to(x) + 1e-16 * x.sum(1)  # noqa: E731
    outlier = X.double().clone()
    outlier[0] = 100
    ex = nbx.explain(nn.Sequential(nn.Identity(), Flat(flat)).double(), outlier)
    assert any("saturated" in note for note in ex.notes)


class Flat(nn.Module):
    """A function as a module, in double precision."""

    def __init__(self, f):
        super().__init__()
        self.f = f
        self.register_buffer("precision", torch.zeros(1, dtype=torch.float64))

    def forward(self, x):
        return self.f(x)


def test_images_have_a_feature_an_entry_or_a_channel():
    images = torch.randn(20, 2, 3, 3)
    model = nn.Sequential(nn.Flatten(), nn.Linear(18, 1))
    entries = nbx.explain(model, images)
    assert entries.attributions.shape == (20, 1, 2, 3, 3)
    assert "x[1,2,0]" in entries.importance().index
    assert entries.scale == "none"
    channels = nbx.explain(model, images, feature_names=["red", "blue"]).importance()
    weight = model[1].weight.detach().view(2, 9).abs().sum(1)
    np.testing.assert_allclose(
        channels.loc[["red", "blue"], "importance"], 100 * weight / weight.sum(), rtol=1e-5
    )


def test_provenance_says_what_was_run():
    record = nbx.explain(classifier(), X, seed=3).provenance
    assert record["nbexplain"] == nbx.__version__
    assert record["torch"] == torch.__version__
    assert record["seed"] == 3


def test_a_last_batch_of_one_row_is_read_as_the_first_was():
    # With one row, the hidden state [1, 16] fits in more ways than with many.
    layer = nn.Linear(3, 2)
    model = lambda x: (x.new_zeros(1, len(x), 2), layer(x), x.new_zeros(16))  # noqa: E731
    ex = nbx.explain(model, X[:65], batch_size=64, scale="none")
    np.testing.assert_allclose(ex.attributions[64], layer.weight.detach(), rtol=1e-6)


def test_images_in_another_memory_layout():
    images = torch.randn(20, 2, 3, 3).contiguous(memory_format=torch.channels_last)
    ex = nbx.explain(lambda x: x[:, 0].flatten(1).sum(1) + x[:, 1, 0, 0].round(), images)
    assert ex.attributions[:, 0, 0].tolist() == np.ones((20, 3, 3)).tolist()
    assert any("moves with x[1,0,0]" in note for note in ex.notes)
