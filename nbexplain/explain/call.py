"""A call of `explain` without its method: asked once, and again with another."""

import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from nbexplain.data import Batch
from nbexplain.engine.swept import Swept
from nbexplain.engine.tokens import coordinates
from nbexplain.engine.units import deviations
from nbexplain.explain.arguments import keep_of, scale_of
from nbexplain.explain.asked import Outputs, ask
from nbexplain.explain.columns import named_features
from nbexplain.explain.opened import Opened, of_texts
from nbexplain.explain.passes import Work
from nbexplain.explain.progress import Progress
from nbexplain.explain.references import distant, references
from nbexplain.explain.sizes import rows_at_once
from nbexplain.explanation import Explanation
from nbexplain.explanation.remarks import listed
from nbexplain.explanation.tokens import Lookup, Vocabulary
from nbexplain.features import Features
from nbexplain.methods import Method
from nbexplain.model import Embedded, Snapshot, untouched

PROBE = 64
"""Rows looked at before the pass."""

BLIND_ENTRIES = 32
"""Entries without a derivative that are looked at for a finite effect."""


@dataclass(frozen=True, eq=False)
class Call:
    """What `explain` was given, but for the method; other attributes are its arguments.

    Attributes:
        given: the model's copy and the data.
    """

    given: Opened
    response: str | Callable[..., object]
    outputs: Outputs
    output_names: Sequence[str] | None
    feature_names: Sequence[str] | None
    groups: Mapping[str, Sequence[str]] | None
    scale: str | ArrayLike | None
    layout: str | None
    lag_unit: str | Sequence[object] | None
    batch_size: int | None
    confidence: float
    keep: int | Sequence[int] | None
    seed: int

    def of(self, snapshot: Snapshot, response: str | None) -> "Call":
        """The same of another copy of the model, and, unless None, of another response."""
        given = replace(self.given, snapshot=snapshot)
        return replace(self, given=given, response=self.response if response is None else response)

    def _embedding(self, token: int) -> tuple[Tensor, str]:
        """The embedding of a token, and what it is called."""
        snapshot, names = self.given.snapshot, self.given.names
        assert isinstance(snapshot, Embedded)  # X holds ids of tokens
        return snapshot.of_token(token), Vocabulary({}, names).name(token)

    def answer(
        self,
        method: Method,
        progress: bool | Callable[[int, int | None], object] | None = None,
        began: float | None = None,
    ) -> Explanation:
        """The explanation by one method.

        Args:
            method: how attributions are formed.
            progress: as `nbx.explain` takes it.
            began: when the work began, by `perf_counter`; now, if it is left out.

        Raises:
            ValueError: the model or the data cannot be asked so.
        """
        began = perf_counter() if began is None else began
        given, snapshot = self.given, self.given.snapshot
        sequence = given.states and given.states.sequence
        about = (self.response, self.outputs, self.output_names)
        with untouched():
            asked = ask(snapshot, given.source, *about, method, PROBE, given.form, sequence)
        width, formed = len(asked.question.names), asked.batch.inputs[-1][0].numel()
        beginning = None
        if given.names is None:
            named, beginning = named_features(
                asked.source,
                asked.batch,
                given.states,
                self.feature_names,
                self.groups,
                self.lag_unit,
                self.layout,
            )
            formed = len(named.cells)
        else:
            few = coordinates(width, asked.batch.inputs[-1].shape[2])
            few = 1 if method.additive else few
            refused = {"feature_names": self.feature_names, "groups": self.groups}
            named = of_texts(asked.batch, few, self.lag_unit, **refused)
        entries = len(named.cells)
        wanted_scale, scaling = scale_of(self.scale, named)
        if method.definition == "lag0" and named.kind != "sequence":
            raise ValueError(
                "definition='lag0' is for sequences, X of shape [rows, steps, features], but a row "
                f"of X here has the shape {list(named.shape)}: leave it out."
            )
        every_step = method.steps == "valid"
        if every_step:
            _check_every_step(named, scaling)
        if method.additive:
            wanted_scale, scaling = "none", np.ones(entries)
        question = asked.question.scaled(wanted_scale)
        held = references(method, asked.source, asked.batch, self.seed, self._embedding, sequence)
        question = question.against(held.words)
        kept, remark = keep_of(
            self.keep, asked.source.count, entries * width * snapshot.dtype.itemsize, self.seed
        )
        work = Work(
            asked.subject,
            asked.source,
            method,
            named,
            kept,
            self.batch_size
            or rows_at_once(
                width, formed, sequences=named.kind == "sequence", every_step=every_step
            ),
            beginning,
            held.tensors,
            self.seed,
            self,
        )
        # Where kept rows do not give the other responses, their sums are formed along the way.
        everything = (
            not every_step
            and asked.source.count is not None
            and kept.capacity >= asked.source.count
        )
        also = () if everything else question.responses
        with Progress(progress, asked.source.count) as shown:
            swept = work.sweep(question, also, shown)
        noted = [*given.notes, *asked.notes, *([remark] if remark else []), *held.notes]
        if method.additive and self.scale is not None:
            noted.append("scale= has no say: contributions are in the response's units.")
        if shown.interrupted:
            of = "" if asked.source.count is None else f" of {asked.source.count:,}"
            noted.append(f"Interrupted: {swept.count:,}{of} rows were explained.")
        if scaling is None:
            scaling = deviations(swept, named)
            if swept.count == 1:
                question, scaling = question.scaled("none"), np.ones(entries)
                noted.append("One row has no standard deviation: derivatives are per unit.")
        if method.additive and not named.tokens:
            noted += distant(held, swept, named)
        if method.chained and not asked.source.padded and given.names is None:
            noted += _blind(work, asked.batch, swept, question.response)
        return Explanation(
            title=snapshot.name,
            asked=question,
            features=named,
            swept=swept,
            scaling=scaling,
            confidence=self.confidence,
            noted=tuple(noted),
            provenance=_provenance(self.seed, work.batch_size, perf_counter() - began),
            origin=work,
            classes=asked.source.classes,
            vocabulary=_vocabulary(swept, question.response, given.names),
        )


def _vocabulary(swept: Swept, response: str, names: Lookup | None) -> Vocabulary | None:
    """Names of the tokens that occur."""
    if names is None:
        return None
    return Vocabulary.of(swept.tokens[response].ids.tolist(), names)


def _check_every_step(named: Features, scaling: NDArray[np.float64] | None) -> None:
    """Refuse what cannot be pooled by lag."""
    if named.tokens:
        raise ValueError(
            "steps='valid' is for features of numbers, and X holds ids of tokens: leave it out, "
            "and the last step is explained."
        )
    if named.states:
        raise ValueError(
            f"steps='valid' counts lags from every step of the output, and {listed(named.states)} "
            "stands at another one from each: leave it out, and the last step is explained."
        )
    if named.kind != "sequence":
        raise ValueError(
            "steps='valid' is for sequences, X of shape [rows, steps, features], but a row of X "
            f"here has the shape {list(named.shape)}: leave it out."
        )
    if scaling is not None and np.ptp(scaling.reshape(named.shape), axis=0).any():
        raise ValueError(
            "scale differs between steps, which steps='valid' pools by lag: pass one unit for "
            f"each of the {len(named.columns)} columns."
        )


def _blind(work: Work, batch: Batch, swept: Swept, response: str) -> list[str]:
    """Entries without a derivative that move the output all the same: steps and roundings."""
    stepwise = swept.stepwise.get(response)
    squares = stepwise.entries if stepwise else swept.sums[response].second.sum((0, 1))
    flat = (squares == 0) & (swept.inputs.deviation > 0)
    floating = [x for x in batch.inputs if x.is_floating_point()]
    suspects = np.flatnonzero(flat)[:BLIND_ENTRIES]
    if not len(suspects) or flat.all() or len(floating) != 1 or len(batch) < 2:
        return []
    subject = work.subject
    function = (subject.side_by_side if stepwise else subject.function)(batch.target)
    found: list[str] = []
    with untouched(), torch.no_grad():
        before = function(
            tuple(x.clone() for x in work.subject.reading.snapshot.prepare(batch.inputs))
        )
        for entry in suspects:
            # Contiguous, so that an image of another memory layout has a flat view too.
            moved = tuple(x.clone(memory_format=torch.contiguous_format) for x in batch.inputs)
            for x in moved:
                if x.is_floating_point():
                    x.view(len(x), -1)[:, entry] = x.view(len(x), -1)[:, entry].roll(1)
            if not torch.allclose(before, function(work.subject.reading.snapshot.prepare(moved))):
                found.append(work.features.names[work.features.owners[work.features.cells[entry]]])
    if not found:
        return []
    names = listed(list(dict.fromkeys(found)))
    return [
        f"The output moves with {names}, but its derivative is 0 there (a step, a "
        "rounding or an index): a sensitivity does not see this."
    ]


def _provenance(seed: int, batch_size: int, seconds: float) -> dict[str, Any]:
    from nbexplain import __version__

    return {
        "nbexplain": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "seed": seed,
        "batch_size": batch_size,
        "seconds": round(seconds, 4),
    }
