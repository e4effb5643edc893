"""What columns are called: the data's own names, numbered ones, and the groups they form."""

from __future__ import annotations

import difflib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["table", "sequence", "image"]


def side_by_side(
    shapes: Sequence[Sequence[int]],
    columns: Sequence[Sequence[str] | None],
    inputs: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """Names for the entries of several inputs laid side by side, in the inputs' order.

    An input's own column names are kept; without them an entry is named after its input and its
    place in it. Inputs without names are `x0, x1, …`. A column that two inputs share is named
    after its input too.

    >>> side_by_side([(2,), (1, 2)], [("age", "income"), None], ["person", "image"])
    ('age', 'income', 'image[0,0]', 'image[0,1]')
    """
    inputs = inputs or [f"x{i}" for i in range(len(shapes))]
    shared = Counter(name for names in columns for name in set(names or ()))
    found: list[str] = []
    for shape, names, owner in zip(shapes, columns, inputs, strict=True):
        if names is None or len(names) != math.prod(shape):
            found += _entries(owner, shape)
        else:
            found += [f"{owner}.{name}" if shared[name] > 1 else name for name in names]
    return tuple(found)


def _entries(owner: str, shape: Sequence[int]) -> list[str]:
    """`owner[i,j]` for every entry, row-major; the owner alone where there are no axes."""
    if not shape:
        return [owner]
    axes = [[str(i) for i in range(size)] for size in shape]
    return [f"{owner}[{','.join(place)}]" for place in product(*axes)]


def columns_of(shape: tuple[int, ...], kind: Kind, names: Sequence[str] | None) -> tuple[str, ...]:
    """The names given, or numbered ones, of the columns of rows of this shape."""
    entries = math.prod(shape)
    if kind == "image":
        if names is None:
            return tuple(_entries("x", shape))
        wanted = {entries: "one an entry"}
        if len(shape) > 2:
            wanted = {shape[0]: "one a channel", **wanted}
    else:
        width = shape[-1] if shape else 1
        if names is None:
            return tuple(f"x{j}" for j in range(width))
        wanted = {width: "one a column"}
    if len(names) not in wanted:
        expected = " or ".join(f"{count} ({what})" for count, what in wanted.items())
        raise ValueError(
            f"feature_names has {len(names)} names, but rows of X have the shape {list(shape)}: "
            f"pass {expected}."
        )
    return tuple(str(name) for name in names)


def grouped(
    columns: tuple[str, ...], groups: Mapping[str, Sequence[str]]
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The ranked names, and the position among them of each column's feature."""
    positions = {name: j for j, name in enumerate(columns)}
    group_of: dict[int, str] = {}
    repeated = {name for name, count in Counter(columns).items() if count > 1}
    for group, members in groups.items():
        if isinstance(members, str):
            raise TypeError(f"groups[{group!r}] is the string {members!r}: pass a list of columns.")
        if not len(members):
            raise ValueError(f"groups[{group!r}] is empty: name its columns, or leave it out.")
        for member in members:
            if member not in positions:
                raise ValueError(
                    f"groups[{group!r}] names {member!r}, which is not a column of X"
                    f"{near(member, columns)}."
                )
            if member in repeated:
                raise ValueError(
                    f"groups[{group!r}] names {member!r}, and more than one column is called "
                    f"that: rename them in X, or pass feature_names=."
                )
            already = group_of.setdefault(positions[member], group)
            if already != group or list(members).count(member) > 1:
                where = f"also in groups[{already!r}]" if already != group else "there twice"
                raise ValueError(
                    f"groups[{group!r}] names {member!r}, which is {where}: a column belongs to "
                    f"one group, once."
                )
    remaining = {name for j, name in enumerate(columns) if j not in group_of}
    for group in groups:
        if group in remaining:
            raise ValueError(
                f"groups[{group!r}] is named like a column outside it: give the group another "
                f"name, or add that column to it."
            )

    ranked: list[str] = []
    feature_of_group: dict[str, int] = {}
    feature_of_column = np.empty(len(columns), dtype=np.int64)
    for j, name in enumerate(columns):
        group = group_of.get(j)
        if group is None:
            feature_of_column[j] = len(ranked)
            ranked.append(name)
        else:
            if group not in feature_of_group:
                feature_of_group[group] = len(ranked)
                ranked.append(group)
            feature_of_column[j] = feature_of_group[group]
    return tuple(ranked), feature_of_column


def near(name: str, known: Sequence[str]) -> str:
    """`: did you mean 'a' or 'b'?` where something is close, else what there is."""
    close = difflib.get_close_matches(str(name), known, n=3, cutoff=0.6)
    if close:
        return f": did you mean {' or '.join(map(repr, close))}"
    few = ", ".join(map(repr, known[:5]))
    return f": there are {few}{', …' if len(known) > 5 else ''}"
