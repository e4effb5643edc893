"""The history of a training on its way to the page, and the way back to a step."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nbexplain as nbx
from nbexplain.live.history import Moment
from nbexplain.live.profile import LagProfile
from nbexplain.notebook import history
from nbexplain.notebook.history import Record
from nbexplain.notebook.widgets import following
from tests.live.test_watch import always, data, train
from tests.notebook.pages import Page


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(following, "INTERVAL", 0.0)


def moment(step, *share, loss=None, epoch=None, direction=None):
    share = np.array(share, float)
    signs = None if direction is None else np.array(direction, float)
    low, high = 0.9 * share, 1.1 * share
    return Moment(step, step / 10, share, low, high, 100 + step, loss, epoch, signs)


def explained(features):
    model = nn.Linear(features, 1)
    return nbx.explain(model, torch.eye(features)[:4] + 1, progress=False)


def read(state, name):
    """An array as the page reads it, `PROTOCOL.md` at hand."""
    array = state[name]
    found = np.frombuffer(array["data"], array["dtype"]).reshape(array["shape"])
    if name in ("share", "low", "high"):
        return np.where(found == 65_535, np.nan, found * read(state, "unit")[:, None])
    if name.startswith("lag_") and name != "lag_unit":
        return np.where(found == 65_535, np.nan, found * read(state, "lag_unit")[:, None])
    if name == "map":
        unit = read(state, "map_unit")[:, None, None]
        return np.where(found == 65_535, np.nan, found * unit)
    if name == "direction":
        return np.where(found == 0, np.nan, (found - 128.0) / 126)
    return found


def told(message, buffers):
    """A message as the trait would hold it."""
    arrays = dict(zip(message["arrays"], buffers, strict=True))
    held = message["history"]
    return {**held, **{name: {**held[name], "data": bytes(b)} for name, b in arrays.items()}}


class TestRecord:
    @given(st.integers(1, 500), st.integers(2, 60))
    def test_thinned_keeps_the_ends_and_the_order(self, count, most):
        moments = [moment(step, 1.0) for step in range(count)]
        kept = [one.step for one in history.thinned(moments, most)]
        assert kept == sorted(set(kept))
        assert (kept[0], kept[-1], len(kept)) == (0, count - 1, min(count, most))
        if count > most:
            gaps = np.diff(kept)
            assert gaps.max() - gaps.min() <= 1

    def test_the_state_holds_what_was_seen(self):
        moments = [moment(0, 60, 40), moment(7, 20, 80, loss=0.5, epoch=2)]
        state = Record(explained(2)).replace(moments)
        assert (state["response"], state["output"]) == ("raw", 0)
        assert state["question"] == "Sensitivity of y0 per standard deviation of each input"
        assert read(state, "steps").tolist() == [0, 7]
        assert read(state, "rows").tolist() == [100, 107]
        np.testing.assert_allclose(read(state, "seconds"), [0, 0.7], rtol=1e-6)
        np.testing.assert_array_equal(read(state, "loss"), [np.nan, 0.5])
        np.testing.assert_array_equal(read(state, "epoch"), [np.nan, 2])
        assert read(state, "features").tolist() == [0, 1]
        np.testing.assert_array_equal(read(state, "share"), [[60, 40], [20, 80]])
        np.testing.assert_allclose(read(state, "low"), [[54, 36], [18, 72]], rtol=1e-4)
        np.testing.assert_allclose(read(state, "high"), [[66, 44], [22, 88]], rtol=1e-4)
        assert np.isnan(read(state, "direction")).all()

    @given(
        st.lists(st.floats(1e-6, 100) | st.sampled_from([0.0, np.nan]), min_size=1, max_size=9),
        st.lists(
            st.floats(-1, 1) | st.sampled_from([0.4999, -0.5, np.nan]), min_size=9, max_size=9
        ),
    )
    def test_shares_are_as_near_as_any_screen_shows_and_claims_are_the_same(self, share, signs):
        signs = np.array(signs[: len(share)])
        state = Record(explained(len(share))).replace([moment(0, *share, direction=signs)])
        (found,), (claimed,) = read(state, "share"), read(state, "direction")
        share = np.array(share)
        np.testing.assert_array_equal(np.isnan(found), np.isnan(share))
        np.testing.assert_array_equal(found > 0, share > 0)
        largest = max(1.1 * np.nanmax(share, initial=0), 1e-30)
        assert np.nanmax(np.abs(found - share), initial=0) <= 2 * largest / 65_534
        np.testing.assert_array_equal(np.isnan(claimed), np.isnan(signs))
        np.testing.assert_array_equal(np.abs(claimed) >= 0.5, np.abs(signs) >= 0.5)
        assert (np.sign(claimed) * np.sign(signs) >= 0)[~np.isnan(signs)].all()

    @pytest.mark.parametrize("features", [1, 20, 100, 1_000])
    def test_it_is_small_whatever_was_seen(self, features):
        draw = np.random.default_rng(0)
        moments = [moment(step, *draw.random(features)) for step in range(1_000)]
        state = Record(explained(features)).replace(moments)
        arrays = [value for value in state.values() if isinstance(value, dict)]
        assert sum(len(array["data"]) for array in arrays) <= history.BUDGET
        assert state["steps"]["shape"][0] <= history.MOST
        assert state["features"]["shape"] == [min(features, history.LEADING)]
        assert read(state, "steps")[[0, -1]].tolist() == [0, 999]

    def test_features_that_led_at_any_moment_are_there(self):
        shares = np.ones((2, 300))
        shares[0, 299], shares[1, 3] = 50, 70
        state = Record(explained(300)).replace([moment(s, *shares[s]) for s in range(2)])
        assert {3, 299} <= set(read(state, "features").tolist())
        places = read(state, "features").tolist()
        assert read(state, "share")[0, places.index(299)] == 50

    def test_news_are_the_moments_after_the_last(self):
        record = Record(explained(2))
        moments = [moment(step, 50, 50) for step in range(3)]
        record.replace(moments[:1])
        message, buffers = record.news(moments)
        assert "anew" not in message
        assert read(told(message, buffers), "steps").tolist() == [1, 2]
        assert record.news(moments) is None
        assert read(record.state, "steps").tolist() == [0, 1, 2]

    def test_too_many_are_thinned_and_told_anew(self):
        record = Record(explained(2))
        moments = [moment(step, 50, 50) for step in range(history.MOST + 1)]
        record.replace(moments[:-1])
        message, buffers = record.news(moments)
        steps = read(told(message, buffers), "steps")
        assert message["anew"] is True
        assert (steps[0], steps[-1]) == (0, history.MOST)
        assert len(steps) == history.MOST // 2 + 1

    def test_one_that_comes_to_lead_brings_its_past(self):
        record = Record(explained(300))
        first = np.linspace(2, 1, 300)
        record.replace([moment(0, *first)])
        message, buffers = record.news([moment(0, *first), moment(1, *first[::-1])])
        state = told(message, buffers)
        assert message["anew"] is True
        assert 299 in read(state, "features")
        assert read(state, "share").shape == (2, 256)

    def test_the_nearest_step_is_found(self):
        record = Record(explained(1))
        record.replace([moment(step, 1) for step in (0, 10, 30)])
        assert [record.nearest(step) for step in (-5, 5, 6, 21, 99)] == [0, 0, 10, 30, 30]


def profiled(step, lags, *share, features=2):
    """A moment of sequences: these shares of lags, the features alike."""
    share = np.array(share, float)
    cells = np.repeat(share[:, None] / features, features, axis=1).astype("f4")
    profile = LagProfile(lags, share, 0.9 * share, 1.1 * share, cells)
    return replace(moment(step, *np.full(features, 100 / features)), lags=profile)


class TestLags:
    @given(st.integers(1, 9), st.integers(1, 4), st.integers(0, 3))
    def test_the_page_reads_what_each_lag_carried(self, lags, features, leads):
        draw = np.random.default_rng(lags)
        shares = draw.dirichlet(np.ones(lags), size=3) * 100
        there = range(-leads, lags - leads)
        moments = [profiled(t, there, *share, features=features) for t, share in enumerate(shares)]
        state = Record(explained(features)).replace(moments)
        assert state["first_lag"] == -leads
        assert read(state, "lags").tolist() == list(range(lags))
        for name, factor in (("share", 1), ("low", 0.9), ("high", 1.1)):
            np.testing.assert_allclose(read(state, f"lag_{name}"), factor * shares, atol=2e-3)
        np.testing.assert_allclose(read(state, "map").sum(2), shares, atol=1e-2)

    @pytest.mark.parametrize("lags", [2, 20, 300, 3_000])
    def test_it_is_small_however_many_there_are(self, lags):
        draw = np.random.default_rng(0)
        moments = [profiled(step, range(lags), *draw.random(lags)) for step in range(1_000)]
        state = Record(explained(2)).replace(moments)
        arrays = [value for value in state.values() if isinstance(value, dict)]
        assert sum(len(array["data"]) for array in arrays) <= history.BUDGET
        assert state["lags"]["shape"] == [min(lags, 256)]
        assert ("map" in state) == (lags < 300)
        assert state["steps"]["shape"][0] >= history.ENOUGH or lags > 256

    def test_maps_of_many_cells_are_left_out_before_moments_are(self):
        moments = [
            profiled(step, range(60), *np.full(60, 100 / 60), features=60) for step in range(200)
        ]
        state = Record(explained(60)).replace(moments)
        assert "map" not in state
        assert state["steps"]["shape"][0] > 150

    def test_a_lag_that_comes_to_lead_or_to_be_brings_its_past(self):
        record = Record(explained(2))
        first = profiled(0, range(3), 60, 30, 10)
        record.replace([first])
        message, buffers = record.news([first, profiled(1, range(3), 10, 30, 60)])
        assert "anew" not in message
        assert message["history"]["first_lag"] == 0
        moments = [first, profiled(2, range(-1, 3), 5, 5, 30, 60)]
        message, buffers = record.news(moments)
        state = told(message, buffers)
        assert (message["anew"], state["first_lag"]) == (True, -1)
        np.testing.assert_allclose(read(state, "lag_share")[0], [np.nan, 60, 30, 10], rtol=1e-4)
        many = np.linspace(2, 1, 300)
        record.replace([profiled(0, range(300), *many)])
        message, _ = record.news([profiled(1, range(300), *many[::-1])])
        assert message["anew"] is True

    def test_moments_without_maps_end_those_of_others(self):
        record = Record(explained(2))
        first, second = profiled(0, range(3), 60, 30, 10), profiled(1, range(3), 60, 30, 10)
        assert "map" in record.replace([first])
        bare = replace(second, lags=replace(second.lags, map=None))
        message, buffers = record.news([first, bare])
        assert message["anew"] is True
        assert "map" not in told(message, buffers)

    def test_a_table_has_none(self):
        state = Record(explained(2)).replace([moment(0, 60, 40)])
        assert not {"first_lag", "lags", "map"} & set(state)


class TestWatched:
    def test_moments_are_messages_and_the_whole_at_the_end(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        page = Page(watch.explore())
        train(model, X, y, 5)
        sent = [told(*one) for one in page.sent if one[0]["t"] == "history"]
        assert [read(state, "steps").tolist() for state in sent] == [[k] for k in range(1, 6)]
        shares = np.concatenate([read(state, "share") for state in sent])
        np.testing.assert_allclose(shares, watch.history.iloc[1:], atol=2e-3)
        assert read(page.session.history, "steps").tolist() == [0]
        watch.stop()
        state = page.session.history
        assert read(state, "steps").tolist() == list(watch.history.index)
        np.testing.assert_allclose(read(state, "share"), watch.history, atol=2e-3)
        for name in ("low", "high"):
            wanted = [getattr(moment, name) for moment in watch.moments]
            np.testing.assert_allclose(read(state, name), wanted, atol=2e-3)
        latest = watch.explanation.importances(0).direction
        np.testing.assert_allclose(read(state, "direction")[-1], latest, atol=1 / 126)
        assert not np.isnan(read(state, "loss")[1:]).any()

    def test_views_of_one_watch_share_and_are_told_once(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        explorer = watch.explore()
        train(model, X, y, 2)
        lines = nbx.TrainingHistory(watch, feature="x1")
        assert explorer.feature == "x1"
        page = Page(lines)
        assert page.session is explorer._session
        train(model, X, y, 1)
        assert [one["t"] for one, _ in page.sent] == ["slice", "history"]
        assert lines.explanation is explorer.explanation is watch.explanation
        explorer.close()
        train(model, X, y, 1)
        watch.stop()
        assert read(page.session.history, "steps").tolist() == [0, 1, 2, 3, 4]
        assert lines.explanation is watch.explanation

    def test_views_leave_the_training_as_it_would_be(self, at_once):
        X, y = data()
        alone, watched = nn.Linear(4, 1), nn.Linear(4, 1)
        watched.load_state_dict(alone.state_dict())
        torch.manual_seed(1)
        train(alone, X, y, 4)
        with always(nbx.watch(watched, X)) as watch:
            view = nbx.TrainingHistory(watch)
            torch.manual_seed(1)
            train(watched, X, y, 4)
            view.moment = 2
        for one, other in zip(alone.parameters(), watched.parameters(), strict=True):
            assert torch.equal(one, other)

    def test_what_is_no_watch_is_refused(self):
        with pytest.raises(TypeError, match="not Explanation: only a watched model has a history"):
            nbx.TrainingHistory(explained(2))

    def test_texts_have_the_history_of_their_lags(self, at_once):
        ids = torch.randint(1, 9, (20, 5), generator=torch.Generator().manual_seed(0))
        model = nn.Sequential(nn.Embedding(9, 3), nn.Flatten(), nn.Linear(15, 1))
        watch = always(nbx.watch(model, ids))
        page = Page(nbx.TrainingHistory(watch))
        train(model, ids, torch.randn(20, 1), 2)
        (*_, last) = [told(*one) for one in page.sent if one[0]["t"] == "history"]
        np.testing.assert_allclose(
            read(last, "lag_share")[0], watch.lag_history.iloc[-1], rtol=1e-4
        )
        watch.stop()

    def test_texts_of_one_token_are_refused(self):
        ids = torch.randint(1, 9, (20, 1), generator=torch.Generator().manual_seed(0))
        model = nn.Sequential(nn.Embedding(9, 3), nn.Flatten(), nn.Linear(3, 1))
        watch = nbx.watch(model, ids)
        with pytest.raises(ValueError, match="Texts of one token have one feature at one lag"):
            nbx.TrainingHistory(watch)
        assert Page(watch.explore()).session.history == {}


class TestMoment:
    @pytest.fixture
    def trained(self, at_once):
        X, y = data()
        model = nn.Linear(4, 2)
        with always(nbx.watch(model, X)) as watch:
            train(model, X, torch.cat([y, -y], 1), 6)
        return watch

    def test_it_goes_to_the_page_and_comes_back(self, trained):
        view = trained.explore()
        page = Page(view)
        view.moment = 4
        assert page.chosen["moment"] == 4
        page.session._select({"t": "select", **page.chosen, "moment": 2, "client": "p"}, [])
        assert (view.moment, page.chosen["moment"]) == (2, 2)
        view.moment = None
        assert "moment" not in page.chosen
        other = nbx.TrainingHistory(trained, moment=3)
        assert view.moment == other.moment == 3

    def test_the_nearest_is_taken(self, trained):
        view = trained.explore()
        view.moment = 1_000
        assert view.moment == 6

    def test_it_is_of_the_response_and_output_that_are_watched(self, trained):
        view = trained.explore()
        assert view.output is None
        view.output = "y1"
        view.moment = 2
        assert (view.output, view.moment) == (None, 2)
        view.output = "y0"
        assert (view.output, view.moment) == ("y0", None)

    def test_it_is_of_the_method_that_is_watched(self, at_once):
        X, y = data()
        model = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1))
        with always(nbx.watch(model, X)) as watch:
            train(model, X, y, 4)
        view = watch.explore()
        view.moment = 2
        view.method = "integrated_gradients"
        assert view.moment is None
        with pytest.raises(ValueError, match=r"followed by the method 'sensitivity'.*set method="):
            view.moment = 1
        assert view.moment is None
        view.method = "sensitivity"
        view.moment = 1
        assert view.moment == 1

    def test_without_a_history_there_is_none(self):
        view = nbx.Explorer(explained(2))
        with pytest.raises(ValueError, match=r"moment=3 is a step of a training.*TrainingHistory"):
            view.moment = 3
        assert view.moment is None

    def test_a_saved_page_keeps_both(self, trained, tmp_path):
        view = nbx.TrainingHistory(trained, moment=2)
        view.save_html(tmp_path / "page.html")
        text = (tmp_path / "page.html").read_text()
        assert re.search(r'<section data-kind="history">', text)
        (held,) = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
        state = json.loads(held)
        assert state["selection"]["moment"] == 2
        assert state["history"]["steps"]["shape"] == [7]
        assert state["history"]["question"].startswith("Sensitivity of")
