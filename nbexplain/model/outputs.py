"""Which tensor of what a model returns is explained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

# What a dict's main output is called, in the order of preference.
_MAIN = ("logits", "output", "outputs", "prediction", "predictions", "pred", "y_hat", "out")

_INSTEAD = "its forward must return a tensor with one row of outputs per row of X."


@dataclass(frozen=True)
class Picked:
    """The outputs that are explained.

    Attributes:
        outputs: floating, of shape `[n, K]`, connected to the graph it was computed by.
        names: names of the K outputs, where a dict gave them.
        note: what was chosen, where there was a choice.
        keys: places of the chosen tensors in what was returned; None for a bare tensor.
    """

    outputs: Tensor
    names: tuple[str, ...] | None = None
    note: str | None = None
    keys: tuple[object, ...] | None = None

    def again(self, returned: object, rows: int) -> Tensor:
        """The same choice from what the model returned for other rows, `[rows, K]`.

        What fits is not asked again: one row alone fits in more ways than many do.

        Raises:
            ValueError: the model returned something of another form.

        >>> first = pick((torch.zeros(4, 3), torch.zeros(4, 16)), rows=4)
        >>> first.again((torch.ones(1, 3), torch.ones(1, 16)), rows=1).shape
        torch.Size([1, 3])
        """
        if self.keys is None:
            chosen: list[object] = [returned]
        else:
            parts = _parts(returned) or {}
            chosen = [parts.get(key) for key in self.keys]
        width, columns = self.outputs.shape[1], len(chosen)
        for part in chosen:
            if not isinstance(part, Tensor) or part.numel() * columns != rows * width:
                raise ValueError(
                    f"The model returns {describe(returned, rows)} for {rows} rows, but "
                    f"{width} outputs a row for others: return one row of outputs per row of X."
                )
        tensors = cast(list[Tensor], chosen)
        if columns == 1:
            return _as_matrix(tensors[0], rows)
        return torch.cat([_as_matrix(part, rows).to(_widest(tensors)) for part in tensors], dim=1)


def pick(returned: object, rows: int) -> Picked:
    """The outputs of `rows` rows in what a model returned, where the choice is clear.

    A tensor is taken as it is, `[n]` as one output. Of a tuple, the first element if it has one
    row of outputs per row, else the only one that has. Of a dict, a dataclass or a
    `ModelOutput`, its logits or whatever is called an output, else the only suitable entry,
    else all entries if each is a single output: the keys are then the names. Of a list, the only
    suitable element.

    Raises:
        TypeError: what was returned holds no tensor, or none of floating numbers.
        ValueError: its tensors have other shapes, or it is not clear which one is meant.

    >>> pick(torch.zeros(4), rows=4).outputs.shape
    torch.Size([4, 1])
    >>> pick({"price": torch.zeros(4, 1), "demand": torch.zeros(4)}, rows=4).names
    ('price', 'demand')
    >>> pick((torch.zeros(4, 3), torch.zeros(4, 16)), rows=4).note
    'The model returns a tuple; its element 0 of shape [n, 3] is explained.'
    """
    if isinstance(returned, Tensor):
        problem = _problem(returned, rows)
        if problem is not None:
            raise problem
        return Picked(_as_matrix(returned, rows))
    parts = _parts(returned)
    if parts is None:
        raise _not_a_tensor(returned)
    return _pick_part(returned, parts, rows)


def _pick_part(returned: object, parts: dict[object, object], rows: int) -> Picked:
    tensors = {key: part for key, part in parts.items() if isinstance(part, Tensor)}
    fit = {key: part for key, part in tensors.items() if _problem(part, rows) is None}
    # A scalar beside the outputs of a single row is a loss: the whole matrices come first.
    fit = {key: part for key, part in fit.items() if part.ndim > 1} if rows == 1 else fit
    fit = fit or {key: part for key, part in tensors.items() if _problem(part, rows) is None}
    main = next((key for key in _MAIN if key in fit), None)
    if main is None and len(fit) == 1:
        main = next(iter(fit))
    if main is None and 0 in fit and isinstance(returned, tuple):
        main = 0
    if main is not None:
        outputs = _as_matrix(fit[main], rows)
        what = _kind(returned)
        place = f"element {main}" if isinstance(main, int) else f"{main!r}"
        shape = f"[n, {outputs.shape[1]}]"
        note = f"The model returns {what}; its {place} of shape {shape} is explained."
        return Picked(outputs, note=note if len(parts) > 1 else None, keys=(main,))
    if fit and isinstance(next(iter(fit)), str):
        columns = {key: _as_matrix(part, rows) for key, part in fit.items()}
        if all(column.shape[1] == 1 for column in columns.values()):
            dtype = _widest(columns.values())
            outputs = torch.cat([column.to(dtype) for column in columns.values()], dim=1)
            return Picked(outputs, names=tuple(map(str, columns)), keys=tuple(columns))
    alone = next(iter(tensors.values())) if len(parts) == len(tensors) == 1 else None
    problem = None if alone is None else _problem(alone, rows)
    if isinstance(problem, TypeError):
        raise problem
    if not any(True for _ in _tensors(returned)):
        raise TypeError(f"The model returns {describe(returned, rows)}: {_INSTEAD}")
    raise ValueError(
        f"The model returns {describe(returned, rows)}, and it is not clear which part has one "
        f"row of outputs per row of X: pass response={_example(returned, fit)}."
    )


def describe(returned: object, rows: int) -> str:
    """Structure of what a model returned, its row axis written as n.

    >>> describe((torch.zeros(8, 3), None), rows=8)
    'a tuple of (float32 [n, 3], None)'
    """
    if isinstance(returned, Tensor):
        sizes = ", ".join(
            "n" if axis == 0 and size == rows else str(size)
            for axis, size in enumerate(returned.shape)
        )
        return f"{str(returned.dtype).removeprefix('torch.')} [{sizes}]"
    parts = _parts(returned)
    if parts is None:
        return "None" if returned is None else _kind(returned)
    shown = [
        describe(part, rows) if isinstance(key, int) else f"{key}: {describe(part, rows)}"
        for key, part in list(parts.items())[:6]
    ]
    shown += ["…"] if len(parts) > len(shown) else []
    return f"{_kind(returned)} of ({', '.join(shown)})"


def _each(returned: int, rows: int) -> str:
    """Where steps, say, were merged into the rows, how many there are."""
    times, rest = divmod(returned, rows)
    return f", {times} for each (its steps, perhaps)" if times > 1 and not rest else ""


def _problem(x: Tensor, rows: int) -> Exception | None:
    """Why a tensor cannot be explained, or None."""
    kind = str(x.dtype).removeprefix("torch.")
    if x.is_complex():
        return TypeError(
            f"The model returns complex numbers ({kind}): pass "
            "response=lambda out: out.abs(), or another real function of them."
        )
    if not x.is_floating_point():
        return TypeError(
            f"The model returns integers ({kind}), perhaps class labels from argmax, which have "
            "no derivative: return the scores before argmax."
        )
    if x.layout is not torch.strided:
        return TypeError("The model returns a sparse tensor: return out.to_dense().")
    if rows == 1 and x.ndim < 2 and x.numel():
        return None  # a forward that squeezes its outputs, met with a batch of one row
    if x.ndim == 0:
        return ValueError(
            f"The model returns a single number for {rows} rows, perhaps a loss or a mean: "
            "return one row of outputs per row of X."
        )
    if x.shape[0] != rows:
        return ValueError(
            f"The model returns {x.shape[0]} rows (shape {list(x.shape)}) for {rows} rows of X"
            f"{_each(x.shape[0], rows)}: return one row of outputs per row of X."
        )
    if x[0].numel() == 0:
        return ValueError(f"The model returns no outputs: their shape is {list(x.shape)}.")
    if x.ndim > 2 and x[0].numel() != x.shape[1]:
        shape = ", ".join(map(str, x.shape[1:]))
        return ValueError(
            f"The model returns outputs of shape [n, {shape}], which has more axes than rows and "
            f"outputs: choose some of them, such as response=lambda out: out{_flat(x)}."
        )
    return None


def _as_matrix(x: Tensor, rows: int) -> Tensor:
    # Pooling without a flatten leaves axes of length one behind: [n, K, 1, 1].
    return x.reshape(rows, -1)


def _parts(returned: object) -> dict[object, object] | None:
    """Parts of a structure by key or position; None for anything else."""
    if isinstance(returned, Mapping):
        return dict(cast(Mapping[object, object], returned))
    if isinstance(returned, tuple | list):
        values = cast(tuple[object, ...], returned)
        return dict(zip(getattr(values, "_fields", range(len(values))), values, strict=True))
    if dataclasses.is_dataclass(returned) and not isinstance(returned, type):
        fields = dataclasses.fields(returned)
        return {field.name: getattr(returned, field.name) for field in fields}
    logits = getattr(returned, "logits", None)
    return {"logits": logits} if isinstance(logits, Tensor) else None


def _tensors(returned: object) -> Iterator[Tensor]:
    if isinstance(returned, Tensor):
        yield returned
    else:
        for part in (_parts(returned) or {}).values():
            yield from _tensors(part)


def _kind(returned: object) -> str:
    name = type(returned).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _example(returned: object, fit: Mapping[Any, Tensor]) -> str:
    """A function that takes one tensor, preferably a suitable one, out of what was returned."""
    parts = _parts(returned) or {}
    key = next(
        iter(
            [
                *fit,
                *(key for key, part in parts.items() if any(True for _ in _tensors(part))),
                *parts,
            ]
        )
    )
    by_name = not isinstance(returned, Mapping | list | tuple) or hasattr(returned, "_fields")
    part = parts[key]
    flat = _flat(part) if isinstance(part, Tensor) else ""
    return f"lambda out: out.{key}{flat}" if by_name else f"lambda out: out[{key!r}]{flat}"


def _flat(x: Tensor) -> str:
    """An index that leaves rows and outputs: the last step of a sequence, one pixel of a map."""
    return {3: "[:, -1]", 4: "[:, :, 0, 0]"}.get(x.ndim, ".flatten(1)" if x.ndim > 4 else "")


def _widest(columns: Any) -> torch.dtype:
    dtypes = [column.dtype for column in columns]
    widest = dtypes[0]
    for dtype in dtypes[1:]:
        widest = torch.promote_types(widest, dtype)
    return widest


def _not_a_tensor(returned: object) -> TypeError:
    if returned is None:
        return TypeError(
            "The model returns nothing (None): its forward must return the tensor of its outputs."
        )
    if type(returned).__module__.startswith("torch.distributions"):
        return TypeError(
            f"The model returns {_kind(returned)} distribution: choose a tensor of it, such as "
            "response=lambda out: out.mean."
        )
    kind = _kind(returned)
    if kind == "a ndarray":
        kind = "a NumPy array, which has no derivative"
    return TypeError(f"The model returns {kind}: {_INSTEAD}")
