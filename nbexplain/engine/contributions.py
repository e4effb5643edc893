"""Contributions of inputs to outputs: pooled with their signs, before anything else is done."""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.accumulators import Sums
from nbexplain.engine.axes import Float, Int64
from nbexplain.engine.padding import aligned
from nbexplain.features import Features


def contributed(
    attributions: Float[Tensor, "rows outputs *shape"],
    features: Features,
    start: int,
    spans: Int64[Tensor, "rows _"] | None = None,
) -> Sums:
    r"""The sums of one batch's contributions: by cell, and of sequences by feature and by lag too.

    A contribution has the response's own units and a sign, so members of a group, and the lags of
    a feature, add up before their absolute value is taken: $|\sum_e \varphi_e|$, not
    $\sum_e |\varphi_e|$. Steps that a row does not have contribute nothing.

    Args:
        attributions: of one batch.
        features: how entries form features.
        start: position of the batch's first row.
        spans: the existing steps of padded sequences.

    >>> from nbexplain.features import features
    >>> one_hot = features((3,), ["age", "red", "blue"], {"colour": ["red", "blue"]})
    >>> contributed(torch.tensor([[[1.0, 2.0, -3.0]]]), one_hot, 0).second[0].tolist()
    [[1.0, 1.0]]
    """
    attributions = attributions if spans is None else aligned(attributions, spans)
    cells = _pooled(attributions.flatten(2), features.cells)
    parts = [cells]
    if features.kind != "table":
        parts.append(_pooled(cells, features.owners))
    if features.kind == "sequence":
        lags = cells.unflatten(2, (features.steps, len(features))).sum(3).flip(2)
        parts.append(lags)
    return Sums.of(torch.cat(parts, dim=2), start, features.block, absolute=True)


def by_feature(
    attributions: Float[Tensor, "rows outputs *shape"], features: Features
) -> Float[Tensor, "rows outputs features"]:
    """What each feature contributed, its entries added up with their signs."""
    return _pooled(attributions.flatten(2), features.owners[features.cells])


def cells_of(sums: Sums, features: Features) -> Sums:
    """Of each cell: a feature at a place."""
    return sums.part(slice(len(features.owners)))


def features_of(sums: Sums, features: Features) -> Sums:
    """Of each feature."""
    if features.kind == "table":
        return sums
    first = len(features.owners)
    return sums.part(slice(first, first + len(features)))


def lags_of(sums: Sums, features: Features) -> Sums:
    """Of each lag, lag 0 first."""
    return sums.part(slice(len(features.owners) + len(features), None))


def by_cells(features: Features) -> Features:
    """The same features where each cell is one entry."""
    width = len(features.names)
    shape = (features.steps, width) if features.kind == "sequence" else (len(features.owners),)
    cells = np.arange(len(features.owners))
    return replace(features, shape=shape, cells=cells, columns=features.names, groups={})


def singly(features: Features) -> Features:
    """The same features where each is one entry, as columns of a table are."""
    each = np.arange(len(features))
    return replace(features, shape=(len(each),), cells=each, owners=each, kind="table", groups={})


def _pooled(
    values: Float[Tensor, "rows outputs members"], into: Int64[np.ndarray, " members"]
) -> Float[Tensor, "rows outputs parts"]:
    """Members added up, with their signs."""
    if np.array_equal(into, np.arange(len(into))):
        return values
    where = torch.tensor(into, device=values.device)
    found = values.new_zeros(*values.shape[:2], int(into.max()) + 1)
    return found.index_add_(2, where, values)
