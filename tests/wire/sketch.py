"""An explanation of exactly representable numbers, so that golden bytes are the same everywhere."""

from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import torch

from nbexplain.engine.importances import Importances
from nbexplain.engine.samples import Sample
from nbexplain.features import features
from nbexplain.live.history import Moment

NAMES = ("age", "income", "<b>", "年齢")
SHARES = {None: [50.0, 25.0, 25.0, 0.0], 0: [62.5, 31.25, 6.25, 0.0], 1: [12.5, 75.0, 12.5, 0.0]}
DIRECTION = [0.75, -0.5, 0.25, 0.0]
SCALING = [1.0, 2.0, 0.5, 4.0]
LABELS = ("a", "<b>", "年齢", "a", "e")


@dataclass(frozen=True, eq=False)
class Sketch:
    """What the wire reads of an Explanation."""

    response: str = "prob"
    names: tuple = NAMES
    title: str = "Sequential"
    method: str = "sensitivity"
    scale: str = "std"
    confidence: float = 0.95
    count: int = 1_000
    outputs: tuple = ("repaid", "default")
    default_output: str | None = "default"
    labels: tuple = LABELS
    groups: dict | None = None
    classes: tuple | None = ("repaid", "default")

    @property
    def methods(self):
        return ("sensitivity", "deeplift")

    @property
    def responses(self):
        return ("raw", "prob")

    @property
    def columns(self):
        """Names before grouping."""
        groups = self.groups or {}
        return [member for name in self.names for member in groups.get(name, [name])]

    @property
    def features(self):
        return features((len(self.columns),), self.columns, self.groups)

    @property
    def weights(self):
        return np.ones(len(self.outputs))

    @property
    def scaling(self):
        return np.resize(SCALING, len(self.columns))

    @property
    def targets(self):
        return self.swept.sample.targets.numpy()

    @property
    def rows(self):
        return self.swept.sample.positions

    @property
    def swept(self):
        """Five rows of two outputs."""
        rows, width, entries = len(LABELS), len(self.outputs), len(self.columns)
        numbers = torch.arange(rows * width * entries, dtype=torch.float32)
        sample = Sample(
            draws=np.array([40, 10, 30, 10, 20], np.uint64),
            positions=np.array([3, 5, 8, 9, 70_000]),
            jacobian=((numbers * 5 % 19 - 9) / 4).reshape(rows, width, entries),
            outputs=torch.tensor([[0.5, -1.5], [2.0, 0.25], [-0.75, 3.0], [0.0, 0.0], [8.0, -8.0]]),
            values=((numbers[: rows * entries] % 7 - 2) / 2).reshape(rows, entries),
            targets=torch.tensor([0, 1, 1, 0, 0]),
        )
        return SimpleNamespace(complete=True, sums={}, sample=sample)

    @property
    def asked(self):
        def column(output):
            return self.outputs.index(output) if isinstance(output, str) else output

        return SimpleNamespace(
            column=column,
            about=lambda column, count: self.question_about(column),
            columns=tuple(range(len(self.outputs))),
            names=self.outputs,
            kind="logits",
            classifier=True,
            steps="last",
            additive=False,
            positive=None,
            by="",
        )

    @property
    def notes(self):
        return ("One input is not used.",) if self.response == "prob" else ()

    def with_response(self, response):
        return self if response == self.response else replace(self, response=response)

    def question_about(self, output, step=None):
        name = "both" if output is None else self.outputs[output]
        return f"Sensitivity of {self.response} of {name}"

    def importances(self, output, step=None):
        repeats = len(self.names) / len(NAMES)
        share = np.resize(SHARES[self.asked.column(output)], len(self.names)) / repeats
        if self.response == "raw":
            share = share[::-1].copy()
        rms = share * 2
        mean = rms * np.resize(DIRECTION, len(self.names))
        if output is None:
            mean = np.full_like(mean, np.nan)
        spread = share / 8
        return Importances(
            share, share - spread, share + spread, rms, rms, mean, np.zeros_like(rms)
        )


def moments():
    """A training that ends with the sketch's shares; not all is known of its beginning."""
    shares = np.array([[25.0, 25.0, 25.0, 25.0], [np.nan] * 4, [50.0, 12.5, 37.5, 0.0], SHARES[1]])
    signs = [None, np.full(4, np.nan), np.array([1.0, -0.5, 0.25, np.nan]), np.array(DIRECTION)]
    for step, (share, direction) in enumerate(zip(shares, signs, strict=True)):
        loss, epoch = (None, None) if step == 0 else (1 / 2**step, step // 2)
        bounds = share - share / 8, share + share / 8
        yield Moment(10 * step, step / 4, share, *bounds, 100 + step, loss, epoch, direction)


#: 67 features, one of them of two columns: 64 entries lead, three features are the others.
WIDE = Sketch(
    names=("colour", *(f"x{j}" for j in range(66))),
    groups={"colour": ["red", "blue"]},
    labels=(3, 5, 8, 9, 70_000),
)
