"""A pass as a value: bounded memory, and other responses from kept rows."""

import numpy as np
import torch

from nbexplain.engine import swept as module
from nbexplain.engine.responses import chain
from nbexplain.engine.samples import Keep
from nbexplain.engine.swept import Swept

generator = torch.Generator().manual_seed(0)
N = 500
outputs = torch.randn(N, 3, generator=generator, dtype=torch.float64)
jacobian = torch.randn(N, 3, 4, generator=generator, dtype=torch.float64)
values = torch.randn(N, 4, generator=generator, dtype=torch.float64)


def of(rows, keep, responses=("raw",), block=1):
    return Swept.of(
        "logits", keep, block, responses, rows.start, values[rows], outputs[rows], jacobian[rows]
    )


def streamed(keep, size=50, **options):
    whole = of(slice(0, size), keep, **options)
    for start in range(size, N, size):
        whole = whole.merge(of(slice(start, start + size), whole.keep, **options))
        assert sum(sample.count for sample in whole.samples) <= module.SLACK * keep.capacity
    return whole


def test_a_stream_of_unknown_length_holds_few_rows():
    keep = Keep(20, seed=3)
    held = streamed(keep)
    at_once = of(slice(0, N), Keep.among(20, N, seed=3))
    assert held.sample.positions.tolist() == at_once.sample.positions.tolist()
    assert held.keep.bound < keep.bound


def test_another_response_from_kept_rows_is_that_of_the_pass(monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 70)  # not a multiple of the jackknife's groups
    for block in (1, 3):
        later = streamed(Keep(N), block=block).responding("prob").sums["prob"]
        along = streamed(Keep(N), block=block, responses=("raw", "prob")).sums["prob"]
        np.testing.assert_allclose(later.second, along.second, rtol=1e-12)
        np.testing.assert_array_equal(later.rows, along.rows)


def test_sums_are_of_the_chained_derivatives():
    found = of(slice(0, N), Keep(0), responses=("logodds",)).sums["logodds"]
    expected = chain(outputs, jacobian, "logits", "logodds").sum(0)
    np.testing.assert_allclose(found.first, expected, rtol=1e-12)
