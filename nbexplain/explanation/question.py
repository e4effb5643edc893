"""Which question an explanation answers: what is differentiated, and the sentence that says so."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nbexplain.choices import choose
from nbexplain.engine.axes import Float
from nbexplain.engine.responses import Kind
from nbexplain.methods import CARDS

RESPONSES = ("raw", "prob", "logodds")
"""Responses that one raw Jacobian gives."""


TITLES = {name: card.title for name, card in CARDS.items()}
"""What methods are called in a question."""

RULES = {"revealcancel": "RevealCancel"}
"""What rules of a method are called that are not its usual one."""

_WORDS = {"prob": "the probability of {}", "logodds": "the log-odds of {}"}


def kind_of(outputs: Float[Tensor, "rows outputs"], *, classes: bool, sigmoid: bool) -> Kind:
    """What a network returns, judged by some of its outputs.

    Args:
        outputs: of a few rows.
        classes: whether y holds classes.
        sigmoid: whether the network's last layer is a sigmoid.

    >>> kind_of(torch.tensor([[0.2, 0.8], [0.5, 0.5]]), classes=False, sigmoid=False)
    'probabilities'
    """
    inside = bool(((outputs >= 0) & (outputs <= 1)).all())
    if outputs.shape[1] == 1:
        if inside and (classes or sigmoid):
            return "independent"
        return "logit" if classes else "values"
    tolerance = 1e-4 if outputs.dtype in (torch.float32, torch.float64) else 2e-2
    if inside and _all_one(outputs.sum(1), tolerance):
        return "probabilities"
    if inside and sigmoid:
        return "independent"
    logarithms = bool((outputs <= 0).all()) and _all_one(outputs.exp().sum(1), tolerance)
    return "logits" if classes or logarithms else "values"


def _all_one(sums: Tensor, tolerance: float) -> bool:
    return bool(((sums - 1).abs() < tolerance).all())


@dataclass(frozen=True)
class Question:
    """What is differentiated, and with respect to what unit.

    Attributes:
        method: the method's name.
        response: "raw", "prob", "logodds", "loss", or a callable's name.
        kind: what the swept function returns; "values" where the response is part of it.
        classifier: whether the outputs stand for classes.
        regression: whether y is known to be continuous.
        names: every column of the swept function.
        columns: those that are explained.
        among: outputs the network has where each row's predicted one is explained, else 0.
        subject: y's name, or None.
        scale: "std", "none" or "custom".
        definition: how features of sequences are ranked, "marginal" or "lag0".
        steps: which outputs at every step of sequences are explained: "last", or "valid" for all.
        tokens: whether it is asked of the embeddings of tokens.
        additive: whether attributions are contributions, in the response's own units.
        baseline: what they are held against, in words; empty for methods without one.
        by: the library that computed the attributions; empty for this one.
        network: what the network returns, where `kind` is what the swept function does.
        rule: of DeepLIFT; empty for other methods.
    """

    method: str
    response: str
    kind: Kind
    classifier: bool
    regression: bool
    names: tuple[str, ...]
    columns: tuple[int, ...]
    among: int
    subject: str | None
    scale: str
    definition: str = "marginal"
    steps: str = "last"
    tokens: bool = False
    additive: bool = False
    baseline: str = ""
    by: str = ""
    network: Kind = "values"
    rule: str = ""

    def scaled(self, scale: str) -> "Question":
        """The same question per another unit of the inputs."""
        return replace(self, scale=scale)

    def against(self, baseline: str) -> "Question":
        """The same question, said of this baseline."""
        return replace(self, baseline=baseline)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the explained outputs."""
        return tuple(self.names[column] for column in self.columns)

    @property
    def responses(self) -> tuple[str, ...]:
        """Responses that need no further sweep, this one among them."""
        return (self.response,) if self.kind == "values" else RESPONSES

    def switch(self, response: str) -> "Question":
        """The same question about another response.

        Raises:
            ValueError: where the kept derivatives do not give it.
        """
        if response == self.response:
            return self
        choose("response", response, RESPONSES)
        # Only derivatives have a chain rule.
        inside = self.kind == "values" and (self.classifier or self.method != "sensitivity")
        if self.response not in RESPONSES or self.among or inside:
            raise ValueError(
                f"response={response!r} needs another pass, because {self.response!r} is part of "
                f"what was differentiated: call nbx.explain(model, X, y, response={response!r})."
            )
        if self.kind == "values" and self.regression:
            raise ValueError(
                f"response={response!r} is for classifiers, but y is continuous: leave response "
                "out, or pass y as strings, booleans or integers if it holds classes."
            )
        if self.kind != "values":
            return replace(self, response=response)
        # Nothing was known of the outputs; asking for a class's response says they are logits.
        kind: Kind = "logits" if len(self.names) > 1 else "logit"
        return replace(self, response=response, kind=kind, network=kind, classifier=True)

    def column(self, output: object) -> int | None:
        """The column of an explained output, by name or position; None for all combined."""
        if output is None:
            return self.columns[0] if len(self.columns) == 1 else None
        if isinstance(output, bool) or not isinstance(output, (str, int)):
            raise TypeError(f"output={output!r} is neither a name nor a position.")
        if isinstance(output, int):
            if not -len(self.columns) <= output < len(self.columns):
                raise ValueError(
                    f"output={output} is out of range: {len(self.columns)} outputs are explained, "
                    f"0 to {len(self.columns) - 1}."
                )
            return self.columns[output]
        if output not in self.outputs and output in (aliases := [f"y{c}" for c in self.columns]):
            return self.columns[aliases.index(output)]
        return self.columns[self.outputs.index(choose("output", output, self.outputs))]

    def about(self, column: int | None, rows: int | None) -> str:
        """The question as a sentence, for one explained column or all combined, and the rows."""
        per = {
            "std": "per standard deviation of each input",
            "none": "per unit of each input",
            "custom": "per given unit of each input",
        }[self.scale]
        per = "to each token's embedding" if self.tokens else per
        if self.additive:
            per = f"against {self.baseline}" if self.baseline else ""
        count = "" if rows is None else f", {rows:,} row{'s' * (rows != 1)}"
        steps = " at every step" if self.steps == "valid" else ""
        words = f"{self.method_title} of {self.response_of(column)}{steps} {per}"
        return f"{words.rstrip()}{count}"

    @property
    def method_title(self) -> str:
        """What the method is called, with a rule that is not the usual one, and whose it is."""
        rule = f" ({RULES[self.rule]})" if self.rule in RULES else ""
        by = f" by {self.by}" if self.by else ""
        return TITLES.get(self.method, self.method) + rule + by

    def response_of(self, column: int | None) -> str:
        """What is differentiated, of one explained column or of all combined: "P(default)"."""
        if self.response == "loss":
            return "the loss"
        if self.among:
            predicted = f"the predicted output (each row's largest of {self.among:,})"
            return _WORDS.get(self.response, "{}").format(predicted)
        if self.response not in RESPONSES:
            return self.response
        if column is None:
            what = {"prob": "probabilities", "logodds": "log-odds"}.get(self.response, "outputs")
            return f"the {len(self.columns)} {what} combined"
        name = self._named(column)
        if self.response == "raw" and self.network in ("logits", "logit"):
            return f"the logit of {name}"
        if self.response == "raw" and self.network in ("probabilities", "independent"):
            return f"P({name})"
        return {**_WORDS, "prob": "P({})"}.get(self.response, "{}").format(name)

    def _named(self, column: int) -> str:
        name = self.names[column]
        if not self.classifier or self.subject is None:
            return name
        positive = self.positive if column == len(self.names) - 1 else None
        return positive or f"{self.subject} = {name}"

    @property
    def positive(self) -> str | None:
        """What the last of two classes is called where y's name says it: True, or 1, of it."""
        if not self.classifier or self.names[-1] not in ("True", "1"):
            return None
        alone = self.network in ("logit", "independent")
        return self.subject if len(self.names) == (1 if alone else 2) else None

    @property
    def default_column(self) -> int | None:
        """The column shown first: the second of two classes, whose shares are those of both."""
        if len(self.columns) == 2 and self.classifier and self.response != "raw":
            return self.columns[1]
        return self.column(None)
