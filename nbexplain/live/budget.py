"""How often to explain, and on how many rows, within a share of the time that training takes."""

from __future__ import annotations

AIM = 0.15
"""Seconds between two explanations while the budget allows: six or seven a second."""

QUICK = 0.07
"""Seconds at least."""

FEWEST = 64
"""Rows of an explanation, where there are as many."""


class Budget:
    """Time for explanations, as a share of the time since training began.

    Args:
        share: of the time, above 0 and below 1.
        most: rows at most.
        start: when training began, in seconds of the clock that `due` and `spent` are told.

    >>> budget = Budget(0.1, most=1_000, start=0.0)
    >>> budget.due(0.05), budget.due(1.0)
    (False, True)
    >>> budget.spent(0.09, at=1.1)
    >>> budget.due(1.2)  # nothing is left until 0.18 s were earned
    False
    """

    def __init__(self, share: float, most: int, start: float) -> None:
        self.share = share
        self.rows = min(most, 4 * FEWEST)
        self.total = 0.0
        self._most, self._start = most, start
        self._last, self._cost = start, 0.0
        self._next = start + QUICK

    def due(self, now: float) -> bool:
        """Whether another explanation is within the budget now."""
        return now >= self._next

    def spent(self, seconds: float, at: float) -> None:
        """An explanation took so long; it ended at this time."""
        self.total += seconds
        self._cost = seconds if not self._cost else 0.7 * self._cost + 0.3 * seconds
        wanted = self.share * AIM
        # Towards as many rows as the time pays for: most of the cost may not depend on them.
        if self._cost > wanted:
            self.rows = max(min(FEWEST, self._most), int(0.7 * self.rows))
        elif self._cost < 0.7 * wanted:
            self.rows = min(self._most, int(1.4 * self.rows) + 1)
        # Not before what was spent, and the next one too, are earned.
        earned = self._start + (self.total + self._cost) / self.share
        self._next = max(at + QUICK, earned)
        self._last = at
