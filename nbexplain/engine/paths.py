"""Integrated gradients: derivatives averaged over the way from a baseline to the row."""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch
from torch import Tensor

from nbexplain.engine.attributed import (
    Attributed,
    Task,
    allowance,
    at_baseline,
    between,
    distances,
    exceeds,
    gaps,
    returned,
)
from nbexplain.engine.axes import Float, Int64
from nbexplain.engine.sensitivities import Function, sensitivities

MOST_NODES = 1024
"""Nodes of one row after which it is left as it is, though it misses the tolerance."""

AT_ONCE = 2**20
"""Derivatives formed at once, of several nodes where rows are few."""


def integrated(task: Task, nodes: int, tolerance: float) -> Attributed:
    r"""Integrated gradients by Gauss-Legendre quadrature, with more nodes where they are needed.

    $\varphi_e = (x_e - b_e) \int_0^1 \partial_e F(b + \alpha (x - b))\, d\alpha$ (Sundararajan,
    Taly & Yan, 2017). Where the sum of an output's row misses $F(x) - F(b)$ by more than the
    tolerance, the parts of the way that miss their own difference most are halved, and get the
    nodes anew, until 1,024 were taken: a kink is closed in on, where more nodes of the whole way
    would not do.

    Args:
        task: with a baseline for its references.
        nodes: of the quadrature, on the whole way and on each part.
        tolerance: of the gap, relative to the difference of the outputs.

    >>> f = lambda inputs: (inputs[0][:, :1] ** 2 * inputs[0][:, 1:])
    >>> x, zero = torch.tensor([[1.5, -2.0]]), torch.zeros(1, 2)
    >>> task = Task((x,), lambda rows: f, (zero,), np.zeros(1, np.int64), 0)
    >>> integrated(task, 8, 1e-3).attributions.round(decimals=4)
    tensor([[[-3.0000, -1.5000]]])
    """
    outputs, base = returned(task.function, task.inputs), at_baseline(task)
    whole = Parts.of(task.every, outputs, base)
    found = whole.integrated(task, nodes)
    # Each output by itself: they miss in different rows, and have their kinks elsewhere.
    for k in range(outputs.shape[1]):
        one = slice(k, k + 1)
        own = found[:, one], outputs[:, one], base[:, one]
        missed = exceeds(*own, tolerance).nonzero()[:, 0]
        for rows in missed.split(max(1, AT_ONCE // (64 * max(1, found[:1, one].numel())))):
            found[rows, one] = _refined(_single(task, k), rows.cpu(), *own, nodes, tolerance)
    return Attributed(outputs, found, base)


def _single(task: Task, output: int) -> Task:
    """The same of one of the outputs."""

    def among(rows: Int64[Tensor, " some"]) -> Function:
        function = task.among(rows)
        return lambda inputs: function(inputs)[:, output : output + 1]

    return replace(task, among=among)


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of the ways of rows, from the baseline at 0 to the row at 1.

    Attributes:
        rows: the row of the batch that each is of, `[parts]`.
        begin: where each begins, `[parts]`.
        width: how long it is, `[parts]`.
        before: outputs where it begins, `[parts, outputs]`.
        after: outputs where it ends, `[parts, outputs]`.
    """

    rows: Int64[Tensor, " parts"]
    begin: Float[Tensor, " parts"]
    width: Float[Tensor, " parts"]
    before: Float[Tensor, "parts outputs"]
    after: Float[Tensor, "parts outputs"]

    @classmethod
    def of(
        cls,
        rows: Int64[Tensor, " rows"],
        outputs: Float[Tensor, "rows outputs"],
        base: Float[Tensor, "rows outputs"],
    ) -> "Parts":
        """The whole ways of rows."""
        begin = torch.zeros(len(rows), dtype=torch.float64)
        return cls(rows, begin, torch.ones_like(begin), base, outputs)

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, which: Tensor) -> "Parts":
        """Some of the parts."""
        there = which.to(self.before.device)
        ends = self.before[there], self.after[there]
        return Parts(self.rows[which], self.begin[which], self.width[which], *ends)

    def beside(self, other: "Parts") -> "Parts":
        """These parts and others."""
        names = ("rows", "begin", "width", "before", "after")
        return Parts(*(torch.cat([getattr(self, name), getattr(other, name)]) for name in names))

    def halves(self, task: Task) -> "Parts":
        """The first halves of all, and then the second ones."""
        half = self.width / 2
        inputs, references = task.rows(self.rows)
        middle = self.begin + half
        at = tuple(between(x, b, middle) for x, b in zip(inputs, references, strict=True))
        reached = returned(task.among(self.rows), at)
        first = Parts(self.rows, self.begin, half, self.before, reached)
        return first.beside(Parts(self.rows, middle, half, reached, self.after))

    def integrated(self, task: Task, nodes: int) -> Float[Tensor, "parts outputs *shape"]:
        """The quadrature over each part; of few parts, several nodes are taken at once."""
        alphas, weights = quadrature(nodes)
        inputs, references = task.rows(self.rows)
        steps = distances(inputs, references)
        size = max(1, steps[0].numel() * self.before.shape[1])
        at_once = max(1, AT_ONCE // (size * len(self)))
        total: Tensor | None = None
        for start in range(0, nodes, at_once):
            part = slice(start, start + at_once)
            several = len(alphas[part])
            places = (self.begin + self.width * alphas[part][:, None]).view(-1)
            at = tuple(
                between(x.repeat(several, *ones), b.repeat(several, *ones), places)
                for x, b in zip(inputs, references, strict=True)
                for ones in [[1] * (x.ndim - 1)]
            )
            _, jacobian = sensitivities(task.among(self.rows.repeat(several)), at)
            shaped = jacobian.view(several, len(self), *jacobian.shape[1:])
            weighed = torch.tensordot(weights[part].to(shaped), shaped, dims=1)
            total = weighed if total is None else total.add_(weighed)
        assert total is not None  # at least one node
        width = self.width.to(total).view(-1, *[1] * (total.ndim - 1))
        return total.mul_(width * steps.view(len(self), 1, *total.shape[2:]))


def _refined(
    task: Task,
    which: Int64[Tensor, " some"],
    found: Float[Tensor, "rows outputs *shape"],
    outputs: Float[Tensor, "rows outputs"],
    base: Float[Tensor, "rows outputs"],
    nodes: int,
    tolerance: float,
) -> Float[Tensor, "some outputs *shape"]:
    """What some rows' quadrature gives with the parts that miss most halved, in turn."""
    here = which.to(outputs.device)
    parts, given = Parts.of(which, outputs[here], base[here]), found[here]
    own = torch.arange(len(which))
    allowed = allowance(given, outputs[here], base[here], tolerance).double()
    while True:
        total = torch.zeros_like(found[here]).index_add_(0, own.to(given.device), given)
        missed = gaps(given, parts.after, parts.before)
        off = torch.zeros_like(allowed).index_add_(0, own.to(missed.device), missed)
        taken = torch.bincount(own, minlength=len(which)) * nodes
        open_rows = ((off.abs() > allowed).any(1).cpu()) & (taken < MOST_NODES)
        if not open_rows.any():
            return total
        badness = (missed.abs() / allowed[own.to(missed.device)].clamp(min=1e-300)).amax(1).cpu()
        worst = torch.zeros(len(which), dtype=badness.dtype).scatter_reduce_(
            0, own, badness, "amax"
        )
        split = open_rows[own] & (badness >= worst[own] / 2)
        halves = parts.only(split).halves(task)
        parts = parts.only(~split).beside(halves)
        given = torch.cat([given[(~split).to(given.device)], halves.integrated(task, nodes)])
        own = torch.cat([own[~split], own[split].repeat(2)])


@cache
def quadrature(nodes: int) -> tuple[Tensor, Tensor]:
    """Gauss-Legendre nodes and weights on [0, 1], in double precision.

    >>> at, weights = quadrature(2)
    >>> float((weights * at**3).sum())
    0.25
    """
    at, weights = np.polynomial.legendre.leggauss(nodes)
    return torch.from_numpy((at + 1) / 2), torch.from_numpy(weights / 2)
