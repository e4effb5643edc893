"""How long an explanation takes, in floors.

The floor is what no method of derivatives can go below: one forward sweep and one backward sweep
per output (at every step, where there is one at each) over all rows, in the batches that
`nbx.explain` uses, the derivatives thrown away. Floor and contender take turns in one process; the
ratio is taken within each pair, so that a machine that slows down for a while slows down both.
"""

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch
from torch import Tensor

from benchmarks.networks import Network

Run = Callable[[], object]


@dataclass(frozen=True)
class Timing:
    """One contender on one network.

    Attributes:
        network: that is explained.
        contender: that explains.
        threads: that torch uses for one operation.
        pairs: runs of the floor and of the contender.
        floor: median seconds of the floor.
        seconds: median seconds of the contender.
        ratio: median over the pairs of contender / floor.
        low: the ratio's lower quartile.
        high: its upper quartile.
        remark: what differs from the others' task; empty where nothing does.
    """

    network: str
    contender: str
    threads: int
    pairs: int
    floor: float
    seconds: float
    ratio: float
    low: float
    high: float
    remark: str = ""


def explaining(network: Network, pairs: int | None = None) -> Timing:
    """`nbx.explain` and the table of importances with its intervals."""
    floor = _floor(network)
    return _timing(network, "nbexplain", _explain(network), floor, pairs or network.pairs)


def captum(network: Network, pairs: int = 11) -> Timing:
    """Saliency of every output over the same batches, and the shares of its root mean square."""
    from captum.attr import Saliency

    saliency, outputs, batches = Saliency(network.model), _outputs(network), _batches(network)

    def run() -> object:
        squares = torch.zeros(network.X[0].numel(), dtype=torch.float64)
        for batch in batches:
            for k in range(outputs):
                x = batch.clone().requires_grad_()
                gradient = saliency.attribute(x, target=k, abs=False)
                squares += gradient.flatten(1).double().square().sum(0)
        return squares.sqrt() / squares.sqrt().sum()

    return _timing(network, "captum", run, _floor(network), pairs, "no intervals")


def neuralsens(network: Network, pairs: int = 3) -> Timing:
    """Its Jacobian of a perceptron, given as NumPy weights; of several outputs it fails."""
    with quiet():
        from neuralsens.partial_derivatives import jacobian_mlp
    import pandas as pd

    layers = [layer for layer in network.model if isinstance(layer, torch.nn.Linear)]
    weights = [layer.weight.numpy().T for layer in layers]
    biases = [layer.bias.numpy() for layer in layers]
    X, y = pd.DataFrame(network.X.numpy()), pd.DataFrame({"y": network.y.numpy()})

    def run() -> object:
        return jacobian_mlp(weights, biases, ["identity", "tanh", "identity"], X, y).sens

    remark = "one output, against its own floor; no intervals"
    return _timing(network, "neuralsens", run, _floor(network), pairs, remark)


def lime(network: Network, pairs: int = 3, rows: int = 5) -> Timing:
    """LIME with its defaults on a few rows, the time multiplied up to all of them."""
    from lime.lime_tabular import LimeTabularExplainer

    X = network.X.numpy()
    explainer = LimeTabularExplainer(X, random_state=0)

    def probabilities(rows: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return network.model(torch.from_numpy(rows).float()).softmax(1).numpy()

    def run() -> object:
        return [explainer.explain_instance(row, probabilities).as_list() for row in X[:rows]]

    remark = f"{rows} rows measured, extrapolated to {len(X):,}"
    return _timing(network, "lime", run, _floor(network), pairs, remark, len(X) / rows)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """So many threads for one operation of torch."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def quiet() -> Iterator[None]:
    """Without the peers' warnings, which are not about us."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def settled() -> Iterator[None]:
    """Collecting garbage looks at new objects only, not through all that the peers imported."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _explain(network: Network) -> Run:
    import nbexplain as nbx

    y = network.y.numpy()
    return lambda: nbx.explain(
        network.model, network.X, y, method=network.method, progress=False
    ).importance()


def _floor(network: Network) -> Run:
    model, batches, outputs = network.model, _batches(network), _outputs(network)

    def run() -> None:
        for batch in batches:
            x = batch.clone().requires_grad_()
            found = model(x).flatten(1)
            for k in range(outputs):
                torch.autograd.grad(found[:, k].sum(), x, retain_graph=k + 1 < outputs)

    return run


def _batches(network: Network) -> tuple[Tensor, ...]:
    """Rows in batches of the size that `nbx.explain` chooses."""
    import nbexplain as nbx

    ex = nbx.explain(
        network.model, network.X, network.y.numpy(), method=network.method, progress=False
    )
    return network.X.split(ex.provenance["batch_size"])


def _outputs(network: Network) -> int:
    return network.model(network.X[:1]).flatten(1).shape[1]


def _timing(
    network: Network,
    contender: str,
    run: Run,
    floor: Run,
    pairs: int,
    remark: str = "",
    times: float = 1,
) -> Timing:
    """Runs in turn, the first of each pair changing; `times` multiplies the contender's time."""
    seconds: dict[Run, list[float]] = {floor: [], run: []}
    with quiet(), settled():
        floor(), run()  # once unmeasured: first calls load code and grow the heap
        for pair in range(pairs):
            for one in _turns((floor, run), pair):
                gc.collect()
                began = perf_counter()
                one()
                seconds[one].append(perf_counter() - began)
    taken, least = times * np.array(seconds[run]), np.array(seconds[floor])
    low, ratio, high = np.quantile(taken / least, [0.25, 0.5, 0.75])
    return Timing(
        network.name,
        contender,
        torch.get_num_threads(),
        pairs,
        *(round(float(np.median(x)), 6) for x in (least, taken)),
        *(round(float(x), 4) for x in (ratio, low, high)),
        remark,
    )


def _turns(runs: tuple[Run, Run], pair: int) -> Iterable[Run]:
    return runs if pair % 2 == 0 else runs[::-1]
