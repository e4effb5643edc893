"""A model and data brought together: numbers as they come, ids of tokens through an embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from torch import Tensor

from nbexplain.data import (
    PLAIN,
    Batch,
    Form,
    Formed,
    Padding,
    Source,
    States,
    Tokens,
    arranged,
    read,
    rows_first,
    rows_of_states_first,
    states_of,
    taken_apart,
    telling,
)
from nbexplain.explanation.tokens import Lookup, lookup_of
from nbexplain.features import Features, token_features
from nbexplain.model import Embedded, Signature, Snapshot, look_up
from nbexplain.model import Lookup as Embeddings


@dataclass(frozen=True, eq=False)
class Opened:
    """What is explained.

    Attributes:
        snapshot: the model's private copy; of texts, differentiated at its embedding.
        source: the rows.
        names: of tokens by id; None where rows are no texts.
        notes: what was noticed.
        form: how the model takes its inputs, where that is not one tensor after another.
        states: the sequence among the inputs and its initial states; None for others.
    """

    snapshot: Snapshot
    source: Source
    names: Lookup | None = None
    notes: tuple[str, ...] = ()
    form: Form = PLAIN
    states: States | None = None


def opened(
    snapshot: Snapshot,
    X: object,
    y: object,
    layout: str | None,
    lengths: ArrayLike | None,
    tokens: object,
    rows: int,
) -> Opened:
    """Read X, and find out whether it holds ids of tokens that the model embeds, or states.

    Integers `[rows, steps]` do, where an `nn.Embedding` of the snapshot receives them as they are
    and no other input has a derivative (masks aside), or `tokens` says that they are meant.

    Args:
        snapshot: of the model.
        X: as `nbx.explain` takes it.
        y: as `nbx.explain` takes it.
        layout: as `nbx.explain` takes it.
        lengths: as `nbx.explain` takes them.
        tokens: as `nbx.explain` takes them.
        rows: how many rows to look at.

    Raises:
        ValueError: data that cannot be read; integers that are neither numbers nor embedded;
            ids without a name; options that texts do not have.
        TypeError: X is no data, or `tokens` no names.
    """
    forward = snapshot.parameters_of_forward
    found = _formed(X, forward, layout, lengths)
    if found.form.tuples:  # which of its parameters takes how many inputs, the form knows
        forward = replace(forward, names=(), required=0, var_positional=True)
    source = read(found.X, y, forward=forward)
    if not forward.ids:
        _check_meant(tokens)
        return _of_numbers(snapshot, source, found, layout, lengths, rows)
    batch = source.head(rows)
    seen = look_up(snapshot, batch.inputs, source.input_names)
    floating = [x for x in batch.inputs if x.is_floating_point()]
    if seen.index is not None:
        ids = batch.inputs[seen.index]
        if tokens is not None or all(_is_mask(x, ids) for x in floating):
            return _texts(snapshot, source, seen, batch, layout, lengths, tokens, rows)
    _check_meant(tokens)
    if seen.bag is not None and not floating:
        raise ValueError(
            f"The model adds its tokens up in an nn.EmbeddingBag ({seen.bag or 'the model'}) "
            "before one of them can be told from the others: use nn.Embedding, and .mean(1) or "
            ".sum(1) of what it returns."
        )
    if not floating:  # numbers in integers, or a sentence that refuses them
        source = read(found.X, y, forward=replace(forward, ids=False))
    return _of_numbers(snapshot, source, found, layout, lengths, rows)


def _formed(X: object, forward: Signature, layout: str | None, lengths: ArrayLike | None) -> Formed:
    """X as inputs one after another, their rows first."""
    found = taken_apart(X, forward)
    if found.lengths is not None:
        if layout is not None:
            raise ValueError(
                f"layout={layout!r} is for tensors, and X is a PackedSequence: leave it out."
            )
        _check_agree(lengths, found.lengths)
    return rows_of_states_first(replace(found, X=rows_first(found.X, layout)))


def _check_agree(lengths: ArrayLike | None, packed: Tensor) -> None:
    """Refuse lengths other than those of the packed sequence."""
    if lengths is None:
        return
    given = np.asarray(lengths)
    given = given.astype(bool).sum(1) if given.ndim == 2 else given
    if given.shape != packed.shape:
        raise ValueError(
            f"lengths has {given.size:,} rows and the PackedSequence X has {len(packed):,}: leave "
            "lengths out, X has its own."
        )
    if (wrong := np.flatnonzero(given != packed.numpy())).size:
        row = int(wrong[0])
        raise ValueError(
            f"lengths says that row {row} of X has {int(given[row])} steps, but it is packed with "
            f"{int(packed[row])}: leave lengths out, X has its own."
        )


def _of_numbers(
    snapshot: Snapshot,
    source: Source,
    found: Formed,
    layout: str | None,
    lengths: ArrayLike | None,
    rows: int,
) -> Opened:
    """Inputs that are differentiated as they come, among them sequences and their states."""
    inputs, form, notes = source.head(rows).inputs, found.form, list[str]()
    names = _names(snapshot, source, len(inputs))
    if len(form.names) == len(inputs) > 1:
        names = form.names
    timed = layout not in ("np", "nhw", "nchw")
    states = states_of(inputs, names, source.column_names, form.states) if timed else None
    sequence = None if states is None else states.sequence
    spans: object = lengths if found.lengths is None else found.lengths
    plain = arranged(source, layout, None, sequence)
    if spans is None and timed and (told := telling(plain.head(rows).inputs, names, sequence)):
        spans = told
        notes.append(
            f"{told.name} holds how many steps each row has: what follows them is padding, and no "
            "input."
        )
    sequences = [n for n, x in zip(names, inputs, strict=True) if _is_sequence(x)]
    if states is None and len(sequences) > 1 and timed:
        notes.append(
            f"{' and '.join(sequences)} are laid side by side as a table, without lags: lags are "
            "those of one sequence, with its initial states."
        )
    if states is not None:
        notes.append(_said(states, inputs[states.sequence].shape[2 if layout == "npt" else 1]))
    return Opened(
        snapshot,
        arranged(source, layout, spans, sequence),
        notes=tuple(notes),
        form=form,
        states=states,
    )


def _is_sequence(x: Tensor) -> bool:
    return x.is_floating_point() and x.ndim == 3


def _said(states: States, steps: int) -> str:
    one = len(states.names) == 1
    is_taken = (
        "is taken as an initial state: one feature"
        if one
        else ("are taken as initial states: a feature each")
    )
    return (
        f"{' and '.join(states.names)} {is_taken}, in a row of its own before the first step, lag "
        f"{steps}."
    )


def of_texts(
    batch: Batch,
    coordinates: int,
    lag_unit: str | Sequence[object] | None,
    **refused: object,
) -> Features:
    """The one feature of texts.

    Args:
        batch: the first rows.
        coordinates: of the derivative at each token.
        lag_unit: as `nbx.explain` takes it.
        **refused: options of `nbx.explain` that are for columns of numbers.

    Raises:
        ValueError: one of these is given.
    """
    assert batch.ids is not None
    for name, value in refused.items():
        if value is not None:
            raise ValueError(
                f"{name}= is for columns of numbers, and X holds ids of tokens: leave it out; "
                "tokens= names them."
            )
    return token_features(batch.ids.shape[1], coordinates, lag_unit)


def _texts(
    snapshot: Snapshot,
    source: Source,
    found: Embeddings,
    batch: Batch,
    layout: str | None,
    lengths: ArrayLike | None,
    tokens: object,
    rows: int,
) -> Opened:
    assert found.index is not None
    if layout not in (None, "np"):
        raise ValueError(
            f"layout={layout!r} is for numbers, and X holds ids of tokens [rows, steps]: leave it "
            "out."
        )
    names = _names(snapshot, source, len(batch.inputs))
    padding = Padding() if lengths is not None else _padding(found, batch, names)
    embedded = Embedded(snapshot, found)
    texts = Tokens(source, embedded.embed, found.index, padding)
    called = str if tokens is None else lookup_of(tokens, texts.occurring(rows).tolist())
    width = sum(module.embedding_dim for _, module in found.modules)
    passed = [name for i, name in enumerate(names) if i != found.index]
    notes = [
        f"X holds ids of tokens: the model is explained from what {found.called} returns for them, "
        f"{width} numbers a token.",
        "ex.token_importance() ranks the tokens, ex.lag_importance() their places.",
        *_padded(padding, lengths, names),
        *[f"{name} is passed to the model and not ranked." for name in passed],
    ]
    return Opened(embedded, arranged(texts, None, lengths), called, tuple(notes))


def _padding(found: Embeddings, batch: Batch, names: Sequence[str]) -> Padding:
    """The embedding's own padding, else an input called a mask."""
    if found.padding is not None:
        return Padding(token=found.padding)
    assert found.index is not None
    ids = batch.inputs[found.index]
    for i, (name, x) in enumerate(zip(names, batch.inputs, strict=True)):
        if "mask" in name and i != found.index and _is_mask(x, ids):
            # PyTorch's own layers take masks that are true where there is padding.
            return Padding(mask=i, inverted="pad" in name)
    return Padding()


def _padded(padding: Padding, lengths: ArrayLike | None, names: Sequence[str]) -> list[str]:
    says = "lengths= says" if lengths is not None else None
    if padding.token is not None:
        says = f"the embedding says (padding_idx={padding.token})"
    elif padding.mask is not None:
        says = f"{names[padding.mask]} says"
    if says is None:
        return []
    return [f"Padding, as {says}, is no token: lag 0 is each row's last one that exists."]


def _names(snapshot: Snapshot, source: Source, count: int) -> tuple[str, ...]:
    """What the inputs are called: by X, else by the model's forward."""
    if source.input_names is not None:
        return source.input_names
    known = snapshot.parameters_of_forward.names[:count]
    return (*known, *(f"input {i}" for i in range(len(known), count)))


def _is_mask(x: Tensor, ids: Tensor) -> bool:
    return x.shape == ids.shape and bool(((x == 0) | (x == 1)).all())


def _check_meant(tokens: object) -> None:
    if tokens is not None:
        raise ValueError(
            "tokens= names ids of tokens, but no nn.Embedding of the model receives integers "
            "[rows, steps] of X as they are: leave it out, or look X up as it comes."
        )
