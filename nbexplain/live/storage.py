"""Trainings in files, beside explanations: what was seen comes back bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nbexplain.explanation import Explanation, from_parts, to_parts
from nbexplain.explanation.archive import Arrays, Header, read, write
from nbexplain.live.history import Moment
from nbexplain.live.marks import Mark
from nbexplain.live.profile import LagProfile, every

if TYPE_CHECKING:
    from nbexplain.live.record import TrainingRecord

SHARES = ("share", "low", "high")

EXPLANATION = "explanation."
"""What the names of the latest explanation's arrays begin with."""


def save(record: TrainingRecord, path: str | Path) -> None:
    """Write a training to one file: its moments, its marks and its latest explanation.

    The model and X are not in it.
    """
    header, arrays = to_parts(record.explanation)
    moments = record.moments
    training = {"step": record.step, "marks": [asdict(mark) for mark in record.marks]}
    held = {EXPLANATION + name: array for name, array in arrays.items()}
    write(path, {"training": training, "explanation": header}, held | _arrays(moments))


def load(path: str | Path) -> Explanation | TrainingRecord:
    """Read what `Explanation.save` wrote, an explanation, or `Watch.save`, a training.

    Rows that were not kept can no longer be explained, for the model and X are not in the file. A
    training is a finished one: `nbx.TrainingRecord`.

    Raises:
        ValueError: for a file that is not one of ours, is damaged, or from a later version.
        OSError: the file cannot be read.

    >>> import tempfile, torch, nbexplain as nbx
    >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     ex.save(folder + "/linear.nbx")
    ...     again = nbx.load(folder + "/linear.nbx")
    >>> again.importance().equals(ex.importance())
    True
    """
    header, arrays = read(path)
    try:
        if "training" in header:
            return _record(header, arrays)
        return from_parts(header, arrays)
    except (KeyError, IndexError, TypeError) as error:
        raise ValueError(f"{path} is damaged: it lacks {error}. Save it again.") from error


def _record(header: Header, arrays: Arrays) -> TrainingRecord:
    from nbexplain.live.record import TrainingRecord

    own = {
        name.removeprefix(EXPLANATION): array
        for name, array in arrays.items()
        if name.startswith(EXPLANATION)
    }
    told = header["training"]
    return TrainingRecord(
        from_parts(header["explanation"], own),
        moments=_moments(arrays),
        marks=[Mark(**mark) for mark in told["marks"]],
        step=told["step"],
    )


def _arrays(moments: Sequence[Moment]) -> Arrays:
    """One array of each quantity, the moments along its first axis."""
    width = len(moments[0].share)
    arrays: Arrays = {
        "steps": np.array([moment.step for moment in moments], np.int64),
        "rows": np.array([moment.rows for moment in moments], np.int64),
        "seconds": np.array([moment.seconds for moment in moments]),
        **{name: np.stack([getattr(moment, name) for moment in moments]) for name in SHARES},
        **_seen("loss", [moment.loss for moment in moments], 0.0),
        **_seen("epoch", [moment.epoch for moment in moments], 0),
        **_seen("direction", [moment.direction for moment in moments], np.zeros(width)),
    }
    profiles = [moment.lags for moment in moments]
    if not any(profiles):
        return arrays
    lags = every(profiles)
    none = LagProfile(range(0), *np.zeros((3, 0)))
    wide = [(profile or none).over(lags) for profile in profiles]
    maps = [None if profile is None else profile.over(lags).map for profile in profiles]
    nothing = np.zeros((len(lags), width), np.float32)
    ends = [(profile or none).lags for profile in profiles]
    return {
        **arrays,
        "lags": np.array([(lags.start, lags.stop) for lags in ends], np.int64),
        **{f"lags.{name}": np.stack([getattr(of, name) for of in wide]) for name in SHARES},
        **_seen("lags.map", maps, nothing),
    }


def _moments(arrays: Arrays) -> list[Moment]:
    known = {name: _known(arrays, name) for name in ("loss", "epoch", "direction")}
    return [
        Moment(
            step=int(step),
            seconds=float(arrays["seconds"][t]),
            **{name: arrays[name][t] for name in SHARES},
            rows=int(arrays["rows"][t]),
            loss=None if (loss := known["loss"][t]) is None else float(loss),
            epoch=None if (epoch := known["epoch"][t]) is None else int(epoch),
            direction=known["direction"][t],
            lags=_profile(arrays, t),
        )
        for t, step in enumerate(arrays["steps"])
    ]


def _profile(arrays: Arrays, t: int) -> LagProfile | None:
    if "lags" not in arrays:
        return None
    start, stop = (int(end) for end in arrays["lags"][t])
    if start == stop:
        return None
    first = int(arrays["lags"][:, 0].min())
    there = slice(start - first, stop - first)
    share, low, high = (arrays[f"lags.{name}"][t, there] for name in SHARES)
    cells = arrays["lags.map"][t, there] if arrays["lags.map.seen"][t] else None
    return LagProfile(range(start, stop), share, low, high, cells)


def _seen(name: str, values: Sequence[Any], fill: Any) -> Arrays:
    """Values, `fill` in the place of None, and where there was one: a loss may be NaN itself."""
    found = np.array([fill if value is None else value for value in values])
    return {name: found, f"{name}.seen": np.array([value is not None for value in values])}


def _known(arrays: Arrays, name: str) -> list[NDArray[Any] | None]:
    values, there = arrays[name], arrays[f"{name}.seen"]
    return [value if seen else None for value, seen in zip(values, there, strict=True)]
