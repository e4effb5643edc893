"""Sums at every output step: they merge, fold, and count what they are of."""

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given

from nbexplain.engine.accumulators import GROUPS, Spread, Sums
from nbexplain.engine.padding import existing
from nbexplain.engine.stepwise import BYTES, Summing, groups_within
from nbexplain.engine.swept import Keep, Swept
from nbexplain.engine.windows import at_lag_0, window
from nbexplain.features import features

ROWS, STEPS, WIDTH = 90, 4, 2
DRAWN = torch.Generator().manual_seed(0)
#: Derivatives [rows, output steps, outputs, input steps, p], rows counted from their first step.
FOUND = torch.randn(ROWS, STEPS, 3, STEPS, WIDTH, generator=DRAWN, dtype=torch.float64)
LENGTHS = torch.randint(1, STEPS + 1, (ROWS,), generator=DRAWN)


def masked(lengths):
    there = existing(torch.stack([torch.zeros_like(lengths), lengths], 1), STEPS)
    both = there[:, :, None, None, None] & there[:, None, None, :, None]
    return torch.where(both, FOUND[: len(lengths)], 0.0)


def summed(rows, lengths=LENGTHS, groups=GROUPS, block=1):
    found, lengths = masked(lengths)[rows], lengths[rows]
    adding = Summing(lengths, (STEPS, WIDTH, 3), rows.start, block, groups, found)
    for step in range(STEPS):
        assert adding.add(step, found[:, step])
    return adding.done(Spread.of(found[:, 0, :, 0, 0]))


def assert_same(a, b):
    both = [(sums, stepwise.leads, stepwise.instant) for sums, stepwise in (a, b)]
    for one, other in zip(*both, strict=True):
        for name in ("rows", "first", "second", "reach"):
            np.testing.assert_allclose(getattr(one, name), getattr(other, name), atol=1e-12)
    for name in ("lengths", "first", "second"):
        np.testing.assert_allclose(getattr(a[1], name), getattr(b[1], name), atol=1e-12)


@given(st.lists(st.integers(1, ROWS - 1), unique=True, max_size=4), st.sampled_from([64, 16, 1]))
def test_parts_merge_to_the_whole(cuts, groups):
    bounds = [0, *sorted(cuts), ROWS]
    parts = [summed(slice(a, b), groups=groups, block=STEPS) for a, b in pairwise(bounds)]
    sums, stepwise = parts[0]
    for other in parts[1:]:
        sums, stepwise = sums.merge(other[0]), stepwise.merge(other[1])
    assert_same((sums, stepwise), summed(slice(0, ROWS), groups=groups, block=STEPS))
    assert stepwise.outputs.count == ROWS


def test_every_pair_of_steps_is_counted_once():
    sums, stepwise = summed(slice(0, ROWS))
    squares = masked(LENGTHS).square().sum((0, 1, 3))
    total = sums.second.sum((0, 2)) + stepwise.leads.second.sum((0, 2))
    np.testing.assert_allclose(total, squares.sum(-1))
    assert sums.reach.sum() + stepwise.leads.reach.sum() == WIDTH * int((LENGTHS**2).sum())
    np.testing.assert_allclose(stepwise.entries.sum(), squares.sum())
    assert stepwise.ahead


@pytest.mark.parametrize("groups", [64, 8, 1])
def test_one_step_is_what_its_own_rows_give(groups):
    _, stepwise = summed(slice(0, ROWS), groups=groups)
    for step in range(STEPS):
        found, own = stepwise.at(step), Sums.of(masked(LENGTHS)[:, step], 0)
        folded = own.second.reshape(-1, groups, *own.second.shape[1:]).sum(0)
        np.testing.assert_allclose(found.second, folded)
        np.testing.assert_allclose(found.first, own.first)
        later = [int((max(step, u) < LENGTHS).sum()) for u in range(STEPS) for _ in range(WIDTH)]
        assert found.reach.sum(0).tolist() == later
        assert found.count == ROWS


def test_opposite_outputs():
    found = masked(LENGTHS)[:, :, :1]
    adding = Summing(LENGTHS, (STEPS, WIDTH, 1), 0, 1, 8, found)
    for step in range(STEPS):
        adding.add(step, found[:, step])
    _, stepwise = adding.done(Spread.of(found[:, 0, :, 0, 0]))
    both = stepwise.mirrored()
    for one, two in (
        (stepwise.leads, both.leads),
        (stepwise.instant, both.instant),
        (stepwise.at(1), both.at(1)),
    ):
        np.testing.assert_array_equal(two.first, np.concatenate([-one.first, one.first]))
        np.testing.assert_array_equal(two.second, np.concatenate([one.second] * 2, axis=1))


def test_groups_are_folded_to_fit():
    entries = [2**k for k in range(10, 26)]
    found = [groups_within(count) for count in entries]
    assert found == sorted(found, reverse=True)
    assert set(found) == {64, 32, 16, 8, 1}
    for count, groups in zip(entries, found, strict=True):
        assert groups == 1 or (groups + 1) * count * 8 <= BYTES


def swept(groups=GROUPS, lengths=LENGTHS):
    sums, stepwise = summed(slice(0, ROWS), lengths, groups)
    last = masked(lengths)[:, -1].float()
    part = Swept.of("values", Keep(5), 1, (), 0, last[:, 0], last[:, :, 0, 0], last)
    return Swept(
        part.kind,
        part.keep,
        1,
        {"raw": sums},
        part.spread,
        0,
        part.samples,
        stepwise={"raw": stepwise},
    )


def test_windows_count_lags_from_their_output():
    named, scale = features((STEPS, WIDTH)), np.ones(STEPS * WIDTH)
    whole = window(swept(), "raw", named, scale)
    assert whole.lags == range(-3, 4)
    pairs = [int((LENGTHS - abs(k)).clamp(min=0).sum()) for k in whole.lags]
    assert whole.counts.tolist() == pairs
    one = window(swept(), "raw", named, scale, step=1)
    assert one.lags == range(-2, 2)
    assert one.counts.tolist() == [int((n < LENGTHS).sum()) for n in (3, 2, 1, 1)]
    assert not swept().complete
    now = at_lag_0(swept(), "raw", named, scale, step=1)
    np.testing.assert_allclose(now.sums.second.sum(0), masked(LENGTHS)[:, 1, :, 1].square().sum(0))
    share = whole.share_of_leads(np.ones(3))
    by_hand = np.sqrt(whole.sums.second.sum((0, 1)) / whole.sums.reach.sum(0))
    ahead = by_hand[STEPS * WIDTH :].sum() / by_hand.sum()
    assert share == pytest.approx(100 * ahead)
