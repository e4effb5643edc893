"""An explanation of exactly representable numbers, so that golden bytes are the same everywhere."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np

from nbexplain.engine.importances import Importances

NAMES = ("age", "income", "<b>", "年齢")
SHARES = {None: [50.0, 25.0, 25.0, 0.0], 0: [62.5, 31.25, 6.25, 0.0], 1: [12.5, 75.0, 12.5, 0.0]}
DIRECTION = [0.75, -0.5, 0.25, 0.0]


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

    @property
    def responses(self):
        return ("raw", "prob")

    @property
    def swept(self):
        return SimpleNamespace(complete=True, sums={})

    @property
    def asked(self):
        def column(output):
            return self.outputs.index(output) if isinstance(output, str) else output

        return SimpleNamespace(column=column, columns=tuple(range(len(self.outputs))))

    @property
    def features(self):
        return SimpleNamespace(names=self.names)

    @property
    def notes(self):
        return ("One input is not used.",) if self.response == "prob" else ()

    def with_response(self, response):
        return self if response == self.response else Sketch(response, self.names)

    def question_about(self, output):
        name = "both" if output is None else self.outputs[output]
        return f"Sensitivity of {self.response} of {name}"

    def importances(self, output):
        repeats = len(self.names) // len(NAMES)
        share = np.tile(SHARES[output], repeats) / repeats
        if self.response == "raw":
            share = share[::-1].copy()
        rms = share * 2
        mean = rms * np.tile(DIRECTION, repeats)
        if output is None:
            mean = np.full_like(mean, np.nan)
        spread = share / 8
        return Importances(share, share - spread, share + spread, rms, mean, np.zeros_like(rms))
