"""The one way in: any data, as a source."""

from __future__ import annotations

from torch import nn

from nbexplain.data.held import Held, inputs_of
from nbexplain.data.inputs import plural
from nbexplain.data.source import Source
from nbexplain.data.targets import target
from nbexplain.model.snapshot import Signature


def read(X: object, y: object = None, *, forward: Signature | None = None) -> Source:
    """Read X, and y if it is given, in whatever form they come.

    Args:
        X: a frame (pandas, or any that narwhals reads), an array, a tensor, a list of rows; a
            tuple or dict of these for a model of several inputs; a Dataset, a DataLoader or an
            iterable of batches.
        y: a Series, array, tensor or list with a value for each row; None if there is none or
            the batches carry it.
        forward: what the model takes, to tell the inputs of a batch from its y.

    Raises:
        ValueError: the data cannot be differentiated: no rows, text, integers alone, …
        TypeError: X is not data.

    >>> import numpy as np
    >>> source = read(np.eye(5), ["a", "b", "b", "a", "b"])
    >>> [(batch.start, len(batch)) for batch in source.batches(2)], source.classes
    ([(0, 2), (2, 2), (4, 1)], ('a', 'b'))
    """
    if isinstance(X, nn.Module) or (callable(X) and not hasattr(X, "__iter__")):
        name = getattr(X, "__name__", type(X).__name__)
        raise TypeError(f"X is the model or function {name}: the order is explain(model, X, y).")
    inputs, names = inputs_of(X)
    if names is None and forward is not None and not forward.var_positional:
        most = len(forward.names)
        if not forward.required <= len(inputs) <= most:
            raise ValueError(f"X has {plural(len(inputs), 'input')} and the model takes {most}.")
    if y is None:
        return Held(inputs, names)
    found = target(y)
    if len(found) != inputs[0].rows:
        raise ValueError(
            f"y has {plural(len(found), 'value')} and X has {plural(inputs[0].rows, 'row')}: "
            f"pass one value for each row."
        )
    return Held(inputs, names, found)
