"""Marks: jumps are marked, drift and noise are not, and a leak is marked when it is learned."""

import numpy as np
import pytest
import torch
from torch import nn

import nbexplain as nbx
from benchmarks import marks as runs
from nbexplain.live.history import Moment
from nbexplain.live.marks import CLEAR, LEAST, LONGEST, NEWS, PART, Marks
from tests.live.test_watch import always, data, train


def watched(shares, half=1.0, names="abcdefgh"):
    """Marks of a history with these shares, `[moments, p]`, and intervals of ± `half`."""
    shares = np.asarray(shares, dtype=float)
    marks, history = Marks(tuple(names[: shares.shape[1]])), []
    for step, share in enumerate(shares):
        history.append(Moment(step, 0.0, share, share - half, share + half, rows=9))
        marks.look(history)
    return marks.found


def one(first):
    """Three features: the first one's shares, and the rest in halves."""
    first = np.asarray(first, dtype=float)
    return np.stack([first, (100 - first) / 2, (100 - first) / 2], axis=1)


def learning(steps=200, start=50.0, end=90.0):
    """Fast at first and ever more slowly."""
    return end + (start - end) * np.exp(-np.arange(steps) / 15)


class TestJumps:
    def test_a_jump_is_marked_once_with_what_it_was_and_became(self):
        (mark,) = watched(one(np.r_[np.full(60, 20.0), np.full(60, 70.0)]))
        assert (mark.step, mark.feature) == (60, "a")
        assert (mark.before, mark.after) == pytest.approx((20, 70))
        assert mark.note == "At step 60 the importance of a jumped from 20.0 % to 70.0 %."

    def test_a_gradual_one_is_marked_early_and_followed_to_its_end(self):
        rise = np.r_[np.full(100, 5.0), np.linspace(5, 80, 12), np.full(60, 80.0)]
        (mark,) = watched(one(rise))
        assert 100 < mark.step < 106
        assert (mark.feature, mark.before) == ("a", pytest.approx(5))
        assert mark.after == pytest.approx(80)

    def test_falls_are_jumps_of_the_feature_that_moved_most(self):
        shares = np.tile([60.0, 30.0, 10.0], (120, 1))
        shares[80:] = [2.0, 70.0, 28.0]
        (mark,) = watched(shares)
        assert mark.feature == "a"
        assert (mark.before, mark.after) == pytest.approx((60, 2))

    def test_two_jumps_are_two_marks(self):
        shares = np.r_[np.full(80, 20.0), np.full(80, 60.0), np.full(80, 25.0)]
        assert [mark.step for mark in watched(one(shares))] == [80, 160]

    def test_drift_is_none_and_learning_is_none(self):
        assert watched(one(learning())) == ()
        assert watched(one(learning(start=5))) == ()
        assert watched(one(np.linspace(10, 90, 400))) == ()

    def test_one_that_comes_back_at_once_is_none(self):
        shares = np.full(120, 20.0)
        shares[80] = 70.0
        assert watched(one(shares)) == ()

    def test_one_within_the_intervals_is_none(self):
        jump = one(np.r_[np.full(60, 20.0), np.full(60, 32.0)])
        assert len(watched(jump, half=5.0)) == 1
        assert watched(jump, half=10.0) == ()
        assert watched(jump, half=np.nan) == ()

    @pytest.mark.parametrize("count", range(2, LONGEST + 1))
    def test_a_smaller_one_must_be_seen_more_often(self, count):
        size = NEWS / count + 0.1
        half = size / 1.5 / np.sqrt(2)  # beyond the intervals, but not clearly
        jump = np.r_[np.full(60, 20.0), np.full(count, 20.0 + size)]
        assert watched(one(jump[:-1]), half=half) == ()
        (mark,) = watched(one(jump), half=half)
        assert (mark.step, mark.after) == (60, pytest.approx(20 + size))

    def test_a_clear_one_is_seen_by_the_second_while_it_is_under_way(self):
        rise = np.r_[np.full(60, 20.0), 20 + 5 * NEWS / 24, 20 + 7 * NEWS / 24 + 0.1]
        (mark,) = watched(one(rise), half=0.01)
        assert (mark.step, mark.after) == (60, pytest.approx(rise[-1]))
        half = (rise[-1] - 20) / CLEAR / np.sqrt(2)
        assert len(watched(one(rise), half=0.99 * half)) == 1
        assert watched(one(rise), half=1.01 * half) == ()

    @pytest.mark.parametrize(("largest", "enough"), [(60, NEWS / 2), (20, 20 * PART), (2, LEAST)])
    def test_what_is_enough_of_a_clear_one_depends_on_the_largest(self, largest, enough):
        others = (100 - largest) / 59
        shares = np.tile([largest, *[others] * 59], (62, 1))
        shares[60:, 1] += enough / 2 + 0.01
        names = [f"x{i}" for i in range(60)]
        (mark,) = watched(shares, half=0.001, names=names)
        assert (mark.step, mark.feature) == (60, "x1")
        shares[60:, 1] -= 0.02
        assert watched(shares, half=0.001, names=names) == ()

    def test_it_is_marked_once_a_trend_is_known(self):
        (mark,) = watched(one(np.r_[np.full(17, 20.0), np.full(3, 70.0)]))
        assert mark.step == 17
        assert watched(one(np.r_[np.full(14, 20.0), np.full(3, 70.0)])) == ()

    def test_one_that_is_no_news_is_none(self):
        jump = np.r_[np.full(60, 20.0), np.full(60, 20.0 + NEWS / LONGEST - 0.1)]
        assert watched(one(jump), half=0.01) == ()

    def test_one_that_turns_is_none(self):
        jump = np.r_[np.full(60, 50.0), np.tile([65.0, 35.0], 20)]
        assert watched(one(jump), half=0.01) == ()

    def test_one_like_those_before_is_none(self):
        generator = np.random.default_rng(0)
        assert watched(one(40 + generator.normal(0, 5, 400)), half=0.1) == ()


def test_clean_runs_are_not_marked():
    found = [runs.followed(runs.drawn(number, steps=120)) for number in range(20)]
    assert sum(bool(run.marks) for run in found) <= 1


@pytest.mark.parametrize("number", [10_001, 10_003])
def test_a_leak_is_marked_within_two_updates_of_being_learned(number):
    """Those that are learned at once; one that takes a hundred updates is drift."""
    run = runs.followed(runs.drawn(number, steps=360), leak=180)
    assert None not in (run.learned, run.marked)
    assert run.marked - run.learned <= 2


class TestWatch:
    def test_marks_are_in_the_notes(self):
        X, y = data()
        torch.manual_seed(0)
        model = nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        with always(nbx.watch(model, X)) as watch:
            train(model, X, y, 60, optimizer)
            assert watch.marks == ()
            assert watch.notes == watch.explanation.notes
            train(model, X, y + 10 * X[:, 3:], 60, optimizer)
        (mark,) = watch.marks
        assert mark.feature == "x3"
        assert 60 < mark.step < 70
        assert mark.before == pytest.approx(0, abs=2)
        assert mark.after == pytest.approx(watch.history["x3"].iloc[-1], abs=5)
        assert watch.notes == (*watch.explanation.notes, mark.note)
