"""`explain`: arguments to work, work to an explanation."""

import platform
from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from nbexplain.data import Batch
from nbexplain.engine.swept import Swept
from nbexplain.engine.tokens import coordinates
from nbexplain.explain.arguments import check_numbers, keep_of, refuse, scale_of
from nbexplain.explain.asked import ask
from nbexplain.explain.columns import named_features
from nbexplain.explain.opened import of_texts, opened
from nbexplain.explain.passes import Work, rows_at_once
from nbexplain.explain.progress import Progress
from nbexplain.explain.references import distant, references
from nbexplain.explanation import Explanation
from nbexplain.explanation.remarks import listed
from nbexplain.explanation.tokens import Lookup, Vocabulary
from nbexplain.features import Features
from nbexplain.methods import Method, resolve
from nbexplain.model import Snapshot, untouched

PROBE = 64
"""Rows looked at before the pass."""

BLIND_ENTRIES = 32
"""Entries without a derivative that are looked at for a finite effect."""


def explain(
    model: object,
    X: object,
    y: object | None = None,
    *,
    method: str | Method = "sensitivity",
    response: str | Callable[..., object] = "auto",
    outputs: Sequence[str | int] | str | int | None = None,
    output_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    scale: str | ArrayLike | None = None,
    layout: str | None = None,
    lengths: ArrayLike | None = None,
    lag_unit: str | Sequence[object] | None = None,
    tokens: Sequence[str] | Mapping[Any, Any] | Callable[[int], str] | None = None,
    batch_size: int | None = None,
    confidence: float = 0.95,
    keep: int | Sequence[int] | None = None,
    seed: int = 0,
    progress: bool | Callable[[int, int | None], object] | None = None,
    **unknown: object,
) -> Explanation:
    r"""Which inputs a network uses, and how sure that is.

    Importance is the share of the root mean square derivative,
    $\lambda_j = 100\, r_j / \sum_l r_l$ with
    $r_j = \sqrt{\frac1n \sum_i (s_j\, \partial F(x^i)/\partial x_j)^2}$ (Horel et al.,
    *Sensitivity based Neural Networks Explanations*, §2.3). One pass: a forward sweep and a
    backward sweep per output and batch. The model, the data and the random state come back as
    they were.

    Args:
        model: a `torch.nn.Module`, compiled and scripted ones included, or a function of tensors.
        X: the rows: a data frame, an array, a tensor, a tuple or dict of these for a model with
            several inputs, a `Dataset` or `DataLoader`, or an iterable of batches. Integers
            `[rows, steps]` that an `nn.Embedding` of the model receives as they are, are ids of
            tokens, and derivatives are taken at their embeddings. A sequence may be a
            `PackedSequence`, and come with the initial states that the model takes, `(x, h0)` or
            `(x, (h0, c0))`: each state is a feature, and stands before the first step.
        y: the true values, in any of these forms. Strings, booleans and at most 20 distinct
            integers are classes, and name the outputs. For outputs at every step `[rows, steps]`
            too, whole numbers below the number of outputs being classes.
        method: how attributions are formed: "sensitivity", "smoothgrad", "gradient_x_input",
            "integrated_gradients", "expected_gradients", "deeplift", or a method object such as
            `nbx.IntegratedGradients(baseline="zero")`. The last four give contributions to the
            difference from a baseline, in the response's own units; a feature's importance is then
            the share of its mean absolute contribution, and `scale` has no say.
        response: what is differentiated: "raw", "prob", "logodds", "loss" (of y), or a function
            from what the model returns to a tensor `[rows]` or `[rows, outputs]`. "auto" is
            "prob" for a classifier ("logodds" for contributions), else "raw".
        outputs: which outputs to explain, by name or position; all by default. With more than
            ten, each row's predicted output.
        output_names: names of the outputs, instead of the classes in y or y0, y1, …
        feature_names: names of the columns of data that has none.
        groups: columns that count as one, such as the levels of a category:
            `{"EDUCATION": ["EDUCATION_1", "EDUCATION_2"]}`. Their squares add up inside the
            root.
        scale: the unit an input moves by: "std" (its standard deviation over X), "none" (the
            paper's literal formula), or an array of p units. By default "std" for tables and
            sequences, "none" for pixels. In sequences an input is a feature, and moves by the
            same unit at every step.
        layout: what the axes of X are, where their number leaves doubt: "np" a table, "ntp" (rows,
            steps, features; by default with three axes), "tnp", "npt", "nhw" and "nchw" images.
            The model is given X as it came; derivatives are kept as [steps, features] in each.
        lengths: of padded sequences: how many steps each row has, what follows them being
            padding; or a mask `[rows, steps]`, true where a step exists, for padding at the
            start. Lag 0 is then each row's last existing step. Packed sequences have them, and
            an input that holds them tells them.
        lag_unit: what a step of sequences is, such as `"h"`, or the names of the lags, that of
            lag 0 (the last step) first. It names lags in tables and charts.
        tokens: names of the tokens whose ids X holds: a list by id, a dict of ids and names, or a
            function from an id to its name, such as `tokenizer.decode`. Without it tokens are
            called by their ids.
        batch_size: rows a batch; by default as many as keep the work near the caches.
        confidence: of the intervals, between 0 and 1. They speak of the rows (row sampling), not
            of other fits of the model.
        keep: how many rows' derivatives to keep, or the positions of those to keep; by default
            as many as fit 64 MB.
        seed: of the choice of kept rows.
        progress: a bar after a second (None), at once (True) or never (False); or a function
            that is told `(rows done, rows in all)` after every batch.
        **unknown: refused, with the argument that was probably meant.

    Returns:
        The explanation. An interrupt (Ctrl-C) after the first batch ends the pass and gives the
        explanation of the rows seen by then, with a note that says so.

    Raises:
        ValueError: for data or options that cannot be used, in a sentence that names them.
        TypeError: for arguments of another kind than these.

    Exceptions of the model's own forward come through unchanged.

    >>> import torch, nbexplain as nbx
    >>> model = torch.nn.Linear(2, 1)
    >>> _ = model.load_state_dict({"weight": torch.tensor([[3.0, -1.0]]), "bias": torch.zeros(1)})
    >>> ex = nbx.explain(model, torch.eye(2), scale="none")
    >>> ex.importance()["importance"].round(6).to_dict()
    {'x0': 75.0, 'x1': 25.0}
    """
    began = perf_counter()
    if unknown:
        refuse(unknown, [name for name in signature(explain).parameters if name != "unknown"])
    resolved = resolve(method)
    check_numbers(confidence, batch_size, seed)
    with untouched():
        given = opened(Snapshot(model), X, y, layout, lengths, tokens, PROBE)
        snapshot = given.snapshot
        sequence = given.states and given.states.sequence
        about = (response, outputs, output_names, resolved, PROBE, given.form, sequence)
        asked = ask(snapshot, given.source, *about)
    width, formed = len(asked.question.names), asked.batch.inputs[-1][0].numel()
    beginning = None
    if given.names is not None and not resolved.chained:
        raise ValueError(
            f"method={resolved.name!r} is for features of numbers, and X holds ids of tokens: "
            "leave method out, or pass a function of the embeddings."
        )
    if given.names is None:
        named, beginning = named_features(
            asked, given.states, feature_names, groups, lag_unit, layout
        )
        formed = len(named.cells)
    else:
        few = coordinates(width, asked.batch.inputs[-1].shape[2])
        refused = {"feature_names": feature_names, "groups": groups}
        named = of_texts(asked.batch, few, lag_unit, **refused)
    entries = len(named.cells)
    wanted_scale, scaling = scale_of(scale, named)
    if resolved.definition == "lag0" and named.kind != "sequence":
        raise ValueError(
            "definition='lag0' is for sequences, X of shape [rows, steps, features], but a row of "
            f"X here has the shape {list(named.shape)}: leave it out."
        )
    every_step = resolved.steps == "valid"
    if every_step:
        _check_every_step(named, scaling)
    if resolved.additive:
        wanted_scale, scaling = "none", np.ones(entries)
    question = asked.question.scaled(wanted_scale)
    held = references(resolved, asked.source, asked.batch, seed)
    question = question.against(held.words)
    kept, remark = keep_of(
        keep, asked.source.count, entries * width * snapshot.dtype.itemsize, seed
    )
    work = Work(
        asked.subject,
        asked.source,
        resolved,
        named,
        kept,
        batch_size
        or rows_at_once(width, formed, sequences=named.kind == "sequence", every_step=every_step),
        beginning,
        held.tensors,
        seed,
    )
    # Where kept rows do not give the other responses, their sums are formed along the way.
    everything = (
        not every_step and asked.source.count is not None and kept.capacity >= asked.source.count
    )
    also = () if everything else question.responses
    with Progress(progress, asked.source.count) as shown:
        swept = work.sweep(question, also, shown)
    noted = [*given.notes, *asked.notes, *([remark] if remark else []), *held.notes]
    if resolved.additive and scale is not None:
        noted.append("scale= has no say: contributions are in the response's units.")
    if shown.interrupted:
        of = "" if asked.source.count is None else f" of {asked.source.count:,}"
        noted.append(f"Interrupted: {swept.count:,}{of} rows were explained.")
    if scaling is None:
        scaling = _deviations(swept, named)
        if swept.count == 1:
            question, scaling = question.scaled("none"), np.ones(entries)
            noted.append("One row has no standard deviation: derivatives are per unit.")
    if resolved.additive:
        noted += distant(held, swept.inputs, named)
    if resolved.chained and not asked.source.padded and given.names is None:
        noted += _blind(work, asked.batch, swept, question.response)
    return Explanation(
        title=snapshot.name,
        asked=question,
        features=named,
        swept=swept,
        scaling=scaling,
        confidence=confidence,
        noted=tuple(noted),
        provenance=_provenance(seed, work.batch_size, perf_counter() - began),
        origin=work,
        classes=asked.source.classes,
        vocabulary=_vocabulary(swept, question.response, given.names),
    )


def _vocabulary(swept: Swept, response: str, names: Lookup | None) -> Vocabulary | None:
    """Names of the tokens that occur."""
    if names is None:
        return None
    return Vocabulary.of(swept.tokens[response].ids.tolist(), names)


def _deviations(swept: Swept, named: Features) -> NDArray[np.float64]:
    """The spread of each entry: a feature's over rows and steps, that of a state over rows."""
    first = len(named.columns) if named.states else 0
    count = named.steps - bool(named.states)
    if swept.steps is None:
        steps = swept.inputs.part(slice(first, None)).over(count)
    else:
        steps = np.tile(swept.steps.deviation, count)
    # The steps are constant in the states' row, as the states are at the steps.
    return np.concatenate([swept.inputs.part(slice(first)).deviation, steps])


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
