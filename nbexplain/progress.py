"""Progress of long work: nothing for a second, then a bar with the time left."""

from collections.abc import Callable
from time import monotonic
from typing import Any, Self

DELAY = 1.0
"""Seconds of silence before a bar appears."""


class Progress:
    """Tells how many of `total` rows are done.

    Args:
        wanted: None shows a bar after a second, False never; a callable is told
            `(done, total)` after every batch instead, `total` None while unknown.
        total: rows in all.
    """

    def __init__(
        self, wanted: bool | Callable[[int, int | None], object] | None, total: int | None
    ) -> None:
        self._tell = wanted if callable(wanted) else None
        self._shown = wanted is not False and self._tell is None
        self._total = total
        self._due = monotonic() + (0 if wanted is True else DELAY)
        self._bar: Any = None

    def at(self, done: int) -> None:
        """Say that this many rows are done."""
        if self._tell is not None:
            self._tell(done, self._total)
        if not self._shown or (self._bar is None and monotonic() < self._due):
            return
        if self._bar is None:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self._total, unit=" rows", desc="explain", leave=False)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
