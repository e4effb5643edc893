"""The networks that are explained, with rows for them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from nbexplain import Sensitivity


@dataclass(frozen=True)
class Network:
    """A network and rows.

    Attributes:
        name: layers and rows in words.
        model: its parameters frozen, as those of every contender: derivatives by the inputs are
            all that is wanted, and autograd leaves out the rest.
        X: `[rows, *shape]`.
        y: class codes, `[rows]`, or quantities, `[rows, outputs]`.
        method: of its explanation.
        pairs: runs of the floor and of `nbx.explain`; fewer where each takes seconds.
    """

    name: str
    model: nn.Module
    X: Tensor
    y: Tensor
    method: Sensitivity = field(default_factory=Sensitivity)
    pairs: int = 31


def paper(rows: int = 25_000, outputs: int = 2) -> Network:
    """The size of the sensitivity paper's application: 23 columns, one layer of 64 tanh."""
    layers = (nn.Linear(23, 64), nn.Tanh(), nn.Linear(64, outputs))
    return _network(f"23-64-{outputs} tanh", layers, (rows, 23), outputs)


def deep(rows: int = 25_000) -> Network:
    """Two layers of 256 ReLU on 200 columns."""
    layers = (
        *(nn.Linear(200, 256), nn.ReLU()),
        *(nn.Linear(256, 256), nn.ReLU()),
        nn.Linear(256, 5),
    )
    return _network("200-256-256-5 ReLU", layers, (rows, 200), 5)


def quantities(rows: int = 25_000) -> Network:
    """The same network, its five outputs quantities: one response instead of three."""
    network = deep(rows)
    y = torch.randn(rows, 5, generator=torch.Generator().manual_seed(1))
    return replace(network, name=f"{network.name}, quantities", y=y)


def convolutional(rows: int = 2_000) -> Network:
    """Two convolutions on small images; every entry of a picture is a feature."""
    layers = (
        *(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
        *(nn.Flatten(), nn.Linear(32, 4)),
    )
    return _network("CNN, 3×16×16 → 4", layers, (rows, 3, 16, 16), 4)


def recurrent(rows: int = 2_000, steps: int = 64) -> Network:
    """An LSTM of 64 units over 16 columns, one output at the end."""
    layers = (LongShortTerm(16, 64), LastStep(), nn.Linear(64, 1))
    network = _network("LSTM 16-64-1", layers, (rows, steps, 16), 1)
    y = torch.randn(rows, 1, generator=torch.Generator().manual_seed(1))
    name = f"LSTM 16-64-1, {steps} steps, {rows:,} rows"
    return replace(network, name=name, y=y, pairs=11)


def every_step(rows: int = 256, steps: int = 128) -> Network:
    """The same LSTM with an output at every step, each of which is differentiated."""
    layers = (LongShortTerm(16, 64), nn.Linear(64, 1))
    network = _network("LSTM 16-64-1", layers, (rows, steps, 16), 1)
    return replace(
        network,
        name=f"LSTM 16-64-1, {steps} steps with an output each, {rows:,} rows",
        y=torch.randn(rows, steps, 1, generator=torch.Generator().manual_seed(1)),
        method=Sensitivity(steps="valid"),
        pairs=3,
    )


class LongShortTerm(nn.LSTM):
    """States at every step, `[rows, steps, p]` to `[rows, steps, hidden]`."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__(width, hidden, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[0]


class LastStep(nn.Module):
    """The last of the states, `[rows, steps, hidden]` to `[rows, hidden]`."""

    def forward(self, states: Tensor) -> Tensor:
        return states[:, -1]


NETWORKS: tuple[Callable[[], Network], ...] = (
    *(paper, quantities, deep, convolutional),
    *(recurrent, every_step),
)


def _network(
    name: str, layers: tuple[nn.Module, ...], shape: tuple[int, ...], outputs: int
) -> Network:
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(*layers).eval().requires_grad_(requires_grad=False)
    for parameter in model.parameters():
        bound = parameter[0].numel() ** -0.5 if parameter.ndim > 1 else 0.1
        parameter.uniform_(-bound, bound, generator=generator)
    X = torch.randn(shape, generator=generator)
    y = torch.arange(len(X)) % outputs
    return Network(f"{name}, {len(X):,} rows", model, X, y)
