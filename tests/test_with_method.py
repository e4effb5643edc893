"""`ex.with_method`: what `explain` gives with that method, of the same copy and data, once."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.methods import METHODS
from tests.belongings import belongings

X = pd.DataFrame(
    np.random.default_rng(0).standard_normal((120, 4)), columns=["age", "red", "blue", "sum"]
).astype("float32")
Y = np.where(X["age"] + X["red"] * X["sum"] > 0, "yes", "no")


def network(inputs=4, outputs=2, seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(inputs, 8), nn.ReLU(), nn.Linear(8, outputs))


def same(one, other):
    assert one.asked == other.asked
    assert one.question == other.question
    assert one.notes == other.notes
    pd.testing.assert_frame_equal(one.importance(), other.importance())
    np.testing.assert_array_equal(one.rows, other.rows)
    np.testing.assert_array_equal(one.attributions, other.attributions)
    np.testing.assert_array_equal(one.predictions, other.predictions)
    if one.base_values is not None:
        np.testing.assert_array_equal(one.base_values, other.base_values)


ASKED = {
    "classes": {},
    "a response of the user's": {"response": "raw"},
    "one output": {"outputs": "yes"},
    "groups": {"groups": {"colour": ["red", "blue"]}},
    "kept rows": {"keep": [3, 5, 8]},
    "few kept, drawn": {"keep": 20, "seed": 3},
    "per unit": {"scale": "none"},
    "small batches": {"batch_size": 32, "confidence": 0.9},
    "the loss": {"response": "loss"},
}


@pytest.mark.parametrize("options", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize("method", METHODS)
def test_it_is_what_explain_gives(method, options):
    model = network()
    ex = nbx.explain(model, X, Y, **options)
    same(ex.with_method(method), nbx.explain(model, X, Y, method=method, **options))


def test_and_back_it_is_the_scale_that_was_asked_for():
    """Contributions ignore the scale; a sensitivity asked of them has it again."""
    model = network()
    ex = nbx.explain(model, X, Y, method="deeplift", scale="none")
    same(ex.with_method("sensitivity"), nbx.explain(model, X, Y, scale="none"))


def test_sequences_and_steps():
    rows = torch.randn(60, 5, 2, generator=torch.Generator().manual_seed(1))
    lengths = torch.arange(60) % 4 + 2
    model = lambda x: (x * torch.arange(1.0, 6)[:, None]).cumsum(1)[..., :1].tanh()  # noqa: E731
    ex = nbx.explain(model, rows, lengths=lengths, method=nbx.Sensitivity(steps="valid"))
    given = {"lengths": lengths, "method": "deeplift"}
    same(ex.with_method("deeplift"), nbx.explain(model, rows, **given))


def test_each_method_is_asked_once():
    calls = 0

    class Counted(nn.Linear):
        def forward(self, x):
            nonlocal calls
            calls += 1
            return super().forward(x)

    ex = nbx.explain(Counted(4, 1), X)
    first = ex.with_method("integrated_gradients")
    before = calls
    assert ex.with_method("integrated_gradients") is first
    assert ex.with_method(nbx.IntegratedGradients()) is first
    assert first.with_method("sensitivity") is ex
    assert calls == before
    assert ex.with_method("sensitivity") is ex
    other = ex.with_method(nbx.IntegratedGradients(baseline="zero"))
    assert other is not first
    assert ex.with_method(nbx.IntegratedGradients(baseline=0.0)) is not other
    own = nbx.IntegratedGradients(baseline=np.zeros(4))
    assert ex.with_method(own) is ex.with_method(own)


def test_a_response_that_is_shown_is_asked_for():
    model = network()
    ex = nbx.explain(model, X, Y)
    assert ex.with_method("deeplift").response == "logodds"
    raw = ex.with_response("raw")
    other = raw.with_method("deeplift")
    same(other, nbx.explain(model, X, Y, method="deeplift", response="raw"))
    assert other.with_method("sensitivity") is raw


def test_the_copy_is_asked_and_nothing_of_the_user_s_changes():
    model = network().train()
    ex = nbx.explain(model, X, Y)
    expected = nbx.explain(model, X, Y, method="deeplift")
    with torch.no_grad():
        model[0].weight.mul_(3)
    before = belongings(model)
    found = ex.with_method("deeplift")
    assert belongings(model) == before
    pd.testing.assert_frame_equal(found.importance(), expected.importance())


def test_what_can_be_tried_is_told(tmp_path):
    ex = nbx.explain(network(), X, Y)
    assert ex.methods == tuple(METHODS)
    ex.save(tmp_path / "ex.nbx")
    loaded = nbx.load(tmp_path / "ex.nbx")
    assert loaded.methods == ("sensitivity",)
    with pytest.raises(ValueError, match="X and the model, which are no longer at hand"):
        loaded.with_method("deeplift")


def test_a_stream_whose_rows_are_gone_is_refused():
    batches = (torch.randn(16, 4) for _ in range(3))
    ex = nbx.explain(network(), batches)
    assert ex.methods == ("sensitivity",)
    with pytest.raises(ValueError, match="stream whose rows are gone"):
        ex.with_method("gradient_x_input")


def test_texts_have_every_method():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 1))
    ids = torch.randint(0, 9, (40, 3))
    ex = nbx.explain(model, ids)
    for method in ex.methods:
        found = ex.with_method(method)
        same = nbx.explain(model, ids, method=method)
        np.testing.assert_allclose(found.attributions, same.attributions)
        assert found.question == same.question


def test_what_a_method_has_no_rule_for_is_named_and_nothing_is_left():
    def model(x):
        return torch.cross(x[:, :3], x[:, 1:], dim=1)[:, :1]

    ex = nbx.explain(model, torch.randn(40, 4, generator=torch.Generator().manual_seed(0)))
    for _ in range(2):
        with pytest.raises(ValueError, match="cross"):
            ex.with_method("deeplift")
    assert ex.with_method("integrated_gradients").method == "integrated_gradients"
    with pytest.raises(ValueError, match="did you mean 'deeplift'"):
        ex.with_method("deeplit")


def test_one_that_was_interrupted_is_asked_again():
    def interrupt(*_):
        raise KeyboardInterrupt

    model = network()
    ex = nbx.explain(model, X, Y, batch_size=50)
    part = ex.with_method("deeplift", progress=interrupt)
    assert part.count == 50
    assert part.with_method("sensitivity") is ex
    whole = ex.with_method("deeplift")
    same(whole, nbx.explain(model, X, Y, batch_size=50, method="deeplift"))
    assert ex.with_method("deeplift") is whole


def test_progress_is_told():
    told = []
    nbx.explain(network(), X, Y, batch_size=50).with_method(
        "deeplift", progress=lambda done, total: told.append((done, total))
    )
    assert told == [(50, 120), (100, 120), (120, 120)]
