"""Which rule an operation has, by its name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nbexplain.engine.decomposition import composites, extremes, masks, names
from nbexplain.engine.decomposition.calls import Call
from nbexplain.engine.decomposition.elementwise import elementwise
from nbexplain.engine.decomposition.linear import batch_norm, detached, dropout, linear
from nbexplain.engine.decomposition.quadratic import quadratic, weighted
from nbexplain.engine.decomposition.recurrent import cell, recurrent

Rule = Callable[[Call], Any]
"""The result of a call, what varies in it paired, with multipliers as derivatives."""


def _composite(function: Callable[..., Any]) -> Rule:
    return lambda call: call.seen(function, *call.args, **call.kwargs)


def _division(call: Call) -> Any:
    """Linear in the dividend; of a divisor that varies, a product."""
    divisor = call.args[1] if len(call.args) > 1 else call.kwargs["other"]
    if any(t is divisor for t in call.varying):
        return call.seen(composites.division, *call.args, **call.kwargs)
    return elementwise(call) if call.kwargs.get("rounding_mode") else linear(call)


def _power(call: Call) -> Any:
    if len(call.varying) > 1:
        return call.seen(composites.power, *call.args, **call.kwargs)
    return elementwise(call)


def _absolute(call: Call) -> Any:
    if call.args[0].is_complex():
        return call.seen(composites.magnitude, call.args[0])
    return elementwise(call)


def _bounded(call: Call) -> Any:
    if call.varies_in(call.args[0]):
        return elementwise(call)
    if call.name == "clamp":
        return call.seen(extremes.bounded, *call.args, **call.kwargs)
    bound = "min" if call.name == "clamp_min" else "max"
    return call.seen(extremes.bounded, call.args[0], **{bound: call.args[1]})


RULES: dict[str, Rule] = {
    **dict.fromkeys(names.ARRANGING | names.SUMMING, linear),
    **dict.fromkeys(names.WEIGHTED, weighted),
    **dict.fromkeys(names.SQUARES, quadratic),
    **dict.fromkeys(names.ELEMENTWISE, elementwise),
    **dict.fromkeys(names.COMPARISONS, masks.compared),
    **dict.fromkeys(names.DECISIONS, masks.decided),
    **dict.fromkeys(names.TOLD, masks.told),
    **dict.fromkeys(names.ORDERED, masks.ordered),
    **dict.fromkeys(names.POOLS, extremes.pooled),
    **dict.fromkeys(names.ADAPTIVE_POOLS, extremes.adaptively_pooled),
    "abs": _absolute,
    "addcdiv": _composite(composites.addcdiv),
    "amax": extremes.largest,
    "amin": extremes.smallest,
    "batch_norm": batch_norm,
    "bitwise_and": masks.conjoined,
    "bitwise_not": masks.negated,
    "bitwise_or": masks.disjoined,
    "cdist": _composite(composites.cdist),
    "clamp": _bounded,
    "clamp_max": _bounded,
    "clamp_min": _bounded,
    "cosine_similarity": _composite(composites.cosine_similarity),
    "detach": detached,
    "div": _division,
    "dropout": dropout,
    "alpha_dropout": dropout,
    "feature_alpha_dropout": dropout,
    "feature_dropout": dropout,
    "fmax": _composite(extremes.greater),
    "fmin": _composite(extremes.lesser),
    "get data": detached,
    "glu": _composite(composites.glu),
    "group_norm": _composite(composites.group_norm),
    "gru": recurrent,
    "gru_cell": cell,
    "hypot": _composite(composites.hypotenuse),
    "instance_norm": _composite(composites.instance_norm),
    "layer_norm": _composite(composites.layer_norm),
    "linalg_vector_norm": _composite(composites.vector_norm),
    "log_softmax": _composite(composites.log_softmax),
    "logaddexp": _composite(composites.logaddexp),
    "logical_and": masks.conjoined,
    "logical_not": masks.negated,
    "logical_or": masks.disjoined,
    "logsumexp": _composite(composites.logsumexp),
    "lstm": recurrent,
    "lstm_cell": cell,
    "masked_fill": masks.filled,
    "max": extremes.largest,
    "maximum": _composite(extremes.greater),
    "min": extremes.smallest,
    "minimum": _composite(extremes.lesser),
    "pairwise_distance": _composite(composites.pairwise_distance),
    "pow": _power,
    "prelu": _composite(composites.prelu),
    "prod": _composite(composites.product),
    "rms_norm": _composite(composites.rms_norm),
    "rnn_relu": recurrent,
    "rnn_relu_cell": cell,
    "rnn_tanh": recurrent,
    "rnn_tanh_cell": cell,
    "scaled_dot_product_attention": _composite(composites.scaled_dot_product_attention),
    "softmax": _composite(composites.softmax),
    "std": _composite(composites.standard_deviation),
    "where": masks.chosen,
}
"""Rules by the names of `calls.spelled`."""
