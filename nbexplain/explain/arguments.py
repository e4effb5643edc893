"""Arguments of `explain` as its work takes them, or a sentence that says what is wrong."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nbexplain.engine.samples import Keep
from nbexplain.features import Features

KEPT_BYTES = 64 * 2**20
"""Bytes of derivatives kept when the user does not say."""

MOST_KEPT_BYTES = 256 * 2**20
"""Bytes of derivatives kept at most."""


def refuse(unknown: Iterable[str], known: Sequence[str]) -> None:
    """An argument that explain() does not have, with the one that was meant."""
    for name in unknown:
        meant = _MEANT.get(name) or next(iter(get_close_matches(name, known, 1)), None)
        hint = f"did you mean {meant}=? " if meant else ""
        raise TypeError(f"explain() has no argument {name}=: {hint}It takes {', '.join(known)}.")


_MEANT = {
    "target": "outputs",
    "targets": "outputs",
    "output": "outputs",
    "class_names": "output_names",
    "target_names": "output_names",
    "columns": "feature_names",
    "names": "feature_names",
    "labels": "y",
    "data": "X",
    "inputs": "X",
    "n_samples": "keep",
    "vocab": "tokens",
    "vocabulary": "tokens",
    "tokenizer": "tokens",
    "token_names": "tokens",
    "normalize": "scale",
    "alpha": "confidence",
    "verbose": "progress",
    "random_state": "seed",
}
"""What other libraries call our arguments."""


def check_numbers(confidence: float, batch_size: int | None, seed: int) -> None:
    """Refuse numbers outside their range."""
    if not 0 < confidence < 1:
        raise ValueError(f"confidence={confidence} must lie between 0 and 1: 0.95 means 95 %.")
    if batch_size is not None and (not _is_whole(batch_size) or batch_size < 1):
        raise ValueError(f"batch_size={batch_size!r} must be a whole number of rows, 1 or more.")
    if not _is_whole(seed) or seed < 0:
        raise ValueError(f"seed={seed!r} must be a whole number, 0 or more.")


def _is_whole(number: object) -> bool:
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool)


def scale_of(
    scale: str | ArrayLike | None, named: Features
) -> tuple[str, np.ndarray[Any, np.dtype[np.float64]] | None]:
    """The scale's name and factors by entry; None where they come with the pass."""
    entries = len(named.cells)
    if named.tokens and not (scale is None or (isinstance(scale, str) and scale == "none")):
        raise ValueError(
            "scale= is for inputs in units, and the embeddings of tokens have none: leave it out."
        )
    if scale is None:
        scale = "none" if named.kind == "image" or named.tokens else "std"
    if isinstance(scale, str):
        if scale not in ("std", "none"):
            raise ValueError(
                f"scale={scale!r} is unknown: pass 'std', 'none' or an array of units."
            )
        return scale, None if scale == "std" else np.ones(entries)
    units = np.asarray(scale, dtype=np.float64).reshape(-1)
    if len(units) == len(named.columns) != entries:
        units = np.broadcast_to(units, (entries // len(units), len(units))).reshape(-1)
    if len(units) != entries:
        states = ", the entries of its initial states among them" if named.states else ""
        raise ValueError(
            f"scale has {len(units)} units, but X has {len(named.columns)} columns{states}."
        )
    if not (np.isfinite(units).all() and (units >= 0).all()):
        raise ValueError("scale must hold finite units, 0 or more.")
    return "custom", units


def keep_of(
    keep: int | Sequence[int] | None, count: int | None, row_bytes: int, seed: int
) -> tuple[Keep, str | None]:
    """Which rows to keep, and a remark where they are fewer than asked for."""
    most = max(1, MOST_KEPT_BYTES // row_bytes)
    if keep is None:
        return Keep.among(max(1, KEPT_BYTES // row_bytes), count, seed), None
    if _is_whole(keep):
        wanted = int(keep)  # pyright: ignore[reportArgumentType] - _is_whole has looked
        if wanted < 0:
            raise ValueError(f"keep={wanted} must be a number of rows, 0 or more, or positions.")
        remark = f"keep={wanted:,} rows would take more than 256 MB: {most:,} are kept."
        cut = min(wanted, count or wanted) > most
        return Keep.among(min(wanted, most), count, seed), remark if cut else None
    positions = _positions(keep, count)
    if len(positions) <= most:
        return Keep(len(positions), positions=positions), None
    remark = f"keep names {len(positions):,} rows, more than 256 MB: the first {most:,} are kept."
    return Keep(most, positions=positions[:most]), remark


def _positions(keep: object, count: int | None) -> NDArray[np.int64]:
    positions = np.asarray(keep)
    if positions.ndim != 1 or positions.dtype.kind not in "iu":
        raise ValueError(f"keep={keep!r} must be a number of rows or a list of their positions.")
    if len(positions) and (positions.min() < 0 or (count is not None and positions.max() >= count)):
        raise ValueError(f"keep holds positions outside X, which has rows 0 to {(count or 0) - 1}.")
    return np.unique(positions).astype(np.int64)
