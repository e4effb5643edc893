"""Networks for additive methods: the same arithmetic in every spelling that people use."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


@dataclass(frozen=True)
class Spelling:
    """A network in float64, `[rows, *shape]` to `[rows, outputs]`, written in one way."""

    name: str
    make: Callable[[], Callable[[Tensor], Tensor]]
    shape: tuple[int, ...]

    def __repr__(self) -> str:
        return self.name

    def network(self, dtype: torch.dtype = torch.float64) -> Callable[[Tensor], Tensor]:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(len(self.name))
            made = self.make()
        return made.eval().requires_grad_(False).to(dtype) if isinstance(made, nn.Module) else made

    def rows(self, n: int = 5, dtype: torch.dtype = torch.float64) -> Tensor:
        generator = torch.Generator().manual_seed(n)
        return torch.randn(n, *self.shape, dtype=torch.float64, generator=generator).to(dtype)


SPELLINGS: list[Spelling] = []


class Written(nn.Module):
    """A network of some layers, with the forward of the specimen."""

    def __init__(self, forward: Callable[..., Tensor], layers: dict[str, nn.Module]):
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
        self.written = forward

    def forward(self, x: Tensor) -> Tensor:
        return self.written(self, x)


def spelling(*shape: int, **layers: Callable[[], nn.Module]) -> Any:
    """Register a forward `(net, x)` over layers that are made anew each time."""

    def add(forward: Callable[..., Tensor]) -> Callable[..., Tensor]:
        make = functools.partial(
            lambda f: Written(f, {name: layer() for name, layer in layers.items()}), forward
        )
        SPELLINGS.append(Spelling(forward.__name__, make, shape or (4,)))
        return forward

    return add


def linear(p: int, k: int) -> Callable[[], nn.Module]:
    return lambda: nn.Linear(p, k)


wide, deep, head = linear(4, 8), linear(8, 8), linear(8, 2)


# Elementwise functions, in every spelling --------------------------------------------------------


@spelling(a=wide, b=deep, c=head)
def functional_activations(net, x):
    return net.c(F.softplus(net.b(F.relu(net.a(x)))))


@spelling(a=wide, b=deep, c=head)
def methods_of_tensors(net, x):
    return net.c(net.b(net.a(x).relu()).sigmoid())


@spelling(a=wide, b=deep, c=head)
def in_place(net, x):
    h = net.a(x).relu_()
    h = torch.tanh_(net.b(h))
    h += x.sum(1, keepdim=True)
    h *= 0.5
    return net.c(F.elu_(h))


@spelling(a=wide, b=deep, c=head, act=nn.ReLU)
def activation_called_twice(net, x):
    return net.c(net.act(net.b(net.act(net.a(x)))))


@spelling(a=wide, b=deep, c=head)
def activation_made_in_forward(net, x):
    return net.c(nn.ReLU()(net.b(nn.GELU()(net.a(x)))))


@spelling(a=wide, c=head)
def clamped(net, x):
    h = net.a(x)
    return net.c(
        h.clamp_min(0) + h.clamp(-0.5, 0.3) + torch.clamp(h, max=torch.tensor(0.1)) + h.clip(0, 6)
    )


@spelling(a=wide, c=head)
def every_activation_of_torch(net, x):
    h = net.a(x)
    kinds = [
        F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu, F.silu, F.mish, F.tanh, F.sigmoid,
        F.logsigmoid, F.hardtanh, F.hardswish, F.hardsigmoid, F.softplus, F.softsign, F.tanhshrink,
        F.softshrink, F.hardshrink, functools.partial(F.gelu, approximate="tanh"),
        functools.partial(F.threshold, threshold=0.2, value=0.1), F.rrelu,
    ]  # fmt: skip
    return net.c(sum(kind(h) * (i + 1) for i, kind in enumerate(kinds)) / 50)


@spelling(a=wide, c=head)
def every_function_of_torch(net, x):
    h = net.a(x)
    positive = h.square() + 0.5
    kinds = [
        torch.exp, torch.expm1, torch.exp2, torch.sin, torch.cos, torch.sinh, torch.cosh, torch.erf,
        torch.atan, torch.abs, torch.square, torch.asinh, torch.sigmoid, torch.erfc, torch.neg,
    ]  # fmt: skip
    roots = [
        torch.log, torch.log2, torch.log10, torch.log1p, torch.sqrt, torch.rsqrt, torch.reciprocal,
    ]  # fmt: skip
    total = sum(kind(h) for kind in kinds) + sum(kind(positive) for kind in roots)
    return net.c((total + h**2 + h.pow(3) + 2**h + positive**0.5 + 1 / positive) / 20)


@spelling(a=wide, c=head, act=lambda: nn.PReLU(8, 0.3))
def learned_slope(net, x):
    return net.c(net.act(net.a(x)))


@spelling(a=wide, c=head)
def steps(net, x):
    h = net.a(x)
    return net.c(h.round() + h.sign() * 0.1 + h.floor() + (h - h.detach()) * 3)


# Sums, residuals, views --------------------------------------------------------------------------


@spelling(a=wide, b=deep, c=head)
def residual_sums(net, x):
    h = net.a(x)
    h = h + torch.tanh(net.b(h))
    h += torch.tanh(net.b(h))
    return net.c(torch.relu(h + h.mean(1, keepdim=True)))


@spelling(a=wide, c=head)
def views_written_in_place(net, x):
    h = net.a(x)
    h[:, :3].relu_()
    left, right = h[:, 3:5], h[:, 5:]
    left.mul_(2).add_(x[:, :2])
    right[:, 0] = x[:, 0].tanh()
    h[:, 1] += h[:, 2]
    return net.c(h)


@spelling(c=head)
def written_into_constants(net, x):
    out = torch.zeros(len(x), 8, dtype=x.dtype)
    view = out[:, 6]
    out[:, :4] = x.tanh()
    out[:, 4] += x[:, 0] * x[:, 1]
    out[:, 5].copy_(x[:, 2].exp())
    view.add_(x[:, 3])
    return net.c(out.sigmoid() + view[:, None])


@spelling(a=wide, c=head)
def reshaped_and_joined(net, x):
    h = net.a(x).view(-1, 2, 4).transpose(1, 2).contiguous()
    h = torch.stack([h.relu(), h.flip(1)], 0).permute(1, 0, 2, 3)
    h = torch.cat([*h.unbind(1)], -1).flatten(1)
    a, b = h.chunk(2, dim=1)
    return net.c(F.pad(a, (1, 1))[:, 1:-1].roll(1, 1) * 0.5 + b[..., [3, 1, 0, 2, 7, 6, 5, 4]])


@spelling(a=wide, c=head)
def matrices_by_hand(net, x):
    h = x @ net.a.weight.T + net.a.bias
    h = torch.einsum("nk,jk->nj", h.tanh(), torch.eye(8, dtype=x.dtype) * 2)
    return torch.addmm(net.c.bias, h.relu(), net.c.weight.t())


# Products, gates, quotients ----------------------------------------------------------------------


@spelling(a=wide, b=wide, c=head)
def gated(net, x):
    return net.c(torch.sigmoid(net.a(x)) * torch.tanh(net.b(x)))


@spelling(a=wide, c=linear(4, 2))
def gated_linear_unit(net, x):
    return net.c(F.glu(net.a(x)) + nn.GLU()(net.a(x)))


@spelling(a=wide, b=wide, c=head)
def gated_in_place(net, x):
    h = net.a(x)
    h *= net.b(x).sigmoid()
    h.mul_(h)
    return net.c(h)


@spelling(a=wide, b=wide, c=head)
def quotients(net, x):
    h, g = net.a(x), net.b(x)
    return net.c(h / (1 + g.square()) + 1 / (2 + h.abs()) + torch.div(g, h.exp() + 1))


@spelling(a=wide, b=wide)
def products_of_matrices(net, x):
    a, b = net.a(x).view(-1, 2, 4), net.b(x).view(-1, 4, 2)
    both = torch.bmm(a, b) + a @ b + torch.einsum("nij,njk->nik", a, b)
    return both.flatten(1) + torch.matmul(a, x[..., None]).squeeze(-1).repeat(1, 2)


@spelling(a=wide, b=wide)
def bilinear_layers(net, x):
    weight = torch.linspace(-1, 1, 128, dtype=x.dtype).view(2, 8, 8)
    h = F.bilinear(net.a(x).tanh(), net.b(x), weight)
    return torch.addcmul(h, h, x[:, :2], value=0.5) + torch.lerp(h, x[:, 2:], h.sigmoid())


@spelling(a=linear(4, 32), c=head)
def weights_from_the_input(net, x):
    made = net.a(x).view(-1, 8, 4)
    return net.c(torch.relu(made @ x[..., None]).squeeze(-1))


@spelling(a=wide, c=head)
def powers(net, x):
    h = net.a(x)
    return net.c((h.abs() + 0.5) ** (h.tanh()) + h.square().mean(1, keepdim=True).sqrt())


@spelling(a=wide, c=head)
def products_over_an_axis(net, x):
    h = net.a(x)
    return (
        net.c(h) * h[:, :3].prod(1, keepdim=True) + h.var(1, keepdim=True) + h.std(1, keepdim=True)
    )


# Softmax, normalisation --------------------------------------------------------------------------


@spelling(a=wide, c=head)
def softmax_and_its_kin(net, x):
    h = net.a(x)
    z = net.c(F.softmax(h, -1) + h.log_softmax(1) * 0.1 + F.softmin(h, dim=1))
    return torch.cat([z.softmax(1), z.log_softmax(-1), z.logsumexp(1, keepdim=True)], 1)


@spelling(a=wide, c=head)
def softmax_by_hand(net, x):
    e = torch.exp(net.a(x) - net.a(x).max(1, keepdim=True).values)
    return net.c(e / e.sum(1, keepdim=True))


@spelling(a=wide, n=lambda: nn.LayerNorm(8), b=deep, c=head)
def layer_normalised(net, x):
    return net.c(torch.relu(net.n(net.b(F.layer_norm(net.a(x), (8,)).tanh()))))


@spelling(a=wide, n=lambda: nn.RMSNorm(8), c=head)
def root_mean_square_normalised(net, x):
    return net.c(net.n(net.a(x)).tanh())


@spelling(4, 3, 3, g=lambda: nn.GroupNorm(2, 4), i=lambda: nn.InstanceNorm2d(4, affine=True))
def group_and_instance_normalised(net, x):
    return (net.g(x).relu() + net.i(x).tanh()).flatten(2).sum(1)


def seen_batch_norm() -> nn.Module:
    norm = nn.BatchNorm1d(8)
    norm(torch.randn(32, 8) * 2 + 1)
    return norm


@spelling(a=wide, n=seen_batch_norm, c=head)
def batch_normalised(net, x):
    return net.c(F.relu(net.n(net.a(x)), inplace=True))


@spelling(a=wide, c=head)
def unit_vectors(net, x):
    h = F.normalize(net.a(x), dim=1)
    similar = F.cosine_similarity(h, net.a(x.flip(1)), dim=1)
    return net.c(h) + similar[:, None] + torch.cdist(h[:, None], net.a(x)[:, None]).flatten(1)


@spelling(a=wide, c=head)
def norms(net, x):
    h = net.a(x)
    sizes = [
        h.norm(dim=1),
        h.norm(p=1, dim=1),
        torch.linalg.vector_norm(h, math.inf, 1),
        h.norm(3, 1),
    ]
    return net.c(h) + torch.stack(sizes, 1).sum(1, keepdim=True)


# Maxima, choices ---------------------------------------------------------------------------------


@spelling(a=wide, b=wide, c=head)
def maxima(net, x):
    h, g = net.a(x), net.b(x)
    two = torch.maximum(h, g) + torch.min(h, g.relu()) + h.fmax(g) + torch.clamp(h, min=-g.abs())
    one = h.amax(1, keepdim=True) + g.max(1, keepdim=True).values + h.min(1)[0][:, None]
    return net.c(two) + one + g.amin((1,))[:, None]


@spelling(a=wide, c=head)
def masks_written_out(net, x):
    h = net.a(x)
    h = torch.where(h > 0, h, 0.1 * h) + h * (h > x[:, :1]) + (h < 0.3).float()
    return net.c(
        h.masked_fill(h < -1, -1) + (~(h > 0)).to(h.dtype) + h.where(h.abs() > 0.2, h.exp())
    )


@spelling(a=wide, c=head)
def masks_combined(net, x):
    h = net.a(x)
    inside = (h > -0.5) & (h < 0.5)
    outside = (h < -1) | (h > 1)
    return net.c(
        h * inside[:, :] + 2 * outside.double().to(h.dtype) + torch.where(inside[:, :1], h, 0)
    )


@spelling(a=wide, c=head)
def choices_that_agree(net, x):
    h = net.a(x)
    if (h.exp() > 0).all():
        h = h[:, (h[0].exp() > 0)]
    order = torch.argsort(h * 0 + torch.arange(8.0), 1)
    return net.c(h.gather(1, order) * float((h * 0).sum() + 2))


# Convolutions, pooling ---------------------------------------------------------------------------


@spelling(2, 6, 6, a=lambda: nn.Conv2d(2, 4, 3, padding=1), c=lambda: nn.Linear(36, 2))
def convolution_and_max_pool(net, x):
    return net.c(F.max_pool2d(F.relu(net.a(x)), 2).flatten(1))


@spelling(2, 9, a=lambda: nn.Conv1d(2, 3, 3, padding="same", padding_mode="circular"))
def pools_of_every_kind(net, x):
    h = net.a(x)
    pools = [
        F.max_pool1d(h, 3, 2, 1), F.max_pool1d(h, 2, ceil_mode=True), F.adaptive_max_pool1d(h, 4),
        nn.MaxPool1d(3, dilation=2)(h), F.avg_pool1d(h, 2), F.adaptive_avg_pool1d(h, 2),
        F.lp_pool1d(h.abs() + 0.1, 2, 3), F.max_pool1d(h, 2, return_indices=True)[0],
    ]  # fmt: skip
    return torch.cat(pools, -1).sum(1)


@spelling(1, 4, 4, 4, a=lambda: nn.Conv3d(1, 2, 2), c=lambda: nn.Linear(16, 2))
def volumes(net, x):
    pooled = F.max_pool3d(net.a(x), 2, 1)
    return net.c(pooled.flatten(1)) + F.adaptive_max_pool3d(x, 1).flatten(1)


@spelling(2, 5, 5, a=lambda: nn.Conv2d(2, 3, 3, 2), b=lambda: nn.ConvTranspose2d(3, 2, 3, 2))
def down_and_up(net, x):
    h = x + net.b(F.silu(net.a(x)))
    h = F.interpolate(h, scale_factor=2, mode="bilinear") + F.interpolate(h, scale_factor=2)
    return F.adaptive_avg_pool2d(F.pixel_unshuffle(h, 2).tanh(), 1).flatten(1)


@spelling(8, c=lambda: nn.Linear(5, 2))
def spectrum(net, x):
    s = torch.fft.rfft(x)
    return net.c(s.abs() + s.real.tanh() * s.imag)


# Attention ---------------------------------------------------------------------------------------


@spelling(5, 8, q=deep, k=deep, v=deep)
def attention_by_hand(net, x):
    scores = net.q(x) @ net.k(x).transpose(1, 2) / math.sqrt(8)
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
    return (F.softmax(scores.masked_fill(causal, -math.inf), -1) @ net.v(x)).mean(1)


@spelling(5, 8, q=deep, k=deep, v=deep)
def attention_of_torch(net, x):
    q, k, v = (f(x).view(-1, 5, 2, 4).transpose(1, 2) for f in (net.q, net.k, net.v))
    h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    h = h + F.scaled_dot_product_attention(q, k, v, attn_mask=torch.ones(5, 5).tril().bool())
    return h.transpose(1, 2).flatten(2)[:, -1]


@spelling(5, 8, a=lambda: nn.MultiheadAttention(8, 2, batch_first=True), c=head)
def attention_module(net, x):
    h, weights = net.a(x, x, x)
    mixed, _ = net.a(h, x, x, need_weights=False)
    return net.c(mixed.mean(1)) + weights.flatten(1)[:, :2]


def encoder(**how: Any) -> Callable[[], nn.Module]:
    return lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True, **how)


@spelling(5, 8, a=encoder(), b=encoder(norm_first=True, activation="gelu"), c=head)
def transformer(net, x):
    return net.c(net.b(net.a(x))[:, 0])


@spelling(5, 8, a=lambda: nn.TransformerDecoderLayer(8, 2, 16, batch_first=True), c=head)
def decoder(net, x):
    mask = nn.Transformer.generate_square_subsequent_mask(5, dtype=x.dtype)
    return net.c(net.a(x, x.flip(1), tgt_mask=mask).amax(1))


# Recurrent layers --------------------------------------------------------------------------------


@spelling(6, 3, a=lambda: nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True), c=head)
def lstm(net, x):
    out, (h, _) = net.a(x)
    return net.c(out[:, -1] + torch.cat([h[-2], h[-1]], 1))


@spelling(6, 3, a=lambda: nn.LSTM(3, 8, batch_first=True, proj_size=4, bias=False), c=linear(4, 2))
def lstm_with_projection(net, x):
    return net.c(net.a(x)[0].mean(1))


@spelling(6, 3, a=lambda: nn.GRU(3, 4, 2, bidirectional=True), c=head)
def gru(net, x):
    return net.c(net.a(x.transpose(0, 1))[0][-1])


@spelling(6, 3, a=lambda: nn.RNN(3, 4), b=lambda: nn.RNN(4, 8, nonlinearity="relu"), c=head)
def plain_rnn(net, x):
    return net.c(net.b(net.a(x.transpose(0, 1))[0])[1][0])


@spelling(
    4,
    3,
    a=lambda: nn.LSTMCell(3, 8),
    b=lambda: nn.GRUCell(8, 8),
    d=lambda: nn.RNNCell(8, 8),
    c=head,
)
def cells(net, x):
    h = c = g = r = x.new_zeros(len(x), 8)
    for step in x.unbind(1):
        h, c = net.a(step, (h, c))
        g = net.b(h, g)
        r = net.d(g, r)
    return net.c(r + net.b(h))


@spelling(6, 3, a=lambda: nn.LSTM(3, 4, bidirectional=True), b=lambda: nn.GRU(8, 4), c=linear(4, 2))
def packed(net, x):
    lengths = torch.tensor([(3 + 2 * i) % 6 + 1 for i in range(len(x))])
    data = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    out, _ = net.b(net.a(data)[0])
    padded, _ = pad_packed_sequence(out, batch_first=True)
    return net.c(padded.sum(1))


@spelling(6, 3, a=linear(11, 8), c=head)
def recurrent_by_hand(net, x):
    h = torch.zeros(len(x), 8, dtype=x.dtype)
    for step in range(x.shape[1]):
        h = torch.tanh(net.a(torch.cat([x[:, step], h], dim=1)))
    return net.c(h)
