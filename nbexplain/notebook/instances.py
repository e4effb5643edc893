"""From an explanation to the rows that the page's picker shows, and what each is sensitive to.

The format is written down in `PROTOCOL.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.engine.padding import aligned
from nbexplain.engine.samples import widened
from nbexplain.notebook.packing import text
from nbexplain.notebook.texts import ids_of, words
from nbexplain.notebook.truth import Truth, all_classes

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


@dataclass(frozen=True)
class Limits:
    """How much a page gets.

    Attributes:
        rows: at most so many rows,
        held: of which so many with derivatives.
        light: bytes of positions, outputs, targets and labels at most.
        heavy: bytes of derivatives and inputs at most.
    """

    rows: int
    held: int
    light: int
    heavy: int


#: What a page gets unasked, and a saved notebook keeps.
SAMPLE = Limits(20_000, 2_000, 150_000, 450_000)
#: What a page gets when it asks.
MESSAGE = Limits(100_000, 100_000, 2**62, 48_000_000)
#: What a saved page holds.
SAVED = Limits(100_000, 100_000, 2_000_000, 8_000_000)

FEATURES = 64
"""Leading features whose derivatives a page gets at most."""
ENTRIES = 64
"""Entries of a row that these features have together, unless the first alone has more, …"""
WHOLE = 4096
"""… at most so many. Those of sequences have so many together, for the lags of a picked row."""
CHUNK = 2**20
"""Derivatives handled at once."""


def instances(
    explanation: Explanation, limits: Limits = SAMPLE, first: Sequence[int] = ()
) -> dict[str, Any]:
    """What the picker shows, with arrays as arrays.

    Rows come in the order of their draw, so that any first part of them is a fair sample; the
    first `held` of them have derivatives, of the leading features one by one.

    Args:
        explanation: whose kept rows are shown.
        limits: how many of them.
        first: positions in X of rows that are among those with derivatives, if they were kept.

    Returns:
        The content of `instances` in `PROTOCOL.md`: `rows` `[n]`, `outputs` `[n, K]`, `jacobian`
        `[held, K, E]`, `values` `[held, E]`, `rest` `[held, K, K]` and what tells of them.
    """
    sample, features, asked = explanation.swept.sample, explanation.features, explanation.asked
    width, every = sample.outputs.shape[1], int(features.standing.sum())
    entries = leading(explanation)
    order = np.lexsort((sample.positions, sample.draws))[: limits.rows]
    labels = _labels(explanation, order)
    truth = Truth.of(explanation)
    targets = truth.read(explanation.targets)
    sizes = np.full(len(order), 4 + 4 * width, np.int64)
    if targets is not None:
        sizes += targets[:1].nbytes
    if labels is not None:
        sizes += [len(label.encode()) + 4 for label in labels]
    order = order[: np.searchsorted(np.cumsum(sizes), limits.light, side="right")]
    others = every > len(entries)
    each = 4 * ((width + 1) * len(entries) + others * width * width)
    held = min(len(order), limits.held, limits.heavy // max(each, 1))
    if first:
        order = _with(
            order, np.searchsorted(sample.positions, _kept(sample.positions, first)), held
        )
        labels = _labels(explanation, order)
    rows = torch.from_numpy(order)
    derivatives = _derivatives(explanation, rows[:held], entries)
    found: dict[str, Any] = {
        "rows": sample.positions[order].astype("<u4"),
        "labels": None if labels is None else labels[: len(order)],
        "outputs": single(widened(sample.outputs.index_select(0, rows)).numpy()),
        "kind": _kind(explanation),
        "columns": list(asked.columns),
        "weights": explanation.weights.tolist(),
        "target": None if targets is None else targets[order],
        "classes": truth.classes,
        # One column that is no class, such as the loss, predicts none.
        "classifier": asked.classifier and (width > 1 or all_classes(explanation)),
        "entries": _described(explanation, entries),
        "members": _members(explanation, entries),
        "all": len(features.cells),
        **derivatives,
        **_words(explanation, derivatives["values"]),
        "more": held < sample.count,
        **({} if sample.spans is None else {"padded": True}),
        **({"additive": True} if asked.additive else {}),
    }
    return found


def _kind(explanation: Explanation) -> str:
    """What the swept outputs are: also where the response is part of what was swept."""
    asked = explanation.asked
    if asked.kind != "values" or not asked.classifier:
        return asked.kind
    if asked.response == "logodds":
        return "odds"
    return asked.network if asked.response == "raw" and all_classes(explanation) else "values"


def leading(explanation: Explanation) -> NDArray[np.int64]:
    """Entries of one row that belong to the leading features: whole features, in rank order."""
    features = explanation.features
    if features.tokens:  # the one feature, whatever its length
        return np.arange(len(features.cells))
    most = WHOLE if features.kind == "sequence" else ENTRIES
    owner, there = features.owners[features.cells], features.standing
    by_feature = np.argsort(owner, kind="stable")
    ends = np.cumsum(np.bincount(owner, minlength=len(features)))
    found: list[NDArray[np.int64]] = []
    count = 0
    for feature in explanation.importances(explanation.default_output).order[:FEATURES]:
        members = by_feature[ends[feature - 1] if feature else 0 : ends[feature]]
        members = members[there[members]]
        count += len(members)
        if count > (most if found else WHOLE):
            break
        found.append(members)
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _words(explanation: Explanation, ids: NDArray[np.float32]) -> dict[str, Any]:
    """Of texts, what the ids that occur are called."""
    if not explanation.features.tokens:
        return {}
    found = words(explanation, ids)
    return {"words": list(found.values()), "word_ids": np.array(list(found), "<u4")}


def called_by_position(explanation: Explanation) -> bool:
    """Whether rows have no labels but their positions."""
    return explanation.labels == tuple(explanation.rows.tolist()) and not any(
        isinstance(label, (bool, float)) for label in explanation.labels
    )


def by_lag(x: torch.Tensor, spans: torch.Tensor | None) -> torch.Tensor:
    """Rows `[rows, outputs, *shape]`; of padded sequences with the last existing step last."""
    return x if spans is None else aligned(x, spans)


def single(array: NDArray[Any]) -> NDArray[np.float32]:
    """In single precision; what is too large for it is infinite."""
    with np.errstate(over="ignore"):
        return np.ascontiguousarray(array, "<f4")


def _labels(explanation: Explanation, order: NDArray[np.intp]) -> list[str] | None:
    if called_by_position(explanation):
        return None
    labels = explanation.labels
    return [text(labels[place]) for place in order.tolist()]


def _kept(positions: NDArray[np.int64], wanted: Sequence[int]) -> NDArray[np.int64]:
    return np.intersect1d(positions, np.asarray(wanted, np.int64))


def _with(order: NDArray[np.intp], places: NDArray[np.intp], held: int) -> NDArray[np.intp]:
    """The order with these places among the first `held`, as the last of them."""
    late = np.setdiff1d(places, order[:held])[:held]
    rest = order[~np.isin(order, late)]
    head = held - len(late)
    return np.concatenate([rest[:head], late, rest[head:]])[: len(order)]


def _described(explanation: Explanation, entries: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Position in the row, cell and feature of each entry, `[3, E]`."""
    cells = explanation.features.cells[entries]
    return np.stack([entries, cells, explanation.features.owners[cells]]).astype("<u4")


def _members(explanation: Explanation, entries: NDArray[np.int64]) -> list[str] | None:
    """Names of the columns that features consist of, where one consists of several."""
    features = explanation.features
    if not set(features.groups) - set(features.states):
        return None
    return [text(features.columns[column]) for column in features.columns_of(entries)]


def _derivatives(
    explanation: Explanation, rows: torch.Tensor, entries: NDArray[np.int64]
) -> dict[str, NDArray[np.float32]]:
    """Derivatives and inputs of the leading entries of these rows, and the other entries as one."""
    sample, scaling = explanation.swept.sample, explanation.scaling
    width, every = sample.jacobian.flatten(2).shape[1:]
    chosen = torch.from_numpy(entries)
    jacobian = np.empty((len(rows), width, len(entries)), "<f4")
    values = np.empty((len(rows), len(entries)), "<f4")
    rest = np.empty((len(rows), width, width), "<f4")
    left = explanation.features.standing
    left[entries] = False
    more_left = bool(left.any())
    others = torch.from_numpy(scaling.copy())
    others[chosen] = 0
    step = max(1, CHUNK // max(1, width * every))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        taken, spans = rows[part], sample.spans
        spans = None if spans is None else spans.index_select(0, taken)
        derivatives = widened(by_lag(sample.jacobian.index_select(0, taken), spans).flatten(2))
        inputs = by_lag(sample.values.index_select(0, taken)[:, None], spans)
        inputs = ids_of(inputs, spans) if explanation.features.tokens else inputs
        lead = derivatives.index_select(2, chosen).numpy()
        jacobian[part] = single(lead * scaling[entries].astype(lead.dtype))
        values[part] = single(widened(inputs.flatten(1).index_select(1, chosen)).numpy())
        if more_left:
            scaled = derivatives.double() * others
            if explanation.asked.additive:  # contributions add up with their signs
                rest[part] = single(torch.diag_embed(scaled.sum(2)).numpy())
            else:
                rest[part] = single((scaled @ scaled.mT).numpy())
    found = {"jacobian": jacobian, "values": values}
    if sample.base is not None:
        found["base"] = single(widened(sample.base.index_select(0, rows)).numpy())
    return {**found, "rest": rest} if more_left else found
