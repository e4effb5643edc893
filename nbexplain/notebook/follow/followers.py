"""All panels of a shell that follow their names: one look after each cell."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from nbexplain.explanation import Explanation
    from nbexplain.notebook.follow.followed import Followed

MOST = 6
"""Lines that are followed at once; of more, the one that was followed first is left."""

_all: weakref.WeakSet[Followers] = weakref.WeakSet()


class Followers:
    """Those of one shell; it listens to the end of cells while there are any.

    Args:
        shell: whose cells and variables.
        busy: whether a model is followed otherwise, while it trains.
    """

    def __init__(self, shell: InteractiveShell, busy: Callable[[object], bool]) -> None:
        self._shell, self._busy = shell, busy
        self._waiting: list[Followed] = []  # for their cell to end, and their panel
        self._followed: list[Followed] = []
        self._inside = False
        _all.add(self)

    def __len__(self) -> int:
        return len(self._followed)

    def __iter__(self) -> Iterator[Followed]:
        return iter(tuple(self._followed))

    def begin(
        self, expressions: Sequence[str], keywords: Mapping[str, Any], explanation: Explanation
    ) -> None:
        """Follow these names once the explanation has been displayed by the cell that made it."""
        from nbexplain.notebook.follow.followed import Followed

        key = tuple(expressions)
        earlier = next((one for one in self._followed if one.line == key), None)
        try:
            one = Followed(expressions, keywords, self._scope, explanation, earlier)
        except (Exception, KeyboardInterrupt):  # what cannot be looked at is not followed
            return
        if not self._followed and not self._waiting:
            self._shell.events.register("post_run_cell", self._ended)
        self._waiting.append(one)

    def _scope(self) -> dict[str, Any]:
        return self._shell.user_ns

    def stop(self) -> int:
        """Follow nothing any longer; how many there were."""
        count = len(self._followed) + len(self._waiting)
        for one in self._followed:
            one.stop()
        self._followed, self._waiting = [], []
        self._deafen()
        return count

    def _ended(self, _result: object = None) -> None:
        """A cell has ended, also by an error or an interrupt: what it did until then counts."""
        if self._inside:
            return
        self._inside = True
        try:
            self._adopt()
            for one in self._followed:
                if not self._busy(one.model):
                    one.check()
        except (Exception, KeyboardInterrupt) as error:  # never in the user's cell
            for one in self._followed:
                with contextlib.suppress(Exception):
                    one.say(f"Following failed: {error}")
        finally:
            self._inside = False
            if not self._followed and not self._waiting:
                self._deafen()

    def _adopt(self) -> None:
        """Those whose panel is there take the place of others of the same line."""
        waiting, self._waiting = self._waiting, []
        for one in waiting:
            if one.displayed():
                for other in [old for old in self._followed if old.line == one.line]:
                    other.stop("Followed in a later panel.")
                    self._followed.remove(other)
                self._followed.append(one)
        for one in [old for old in self._followed if not old.open]:
            one.stop()
            self._followed.remove(one)
        for one in self._followed[:-MOST]:
            one.stop()
        self._followed = self._followed[-MOST:]

    def _deafen(self) -> None:
        if self._ended in self._shell.events.callbacks["post_run_cell"]:
            self._shell.events.unregister("post_run_cell", self._ended)


def followed() -> tuple[Followed, ...]:
    """What `%explain` lines follow now, the latest last.

    >>> import nbexplain as nbx
    >>> nbx.followed()
    ()
    """
    return tuple(one for shell in _all for one in shell)
