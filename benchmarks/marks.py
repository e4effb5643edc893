"""How often a watch marks a jump where there was none, and how soon where there was one.

Short runs of training, drawn by their number: tables and sequences, quantities and classes, small
and large steps, explained after every step or after every tenth; and longer ones, explained as
often as a watch does that has five updates a second. In the clean ones nothing happens but
learning; in the leaking ones a column that was noise becomes the answer. Some networks learn that
within two explanations and some in a hundred: `planted` is what a watch at its own pace marks of
networks that train as most do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

import nbexplain as nbx
from benchmarks import networks
from benchmarks.live import Training, leaking
from benchmarks.networks import Network
from benchmarks.speed import threads
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


def drawn(number: int, updates: int | None = None, steps: int = 240) -> Task:
    """The task of this number.

    With `updates`, a longer run of so many explanations, 50 to 300 steps apart.
    """
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
    batch = int(chance.choice((16, 64, 256)))
    every = int(chance.choice((1, 3, 10) if updates is None else (50, 100, 300)))
    return Task(
        model,
        X,
        (truth > 0).long() if classes else truth[:, None],
        optimizer,
        batch,
        steps if updates is None else updates * every,
        every,
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
            X = leaking(task.X, task.y)
        batch = torch.randint(0, len(X), (min(task.batch, len(X)),))
        task.optimizer.zero_grad()
        loss_of(task.model(X[batch]), task.y[batch]).backward()
        task.optimizer.step()


@dataclass(frozen=True)
class Run:
    """A training as a watch saw it.

    Attributes:
        marks: that were made.
        learned: update at which the leak had half of what it came to, counted from 1 at the first
            that could see it; None without a leak.
        moved: percentage points by which the second update saw the leak's importance moved.
        marked: update by which the leak was marked; None where it was not.
    """

    marks: tuple[Mark, ...]
    learned: int | None = None
    moved: float = 0.0
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
            marked = len(history) if last.step > leak and last.feature == leaky else None
    if leak is None or history[-1].step <= leak + task.every:
        return Run(marks.found)
    shares = np.array([moment.share[-1] for moment in history])
    since = next(i for i, moment in enumerate(history) if moment.step > leak)
    half = (shares[since - 1] + shares[-1]) / 2
    learned = int((shares[since:] > half).argmax()) + 1
    moved = float(shares[since + 1] - shares[since - 1])
    return Run(marks.found, learned, moved, None if marked is None else marked - since)


@dataclass(frozen=True)
class Marking:
    """How marks did over many drawn runs.

    Attributes:
        clean: runs in which nothing happens but learning.
        false: of them, those with a mark.
        leaks: runs in which a column that was noise becomes the answer halfway.
        marked: of them, those in which that column was marked.
        soon: of them, no more than two updates after the leak was half learned, or before.
        moved: leaks that moved their column by 12 points or more within two updates.
        prompt: of these, those that were marked within two updates.
    """

    clean: int
    false: int
    leaks: int
    marked: int
    soon: int
    moved: int
    prompt: int


def marking(clean: int = 300, leaks: int = 50, updates: int | None = None) -> Marking:
    """Drawn runs; those with a leak go on for half as many steps more.

    None of those by which the thresholds were chosen: clean ones below 900 and 41,000 to 41,299,
    leaks below 45,000.
    """
    false, runs = 0, list[Run]()
    for number in range(clean):
        false += bool(followed(drawn(50_000 + number, updates)).marks)
    for number in range(leaks):
        if updates is None:
            task = drawn(60_000 + number, steps=360)
        else:
            task = drawn(60_000 + number, 3 * updates // 2)
        # Between two updates, as it would be.
        runs.append(followed(task, leak=task.steps // 2 + task.every // 3))
    marked = [run for run in runs if run.marked is not None]
    moved = [run for run in runs if run.moved >= 12]
    return Marking(
        clean,
        false,
        leaks,
        len(marked),
        sum(run.marked - run.learned <= 2 for run in marked if run.marked and run.learned),
        len(moved),
        sum(run.marked is not None and run.marked <= 2 for run in moved),
    )


@dataclass(frozen=True)
class Planted:
    """Leaks planted while a watch follows a training at its own pace.

    Attributes:
        network: that trains.
        updates: before the leak.
        runs: trainings, each with one leak.
        prompt: of them, those in which the column was marked within two updates of the leak.
        early: of them, those in which anything was marked before.
        before: percent that the marks say its importance had, median.
        after: percent that the second update saw, median.
    """

    network: str
    updates: int
    runs: int
    prompt: int
    early: int
    before: float
    after: float


def planted(network: Network, runs: int = 20, updates: int = 25) -> Planted:
    """A column becomes the label after so many updates; the watch has its default budget."""
    prompt, early, sizes = 0, 0, list[tuple[float, float]]()
    with threads(1):
        for seed in range(runs):
            training, told = Training(network, seed), list[int]()
            watch = nbx.watch(training.model, network.X, network.y.numpy(), progress=False).start()
            watch.observe(lambda watch, told=told: told.append(watch.step))
            while len(told) < updates:
                training.step()
            early += bool(watch.marks)
            training.leak()
            while len(told) < updates + 2:
                training.step()
            watch.leave()
            leaky = watch.history.columns[-1]
            seen = [m for m in watch.marks if m.feature == leaky and m.step > told[updates - 1]]
            prompt += bool(seen)
            sizes += [(mark.before, mark.after) for mark in seen]
    before, after = np.median(sizes, axis=0) if sizes else (np.nan, np.nan)
    shown = round(float(before), 1), round(float(after), 1)
    return Planted(network.name, updates, runs, prompt, early, *shown)


if __name__ == "__main__":
    for make in (networks.paper, networks.deep):
        print(planted(make()), flush=True)
    print(marking(), flush=True)
    print(marking(updates=24), flush=True)
