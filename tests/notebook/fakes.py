"""Small explanations with chosen numbers."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pandas as pd
import torch

import nbexplain as nbx
from nbexplain.engine.importances import Importances


@dataclass
class Fake:
    """What the notebook room reads of an Explanation, from given numbers."""

    names: list
    rms: list
    mean: list | None = None
    std: list | None = None
    low: list | None = None
    high: list | None = None
    outputs: tuple = ("repaid", "default")
    default_output: object = "default"
    question: str = "Sensitivity of P(default) per standard deviation of each input, 25,000 rows"
    notes: tuple = ()
    title: str = "Sequential"
    method: str = "sensitivity"
    response: str = "prob"
    scale: str = "std"
    confidence: float = 0.95
    count: int = 25_000
    asked: list = field(default_factory=list)

    @property
    def features(self):
        return SimpleNamespace(names=tuple(self.names), tokens=False)

    def importances(self, output=None):
        self.asked.append(output)
        rms = np.asarray(self.rms, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            share = 100 * rms / rms.sum()
        nothing = np.full(len(rms), np.nan)
        filled = lambda given, other: other if given is None else np.asarray(given, np.float64)  # noqa: E731
        return Importances(
            share,
            filled(self.low, np.maximum(share * 0.93 - 0.3, 0)),
            filled(self.high, np.minimum(share * 1.07 + 0.3, 100)),
            rms,
            rms,
            filled(self.mean, nothing),
            filled(self.std, nothing),
        )

    def local(self, row, output=None):
        n = len(self.names)
        return pd.DataFrame(
            {
                "value": np.arange(n, dtype=float),
                "attribution": np.asarray(self.mean, dtype=float),
                "importance": np.asarray(self.importances(output).share),
            },
            index=pd.Index(self.names, name="feature"),
        )

    def question_about(self, output):
        return f"P({output})"


def linear(weights, names, rows=200, y=None, outputs=1):
    """A linear model's explanation: shares are the weights' sizes, exactly."""
    model = torch.nn.Linear(len(weights), outputs)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([weights] * outputs))
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(rows, len(weights))), columns=names)
    return nbx.explain(model, X, y, scale="none", progress=False)


def credit():
    """The shape of a real result: 23 columns, both directions, one of them both ways."""
    names = [
        "PAY_0", "BILL_AMT1", "PAY_AMT2", "LIMIT_BAL", "PAY_2", "BILL_AMT2", "PAY_AMT1", "PAY_3",
        "BILL_AMT3", "EDUCATION", "AGE", "PAY_AMT3", "PAY_4", "MARRIAGE", "BILL_AMT4", "PAY_AMT4",
        "PAY_5", "SEX", "BILL_AMT5", "PAY_AMT6", "PAY_AMT5", "PAY_6", "BILL_AMT6",
    ]  # fmt: skip
    rms = np.exp(-np.arange(23) / 6.0)
    mean = rms * np.where(np.arange(23) % 3 == 1, -0.8, 0.9)
    mean[3] = 0.1 * rms[3]
    mean[9] = -0.3 * rms[9]
    return Fake(names, rms.tolist(), mean.tolist(), (rms / 4).tolist())


def many(n=2_000):
    """More features than any list shows."""
    rms = 1.0 / np.arange(1, n + 1) ** 0.8
    return Fake([f"sensor_{k:04d}_temperature" for k in range(n)], rms.tolist(), rms.tolist())


NASTY = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\"quoted\" & 'single'",
    "a_very_long_name_" + "x" * 170 + "_lag_12",
    "年齢(令和6年度)",
    "👩‍👩‍👧 family",
    "مبلغ القرض",
    "גיל",
    "two\nlines\tand\x00control\x1b[31m",
    "\u202egnp.exe",
    "",
    "twin",
    "twin",
    "e\u0301te\u0301",
]


def nasty():
    """Names nobody would choose and somebody will have."""
    rms = np.linspace(2.0, 0.1, len(NASTY))
    signs = np.where(np.arange(len(NASTY)) % 2 == 0, 1, -1)
    fake = Fake(NASTY, rms.tolist(), (rms * signs).tolist())
    fake.question = "Sensitivity of P(<b>default</b>) & more, 12 rows"
    fake.notes = ("Column <i>x</i> is not used.", "Two rows were dropped.")
    fake.outputs = ("repaid", "<b>default</b>")
    fake.default_output = "<b>default</b>"
    return fake
