"""An explanation on its way: progress, errors and another try, shown in a session."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.notebook.widgets.session import Session

#: Seconds between two reports: a page that is told more often falls behind.
INTERVAL = 0.1
#: Seconds until the time left can be estimated.
SETTLED = 0.5
_LONGEST = 8_000


class Run:
    """Calls of `nbx.explain` whose course is shown in `session`.

    Args:
        session: where it is shown.
        done: told of an explanation that came from "Try again", to keep it.
    """

    def __init__(self, session: Session, done: Callable[[Explanation], object]) -> None:
        self.session = session
        self.done = done
        self._began = self._told = 0.0

    def explain(
        self, model: object, X: object, y: object | None, options: dict[str, Any]
    ) -> Explanation:
        """`nbx.explain`, shown: loading, then the result or the error."""
        from nbexplain.explain import explain

        self.session.again = None
        self.session.report(state="loading")
        self._began, self._told = monotonic(), 0.0
        try:
            tell: Any = self._progress(options.get("progress"))
            explanation = explain(model, X, y, **{**options, "progress": tell})
        except BaseException as error:
            self.session.again = lambda: when_free(lambda: self._again(model, X, y, options))
            self.session.report(
                state="error", message=sentence(error), detail=_detail(error), again=True
            )
            raise
        self.session.show(explanation)
        return explanation

    def _again(self, model: object, X: object, y: object | None, options: dict[str, Any]) -> None:
        with contextlib.suppress(Exception):  # which the session shows
            self.done(self.explain(model, X, y, options))

    def _progress(self, other: object) -> Callable[[int, int | None], None]:
        def tell(done: int, total: int | None) -> None:
            now = monotonic()
            if now - self._told >= INTERVAL:
                self._told = now
                spent = now - self._began
                left = None
                if total and done and spent > SETTLED:
                    left = round(spent / done * (total - done), 1)
                self.session.report(state="loading", done=done, total=total, left=left)
            if callable(other):
                other(done, total)

        return tell


def when_free(call: Callable[[], object]) -> None:
    """Run on the main thread once no cell runs: a pass beside a training loop would disturb it."""
    from IPython.core.getipython import get_ipython

    kernel = getattr(get_ipython(), "kernel", None)
    loop = getattr(kernel, "io_loop", None)
    if loop is None:
        call()
    else:
        loop.add_callback(call)


def sentence(error: BaseException) -> str:
    """What a page says of an error."""
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted before the first rows were explained."
    kind = "" if type(error) in (ValueError, TypeError) else f"{type(error).__name__}: "
    return f"{kind}{error}"[:_LONGEST]


def _detail(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-_LONGEST:]
