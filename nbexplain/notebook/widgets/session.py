"""The model behind all views of an explanation: the bundle, the data and what is chosen."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from nbexplain.explanation.against import check_holds
from nbexplain.explanation.sequences import check_step
from nbexplain.notebook import wire
from nbexplain.notebook.rows import Rows
from nbexplain.notebook.widgets.answers import answer, news
from nbexplain.notebook.widgets.editing import as_edit, kept_edit, read_edit, told_edit
from nbexplain.notebook.widgets.hosting import close_layout, route_by_sender
from nbexplain.notebook.widgets.places import (
    Looked,
    beside_of,
    index_of,
    known_lags,
    known_response,
    label_at,
    many_in,
    name_at,
    optional,
    packed_places,
    steps_of,
)
from nbexplain.notebook.widgets.selection import (
    MANY,
    NAMES,
    PICKS,
    Chosen,
    Selection,
    author,
    by,
    labels_of,
    lags_of,
)
from nbexplain.notebook.widgets.switching import Switching

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation
    from nbexplain.methods import Method

_sessions: weakref.WeakKeyDictionary[Explanation, list[Session]] = weakref.WeakKeyDictionary()


class Session(Switching):
    """One explanation in the page, shared by its views (see `PROTOCOL.md`).

    It does not keep the explanation alive; views that were made from one do.

    What is chosen flows between three places: `picked`, the Selection, which other sessions may
    share; `chosen`, what this explanation has of it, which the views are linked to; and the
    `selection` trait, which the page follows. Each follows the others where they differ.
    """

    def __init__(
        self, explanation: Explanation | None = None, picked: Selection | None = None
    ) -> None:
        self.shared = picked is not None
        self.picked = picked or Selection()
        self.chosen = Chosen(**{name: getattr(self.picked, name) for name in PICKS})
        self.views: weakref.WeakSet[Any] = weakref.WeakSet()
        self.again: Callable[[], object] | None = None
        self.asked: dict[str, dict[str, Any]] = {}
        self._explanation: Callable[[], Explanation | None] = lambda: None
        self.own: dict[str, Method] = {}
        self.switched = False
        self._features: tuple[str, ...] = ()
        self._outputs: tuple[str, ...] = ()
        self._told: tuple[Any, ...] = ()
        self._looked = Looked()
        super().__init__(
            status={"state": "empty"}, _esm=wire.bundle("session"), _link=self.picked.key
        )
        route_by_sender(self.comm)
        self.on_msg(self._receive)
        self.chosen.observe(self._lead, list(NAMES))
        self.picked.observe(self._follow, list(PICKS))
        if explanation is not None:
            self.show(explanation)

    @classmethod
    def of(cls, explanation: Explanation, picked: Selection | None = None) -> Session:
        """The session of all views of this explanation that share this Selection.

        Without one, the session of all views that were not given any.
        """
        for session in _sessions.get(explanation, []):
            shares = session.picked is picked or (picked is None and not session.shared)
            if shares and session.explanation is explanation:
                return session
        return cls(explanation, picked)

    @property
    def explanation(self) -> Explanation | None:
        """What is shown; None before there is one, and once nobody holds it any longer."""
        return self._explanation()

    def show(self, explanation: Explanation, *, response: str | None = None) -> None:
        """Show this explanation, keeping what is chosen as far as it has the same names.

        Without a `response`, the one that was shown stays where it can.
        """
        state = wire.state(explanation)
        self._explanation = weakref.ref(explanation)
        self._looked = Looked()
        self._features = tuple(explanation.features.names)
        self._outputs = tuple(explanation.outputs)
        _sessions.setdefault(explanation, []).append(self)
        known = [response["name"] for response in state["meta"]["responses"]]
        old = self.chosen
        keep = self.filled or bool(old.response or old.output)
        fits = keep and old.output in (None, *self._outputs)
        response = response or (old.response if old.response in known else explanation.response)
        shown = {
            "method": explanation.method,
            "beside": old.beside if old.beside in beside_of(explanation) else None,
            "response": response,
            "output": old.output if fits else self._output(state["meta"]["output"]),
            "step": old.step if old.step in steps_of(explanation) else None,
            "edit": kept_edit(explanation, old.edit, old.instance),
            "moment": old.moment if self.remembers(explanation.method) else None,
        }
        with self.hold_sync():
            for name, value in state.items():
                setattr(self, name, value)
            self.chosen.choose(**shown, **self._here(anew=True))
            self._tell()

    def refresh(self, explanation: Explanation, *, rows: bool) -> None:
        """Show newer numbers of the same model and data, by messages."""
        self._explanation = weakref.ref(explanation)
        self._looked = Looked()
        _sessions.setdefault(explanation, []).append(self)
        for content, buffers in news(explanation, self.chosen, rows=rows):
            self.send(content, buffers)

    def check(self, name: str, value: Any) -> Any:
        """The value of a view's trait, or a sentence about what it may be.

        Raises:
            ValueError: no such feature, output, response or row.
            TypeError: a row's label of another kind, or rows that are not a list.
        """
        if name in MANY:
            value = labels_of(value, name)
        if name == "lags":
            value = lags_of(value)
        if value is None and name != "output":
            return None
        if name == "moment" and value is not None:
            return self.moment_at(value)
        explanation, rows = self.explanation, self._rows
        if name in ("method", "beside"):
            return self.check_method(name, value)
        if name == "edit":
            return as_edit(explanation, value, self.chosen.instance)
        if explanation is None or rows is None:
            return value if value is None or name in (*PICKS[1:], "step") else str(value)
        place = self.picked.places.get(name)
        if name == "feature":
            if value not in self._features:  # of namesakes, the first is meant
                explanation.features.index(str(value))  # raises, naming near names
            return str(value)
        if name == "lags":
            lags: Any = value
            return known_lags(explanation, lags)
        if name in MANY:
            if name == "against":
                check_holds(explanation)
            many: Any = value
            return tuple(rows.labels(rows.positions(many, place)))
        if name in PICKS:
            return rows.labels(np.array([rows.position(value, place)]))[0]
        if name == "output":
            return self._output(wire.position(explanation, value))
        if name == "step":
            check_step(explanation, value)
            step: Any = value
            return int(step)
        return known_response(explanation, value)

    def close(self) -> None:
        """Take the data from the page, and no more part in what is picked."""
        with contextlib.suppress(ValueError):  # closed before
            self.picked.unobserve(self._follow, list(PICKS))
        if (explanation := self.explanation) is not None:
            _sessions[explanation] = [
                one for one in _sessions.get(explanation, []) if one is not self
            ]
        super().close()
        close_layout(self)

    @property
    def _rows(self) -> Rows | None:
        explanation = self.explanation
        return None if explanation is None else Rows(explanation)

    def _here(self, *, anew: bool = False) -> dict[str, Any]:
        """What this explanation has of what is picked; all of it before there is one."""
        picked = {name: getattr(self.picked, name) for name in PICKS}
        return {
            name: value
            if value is None or (value is getattr(self.chosen, name) and not anew)
            else self._one_here(name, value)
            for name, value in picked.items()
        }

    def _one_here(self, name: str, value: Any) -> Any:
        if not self.filled:
            return value
        if name == "feature":
            return value if value in self._features else None
        if name == "lags":
            return self._within(value)
        rows = self._rows
        if rows is None:
            return value
        place = self.picked.places.get(name)
        if name in MANY:
            return rows.known(value, place) or None if name == "rows" or self.holds else None
        return rows.label(value, place)

    def _follow(self, _change: object) -> None:
        """Something was picked, here or in another session."""
        self.chosen.choose(**self._here())

    def _lead(self, change: Any) -> None:
        """Something was chosen here: let others that share it follow, and the page."""
        self.switch()
        self.chosen.choose(**self.agreeing(self.chosen, self._outputs, change["name"]))
        here = self._here()
        new = {name: value for name in PICKS if (value := getattr(self.chosen, name)) != here[name]}
        self.picked.choose(**new)
        self._tell()

    def _tell(self) -> None:
        """Tell the page what was chosen, unless that is what the page chose."""
        chosen = self.chosen.all
        if not self.filled or chosen == self._told:
            return
        self._told = chosen
        _, beside, response, output, step, moment, edit, *picks = chosen
        places = {name: self._place(name, value) for name, value in zip(PICKS, picks, strict=True)}
        if not self._lags:
            del places["lags"]
        if not self.holds:
            del places["against"]
        # What this explanation does not have stands where it stood in another.
        self.picked.places |= {
            name: at
            for name, at in places.items()
            if at is not None or getattr(self.picked, name) is None
        }
        client, seq = author()
        self.selection = {
            **packed_places(places),
            "output": 0 if len(self._outputs) == 1 else index_of(self._outputs, output),
            "response": response,
            **optional(step=step, moment=moment, beside=beside),
            **told_edit(self.explanation, edit),
            "client": client,
            "seq": seq,
        }

    def _place(self, name: str, value: Any) -> Any:
        """Position in the names, or in X."""
        place = self.picked.places.get(name)
        rows = self._rows
        if value is None:
            return None
        if name == "feature":
            same = isinstance(place, int) and self._features[place : place + 1] == (value,)
            return place if same else index_of(self._features, value)
        if name == "lags":
            return list(value)
        if rows is None:  # nothing is known of rows any longer
            return place
        if name not in MANY:
            return rows.position(value, place)
        return self._looked.positions(name, rows, value, place)

    def _output(self, position: int | None) -> str | None:
        return None if position is None else self._outputs[position]

    def _receive(self, _: object, content: dict[str, Any], buffers: list[Any]) -> None:
        # Messages may arrive on another thread, beside a running cell: nothing here is slow.
        kind = content.get("t")
        if kind == "select":
            self._select(content, buffers)
        elif kind == "method":
            self.answer_method(content)
        elif kind == "beside":
            self.answer_beside(content)
        elif kind == "again" and self.again is not None:
            self.again()
        else:
            answer(self, content, buffers)

    def _select(self, message: dict[str, Any], buffers: list[Any]) -> None:
        places: dict[str, Any] = {
            name: message.get(name) for name in ("feature", "instance", "other")
        }
        many = many_in(message, buffers)
        if not self.holds:
            many.pop("against", None)
        places |= many
        shown = {name: message.get(name) for name in ("output", "response")}
        extra = ("step", "moment", "edit", "beside")
        shown |= {name: at for name in extra if (at := message.get(name)) is not None}
        told = {"client": message.get("client"), "seq": message.get("seq")}
        try:
            chosen = {
                **dict.fromkeys(extra),
                **shown,
                "edit": read_edit(self.explanation, shown.get("edit")),
                "output": name_at(self._outputs, shown["output"]),
            }
            if not self.fits(shown["response"], shown.get("beside")):
                return  # of another explanation
            chosen["feature"] = name_at(self._features, places["feature"])
            if (rows := self._rows) is not None:
                chosen |= {name: label_at(rows, places[name]) for name in ("instance", "other")}
                for name, at in many.items():
                    chosen[name] = self._looked.labels(name, rows, at)
            if self._lags:
                places["lags"] = message.get("lags")
                chosen["lags"] = lags_of(places["lags"])
                if chosen["lags"] != self._within(chosen["lags"]):
                    return  # of another explanation
        except (LookupError, TypeError):
            return  # of an explanation that has been replaced meanwhile
        # First the echo: `_tell` then finds the page knowing already.
        self.picked.places |= places
        self.selection = {**packed_places(places), **shown, **told}
        self._told = tuple(chosen.get(name, getattr(self.chosen, name)) for name in NAMES)
        self.edited = chosen.get("instance")
        with by(str(told["client"]), int(told["seq"] or 0)):
            self.chosen.choose(**chosen)
