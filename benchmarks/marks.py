"""How often a watch marks a jump where there was none, and how soon where there was one.

Short runs of training, drawn by their number: tables and sequences, quantities and classes, small
and large steps, explained after every step or after every tenth. In the clean ones nothing happens
but learning; in the leaking ones a column that was noise becomes the answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

import nbexplain as nbx
from nbexplain.explain.again import again
from nbexplain.live.history import Moment
from nbexplain.live.marks import Mark, Marks

ROWS = 256
"""Rows that are explained during the training."""


@dataclass(frozen=True)
class Task:
    """A network that trains, and what it learns.

    Attributes:
        model: untrained.
        X: `[rows, p]` or `[rows, steps, p]`; the last column says nothing about y.
        y: `[rows, 1]` of a quantity, `[rows]` of classes.
        optimizer: of its parameters.
        batch: rows of a step.
        steps: of the optimizer.
        every: steps between two explanations.
    """

    model: nn.Module
    X: Tensor
    y: Tensor
    optimizer: torch.optim.Optimizer
    batch: int
    steps: int
    every: int


def drawn(number: int, steps: int = 400) -> Task:
    """The task of this number."""
    torch.manual_seed(number)
    chance = np.random.default_rng(number)
    rows, width = int(chance.choice((300, 1_000, 4_000))), int(chance.integers(3, 20))
    classes, sequence = bool(chance.integers(2)), bool(chance.random() < 0.2)
    X = torch.randn(rows, *((6,) if sequence else ()), width)
    last = X[:, -1] if sequence else X
    weights = torch.randn(width - 1) * (torch.rand(width - 1) < 0.5)
    truth = last[:, :-1] @ weights + last[:, 0] * last[:, 1] * float(chance.integers(2))
    truth = truth + float(chance.choice((0.1, 1.0))) * torch.randn(rows)
    hidden, outputs = int(chance.choice((8, 32, 64))), 2 if classes else 1
    model = _network(chance, width, hidden, outputs, sequence=sequence)
    kind = chance.integers(3)
    rate = float(chance.choice((0.3, 1.0, 3.0)))
    parameters = model.parameters()
    optimizer: torch.optim.Optimizer = (
        torch.optim.SGD(parameters, lr=0.03 * rate)
        if kind == 0
        else torch.optim.SGD(parameters, lr=0.01 * rate, momentum=0.9)
        if kind == 1
        else torch.optim.Adam(parameters, lr=0.005 * rate)
    )
    return Task(
        model,
        X,
        (truth > 0).long() if classes else truth[:, None],
        optimizer,
        int(chance.choice((16, 64, 256))),
        steps,
        int(chance.choice((1, 3, 10))),
    )


def _network(
    chance: np.random.Generator, width: int, hidden: int, outputs: int, *, sequence: bool
) -> nn.Module:
    if sequence:
        return _Recurrent(width, hidden, outputs)
    kind = chance.integers(4)
    if kind == 0:
        return nn.Linear(width, outputs)
    if kind == 1:
        return nn.Sequential(nn.Linear(width, hidden), nn.Tanh(), nn.Linear(hidden, outputs))
    return nn.Sequential(
        *(nn.Linear(width, hidden), nn.ReLU()),
        *((nn.Dropout(0.2),) if kind == 2 else (nn.BatchNorm1d(hidden),)),
        *(nn.Linear(hidden, hidden), nn.ReLU()),
        nn.Linear(hidden, outputs),
    )


class _Recurrent(nn.Module):
    def __init__(self, width: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.cells, self.head = nn.GRU(width, hidden, batch_first=True), nn.Linear(hidden, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cells(x)[0][:, -1])


def leaking(task: Task) -> Tensor:
    """X with the answer in its last column, in the column's own units."""
    answer = task.y.double().reshape(len(task.y), -1)[:, 0]
    answer = ((answer - answer.mean()) / answer.std()).to(task.X.dtype)
    X = task.X.clone()
    X[..., -1] = answer[:, None] if X.ndim == 3 else answer
    return X


def moments(task: Task, leak: int | None = None) -> Iterator[Moment]:
    """The training as a watch sees it; from step `leak` on the answer is in the last column."""
    y = task.y.numpy() if task.y.ndim == 1 else task.y
    loss_of = nn.functional.cross_entropy if task.y.ndim == 1 else nn.functional.mse_loss
    told = nbx.explain(task.model, task.X, y, progress=False)
    places = np.random.default_rng(0).permutation(len(task.X))[:ROWS]
    rows, X = told.origin.source.take(places), task.X
    for step in range(task.steps + 1):
        if step % task.every == 0:
            try:
                told = again(told, task.model, rows, places)
            except ValueError:  # the training has diverged, which ends a watch
                return
            found = told.importances(told.default_output)
            yield Moment(step, 0.1 * step, found.share, found.low, found.high, len(places))
        if step == leak:
            X = leaking(task)
        batch = torch.randint(0, len(X), (min(task.batch, len(X)),))
        task.optimizer.zero_grad()
        loss_of(task.model(X[batch]), task.y[batch]).backward()
        task.optimizer.step()


@dataclass(frozen=True)
class Run:
    """A training as a watch saw it.

    Attributes:
        marks: that were made.
        learned: update at which the leak had half of what it came to; None without a leak.
        marked: update at which the leak was marked; None where it was not.
    """

    marks: tuple[Mark, ...]
    learned: int | None = None
    marked: int | None = None


def followed(task: Task, leak: int | None = None) -> Run:
    """The marks of a training, found as its moments come."""
    names = tuple(f"x{i}" for i in range(task.X.shape[-1]))
    marks, history, leaky = Marks(names), [], names[-1]
    marked: int | None = None
    for moment in moments(task, leak):
        history.append(moment)
        marks.look(history)
        if leak is not None and marked is None and marks.found:
            last = marks.found[-1]
            marked = len(history) - 1 if last.step > leak and last.feature == leaky else None
    if leak is None or history[-1].step <= leak:
        return Run(marks.found)
    shares = np.array([moment.share[-1] for moment in history])
    since = next(i for i, moment in enumerate(history) if moment.step > leak)
    half = (shares[since - 1] + shares[-1]) / 2
    return Run(marks.found, since + int((shares[since:] > half).argmax()), marked)


@dataclass(frozen=True)
class Marking:
    """How marks did over many short runs.

    Attributes:
        clean: runs in which nothing happens but learning.
        false: of them, those with a mark.
        leaks: runs in which a column that was noise becomes the answer halfway.
        marked: of them, those in which that column was marked.
        soon: of them, no more than two updates after the leak was half learned, or before.
        late: the most updates from then to the mark, below 0 for before.
    """

    clean: int
    false: int
    leaks: int
    marked: int
    soon: int
    late: int


def marking(clean: int = 300, leaks: int = 50, steps: int = 240) -> Marking:
    """Runs of so many steps; those with a leak go on for half as many more.

    None of those by which the thresholds were chosen: the first 300, and 20,000 to 20,079.
    """
    false = sum(bool(followed(drawn(600 + number, steps)).marks) for number in range(clean))
    late: list[int] = []
    for number in range(leaks):
        run = followed(drawn(30_000 + number, 3 * steps // 2), leak=3 * steps // 4)
        if run.marked is not None and run.learned is not None:
            late.append(run.marked - run.learned)
    soon = sum(updates <= 2 for updates in late)
    return Marking(clean, false, leaks, len(late), soon, max(late, default=0))


if __name__ == "__main__":
    print(marking())
