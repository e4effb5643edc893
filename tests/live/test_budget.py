"""The budget of a watch, in simulated time."""

import numpy as np
import pytest

from nbexplain.live.budget import ENOUGH, FEWEST, Budget


class Clock:
    """A training in simulated time: steps of `step` seconds; `after` more for those right after."""

    def __init__(self, step, cost, after=(), share=0.05, most=10_000):
        self.now, self.spent, self.times, self.rows = 0.0, 0.0, [], []
        self.step, self.cost, self.after = step, cost, after
        self.budget = Budget(share, most, start=0.0)

    def run(self, seconds):
        chance, slower, end = np.random.default_rng(0), [], self.now + seconds
        while self.now < end:
            more = slower.pop(0) if slower else 0.0
            self.spent += more
            # Some steps take ten times as long, as where a process is not alone.
            self.now += self.step * (10 if chance.random() < 0.05 else 1) + more
            self.budget.stepped(self.now)
            if self.budget.due(self.now):
                cost = self.cost(self.budget.rows)
                self.now += cost
                self.spent += cost
                self.times.append(self.now)
                self.rows.append(self.budget.rows)
                self.budget.spent(cost, self.now)
                slower = list(self.after)
        return self


class TestBudget:
    def test_what_was_spent_is_earned_before_the_next_one(self):
        dear = Clock(0.001, lambda rows: 0.02 + 1e-5 * rows).run(60)
        assert 0.045 * dear.now < dear.spent <= 0.05 * dear.now
        assert dear.budget.total == pytest.approx(dear.spent, rel=0.03)
        assert set(dear.rows[9:]) == {FEWEST}

    def test_thrift_pays_for_five_a_second_and_for_as_many_rows_as_it_can(self):
        cheap = Clock(0.001, lambda rows: 0.001 + 1e-6 * rows).run(60)
        assert 0.014 * cheap.now < cheap.spent < 0.022 * cheap.now
        assert len(cheap.times) > 5 * cheap.now
        assert cheap.rows[0] == ENOUGH
        assert cheap.rows[-1] > 3 * ENOUGH

    def test_of_few_rows_more_may_be_spent_than_thrift_does(self):
        clock = Clock(0.002, lambda rows: 0.004 + 1e-5 * rows).run(60)
        assert FEWEST < clock.rows[-1] <= ENOUGH
        assert 0.02 * clock.now < clock.spent < 0.05 * clock.now
        assert len(clock.times) > 5 * clock.now

    def test_what_slows_the_next_steps_is_counted(self):
        clock = Clock(0.001, lambda rows: 0.002, after=(0.001, 0.0005)).run(60)
        assert clock.budget.total == pytest.approx(clock.spent, rel=0.3)
        assert clock.budget.total > 1.2 * 0.002 * len(clock.times)
        quiet = Clock(0.001, lambda rows: 0.002).run(60)
        assert quiet.budget.total < 1.2 * quiet.spent

    def test_steps_that_are_slow_of_themselves_are_no_cost(self):
        slow = Clock(0.08, lambda rows: 0.002).run(60)
        assert slow.budget.total <= 2 * slow.spent
        assert len(slow.times) > 2 * slow.now

    def test_of_a_large_budget_pictures_are_as_many_as_a_page_draws(self):
        clock = Clock(0.001, lambda rows: 0.002, share=0.5, most=1_000).run(20)
        assert 10 * clock.now < len(clock.times) <= clock.now / 0.08

    def test_there_are_no_more_rows_than_there_are(self):
        assert Budget(0.05, 10, 0.0).rows == 10
        assert Clock(0.001, lambda rows: 1.0, most=10).run(60).rows[-1] == 10
