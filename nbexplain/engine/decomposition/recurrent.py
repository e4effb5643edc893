"""Recurrent layers, packed or not, as their cells: linear maps, gates and products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from nbexplain.engine.decomposition.calls import Call

State = tuple[Tensor, ...]
"""The hidden state, and for an LSTM the cell's."""

Step = Callable[[Tensor, State, Sequence[Tensor]], State]
"""Projected input, state and recurrent weights to the next state."""


def recurrent(call: Call) -> tuple[Tensor, ...]:
    """`lstm`, `gru`, `rnn_tanh` and `rnn_relu` over all steps, layers and directions."""
    packed = isinstance(call.args[2], Tensor) or isinstance(call.args[3], tuple | list)
    dropout, training = call.args[-4:-2] if packed else call.args[5:7]
    if training and dropout > 0:
        call.refuse("with dropout")
    run = _over_packed if packed else _over_steps
    return call.seen(run, _STEPS[call.name], *call.args)


def cell(call: Call) -> Tensor | State:
    """`lstm_cell`, `gru_cell`, `rnn_tanh_cell` and `rnn_relu_cell`: one step."""
    step = _STEPS[call.name.removesuffix("_cell")]

    def run(
        x: Tensor, hx: Any, w_ih: Tensor, w_hh: Tensor, b_ih: Any = None, b_hh: Any = None
    ) -> Tensor | State:
        state = (hx,) if isinstance(hx, Tensor) else tuple(hx)
        after = step(linear(x, w_ih, b_ih), state, (w_hh, b_hh))
        return after[0] if isinstance(hx, Tensor) else after

    return call.seen(run, *call.args, **call.kwargs)


def _over_steps(
    step: Step,
    x: Tensor,
    hx: Any,
    weights: Sequence[Tensor],
    biased: bool,
    layers: int,
    dropout: float,
    training: bool,
    both_ways: bool,
    batch_first: bool,
) -> tuple[Tensor, ...]:
    """Rows of equal length: `[steps, rows, features]`, or rows first."""
    del dropout, training
    x = x.transpose(0, 1) if batch_first else x
    sizes = [x.shape[1]] * len(x)
    out, states = _layers(step, x.flatten(0, 1), sizes, hx, weights, biased, layers, both_ways)
    out = out.unflatten(0, (len(sizes), -1))
    return (out.transpose(0, 1) if batch_first else out), *states


def _over_packed(
    step: Step,
    data: Tensor,
    sizes: Tensor,
    hx: Any,
    weights: Sequence[Tensor],
    biased: bool,
    layers: int,
    dropout: float,
    training: bool,
    both_ways: bool,
) -> tuple[Tensor, ...]:
    """Rows of their own lengths, longest first: the entries of one step after the other."""
    del dropout, training
    out, states = _layers(step, data, sizes.tolist(), hx, weights, biased, layers, both_ways)
    return out, *states


def _layers(
    step: Step,
    data: Tensor,
    sizes: list[int],
    hx: Any,
    weights: Sequence[Tensor],
    biased: bool,
    layers: int,
    both_ways: bool,
) -> tuple[Tensor, list[Tensor]]:
    """Outputs of the last layer, and the states each layer and direction ends in."""
    start = (hx,) if isinstance(hx, Tensor) else tuple(hx)
    directions = 2 if both_ways else 1
    each = len(weights) // (layers * directions)
    ends: list[State] = []
    for layer in range(layers):
        outs: list[Tensor] = []
        for direction in range(directions):
            at = layer * directions + direction
            w_ih, w_hh, *rest = weights[at * each : (at + 1) * each]
            b_ih, b_hh = rest[:2] if biased else (None, None)
            own = (w_hh, b_hh, *rest[2 if biased else 0 :])
            inputs = linear(data, w_ih, b_ih).split(sizes)
            state = tuple(part[at] for part in start)
            out, state = _direction(step, inputs, state, own, backward=direction == 1)
            outs.append(out)
            ends.append(state)
        data = torch.cat(outs, -1)
    return data, [torch.stack(parts) for parts in zip(*ends, strict=True)]


def _direction(
    step: Step, inputs: Sequence[Tensor], state: State, weights: Any, *, backward: bool
) -> tuple[Tensor, State]:
    outs: list[Tensor] = []
    for x in reversed(inputs) if backward else inputs:
        rows = len(x)
        after = step(x, tuple(part[:rows] for part in state), weights)
        outs.append(after[0])
        # Rows that have ended keep their state; backwards, they have not begun.
        state = tuple(
            new if rows == len(old) else torch.cat([new, old[rows:]])
            for new, old in zip(after, state, strict=True)
        )
    return torch.cat(outs[::-1] if backward else outs), state


def _lstm(x: Tensor, state: State, weights: Any) -> State:
    (h, c), (w, b, *projection) = state, weights
    i, f, g, o = (x + linear(h, w, b)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    h = o.sigmoid() * c.tanh()
    return (linear(h, projection[0]) if projection else h), c


def _gru(x: Tensor, state: State, weights: Any) -> State:
    (h,), (w, b) = state, weights
    (xr, xz, xn), (hr, hz, hn) = x.chunk(3, -1), linear(h, w, b).chunk(3, -1)
    z = (xz + hz).sigmoid()
    n = (xn + (xr + hr).sigmoid() * hn).tanh()
    return ((1 - z) * n + z * h,)


def _rnn_tanh(x: Tensor, state: State, weights: Any) -> State:
    return ((x + linear(state[0], *weights)).tanh(),)


def _rnn_relu(x: Tensor, state: State, weights: Any) -> State:
    return ((x + linear(state[0], *weights)).relu(),)


_STEPS: dict[str, Step] = {
    "lstm": _lstm,
    "gru": _gru,
    "rnn_tanh": _rnn_tanh,
    "rnn_relu": _rnn_relu,
}
