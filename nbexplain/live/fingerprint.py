"""What a model and its data are, in so few numbers that they can be taken after every cell.

Nothing that torch keeps tells of every edit: `_version` misses fused optimizers and writes through
NumPy, norms miss swapped rows, module identities miss a patched forward. So three things are
taken: the modules (their kinds, settings and the code of their forward), the contents of
parameters and buffers, and what the model returns for a few fixed rows.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset, TensorDataset

from nbexplain.explain.passes import Work
from nbexplain.model import Snapshot, modules_in, untouched

if TYPE_CHECKING:
    from nbexplain.data import Batch
    from nbexplain.explanation import Explanation

MODEL = 6 * 2**20
"""Bytes of a model that are read at most; of larger ones, blocks at equal distances."""

DATA = 4 * 2**20
"""Bytes of each of X and y that are read at most."""

BLOCK = 4096
"""Bytes of one block."""

ROWS = 4
"""Rows that the model is asked for."""


@dataclass(frozen=True, eq=False)
class Fingerprint:
    """A model at one moment.

    Attributes:
        structure: of each module its name, kind, settings and the code of its forward.
        contents: of each parameter and buffer its name, type, shape and checksum.
        outputs: for the first rows of X, on the CPU; None where it was not asked.
        pure: whether the forward was seen to leave the parameters as they are.
        sampled: whether only a part of the contents was read.
    """

    structure: tuple[object, ...]
    contents: tuple[object, ...]
    outputs: Tensor | None
    pure: bool
    sampled: bool

    def same(self, other: Fingerprint) -> bool:
        """Whether nothing has changed that the fingerprint shows.

        >>> layer = nn.Linear(2, 1)
        >>> before = fingerprint(layer)
        >>> before.same(fingerprint(layer)), layer.weight.data[0, 0].neg_() is None
        (True, False)
        >>> before.same(fingerprint(layer))
        False
        """
        return (
            self.structure == other.structure
            and self.contents == other.contents
            and _same_outputs(self.outputs, other.outputs)
        )


def fingerprint(
    model: object, explanation: Explanation | None = None, before: Fingerprint | None = None
) -> Fingerprint:
    """Of a model as it is; with an explanation of it, also by what it returns for its rows.

    The model is run as a private copy, which shares the parameters' memory once the same forward
    was seen to leave them as they are. Of texts it is not run.

    Args:
        model: as `nbx.explain` takes it.
        explanation: of this model, or of what it was before.
        before: an earlier one; where the modules or contents differ from it, the model is not
            run any more.

    Exceptions of the model's own forward come through unchanged.
    """
    named = modules_in(model)
    tensors = [
        (f"{name}.{part}", x)
        for name, module in named
        for part, x in (
            *module.named_parameters(recurse=False),
            *module.named_buffers(recurse=False),
        )
    ]
    total = sum(x.numel() * x.element_size() for _, x in tensors)
    thin = max(total / MODEL, 1.0)
    with torch.no_grad():
        contents = tuple((name, *_tensor(x, thin)) for name, x in tensors)
    structure = tuple((name, *_described(module)) for name, module in named)
    changed = before is not None and (structure, contents) != (before.structure, before.contents)
    if explanation is None or changed:
        return Fingerprint(structure, contents, None, pure=False, sampled=thin > 1)
    pure = before is not None and before.pure
    shared = [p for _, module in named for p in module.parameters(recurse=False)] if pure else []
    snapshot = Snapshot(model, shared)
    outputs = _outputs(snapshot, explanation)
    pure = pure or _whole(snapshot.named_modules) == _whole(named)
    return Fingerprint(structure, contents, outputs, pure=pure, sampled=thin > 1)


def _whole(named: Sequence[tuple[str, nn.Module]]) -> list[tuple[object, ...]]:
    """Checksums of all of the parameters."""
    return [_tensor(x, 1) for _, module in named for x in module.parameters(recurse=False)]


def contents(value: object) -> object:
    """A value that equals that of other data with the same contents (and columns).

    Of what cannot be read without consequences (a stream, a data set of one's own) it is the
    object's identity.

    >>> contents(np.arange(3)) == contents(np.arange(3)), contents([1, 2]) == contents([1, 3])
    (True, False)
    """
    if value is None or isinstance(value, (str, bytes, bool, int, float, complex)):
        return (type(value).__name__, value)
    if isinstance(value, Tensor):
        return _tensor(value.detach(), max(value.numel() * value.element_size() / DATA, 1.0))
    if isinstance(value, np.ndarray):
        return _array(value)
    if hasattr(value, "columns") or hasattr(value, "iloc"):
        return _frame(value)
    if isinstance(value, TensorDataset):
        return ("tensors", *map(contents, value.tensors))
    if isinstance(value, Subset):
        return ("subset", contents(value.dataset), contents(list(value.indices)))
    if isinstance(value, DataLoader):
        return ("loader", contents(cast("Dataset[Any]", value.dataset)))
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return ("mapping", *((str(key), contents(part)) for key, part in pairs))
    if isinstance(value, (list, tuple)):
        return _listed(cast("Sequence[object]", value))
    return ("object", id(value))


def _listed(values: Sequence[object]) -> object:
    if len(values) > BLOCK:  # numbers or labels, one a row
        return _array(np.asarray(values))
    return ("list", *map(contents, values))


def _tensor(x: Tensor, thin: float) -> tuple[object, ...]:
    """Type, shape and checksum; of every `thin`-th block."""
    about = (str(x.dtype), tuple(x.shape))
    if x.is_meta or x.layout is not torch.strided or x.is_quantized:
        return (*about, id(x))
    flat = x.detach().reshape(-1)
    flat = flat if flat.is_contiguous() else flat.contiguous()
    return (*about, _checksum(flat.view(torch.uint8), thin))


def _checksum(flat: Tensor, thin: float) -> int:
    whole = len(flat) // BLOCK
    if thin <= 1 or whole < 2:
        return _crc(flat.cpu().numpy())
    chosen = torch.linspace(0, whole - 1, max(int(whole / thin), 1)).long().to(flat.device)
    blocks = flat[: whole * BLOCK].view(whole, BLOCK)[chosen]
    return _crc(blocks.cpu().numpy())


def _crc(x: np.ndarray[Any, Any]) -> int:
    return zlib.crc32(x.reshape(-1).view(np.uint8).data) if x.size else 0


def _array(x: np.ndarray[Any, Any]) -> tuple[object, ...]:
    about = (str(x.dtype), x.shape)
    if x.dtype == object:
        some = x.reshape(-1)[:: max(x.size // BLOCK, 1)]
        return (*about, zlib.crc32("\x1f".join(map(repr, some.tolist())).encode()))
    if x.ndim and x.nbytes > DATA:  # rows at equal distances, without a copy of the rest
        x = x[:: -(-x.nbytes // DATA)]
    return (*about, _crc(np.ascontiguousarray(x)))


def _frame(value: Any) -> tuple[object, ...]:
    """A data frame or series of any library: names, and columns as arrays."""
    names = tuple(map(str, getattr(value, "columns", (getattr(value, "name", None),))))
    index: object = getattr(value, "index", None)
    labels = _array(np.asarray(index)) if hasattr(index, "to_numpy") else None
    if not hasattr(value, "to_numpy"):
        return ("object", id(value))
    if not hasattr(value, "columns"):
        return ("series", names, labels, _array(np.asarray(value.to_numpy())))
    try:
        columns = [value[name] for name in value.columns]
        found = tuple(_array(np.asarray(column.to_numpy())) for column in columns)
    except Exception:  # namesakes, lazy frames: as one
        found = (_array(np.asarray(value.to_numpy())),)
    return ("frame", names, labels, *found)


def _described(module: nn.Module) -> tuple[object, ...]:
    kind = type(module)
    own = kind.__module__.startswith("torch.")
    settings = module.extra_repr() if own else ""
    hooks = (len(vars(module).get("_forward_hooks", ())), len(_pre_hooks(module)))
    return (kind.__module__, kind.__qualname__, settings, _code(module), *hooks)


def _pre_hooks(module: nn.Module) -> Mapping[int, object]:
    return vars(module).get("_forward_pre_hooks", {})


def _code(module: nn.Module) -> int:
    """The code of the forward; the same for a class that was defined again alike."""
    forward = getattr(module, "forward", None)
    code = getattr(getattr(forward, "__func__", forward), "__code__", None)
    return 0 if code is None else hash(code)


def _outputs(snapshot: Snapshot, explanation: Explanation) -> Tensor | None:
    work = explanation.origin
    if not isinstance(work, Work) or explanation.asked.tokens:
        return None
    rows: Batch = work.source.head(ROWS)
    with untouched(), torch.no_grad(), torch.autocast(rows.inputs[0].device.type, enabled=False):
        reading = replace(work.subject.reading, snapshot=snapshot)
        subject = replace(work.subject, reading=reading)
        function = subject.function(rows.target, rows.spans)
        return function(tuple(x.clone() for x in snapshot.prepare(rows.inputs))).detach().cpu()


def _same_outputs(one: Tensor | None, other: Tensor | None) -> bool:
    """Alike up to the order in which sums are taken, which follows where memory lies."""
    if one is None or other is None:
        return one is other
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    size = float(one[one.isfinite()].abs().max()) if bool(one.isfinite().any()) else 0.0
    slack = 16 * torch.finfo(one.dtype).eps * size
    return torch.allclose(one, other, rtol=0, atol=slack, equal_nan=True)
