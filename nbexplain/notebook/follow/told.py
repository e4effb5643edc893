"""What a page is told of versions: which there are, and what changed from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

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


CLOSE = 1e-5
"""Relative to its own size, what single precision may move a sum by."""


def same_numbers(one: Explanation, other: Explanation) -> bool:
    """Whether two explanations of one question would be drawn alike."""
    if one.asked != other.asked or one.features.names != other.features.names:
        return False
    if one.count != other.count or not _alike(one.scaling, other.scaling, one.scaling):
        return False
    a, b = one.swept.spread, other.swept.spread
    size = np.abs(a.mean) + a.deviation
    if not (_alike(a.mean, b.mean, size) and _alike(a.deviation, b.deviation, size)):
        return False
    for name in one.swept.sums.keys() & other.swept.sums.keys():
        first, second = one.swept.sums[name], other.swept.sums[name]
        # Sums of derivatives of both signs cancel: their size is that of the root mean square.
        size = np.sqrt(first.second.sum(0) * first.count)
        if not _alike(first.second, second.second, first.second):
            return False
        if not _alike(first.first, second.first, size):
            return False
    return True


def _alike(a: NDArray[Any], b: NDArray[Any], size: NDArray[Any]) -> bool:
    if a.shape != b.shape:
        return False
    return bool(((np.abs(a - b) <= CLOSE * np.abs(size)) | (np.isnan(a) & np.isnan(b))).all())
