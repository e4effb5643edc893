"""Lags on their way to the page: slices, sizes, the brushed ones by name."""

import json

import numpy as np
import pytest
import torch

import nbexplain as nbx
from nbexplain.notebook import wire
from tests.notebook.pages import Page


def delayed(steps=4, width=2, outputs=1, rows=60, **options):
    X = torch.randn(rows, steps, width, generator=torch.Generator().manual_seed(0))

    def model(x):
        y = 3 * x[:, -1, :1] + x[:, -2, 1:2]
        return torch.cat([y * (k + 1) for k in range(outputs)], 1)

    return nbx.explain(model, X, scale="none", progress=False, **options)


def table():
    return nbx.explain(torch.nn.Linear(3, 1), torch.randn(9, 3), progress=False)


def unpacked(array):
    return np.frombuffer(array["data"], array["dtype"]).reshape(array["shape"])


def floats(buffers):
    return [np.frombuffer(data, "<f4") for data in buffers]


def test_the_state_says_what_the_tables_say():
    ex = delayed(outputs=2, lag_unit="h")
    state = wire.state(ex)
    about = {"count": 4, "unit": "h", "labels": None, "definition": "marginal"}
    about |= {"leads": 0, "stepwise": False}
    assert state["meta"]["lags"] == about
    slices = state["lags"]["slices"]
    assert [(info["response"], info["output"]) for info in slices] == [
        ("raw", at) for at in (None, 0, 1)
    ]
    for info in slices:
        lags = ex.lag_importance(info["output"])
        found = {name: unpacked(info[name]) for name in ("low", "high", "map", "widths")}
        memory = ex.memory_length(0.9, info["output"])
        assert info["memory"] == [memory.length, memory.low, memory.high]
        cells = found["map"]
        unused = np.broadcast_to(cells.sum(0) == 0, cells.shape)
        np.testing.assert_array_equal(np.isnan(found["widths"]), unused)
        np.testing.assert_allclose(found["map"], ex.lag_map(info["output"]), rtol=1e-6)
        np.testing.assert_allclose(found["map"].sum(1), lags["importance"], rtol=1e-6)
        np.testing.assert_allclose(found["low"], lags["low"], rtol=1e-6)
        np.testing.assert_allclose(found["high"], lags["high"], rtol=1e-6)
    named = wire.state(delayed(lag_unit=["<b>", "Wed", "Tue", "Mon"]))["meta"]["lags"]
    assert named == {**about, "unit": None, "labels": ["<b>", "Wed", "Tue", "Mon"]}


def begun(width=2, **options):
    """Windows with an initial state, of which all rows are kept."""
    generator = torch.Generator().manual_seed(0)
    X, h0 = torch.randn(60, 4, 2, generator=generator), torch.randn(1, 60, width)
    torch.manual_seed(0)
    return nbx.explain(torch.nn.GRU(2, width, batch_first=True), (X, h0), progress=False, **options)


@pytest.mark.parametrize("width", [2, 1000])
def test_initial_states_are_one_more_lag_with_a_name(width):
    ex = begun(width, outputs=[0])
    state = wire.state(ex)
    about = state["meta"]["lags"]
    assert (about["count"], about["labels"], about["beginning"]) == (5, None, "hx")
    (info,) = state["lags"]["slices"]
    np.testing.assert_allclose(unpacked(info["map"]), ex.lag_map(), rtol=1e-6)
    named = begun(lag_unit=["Thu", "Wed", "Tue", "Mon"])
    assert wire.state(named)["meta"]["lags"]["labels"] == ["Thu", "Wed", "Tue", "Mon", "hx"]
    # What the page has of one row is its table; where nothing can be, it is sent nothing.
    found = state["instances"]
    place, _, owner = unpacked(found["entries"])
    assert len(place) == 4 * 2 + width
    assert "rest" not in found
    row = int(unpacked(found["rows"])[0])
    squares = unpacked(found["jacobian"])[0, 0].astype(float) ** 2
    lag = about["count"] - 1 - place // (found["all"] // about["count"])
    cells = np.zeros((5, 3))
    np.add.at(cells, (lag, owner), squares)
    np.testing.assert_allclose(100 * cells / cells.sum(), ex.lag_map(row=row), rtol=1e-4)


def test_tables_have_none():
    state = wire.state(table())
    assert (state["meta"]["lags"], state["lags"]) == (None, {})
    assert "lags" not in Page(nbx.Explorer(table())).chosen


@pytest.mark.parametrize(
    ("steps", "width", "outputs", "sent"),
    [(64, 16, 3, 4), (300, 100, 2, 1), (500, 200, 2, 1), (501, 200, 2, 0)],
)
def test_the_nearest_slices_are_sent_within_the_budget(steps, width, outputs, sent):
    ex = delayed(steps, width, outputs, rows=12)
    state = wire.state(ex)
    assert len(state["lags"].get("slices", [])) == sent
    if sent:
        assert state["lags"]["slices"][0]["output"] == state["meta"]["output"]
    size = sum(len(part) for part in binary(state)) + len(json.dumps(state, default=lambda _: ""))
    assert size <= 1_000_000


def binary(value):
    if isinstance(value, bytes):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from binary(part)
    elif isinstance(value, list):
        for part in value:
            yield from binary(part)


def test_a_page_asks_for_another_slice():
    ex = delayed(outputs=2)
    page = Page(nbx.Explorer(ex))
    message, buffers = page.ask({"t": "lags", "response": "raw", "output": 1})
    arrays = ["low", "high", "map", "widths"]
    assert (message["output"], message["arrays"]) == (1, arrays)
    assert [message[name]["shape"] for name in arrays] == [[4], [4], [4, 2], [4, 2]]
    memory = ex.memory_length(0.9, 1)
    assert message["memory"] == [memory.length, memory.low, memory.high]
    low, high, cells, widths = floats(buffers)
    assert widths.shape == (8,)
    np.testing.assert_allclose(low, ex.lag_importance(1)["low"], rtol=1e-6)
    np.testing.assert_allclose(high, ex.lag_importance(1)["high"], rtol=1e-6)
    np.testing.assert_allclose(cells.reshape(4, 2), ex.lag_map(1), rtol=1e-6)
    message, _ = page.ask({"t": "lags", "response": "raw", "output": 7})
    assert "7" in message["error"]
    other = table()
    message, _ = Page(nbx.Explorer(other)).ask({"t": "lags", "response": "raw", "output": 0})
    assert message["error"].startswith("There are no lags")


def test_a_row_of_64_lags_and_16_features_is_whole_in_the_page():
    state = wire.state(delayed(64, 16))
    found = state["instances"]
    assert found["entries"]["shape"] == [3, 1024]
    assert found["all"] == 1024
    positions = unpacked(found["entries"])[0]
    lags = 63 - positions // 16
    # y = 3 x₀ at lag 0 and x₁ at lag 1, whatever the row.
    jacobian = unpacked(found["jacobian"])[:, 0]
    owners = unpacked(found["entries"])[2]
    assert {(int(lags[e]), int(owners[e])) for e in np.flatnonzero(jacobian[0])} == {(0, 0), (1, 1)}


def test_padded_rows_cross_with_their_last_step_last():
    X = torch.randn(6, 4, 2, generator=torch.Generator().manual_seed(0))
    lengths = [4, 2, 3, 4, 1, 2]
    model = PaddedSum()
    model.lengths = torch.tensor(lengths)
    ex = nbx.explain(model, X, lengths=lengths, scale="none", batch_size=6)
    for row in range(6):
        wanted = ex.lag_map(row=row).to_numpy()
        state = wire.state(ex)["instances"]
        place = unpacked(state["rows"]).tolist().index(row)
        positions, _, owners = unpacked(state["entries"])
        squares = unpacked(state["jacobian"])[place, 0] ** 2
        found = np.zeros((4, 2))
        found[3 - positions // 2, owners] = 100 * squares / squares.sum()
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
        _, (_, jacobian, _, _) = Page(nbx.Explorer(ex)).ask({"t": "row", "row": row})
        cells = np.frombuffer(jacobian, "<f4").reshape(4, 2)[::-1] ** 2
        np.testing.assert_allclose(100 * cells / cells.sum(), wanted, rtol=1e-5, atol=1e-6)


def test_over_brushed_rows_that_are_padded_the_kernel_is_right():
    X = torch.randn(6, 4, 2, generator=torch.Generator().manual_seed(0))
    ex = nbx.explain(squared, X, lengths=[4, 2, 3, 4, 1, 2], scale="none")
    assert wire.state(ex)["instances"]["padded"]
    rows = np.arange(6, dtype="<u4").tobytes()
    asked = {"t": "subset", "id": 1, "response": "raw", "output": 0, "rows": 6}
    message, (share, cells) = Page(nbx.Explorer(ex)).ask(asked, rows)
    assert (message["rows"], message["lags"]) == (6, 4)
    wanted = ex.importance().importance.loc[list(ex.features.names)]
    np.testing.assert_allclose(np.frombuffer(share, "<f4"), wanted, rtol=1e-5)
    cells = np.frombuffer(cells, "<f4").reshape(4, 2)
    np.testing.assert_allclose(cells, ex.lag_map(), rtol=1e-5)


def test_over_brushed_rows_lag0_ranks_features_where_it_was_asked_for():
    X = torch.randn(6, 4, 2, generator=torch.Generator().manual_seed(0))
    method = nbx.Sensitivity(definition="lag0")
    ex = nbx.explain(squared, X, lengths=[4, 2, 3, 4, 1, 2], scale="none", method=method)
    asked = {"t": "subset", "id": 1, "response": "raw", "output": 0, "rows": 6}
    rows = np.arange(6, dtype="<u4").tobytes()
    _, (share, _) = Page(nbx.Explorer(ex)).ask(asked, rows)
    np.testing.assert_allclose(np.frombuffer(share, "<f4"), ex.importances().share, rtol=1e-5)


def squared(x):
    return (x[..., 0] ** 2 + 2 * x[..., 1]).sum(1, keepdim=True)


class PaddedSum(torch.nn.Module):
    """y = 3 x₀ + x₁ at each row's last valid step, the whole batch being asked at once."""

    def forward(self, x):
        last = (self.lengths - 1).clamp(max=x.shape[1] - 1)[: len(x)]
        at = x[torch.arange(len(x)), last]
        return (3 * at[:, 0] + at[:, 1])[:, None]


class TestTraits:
    def test_they_are_two_way(self):
        ex = delayed()
        view, other = nbx.LagTimeline(ex, lags=range(2)), nbx.ImportanceBars(ex)
        assert (view.lags, other.lags) == ((0, 1), (0, 1))
        page = Page(view)
        assert page.chosen["lags"] == [0, 1]
        chosen = {**page.chosen, "client": "page", "seq": 1}
        page.send({"t": "select", **chosen, "rows": None, "lags": [3, 2]})
        assert view.lags == (2, 3)
        assert view.selection.lags == (2, 3)
        other.lags = None
        assert (view.lags, page.chosen["lags"]) == (None, None)

    def test_what_is_no_lag_is_said_in_a_sentence(self):
        view = nbx.LagTimeline(delayed())
        with pytest.raises(ValueError, match=r"no lag 4: they are 0, the last step, to 3\."):
            view.lags = [1, 4]
        with pytest.raises(ValueError, match="no lag -1"):
            view.lags = [-1]
        for wrong in (3, "3", [0.5], [True], {"a"}):
            with pytest.raises(TypeError, match="is no list of lags"):
                view.lags = wrong
        assert view.lags is None
        view.lags = np.array([2, 0, 2])
        assert view.lags == (0, 2)

    def test_tables_have_no_lags_and_no_timeline(self):
        with pytest.raises(ValueError, match="There are no lags: a row of X has the shape"):
            nbx.LagTimeline(table())
        with pytest.raises(ValueError, match="There are no lags"):
            nbx.Explorer(table()).lags = [0]
        with pytest.raises(ValueError, match="have one step"):
            nbx.LagTimeline(one_step())

    def test_a_selection_shares_them_with_those_that_have_them(self):
        picked = nbx.Selection(lags=[1, 3])
        assert repr(picked) == "Selection(lags=(1, 3))"
        long = nbx.LagTimeline(delayed(), selection=picked)
        short = nbx.LagTimeline(delayed(steps=3), selection=picked)
        none = nbx.Explorer(table(), selection=picked)
        assert (long.lags, short.lags, none.lags) == ((1, 3), (1,), None)

    def test_lags_of_an_explanation_that_was_replaced_are_ignored(self):
        view = nbx.LagTimeline(delayed())
        page = Page(view)
        chosen = {**page.chosen, "client": "page", "seq": 1}
        page.send({"t": "select", **chosen, "rows": None, "lags": [9]})
        page.send({"t": "select", **chosen, "rows": None, "lags": "x"})
        assert view.lags is None


def one_step():
    return nbx.explain(torch.nn.Flatten(), torch.randn(9, 1, 1), progress=False)


def every_step(peek=False, steps=5, **options):
    """y_s = 3 x₀ now + x₁ a step ago, or 2 x₀ a step ahead."""

    def model(x):
        near = x.roll(-1, 1) * (torch.arange(steps) < steps - 1)[:, None] if peek else x * 0
        ago = x.roll(1, 1) * (torch.arange(steps) > 0)[:, None]
        return 3 * x[..., :1] + ago[..., 1:2] + 2 * near[..., :1]

    X = torch.randn(40, steps, 2, generator=torch.Generator().manual_seed(0))
    method = nbx.Sensitivity(steps="valid")
    return nbx.explain(model, X, scale="none", progress=False, method=method, **options)


class TestSteps:
    def test_the_page_has_all_steps_together_and_each(self):
        ex = every_step()
        state = wire.state(ex)
        about = state["meta"]["lags"]
        assert (about["count"], about["leads"], about["stepwise"]) == (5, 0, True)
        steps = [info.get("step") for info in state["meta"]["slices"]]
        assert steps == [None, *range(5)]
        assert state["meta"]["slices"][2]["question"].endswith(", output step 1")
        shares = unpacked(state["importance"])[:, 0]
        for share, step in zip(shares, steps, strict=True):
            np.testing.assert_allclose(share, ex.importances(step=step).share, rtol=1e-6)
        slices = {info.get("step"): info for info in state["lags"]["slices"]}
        np.testing.assert_allclose(unpacked(slices[None]["time"]), ex.time_map(), rtol=1e-6)
        assert "time" not in slices[0]
        np.testing.assert_allclose(unpacked(slices[None]["map"])[:2], [[75, 0], [0, 25]])
        # The first output step has one lag; what it has not is unknown.
        first = unpacked(slices[0]["map"])
        np.testing.assert_allclose(first[0], [100, 0])
        assert np.isnan(first[1:]).all()

    def test_leads_come_first(self):
        ex = every_step(peek=True)
        state = wire.state(ex)
        assert state["meta"]["lags"]["leads"] == 4
        every, *_, last = state["lags"]["slices"]
        cells = unpacked(every["map"])
        assert cells.shape == (9, 2)
        np.testing.assert_allclose(
            cells[2:6].sum(1), [0, *100 * np.array([2, 3, 1]) / 6], rtol=1e-5
        )
        np.testing.assert_allclose(cells.sum(1), ex.lag_importance()["importance"], rtol=1e-6)
        assert np.isnan(unpacked(last["map"])[:4]).all()
        page = Page(nbx.LagTimeline(ex, lags=[-1, 0]))
        assert page.chosen["lags"] == [-1, 0]
        with pytest.raises(ValueError, match="There is no lag 5: they are -4 to 4"):
            nbx.LagTimeline(ex).lags = [5]

    def test_a_step_is_a_trait_of_views_and_pages_follow(self):
        ex = every_step()
        view, other = nbx.LagTimeline(ex, step=2), nbx.ImportanceBars(ex)
        page = Page(other)
        assert (other.step, page.chosen["step"]) == (2, 2)
        chosen = {**page.chosen, "client": "p", "seq": 1}
        page.send({"t": "select", **chosen, "rows": None, "step": 4})
        assert view.step == 4
        del chosen["step"]
        page.send({"t": "select", **chosen, "rows": None, "seq": 2})
        assert view.step is None
        other.step = 0
        assert (view.step, page.chosen["step"]) == (0, 0)
        view.step = None
        assert "step" not in page.chosen

    def test_steps_there_are_not_are_refused(self):
        with pytest.raises(ValueError, match=r"step=5 is outside the steps of X, 0 to 4"):
            nbx.LagTimeline(every_step()).step = 5
        with pytest.raises(ValueError, match="Single output steps are at hand where"):
            nbx.Explorer(delayed()).step = 0

    def test_a_page_asks_for_a_step(self):
        ex = every_step()
        page = Page(nbx.Explorer(ex))
        asked = {"response": "raw", "output": 0, "step": 3}
        message, (values,) = page.ask({"t": "slice", **asked})
        assert message["question"].endswith("output step 3")
        assert message["step"] == 3
        share = np.frombuffer(values, "<f4").reshape(4, 2)[0]
        np.testing.assert_allclose(share, ex.importances(step=3).share, rtol=1e-6)
        message, buffers = page.ask({"t": "lags", **asked})
        assert (message["step"], message["arrays"]) == (3, ["low", "high", "map", "widths"])
        np.testing.assert_allclose(floats(buffers)[2].reshape(5, 2)[:2], [[75, 0], [0, 25]])
        message, _ = page.ask({"t": "lags", **asked, "step": 9})
        assert "step=9 is outside" in message["error"]

    def test_another_explanation_without_steps_forgets_them(self):
        view = nbx.LagTimeline(every_step(), step=2)
        X = torch.randn(20, 5, 2, generator=torch.Generator().manual_seed(1))
        view.explain(lambda x: x[:, -1], X, progress=False)
        assert view.step is None
        view.explain(lambda x: x, X, progress=False, method=nbx.Sensitivity(steps="valid"))
        view.step = 4
