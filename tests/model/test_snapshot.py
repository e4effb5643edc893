"""A snapshot computes what the model computes, and the model does not notice."""

import functools
import gc
import threading
import weakref

import pytest
import torch
from torch import nn

from nbexplain.engine.sensitivities import sensitivities
from nbexplain.model import Snapshot, pick, untouched
from tests.belongings import belongings
from tests.oracles import central_differences
from tests.zoo import ZOO, Specimen, mlp, positional, rows

everything = pytest.mark.parametrize("specimen", ZOO, ids=repr)
healthy = pytest.mark.parametrize("specimen", [s for s in ZOO if s.says is None], ids=repr)
smooth = pytest.mark.parametrize("specimen", [s for s in ZOO if s.smooth], ids=repr)


def in_evaluation(model):
    """The model itself, as its owner would evaluate it."""
    modules = [model, getattr(model, "module", None), getattr(model, "__self__", None)]
    for module in [*modules, *getattr(model, "args", ())]:
        if isinstance(module, nn.Module):
            module.eval()
    return model


def call(model, tensors, names):
    if names is None:
        return model(*tensors)
    try:
        return model(**dict(zip(names, tensors, strict=True)))
    except TypeError:
        return model(dict(zip(names, tensors, strict=True)))


@healthy
def test_computes_what_the_model_computes(specimen: Specimen):
    model, inputs = specimen.make()
    tensors, names = positional(inputs)
    snapshot = Snapshot(model)
    with torch.no_grad():
        prepared = snapshot.prepare(tensors)
        returned = snapshot(tuple(x.clone() for x in prepared), names)
        expected = specimen.outputs(call(in_evaluation(model), prepared, names))
    torch.testing.assert_close(
        pick(returned, len(tensors[0])).outputs,
        expected.reshape(len(tensors[0]), -1),
        rtol=0,
        atol=0,
    )


@smooth
def test_derivatives_agree_with_finite_differences(specimen: Specimen):
    model, inputs = specimen.make()
    tensors, names = positional(inputs)
    snapshot = Snapshot(doubled(model))
    assert snapshot.dtype == torch.float64
    tensors = snapshot.prepare(tensors)
    _, exact = sensitivities(lambda x: pick(snapshot(x, names), len(x[0])).outputs, tensors)

    model = in_evaluation(doubled(specimen.make()[0]))
    oracle = central_differences(
        lambda x: specimen.outputs(call(model, x, names)).reshape(len(x[0]), -1), tensors
    )
    differences = [x for x in oracle if x is not None]
    if len(differences) > 1:
        differences = [torch.cat([x.flatten(2) for x in differences], dim=2)]
    torch.testing.assert_close(exact, differences[0], rtol=1e-5, atol=1e-8)


def doubled(model):
    for holder in (model, getattr(model, "module", None), getattr(model, "__self__", None)):
        if isinstance(holder, nn.Module):
            holder.double()
    for held in getattr(model, "args", ()):
        held.double()
    return model


@everything
def test_leaves_no_trace(specimen: Specimen):
    model, inputs = specimen.make()
    tensors, names = positional(inputs)
    before = belongings(model, inputs)
    with untouched():
        snapshot = Snapshot(model)
        leaves = tuple(
            x.requires_grad_(x.is_floating_point())
            for x in snapshot.prepare(tuple(x.clone() for x in tensors))
        )
        returned = snapshot(tuple(x.clone() for x in leaves), names)
        if specimen.says is None:
            pick(returned, len(tensors[0])).outputs.sum().backward()
    assert belongings(model, inputs) == before


@healthy
def test_is_frozen_and_shares_no_memory(specimen: Specimen):
    model, _ = specimen.make()
    mine = {t.data_ptr() for m in held_by(Snapshot(model)._model) for t in tensors_of(m)}
    theirs = {t.data_ptr() for m in held_by(model) for t in tensors_of(m)}
    assert mine
    assert not mine & theirs
    for module in held_by(Snapshot(model)._model):
        assert not any(t.requires_grad for t in tensors_of(module))
        assert not any(m.training for m in module.modules())


def held_by(model):
    from nbexplain.model.functions import modules_of

    return modules_of(model)


def tensors_of(module):
    return [*module.parameters(), *module.buffers()]


# Facts -------------------------------------------------------------------------------------------


def test_tells_name_dtype_and_last_layer():
    snapshot = Snapshot(nn.Sequential(nn.Linear(2, 2), nn.Softmax(-1)).bfloat16())
    assert (snapshot.name, snapshot.dtype, snapshot.device.type) == (
        "Sequential",
        torch.bfloat16,
        "cpu",
    )
    assert snapshot.ends_in is nn.Softmax
    assert Snapshot(lambda x: x).ends_in is None
    assert Snapshot(lambda x: x).name == "function"
    assert Snapshot(functools.partial(torch.softmax, dim=1)).name == "softmax"
    assert Snapshot(torch.compile(mlp(), backend="eager")).name == "Sequential"


def test_names_normalisations_that_use_the_batch():
    net = nn.Sequential(nn.BatchNorm1d(2), nn.BatchNorm1d(2, track_running_stats=False))
    assert Snapshot(net).batch_statistics == ("1 (BatchNorm1d)",)


def test_reads_what_forward_takes():
    class Net(nn.Module):
        def forward(self, x, mask=None, *rest, scale=1.0, **more):
            return x

    signature = Snapshot(Net()).parameters_of_forward
    assert (signature.names, signature.required) == (("x", "mask"), 1)
    assert signature.keyword_only == ("scale",)
    assert signature.var_positional
    assert signature.var_keyword


@pytest.mark.parametrize(
    "name", ["scripted", "traced", "compiled", "plain_function", "bound_method"]
)
def test_reads_what_other_kinds_of_forward_take(name):
    model, _ = next(s for s in ZOO if s.name == name).make()
    signature = Snapshot(model).parameters_of_forward
    assert signature.required == 1
    assert len(signature.names) == 1


def test_named_inputs_go_by_keyword_or_as_a_dict():
    def scaled(x, scale):
        return x * scale

    x, scale = torch.full((2,), 3.0), torch.full((2,), 2.0)
    by_keyword = Snapshot(scaled)((scale, x), ("scale", "x"))
    as_dict = Snapshot(lambda batch: batch["x"] ** batch["power"])((scale, x), ("power", "x"))
    assert by_keyword.tolist() == [6, 6]
    assert as_dict.tolist() == [9, 9]


def test_prepares_floats_for_the_model_and_leaves_codes_alone():
    x, codes, flags = torch.ones(2), torch.ones(2, dtype=torch.int32), torch.ones(2).bool()
    prepared = Snapshot(mlp().half()).prepare((x, codes, flags))
    assert [t.dtype for t in prepared] == [torch.float16, torch.int32, torch.bool]


# What deepcopy refuses ---------------------------------------------------------------------------


def test_shares_what_cannot_be_copied_and_copies_generators():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.state = {"locks": [threading.Lock()], "generator": torch.Generator()}
            self.numbers = (i for i in range(3))

    net = Net()
    copy = Snapshot(net)._model
    assert copy.state["locks"][0] is net.state["locks"][0]
    assert copy.numbers is net.numbers
    assert copy.state["generator"] is not net.state["generator"]
    drawn = torch.rand(3, generator=copy.state["generator"])
    assert torch.equal(drawn, torch.rand(3, generator=net.state["generator"]))


def test_finds_results_of_autograd_deep_inside():
    class Cache:
        __slots__ = ("values",)

    net = mlp()
    net.cache = Cache()
    net.cache.values = {"last": [net(rows(4)).sum()]}
    copy = Snapshot(net)._model
    assert copy.cache.values["last"][0].grad_fn is None
    assert torch.equal(copy.cache.values["last"][0], net.cache.values["last"][0].detach())


def test_keeps_tied_weights_tied():
    net = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    net[1].weight = net[0].weight
    copy = Snapshot(net)._model
    assert copy[0].weight is copy[1].weight


def test_a_model_that_refers_to_itself():
    net = mlp()
    net.layers = [net]
    net.lock = threading.Lock()
    copy = Snapshot(net)._model
    assert copy.layers[0] is copy


def test_a_model_made_in_inference_mode_can_be_differentiated():
    with torch.inference_mode():
        net = mlp()
    x = rows(4).requires_grad_()
    Snapshot(net)((x,)).sum().backward()
    assert x.grad.abs().sum() > 0


def test_a_snapshot_taken_in_inference_mode_can_be_differentiated():
    net, x = mlp(), rows(4).requires_grad_()
    with torch.inference_mode():
        snapshot = Snapshot(net)
    snapshot((x,)).sum().backward()
    assert x.grad.abs().sum() > 0


def test_a_model_that_copies_itself_is_frozen_too():
    class Own(nn.Linear):
        def __deepcopy__(self, memo):
            return Own(self.in_features, self.out_features)

    copy = Snapshot(Own(2, 2))._model
    assert not copy.weight.requires_grad
    assert not copy.training


def test_compiled_modules_become_what_they_were_compiled_from():
    inner = torch.compile(mlp(4, 8), backend="eager")
    whole = torch.compile(nn.Sequential(inner, nn.Linear(8, 2)), backend="eager")
    names = [type(m).__name__ for m in Snapshot(whole)._model.modules()]
    assert names == ["Sequential", "Sequential", "Linear", "Tanh", "Linear", "Linear"]


def test_is_freed_with_its_last_reference():
    snapshot = Snapshot(mlp())
    gone = weakref.ref(snapshot._model)
    del snapshot
    gc.collect()
    assert gone() is None


# Hooks -------------------------------------------------------------------------------------------


def test_an_observer_is_called_once_and_never_on_the_owners_containers():
    net, seen = mlp(), []
    net[0].register_forward_hook(lambda _module, _args, out: seen.append(out.shape))
    snapshot = Snapshot(net)
    for _ in range(3):
        snapshot((rows(4),))
    assert seen == []
    recorded = snapshot._model[0]._forward_hooks.popitem()[1].hook.__closure__[0].cell_contents
    assert recorded == [(6, 8)]


class Recorder:
    def __init__(self):
        self.calls = 0

    def __call__(self, *_):
        self.calls += 1


def test_an_observer_of_a_class_of_its_own_is_called_once():
    net, recorder = mlp(), Recorder()
    net.register_forward_pre_hook(recorder)
    snapshot = Snapshot(net)
    for _ in range(3):
        snapshot((rows(4),))
    assert recorder.calls == 1


@pytest.mark.parametrize("kind", ["returns", "in place", "sets"])
def test_a_hook_that_takes_part_is_kept(kind):
    class Scaled(nn.Linear):
        def __init__(self, *sizes):
            super().__init__(*sizes)
            self.scale = torch.ones(())

        def forward(self, x):
            return super().forward(x) * self.scale

    def hook(module, args, out):
        if kind == "returns":
            return out * 3
        if kind == "in place":
            out.mul_(3)
        return None

    def pre_hook(module, args):
        module.scale = args[0].mean()

    net = Scaled(4, 2)
    net.register_forward_pre_hook(pre_hook) if kind == "sets" else net.register_forward_hook(hook)
    snapshot = Snapshot(net)
    for x in (rows(4), rows(4)):
        assert torch.equal(snapshot((x,)), net(x))


def test_backward_hooks_stay_behind():
    def called(*_):
        raise AssertionError("a hook came along")

    net = mlp()
    net[0].register_full_backward_hook(called)
    net[0].weight.register_hook(called)
    x = rows(4).requires_grad_()
    Snapshot(net)((x,)).sum().backward()
    assert x.grad.any()


def test_a_hook_bound_to_the_model_is_bound_to_its_copy():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.kept = mlp(), None
            self.net.register_forward_hook(self.keep)

        def keep(self, _module, _args, out):
            self.kept = out

        def forward(self, x):
            self.net(x)
            return self.kept

    net = Net()
    snapshot = Snapshot(net)
    assert snapshot((rows(4),)).shape == (6, 2)
    assert net.kept is None


# Functions ---------------------------------------------------------------------------------------

NET = nn.Sequential(mlp(), nn.BatchNorm1d(2), nn.Dropout())


def probability(x):
    return scores(x).softmax(-1)


def scores(x):
    return NET(x)


def test_a_function_calls_private_copies_of_the_globals_it_names():
    x = rows(4)
    before = belongings(NET)
    snapshot = Snapshot(probability)
    assert torch.equal(snapshot((x,)), snapshot((x,)))
    assert belongings(NET) == before
    assert torch.equal(snapshot((x,)), NET.eval()(x).softmax(-1))


def test_an_object_with_a_module_is_copied():
    class Wrapper:
        def __init__(self, net):
            self.net = net

        def __call__(self, x):
            return self.net(x)

        def predict(self, x):
            return self.net(x)

    wrapper, x = Wrapper(nn.Sequential(mlp(), nn.Dropout())), rows(4)
    for model in (wrapper, wrapper.predict, lambda x: wrapper.predict(x)):
        snapshot = Snapshot(model)
        assert torch.equal(snapshot((x,)), snapshot((x,)))
        assert wrapper.net.training
    assert Snapshot(wrapper).name == "Wrapper"


def test_a_compiled_function_becomes_what_it_was_compiled_from():
    net = nn.Sequential(mlp(), nn.Dropout())
    compiled = torch.compile(lambda x: net(x), backend="eager")
    copy = Snapshot(compiled)._model
    assert not hasattr(copy, "_torchdynamo_orig_callable")
    assert not copy.__closure__[0].cell_contents.training


@torch.no_grad()
def decorated(x):
    return NET(x)


def test_what_a_decorator_of_torch_wraps_is_private():
    x = rows(4)
    before = belongings(NET.train())
    snapshot = Snapshot(decorated)
    assert torch.equal(snapshot((x,)), snapshot((x,)))
    assert belongings(NET) == before


def test_a_patched_forward_runs_the_copy():
    net, x = mlp(), rows(4)
    old = net.forward
    net.forward = functools.wraps(old)(lambda x: 2 * old(x))
    snapshot, expected = Snapshot(net), net(x)
    with torch.no_grad():
        net[0].weight.zero_()
    assert torch.equal(snapshot((x,)), expected)


def test_an_ensemble_over_a_meta_module_runs_where_its_weights_are():
    nets = [mlp(), mlp()]
    parameters, buffers = torch.func.stack_module_state(nets)
    base = mlp().to("meta")

    def ensemble(x):
        def one(*state):
            return torch.func.functional_call(base, state, (x,))

        return torch.vmap(one)(parameters, buffers).mean(0)

    snapshot, x = Snapshot(ensemble), rows(4)
    expected = (nets[0](x) + nets[1](x)) / 2
    torch.testing.assert_close(snapshot(snapshot.prepare((x,))), expected)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_frozen_scripts_and_traced_functions():
    net, x = mlp().eval(), rows(4)
    frozen = torch.jit.freeze(torch.jit.script(net))
    traced = torch.jit.trace(torch.tanh, x)
    assert torch.equal(Snapshot(frozen)((x,)), net(x))
    assert torch.equal(Snapshot(traced)((x,)), x.tanh())


def test_a_function_that_calls_itself():
    net = nn.Sequential(nn.Linear(4, 4), nn.Dropout())

    def repeated(x, times=3):
        return repeated(net(x), times - 1) if times else x

    snapshot, x = Snapshot(repeated), rows(4)
    assert torch.equal(snapshot((x,)), snapshot((x,)))
    net.eval()
    assert torch.equal(snapshot((x,)), repeated(x))


def test_functions_without_state_are_shared():
    act = nn.functional.relu
    layer = nn.TransformerEncoderLayer(4, 1, 4, activation=act)
    assert Snapshot(layer)._model.activation is act

    def double(x):
        return 2 * x

    assert Snapshot(double)._model is double


# Not a model -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (
            nn.Linear,
            "model is the class Linear, not a network: pass an instance, such as Linear().",
        ),
        (None, "model must be a torch.nn.Module or a function of tensors, not None"),
        ("net.pt", "not a str"),
        (torch.zeros(3), "not a Tensor"),
        (mlp().state_dict(), "load it into a network with load_state_dict"),
    ],
)
def test_what_is_not_a_model_is_refused(model, sentence):
    with pytest.raises(TypeError) as refused:
        Snapshot(model)
    assert sentence in str(refused.value)


def test_lazy_layers_need_a_batch_first():
    with pytest.raises(ValueError, match="run model\\(X\\) on one batch first"):
        Snapshot(nn.Sequential(nn.LazyLinear(3)))


def test_a_model_that_refuses_to_be_copied_says_why():
    class Stubborn(nn.Module):
        def __deepcopy__(self, memo):
            raise RuntimeError("never")

    with pytest.raises(TypeError, match=r"\(Stubborn\) cannot be copied.*never"):
        Snapshot(Stubborn())
