"""Progress of long work: nothing for a second, then a bar with the time left."""

import sys
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

    Attributes:
        interrupted: whether the work ended before its time.
    """

    def __init__(
        self, wanted: bool | Callable[[int, int | None], object] | None, total: int | None
    ) -> None:
        self._tell = wanted if callable(wanted) else None
        self._shown = wanted is not False and self._tell is None
        self._total = total
        self._due = monotonic() + (0 if wanted is True else DELAY)
        self._bar: Any = None
        self.interrupted = False

    def at(self, done: int) -> None:
        """Say that this many rows are done."""
        if self._tell is not None:
            self._tell(done, self._total)
        self.within(done)

    def within(self, done: int) -> None:
        """Say in the midst of a batch that its work is that of so many rows; callables wait."""
        if not self._shown or (self._bar is None and monotonic() < self._due):
            return
        if self._bar is None:
            from tqdm import tqdm

            where = _Line() if _in_kernel() else None
            self._bar = tqdm(
                total=self._total, unit=" rows", desc="explain", leave=False, file=where
            )
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()


class _Line:
    """A file whose text is one line of a cell's output, overwritten and at last empty.

    tqdm's own bar for notebooks is a widget that stays in the output: a notebook that is reopened
    shows an error in its place.
    """

    def __init__(self) -> None:
        from IPython.display import display

        self._handle: Any = display({"text/plain": ""}, raw=True, display_id=True)

    def write(self, text: str) -> None:
        self._handle.update({"text/plain": text.strip("\r\n ")}, raw=True)

    def flush(self) -> None:
        """Everything is out already."""


def _in_kernel() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None
