"""What is chosen: picks that views and explanations share, and what each session shows of them."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import traitlets

#: Traits that a Selection shares, in the order in which they are set.
PICKS = ("feature", "instance", "other", "rows", "lags", "against")
#: Those of them that hold many rows.
MANY = ("rows", "against")
#: All that a session has chosen.
NAMES = ("method", "beside", "response", "output", "step", "moment", "edit", *PICKS)

_author: ContextVar[tuple[str, int]] = ContextVar("author", default=("", 0))


@contextmanager
def by(client: str, seq: int) -> Generator[None, None, None]:
    """What is chosen inside follows from choice number `seq` of a page."""
    token = _author.set((client, seq))
    try:
        yield
    finally:
        _author.reset(token)


def author() -> tuple[str, int]:
    """Who chooses: a page's client and number of choice, or Python ("", 0)."""
    return _author.get()


class Picks(traitlets.HasTraits):
    """A feature by name, rows by label, and lags."""

    feature = traitlets.Unicode(None, allow_none=True)
    instance = traitlets.Any(None, allow_none=True)
    other = traitlets.Any(None, allow_none=True)
    rows = traitlets.Any(None, allow_none=True)
    lags = traitlets.Any(None, allow_none=True)
    against = traitlets.Any(None, allow_none=True)

    @traitlets.validate("lags")
    def _as_lags(self, proposal: Any) -> tuple[int, ...] | None:
        return lags_of(proposal["value"])

    @traitlets.validate(*MANY)
    def _as_tuple(self, proposal: Any) -> tuple[object, ...] | None:
        return labels_of(proposal["value"], proposal["trait"].name)

    def choose(self, **values: object) -> None:
        """Set several at once: observers see all of them set."""
        with self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)


class Selection(Picks):
    """What is picked, shared by the views that are given it as `selection=`.

    Views of one explanation share what is picked anyway. A Selection of their own separates two
    views of one explanation; the same one links views of several explanations of the same rows,
    such as two models, or two responses of one model side by side. What an explanation does not
    have is None for it. Which response, output and step are shown is each explanation's own.

    Args:
        feature: name of the picked feature, or None.
        instance: label of the picked row (of the frame's index, else its position), or None.
        other: label of a second row, to compare with the first, or None.
        rows: labels of the brushed rows, or None.
        lags: the brushed lags of sequences, 0 for the last step of the window, or None; leads
            are below 0.
        against: labels of the rows that the picked one is held against, or None for the method's
            own baseline.

    The arguments are traits: they can be observed, set and linked.

    >>> import torch, nbexplain as nbx
    >>> X, picked = torch.eye(3), nbx.Selection(feature="x1")
    >>> one = nbx.ImportanceBars(nbx.explain(torch.nn.Linear(3, 1), X), selection=picked)
    >>> two = nbx.LocalBars(nbx.explain(torch.nn.Linear(3, 1), X), selection=picked)
    >>> one.instance = 2
    >>> picked.instance, two.instance, two.feature
    (2, 2, 'x1')
    >>> one.close(), two.close()
    (None, None)
    """

    def __init__(
        self,
        feature: str | None = None,
        instance: object = None,
        other: object = None,
        rows: Iterable[object] | None = None,
        lags: Iterable[int] | None = None,
        against: Iterable[object] | None = None,
    ) -> None:
        picks = {"feature": feature, "instance": instance, "other": other}
        super().__init__(**picks, rows=rows, lags=lags, against=against)
        #: Sessions of a page with the same key share what is picked.
        self.key = secrets.token_hex(8)
        #: Where in the names and in X the picks were found last: of namesakes, that one is meant.
        self.places: dict[str, Any] = {}

    def __repr__(self) -> str:
        told = ", ".join(
            f"{name}=<{len(value)} labels>" if name in MANY else f"{name}={value!r}"
            for name in PICKS
            if (value := getattr(self, name)) is not None
        )
        return f"Selection({told})"


class Chosen(Picks):
    """What a session shows of what is picked, and which response, output and step it shows.

    Attributes:
        method: name of the method that answers.
        beside: name of a second method, whose numbers stand beside; None without one.
        step: of outputs at every step, the one that is shown; None is all of them together.
        moment: of a training, the optimizer's step that bars are taken back to; None: the latest.
        edit: values of the picked row put in the place of its own, by feature; None without any.
        output: the output that is shown; None is all of them combined.
        response: what is differentiated: "raw", "prob", "logodds", …
    """

    method = traitlets.Unicode("")
    beside = traitlets.Unicode(None, allow_none=True)
    output = traitlets.Unicode(None, allow_none=True)
    response = traitlets.Unicode("")
    step = traitlets.Int(None, allow_none=True)
    moment = traitlets.Int(None, allow_none=True)
    edit = traitlets.Any(None, allow_none=True)

    @property
    def all(self) -> tuple[Any, ...]:
        """The values in the order of `NAMES`."""
        return tuple(getattr(self, name) for name in NAMES)


def labels_of(rows: Any, name: str = "rows") -> tuple[object, ...] | None:
    """Labels of rows, called `name`, as a tuple; None where there are none.

    Raises:
        TypeError: rows is one label, or says yes or no of every row.
    """
    if rows is None or isinstance(rows, tuple):
        return rows or None
    # NumPy's and pandas' own numbers become Python's.
    listed = rows.tolist() if hasattr(rows, "tolist") else rows
    if isinstance(listed, (str, bytes)) or not isinstance(listed, Iterable):
        raise TypeError(f"{name}={rows!r} is not a list: pass the labels of the rows, or None.")
    labels: tuple[Any, ...] = tuple(listed)
    # Labels that are truth values would be two at most.
    if len(labels) > 2 and all(isinstance(label, bool) for label in labels):
        raise TypeError(f"{name} is a mask: pass the labels of the rows, X.index[mask].")
    return labels or None


def lags_of(lags: Any) -> tuple[int, ...] | None:
    """Lags as a tuple, each once and 0 first; None where there are none.

    Raises:
        TypeError: lags is no list of whole numbers.

    >>> lags_of(range(3)), lags_of([])
    ((0, 1, 2), None)
    """
    if lags is None:
        return None
    listed = lags.tolist() if hasattr(lags, "tolist") else lags
    whole = isinstance(listed, Iterable) and not isinstance(listed, (str, bytes))
    found: list[Any] = list(listed) if whole else [None]
    if any(isinstance(lag, bool) or not isinstance(lag, int) for lag in found):
        raise TypeError(f"lags={lags!r} is no list of lags: pass whole numbers, range(6), or None.")
    return tuple(sorted(set(found))) or None
