"""One panel that follows the names of its `%explain` line."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbexplain.explain import explain
from nbexplain.live.fingerprint import Fingerprint
from nbexplain.live.versions import Version, Versions
from nbexplain.notebook import wire
from nbexplain.notebook.follow.named import Named, alike
from nbexplain.notebook.follow.told import compared, same_numbers, told
from nbexplain.notebook.widgets.forms import shown_view
from nbexplain.notebook.widgets.running import sentence

if TYPE_CHECKING:
    from nbexplain.comparison import Comparison
    from nbexplain.explanation import Explanation
    from nbexplain.notebook.widgets.view import View

SAMPLED = "{} is large: after each cell a sample of its parameters is looked at."
"""A note where an edit of few parameters may be missed."""

SHOWN = ["method", "response", "output"]
"""Traits of the panel that a comparison is of."""

Scope = Callable[[], Mapping[str, Any]]


class Followed:
    """What a `%explain` line explains, from version to version; `nbx.followed()` gives them.

    After each cell its names are looked at. Where the model or the data have changed, they are
    explained anew, the panel shows that against the version before, and it is kept.

    Attributes:
        line: the expressions of the line.
        versions: the explanations so far, oldest first.
        shown: the number of the version in the panel.
        against: the number of that which it is compared with, or None.
        note: what the panel says besides: a name that is gone, a model that fails.
    """

    def __init__(
        self,
        expressions: Sequence[str],
        keywords: Mapping[str, Any],
        scope: Scope,
        explanation: Explanation,
        earlier: Followed | None = None,
    ) -> None:
        self.line = tuple(expressions)
        self.versions = Versions()
        self.against: int | None = None
        self.note = ""
        self._named = [Named.of(text) for text in expressions]
        self._keywords, self._scope = dict(keywords), scope
        self._view: View | None = None
        self._unhear: Callable[[], None] | None = None
        self._chosen = False  # whether `against` was, and stays when the model changes again
        self._lock = threading.RLock()
        self._latest = explanation
        self._seen = self._look()
        if earlier is not None:
            self.versions, self.against = earlier.versions, earlier.shown
            if same_numbers(earlier.explanation, explanation):
                self.against = earlier.against
                self.shown = self.versions.replace(earlier.versions[-1], explanation).number
                return
        self.shown = self.versions.add(explanation).number

    @property
    def explanation(self) -> Explanation:
        """The latest."""
        return self._latest

    @property
    def model(self) -> object:
        """What the first expression is now; None where it is gone, or would run code."""
        try:
            return self._named[0].value(self._scope()) if self._named[0].plain else None
        except Exception:  # which `check` says
            return None

    @property
    def open(self) -> bool:
        """Whether it has a panel that is not closed."""
        return self._view is not None and not self._view.closed

    def displayed(self) -> bool:
        """Find the panel; whether there is one. Called once its cell has ended."""
        if self._view is None:
            self._view = shown_view(self._latest)
            if self._view is not None:
                self._unhear = self._view.hear(self._heard)
                self._view.observe(self._switched, SHOWN)
                self._tell()
        return self.open

    def check(self) -> None:
        """Look at the names, and explain anew where they have changed; says what goes wrong."""
        try:
            if self._unchanged():
                self.say("")
                return
            self._seen = None  # until it is explained, also after an interrupt
            arguments = [named.value(self._scope()) for named in self._named]
            found = explain(*arguments, **{**self._keywords, "progress": self._progress})
            self._latest, before = found, self._latest
            self._seen = self._look()
        except KeyboardInterrupt:
            self.say(f"Interrupted: {self.line[0]} is explained again after the next cell.")
        except Exception as error:
            self.say(self._failed(error))
        else:
            self.note = ""
            self._show_anew(before, found)

    def back(self, which: int | str) -> Version:
        """Show a version again, by number or name; the next change shows the latest.

        Raises:
            LookupError: there is none, or none any longer.
        """
        with self._lock:
            version = self.versions[which]
            numbers = [v.number for v in self.versions]
            place = numbers.index(version.number)
            self.shown = version.number
            if not self._chosen or self.against == version.number:
                self.against, self._chosen = (numbers[place - 1] if place else None), False
            if self.open and self._view is not None:
                self._view.follow(version.explanation)
            self._tell()
            return version

    def compare(self, before: int | str | None, after: int | str = -1) -> Comparison | None:
        """Compare two versions, which the panel then shows; None ends comparing.

        Raises:
            LookupError: there is no such version.
        """
        with self._lock:
            self.against = None if before is None else self.versions[before].number
            self._chosen = before is not None
            if self.versions[after].number != self.shown:
                self.back(after)
            else:
                self._tell()
            return None if before is None else self.versions.compare(before, after)

    def pin(self, which: int | str, pinned: bool = True) -> Version:
        """Keep a version whatever comes after it, or no longer."""
        version = self.versions.pin(which, pinned)
        self._tell()
        return version

    def rename(self, which: int | str, name: str) -> Version:
        """Call a version by another name."""
        version = self.versions.rename(which, name)
        self._tell()
        return version

    def stop(self, note: str = "No longer followed: %explain follows again.") -> None:
        """Follow the names no longer; the panel stays as it is."""
        if self._unhear is not None:
            self._unhear()
            self._unhear = None
        if self.open and self._view is not None:
            self._view.unobserve(self._switched, SHOWN)
            self.note = note
            self._tell(followed=False)
        self._view = None

    def __repr__(self) -> str:
        count = len(self.versions)
        return f"Followed({' '.join(self.line)}, {count} version{'s' * (count != 1)})"

    def _look(self, before: list[Any] | None = None) -> list[Any]:
        scope, found = self._scope(), list[Any]()
        for place, named in enumerate(self._named):
            known = before[0] if before and not place else None
            found += named.seen(scope, None if place else self._latest, known)
        return found

    def _unchanged(self) -> bool:
        try:
            return self._seen is not None and alike(self._seen, self._look(self._seen))
        except NameError:
            raise
        except Exception:  # what the model now fails with, explaining it says
            return False

    def _show_anew(self, last: Explanation, found: Explanation) -> None:
        with self._lock:
            if same_numbers(last, found):
                self.versions.replace(self.versions[-1], found)
                self._tell()
                return
            before = self.shown
            self.shown = self.versions.add(found).number
            kept = {version.number for version in self.versions}
            if not self._chosen or self.against not in kept:
                self.against, self._chosen = before if before in kept else None, False
            if self._view is not None:
                self._view.follow(found)
            self._tell()

    def _failed(self, error: Exception) -> str:
        names = {name for named in self._named for name in named.names}
        if isinstance(error, NameError) and error.name in names:
            return f"{error.name} is no longer defined: shown is what it was last."
        return f"{self.line[0]} has changed and cannot be explained: {sentence(error)}"

    def say(self, note: str) -> None:
        """Say something in the panel besides what changed; an empty text ends that."""
        if note != self.note:
            self.note = note
            self._tell()

    def _progress(self, done: int, total: int | None) -> None:
        if total and done < total:
            self.say("Explaining what changed …")

    def _switched(self, _change: object) -> None:
        """Another response or output is shown."""
        self._tell()

    def _tell(self, *, followed: bool = True) -> None:
        with self._lock:
            view = self._view
            if view is None or view.closed:
                return
            shown = self.versions[self.shown]
            against = None if self.against is None else self.versions[self.against]
            trait = told(self.versions, shown, against, self.note, followed=followed)
            if against is not None:
                trait |= self._compared(against, shown, view)
            if any(isinstance(one, Fingerprint) and one.sampled for one in self._seen or ()):
                trait["notes"] = [*trait.get("notes", ()), SAMPLED.format(self.line[0])]
            view.tell_versions(trait)

    def _compared(self, before: Version, after: Version, view: View) -> dict[str, Any]:
        response, method = view.response, after.explanation.method
        if view.method != method:
            return {"sentence": f"Versions are compared as they were explained, by {method}."}
        known = [wire.responses(version.explanation) for version in (before, after)]
        if not all(response in names for names in known):
            return {"sentence": f"{before.name} is not at hand as {response}."}
        try:
            found = self.versions.compare(
                before.number, after.number, output=view.output, response=response
            )
        except ValueError as error:  # other outputs, other features
            return {"sentence": sentence(error)}
        return compared(found, response)

    def _heard(self, _: object, content: dict[str, Any], _buffers: object) -> None:
        """A message of the page about versions; of what is gone meanwhile it is ignored."""
        if content.get("t") != "version":
            return
        number, wanted = content.get("number"), content.get("do")
        with self._lock:
            numbers = {version.number for version in self.versions}
            if wanted == "against" and number is None:
                self.compare(None, self.shown)
            elif isinstance(number, int) and number in numbers:
                if wanted == "show":
                    self.back(number)
                elif wanted == "against":
                    self.compare(number, self.shown)
                elif wanted == "pin":
                    self.pin(number, bool(content.get("pinned")))
                elif wanted == "name":
                    self.rename(number, str(content.get("name", ""))[:200])
