"""How often to explain, and on how many rows, within a share of the time that training takes.

An explanation costs the time it takes, and a little more: the steps right after it are slower than
others, for it has used the processor's caches. Both are measured.
"""

from __future__ import annotations

from collections import deque
from statistics import median

AIM = 0.19
"""Seconds between two explanations at most, while the budget allows: five a second."""

QUICK = 0.08
"""Seconds at least: a page is sent no more than ten pictures a second."""

THRIFT = 0.4
"""Of the budget, what is aimed at: 2 % of the time where 5 % are allowed."""

FEWEST = 64
"""Rows of an explanation, where there are as many."""

ENOUGH = 256
"""Rows for which twice of what is aimed at may be spent; those beyond are paid by thrift."""

AFTER = 4
"""Steps after an explanation that are slower than others: the first by most, the fifth by little
(measured: 0.25, 0.06, 0.03, 0.02 ms of steps of 0.3 ms)."""

SEEN = 5
"""Explanations after which the steps that followed them tell something."""


class Budget:
    """Time for explanations, as a share of the time since training began.

    Args:
        share: of the time, above 0 and below 1.
        most: rows at most.
        start: when training began, in seconds of the clock that `stepped`, `due` and `spent` are
            told.

    >>> budget = Budget(0.1, most=1_000, start=0.0)
    >>> budget.due(0.05), budget.due(1.0)
    (False, True)
    >>> budget.spent(0.09, at=1.1)
    >>> budget.due(1.2)  # nothing is left until 0.18 s were earned
    False
    """

    def __init__(self, share: float, most: int, start: float) -> None:
        self.share = share
        self.rows = min(most, ENOUGH)
        self.total = 0.0
        self._most, self._start = most, start
        self._costs: deque[float] = deque(maxlen=5)
        self._next = start + QUICK
        self._ended = start  # the step before, or the explanation after it
        # Seconds of the first, second, … step after an explanation, and of those that follow.
        self._after = tuple(deque[float](maxlen=15) for _ in range(AFTER))
        self._usual = deque[float](maxlen=60)
        self._place = AFTER  # of the next step among them

    def stepped(self, now: float) -> None:
        """A step of the training ended."""
        took, self._ended = now - self._ended, now
        if self._place == AFTER:
            self._usual.append(took)
        else:
            self._after[self._place].append(took)
            self._place += 1

    def due(self, now: float) -> bool:
        """Whether another explanation is within the budget now."""
        return now >= self._next

    def spent(self, seconds: float, at: float) -> None:
        """An explanation took so long; it ended at this time."""
        cost = seconds + min(self._slowed(), seconds)
        self.total += cost
        self._costs.append(cost)
        usual = median(self._costs)  # one that another process interrupted says little of the next
        self._ended, self._place = at, 0
        self._resize(usual / (THRIFT * self.share * AIM))
        # Not before what was spent, and the next one too, are earned.
        earned = self._start + (self.total + usual) / self.share
        interval = min(max(usual / (THRIFT * self.share), QUICK), AIM)
        self._next = max(self._next + interval, at, earned)

    def _resize(self, load: float) -> None:
        """Towards as many rows as the time pays for; `load` is the cost in units of the aim.

        Slowly, since most of the cost may not depend on them.
        """
        rows, least = self.rows, min(FEWEST, self._most)
        if load > (1 if rows > ENOUGH else 2):
            self.rows = max(ENOUGH if rows > ENOUGH else least, int(0.7 * rows))
        elif load < (0.7 if rows >= ENOUGH else 1.4):
            most = self._most if rows >= ENOUGH else min(ENOUGH, self._most)
            self.rows = min(most, int(1.4 * rows) + 1)

    def _slowed(self) -> float:
        """Seconds that the steps right after an explanation take more than others.

        Of medians: some of them are slow of themselves, and the process is not alone.
        """
        if not self._usual or len(self._after[-1]) < SEEN:
            return 0.0
        slower = sum(median(steps) for steps in self._after) - AFTER * median(self._usual)
        return max(slower, 0.0)
