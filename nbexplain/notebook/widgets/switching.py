"""Which method answers in a session: switched to another, or with another beside it."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from nbexplain.methods import METHODS, Method
from nbexplain.notebook import wire
from nbexplain.notebook.beside import row_beside, shares_beside
from nbexplain.notebook.rows import Rows
from nbexplain.notebook.widgets.carried import Carried
from nbexplain.notebook.widgets.places import beside_of, optional
from nbexplain.notebook.widgets.running import INTERVAL, sentence, when_free

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation, Row
    from nbexplain.notebook.widgets.session import Session

GONE = "This explanation is no longer in the kernel's memory: run its cell again."

LIVE = "While the model trains its method stays; nbx.watch(…, method=…) follows it by another."


class Switching(Carried):
    """What a session does where it is asked for another method (see `PROTOCOL.md`)."""

    #: Method objects that were shown, by name.
    own: dict[str, Method]
    #: Whether the method that is shown was switched to here.
    switched: bool

    @property
    def _this(self) -> Session:
        return cast("Session", self)

    def by_method(
        self, name: str, progress: Callable[[int, int | None], object] | None = None
    ) -> Explanation:
        """What is shown, by another method; a method object that was shown is meant by its name.

        Raises:
            ValueError: there is no such method, or it cannot answer for this model.
        """
        explanation = self._this.explanation
        if explanation is None:
            raise ValueError(GONE)
        self.own = {**self.own, **_method_of(explanation)}
        shown = explanation.with_response(self._this.chosen.response)
        return shown.with_method(self.own.get(name, name), progress)

    def check_method(self, name: str, value: Any) -> Any:
        """The value of the trait `method` or `beside`; the new method is asked here.

        Raises:
            ValueError: there is no such method, it cannot answer, or the model trains.
        """
        explanation = self._this.explanation
        if explanation is None:
            if value:
                raise ValueError(f"{name}={value!r}: there is nothing to show by a method yet.")
            return value
        if name == "beside":
            if value == explanation.method:
                raise ValueError(f"beside={value!r} is the method that is shown.")
            if value is not None and explanation.features.tokens:
                raise ValueError(
                    "Texts have one feature, the token, whose share is the same by any method: "
                    "switch method, or compare token_importance() tables."
                )
            if value is not None and value not in explanation.methods:
                explanation.with_method(value)  # which says why it cannot be
            return value
        if value != explanation.method:
            if self.status.get("state") == "live":
                raise ValueError(LIVE)
            self.by_method(value)
        return value

    def fits(self, response: object, beside: object) -> bool:
        """Whether a page can choose these of what is shown; it may not know what that is by now."""
        known = [answer["name"] for answer in self.meta.get("responses", [])]
        return response in known and beside in (None, *beside_of(self._this.explanation))

    def switch(self) -> None:
        """Show what is shown by the method that was chosen."""
        explanation, name = self._this.explanation, self._this.chosen.method
        if explanation is None or not name or explanation.method == name:
            return
        found = self.by_method(name)
        # Both at once: what a new method beside leads to would be to show this one, too.
        with self._this.chosen.hold_trait_notifications():
            if self._this.chosen.beside == name:
                self._this.chosen.beside = explanation.method
            self._this.show(found, response=found.response)
        self.switched = True
        for view in self.views:
            view.switched(found)

    def as_switched(self, explanation: Explanation) -> Explanation:
        """A later explanation by the method that was switched to, where it can be."""
        name = self._this.chosen.method
        if not self.switched or name == explanation.method or name not in explanation.methods:
            return explanation
        try:
            return explanation.with_method(self.own.get(name, name))
        except ValueError:
            return explanation

    def besides(self) -> list[dict[str, Any]]:
        """What a saved page holds of the method beside; nothing where it cannot answer."""
        explanation, chosen = self._this.explanation, self._this.chosen
        if explanation is None or chosen.beside is None:
            return []
        of: dict[str, Any] = {"method": chosen.beside, "response": chosen.response}
        of |= {"output": self.selection.get("output"), **optional(step=chosen.step)}
        row = self.selection.get("instance")
        try:
            asked = [of] if row is None else [of, {**of, "row": row}]
            answers = [self._beside(explanation, one) for one in asked]
        except ValueError:
            return []
        return [{**told, "numbers": wire.packed(numbers)} for told, numbers in answers]

    def _beside(
        self, explanation: Explanation, asked: dict[str, Any]
    ) -> tuple[dict[str, Any], NDArray[np.float32]]:
        """What another method makes of all rows, or of one."""
        name, output, row = str(asked["method"]), asked["output"], asked.get("row")
        shown = explanation.with_response(asked["response"])
        other = shown.with_method(self.own.get(name, name))
        if row is None:
            said, numbers = shares_beside(shown, other, output)
            return {**asked, **said}, numbers
        return asked, row_beside(shown, other, (_row(shown, row), _row(other, row)), output)

    def answer_method(self, content: dict[str, Any]) -> None:
        """Switch as a page asks, once no cell runs."""
        name = content.get("method")
        told = {"t": "method", "method": name}

        told_at = monotonic()

        def progress(done: int, total: int | None) -> None:
            nonlocal told_at
            if monotonic() - told_at >= INTERVAL:
                told_at = monotonic()
                self.send({**told, "rows": {"done": done, "total": total}})

        def switch() -> None:
            try:
                if self.status.get("state") == "live":
                    raise ValueError(LIVE)
                self.by_method(str(name), progress)
                self._this.chosen.method = str(name)
            except (Exception, KeyboardInterrupt) as error:
                self.send({**told, "error": sentence(error)})

        when_free(switch)

    def answer_beside(self, content: dict[str, Any]) -> None:
        """Say what another method makes of all rows, or of one; at once where that is known."""
        keys = ("t", "method", "response", "output", "step", "row")
        told = {key: content[key] for key in keys if key in content}

        def answer() -> None:
            try:
                explanation = self._this.explanation
                if explanation is None:
                    raise ValueError(GONE)
                found, numbers = self._beside(explanation, told)
                self.send(found, [numbers.tobytes()])
            except (Exception, KeyboardInterrupt) as error:
                self.send({**told, "error": sentence(error)})

        when_free(answer)


def _method_of(explanation: Explanation) -> dict[str, Method]:
    """Its method object by name, as far as that is one of ours."""
    origin = explanation.origin
    known = origin is not None and explanation.method in METHODS
    return {explanation.method: origin.method} if known and origin is not None else {}


def _row(explanation: Explanation, position: int) -> Row:
    """A row of X, kept or explained.

    Raises:
        ValueError: it was not kept, and X is no longer at hand.
    """
    kept = Rows(explanation).kept(position)
    if kept is not None:
        return kept
    if explanation.origin is None:
        raise ValueError("This row was not kept, and X and the model are no longer at hand.")
    return explanation.origin.row(position)
