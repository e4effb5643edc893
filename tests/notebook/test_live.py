"""A watch in a notebook: the panel that moves, and the lines and cells that begin and end it."""

import threading

import numpy as np
import pytest
import torch
from IPython.core.error import UsageError
from torch import nn

import nbexplain as nbx
from nbexplain.notebook.widgets import following
from tests.live.test_watch import always, data, train
from tests.notebook.pages import Page


@pytest.fixture
def at_once(monkeypatch):
    monkeypatch.setattr(following, "INTERVAL", 0.0)
    monkeypatch.setattr(following, "ROWS", 0.0)


def sent(page, kind):
    return [(content, buffers) for content, buffers in page.sent if content["t"] == kind]


class TestPanel:
    def test_bars_and_rows_move_while_the_model_trains(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        view = watch.explore()
        page = Page(view)
        assert page.session.status == {"state": "live", "step": 0, "paused": False}
        train(model, X, y, 3)
        slices = sent(page, "slice")
        assert len(slices) == 3
        content, (values,) = slices[-1]
        assert (content["output"], content["only"]) == (0, True)
        assert content["question"].endswith(f"{watch.explanation.count} rows")
        share = np.frombuffer(values, "<f4").reshape(4, 4)[0]
        np.testing.assert_allclose(share, watch.history.iloc[-1], rtol=1e-6)
        assert len(sent(page, "instances")) == 3
        assert page.session.status["step"] == 3
        assert view.explanation is watch.explanation
        watch.stop()
        assert page.session.status == {"state": "ready"}
        assert page.session.explanation is watch.explanation

    def test_a_pick_is_answered_from_the_latest_rows(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        view = watch.explore()
        page = Page(view)
        train(model, X, y, 5)
        row = int(watch.explanation.rows[3])
        _, (_, jacobian, values, _) = page.ask({"t": "row", "row": row})
        np.testing.assert_allclose(np.frombuffer(values, "<f4"), X[row], rtol=1e-6)
        scale = watch.explanation.scaling
        weight = model.weight.detach().numpy()[0]
        np.testing.assert_allclose(np.frombuffer(jacobian, "<f4"), weight * scale, rtol=1e-5)

    def test_pictures_are_not_sent_faster_than_a_page_can_draw(self):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        page = Page(watch.explore())
        train(model, X, y, 20)
        assert len(watch.history) == 21
        assert len(sent(page, "slice")) < 20

    def test_what_is_chosen_stays(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        with always(nbx.watch(model, X)) as watch:
            view = watch.explore()
            view.feature, view.instance = "x1", 7
            train(model, X, y, 3)
        assert (view.feature, view.instance) == ("x1", 7)

    def test_a_panel_that_was_switched_is_of_the_watch_s_method_where_training_goes_on(
        self, at_once
    ):
        X, y = data()
        model = nn.Linear(4, 1)
        with always(nbx.watch(model, X)) as watch:
            view = watch.explore()
            optimizer = train(model, X, y, 2)
        view.method = "gradient_x_input"
        page = Page(view)
        with always(watch):
            train(model, X, y, 2, optimizer)
            assert page.session.status["state"] == "live"
            assert view.explanation is watch.explanation
            assert view.method == page.session.meta["method"] == "sensitivity"
            assert "baseline" not in page.session.meta
            assert len(sent(page, "slice")) == 1  # the first came whole
        assert view.method == "sensitivity"
        assert page.session.meta["rows"] == len(X)

    def test_a_closed_view_is_forgotten(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        view = watch.explore()
        view.close()
        train(model, X, y, 2)
        assert not watch._listeners
        assert watch.state == "live"

    def test_closed_views_of_a_training_that_is_over_do_not_add_up(self):
        watch = nbx.watch(nn.Linear(4, 1), data()[0])
        for _ in range(3):
            view = watch.explore()
            assert len(watch._listeners) == 1
            view.close()

    def test_sequences_send_their_lags(self, at_once):
        X = torch.randn(50, 3, 2, generator=torch.Generator().manual_seed(0))
        model = nn.Sequential(nn.Flatten(), nn.Linear(6, 1))
        watch = always(nbx.watch(model, X))
        page = Page(watch.explore())
        train(model, X, X[:, -1, :1], 2)
        content, buffers = sent(page, "lags")[-1]
        assert (content["only"], content["arrays"][:3]) == (True, ["low", "high", "map"])
        cells = np.frombuffer(buffers[2], "<f4").reshape(3, 2)
        np.testing.assert_allclose(cells, watch.explanation.lag_map(), rtol=1e-5)

    def test_a_failure_is_said(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        page = Page(watch.explore())
        with torch.no_grad():
            model.weight.fill_(torch.nan)
        train(model, X, y, 1)
        assert page.session.status["state"] == "error"
        assert "not finite" in page.session.status["message"]

    def test_marks_are_said_during_and_after(self, at_once):
        X, y = data()
        torch.manual_seed(0)
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        page = Page(watch.explore())
        optimizer = train(model, X, y, 60)
        assert "marks" not in page.session.status
        train(model, X, y + 10 * X[:, 3:], 60, optimizer)
        (mark,) = watch.marks
        assert page.session.status["marks"] == [mark.note]
        watch.stop()
        assert page.session.status == {"state": "ready", "marks": [mark.note]}

    def test_paused_is_said(self):
        X, _ = data()
        model = nn.Linear(4, 1)
        watch = nbx.watch(model, X).start()
        page = Page(watch.explore())
        watch.pause()
        assert page.session.status["paused"]
        watch.stop()

    def test_the_page_pauses_beside_the_cell_that_trains(self, at_once):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = always(nbx.watch(model, X))
        page = Page(watch.explore())
        optimizer = train(model, X, y, 2)
        asker = threading.Thread(target=page.hear, args=({"t": "pause", "paused": True},))
        asker.start()
        asker.join()
        assert page.session.status == {"state": "live", "step": 2, "paused": True}
        train(model, X, y, 3, optimizer)
        assert (watch.step, list(watch.history.index)) == (5, [0, 1, 2])
        page.hear({"t": "pause", "paused": False})
        train(model, X, y, 1, optimizer)
        assert list(watch.history.index) == [0, 1, 2, 6]
        assert page.session.status == {"state": "live", "step": 6, "paused": False}
        watch.stop()
        page.hear({"t": "pause", "paused": True})
        assert watch.state == "finished"


TRAINS = """
import torch
torch.manual_seed(0)
X = torch.randn(64, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
for _ in range(4):
    optimizer.zero_grad()
    loss = net(X).square().mean()
    loss.backward()
    optimizer.step()
"""


class TestLines:
    def test_live_follows_until_stop(self, shell):
        shell.run_cell("import torch; net = torch.nn.Linear(3, 1); X = torch.randn(64, 3)")
        shell.run_cell("w = %explain --live net X --scale none", silent=True)
        watch = shell.user_ns["w"]
        assert isinstance(watch, nbx.Watch)
        assert (watch.running, watch.explanation.scale) == (True, "none")
        shell.run_cell(TRAINS)
        assert watch.step == 4
        shell.run_line_magic("explain", "--stop")
        assert (watch.running, watch.state) == (False, "finished")

    def test_another_watch_of_the_same_model_takes_its_place(self, shell):
        shell.run_cell("import torch; net = torch.nn.Linear(3, 1); X = torch.randn(64, 3)")
        first = shell.run_line_magic("explain", "--live net X")
        second = shell.run_line_magic("explain", "--live net X")
        shell.run_cell(TRAINS)
        assert (first.running, second.step) == (False, 4)
        shell.run_line_magic("explain", "--stop")

    def test_nothing_to_stop_is_said(self, shell, capsys):
        shell.run_line_magic("explain", "--stop")
        assert "Nothing is followed" in capsys.readouterr().out

    def test_flags_take_no_value(self, shell):
        with pytest.raises(UsageError, match="--live takes no value"):
            shell.run_line_magic("explain", "net X --live=1")


class TestCells:
    def test_a_cell_that_makes_and_trains_the_model_is_followed(self, shell, monkeypatch):
        begun = []
        init = nbx.Watch.__init__
        monkeypatch.setattr(
            nbx.Watch, "__init__", lambda self, *args: (begun.append(self), init(self, *args))[1]
        )
        cell = "import torch\nnet = torch.nn.Linear(3, 1)\n" + TRAINS
        assert shell.run_cell_magic("explain", "net X", cell) is None
        (watch,) = begun
        assert (watch.state, watch.step) == ("finished", 3)  # it began after the first
        wanted = nbx.explain(shell.user_ns["net"], shell.user_ns["X"]).importances().share
        np.testing.assert_array_equal(watch.explanation.importances().share, wanted)

    def test_a_cell_that_trains_nothing_is_explained_after_it(self, shell):
        cell = "import torch\nnet, X = torch.nn.Linear(3, 1), torch.randn(9, 3)"
        found = shell.run_cell_magic("explain", "net X", cell)
        assert isinstance(found, nbx.Explanation)

    def test_after_an_error_nothing_is_explained_and_nothing_left(self, shell, capsys):
        cell = "import torch\nnet = torch.nn.Linear(3, 1)\n" + TRAINS + "\n1 / 0"
        assert shell.run_cell_magic("explain", "net X", cell) is None
        assert "ZeroDivisionError" in capsys.readouterr().out
        assert shell.run_cell_magic("explain", "net X", "1 / 0") is None
