"""Laws of the accumulators: what merging may and may not change."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nbexplain.engine.accumulators import GROUPS, Spread, Sums

rows = arrays(
    np.float64,
    st.tuples(st.integers(2, 200), st.just(2), st.just(3)),
    elements=st.floats(-1e3, 1e3, width=32),
)


def same(a: Sums, b: Sums) -> None:
    assert np.array_equal(a.rows, b.rows)
    np.testing.assert_allclose(a.first, b.first, rtol=1e-12, atol=1e-9)
    np.testing.assert_allclose(a.second, b.second, rtol=1e-12, atol=1e-9)


@given(rows, st.data(), st.sampled_from([1, 5]))
def test_splitting_anywhere_changes_nothing(g, data, block):
    jacobian = torch.from_numpy(g)
    cut = data.draw(st.integers(1, len(g) - 1))
    whole = Sums.of(jacobian, 0, block)
    parts = Sums.of(jacobian[:cut], 0, block).merge(Sums.of(jacobian[cut:], cut, block))
    same(parts, whole)


@given(rows, st.data())
def test_merging_is_commutative_and_associative(g, data):
    jacobian = torch.from_numpy(g)
    cuts = sorted(data.draw(st.lists(st.integers(1, len(g)), min_size=2, max_size=2)))
    bounds = [0, *cuts, len(g)]
    parts = [Sums.of(jacobian[a:b], a) for a, b in pairwise(bounds) if b > a]
    forward, backward = parts[0], parts[-1]
    for part in parts[1:]:
        forward = forward.merge(part)
    for part in reversed(parts[:-1]):
        backward = part.merge(backward)
    same(forward, backward)


def test_merging_leaves_its_operands_alone():
    g = torch.randn(10, 1, 2, dtype=torch.float64)
    a, b = Sums.of(g[:5], 0), Sums.of(g[5:], 5)
    before = a.second.copy()
    merged = a.merge(b)
    merged.second[:] = 0
    assert np.array_equal(a.second, before)


def test_rows_are_dealt_round_the_groups_in_blocks():
    g = torch.ones(130, 1, 1)
    assert Sums.of(g, 0).rows.tolist() == [3, 3] + [2] * (GROUPS - 2)
    assert Sums.of(g, 0, block=2).rows.tolist() == [4] + [2] * (GROUPS - 1)
    assert Sums.of(g[:1], 64 + 7).rows.argmax() == 7


def test_tiny_derivatives_do_not_vanish():
    g = torch.full((4, 1, 1), 1e-30, dtype=torch.float32)
    assert np.isclose(Sums.of(g, 0).second.sum(), 4e-60, rtol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("block", [1, 3])
@pytest.mark.parametrize("absolute", [False, True])
def test_no_column_loses_digits_whatever_stands_beside_it(dtype, block, absolute):
    """Single precision squares neither what is tiny nor what is huge; double does."""
    generator = torch.Generator().manual_seed(0)
    g = torch.randn(5_000, 1, 180, generator=generator, dtype=torch.float64) + 1
    wide = dtype not in (torch.float16,)
    sizes = [1, 1e-22, 1e-30, 1e19, 3e25, 0] if wide else [1, 1e-3, 1e-6, 1e3, 1e4, 0]
    g = (g * torch.tensor(30 * sizes, dtype=torch.float64)).to(dtype)
    exact = g.double().numpy()[:, 0]
    sums = Sums.of(g, 5, block, absolute=absolute)
    group = np.arange(5, 5_005) // block % GROUPS
    size = np.abs(exact) if absolute else exact**2
    expected = np.stack([size[group == k].sum(0) for k in range(GROUPS)])
    np.testing.assert_allclose(sums.second[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(sums.first[0], exact.sum(0), rtol=1e-5)
    if absolute:
        np.testing.assert_allclose(sums.squares[0], (exact**2).sum(0), rtol=1e-6)


def test_equal_derivatives_have_equal_means_in_every_group():
    """So that a linear model's importances get intervals without width."""
    g = torch.tensor([0.1, 0.7, 1e-8]).expand(25_000, 1, 3)
    sums = Sums.of(g, 0)
    means = sums.second[:, 0] / sums.rows[:, None]
    np.testing.assert_allclose(means, means[:1].repeat(GROUPS, 0), rtol=3e-7)


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(2, 60), st.just(3)),
        elements=st.floats(-1e6, 1e6, width=32),
    ),
    st.data(),
)
def test_spread_agrees_with_numpy_however_it_is_split(x, data):
    cut = data.draw(st.integers(1, len(x) - 1))
    columns = torch.from_numpy(x)
    merged = Spread.of(columns[:cut]).merge(Spread.of(columns[cut:]))
    scale = 1 + np.abs(x).max()
    np.testing.assert_allclose(merged.mean, x.mean(0), atol=1e-12 * scale)
    np.testing.assert_allclose(merged.deviation, x.std(0), atol=1e-7 * scale)


def test_a_constant_column_has_no_spread_at_all():
    columns = torch.full((1000, 1), 0.1)
    merged = Spread.of(columns[:300]).merge(Spread.of(columns[300:]))
    assert merged.deviation[0] == 0


def test_spread_far_from_zero_keeps_its_digits():
    x = torch.tensor([[1e9], [1e9 + 1], [1e9 + 2]], dtype=torch.float64)
    assert np.isclose(Spread.of(x).deviation[0], np.sqrt(2 / 3), rtol=1e-9)
