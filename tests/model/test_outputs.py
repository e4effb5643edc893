"""The outputs are found where the choice is clear; where it is not, a sentence says what to do."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from nbexplain.model import describe, pick
from tests.zoo import ModelOutput

N = 5


def scores(k: int) -> Tensor:
    return torch.arange(float(N * k)).reshape(N, k)


@dataclass
class Record:
    hidden: Tensor
    logits: Tensor | None


CLEAR = [
    ("matrix", scores(3), scores(3), None),
    ("vector", scores(1)[:, 0], scores(1), None),
    ("pooled image", scores(3)[..., None, None], scores(3), None),
    ("tuple of one", (scores(3),), scores(3), None),
    (
        "first of a tuple",
        (scores(3), scores(7)),
        scores(3),
        "a tuple; its element 0 of shape [n, 3]",
    ),
    ("mean and variance", (scores(1), scores(1) + 1), scores(1), "element 0 of shape [n, 1]"),
    ("loss first", (torch.tensor(1.0), scores(3)), scores(3), "element 1 of shape [n, 3]"),
    ("attention first", (torch.zeros(N, 2, 4, 4), scores(3)), scores(3), "element 1"),
    ("states behind", (scores(3), (scores(4), scores(4))), scores(3), "element 0"),
    ("list of one", [scores(3)], scores(3), None),
    ("dict of one", {"y": scores(3)}, scores(3), None),
    ("logits of a dict", {"h": scores(9), "logits": scores(3)}, scores(3), "a dict; its 'logits'"),
    ("only matrix of a dict", {"a": torch.zeros(N, 2, 2), "b": scores(3)}, scores(3), "its 'b'"),
    ("model output", ModelOutput(loss=None, logits=scores(3)), scores(3), "a ModelOutput; its"),
    ("dataclass", Record(scores(9), scores(3)), scores(3), "a Record; its 'logits'"),
    ("distribution", torch.distributions.Categorical(logits=scores(3).double()), None, None),
]


@pytest.mark.parametrize(
    ("returned", "expected", "note"), [c[1:] for c in CLEAR], ids=[c[0] for c in CLEAR]
)
def test_clear_choices(returned, expected, note):
    picked = pick(returned, rows=N)
    if expected is None:
        expected = returned.logits
    assert torch.equal(picked.outputs, expected)
    assert picked.names is None
    assert (picked.note is None) == (note is None)
    assert (note or "") in (picked.note or "")


def test_single_outputs_of_a_dict_are_put_side_by_side_under_their_keys():
    picked = pick({"price": scores(1), "demand": 2 * scores(1)[:, 0].double()}, rows=N)
    assert picked.names == ("price", "demand")
    assert picked.outputs.dtype == torch.float64
    assert torch.equal(picked.outputs, torch.cat([scores(1), 2 * scores(1)], 1).double())


@pytest.mark.parametrize(
    "returned", [torch.tensor(2.0), torch.tensor([2.0]), torch.tensor([[2.0]])]
)
def test_a_single_row_may_be_squeezed(returned):
    assert pick(returned, rows=1).outputs.tolist() == [[2.0]]


def test_the_choice_for_a_single_row_is_that_for_many():
    def returned(n):
        return torch.tensor(1.0), torch.ones(n, 3)

    assert pick(returned(1), 1).note == pick(returned(7), 7).note


def test_outputs_keep_their_graph():
    x = torch.ones(N, 2, requires_grad=True)
    pick({"a": x[:, 0], "b": x[:, 1] ** 2}, rows=N).outputs.sum().backward()
    assert x.grad[0].tolist() == [1, 2]


UNCLEAR = [
    (None, TypeError, "returns nothing (None)"),
    (3, TypeError, "returns an int"),
    ("cat", TypeError, "returns a str"),
    (np.zeros((N, 2)), TypeError, "a NumPy array, which has no derivative"),
    (nn.Linear(1, 1), TypeError, "returns a Linear"),
    (scores(3).argmax(1), TypeError, "return the scores before argmax"),
    (scores(3) > 1, TypeError, "returns integers (bool)"),
    (torch.complex(scores(3), scores(3)), TypeError, "response=lambda out: out.abs()"),
    (scores(3).to_sparse(), TypeError, "to_dense"),
    (torch.tensor(1.0), ValueError, "a single number for 5 rows"),
    (torch.zeros(1, 3), ValueError, "returns 1 rows (shape [1, 3]) for 5 rows of X"),
    (torch.zeros(N, 0), ValueError, "no outputs"),
    (torch.zeros(N, 4, 3), ValueError, "shape [n, 4, 3]"),
    (torch.zeros(N, 4, 3), ValueError, "response=lambda out: out[:, -1]"),
    (torch.zeros(N, 1, 3), ValueError, "shape [n, 1, 3]"),
    ([scores(3), scores(3)], ValueError, "a list of (float32 [n, 3], float32 [n, 3])"),
    ([scores(3), scores(3)], ValueError, "pass response=lambda out: out[0]"),
    ([1.0, 2.0], TypeError, "returns a list of (a float, a float)"),
    ([], TypeError, "returns a list of ()"),
    ({"a": scores(3), "b": scores(2)}, ValueError, "pass response=lambda out: out['a']"),
    ({"labels": scores(3).argmax(1)}, TypeError, "argmax"),
    ((torch.zeros(N, 4, 3), torch.zeros(2)), ValueError, "(float32 [n, 4, 3], float32 [2])"),
    (((scores(3), None), None), ValueError, "a tuple of (a tuple of (float32 [n, 3], None), None)"),
    (Record(torch.zeros(N, 2, 2), None), ValueError, "lambda out: out.hidden[:, -1]."),
    ((torch.zeros(N, 4, 3), (torch.zeros(1, N, 3),)), ValueError, "lambda out: out[0][:, -1]."),
    (torch.zeros(N, 3, 8, 8), ValueError, "response=lambda out: out[:, :, 0, 0]."),
    ({"a": None, "b": (scores(3), 1)}, ValueError, "response=lambda out: out['b']."),
    (torch.distributions.Normal(scores(1), scores(1) + 1), TypeError, "lambda out: out.mean"),
]  # fmt: skip


@pytest.mark.parametrize(("returned", "kind", "sentence"), UNCLEAR, ids=[c[2] for c in UNCLEAR])
def test_one_sentence_says_what_was_returned_and_what_to_pass(returned, kind, sentence):
    with pytest.raises(kind) as refused:
        pick(returned, rows=N)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("The model returns ")
    assert "\n" not in str(refused.value)


def test_descriptions_stay_short():
    described = describe(tuple(range(100)), rows=N)
    assert described == "a tuple of (an int, an int, an int, an int, an int, an int, …)"


def test_steps_that_became_rows_are_counted():
    with pytest.raises(
        ValueError, match=r"15 rows \(shape \[15, 1\]\) for 3 rows of X, 5 for each"
    ):
        pick(torch.zeros(15, 1), 3)
    with pytest.raises(ValueError, match=r"2 rows \(shape \[2, 1\]\) for 3 rows of X: return"):
        pick(torch.zeros(2, 1), 3)
