"""What a comparison says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nbexplain.comparison.fits import ALLOWANCE

if TYPE_CHECKING:
    from nbexplain.comparison.record import Comparison

TOLD = 3
"""Features that a sentence names as gained, as lost, and as turned round."""

SEEN = 1.0
"""Percent that a feature has to carry for its direction to be told."""

LEAST = 0.1
"""Points below which a sentence does not tell which feature moved most."""


def sentence(found: Comparison) -> str:
    """What gained and lost beyond its interval; of more than two, what differs most."""
    begin = f"{found.names[-1]} against {found.names[0]}:"
    if len(found.names) > 2:
        return _over_all(found)
    told = found.changes()
    points, claims = told["change"], told["claim"]
    if np.isnan(points).all():
        return f"{begin} nothing to compare, for one of them moves with no feature."
    turned = _turned(found)
    if not np.nan_to_num(points).any():
        return f"{begin} no share changed{turned}."
    if not any(claims) and np.nanmax(np.abs(points)) < LEAST:
        return f"{begin} no share changed by as much as {LEAST} points{turned}."
    if not any(claims):
        largest = int(np.nanargmax(np.abs(points)))
        return (
            f"{begin} no feature gained or lost beyond its interval; {found.features[largest]} "
            f"moved most, by {_signed(points[largest])} points{turned}."
        )
    parts: list[str] = []
    for word, sign in (("gained", 1), ("lost", -1)):
        places = [int(at) for at in np.flatnonzero(claims == word)]
        places.sort(key=lambda at: -sign * points[at])
        named = [f"{found.features[at]} {_points(points[at])}" for at in places[:TOLD]]
        if len(places) > TOLD:
            named.append(f"{len(places) - TOLD} more")
        if named:
            parts.append(f"{word}: {_listed(named)}")
    beyond = "their intervals" if sum(claims != "") > 1 else "its interval"
    return f"{begin} {'; '.join(parts)} beyond {beyond}{turned}."


def _turned(found: Comparison) -> str:
    """Features whose direction is claimed on both sides, and is another."""
    before, after = (found.directions(place) for place in (0, len(found.names) - 1))
    seen = [found.shares(place)["importance"] >= SEEN for place in (0, len(found.names) - 1)]
    sure = (np.abs(before) >= 0.5) & (np.abs(after) >= 0.5) & seen[0] & seen[1]
    turned = np.flatnonzero(sure & (before * after < 0))
    names = [found.features[at] for at in turned[:TOLD]]
    if len(turned) > TOLD:
        names.append(f"{len(turned) - TOLD} more")
    return f"; {_listed(names)} turned round" if names else ""


def _signed(points: float) -> str:
    return f"{'+' if points > 0 else '−'}{abs(points):.1f}"


def _points(change: float) -> str:
    size = f"{abs(change):.1f}"
    return f"{size} points" if size != "1.0" else "1 point"


def _over_all(found: Comparison) -> str:
    spread = found.spread
    if np.isnan(spread).all():
        return f"Over {len(found.names)} explanations no feature has a share in each."
    most = int(np.nanargmax(spread))
    claimed = sum(any(found.changes(place)["claim"]) for place in range(1, len(found.names)))
    rest = "none differs" if not claimed else f"{claimed} differ{'s' * (claimed == 1)}"
    return (
        f"Over {len(found.names)} explanations {found.features[most]} spreads most, with a "
        f"standard deviation of {_points(float(spread[most]))}; {rest} from {found.names[0]} "
        "beyond the intervals."
    )


def notes(found: Comparison) -> tuple[str, ...]:
    """What the intervals speak of, units, and features that not all have."""
    first = found.names[0]
    told = [_intervals(found)]
    if units := [n for n, of in zip(found.names[1:], found.against, strict=True) if of.rescaled]:
        unit = "standard deviations" if found.explanations[0].scale == "std" else "units"
        told.append(f"{_listed(units)} is put in the {unit} of the inputs of {first}.")
    if fits := [n for n, of in zip(found.names[1:], found.against, strict=True) if of.refit]:
        told.append(_refits(found, _listed(fits)))
    for place, (name, of) in enumerate(zip(found.names[1:], found.against, strict=True)):
        if len(of.places) < len(found.features):
            told += _apart(found, place + 1, name)
    return tuple(told)


def _apart(found: Comparison, place: int, name: str) -> list[str]:
    """Features that only one of two has."""
    first, other = (np.isnan(found.shares(at)["rank"]) for at in (0, place))
    told: list[str] = []
    for missing, there, whose in ((other, first, found.names[0]), (first, other, name)):
        only = [found.features[at] for at in np.flatnonzero(missing & ~there)]
        if only:
            shown = [*only[:TOLD], *([f"{len(only) - TOLD} more"] if len(only) > TOLD else [])]
            told.append(f"Only {whose} has {_listed(shown)}: no change is told.")
    return told


def _intervals(found: Comparison) -> str:
    level = f"{100 * found.confidence:g} %"
    paired = {of.paired for of in found.against}
    rows = {
        frozenset({True}): "row sampling, of the same rows",
        frozenset({False}): "row sampling, of different rows",
    }.get(frozenset(paired), "row sampling, of the same rows where they are")
    fits = " and refits" if any(of.refit for of in found.against) else ""
    return f"Intervals of changes hold for all features at once ({level}; {rows}{fits})."


def _refits(found: Comparison, names: str) -> str:
    start = f"{names} and {found.names[0]} are different fits: "
    if found.refits:
        return start + f"what refits move is taken from the spread of {found.refits} of them."
    return start + (
        f"refits alone are allowed {100 * ALLOWANCE:g} % of the mean feature's derivative, as "
        "measured on other networks; refits= of three or more gives this one's own."
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
