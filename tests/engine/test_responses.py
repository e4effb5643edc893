"""The chain rule of the responses against autograd through the responses themselves."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nbexplain.engine.responses import chain, in_turn, respond
from nbexplain.engine.sensitivities import sensitivities


def layer(outputs: int, seed: int, size: float = 1.0):
    generator = torch.Generator().manual_seed(seed)
    weight = size * torch.randn(3, outputs, dtype=torch.float64, generator=generator)
    x = torch.randn(6, 3, dtype=torch.float64, generator=generator)
    return (lambda inputs: inputs[0] @ weight), x


@given(st.integers(2, 6), st.integers(0, 1000), st.sampled_from(["raw", "prob", "logodds"]))
def test_logits(outputs, seed, response):
    scores, x = layer(outputs, seed)
    z, raw = sensitivities(scores, (x,))
    _, direct = sensitivities(lambda i: respond(scores(i), "logits", response), (x,))
    torch.testing.assert_close(chain(z, raw, "logits", response), direct, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("response", ["raw", "prob", "logodds"])
@pytest.mark.parametrize("kind", ["logit", "independent", "probabilities"])
def test_other_kinds(kind, response):
    scores, x = layer(1 if kind == "logit" else 3, seed=1)
    squash = {
        "logit": lambda z: z,
        "independent": torch.sigmoid,
        "probabilities": lambda z: z.softmax(1),
    }[kind]
    network = lambda i: squash(scores(i))  # noqa: E731
    z, raw = sensitivities(network, (x,))
    _, direct = sensitivities(lambda i: respond(network(i), kind, response), (x,))
    torch.testing.assert_close(chain(z, raw, kind, response), direct, rtol=1e-9, atol=1e-12)


def test_a_nearly_certain_class_keeps_its_digits():
    z = torch.tensor([[20.0, -20.0]], dtype=torch.float32)
    raw = torch.tensor([[[1.0], [0.0]]])
    found = chain(z, raw, "logits", "prob")
    exact = torch.special.expit(torch.tensor(-40.0, dtype=torch.float64)).float()
    torch.testing.assert_close(found[0, 0], exact[None], rtol=1e-6, atol=0)


def test_log_odds_of_logits_survive_where_probabilities_saturate():
    z = torch.tensor([[400.0, -400.0]])
    raw = torch.tensor([[[1.0], [0.0]]])
    assert chain(z, raw, "logits", "logodds")[0, 0] == 1


def test_given_probabilities_of_one_have_no_log_odds():
    p = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    raw = torch.ones(2, 2, 1)
    found = chain(p, raw, "probabilities", "logodds")
    assert found[0].eq(0).all()
    torch.testing.assert_close(found[1, 0], torch.tensor([1 / (0.25 * 0.75)]))


def test_any_shape_of_input():
    z, raw = torch.randn(4, 3), torch.randn(4, 3, 2, 5)
    flat = chain(z, raw.flatten(2), "logits", "prob")
    assert torch.equal(chain(z, raw, "logits", "prob"), flat.view(4, 3, 2, 5))


@pytest.mark.parametrize("outputs", [2, 3, 5])
@pytest.mark.parametrize("responses", [("prob",), ("prob", "raw", "logodds"), ("logodds", "raw")])
def test_responses_in_turn_are_those_of_the_chain_rule_one_by_one(outputs, responses):
    scores, x = layer(outputs, seed=2)
    z, raw = sensitivities(scores, (x,))
    turns = in_turn(z, raw, "logits", responses)
    found = {response: derivatives.clone() for response, derivatives in turns}
    assert found.keys() == set(responses)
    for response, derivatives in found.items():
        _, direct = sensitivities(lambda i, r=response: respond(scores(i), "logits", r), (x,))
        expected = direct[:, -derivatives.shape[1] :]  # of two classes the second alone
        torch.testing.assert_close(derivatives, expected, rtol=1e-9, atol=1e-12)
