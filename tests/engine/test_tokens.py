"""Laws of derivatives in few coordinates, and of sums by token."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.engine.accumulators import GROUPS
from nbexplain.engine.tokens import Cells, TokenSums, condensed

SHAPES = [(3, 1, 4, 6), (3, 2, 4, 6), (2, 5, 3, 8), (2, 3, 3, 2), (2, 3, 4, 3), (2, 2, 3, 1)]


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_combination_of_outputs_keeps_its_norm(shape):
    jacobian = drawn(*shape)
    found = condensed(jacobian)
    assert found.shape == (*shape[:3], min(shape[1], shape[3]))
    for seed in range(5):
        c = drawn(shape[1], seed=seed + 1)
        before = torch.einsum("k,nktd->ntd", c, jacobian).norm(dim=-1)
        after = torch.einsum("k,nktd->ntd", c, found).norm(dim=-1)
        torch.testing.assert_close(after, before, rtol=1e-12, atol=0)


def test_dependent_outputs_and_zeros_stay_exact():
    first = drawn(2, 1, 3, 4)
    jacobian = torch.cat([first, 2 * first, torch.zeros_like(first), -first], dim=1)[:, :3]
    found = condensed(jacobian)
    torch.testing.assert_close(found[:, 1], 2 * found[:, 0])
    assert (found[:, 2] == 0).all()


def test_nothing_is_lost_below_single_precision_squared():
    tiny = drawn(1, 1, 2, 3, dtype=torch.float32) * 1e-30
    found = condensed(tiny)
    torch.testing.assert_close(found[0, 0, :, 0].double(), tiny.double()[0, 0].norm(dim=-1))


def test_what_is_not_finite_is_not_hidden():
    broken = drawn(1, 2, 1, 3)
    broken[0, 0, 0, 0] = torch.nan
    assert condensed(broken).isnan().any()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_derivatives_are_left_as_they_are(shape):
    jacobian = drawn(*shape)
    before = jacobian.clone()
    condensed(jacobian)
    TokenSums.of(torch.zeros(shape[0], shape[2], dtype=torch.long), jacobian, 0)
    assert torch.equal(jacobian, before)


def dense(ids, jacobian, start=0):
    """The sums with a place for every id and group, `[ids, groups, outputs]`, and counts."""
    squares = (jacobian**2).sum(-1).numpy()
    found = np.zeros((12, GROUPS, jacobian.shape[1]))
    counts = np.zeros(12, int)
    for n, row in enumerate(ids.tolist()):
        for t, token in enumerate(row):
            found[token, (start + n) % GROUPS] += squares[n, :, t]
            counts[token] += 1
    return found, counts


@given(
    rows=st.integers(1, 150),
    cuts=st.lists(st.integers(1, 149), max_size=6),
    seed=st.integers(0, 100),
    order=st.randoms(use_true_random=False),
)
def test_any_batches_in_any_order_give_the_same_sums(rows, cuts, seed, order):
    ids = torch.randint(0, 12, (rows, 3), generator=torch.Generator().manual_seed(seed))
    jacobian = drawn(rows, 2, 3, 2, seed=seed)
    ends = sorted({cut for cut in cuts if cut < rows} | {0, rows})
    parts = [TokenSums.of(ids[a:b], jacobian[a:b], a) for a, b in itertools.pairwise(ends)]
    order.shuffle(parts)
    total = parts[0]
    for part in parts[1:]:
        total = total.merge(part)
    found, counts = dense(ids, jacobian)
    (there,) = np.nonzero(counts)
    assert total.ids.tolist() == there.tolist()
    assert total.counts.tolist() == counts[there].tolist()
    for weights in (np.array([1.0, 0.0]), np.array([0.5, 2.0])):
        np.testing.assert_allclose(total.by_group(weights).T, found[there] @ weights, rtol=1e-12)
    sizes = [len(part) for part in total.parts]
    assert all(2 * small <= large for large, small in itertools.pairwise(sizes))
    assert (np.diff(total.whole.cells) > 0).all()


def test_padding_is_not_counted():
    ids, spans = torch.tensor([[0, 5, 5]]), torch.tensor([[1, 3]])
    sums = TokenSums.of(ids, torch.ones(1, 1, 3, 1), 0, spans)
    assert sums.ids.tolist() == [5]
    assert sums.counts.tolist() == [2]


def test_joined_cells_are_the_sums_of_both():
    a = Cells(np.array([1, 3]), np.array([[1.0, 2.0]]), np.array([1, 1]))
    b = Cells(np.array([3, 4]), np.array([[10.0, 20.0]]), np.array([2, 2]))
    found = a.join(b)
    assert found.cells.tolist() == [1, 3, 4]
    assert found.second.tolist() == [[1.0, 12.0, 20.0]]
    assert found.occurrences.tolist() == [1, 3, 2]
