"""Which inputs are a sequence and the states that a model begins it with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

_STATE = re.compile(
    r"(^|_)(h|c|s|hx|cx|hc|[hcs]_?[0tn]|hiddens?|cells?|states?|carry|memory|init\w*)($|_|\d)",
    re.IGNORECASE,
)


def is_called_a_state(name: str) -> bool:
    """Whether a name says that an input is the state of a recurrent network.

    >>> [is_called_a_state(name) for name in ("h0", "hidden", "init_state", "static")]
    [True, True, True, False]
    """
    return bool(_STATE.search(name))


@dataclass(frozen=True)
class States:
    """One sequence among the inputs, the other floating ones being its initial states.

    Attributes:
        sequence: position of the sequence `[rows, steps, features]` among the inputs.
        names: of the states, in the order of the inputs.
    """

    sequence: int
    names: tuple[str, ...]


_UNNAMED = re.compile(r"x\d+|input \d+")


def states_of(
    inputs: Sequence[Tensor],
    names: Sequence[str],
    columns: Sequence[tuple[str, ...] | None],
    meant: Sequence[int],
) -> States | None:
    """The sequence and its states; None where the inputs are something else.

    States are inputs `[rows, features]` or `[rows, layers, features]` that are called so, or
    `meant` to be by the form they came in. An input that nothing names, of two axes and without
    names of its columns, is one, too.

    Args:
        inputs: of some rows.
        names: of the inputs; `x1` or `input 1` where nothing names one.
        columns: names of the columns of each input, or None.
        meant: positions of inputs that came in a tuple or as `[layers, rows, features]`.

    >>> import torch
    >>> states_of((torch.zeros(9, 5, 2), torch.zeros(9, 4)), ("x", "h0"), (None, None), ())
    States(sequence=0, names=('h0',))
    """
    floating = [i for i, x in enumerate(inputs) if x.is_floating_point()]

    def is_state(i: int) -> bool:
        if columns[i] is not None or inputs[i].ndim not in (2, 3):
            return False
        unnamed = inputs[i].ndim == 2 and bool(_UNNAMED.fullmatch(names[i]))
        return i in meant or is_called_a_state(names[i]) or unnamed

    others = [i for i in floating if not is_state(i)]
    if len(floating) < 2 or len(others) != 1 or inputs[others[0]].ndim != 3:
        return None
    return States(others[0], _called([names[i] for i in floating if i != others[0]]))


def _called(names: Sequence[str]) -> tuple[str, ...]:
    """Names of states; h0 and c0, as torch.nn.LSTM has them, where nothing names them."""
    if not any(map(_UNNAMED.fullmatch, names)):
        return tuple(names)
    return ("h0", "c0") if len(names) == 2 else tuple(f"h{i}" for i in range(len(names)))
