"""Small networks, written the way people write them, each with a few rows of input."""

import functools
import threading
import warnings
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.utils import parametrizations, prune

Inputs = tuple[Tensor, ...] | dict[str, Tensor]


def first(returned: Any) -> Any:
    return returned


@dataclass(frozen=True)
class Specimen:
    """A network and its inputs.

    `outputs` takes the outputs out of what the model returns, without the package's help. A
    network that is `smooth` agrees with finite differences of its double precision copy. `says`
    is found in the one sentence that a network which cannot be explained as it is gets.
    """

    name: str
    make: Callable[[], tuple[Any, Inputs]]
    outputs: Callable[[Any], Tensor] = first
    smooth: bool = True
    says: str | None = None

    def __repr__(self) -> str:
        return self.name


ZOO: list[Specimen] = []


def specimen(**facts: Any) -> Callable[[Callable[[], tuple[Any, Inputs]]], Any]:
    def add(make: Callable[[], tuple[Any, Inputs]]) -> Any:
        @functools.wraps(make)
        def seeded() -> tuple[Any, Inputs]:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(len(make.__name__))
                return make()

        ZOO.append(Specimen(make.__name__, seeded, **facts))
        return seeded

    return add


def rows(*shape: int, n: int = 6) -> Tensor:
    return torch.randn(n, *shape)


def mlp(p: int = 4, k: int = 2) -> nn.Sequential:
    return nn.Sequential(nn.Linear(p, 8), nn.Tanh(), nn.Linear(8, k))


# Fully connected ---------------------------------------------------------------------------------


@specimen()
def plain_sequential() -> Any:
    return mlp(), (rows(4),)


@specimen(smooth=False)
def relu_sequential() -> Any:
    return nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 3)), (rows(4),)


@specimen()
def functional() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.fc2(F.gelu(self.fc1(x)))

    return Net(), (rows(4),)


@specimen()
def residual() -> Any:
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm, self.fc = nn.LayerNorm(8), nn.Linear(8, 8)

        def forward(self, x):
            return x + F.silu(self.fc(self.norm(x)))

    return nn.Sequential(nn.Linear(4, 8), Block(), Block(), nn.Linear(8, 2)), (rows(4),)


@specimen()
def batch_norm() -> Any:
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 2))
    net(3 * rows(4, n=32) + 1)  # statistics of its own, left in training mode
    return net, (rows(4),)


@specimen()
def dropout() -> Any:
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(), nn.Linear(8, 2)), (rows(4),)


@specimen()
def functional_dropout() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.fc2(F.dropout(torch.tanh(self.fc1(x)), 0.5, self.training))

    return Net(), (rows(4),)


@specimen()
def gated_linear_unit() -> Any:
    return nn.Sequential(nn.Linear(4, 16), nn.GLU(), nn.Linear(8, 2)), (rows(4),)


@specimen()
def deep_and_cross() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.cross = nn.ModuleList(nn.Linear(4, 4) for _ in range(2))
            self.deep = mlp(4, 4)
            self.head = nn.Linear(8, 1)

        def forward(self, x):
            crossed = x
            for layer in self.cross:
                crossed = x * layer(crossed) + crossed
            return self.head(torch.cat([crossed, self.deep(x)], dim=1)).squeeze(-1)

    return Net(), (rows(4),)


@specimen()
def mixture_of_experts() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.experts = nn.ModuleList(mlp() for _ in range(3))
            self.gate = nn.Linear(4, 3)

        def forward(self, x):
            answers = torch.stack([expert(x) for expert in self.experts], dim=1)
            return torch.einsum("ne,nek->nk", self.gate(x).softmax(-1), answers)

    return Net(), (rows(4),)


@specimen()
def radial_basis() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("centres", torch.randn(5, 4))
            self.head = nn.Linear(5, 2)

        def forward(self, x):
            squared = (x[:, None] - self.centres).square().sum(-1)
            return self.head(torch.exp(-squared / 4))

    return Net(), (rows(4),)


@specimen()
def normalises_inside() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("mean", torch.randn(4))
            self.register_buffer("std", torch.rand(4) + 0.5)
            self.net = mlp()

        def forward(self, x: Tensor, scale: bool = True) -> Tensor:
            return self.net((x - self.mean) / self.std if scale else x)

    return Net(), (rows(4),)


@specimen(smooth=False)
def first_operation_in_place() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = nn.Sequential(nn.ReLU(inplace=True), nn.Linear(4, 2))

        def forward(self, x):
            x -= 0.5
            return self.net(x)

    return Net(), (rows(4),)


@specimen()
def tied_weights() -> Any:
    class Autoencoder(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = nn.Linear(4, 4), nn.Linear(4, 4)
            self.decoder.weight = self.encoder.weight

        def forward(self, x):
            return self.decoder(torch.tanh(self.encoder(x)))

    return Autoencoder(), (rows(4),)


@specimen()
def reused_submodule() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inside, self.again, self.out = nn.Linear(4, 6), nn.Linear(6, 6), nn.Linear(6, 2)
            self.act = nn.Softplus()

        def forward(self, x):
            x = self.act(self.inside(x))
            for _ in range(3):
                x = self.act(self.again(x))
            return self.out(x)

    return Net(), (rows(4),)


@specimen()
def layers_in_a_plain_list() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            # Not registered: .eval() and .double() of the net do not reach them.
            self.layers = [nn.Linear(4, 8).double(), nn.Tanh(), nn.Dropout()]
            self.head = nn.Linear(8, 2).double()

        def forward(self, x):
            for layer in self.layers:
                x = layer(x)
            return self.head(x)

        def train(self, mode: bool = True):
            for layer in self.layers:
                layer.train(mode)
            return super().train(mode)

    return Net(), (rows(4),)


@specimen()
def frozen_backbone() -> Any:
    net = nn.Sequential(mlp(4, 8), nn.Linear(8, 2))
    net[0].requires_grad_(False)
    net[0].eval()
    net(rows(4)).sum().backward()  # leaves .grad on the head alone
    return net, (rows(4),)


# Heads -------------------------------------------------------------------------------------------


@specimen()
def softmax_head() -> Any:
    return nn.Sequential(mlp(4, 3), nn.Softmax(dim=1)), (rows(4),)


@specimen()
def log_softmax_head() -> Any:
    return nn.Sequential(mlp(4, 3), nn.LogSoftmax(dim=-1)), (rows(4),)


@specimen()
def sigmoid_head() -> Any:
    return nn.Sequential(mlp(4, 1), nn.Sigmoid(), nn.Flatten(0)), (rows(4),)


# Tables with attention and categories ------------------------------------------------------------


@specimen()
def tabular_transformer() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.randn(4, 8))
            self.cls = nn.Parameter(torch.randn(1, 1, 8))
            layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True)
            self.encoder = nn.TransformerEncoder(layer, 2)
            self.head = nn.Linear(8, 2)

        def forward(self, x):
            tokens = torch.cat([self.cls.expand(len(x), -1, -1), x[..., None] * self.weight], 1)
            return self.head(self.encoder(tokens)[:, 0])

    return Net(), (rows(4),)


@specimen()
def two_inputs() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = mlp(3, 4), mlp(2, 4)

        def forward(self, a, b):
            return (self.left(a) * self.right(b)).sum(1, keepdim=True)

    return Net(), (rows(3), rows(2))


@specimen()
def numbers_and_categories() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.Embedding(5, 3)
            self.net = mlp(7, 2)

        def forward(self, numbers, category):
            return self.net(torch.cat([numbers, self.embedding(category)], dim=1))

    return Net(), {"category": torch.arange(6) % 5, "numbers": rows(4)}


@specimen()
def batch_as_a_dict() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.embedding = nn.EmbeddingBag(5, 3)
            self.net = mlp(7, 2)

        def forward(self, batch):
            return self.net(torch.cat([batch["x"], self.embedding(batch["codes"])], dim=1))

    return Net(), {"x": rows(4), "codes": torch.arange(12).reshape(6, 2) % 5}


# What forward returns ----------------------------------------------------------------------------


@specimen(outputs=lambda out: out[0])
def returns_a_tuple() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = mlp(4, 8), nn.Linear(8, 3)

        def forward(self, x):
            hidden = self.body(x)
            return self.head(hidden), hidden

    return Net(), (rows(4),)


@specimen(outputs=lambda out: out["logits"])
def returns_a_dict() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = mlp(4, 8), nn.Linear(8, 3)

        def forward(self, x):
            hidden = self.body(x)
            return {"hidden": hidden, "logits": self.head(hidden)}

    return Net(), (rows(4),)


@specimen(outputs=lambda out: torch.cat([*out.values()], dim=1))
def several_tasks() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = mlp(4, 8)
            self.heads = nn.ModuleDict({"price": nn.Linear(8, 1), "demand": nn.Linear(8, 1)})

        def forward(self, x):
            hidden = torch.tanh(self.body(x))
            return {name: head(hidden) for name, head in self.heads.items()}

    return Net(), (rows(4),)


class ModelOutput(OrderedDict):
    """As Hugging Face writes it: a dict whose entries are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@specimen(outputs=lambda out: out.logits)
def model_output() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = mlp(4, 8), nn.Linear(8, 3)

        def forward(self, x, labels=None, return_hidden=False):
            hidden = self.body(x)
            logits = self.head(hidden)
            loss = None if labels is None else F.cross_entropy(logits, labels)
            return ModelOutput(loss=loss, logits=logits, hidden_states=(x, hidden))

    return Net(), (rows(4),)


class Answer(NamedTuple):
    loss: Tensor
    scores: Tensor


@specimen(outputs=lambda out: out.scores)
def named_tuple() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, x):
            scores = self.net(x)
            return Answer(scores.square().mean(), scores)

    return Net(), (rows(4),)


# Reparametrised weights --------------------------------------------------------------------------


@specimen()
def old_weight_norm() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        net = nn.Sequential(nn.utils.weight_norm(nn.Linear(4, 8)), nn.Tanh(), nn.Linear(8, 2))
    net(rows(4))  # leaves a weight that is a result of autograd
    return net, (rows(4),)


@specimen()
def new_weight_norm() -> Any:
    layer = parametrizations.weight_norm(nn.Linear(4, 8))
    return nn.Sequential(layer, nn.Tanh(), nn.Linear(8, 2)), (rows(4),)


@specimen()
def old_spectral_norm() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        net = nn.Sequential(nn.utils.spectral_norm(nn.Linear(4, 8)), nn.Tanh(), nn.Linear(8, 2))
    net(rows(4))
    return net, (rows(4),)


@specimen()
def new_spectral_norm() -> Any:
    layer = parametrizations.spectral_norm(nn.Linear(4, 8))
    return nn.Sequential(layer, nn.Tanh(), nn.Linear(8, 2)), (rows(4),)


@specimen()
def pruned() -> Any:
    net = mlp()
    prune.l1_unstructured(net[0], "weight", amount=0.4)
    prune.random_unstructured(net[2], "bias", amount=1)
    net(rows(4))
    return net, (rows(4),)


# Compiled, scripted, wrapped ---------------------------------------------------------------------


@specimen()
def compiled() -> Any:
    return torch.compile(mlp(), backend="eager"), (rows(4),)


@specimen()
def compiled_part() -> Any:
    return nn.Sequential(torch.compile(mlp(4, 8), backend="eager"), nn.Linear(8, 2)), (rows(4),)


@specimen()
def scripted() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(mlp()), (rows(4),)


@specimen()
def traced() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.trace(mlp(), torch.zeros(1, 4)), (rows(4),)


@specimen()
def symbolic_graph() -> Any:
    return fx.symbolic_trace(mlp()), (rows(4),)


@specimen()
def data_parallel() -> Any:
    return nn.DataParallel(mlp()), (rows(4),)


@specimen()
def lazy_layers() -> Any:
    net = nn.Sequential(nn.LazyLinear(8), nn.Tanh(), nn.LazyLinear(2))
    net(rows(4))
    return net, (rows(4),)


@specimen()
def plain_function() -> Any:
    net = nn.Sequential(mlp(), nn.Dropout())

    def logit(x):
        return net(x)[:, 1]

    logit.module = net
    return logit, (rows(4),)


@specimen()
def bound_method() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.noise = mlp(4, 8), nn.Dropout()
            self.head = nn.Linear(8, 2)

        def scores(self, x):
            return self.head(self.noise(self.body(x)))

    return Net().scores, (rows(4),)


@specimen()
def partial() -> Any:
    def mixed(net, x, weight):
        return weight * net(x)

    return functools.partial(mixed, nn.Sequential(mlp(), nn.Dropout()), weight=2.0), (rows(4),)


# State beside the parameters ---------------------------------------------------------------------


@specimen()
def cached_activations() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.head, self.history = mlp(4, 8), nn.Linear(8, 2), []

        def forward(self, x):
            self.hidden = self.net(x)
            self.history.append({"mean": self.hidden.mean()})
            return self.head(torch.tanh(self.hidden))

    net = Net()
    net(rows(4))
    return net, (rows(4),)


@specimen()
def lock_and_generator() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()
            self.lock = threading.Lock()
            self.generator = torch.Generator().manual_seed(7)
            self.log = open(__file__)  # noqa: PTH123, SIM115
            self.register_forward_hook(lambda *_: None)

        def forward(self, x):
            with self.lock:
                if self.training:
                    x = x + torch.randn(x.shape, generator=self.generator)
                return self.net(x)

        def __del__(self):
            self.log.close()

    return Net(), (rows(4),)


@specimen()
def recording_hooks() -> Any:
    net, activations = mlp(), {}

    def record(name):
        return lambda _module, _args, out: activations.setdefault(name, []).append(out.detach())

    for name, layer in net.named_children():
        layer.register_forward_hook(record(name))
    net[0].register_full_backward_hook(lambda *_: None)
    net.activations = activations
    return net, (rows(4),)


@specimen()
def hook_that_computes() -> Any:
    net = mlp()
    net[0].register_forward_hook(lambda _module, _args, out: out * 2)
    net[2].register_forward_pre_hook(lambda _module, args, kwargs: (args, kwargs), with_kwargs=True)
    return net, (rows(4),)


@specimen()
def function_on_the_module() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.noise, self.head = mlp(4, 8), nn.Dropout(), nn.Linear(8, 2)
            self.block = lambda x: self.noise(torch.tanh(self.net(x)))

        def forward(self, x):
            return self.head(self.block(x))

    return Net(), (rows(4),)


@specimen()
def counts_its_calls() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.calls = mlp(), 0

        def forward(self, x):
            self.calls += 1
            self.register_buffer("last", x.detach().mean(0))
            return self.net(x)

    return Net(), (rows(4),)


# Precision, custom derivatives -------------------------------------------------------------------


@specimen()
def double_precision() -> Any:
    return mlp().double(), (rows(4).double(),)


@specimen()
def half_precision() -> Any:
    return mlp().half(), (rows(4),)


@specimen()
def bfloat16() -> Any:
    return mlp().bfloat16(), (rows(4),)


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * grad


@specimen()
def custom_function() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(4, 8), nn.Linear(8, 2)

        def forward(self, x):
            return self.fc2(Cube.apply(self.fc1(x)))

    return Net(), (rows(4),)


@specimen()
def spectrum() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp(5, 2)

        def forward(self, x):
            return self.net(torch.fft.rfft(x).abs())

    return Net(), (rows(8),)


# Convolutions, sequences -------------------------------------------------------------------------


@specimen()
def convolution_1d() -> Any:
    net = nn.Sequential(
        nn.Conv1d(2, 4, 3, padding=1), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
        nn.Linear(4, 2),
    )  # fmt: skip
    return net, (rows(2, 7),)


@specimen(smooth=False)
def convolution_2d() -> Any:
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(inplace=True),
        nn.MaxPool2d(2), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip
    net(rows(1, 8, 8))
    return net, (rows(1, 8, 8),)


@specimen()
def fully_convolutional() -> Any:
    net = nn.Sequential(nn.Conv2d(1, 3, 3), nn.Softplus(), nn.AdaptiveAvgPool2d(1))
    return net, (rows(1, 5, 5),)


@specimen()
def group_norm_unet() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.down = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.GroupNorm(2, 4), nn.SiLU())
            self.up = nn.ConvTranspose2d(4, 4, 2, 2)
            self.head = nn.Linear(5, 2)

        def forward(self, x):
            joined = torch.cat([x, self.up(self.down(x))], dim=1)
            return self.head(joined.mean(dim=(2, 3)))

    return Net(), (rows(1, 6, 6),)


# What cannot be explained as it is ---------------------------------------------------------------


@specimen(says="statistics of the batch", smooth=False)
def batch_statistics() -> Any:
    return nn.Sequential(nn.BatchNorm1d(4, track_running_stats=False), mlp()), (rows(4),)


@specimen(says="argmax", smooth=False)
def class_labels() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        def forward(self, x):
            return self.net(x).argmax(dim=1)

    return Net(), (rows(4),)


@specimen(says="no_grad", smooth=False)
def prediction_without_graph() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = mlp()

        @torch.no_grad()
        def forward(self, x):
            return self.net(x)

    return Net(), (rows(4),)


@specimen(says="different outputs for the same rows", smooth=False)
def monte_carlo_dropout() -> Any:
    return nn.Sequential(nn.Linear(4, 8), AlwaysDropout(), nn.Linear(8, 2)), (rows(4),)


class AlwaysDropout(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, 0.5, training=True)


@specimen(says=r"response=lambda out: out\[", smooth=False)
def list_of_heads() -> Any:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.heads = nn.ModuleList(mlp() for _ in range(2))

        def forward(self, x):
            return [head(x) for head in self.heads]

    return Net(), (rows(4),)


def positional(inputs: Inputs) -> tuple[tuple[Tensor, ...], tuple[str, ...] | None]:
    """Inputs as the engine passes them: tensors, and their names if there are any."""
    if isinstance(inputs, Mapping):
        return tuple(inputs.values()), tuple(inputs)
    return inputs, None
