"""What is differentiated: raw outputs, probabilities or log-odds.

For up to `MANY` outputs the raw derivatives of a batch give those of every response by the chain
rule, without another sweep (`chain`). Beyond that, and for losses, the response is part of the
differentiated function itself (`respond`).
"""

from collections.abc import Collection, Iterator
from typing import Literal

import torch
from torch import Tensor

from nbexplain.engine.axes import Float

MANY = 10
"""Networks with more outputs than this are explained by each row's predicted output."""

Kind = Literal["values", "logits", "logit", "probabilities", "independent"]
"""What a network returns: `values` (regression, or nothing is known), `logits` (K scores of one
class each), `logit` (one score of the second of two classes), `probabilities` (K that sum to 1),
`independent` (probabilities each on its own: a sigmoid's)."""


def respond(
    outputs: Float[Tensor, "rows outputs"], kind: Kind, response: str
) -> Float[Tensor, "rows outputs"]:
    r"""The response as a differentiable function of the network's outputs.

    `prob` is $p_k = e^{z_k}/\sum_l e^{z_l}$ and `logodds` $z_k - \log\sum_{l \ne k} e^{z_l}$, the
    logarithm of $p_k/(1 - p_k)$, for logits; the same quantities for outputs that are
    probabilities already. `raw` is the output as it is.

    >>> respond(torch.tensor([[0.0, 0.0, 0.0]]), "logits", "logodds")
    tensor([[-0.6931, -0.6931, -0.6931]])
    """
    if response == "raw" or kind == "values":
        return outputs
    if kind == "logit":
        return outputs if response == "logodds" else outputs.sigmoid()
    if kind == "logits":
        return outputs.softmax(1) if response == "prob" else outputs - _rest(outputs)
    return outputs if response == "prob" else outputs.log() - torch.log1p(-outputs)


def chain(
    outputs: Float[Tensor, "rows outputs"],
    jacobian: Float[Tensor, "rows outputs *shape"],
    kind: Kind,
    response: str,
) -> Float[Tensor, "rows outputs *shape"]:
    r"""Derivatives of the response from the raw outputs and their derivatives.

    For logits, with $q_{kl}$ the softmax over the outputs other than k:

    $$\partial \ell_k = \partial z_k - \sum_{l \ne k} q_{kl}\,\partial z_l, \qquad
      \partial p_k = p_k (1 - p_k)\,\partial \ell_k.$$

    The product form keeps its relative precision where a class is nearly certain, where
    $p_k(\partial z_k - \sum_l p_l \partial z_l)$ cancels. Rows whose given probability is
    exactly 0 or 1 have lost their log-odds; `saturated` counts them and they get 0.

    >>> chain(torch.zeros(1, 2), torch.tensor([[[1.0], [3.0]]]), "logits", "prob")
    tensor([[[-0.5000],
             [ 0.5000]]])
    """
    if response == "raw" or kind == "values":
        return jacobian
    flat = jacobian.flatten(2)
    if mirrored(outputs, kind, response):
        second = chain_second(outputs, flat, response)
        flat = torch.cat([-second, second], dim=1)
    elif kind == "logits":
        logits = outputs.double()
        rest = _rest(logits)
        matrix = _of_logits(logits, rest)
        if response == "prob":
            odds = logits - rest
            matrix *= _variance(odds.sigmoid(), (-odds).sigmoid(), matrix)
        flat = matrix.to(flat.dtype) @ flat
    elif kind == "logit":
        if response == "prob":
            odds = outputs.double()
            flat = flat * _variance(odds.sigmoid(), (-odds).sigmoid(), flat)
    elif response == "logodds":
        flat = flat / _variance(outputs.double(), 1 - outputs.double(), flat)
        flat = torch.where(saturated(outputs)[..., None], torch.zeros_like(flat), flat)
    return flat.view_as(jacobian)


def in_turn(
    outputs: Float[Tensor, "rows outputs"],
    jacobian: Float[Tensor, "rows outputs *shape"],
    kind: Kind,
    responses: Collection[str],
) -> Iterator[tuple[str, Float[Tensor, "rows _ *shape"]]]:
    """`chain` for several responses, by name; what it gives next overwrites what it gave before.

    Of two classes it gives the second's derivatives alone, as `chain_second` does.
    """
    of_logits = {"logodds", "prob"} & set(responses) if kind == "logits" else set[str]()
    for response in responses:
        if response not in of_logits:
            yield response, chain(outputs, jacobian, kind, response)
    if not of_logits:
        return
    flat, logits = jacobian.flatten(2), outputs.double()
    rest = _rest(logits)
    odds = logits - rest
    if outputs.shape[1] == 2:
        odds = odds[:, 1:]
        found = flat[:, 1:] - flat[:, :1]
    else:
        found = _of_logits(logits, rest).to(flat.dtype) @ flat
    shaped = found.view(*found.shape[:2], *jacobian.shape[2:])
    if "logodds" in of_logits:
        yield "logodds", shaped
    if "prob" in of_logits:
        # One factor each, instead of a second product.
        found *= _variance(odds.sigmoid(), (-odds).sigmoid(), found)
        yield "prob", shaped


def mirrored(outputs: Float[Tensor, "rows outputs"], kind: Kind, response: str) -> bool:
    """Whether the response's derivatives are those of its second output with both signs."""
    return kind == "logits" and outputs.shape[1] == 2 and response != "raw"


def chain_second(
    outputs: Float[Tensor, "rows 2"], jacobian: Float[Tensor, "rows 2 *shape"], response: str
) -> Float[Tensor, "rows 1 *shape"]:
    """Derivatives of the response of the second of two classes; the first's are opposite."""
    flat = jacobian.flatten(2)
    second = flat[:, 1:] - flat[:, :1]
    if response == "prob":
        odds = (outputs[:, 1:] - outputs[:, :1]).double()
        second *= _variance(odds.sigmoid(), (-odds).sigmoid(), second)
    return second.view(len(jacobian), 1, *jacobian.shape[2:])


def saturated(outputs: Float[Tensor, "rows outputs"]) -> Tensor:
    """Where a given probability is exactly 0 or 1 and its log-odds infinite, `[rows, outputs]`."""
    return (outputs <= 0) | (outputs >= 1)


def _others(outputs: Float[Tensor, "rows outputs"]) -> Float[Tensor, "rows outputs outputs"]:
    """For each output k all outputs, itself left out as −∞."""
    count = outputs.shape[1]
    itself = torch.eye(count, dtype=torch.bool, device=outputs.device)
    return outputs[:, None, :].expand(-1, count, -1).masked_fill(itself, -torch.inf)


def _rest(outputs: Float[Tensor, "rows outputs"]) -> Float[Tensor, "rows outputs"]:
    """For each output k the log-sum-exp of all the others."""
    return outputs.flip(1) if outputs.shape[1] == 2 else _others(outputs).logsumexp(2)


def _of_logits(
    logits: Float[Tensor, "rows outputs"], rest: Float[Tensor, "rows outputs"]
) -> Float[Tensor, "rows outputs outputs"]:
    """The log-odds' derivatives by the logits: one small matrix a row, one product a batch."""
    others = (_others(logits) - rest[..., None]).exp_()
    return torch.eye(logits.shape[1], dtype=logits.dtype, device=logits.device) - others


def _variance(p: Tensor, q: Tensor, like: Tensor) -> Tensor:
    """p(1 − p) of a yes-or-no draw, formed in double precision, as a factor for `like`."""
    return (p * q).to(like.dtype)[..., None]
