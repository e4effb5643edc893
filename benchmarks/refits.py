"""How often a comparison claims a change where there is none but another seed.

Networks are fitted twice and more on the same rows, from other beginnings and in another order of
batches; whatever their importances differ by is the noise of fits. Tasks are drawn by their
number: tables of quantities and classes, small and large networks, steps and batches. All fits of
a task are made side by side, as one batched product.

`python -m benchmarks.refits` measures 60 tasks, none of the first 140, by which the allowance and
the factor for uneven features were chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

import nbexplain as nbx
from nbexplain.engine.changes import spread_of_fits

FITS = 20
"""Fits of each task."""

PAIRS = 50
"""Of these, compared with each other."""


@dataclass(frozen=True)
class Task:
    """What networks are fitted to, and how.

    Attributes:
        X: `[rows, p]`.
        y: `[rows]`, a quantity, or 0 and 1.
        classes: whether y is one of two classes.
        hidden: units of the one hidden layer.
        activation: of it.
        steps: of Adam.
        rate: its learning rate.
        batch: rows of a step.
        seed: of the fits.
    """

    X: Tensor
    y: Tensor
    classes: bool
    hidden: int
    activation: type[nn.Module]
    steps: int
    rate: float
    batch: int
    seed: int


def drawn(number: int) -> Task:
    """The task of this number."""
    chance, chances = np.random.default_rng(number), torch.Generator().manual_seed(number)
    rows, width = int(chance.choice((200, 500, 1_500))), int(chance.integers(3, 25))
    classes = bool(chance.integers(2))
    X = torch.randn(rows, width, generator=chances)
    if chance.random() < 0.3:  # columns that go together
        X = 0.7 * X + 0.7 * torch.randn(rows, 1, generator=chances)
    weights = torch.randn(width, generator=chances) * (torch.rand(width, generator=chances) < 0.5)
    truth = X @ weights + X[:, 0] * X[:, 1] * float(chance.integers(2))
    truth = truth + float(chance.choice((0.1, 1.0))) * torch.randn(rows, generator=chances)
    return Task(
        X,
        (truth > 0).float() if classes else truth / truth.std(),
        classes,
        hidden=int(chance.choice((8, 16, 32))),
        steps=int(chance.choice((200, 500, 1_000))),
        activation=(nn.Tanh, nn.ReLU)[int(chance.integers(2))],
        rate=float(chance.choice((0.003, 0.01, 0.03))),
        batch=int(chance.choice((16, 64, 200))),
        seed=number,
    )


def fitted(task: Task, fits: int) -> list[nn.Module]:
    """Networks of the same kind fitted to the same rows by other seeds."""
    chances = torch.Generator().manual_seed(task.seed + 100_000)
    width = task.X.shape[1]

    def begun(inputs: int, *shape: int) -> Tensor:
        found = (torch.rand(fits, *shape, generator=chances) * 2 - 1) * inputs**-0.5
        return found.requires_grad_()

    first, bias = begun(width, width, task.hidden), begun(width, 1, task.hidden)
    second, end = begun(task.hidden, task.hidden, 1), begun(task.hidden, 1, 1)
    active = task.activation()
    optimizer = torch.optim.Adam([first, bias, second, end], lr=task.rate)
    for _ in range(task.steps):
        rows = torch.randint(len(task.X), (fits, task.batch), generator=chances)
        found = (active(task.X[rows] @ first + bias) @ second + end)[..., 0]
        true = task.y[rows]
        if task.classes:
            losses = binary_cross_entropy_with_logits(found, true, reduction="none")
        else:
            losses = (found - true).square()
        optimizer.zero_grad()
        losses.mean(1).sum().backward()
        optimizer.step()
    return [
        _network(task, *(x[fit].detach() for x in (first, bias, second, end)))
        for fit in range(fits)
    ]


def _network(task: Task, first: Tensor, bias: Tensor, second: Tensor, end: Tensor) -> nn.Module:
    one, two = nn.Linear(*first.shape), nn.Linear(*second.shape)
    with torch.no_grad():
        one.weight.copy_(first.T)
        one.bias.copy_(bias[0])
        two.weight.copy_(second.T)
        two.bias.copy_(end[0])
    return nn.Sequential(one, task.activation(), two, *([nn.Sigmoid()] if task.classes else []))


def explained(task: Task, fits: int) -> list[nbx.Explanation]:
    """The importances of so many fits."""
    return [nbx.explain(net, task.X, progress=False, keep=64) for net in fitted(task, fits)]


@dataclass(frozen=True)
class Claims:
    """Comparisons of two fits of one task, over all tasks.

    Attributes:
        tasks: drawn.
        pairs: compared in each.
        rows: share of the pairs with a claim where intervals speak of rows alone.
        allowed: the same with the allowance for refits.
        known: the same with three other refits at hand.
        worst_allowed: the largest of a task, with the allowance.
        worst_known: the largest of a task, with three refits.
        spread: median over the tasks of what a root moves by, in units of the mean root.
        widest: the largest of it.
    """

    tasks: int
    pairs: int
    rows: float
    allowed: float
    known: float
    worst_allowed: float
    worst_known: float
    spread: float
    widest: float


def claims(first: int = 1_000, tasks: int = 60, fits: int = FITS, pairs: int = PAIRS) -> Claims:
    """Of so many tasks from this number on."""
    chance, spreads = np.random.default_rng(first), list[float]()
    shares = {"rows": list[float](), "allowed": list[float](), "known": list[float]()}
    for number in range(first, first + tasks):
        found = explained(drawn(number), fits)
        width = len(found[0].features)
        importances = np.stack([ex.importances().share for ex in found])
        spreads.append(spread_of_fits(importances, width) * width)
        counts = dict.fromkeys(shares, 0)
        for _ in range(pairs):
            one, other, *known = (found[i] for i in chance.permutation(fits)[:5])
            counts["rows"] += claimed(nbx.compare, one, _as_edit(one, other))
            counts["allowed"] += claimed(nbx.compare, one, other)
            counts["known"] += claimed(nbx.compare, one, other, refits=known)
        for name, count in counts.items():
            shares[name].append(count / pairs)
    means = {name: round(float(np.mean(found)), 4) for name, found in shares.items()}
    return Claims(
        tasks,
        pairs,
        **means,
        worst_allowed=max(shares["allowed"]),
        worst_known=max(shares["known"]),
        spread=round(float(np.median(spreads)), 3),
        widest=round(max(spreads), 3),
    )


def _as_edit(one: nbx.Explanation, other: nbx.Explanation) -> nbx.Explanation:
    """The other's derivatives under the first one's model: no refit, to a comparison."""
    return replace(other, origin=one.origin, _others={})


def claimed(compare: Callable[..., nbx.Comparison], *of: nbx.Explanation, **options: object) -> int:
    """Whether a comparison claims anything."""
    return int(any(compare(*of, **options).changes()["claim"]))


def main() -> None:
    print(claims())


if __name__ == "__main__":
    sys.exit(main())
