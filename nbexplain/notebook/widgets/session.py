"""The model behind all views of an explanation: the bundle, the data and what is chosen."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from nbexplain.notebook import wire
from nbexplain.notebook.widgets.selection import Selection

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation

GONE = "This explanation is no longer in the kernel's memory: run its cell again."

_sessions: weakref.WeakKeyDictionary[Explanation, Session] = weakref.WeakKeyDictionary()


class Session(anywidget.AnyWidget):
    """One explanation in the page, shared by its views (see `PROTOCOL.md`).

    It does not keep the explanation alive; views that were made from one do.
    """

    _esm = traitlets.Unicode().tag(sync=True)
    _proto = traitlets.Int(wire.PROTOCOL).tag(sync=True)
    status = traitlets.Dict().tag(sync=True)
    meta = traitlets.Dict().tag(sync=True)
    names = traitlets.List().tag(sync=True)
    importance = traitlets.Dict().tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)

    def __init__(self, explanation: Explanation | None = None) -> None:
        self.chosen = Selection()
        self.views: weakref.WeakSet[object] = weakref.WeakSet()
        self.again: Callable[[], object] | None = None
        self._explanation: Callable[[], Explanation | None] = lambda: None
        self._features: tuple[str, ...] = ()
        self._outputs: tuple[str, ...] = ()
        super().__init__(status={"state": "empty"}, _esm=wire.bundle("session"))
        route_by_sender(self)
        self.on_msg(self._receive)
        self.chosen.observe(self._tell, list(Selection.NAMES))
        if explanation is not None:
            self.show(explanation)

    @classmethod
    def of(cls, explanation: Explanation) -> Session:
        """The session that all views of this explanation share."""
        session = _sessions.get(explanation)
        if session is None or session.comm is None:
            session = _sessions[explanation] = cls(explanation)
        return session

    @property
    def explanation(self) -> Explanation | None:
        """What is shown; None before there is one, and once nobody holds it any longer."""
        return self._explanation()

    @property
    def filled(self) -> bool:
        """Whether an explanation has been shown."""
        return bool(self.meta)

    def show(self, explanation: Explanation) -> None:
        """Show this explanation, keeping what is chosen as far as it has the same names."""
        state = wire.state(explanation)
        self._explanation = weakref.ref(explanation)
        self._features = tuple(explanation.features.names)
        self._outputs = tuple(explanation.outputs)
        _sessions.setdefault(explanation, self)
        known = state["meta"]["responses"]
        old = self.chosen
        keep = self.filled or bool(old.response or old.output)
        names = {
            "response": old.response
            if any(old.response == response["name"] for response in known)
            else explanation.response,
            "output": old.output
            if keep and old.output in (None, *self._outputs)
            else self._name(self._outputs, state["meta"]["output"]),
            "feature": old.feature if old.feature in self._features else None,
        }
        with self.hold_sync():
            for name, value in state.items():
                setattr(self, name, value)
            self.chosen.choose(**names)
            self._tell()

    def check(self, name: str, value: str | int | None) -> str | None:
        """The value of a view's trait, or a sentence about what it may be.

        Raises:
            ValueError: no such feature, output or response.
        """
        explanation = self.explanation
        if explanation is None or (value is None and name == "feature"):
            return None if value is None else str(value)
        if name == "feature":
            if value not in self._features:  # of namesakes, the first is meant
                explanation.features.index(str(value))  # raises, naming near names
            return str(value)
        if name == "output":
            return self._name(self._outputs, wire.position(explanation, value))
        known = wire.responses(explanation)
        if value not in known:
            raise ValueError(
                f"response={value!r} is not at hand for this explanation "
                f"({', '.join(known)} are): use ex.with_response({value!r}), "
                f"or nbx.explain(…, response={value!r})."
            )
        return str(value)

    def report(self, **status: Any) -> None:
        """Say in the page what is going on: `state` and what belongs to it."""
        self.status = status

    def leave(self, view: object) -> None:
        """A view was closed; with the last one the session closes."""
        self.views.discard(view)
        if not self.views:
            self.close()

    def _tell(self, _change: object = None) -> None:
        """Tell the page what Python chose, unless that is what the page chose."""
        names = tuple(getattr(self.chosen, name) for name in Selection.NAMES)
        if not self.filled or names == self._names(self.selection):
            return
        response, output, feature = names
        self.selection = {
            "feature": _index(self._features, feature),
            "output": 0 if len(self._outputs) == 1 else _index(self._outputs, output),
            "response": response,
            "client": "",
            "seq": 0,
        }

    def _names(self, selection: dict[str, Any]) -> tuple[str | None, ...]:
        """Response, output and feature by name: several features may have the same one."""
        if not selection:
            return ()
        return (
            selection["response"],
            self._name(self._outputs, selection["output"]),
            self._name(self._features, selection["feature"]),
        )

    @staticmethod
    def _name(names: tuple[str, ...], position: int | None) -> str | None:
        return None if position is None else names[position]

    def _receive(self, _: object, content: dict[str, Any], _buffers: object) -> None:
        # Messages may arrive on another thread, beside a running cell: nothing here is slow.
        kind = content.get("t")
        if kind == "select":
            self._select(content)
        elif kind == "slice":
            self._answer(content)
        elif kind == "again" and self.again is not None:
            self.again()

    def _select(self, message: dict[str, Any]) -> None:
        selection = {
            name: message.get(name) for name in ("feature", "output", "response", "client", "seq")
        }
        try:
            names = self._names(selection)
        except (IndexError, TypeError):
            return  # of an explanation that has been replaced meanwhile
        # First the echo: `_tell` then finds the page knowing already.
        self.selection = selection
        self.chosen.choose(**dict(zip(Selection.NAMES, names, strict=True)))

    def _answer(self, message: dict[str, Any]) -> None:
        response, output = message.get("response", ""), message.get("output")
        answer = {"t": "slice", "response": response, "output": output}
        explanation = self.explanation
        try:
            if explanation is None:
                raise ValueError(GONE)
            self.check("response", response)
            asked = explanation.with_response(response)
            values = wire.importance(asked, output)
            answer["question"] = wire.question(asked, output)
        except (ValueError, TypeError) as error:
            self.send({**answer, "error": str(error)})
        else:
            self.send(answer, [values.tobytes()])


def route_by_sender(widget: anywidget.AnyWidget) -> None:
    """Let clicks be answered while a cell runs, on ipykernel 7.4.

    It routes a comm's messages to the subshell that last *sent* on it, which for a widget made in
    a cell is the busy main one. None is its own sign for "by the sender's choice".
    """
    comm: Any = widget.comm
    with contextlib.suppress(Exception):  # a private name: whatever it becomes, do without it
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = None


def _index(names: tuple[str, ...], name: str | None) -> int | None:
    return names.index(name) if name in names else None
