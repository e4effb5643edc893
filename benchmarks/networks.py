"""The networks that are explained, with rows for them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Network:
    """A network and rows.

    Attributes:
        name: layers and rows in words.
        model: its parameters frozen, as those of every contender: derivatives by the inputs are
            all that is wanted, and autograd leaves out the rest.
        X: `[rows, *shape]`.
        y: class codes, `[rows]`, or quantities, `[rows, outputs]`.
    """

    name: str
    model: nn.Module
    X: Tensor
    y: Tensor


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


NETWORKS: tuple[Callable[[], Network], ...] = (paper, quantities, deep, convolutional)


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
