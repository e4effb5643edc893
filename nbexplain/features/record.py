"""What the columns are: from the entries of one row to the names that are ranked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nbexplain.features.names import Kind, columns_of, grouped, near

TOKEN = "token"
"""What the one feature of texts is called."""


@dataclass(frozen=True, eq=False)
class Features:
    """The features of one row, and how its entries pool into them.

    With g the derivative at each entry, the size of feature j is r_j = Σ_c √(mean_n Σ_e g_ne²),
    over the entries e of each cell c that j owns: squares are summed inside a cell (the members
    of a group), roots are added over a feature's cells (its lags, or the pixels of its channel).

    Attributes:
        names: what is ranked, in the data's order; a group stands where its first member stood.
        shape: of one row of the differentiated input: `(p,)`, `(τ, p)`, `(C, H, W)`.
        cells: `[entries]`, the cell of each entry; entries are row-major over `shape`.
        owners: `[cells]`, the feature that owns each cell.
        kind: "table" for one axis, "sequence" for two, "image" for more.
        columns: the names before grouping; the same as `names` without groups.
        groups: the members of each group, as they were given; of each state its entries.
        lag_unit: of a sequence, the unit of one step, or the names of its lags, lag 0 first.
        tokens: whether rows are texts: sequences of one feature, the token, whose entries at a
            step are coordinates of the derivative at its embedding.
        states: the features that are initial states of a sequence. They stand in a row before the
            first step, whose lag is the number of steps.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    cells: NDArray[np.int64]
    owners: NDArray[np.int64]
    kind: Kind
    columns: tuple[str, ...]
    groups: Mapping[str, tuple[str, ...]]
    lag_unit: str | tuple[str, ...] | None = None
    tokens: bool = False
    states: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def steps(self) -> int:
        """τ, the steps of a sequence, a row of states among them; 1 where rows have none."""
        return self.shape[0] if self.kind == "sequence" else 1

    @property
    def block(self) -> int:
        """How many consecutive rows may overlap: τ for windows of a sequence, otherwise 1."""
        return 1 if self.tokens else self.steps - bool(self.states)

    @property
    def lag_names(self) -> tuple[str, ...]:
        """What the lags are called, lag 0 (the last step) first; a row of states after its states.

        >>> features((3, 1), lag_unit="h").lag_names
        ('0 h', '1 h', '2 h')
        """
        if isinstance(self.lag_unit, tuple):
            return self.lag_unit
        unit = "" if self.lag_unit is None else f" {self.lag_unit}"
        lags = tuple(f"{lag}{unit}" for lag in range(self.steps))
        return lags if self.beginning is None else (*lags[:-1], self.beginning)

    @property
    def beginning(self) -> str | None:
        """What the row of initial states is called, the last of the lags; None without states.

        >>> columns = ["x0", "h0[0]", "h0[1]"]
        >>> features((3, 3), columns, states={"h0": columns[1:]}).lag_names
        ('0', '1', 'h0')
        """
        return ", ".join(self.states) or None

    @property
    def standing(self) -> NDArray[np.bool_]:
        """Which entries are something: not a state's at the steps, nor a step's in their row.

        >>> columns = ["x0", "h0[0]"]
        >>> features((2, 2), columns, states={"h0": columns[1:]}).standing.tolist()
        [False, True, True, False]
        """
        if not self.states:
            return np.ones(len(self.cells), np.bool_)
        state = np.isin(self.names, self.states)[self.owners[self.cells]]
        first = np.arange(len(self.cells)) < len(self.columns)
        return state == first

    @property
    def last_step(self) -> Features:
        """The same features of a sequence's last step alone, whose entries are the last p.

        >>> features((2, 3), ["a", "r", "g"], {"colour": ["r", "g"]}).last_step.cells.tolist()
        [0, 1, 1]
        """
        width = len(self.columns)
        cells, owners = self.cells[:width], np.arange(len(self))
        return replace(self, shape=(width,), cells=cells, owners=owners, kind="table")

    def over(self, steps: int) -> Features:
        """The same features of sequences of another number of steps.

        >>> features((2, 3), ["a", "r", "g"], {"colour": ["r", "g"]}).over(3).cells.tolist()
        [0, 1, 1, 2, 3, 3, 4, 5, 5]
        """
        step, width = self.last_step, len(self)
        cells = (np.arange(steps)[:, None] * width + step.cells).reshape(-1)
        owners, shape = np.tile(step.owners, steps), (steps, *self.shape[1:])
        return replace(self, shape=shape, cells=cells, owners=owners)

    def columns_of(self, entries: NDArray[np.int64]) -> NDArray[np.int64]:
        """Positions in `columns` of these entries.

        >>> features((2, 3)).columns_of(np.array([0, 4])).tolist()
        [0, 1]
        """
        if self.kind == "image":
            return entries // max(1, len(self.cells) // max(1, len(self.columns)))
        return entries % max(1, len(self.columns))

    def index(self, name: str) -> int:
        """The position of a feature.

        Raises:
            ValueError: no feature has this name, or more than one has.

        >>> features((3,), ["age", "income", "rooms"], None).index("income")
        1
        """
        match [j for j, known in enumerate(self.names) if known == name]:
            case [position]:
                return position
            case []:
                raise ValueError(f"There is no feature {name!r}{near(name, self.names)}.")
            case several:
                raise ValueError(
                    f"{len(several)} features are called {name!r}: rename them in X, or pass "
                    f"feature_names=, to tell them apart."
                )


def features(
    shape: Sequence[int],
    names: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    lag_unit: str | Sequence[object] | None = None,
    layout: str | None = None,
    states: Mapping[str, Sequence[str]] | None = None,
) -> Features:
    """Name the features of rows of this shape, and pool them into groups.

    Args:
        shape: of one row: `(p,)` a table, `(τ, p)` a sequence, `(C, H, W)` an image.
        names: one a column for tables and sequences; for images one a channel (its pixels are
            then pooled) or one an entry. None: `x0, x1, …`, and `x[c,i,j]` for images.
        groups: the columns of each group, by name.
        lag_unit: of sequences: the unit of one step, or τ names of lags, lag 0 first.
        layout: what the data's axes are, where their number leaves doubt: "nhw" are images.
        states: of sequences whose first row are initial states: the columns of each, by name.

    Raises:
        ValueError: another number of names; a group's member that is unknown, in two groups or
            shared by two columns; a group without members or named like another column; lags
            where there are no sequences.
        TypeError: names, or a group's members, that are a single string.

    >>> one_hot = features((3,), ["age", "red", "blue"], {"colour": ["red", "blue"]})
    >>> one_hot.names, one_hot.cells.tolist()
    (('age', 'colour'), [0, 1, 1])
    >>> window = features((2, 3))
    >>> window.names, window.cells.tolist(), window.owners.tolist()
    (('x0', 'x1', 'x2'), [0, 1, 2, 3, 4, 5], [0, 1, 2, 0, 1, 2])
    """
    shape = tuple(shape)
    kind: Kind = "table" if len(shape) < 2 else "sequence" if len(shape) == 2 else "image"
    kind = "image" if layout == "nhw" else kind
    if isinstance(names, str):
        raise TypeError(f"feature_names is the string {names!r}: pass a list of names.")
    pooled = {**(groups or {}), **(states or {})}
    columns = columns_of(shape, kind, names)
    ranked, feature_of_column = grouped(columns, pooled)

    # Every entry is a column at a place: a lag of a sequence, a pixel of a channel.
    entries = np.arange(math.prod(shape), dtype=np.int64)
    places = len(entries) // max(1, len(columns))
    if kind == "image":
        column, place = np.divmod(entries, max(1, places))
    else:
        place, column = np.divmod(entries, max(1, len(columns)))
    # A group has one cell a place, so that its members' squares meet there and nowhere else.
    cells = place * len(ranked) + feature_of_column[column]
    owners = np.arange(places * len(ranked), dtype=np.int64) % max(1, len(ranked))
    cells.flags.writeable = owners.flags.writeable = False
    return Features(
        names=ranked,
        shape=shape,
        cells=cells,
        owners=owners,
        kind=kind,
        columns=columns,
        groups={name: tuple(members) for name, members in pooled.items()},
        lag_unit=_lag_unit(shape, kind, lag_unit, tuple(states or ())),
        states=tuple(states or ()),
    )


def token_features(
    steps: int, coordinates: int, lag_unit: str | Sequence[object] | None = None
) -> Features:
    """The one feature of texts, the token at each step.

    Args:
        steps: τ, how many tokens a row has.
        coordinates: of the derivative at each; their squares meet in the token's cell.
        lag_unit: as `features` takes it.

    >>> token_features(2, 3).names, token_features(2, 3).cells.tolist()
    (('token',), [0, 0, 0, 1, 1, 1])
    """
    columns = [f"{TOKEN}[{i}]" for i in range(coordinates)]
    found = features((steps, coordinates), columns, {TOKEN: columns}, lag_unit)
    return replace(found, groups={}, tokens=True)


def _lag_unit(
    shape: tuple[int, ...],
    kind: Kind,
    given: str | Sequence[object] | None,
    states: tuple[str, ...],
) -> str | tuple[str, ...] | None:
    if given is None:
        return None
    if kind != "sequence":
        raise ValueError(
            f"lag_unit= is for sequences, X of shape [rows, steps, features], but a row of X here "
            f"has the shape {list(shape)}: leave it out."
        )
    if isinstance(given, str):
        return given
    names = tuple(str(name) for name in given)
    steps = shape[0] - bool(states)
    if len(names) != steps:
        raise ValueError(
            f"lag_unit has {len(names)} names, but X has {steps} steps: pass one name a lag, "
            "that of lag 0 (the last step) first, or one string such as 'h'."
        )
    return (*names, ", ".join(states)) if states else names
