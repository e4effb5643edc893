"""What a page is told of versions: which there are, and what changed from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nbexplain.comparison.aligned import keys
from nbexplain.notebook import wire
from nbexplain.notebook.packing import packed, text

if TYPE_CHECKING:
    from nbexplain.comparison import Comparison
    from nbexplain.explanation import Explanation
    from nbexplain.live.versions import Version, Versions

CLAIMS = {"": 0, "gained": 1, "lost": -1}


def told(
    versions: Versions, shown: Version, against: Version | None, note: str, *, followed: bool
) -> dict[str, Any]:
    """The trait without a comparison: the list, what is shown of it, and a note.

    Args:
        versions: there are.
        shown: in the bars.
        against: that it is compared with.
        note: what is to be said besides.
        followed: whether the names are still followed.
    """
    return {
        "list": [[v.number, text(v.name), v.pinned] for v in versions],
        "shown": shown.number,
        "against": None if against is None else against.number,
        "note": text(note) if note else "",
        "followed": followed,
    }


def compared(found: Comparison, response: str) -> dict[str, Any]:
    """The part of the trait that says what changed, by feature in the data's order."""
    after = found.explanations[-1]
    before, changes = found.shares(0), found.changes()
    places = {key: at for at, key in enumerate(found.keys)}
    order = [places[key] for key in keys(after)]
    claims = np.array([CLAIMS[claim] for claim in changes["claim"]], float)
    rows = np.stack([before["importance"], before["rank"], claims])[:, order]
    return {
        "sentence": text(found.sentence),
        "notes": [text(note) for note in found.notes],
        "response": response,
        "output": wire.position(after, found.output),
        "before": packed(rows.astype("<f4")),
    }


def same_numbers(one: Explanation, other: Explanation) -> bool:
    """Whether two explanations of one question would be drawn alike."""
    if one.asked != other.asked or one.features.names != other.features.names:
        return False
    pairs = [
        (one.swept.spread.mean, other.swept.spread.mean),
        (one.swept.spread.squares, other.swept.spread.squares),
        (one.scaling, other.scaling),
        *((a.second, b.second) for a, b in _sums(one, other)),
        *((a.first, b.first) for a, b in _sums(one, other)),
    ]
    return one.count == other.count and all(
        a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-12, equal_nan=True)
        for a, b in pairs
    )


def _sums(one: Explanation, other: Explanation) -> list[tuple[Any, Any]]:
    common = [name for name in one.swept.sums if name in other.swept.sums]
    return [(one.swept.sums[name], other.swept.sums[name]) for name in common]
