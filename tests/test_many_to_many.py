"""Models that return outputs at every step: those of each row's last step are explained."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import nbexplain as nbx
from tests.test_padding import GEOMETRIC, LENGTHS, Recurrence, X, left, right


class EveryStep(nn.Module):
    """The recurrence's state at every step, as so many outputs as `heads` has."""

    def __init__(self, heads=(1.0, -3.0), form=lambda y: y, order=(0, 1, 2)):
        super().__init__()
        self.inner, self.form, self.order = Recurrence(), form, order
        self.register_buffer("heads", torch.tensor(heads, dtype=torch.float64))

    def forward(self, x):
        states = self.inner.states(x.permute(self.order))
        return self.form((states[..., None] * self.heads).permute(self.order))


def delayed(x):
    """y_s = 3 x1_s + x2_{s-1}, x2_0 = 0."""
    before = torch.cat([torch.zeros_like(x[:, :1, 1:]), x[:, :-1, 1:]], dim=1)
    return 3 * x[..., :1] + before


def test_a_delay_is_seen_at_the_last_step():
    ex = nbx.explain(delayed, X[:, :4, :2].float(), scale="none")
    np.testing.assert_allclose(ex.lag_importance()["importance"], [75, 25, 0, 0])
    assert ex.outputs == ("y0",)
    assert "The model returns outputs at every step: those of the last step are explained." in (
        ex.notes
    )
    lag0 = nbx.Sensitivity(definition="lag0")
    paper = nbx.explain(delayed, X[:, :4, :2].float(), method=lag0, scale="none")
    np.testing.assert_allclose(paper.importances().share, [100, 0])


@pytest.mark.parametrize(
    "form",
    [
        lambda y: y,
        lambda y: (y, y.mean((1, 2))[None]),
        lambda y: {"state": None, "out": y},
        lambda y: [y],
    ],
)
def test_the_last_step_of_many_outputs_is_found(form):
    plain = nbx.explain(Recurrence(), X)
    ex = nbx.explain(EveryStep(form=form), X)
    assert ex.outputs == ("y0", "y1")
    pd.testing.assert_frame_equal(ex.lag_importance(0), plain.lag_importance())
    np.testing.assert_allclose(ex.attributions[:, 1], -3 * plain.attributions[:, 0])
    np.testing.assert_allclose(ex.predictions[:, 0], plain.predictions[:, 0])


@pytest.mark.parametrize("layout", ["tnp", "npt"])
def test_outputs_have_the_layout_of_inputs(layout):
    order = {"tnp": (1, 0, 2), "npt": (0, 2, 1)}[layout]
    ex = nbx.explain(EveryStep(order=order), X.permute(order), layout=layout)
    pd.testing.assert_frame_equal(
        ex.lag_importance(0), nbx.explain(Recurrence(), X).lag_importance()
    )


def test_padded_rows_are_explained_at_their_own_last_step():
    for x, mask in (right(), left()):
        ex = nbx.explain(EveryStep(), x, lengths=mask, scale="none", batch_size=70)
        np.testing.assert_allclose(ex.lag_importance()["importance"], GEOMETRIC, atol=1e-6)
        assert any("each row's last existing step" in note for note in ex.notes)
    row = int((LENGTHS == 3).nonzero()[0])
    ex = nbx.explain(EveryStep(), right()[0], lengths=LENGTHS, scale="none", keep=0)
    shares = 0.36 ** np.arange(3)
    found = ex.lag_importance(row=row)["importance"]
    np.testing.assert_allclose(found, [*100 * shares / shares.sum(), 0, 0, 0])


def test_classes_at_every_step():
    torch.manual_seed(0)
    cell = nn.GRU(3, 3, batch_first=True).double()
    y = np.arange(len(X)) % 3
    ex = nbx.explain(cell, X, y)
    own = nbx.explain(cell, X, y, response=lambda out: out[0][:, -1].softmax(1))
    np.testing.assert_allclose(ex.lag_map(1), own.lag_map(1), rtol=1e-9)
    np.testing.assert_allclose(ex.predictions.sum(1), 1)


def test_what_fits_already_is_not_cut():
    torch.manual_seed(0)
    head = nn.Linear(18, 2).double()
    model = lambda x: (head(x.flatten(1)), x @ x.mT)  # noqa: E731 - outputs and attention
    ex = nbx.explain(model, X)
    assert ex.outputs == ("y0", "y1")
    assert not any("every step" in note for note in ex.notes)


def test_pictures_have_no_last_step():
    with pytest.raises(ValueError, match="more axes than rows and outputs"):
        nbx.explain(lambda x: x * 2, X, layout="nhw")
    with pytest.raises(ValueError, match="more axes than rows and outputs"):
        nbx.explain(lambda x: x[:, 1:] * 2, X)
