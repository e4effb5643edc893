"""Explanations in files: arrays and text, no pickle, so that loading never runs code."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from nbexplain.engine.accumulators import Spread, Sums
from nbexplain.engine.responses import Kind
from nbexplain.engine.samples import Keep, Sample, widened
from nbexplain.engine.stepwise import Stepwise
from nbexplain.engine.swept import Swept
from nbexplain.engine.tokens import Cells, TokenSums
from nbexplain.explanation.archive import Arrays, Header, write
from nbexplain.explanation.question import Question
from nbexplain.explanation.record import Explanation
from nbexplain.explanation.tokens import Vocabulary
from nbexplain.features import Features
from nbexplain.features import Kind as FeatureKind

PARTS = ("rows", "first", "second", "reach", "squares")
"""Arrays of sums; `reach` where sequences differ in length, `squares` of contributions."""

TOKEN_PARTS = ("cells", "second", "occurrences", "first", "squares")
"""Arrays of sums by token; the last two of contributions."""


def save(ex: Explanation, path: str | Path) -> None:
    """Write an explanation to one file, a NumPy archive with a JSON header.

    The model and X are not in it. Row labels are kept as numbers or as text.
    """
    write(path, *to_parts(ex))


def to_parts(ex: Explanation) -> tuple[Header, Arrays]:
    """What a file holds of an explanation; `from_parts` makes one of it again."""
    swept, sample = ex.swept, ex.swept.sample
    arrays: Arrays = {
        "scaling": ex.scaling,
        "cells": ex.features.cells,
        "owners": ex.features.owners,
        "spread.mean": swept.spread.mean,
        "spread.squares": swept.spread.squares,
        "sample.draws": sample.draws,
        "sample.positions": sample.positions,
    }
    for name in ("jacobian", "outputs", "values"):
        arrays[f"sample.{name}"] = widened(getattr(sample, name)).numpy()
    if sample.targets is not None:
        arrays["sample.targets"] = sample.targets.numpy()
    if sample.spans is not None:
        arrays["sample.spans"] = sample.spans.numpy()
    if sample.base is not None:
        arrays["sample.base"] = widened(sample.base).numpy()
    if sample.errors is not None:
        arrays["sample.errors"] = widened(sample.errors).numpy()
    if swept.steps is not None:
        found = {"mean": swept.steps.mean, "squares": swept.steps.squares}
        arrays |= {f"existing.{name}": array for name, array in found.items()}
    for response in ex.responses:
        answer = ex.with_response(response).swept
        if (tokens := answer.tokens.get(response)) is not None:
            found = {
                f"tokens.{response}.{part}": getattr(tokens.whole, part) for part in TOKEN_PARTS
            }
            arrays |= {name: array for name, array in found.items() if array is not None}
        sums = answer.sums[response]
        found = {f"sums.{response}.{part}": getattr(sums, part) for part in PARTS}
        arrays |= {name: array for name, array in found.items() if array is not None}
        if stepwise := answer.stepwise.get(response):
            arrays |= _of_stepwise(stepwise, f"steps.{response}.")
    header = {
        "title": ex.title,
        "asked": asdict(ex.asked),
        "features": {
            "names": ex.features.names,
            "shape": ex.features.shape,
            "kind": ex.features.kind,
            "columns": ex.features.columns,
            "groups": ex.features.groups,
            "lag_unit": ex.features.lag_unit,
            "tokens": ex.features.tokens,
            "states": ex.features.states,
        },
        "vocabulary": None if ex.vocabulary is None else dict(ex.vocabulary.names),
        "kind": swept.kind,
        "block": swept.block,
        "count": swept.count,
        "existing": None if swept.steps is None else swept.steps.count,
        "saturated": swept.saturated,
        "missed": swept.missed,
        "capacity": swept.keep.capacity,
        "confidence": ex.confidence,
        "noted": ex.noted,
        "provenance": dict(ex.provenance),
        "classes": ex.classes,
        "labels": [_label(label) for label in ex.labels],
        "sums": list(ex.responses),
    }
    return header, arrays


def from_parts(header: Header, arrays: Arrays) -> Explanation:
    """The explanation that `to_parts` took apart.

    Raises:
        KeyError: something is missing.
    """
    described = header["features"]
    lag_unit = described.get("lag_unit")  # none in older files
    features = Features(
        names=tuple(described["names"]),
        shape=tuple(described["shape"]),
        cells=arrays["cells"],
        owners=arrays["owners"],
        kind=cast(FeatureKind, described["kind"]),
        columns=tuple(described["columns"]),
        groups={name: tuple(members) for name, members in described["groups"].items()},
        lag_unit=tuple(lag_unit) if isinstance(lag_unit, list) else lag_unit,
        tokens=described.get("tokens", False),
        states=tuple(described.get("states", ())),
    )
    asked = cast(dict[str, Any], header["asked"])
    asked |= {name: tuple(asked[name]) for name in ("names", "columns")}
    positions = arrays["sample.positions"]
    tensors = (torch.from_numpy(arrays[f"sample.{n}"]) for n in ("jacobian", "outputs", "values"))
    true = arrays.get("sample.targets")  # none without y, and in older files
    targets = None if true is None else torch.from_numpy(true)
    padded = arrays.get("sample.spans")
    spans = None if padded is None else torch.from_numpy(padded)
    at_base = arrays.get("sample.base")  # of methods that have a baseline
    base = None if at_base is None else torch.from_numpy(at_base)
    drawn = arrays.get("sample.errors")  # of methods that draw
    count = header["count"]
    swept = Swept(
        kind=cast(Kind, header["kind"]),
        keep=Keep(header["capacity"], positions=positions),
        block=header["block"],
        sums={
            name: _sums({part: arrays.get(f"sums.{name}.{part}") for part in PARTS})
            for name in header["sums"]
        },
        spread=Spread(count, arrays["spread.mean"], arrays["spread.squares"]),
        saturated=header["saturated"],
        missed=header.get("missed", 0),
        samples=(
            Sample(
                arrays["sample.draws"],
                positions,
                *tensors,
                targets=targets,
                spans=spans,
                base=base,
                errors=None if drawn is None else torch.from_numpy(drawn),
            ),
        ),
        steps=None
        if header.get("existing") is None  # of sequences without padding, and in older files
        else Spread(header["existing"], arrays["existing.mean"], arrays["existing.squares"]),
        stepwise={
            name: _stepwise(arrays, f"steps.{name}.")
            for name in header["sums"]
            if asked.get("steps") == "valid"  # not said in older files
        },
        tokens={
            name: TokenSums((_cells({p: arrays.get(f"tokens.{name}.{p}") for p in TOKEN_PARTS}),))
            for name in header["sums"]
            if features.tokens
        },
    )
    return Explanation(
        title=header["title"],
        asked=Question(**asked),
        features=features,
        swept=swept,
        scaling=arrays["scaling"],
        confidence=header["confidence"],
        noted=tuple(header["noted"]),
        provenance=header["provenance"],
        kept_labels=tuple(header["labels"]),
        classes=None if header.get("classes") is None else tuple(header["classes"]),
        vocabulary=_vocabulary(header.get("vocabulary")),
    )


def _of_stepwise(stepwise: Stepwise, name: str) -> Arrays:
    """Arrays of the sums at every output step."""
    outputs = stepwise.outputs
    arrays: Arrays = {
        f"{name}lengths": stepwise.lengths,
        f"{name}first": stepwise.first,
        f"{name}second": stepwise.second,
        f"{name}outputs": np.stack([outputs.mean, outputs.squares]),
        f"{name}count": np.array(outputs.count),
    }
    for which in ("leads", "instant"):
        sums = getattr(stepwise, which)
        arrays |= {f"{name}{which}.{part}": getattr(sums, part) for part in PARTS[:-1]}
    return arrays


def _stepwise(arrays: Arrays, name: str) -> Stepwise:
    mean, squares = arrays[f"{name}outputs"]
    leads, instant = (
        _sums({part: arrays[f"{name}{which}.{part}"] for part in PARTS[:-1]})
        for which in ("leads", "instant")
    )
    return Stepwise(
        arrays[f"{name}lengths"],
        Spread(int(arrays[f"{name}count"]), mean, squares),
        leads,
        instant,
        arrays[f"{name}first"],
        arrays[f"{name}second"],
    )


def _vocabulary(names: dict[str, str] | None) -> Vocabulary | None:
    """What tokens are called: JSON has text alone as keys."""
    return None if names is None else Vocabulary({int(i): name for i, name in names.items()})


def _cells(parts: dict[str, Any]) -> Cells:
    return Cells(**parts)


def _sums(parts: dict[str, Any]) -> Sums:
    return Sums(**parts)


def _label(label: object) -> object:
    """A row label as JSON has it: whole numbers and text as they are, anything else as text."""
    if isinstance(label, np.integer):
        return int(label)
    return label if isinstance(label, (int, str)) else str(label)
