"""Arrays of attributions and the rows they are of, as an explanation."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from nbexplain.choices import choose
from nbexplain.data import Source, plural, read_in_memory
from nbexplain.engine.attributed import Attributed
from nbexplain.engine.samples import Keep
from nbexplain.engine.swept import Swept
from nbexplain.explain.asked import named_outputs
from nbexplain.explain.columns import named_features
from nbexplain.explanation import Explanation
from nbexplain.explanation.question import RESPONSES, Question

AT_ONCE = 8192
"""Rows summed at once."""

RESPONDED = (*RESPONSES, "loss")
"""What may have been attributed."""


@dataclass(frozen=True, eq=False)
class Given:
    """What another library said of some rows.

    Attributes:
        by: the library and its version: "captum 0.9.0".
        method: what it calls the method.
        called: what the argument with the rows is called, for sentences.
        rows: what the attributions are of, as `nbx.explain` takes X, but in memory.
        attributions: of each output, one tensor for each input of the model, shaped like it.
        outputs: names of the outputs that came with them; None without.
        base: the response without any contribution: a number, `[outputs]`, `[rows]` or
            `[rows, outputs]`; None where attributions add up to nothing.
        baseline: what the base is of, in words.
    """

    by: str
    method: str
    called: str
    rows: object
    attributions: Sequence[Sequence[Tensor]]
    outputs: tuple[str, ...] | None
    base: ArrayLike | Tensor | None
    baseline: str

    def explanation(
        self,
        *,
        y: object,
        predictions: ArrayLike | Tensor | None,
        response: str,
        feature_names: Sequence[str] | None,
        output_names: Sequence[str] | None,
        labels: Sequence[object] | None,
        groups: Mapping[str, Sequence[str]] | None,
        lag_unit: str | Sequence[object] | None,
    ) -> Explanation:
        """The explanation of these attributions; `from_captum` says what its arguments mean.

        Raises:
            ValueError: arrays that do not fit each other, or hold numbers that are not finite.
        """
        choose("response", response, RESPONDED)
        width, called = len(self.attributions), self.called
        source = read_in_memory(_floating(self.rows), y, called).for_outputs(width)
        shapes = [(one.rows, *one.shape) for one in source.inputs]
        count, batch = source.inputs[0].rows, source.head(1)
        found = [_fitting(one, shapes, called) for one in self.attributions]
        classifier = response in ("prob", "logodds") or source.classes is not None
        names, note = named_outputs(
            width,
            self.outputs,
            output_names,
            source.classes,
            "logits" if classifier else "values",
            source.target_name,
        )
        features, _ = named_features(source, batch, None, feature_names, groups, lag_unit, None)
        base = _by_row(self.base, "base_values", count, width, shared=True)
        said = _by_row(predictions, "predictions", count, width, shared=False)
        outputs, remark = _outputs(said, base, found, count)
        swept: Swept | None = None
        for batch in source.batches(AT_ONCE):
            part = slice(batch.start, batch.start + len(batch))
            jacobian = torch.stack([_together([x[part] for x in one]) for one in found], dim=1)
            row = Attributed(outputs[part], jacobian, None if base is None else base[part])
            values = _together(batch.inputs)
            more = Swept.of_contributions(
                Keep(count), features, response, batch.start, values, row, batch.target
            )
            swept = more if swept is None else swept.merge(more)
        assert swept is not None  # there is a row
        return Explanation(
            title=self.method,
            asked=Question(
                method=self.method,
                response=response,
                kind="values",
                classifier=classifier,
                regression=batch.target is not None and source.classes is None,
                names=names,
                columns=tuple(range(width)),
                among=0,
                subject=source.target_name,
                scale="none",
                additive=True,
                baseline="" if base is None else self.baseline,
                by=self.by,
            ),
            features=features,
            swept=swept,
            scaling=np.ones(len(features.cells)),
            confidence=0.95,
            noted=tuple(said for said in (note, remark) if said),
            provenance=_provenance(self.by),
            kept_labels=_labels(labels, source, count),
            classes=source.classes,
        )


def library(name: str) -> str:
    """A library and, where it is loaded, its version: "captum 0.9.0"; it is not imported."""
    version = getattr(sys.modules.get(name), "__version__", None)
    return name if version is None else f"{name} {version}"


def tensor_of(numbers: object, called: str) -> Tensor:
    """Floating numbers, detached, on the processor, and a copy: what is done to theirs is theirs.

    Raises:
        TypeError: no numbers.
    """
    if isinstance(numbers, Tensor):
        narrow = numbers.is_floating_point() and numbers.dtype != torch.float64
        return numbers.detach().to("cpu", torch.float32 if narrow else torch.float64, copy=True)
    array = np.asarray(numbers)
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"{called} is of type {type(numbers).__name__} (dtype {array.dtype}): pass an array "
            "or a tensor of numbers."
        )
    narrow = array.dtype.kind == "f" and array.dtype.itemsize <= 4
    return torch.from_numpy(array.astype(np.float32 if narrow else np.float64))


def _floating(rows: Any) -> Any:
    """Whole numbers as floats: attributions are of all of them."""
    if isinstance(rows, Mapping):
        parts = cast("Mapping[Any, Any]", rows)
        return {key: _floating(part) for key, part in parts.items()}
    if isinstance(rows, tuple):
        return tuple(map(_floating, cast("tuple[Any, ...]", rows)))
    if isinstance(rows, Tensor):
        return rows if rows.is_floating_point() else rows.double()
    if isinstance(rows, np.ndarray) and rows.dtype.kind in "biu":
        return cast("NDArray[Any]", rows).astype(np.float64)
    return rows


def _fitting(
    one: Sequence[Tensor], shapes: Sequence[tuple[int, ...]], called: str
) -> tuple[Tensor, ...]:
    """One output's attributions, of the shapes of the inputs."""
    if len(one) != len(shapes):
        raise ValueError(
            f"attributions are of {plural(len(one), 'input')}, but {called} is "
            f"{plural(len(shapes), 'input')}: pass one array of attributions for each. (Of what "
            "return_convergence_delta=True gives, pass the first.)"
        )
    for part, shape in zip(one, shapes, strict=True):
        if tuple(part.shape) != shape:
            axes = part.ndim == len(shape) + 1 and tuple(part.shape[:-1]) == shape
            how = "add up its last axis, .sum(-1)" if axes else "pass one number for each entry"
            raise ValueError(
                f"attributions have the shape {list(part.shape)}, but {called} has "
                f"{list(shape)}: {how}."
            )
        _check_finite(part, "attributions")
    return tuple(one)


def _check_finite(found: Tensor, called: str) -> None:
    wrong = ~found.isfinite().flatten(1).all(1)
    if wrong.any():
        more = int(wrong.sum()) - 1
        also = f" and {plural(more, 'more row')}" if more else ""
        raise ValueError(
            f"{called} is not finite at row {int(wrong.nonzero()[0])}{also}: drop these rows, or "
            "compute them again."
        )


def _by_row(
    numbers: ArrayLike | Tensor | None, called: str, rows: int, outputs: int, *, shared: bool
) -> Tensor | None:
    """A number for each row and output, `[rows, outputs]`; `shared`, one may be that of all."""
    if numbers is None:
        return None
    found = tensor_of(numbers, called)
    one = found[None] if found.shape == (outputs,) and outputs > 1 else found.reshape(-1, 1)
    one = found if found.ndim > 1 else one
    wanted = (rows, outputs)
    if one.ndim != 2 or not all(
        n == most or (shared and n == 1) for n, most in zip(one.shape, wanted, strict=True)
    ):
        raise ValueError(
            f"{called} has the shape {list(found.shape)}, but there are {plural(rows, 'row')} and "
            f"{plural(outputs, 'output')}: pass {[rows, outputs] if outputs > 1 else [rows]}."
        )
    _check_finite(one, called)
    return one.expand(rows, outputs).double()


def _outputs(
    said: Tensor | None, base: Tensor | None, found: Sequence[Sequence[Tensor]], rows: int
) -> tuple[Tensor, str | None]:
    """The response at each row `[rows, outputs]`, and what to know of it."""
    if said is not None:
        return said, None
    if base is None:
        return torch.full((rows, len(found)), torch.nan, dtype=torch.float64), (
            "Predictions were not given, and are not shown: pass predictions=."
        )
    total = [sum(x.double().flatten(1).sum(1) for x in one) for one in found]
    return base + torch.stack(cast("list[Tensor]", total), dim=1), (
        "Predictions were not given: they are taken to be the base and the contributions added "
        "up, so that no gap can show; pass predictions= to see it."
    )


def _together(parts: Sequence[Tensor]) -> Tensor:
    """Several inputs side by side, one as it is."""
    return parts[0] if len(parts) == 1 else torch.cat([x.flatten(1) for x in parts], dim=1)


def _labels(given: Sequence[object] | None, source: Source, rows: int) -> tuple[object, ...]:
    if given is None:
        return tuple(source.label(np.arange(rows)))
    if len(given) != rows:
        raise ValueError(f"labels has {len(given):,} names, but there are {plural(rows, 'row')}.")
    return tuple(given)


def _provenance(by: str) -> dict[str, Any]:
    from nbexplain import __version__

    return {
        "nbexplain": __version__,
        "by": by,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
