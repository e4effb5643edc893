"""The rows kept whole depend on the seed and on nothing else."""

from itertools import pairwise

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.engine.samples import Keep, Sample, draw, join

N = 300
jacobian = torch.arange(N * 2.0).view(N, 1, 2)
outputs = torch.arange(N * 1.0).view(N, 1)
values = torch.arange(N * 2.0).view(N, 2)
targets = torch.arange(N)


def sampled(keep: Keep, bounds: list[int]) -> Sample:
    parts = [
        Sample.of(keep, a, jacobian[a:b], outputs[a:b], values[a:b], targets[a:b])
        for a, b in pairwise(bounds)
    ]
    return join(parts, keep.capacity)


@given(st.lists(st.integers(1, N - 1), max_size=5), st.integers(0, 2**32), st.integers(1, N + 10))
def test_the_sample_does_not_depend_on_the_batches(cuts, seed, capacity):
    bounds = [0, *sorted(set(cuts)), N]
    at_once = sampled(Keep(capacity, seed), [0, N])
    for keep in (Keep(capacity, seed), Keep.among(capacity, N, seed)):
        parted = sampled(keep, bounds)
        assert np.array_equal(parted.positions, at_once.positions)
        assert torch.equal(parted.jacobian, at_once.jacobian)
        assert torch.equal(parted.targets, torch.from_numpy(parted.positions))
    assert at_once.count == min(capacity, N)
    assert torch.equal(at_once.outputs[:, 0].long(), torch.from_numpy(at_once.positions))


def test_positions_ascend_and_are_drawn_evenly():
    positions = sampled(Keep(100, seed=3), [0, N]).positions
    assert (np.diff(positions) > 0).all()
    assert 60 < positions.mean() * 2 - N / 2 < 240


def test_seeds_differ_and_repeat():
    first = sampled(Keep(20, seed=1), [0, N]).positions
    assert np.array_equal(first, sampled(Keep(20, seed=1), [0, N]).positions)
    assert not np.array_equal(first, sampled(Keep(20, seed=2), [0, N]).positions)


def test_the_draw_is_uniform():
    numbers = draw(np.arange(100_000), seed=0).astype(np.float64) / 2**64
    assert abs(numbers.mean() - 0.5) < 0.005
    assert abs(numbers.std() - 12**-0.5) < 0.005


def test_chosen_positions_are_kept_and_no_others():
    keep = Keep(3, positions=np.array([2, 70, 299]))
    assert sampled(keep, [0, 64, N]).positions.tolist() == [2, 70, 299]


def test_nothing_is_kept_where_nothing_is_wanted():
    assert sampled(Keep(0), [0, 100, N]).count == 0
    assert sampled(Keep.among(0, N, 0), [0, 100, N]).count == 0


def part(start, true):
    rows = slice(start, start + 5)
    return Sample.of(Keep(N), start, jacobian[rows], outputs[rows], values[rows], true)


def test_true_values_follow_rows_that_come_out_of_order():
    whole = join([part(5, targets[5:10]), part(0, targets[:5])], N)
    assert whole.targets.tolist() == list(range(10))


def test_true_values_that_do_not_fit_together_are_left_out():
    floats, two = targets[:5].float(), targets[:10].view(5, 2)
    for other in (None, floats, two):
        assert join([part(0, targets[:5]), part(5, other)], N).targets is None
        assert join([part(0, other), part(5, targets[:5])], N).targets is None


def test_true_values_are_a_copy_and_exact():
    for true in (torch.tensor([1, 0, 1, 0, 1]), torch.rand(5, 2), torch.rand(5).double()):
        kept, as_it_was = part(0, true), true.clone()
        true.zero_()
        assert kept.targets.dtype in (torch.int64, torch.float64)
        assert torch.equal(kept.targets, as_it_was.to(kept.targets.dtype))
