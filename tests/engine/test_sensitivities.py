"""Derivatives against closed forms; what the sweep leaves of its inputs."""

import torch
from torch import nn

from nbexplain.engine.sensitivities import sensitivities


def test_closed_form_of_every_output():
    x = torch.randn(5, 2, dtype=torch.float64)
    f = lambda i: torch.stack([i[0][:, 0] ** 2, i[0].prod(1), i[0][:, 1].cos()], 1)  # noqa: E731
    outputs, jacobian = sensitivities(f, (x,))
    a, b = x.T
    zero = torch.zeros_like(a)
    expected = torch.stack(
        [torch.stack(row, 1) for row in ([2 * a, zero], [b, a], [zero, -b.sin()])], 1
    )
    torch.testing.assert_close(jacobian, expected)
    torch.testing.assert_close(outputs, f((x,)))


def test_any_shape_and_a_first_operation_in_place():
    x = torch.randn(4, 2, 3, 3)
    before = x.clone()
    network = nn.Sequential(nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(18, 2))
    _, jacobian = sensitivities(lambda i: network(i[0]), (x,))
    weight = network[2].weight.detach().view(1, 2, 2, 3, 3)
    torch.testing.assert_close(jacobian, weight * (before > 0)[:, None])
    assert torch.equal(x, before)
    assert not x.requires_grad


def test_several_inputs_stand_side_by_side_and_integers_are_passed_on():
    a, b, codes = torch.randn(3, 2), torch.randn(3, 2, 2), torch.tensor([0, 1, 1])
    table = torch.tensor([1.0, 10.0])
    f = lambda i: (table[i[2]] * (i[0].sum(1) + 2 * i[1].sum((1, 2))))[:, None]  # noqa: E731
    _, jacobian = sensitivities(f, (a, b, codes))
    assert jacobian.shape == (3, 1, 6)
    torch.testing.assert_close(jacobian[1, 0], torch.tensor([10.0, 10, 20, 20, 20, 20]))


def test_an_unused_input_and_a_constant_function_have_derivative_zero():
    x = torch.randn(3, 2)
    _, unused = sensitivities(lambda i: i[0][:, :1] * 2, (x, torch.randn(3, 1)))
    assert unused[:, 0].tolist() == [[2, 0, 0]] * 3
    _, constant = sensitivities(lambda i: torch.ones(3, 2), (x,))
    assert constant.shape == (3, 2, 2)
    assert constant.eq(0).all()


def test_works_where_gradients_are_switched_off():
    with torch.no_grad():
        _, jacobian = sensitivities(lambda i: i[0] * 3, (torch.ones(1, 1),))
    assert jacobian.item() == 3
