"""What the differentiated entries are called, and how they stand: any inputs as features."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from nbexplain.data import Batch, Source, States
from nbexplain.engine.beginnings import Beginning
from nbexplain.explanation.remarks import listed
from nbexplain.features import Features, features, side_by_side


def named_features(
    source: Source,
    batch: Batch,
    states: States | None,
    names: Sequence[str] | None,
    groups: Mapping[str, Sequence[str]] | None,
    lag_unit: str | Sequence[object] | None,
    layout: str | None,
) -> tuple[Features, Beginning | None]:
    """Names of the differentiated entries: the data's own, else the user's, else numbered.

    Args:
        source: the rows.
        batch: some of them.
        states: the sequence among the inputs and its initial states, or None.
        names: as `nbx.explain` takes them.
        groups: as `nbx.explain` takes them.
        lag_unit: as `nbx.explain` takes it.
        layout: as `nbx.explain` takes it.

    Returns:
        The features, and how initial states stand before the steps.

    Raises:
        ValueError: names that are not the data's; what `features` refuses.
    """
    floating = [i for i, x in enumerate(batch.inputs) if x.is_floating_point()]
    shapes = [tuple(batch.inputs[i].shape[1:]) or (1,) for i in floating]
    columns = [source.column_names[i] for i in floating]
    if states is not None:
        place = floating.index(states.sequence)
        return _beginning(shapes, place, states.names, names, groups, lag_unit)
    if len(floating) == 1:
        shape, known = shapes[0], columns[0]
    else:
        keys = source.input_names
        known = side_by_side(shapes, columns, keys and [keys[i] for i in floating])
        shape = (len(known),)
        if all(column is None for column in columns) and names is not None:
            known = None
    if names is not None and known is not None and list(names) != list(known):
        raise ValueError(_mismatch(list(map(str, names)), known))
    ranked = known if names is None else [str(name) for name in names]
    return features(shape, ranked, groups, lag_unit, layout), None


def _beginning(
    shapes: list[tuple[int, ...]],
    place: int,
    called: Sequence[str],
    names: Sequence[str] | None,
    groups: Mapping[str, Sequence[str]] | None,
    lag_unit: str | Sequence[object] | None,
) -> tuple[Features, Beginning]:
    """Features of a sequence, and of states as groups of their entries."""
    steps, width = shapes[place]
    ranked = features((width,), names).columns
    others = [shape for i, shape in enumerate(shapes) if i != place]
    members = {
        name: list(side_by_side([shape], [None], [name]))
        for name, shape in zip(called, others, strict=True)
    }
    beginning = Beginning((steps, width), tuple(math.prod(shape) for shape in shapes), place)
    entries = [*ranked, *(entry for state in members.values() for entry in state)]
    shape = beginning.stacked_shape
    return features(shape, entries, groups, lag_unit, states=members), beginning


def _mismatch(names: Sequence[str], known: Sequence[str]) -> str:
    if sorted(names) == sorted(known):
        return (
            "feature_names lists X's columns in another order than X does: leave it out, or "
            "reorder X's columns as the model expects them."
        )
    if len(names) != len(known):
        return f"feature_names has {len(names)} names, but X has {len(known)} columns of its own."
    other = [f"{a!r} for {b!r}" for a, b in zip(names, known, strict=True) if a != b]
    return (
        f"feature_names does not match X's own column names ({listed(other, 3)}): leave it out, "
        "or rename X's columns."
    )
