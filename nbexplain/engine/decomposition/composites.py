"""Operations made of sums, elementwise functions and products, written out as such.

Each runs with its own operations looked at, so that their rules make up its rule. Signatures are
torch's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def softmax(x: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    """exp, sum, reciprocal and product, after the largest is taken off: no exp can overflow."""
    x = x if dtype is None else x.to(dtype)
    e = (x - x.amax(dim, keepdim=True)).exp()
    return e * e.sum(dim, keepdim=True).reciprocal()


def log_softmax(x: Tensor, dim: int, dtype: torch.dtype | None = None) -> Tensor:
    """Each entry minus the logarithm of its summed exp."""
    x = x if dtype is None else x.to(dtype)
    lower = x - x.amax(dim, keepdim=True)
    return lower - lower.exp().sum(dim, keepdim=True).log()


def logsumexp(x: Tensor, dim: int | tuple[int, ...], keepdim: bool = False) -> Tensor:
    """The largest, plus the logarithm of the sum of exp of what is below it."""
    top = x.amax(dim, keepdim=True)
    result = top + (x - top).exp().sum(dim, keepdim=True).log()
    return result if keepdim else result.sum(dim)


def logaddexp(a: Tensor, b: Tensor) -> Tensor:
    """log(exp a + exp b)."""
    return a + torch.nn.functional.softplus(b - a)


def division(a: Any, b: Tensor, *, rounding_mode: str | None = None) -> Tensor:
    """A product with the reciprocal."""
    quotient = a * b.reciprocal()
    if rounding_mode is None:
        return quotient
    return quotient.floor() if rounding_mode == "floor" else quotient.trunc()


def power(a: Any, b: Any) -> Tensor:
    """exp(b log a), of a base and an exponent that both vary."""
    return (b * a.log()).exp()


def addcdiv(x: Tensor, a: Tensor, b: Tensor, *, value: float = 1) -> Tensor:
    """The sum of x and a weighted quotient."""
    return x + value * (a / b)


def layer_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = False,
) -> Tensor:
    """Mean, square, rsqrt, product."""
    del cudnn_enable
    axes = [*range(-len(normalized_shape), 0)]
    return _affine(_standardised(x, axes, eps), weight, bias)


def group_norm(
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = False,
) -> Tensor:
    """Layer norm of each group of channels."""
    del cudnn_enabled
    groups = x.reshape(x.shape[0], num_groups, -1)
    normal = _standardised(groups, [-1], eps).reshape(x.shape)
    return _affine(normal, *(_by_channel(t, x) for t in (weight, bias)))


def instance_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """Layer norm of each channel; batch norm where statistics are kept."""
    if not use_input_stats:
        return torch.batch_norm(
            x, weight, bias, running_mean, running_var, False, momentum, eps, cudnn_enabled
        )
    normal = _standardised(x, [*range(2, x.ndim)], eps)
    return _affine(normal, *(_by_channel(t, x) for t in (weight, bias)))


def rms_norm(
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Square, mean, rsqrt, product."""
    axes = [*range(-len(normalized_shape), 0)]
    eps = torch.finfo(x.dtype).eps if eps is None else eps
    return _affine(x * (x.square().mean(axes, keepdim=True) + eps).rsqrt(), weight, None)


def _standardised(x: Tensor, axes: list[int], eps: float) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    return centred * (centred.square().mean(axes, keepdim=True) + eps).rsqrt()


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _by_channel(t: Tensor | None, x: Tensor) -> Tensor | None:
    return None if t is None else t.reshape(-1, *[1] * (x.ndim - 2))


def prelu(x: Tensor, weight: Tensor) -> Tensor:
    """relu(x) minus the weighted relu(-x)."""
    weight = weight if weight.ndim == 0 or x.ndim < 2 else weight.reshape(-1, *[1] * (x.ndim - 2))
    return x.relu() - weight * (-x).relu()


def glu(x: Tensor, dim: int = -1) -> Tensor:
    """One half times the sigmoid of the other."""
    a, b = x.chunk(2, dim)
    return a * b.sigmoid()


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Products, softmax, products."""
    del dropout_p  # evaluation mode
    if enable_gqa:
        key = key.repeat_interleave(query.shape[-3] // key.shape[-3], -3)
        value = value.repeat_interleave(query.shape[-3] // value.shape[-3], -3)
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = query @ key.transpose(-2, -1) * scale
    if is_causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
        scores = scores.masked_fill(~seen, -math.inf)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores.masked_fill(~attn_mask, -math.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return scores.softmax(-1) @ value


def vector_norm(
    x: Tensor,
    ord: float = 2,  # noqa: A002
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
) -> Tensor:
    """The root of summed powers, or the largest."""
    x = x if dtype is None else x.to(dtype)
    axes = [*range(x.ndim)] if dim is None else [dim] if isinstance(dim, int) else list(dim)
    if math.isinf(ord):
        return x.abs().amax(axes, keepdim) if ord > 0 else x.abs().amin(axes, keepdim)
    if ord == 2:
        return x.square().sum(axes, keepdim).sqrt()
    powers = x.abs() if ord == 1 else x.abs() ** ord
    total = powers.sum(axes, keepdim)
    return total if ord == 1 else total ** (1 / ord)


def cosine_similarity(a: Tensor, b: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The product of two directions, summed."""
    a, b = (t / vector_norm(t, 2, dim, True).clamp_min(eps) for t in (a, b))
    return (a * b).sum(dim)


def pairwise_distance(
    a: Tensor, b: Tensor, p: float = 2, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """The norm of a difference."""
    return vector_norm(a - b + eps, p, -1, keepdim)


def cdist(a: Tensor, b: Tensor, p: float = 2, *_how: Any, **_named: Any) -> Tensor:
    """The norms of all differences."""
    return vector_norm(a[..., :, None, :] - b[..., None, :, :], p, -1)


def standard_deviation(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """The root of the variance."""
    return torch.var(x, *args, **kwargs).sqrt()


def magnitude(x: Tensor) -> Tensor:
    """The absolute value of complex numbers."""
    return torch.view_as_real(x).square().sum(-1).sqrt()


def hypotenuse(a: Tensor, b: Tensor) -> Tensor:
    """The root of two squares."""
    return (a.square() + b.square()).sqrt()


def product(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """One factor after the other."""
    factors = (x.flatten() if dim is None else x).unbind(0 if dim is None else dim)
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result.unsqueeze(dim) if keepdim and dim is not None else result
