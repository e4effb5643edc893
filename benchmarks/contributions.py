"""Contributions beside captum's and shap's: how long they take, and whether they add up."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.networks import Network
from benchmarks.speed import quiet, settled
from tests.spellings import SPELLINGS

CLOSE = 1e-5
"""A gap, relative to the largest difference of outputs, up to which contributions add up."""

LAYERS = 100_000
"""Rows that captum expands at once."""


@dataclass(frozen=True)
class Contest:
    """One method on one network, by this library and by captum, in turn.

    Attributes:
        network: that is explained, all outputs.
        method: "integrated_gradients" or "deeplift".
        pairs: runs of both.
        seconds: median of ours, tables included.
        theirs: median of captum's.
        ratio: median over the pairs of captum's time by ours.
        low: its lower quartile.
        high: its upper quartile.
        gap: largest gap of ours, relative to the largest difference of outputs.
        their_gap: the same of captum's.
    """

    network: str
    method: str
    pairs: int
    seconds: float
    theirs: float
    ratio: float
    low: float
    high: float
    gap: float
    their_gap: float


@dataclass(frozen=True)
class Contrastive:
    """What a page waits for when a row is picked that is held against a brushed group.

    Attributes:
        network: that is explained.
        method: "integrated_gradients" or "deeplift".
        references: rows of the group.
        seconds: median time of an answer, as the kernel sends it.
        low: its lower quartile.
        high: its upper quartile.
    """

    network: str
    method: str
    references: int
    seconds: float
    low: float
    high: float


@dataclass(frozen=True)
class Zoo:
    """How DeepLIFT fares on the same networks in every spelling.

    Attributes:
        by: "nbexplain", "captum" or "shap".
        networks: how many there are.
        exact: on how many contributions add up.
        wrong: on how many they do not, and nothing is said.
        refused: on how many there is an error.
        largest: the largest gap where nothing is said, relative to the difference of outputs.
    """

    by: str
    networks: int
    exact: int
    wrong: int
    refused: int
    largest: float


def contests(network: Network, pairs: int = 3) -> Iterator[Contest]:
    """Integrated gradients and DeepLIFT against zero; 50 nodes for captum, as many as it takes."""
    import captum.attr as captum

    import nbexplain as nbx

    model, X = network.model, network.X
    outputs = range(model(X[:1]).shape[1])
    zero = torch.zeros_like(X[:1])

    def ours(method: object) -> Callable[[], np.ndarray]:
        def run() -> np.ndarray:
            ex = nbx.explain(model, X, method=method, response="raw", keep=len(X), progress=False)
            ex.importance()
            return ex.attributions

        return run

    def integrated() -> np.ndarray:
        how: dict[str, Any] = {"n_steps": 50, "method": "gausslegendre"}
        how |= {"baselines": zero, "internal_batch_size": LAYERS}
        found = captum.IntegratedGradients(model)
        return _stacked(found.attribute(X, target=k, **how) for k in outputs)

    def deeplift() -> np.ndarray:
        found = captum.DeepLift(model)
        return _stacked(found.attribute(X, baselines=zero, target=k) for k in outputs)

    with torch.no_grad():
        change = (model(X) - model(zero)).numpy()
    for method, theirs in (
        (nbx.IntegratedGradients(baseline="zero"), integrated),
        (nbx.DeepLift(baseline="zero"), deeplift),
    ):
        taken: dict[Callable[[], np.ndarray], list[float]] = {ours(method): [], theirs: []}
        found: list[np.ndarray] = []
        with quiet(), settled():
            for _ in range(pairs):
                found = []
                for run, seconds in taken.items():
                    gc.collect()
                    began = perf_counter()
                    found.append(run())
                    seconds.append(perf_counter() - began)
        mine, other = (np.array(seconds) for seconds in taken.values())
        low, ratio, high = np.quantile(other / mine, [0.25, 0.5, 0.75])
        yield Contest(
            network.name,
            method.name,
            pairs,
            *(round(float(np.median(x)), 6) for x in (mine, other)),
            *(round(float(x), 4) for x in (ratio, low, high)),
            *(_gap(x, change) for x in found),
        )


def contrastive(network: Network, references: int = 300, rows: int = 25) -> Iterator[Contrastive]:
    """One row after another against the same group."""
    import nbexplain as nbx
    from nbexplain.notebook.picked import of_contrast

    y = network.y.numpy()
    for method in ("integrated_gradients", "deeplift"):
        ex = nbx.explain(network.model, network.X, y, method=method, progress=False)
        group = np.arange(rows, rows + references)
        taken: list[float] = []
        with settled():
            for row in range(rows):
                began = perf_counter()
                of_contrast(ex, row, group)
                taken.append(perf_counter() - began)
        low, middle, high = (round(float(x), 6) for x in np.quantile(taken, [0.25, 0.5, 0.75]))
        yield Contrastive(network.name, method, references, middle, low, high)


def zoo() -> Iterator[Zoo]:
    """DeepLIFT of every spelling: ours, and what captum and shap make of the same networks."""
    for by, run in (("nbexplain", _ours), ("captum", _captum), ("shap", _shap)):
        exact, wrong, refused, largest = 0, 0, 0, 0.0
        for spelling in SPELLINGS:
            net, x, own = spelling.network(), spelling.rows(6), spelling.rows(8)[:1]
            with torch.no_grad():
                change = (net(x.clone()) - net(own.expand_as(x).clone())).numpy()
            try:
                with quiet():
                    gap = _gap(run(net, x, own), change)
            except Exception:  # whatever a peer says of a network that it cannot take
                refused += 1
                continue
            exact, wrong = exact + (gap <= CLOSE), wrong + (gap > CLOSE)
            largest = max(largest, gap)
        yield Zoo(by, len(SPELLINGS), exact, wrong, refused, largest)


def _ours(net: Callable[[Tensor], Tensor], x: Tensor, own: Tensor) -> np.ndarray:
    import nbexplain as nbx

    method = nbx.DeepLift(baseline=own.numpy())
    return nbx.explain(net, x, method=method, response="raw", progress=False).attributions


def _captum(net: Callable[[Tensor], Tensor], x: Tensor, own: Tensor) -> np.ndarray:
    from captum.attr import DeepLift

    found, width = DeepLift(_module(net)), net(x.clone()).shape[1]
    return _stacked(
        found.attribute(x.clone(), baselines=own.clone(), target=k) for k in range(width)
    )


def _shap(net: Callable[[Tensor], Tensor], x: Tensor, own: Tensor) -> np.ndarray:
    from shap import DeepExplainer

    values = DeepExplainer(_module(net), own.clone()).shap_values(x.clone(), check_additivity=False)
    return np.moveaxis(np.asarray(values), -1, 1)


class _Called(nn.Module):
    """A function as the module that peers want."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def _module(net: Callable[[Tensor], Tensor]) -> nn.Module:
    return net if isinstance(net, nn.Module) else _Called(net)


def _stacked(parts: Iterator[Tensor]) -> np.ndarray:
    return torch.stack([part.detach() for part in parts], dim=1).numpy()


def _gap(contributions: np.ndarray, change: np.ndarray) -> float:
    """The largest gap, relative to the largest difference of outputs."""
    total = contributions.reshape(*change.shape, -1).sum(2, dtype=np.float64)
    return float(np.abs(total - change).max() / np.abs(change).max())
