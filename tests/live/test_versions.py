"""Versions: kept within bounds, pinned, named, compared."""

import pytest
import torch
from torch import nn

import nbexplain as nbx
from nbexplain.live import versions as kept
from nbexplain.live.versions import Versions

X = torch.randn(80, 3, generator=torch.Generator().manual_seed(0))


def explained(seed=0):
    torch.manual_seed(seed)
    return nbx.explain(nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)), X)


def names(versions):
    return [version.name for version in versions]


def test_the_oldest_go_but_for_pinned_ones(monkeypatch):
    monkeypatch.setattr(kept, "MOST", 3)
    versions, ex = Versions(), explained()
    versions.add(ex, "first")
    versions.pin("first")
    for _ in range(5):
        versions.add(ex)
    assert names(versions) == ["first", "version 4", "version 5", "version 6"]
    assert versions[-1].number == 6
    versions.pin("first", False)
    versions.add(ex)
    assert names(versions) == ["version 5", "version 6", "version 7"]


def test_memory_is_bounded_but_the_last_two_stay(monkeypatch):
    ex = explained()
    versions = Versions()
    size = versions.add(ex).size
    assert size > 4 * (80 * 3 + 80 + 80 * 3)
    monkeypatch.setattr(kept, "MEMORY", 2.5 * size)
    for _ in range(4):
        versions.add(ex)
    assert len(versions) == 2
    monkeypatch.setattr(kept, "MEMORY", 0)
    versions.add(ex)
    assert len(versions) == 2


def test_names_find_versions_and_mistakes_get_a_sentence():
    versions = Versions()
    versions.add(explained())
    assert versions.rename(1, "trained").name == "trained"
    assert versions["trained"].number == 1
    assert versions.rename("trained", " ").name == "version 1"
    with pytest.raises(LookupError, match=r"no version 'prunde': there are 1 \(version 1\)"):
        versions["prunde"]


def test_versions_are_compared_and_refits_among_them_counted():
    versions = Versions()
    for seed in range(5):
        versions.add(explained(seed))
    assert versions.compare(1, 2).refits == 3
    assert versions.compare(1, 1).sentence == "version 1 again against version 1: no share changed."
    few = Versions()
    for seed in range(3):
        few.add(explained(seed))
    assert few.compare(1, 2).refits == 0
