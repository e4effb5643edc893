"""X as a model takes it, and as inputs with their rows first: packed sequences, tuples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from nbexplain.data.states import is_called_a_state
from nbexplain.model.snapshot import Signature


@dataclass(frozen=True)
class Form:
    """How a model takes its inputs, where that is not one tensor `[rows, …]` after another.

    Attributes:
        tuples: of each argument, how many inputs stand in it as a tuple; 0 for a bare input.
            Empty where every argument is one.
        turned: which inputs the model takes as `[layers, rows, …]`.
        packed: position of the input that goes as a `PackedSequence`, or None.
        keys: of the arguments, where they go by name.
        names: of the inputs.
    """

    tuples: tuple[int, ...] = ()
    turned: tuple[int, ...] = ()
    packed: int | None = None
    keys: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[int, ...]:
        """Positions of the inputs that are states by the form they came in.

        >>> Form(tuples=(0, 2)).states
        (1, 2)
        """
        each = [count > 0 for count in self.tuples for _ in range(max(1, count))]
        return tuple(sorted({*self.turned, *(i for i, inside in enumerate(each) if inside)}))

    def arguments(
        self,
        inputs: tuple[Tensor, ...],
        order: tuple[int, ...] | None = None,
        spans: Tensor | None = None,
    ) -> tuple[Any, ...]:
        """What the model is called with.

        Args:
            inputs: `[rows, …]` each.
            order: of the axes in which the model takes inputs of three axes; None as they are.
            spans: the existing steps of each row `[rows, 2]`, which a packed sequence consists of.

        >>> import torch
        >>> h0 = torch.zeros(5, 1, 4)
        >>> Form(turned=(1,)).arguments((torch.zeros(5, 3, 2), h0))[1].shape
        torch.Size([1, 5, 4])
        """
        found: list[Any] = []
        for place, x in enumerate(inputs):
            given = x.movedim(1, 0).contiguous() if place in self.turned else x
            if order is not None and x.is_floating_point() and x.ndim == 3:
                given = given.permute(order).contiguous()
            if place == self.packed:
                assert spans is not None  # `arranged` has them from the lengths
                lengths = spans[:, 1].cpu()
                given = pack_padded_sequence(given, lengths, batch_first=True, enforce_sorted=False)
            found.append(given)
        if not self.tuples:
            return tuple(found)
        waiting = iter(found)
        return tuple(
            tuple(next(waiting) for _ in range(count)) if count else next(waiting)
            for count in self.tuples
        )

    def row(self, X: object) -> object:
        """New rows with the inputs one after another and their rows first, as X was read."""
        given = X
        if self.tuples:
            flat = [one for part in _arguments(X).values() for one in _several(part)]
            given = dict(zip(self.names, flat, strict=False)) if self.keys else tuple(flat)
        whole = [i for i, part in enumerate(_several(given)) if _axes(part) == 3]
        return _with_turned(given, [i for i in self.turned if i in whole])


@dataclass(frozen=True, eq=False)
class Formed:
    """X with its inputs one after another and their rows first.

    Attributes:
        X: an input, or a tuple or dict of inputs.
        form: what brings them back into the form that the model takes.
        lengths: of a packed sequence's rows, `[rows]`; else None.
    """

    X: object
    form: Form
    lengths: Tensor | None = None


PLAIN = Form()
"""One tensor `[rows, …]` after another."""


def taken_apart(X: object, forward: Signature | None) -> Formed:
    """A packed sequence padded, its rows in their first order, and tuples of states opened.

    Args:
        X: as `nbx.explain` takes it.
        forward: what the model takes, whose parameters name inputs that have no keys.

    Raises:
        ValueError: a packed sequence of integers, or two of them.

    >>> import torch
    >>> packed = pack_padded_sequence(torch.ones(2, 3, 1), [3, 1], batch_first=True)
    >>> found = taken_apart(packed, None)
    >>> found.X.shape, found.lengths.tolist()
    (torch.Size([2, 3, 1]), [3, 1])
    """
    arguments = _arguments(X)
    named = isinstance(X, Mapping)
    given = () if forward is None or named else forward.names
    known = dict(zip(arguments, given, strict=False))
    parts: dict[str, object] = {}
    tuples: list[int] = []
    packed: list[int] = []
    lengths: Tensor | None = None
    for key, part in arguments.items():
        name = known.get(key, key)
        if isinstance(part, PackedSequence):
            part, lengths = _padded(part)
            packed.append(len(parts))
        several = _several(part) if _is_states(part) else (part,)
        tuples.append(len(several) if _is_states(part) else 0)
        parts |= dict(zip(_called(name, several), several, strict=True))
    if len(packed) > 1:
        raise ValueError("X holds two packed sequences: explain a model of one, or pad them.")
    names, flat = tuple(parts), list(parts.values())
    form = Form(
        tuples=tuple(tuples) if any(tuples) else (),
        packed=packed[0] if packed else None,
        keys=tuple(arguments) if named and any(tuples) else None,
        names=names,
    )
    if not packed and not any(tuples):
        return Formed(X, form)
    if named:
        return Formed(parts, form, lengths)
    return Formed(tuple(flat) if len(flat) > 1 else flat[0], form, lengths)


def rows_of_states_first(found: Formed) -> Formed:
    """The same with torch's `[layers, rows, features]` states as `[rows, layers, features]`.

    Raises:
        ValueError: a state whose rows may lie along either axis, or lie along none.

    >>> import torch
    >>> given = (torch.zeros(5, 3, 2), torch.zeros(1, 5, 4))
    >>> rows_of_states_first(Formed(given, Form(names=("x", "h0")))).X[1].shape
    torch.Size([5, 1, 4])
    """
    X, names = found.X, found.form.names
    parts = _several(X)
    sequence = next((i for i, x in enumerate(parts) if _axes(x) == 3), None)
    if sequence is None or len(parts) == 1:
        return found
    rows, turned = len(cast("Any", parts[sequence])), list[int]()
    for place, x in enumerate(parts):
        if place == sequence or _axes(x) < 2:
            continue
        shape, state = tuple(cast("Any", x).shape), is_called_a_state(names[place])
        if len(shape) == 3 and rows == shape[0] == shape[1] and state:
            raise ValueError(
                f"{names[place]} has the shape {list(shape)} and X has {rows} rows, which may lie "
                "along either of its first axes: explain more rows, or fewer."
            )
        if shape[0] == rows:
            continue
        if len(shape) == 3 and shape[1] == rows:
            turned.append(place)
        elif state:
            raise ValueError(
                f"{names[place]} has the shape {list(shape)}, but none of its first axes is the "
                f"{rows:,} rows of X: pass an initial state as [rows, features], [rows, layers, "
                "features] or [layers, rows, features]."
            )
    form = Form(found.form.tuples, tuple(turned), found.form.packed, found.form.keys, names)
    return Formed(_with_turned(X, turned), form, found.lengths)


def padded(returned: object, steps: int) -> object:
    """What a model returned, with every `PackedSequence` in it as `[rows, steps, outputs]`.

    >>> import torch
    >>> packed = pack_padded_sequence(torch.ones(2, 2, 1), [2, 1], batch_first=True)
    >>> padded((packed, None), 3)[0].shape
    torch.Size([2, 3, 1])
    """
    if isinstance(returned, PackedSequence):
        total = max(steps, len(returned.batch_sizes))
        return pad_packed_sequence(returned, batch_first=True, total_length=total)[0]
    if type(returned) in (tuple, list):
        found = [padded(part, steps) for part in cast("Any", returned)]
        return found if isinstance(returned, list) else tuple(found)
    if type(returned) is dict:
        parts = cast("dict[Any, object]", returned)
        return {key: padded(part, steps) for key, part in parts.items()}
    return returned


def _arguments(X: object) -> dict[str, object]:
    """What the model would be called with, by key or by place."""
    if isinstance(X, Mapping):
        return {str(key): part for key, part in cast("Mapping[Any, object]", X).items()}
    if isinstance(X, tuple) and not isinstance(X, PackedSequence):
        return {f"x{i}": part for i, part in enumerate(_several(X))}
    return {"x": X}


def _several(X: object) -> tuple[object, ...]:
    if isinstance(X, Mapping):
        return tuple(cast("Mapping[Any, object]", X).values())
    return tuple(cast("Any", X)) if isinstance(X, tuple) else (X,)


def _is_states(part: object) -> bool:
    """Whether an argument is a tuple of arrays, as an LSTM takes `(h0, c0)`."""
    return isinstance(part, tuple) and all(_axes(one) > 1 for one in _several(part))


def _called(name: str, parts: tuple[object, ...]) -> tuple[str, ...]:
    if len(parts) == 1:
        return (name,)
    # torch.nn.LSTM calls them so.
    return ("h0", "c0") if len(parts) == 2 else tuple(f"{name}{i}" for i in range(len(parts)))


def _axes(X: object) -> int:
    return X.ndim if isinstance(X, Tensor | np.ndarray) else 0


def _padded(packed: PackedSequence) -> tuple[Tensor, Tensor]:
    if not packed.data.is_floating_point():
        raise ValueError(
            "X is a PackedSequence of integers: pass the ids padded, [rows, steps], to a model "
            "that packs them itself, and lengths=."
        )
    return pad_packed_sequence(packed, batch_first=True)


def _with_turned(X: object, places: list[int]) -> object:
    """X with the first two axes of these inputs exchanged."""
    if not places:
        return X
    parts = [
        (x.movedim(1, 0) if isinstance(x, Tensor) else np.moveaxis(cast("Any", x), 1, 0))
        if place in places
        else x
        for place, x in enumerate(_several(X))
    ]
    if isinstance(X, Mapping):
        return dict(zip(cast("Mapping[Any, object]", X), parts, strict=True))
    return tuple(parts)
