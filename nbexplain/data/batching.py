"""What of a batch goes into the model, and what is its y."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from nbexplain.data.frames import as_frame
from nbexplain.data.inputs import plural
from nbexplain.model.snapshot import Signature

# How data sets in the wild call y when a batch is a dict.
TARGETS = ("y", "label", "labels", "target", "targets")


def split(batch: object, forward: Signature | None, called: str) -> tuple[object, object]:
    """The inputs of a batch (one, a tuple or a dict) and its y or None.

    `(x, y)`, `(x1, x2, y)`, `((x1, x2), y)`, `({…}, y)`, `(x,)`, `x`, and dicts, in which y is
    called y, label, labels, target or targets. What the model takes tells `(x1, x2)` from `(x, y)`.

    Raises:
        ValueError: the batch has more or fewer parts than the model can take, or is packed.

    >>> split(("x1", "x2", "y"), Signature(("a", "b"), required=2), "X")
    (('x1', 'x2'), 'y')
    >>> split(("x1", "x2"), Signature(("a", "b"), required=2), "X")
    (('x1', 'x2'), None)
    >>> split({"x": [0.5], "label": [1]}, Signature(("x",), required=1), "X")
    ({'x': [0.5]}, [1])
    """
    if any(isinstance(part, PackedSequence) for part in (batch, *_parts(batch))):
        raise ValueError(
            f"{called} holds a PackedSequence: pass padded sequences, [rows, steps, features], and "
            "their lengths to a model that packs them itself, or all rows as one PackedSequence."
        )
    if isinstance(batch, Mapping):
        return _split_dict(cast("Mapping[Any, Any]", batch), forward)
    if not is_parts(batch):
        return batch, None
    parts = tuple(cast("Sequence[Any]", batch))
    if len(parts) == 1:
        return split(parts[0], forward, called)
    if len(parts) == 2 and (isinstance(parts[0], Mapping) or is_parts(parts[0])):
        inputs = parts[0] if isinstance(parts[0], Mapping) else tuple(parts[0])
        return inputs, parts[1]
    least, most = bounds(forward)
    if least <= len(parts) - 1 <= most:
        return (parts[0] if len(parts) == 2 else parts[:-1]), parts[-1]
    if least <= len(parts) <= most:
        return parts, None
    raise ValueError(
        f"{called} has {len(parts)} parts and the model takes {takes(forward)}: let batches be the "
        f"inputs, or the inputs and y."
    )


def _parts(batch: object) -> tuple[object, ...]:
    if isinstance(batch, Mapping):
        return tuple(cast("Mapping[Any, object]", batch).values())
    return tuple(cast("Sequence[object]", batch)) if isinstance(batch, tuple | list) else ()


def takes(forward: Signature | None) -> str:
    """How many inputs a forward takes, in words.

    >>> takes(Signature(("x",), required=1)), takes(Signature(("x", "mask"), required=1))
    ('1 input', '1 to 2 inputs')
    """
    least, most = bounds(forward)
    if most == least:
        return plural(least, "input")
    return f"{least} or more inputs" if most == sys.maxsize else f"{least} to {most} inputs"


def bounds(forward: Signature | None) -> tuple[int, int]:
    """The fewest and the most inputs that a forward takes; unknown ones take any number."""
    if forward is None or not (forward.names or forward.var_positional):
        return 1, sys.maxsize
    return max(1, forward.required), sys.maxsize if forward.var_positional else len(forward.names)


def is_parts(batch: object) -> bool:
    """Whether this is a tuple, or a list that holds arrays: not rows of numbers."""
    if isinstance(batch, tuple):
        return True
    return isinstance(batch, list) and bool(batch) and holds_rows(cast("list[Any]", batch)[0])


def holds_rows(X: object) -> bool:
    """Whether this is a container of rows: an array with an axis, a frame, a dict or a tuple."""
    if isinstance(X, Tensor | np.ndarray):
        return X.ndim > 0
    return isinstance(X, Mapping) or is_parts(X) or as_frame(X) is not None


def _split_dict(batch: Mapping[Any, Any], forward: Signature | None) -> tuple[object, object]:
    named = {str(key): part for key, part in batch.items()}
    needed = forward.names[: forward.required] if forward else ()
    label = next((key for key in TARGETS if key in named and key not in needed), None)
    inputs = {key: part for key, part in named.items() if key != label}
    y = None if label is None else named[label]
    if forward is not None:
        taken = {key: part for key, part in inputs.items() if forward.takes((key,))}
        if taken:
            inputs = taken
        elif len(inputs) == 1 and label is not None:
            # {"x": …, "y": …} for a model that calls its input otherwise: it is called with x.
            return next(iter(inputs.values())), y
    return inputs, y
