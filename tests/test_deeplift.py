"""The method object: its configuration, and what it hands to the engine."""

import numpy as np
import pytest
import torch

from nbexplain.methods.deeplift import DeepLift


def test_its_rule_reaches_the_engine():
    minimum = lambda i: (i[0][:, 0] - (i[0][:, 0] - i[0][:, 1]).relu())[:, None]  # noqa: E731
    x, zero = torch.tensor([[3.0, 1.0]]), torch.zeros(1, 2)
    for rule, expected in [("rescale", [0, 1]), ("revealcancel", [0.5, 0.5])]:
        outputs, before, found = DeepLift(rule=rule).attributions(minimum, (x,), (zero,))
        assert found[0, 0].tolist() == pytest.approx(expected)
        assert (outputs.item(), before.item()) == (1, 0)


@pytest.mark.parametrize("baseline", ["zero", "mean", "median", 0.5, np.zeros((1, 2))], ids=str)
def test_baselines(baseline):
    assert DeepLift(baseline=baseline).baseline is baseline


def test_what_it_does_not_know():
    with pytest.raises(ValueError, match="rule='rescal' is unknown: did you mean 'rescale'"):
        DeepLift(rule="rescal")
    with pytest.raises(ValueError, match="baseline='man' is unknown: did you mean 'mean'"):
        DeepLift(baseline="man")
