"""Bad input: one sentence that names the argument, column or row, and nothing half done."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx

torch.manual_seed(0)
ROWS = 100
X = torch.randn(ROWS, 3)
frame = pd.DataFrame(X.numpy(), columns=list("abc"))
linear = nn.Linear(3, 1)
scores = nn.Linear(3, 4)


class Forward(nn.Module):
    """A network whose forward is written in the test."""

    def __init__(self, forward):
        super().__init__()
        self.layer = nn.Linear(3, 2)
        self.written = forward

    def forward(self, x):
        return self.written(self.layer, x)


def holed():
    x = X.clone()
    x[3, 1], x[7, 1] = float("nan"), float("inf")
    return x


@torch.no_grad()
def without_gradients(layer, x):
    return layer(x)


def returning(forward):
    model = Forward(forward)
    return lambda: nbx.explain(model, X)


def with_options(model=scores, data=X, y=None, **options):
    return lambda: nbx.explain(model, data, y, **options)


def labelled(*labels):
    return frame.set_index(pd.Index(list(labels) * (ROWS // len(labels))))


class Broken(Exception):
    """An error of the user's own."""


CASES = {
    # data
    "NaN in an array": (with_options(linear, holed()), ["X", "2 of its 100 rows", "'x1'"]),
    "NaN in a frame": (
        with_options(linear, pd.DataFrame(holed().numpy(), columns=list("abc"))),
        ["2 of its 100 rows", "'b'"],
    ),
    "another width": (with_options(linear, X[:, :2]), ["2 columns", "Linear", "3"]),
    "no rows": (with_options(linear, X[:0]), ["X has no rows"]),
    "text": (with_options(linear, frame.assign(b="red")), ["'b'", "red", "numbers"]),
    "dates": (with_options(linear, frame.assign(b=pd.Timestamp("2020-01-01"))), ["'b'", "dates"]),
    "categories": (
        with_options(linear, frame.assign(b=pd.Categorical(["u"] * ROWS))),
        ["'b'", "categories"],
    ),
    "ragged lists": (with_options(linear, [[1, 2, 3], [1, 2]]), ["row 0", "row 1"]),
    "no data": (with_options(linear, None), ["X is None"]),
    "a path": (with_options(linear, "data.csv"), ["X", "str"]),
    "complex numbers": (with_options(linear, X.to(torch.complex64)), ["complex"]),
    "token ids": (
        with_options(linear, torch.randint(0, 10, (20, 3))),
        ["integers", "no derivative", "int64", "nn.Embedding"],
    ),
    "model and data swapped": (lambda: nbx.explain(X, linear), ["network first"]),
    "a class": (with_options(nn.Linear), ["class Linear", "instance"]),
    "y of another length": (with_options(linear, X, X[:5, 0]), ["y has 5", "100 rows"]),
    "labels that fit no output": (
        with_options(scores, X, ["no", "yes"] * 50),
        ["2 classes", "4 outputs"],
    ),
    "integers that fit no output": (
        with_options(nn.Linear(3, 3), X, np.arange(ROWS) % 5),
        ["5 classes", "3 outputs"],
    ),
    # what the model returns
    "nothing": (returning(lambda layer, x: None), ["returns nothing"]),
    "integers": (returning(lambda layer, x: layer(x).argmax(1)), ["integers", "argmax"]),
    "a list": (returning(lambda layer, x: [1, 2]), ["a list", "must return a tensor"]),
    "one number": (returning(lambda layer, x: layer(x).mean()), ["single number"]),
    "too many axes": (
        returning(lambda layer, x: layer(x)[:, :, None].expand(-1, -1, 5)),
        ["[n, 2, 5]", "response="],
    ),
    "no gradient": (returning(without_gradients), ["no derivative", "no_grad"]),
    "detached": (returning(lambda layer, x: layer(x).detach()), ["no derivative", "detach"]),
    "outputs that are not numbers": (
        returning(lambda layer, x: (layer(x) - 100).log()),
        ["not finite", "row 0"],
    ),
    "derivatives that are not numbers": (
        returning(lambda layer, x: layer(x * 0).sub(layer.bias).abs().sqrt() + layer(x)),
        ["derivative is not finite", "column 'x0'"],
    ),
    "rows that influence each other": (
        returning(lambda layer, x: layer(x) - layer(x).mean(0)),
        ["Rows influence each other"],
    ),
    "batch statistics": (
        with_options(nn.Sequential(nn.BatchNorm1d(3, track_running_stats=False), linear)),
        ["Rows influence each other", "BatchNorm1d"],
    ),
    "noise": (
        returning(lambda layer, x: nn.functional.dropout(layer(x), 0.5, training=True)),
        ["different outputs for the same rows", "F.dropout"],
    ),
    # options
    "other names": (
        with_options(linear, frame, feature_names=["a", "b", "d"]),
        ["feature_names", "'d' for 'c'"],
    ),
    "names in another order": (
        with_options(linear, frame, feature_names=["b", "a", "c"]),
        ["another order"],
    ),
    "too few names": (with_options(linear, X, feature_names=["a"]), ["feature_names", "3"]),
    "unknown method": (with_options(method="lme"), ["method='lme'", "'sensitivity'"]),
    "a method that is none": (with_options(method=3), ["method=3", "nbx.Sensitivity()"]),
    "unknown output": (with_options(outputs="y9"), ["outputs='y9'", "'y3'"]),
    "output out of range": (with_options(outputs=7), ["outputs=7", "4 outputs"]),
    "no outputs": (with_options(outputs=[]), ["outputs is empty"]),
    "unknown response": (with_options(response="probs"), ["did you mean 'prob'"]),
    "a class response of a regression": (
        with_options(linear, X, X[:, 0], response="prob"),
        ["y is continuous"],
    ),
    "loss without y": (with_options(response="loss"), ["pass y"]),
    "target=": (with_options(target=1), ["target=", "outputs="]),
    "a slip of the pen": (with_options(bach_size=1), ["bach_size=", "did you mean batch_size="]),
    "names of other outputs": (with_options(output_names=["a"]), ["output_names", "4 outputs"]),
    "group of an unknown column": (
        with_options(linear, frame, groups={"g": ["a", "q"]}),
        ["groups['g']", "'q'"],
    ),
    "a column in two groups": (
        with_options(linear, frame, groups={"g": ["a", "b"], "h": ["b"]}),
        ["'b'", "groups['g']"],
    ),
    "unknown scale": (with_options(scale="sd"), ["scale='sd'", "'std'"]),
    "units of another width": (with_options(scale=[1, 2]), ["scale has 2 units", "3 columns"]),
    "confidence in percent": (with_options(confidence=95), ["confidence=95", "0.95"]),
    "batches of no rows": (with_options(batch_size=0), ["batch_size=0"]),
    "a negative seed": (with_options(seed=-1), ["seed=-1"]),
    "keep fewer than none": (with_options(keep=-1), ["keep=-1"]),
    "keep a row that is not there": (with_options(keep=[500]), ["keep", "0 to 99"]),
    # questions to a result
    "output of a result": (lambda: nbx.explain(scores, X).importance("nope"), ["'nope'", "'y0'"]),
    "row out of range": (lambda: nbx.explain(linear, X).local(1000), ["row=1000", "0 to 99"]),
    "unknown label": (
        lambda: nbx.explain(linear, labelled("p", "q")).local("z"),
        ["row='z'", "'p'"],
    ),
    "label of several rows": (
        lambda: nbx.explain(linear, labelled("p", "q")).local("p"),
        ["row='p'", "50 rows"],
    ),
    "new row with other columns": (
        lambda: nbx.explain(linear, frame).local(pd.DataFrame([[1.0, 2, 3]], columns=list("abz"))),
        ["'c'", "'z'"],
    ),
    "new row of another width": (lambda: nbx.explain(linear, X).local([1.0, 2]), ["[2]", "[3]"]),
    "several new rows": (lambda: nbx.explain(linear, X).local(X[:2]), ["2 rows", "one row"]),
    "share in percent": (lambda: nbx.explain(linear, X).select(90), ["share=90", "0.9"]),
    "selection from a constant": (
        lambda: nbx.explain(lambda x: torch.ones(len(x), 1), X).select(),
        ["does not depend"],
    ),
    "unknown definition": (
        lambda: nbx.explain(linear, X).local(0, definition="abs"),
        ["definition='abs'", "'absolute'"],
    ),
    "another response of a regression": (
        lambda: nbx.explain(linear, X, X[:, 0]).with_response("prob"),
        ["y is continuous"],
    ),
    "a response that needs another pass": (
        lambda: nbx.explain(scores, X, np.arange(ROWS) % 4, response="loss").with_response("prob"),
        ["another pass", "response='prob'"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_input_gets_one_clear_sentence(case):
    ask, words = CASES[case]
    x, table = X.clone(), frame.copy()
    random = torch.get_rng_state()
    with pytest.raises((ValueError, TypeError)) as caught:
        ask()
    sentence = str(caught.value)
    for word in words:
        assert word in sentence
    assert "\n" not in sentence
    assert len(sentence) < 320
    # Nothing half done.
    assert torch.equal(X, x)
    pd.testing.assert_frame_equal(frame, table)
    assert torch.equal(torch.get_rng_state(), random)
    assert linear.training
    assert linear.weight.requires_grad
    assert linear.weight.grad is None


def test_the_users_own_exceptions_come_through_unchanged():
    error = Broken("mine")

    def forward(x):
        raise error

    with pytest.raises(Broken) as caught:
        nbx.explain(forward, X)
    assert caught.value is error
