"""Trainings in files: everything comes back bit for bit, in another process too."""

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

import nbexplain as nbx
from nbexplain.live.history import Moment
from nbexplain.live.marks import Mark
from nbexplain.live.profile import LagProfile
from nbexplain.notebook.widgets import following
from tests.live.test_watch import always, data, train
from tests.notebook.pages import Page
from tests.notebook.test_history import read


def same(one, other):
    """Whether two arrays, or what is None, are the same to the bit."""
    if one is None or other is None:
        return one is other
    return (
        one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    )


def check(record, again):
    """A training is what it was."""
    assert len(again.moments) == len(record.moments)
    for one, other in zip(record.moments, again.moments, strict=True):
        for name in ("step", "seconds", "rows", "epoch"):
            assert getattr(one, name) == getattr(other, name)
        assert repr(one.loss) == repr(other.loss)
        assert all(same(getattr(one, n), getattr(other, n)) for n in ("share", "low", "high"))
        assert same(one.direction, other.direction)
        if one.lags is None:
            assert other.lags is None
            continue
        assert one.lags.lags == other.lags.lags
        assert all(
            same(getattr(one.lags, n), getattr(other.lags, n))
            for n in ("share", "low", "high", "map")
        )
    assert again.marks == record.marks
    pd.testing.assert_frame_equal(again.history, record.history, check_exact=True)
    pd.testing.assert_frame_equal(again.log, record.log, check_exact=True)
    assert again.step == record.step


@pytest.fixture(scope="module")
def leaky():
    """A training that a leak comes into."""
    X, y = data()
    torch.manual_seed(0)
    model = nn.Linear(4, 1)
    with always(nbx.watch(model, X, feature_names=["a", "b", "c", "ticket 🎫"])) as watch:
        optimizer = train(model, X, y, 60)
        train(model, X, y + 10 * X[:, 3:], 60, optimizer)
    return watch


@pytest.fixture(scope="module")
def remembering():
    X = torch.randn(40, 5, 2, generator=torch.Generator().manual_seed(0))
    model = nn.Sequential(nn.Flatten(), nn.Linear(10, 1))
    with always(nbx.watch(model, X)) as watch:
        train(model, X, X[:, 2, :1], 5)
    return watch


@pytest.mark.parametrize("which", ["leaky", "remembering"])
def test_everything_comes_back(which, request, tmp_path):
    watch = request.getfixturevalue(which)
    watch.save(tmp_path / "run.nbx")
    again = nbx.load(tmp_path / "run.nbx")
    assert isinstance(again, nbx.TrainingRecord)
    assert not isinstance(again, nbx.Watch)
    check(watch, again)
    assert again.state == "finished"
    assert again.notes == watch.notes
    pd.testing.assert_frame_equal(again.explanation.importance(), watch.explanation.importance())
    np.testing.assert_array_equal(again.explanation.attributions, watch.explanation.attributions)
    again.save(tmp_path / "twice.nbx")
    check(watch, nbx.load(tmp_path / "twice.nbx"))
    if which == "leaky":
        assert [mark.feature for mark in again.marks] == ["ticket 🎫"]
    else:
        pd.testing.assert_frame_equal(again.lag_history, watch.lag_history, check_exact=True)


numbers = st.floats(width=64)


@given(
    st.lists(
        st.tuples(numbers, st.none() | numbers, st.none() | st.integers(-5, 10**9), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.none() | st.tuples(st.integers(0, 3), st.booleans()), min_size=6, max_size=6),
    st.data(),
)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_was_seen(leaky, tmp_path, seen, leads, draw):
    draws = np.random.default_rng(draw.draw(st.integers(0, 99)))

    def shares(size):
        found = draws.random((3, size))
        found[draws.random((3, size)) < 0.2] = np.nan
        return found

    def profile(at):
        if at is None:
            return None
        lags = range(-at[0], 3)
        cells = draws.random((len(lags), 4), dtype=np.float32) if at[1] else None
        return LagProfile(lags, *shares(len(lags)), cells)

    moments = [
        Moment(
            k,
            seconds,
            *shares(4),
            7,
            loss,
            epoch,
            draws.random(4) if signs else None,
            profile(leads[k]),
        )
        for k, (seconds, loss, epoch, signs) in enumerate(seen)
        if seconds == seconds
    ]
    if not moments:
        return
    marks = [Mark(3, "b", 0.1 + 0.2, 1e-300)]
    record = nbx.TrainingRecord(leaky.explanation, moments=moments, marks=marks, step=len(seen))
    record.save(tmp_path / "run.nbx")
    check(record, nbx.load(tmp_path / "run.nbx"))


def test_another_process_reads_the_same_bits(leaky, tmp_path):
    leaky.save(tmp_path / "run.nbx")
    code = """
import sys, json
import nbexplain as nbx
run = nbx.load(sys.argv[1])
print(json.dumps({
    "shares": [moment.share.tobytes().hex() for moment in run.moments],
    "loss": run.log["loss"].to_numpy().tobytes().hex(),
    "marks": [mark.note for mark in run.marks],
    "widgets": "ipywidgets" in sys.modules,
}))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "run.nbx"],
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(ran.stdout)
    assert told["shares"] == [moment.share.tobytes().hex() for moment in leaky.moments]
    assert told["loss"] == leaky.log["loss"].to_numpy().tobytes().hex()
    assert told["marks"] == [mark.note for mark in leaky.marks] != []
    assert told["widgets"] is False


def test_one_that_goes_on_is_saved_as_it_is_and_goes_on(tmp_path):
    X, y = data()
    model = nn.Linear(4, 1)
    watch = always(nbx.watch(model, X))
    optimizer = train(model, X, y, 3)
    before = [p.clone() for p in model.parameters()], torch.get_rng_state()
    watch.save(tmp_path / "run.nbx")
    assert all(torch.equal(a, b) for a, b in zip(before[0], model.parameters(), strict=True))
    assert torch.equal(before[1], torch.get_rng_state())
    train(model, X, y, 2, optimizer)
    assert (watch.state, watch.step) == ("live", 5)
    again = nbx.load(tmp_path / "run.nbx")
    assert (again.state, again.step, again.history.index.tolist()) == ("finished", 3, [0, 1, 2, 3])
    watch.leave()


class TestShown:
    def test_it_is_explored_with_its_marks_and_its_scrubber(self, leaky, tmp_path):
        leaky.save(tmp_path / "run.nbx")
        again = nbx.load(tmp_path / "run.nbx")
        view = again.explore()
        page = Page(view)
        assert page.session.status == {"state": "ready", "marks": [m.note for m in leaky.marks]}
        assert read(page.session.history, "steps").tolist() == list(leaky.history.index)
        view.moment = 60
        assert page.chosen["moment"] == 60
        view.save_html(tmp_path / "page.html")
        assert '"moment": 60' in (tmp_path / "page.html").read_text()

    def test_it_stands_beside_one_that_is_live(self, leaky, tmp_path, monkeypatch):
        monkeypatch.setattr(following, "INTERVAL", 0.0)
        leaky.save(tmp_path / "run.nbx")
        X, y = data()
        model = nn.Linear(4, 1)
        live = always(nbx.watch(model, X))
        view = nbx.TrainingHistory(live, nbx.load(tmp_path / "run.nbx"), names=["now", "before"])
        page, other = Page(view), Page(view._other)
        train(model, X, y, 2)
        assert [one["t"] for one, _ in page.sent].count("history") == 2
        assert other.sent == []
        assert read(other.session.history, "steps").tolist() == list(leaky.history.index)
        live.leave()


class TestRefused:
    def test_a_file_that_lacks_a_part(self, leaky, tmp_path):
        path = tmp_path / "run.nbx"
        leaky.save(path)
        with np.load(path) as archive:
            parts = {name: archive[name] for name in archive.files if name != "share"}
        np.savez(tmp_path / "part.npz", **parts)
        with pytest.raises(ValueError, match=r"part\.npz is damaged: it lacks 'share'"):
            nbx.load(tmp_path / "part.npz")

    def test_a_file_that_ends_early(self, leaky, tmp_path):
        path = tmp_path / "run.nbx"
        leaky.save(path)
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with pytest.raises(ValueError, match=r"run\.nbx is"):
            nbx.load(path)
        middle = len(whole) // 3
        path.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
        with pytest.raises(ValueError, match=r"run\.nbx is damaged"):
            nbx.load(path)

    @pytest.mark.parametrize("header", [b"[]", b"{}", b"3", b'{"format": "x"}', b"no json"])
    def test_other_archives(self, header, tmp_path):
        np.savez(tmp_path / "other.npz", header=np.frombuffer(header, np.uint8))
        with pytest.raises(ValueError, match=r"not a file that Explanation\.save or Watch\.save"):
            nbx.load(tmp_path / "other.npz")

    def test_where_there_is_none(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            nbx.load(tmp_path / "none.nbx")
