"""`explain`: arguments to work, work to an explanation."""

from collections.abc import Callable, Mapping, Sequence
from inspect import signature
from time import perf_counter
from typing import Any

from numpy.typing import ArrayLike

from nbexplain.explain.arguments import check_numbers, refuse
from nbexplain.explain.call import PROBE, Call
from nbexplain.explain.opened import opened
from nbexplain.explanation import Explanation
from nbexplain.methods import Method, resolve
from nbexplain.model import Snapshot, untouched


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
        seed: of all that is drawn: kept rows, backgrounds, noise.
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
    if unknown:
        refuse(unknown, [name for name in signature(explain).parameters if name != "unknown"])
    resolved = resolve(method)
    check_numbers(confidence, batch_size, seed)
    began = perf_counter()
    with untouched():
        given = opened(Snapshot(model), X, y, layout, lengths, tokens, PROBE)
    call = Call(
        given=given,
        response=response,
        outputs=outputs,
        output_names=output_names,
        feature_names=feature_names,
        groups=groups,
        scale=scale,
        layout=layout,
        lag_unit=lag_unit,
        batch_size=batch_size,
        confidence=confidence,
        keep=keep,
        seed=seed,
    )
    return call.answer(resolved, progress, began)
