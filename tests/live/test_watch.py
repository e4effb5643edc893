"""Watching a model train: what is told, what is kept, and that nothing of the training changes."""

import copy
import gc
import signal
import threading
import weakref

import numpy as np
import pytest
import torch
import torch.optim.optimizer as optimizers
from torch import nn

import nbexplain as nbx
from nbexplain.live.history import History, Moment
from nbexplain.live.steps import first_step

# What torch's compiler says of torch's own code when it is loaded.
JIT = pytest.mark.filterwarnings("ignore:.*torch.jit.*is deprecated")


def data(rows=200, width=4, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, width, generator=generator)
    return X, 3 * X[:, :1] - X[:, 1:2]


def train(model, X, y, steps=40, optimizer=None, loss_of=nn.functional.mse_loss):
    optimizer = optimizer or torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        batch = torch.randint(0, len(X), (16,))
        optimizer.zero_grad()
        loss = loss_of(model(X[batch]), y[batch])
        loss.backward()
        optimizer.step()
    return optimizer


def always(watch):
    """Whatever it costs, explain after every step."""
    watch.start()
    watch._budget.due = lambda now: True
    return watch


def interrupting(after):
    """A loss that is interrupted by what Ctrl-C sends."""
    calls = iter(range(after))

    def loss(outputs, targets):
        if next(calls, None) is None:
            # As Python has it, also where the shell has begun the tests with Ctrl-C ignored.
            before = signal.signal(signal.SIGINT, signal.default_int_handler)
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                signal.signal(signal.SIGINT, before)
        return nn.functional.mse_loss(outputs, targets)

    return loss


class TestUpdates:
    def test_the_first_explanation_is_there_at_once_and_the_last_is_of_all_rows(self):
        X, y = data()
        model = nn.Linear(4, 1)
        before = nbx.explain(model, X).importances().share
        with always(nbx.watch(model, X)) as watch:
            np.testing.assert_array_equal(watch.explanation.importances().share, before)
            assert watch.state == "waiting"
            train(model, X, y)
            assert watch.state == "live"
        assert (watch.state, watch.step) == ("finished", 40)
        now = nbx.explain(model, X)
        np.testing.assert_array_equal(
            watch.explanation.importances().share, now.importances().share
        )
        assert watch.explanation.count == 200
        # The network has learned that x2 and x3 are noise.
        assert set(watch.explanation.select(0.95)) == {"x0", "x1"}

    def test_the_history_holds_the_importances_of_the_model_at_each_step(self):
        X, y = data()
        torch.manual_seed(0)
        model = nn.Linear(4, 1)
        weights = [model.weight.detach().clone()]
        with always(nbx.watch(model, X, scale="none")) as watch:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            for _ in range(5):
                train(model, X, y, 1, optimizer)
                weights.append(model.weight.detach().clone())
        history = watch.history
        assert history.index.tolist() == [0, 1, 2, 3, 4, 5]
        assert list(history.columns) == ["x0", "x1", "x2", "x3"]
        for weight, share in zip(weights, history.to_numpy(), strict=True):
            size = weight.abs().numpy()[0]
            np.testing.assert_allclose(share, 100 * size / size.sum(), rtol=1e-5)

    def test_the_loss_and_the_epoch_are_seen_where_they_are_called_so(self):
        X, y = data()
        model = nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
        told = []
        with always(nbx.watch(model, X)) as watch:
            for epoch in range(3):
                optimizer.zero_grad()
                loss = nn.functional.mse_loss(model(X), y)
                loss.backward()
                optimizer.step()
                told.append((loss.item(), epoch))
        log = watch.log.loc[1:]
        assert list(zip(log["loss"], log["epoch"], strict=True)) == [
            (pytest.approx(loss), epoch) for loss, epoch in told
        ]
        assert log["rows"].tolist()[-1] == 200

    def test_kept_rows_are_rows_of_X(self):
        X, y = data(rows=3_000)
        model = nn.Linear(4, 1)
        with always(nbx.watch(model, X)) as watch:
            train(model, X, y, 3)
            ex = watch.explanation
            rows = ex.rows
            assert len(rows) == min(512, ex.count)
            assert (np.diff(rows) > 0).all()
            row = int(rows[5])
            np.testing.assert_allclose(ex.local(row)["value"], X[row], rtol=1e-6)
            np.testing.assert_allclose(
                ex.predictions[5], model(X[row : row + 1]).detach()[0], rtol=1e-5
            )

    def test_pause_counts_steps_and_explains_nothing(self):
        X, y = data()
        model = nn.Linear(4, 1)
        with always(nbx.watch(model, X)) as watch:
            train(model, X, y, 2)
            watch.pause()
            train(model, X, y, 3)
            assert (watch.state, watch.step, watch.history.index[-1]) == ("paused", 5, 2)
            watch.resume()
            train(model, X, y, 1)
            assert watch.history.index[-1] == 6

    def test_a_failing_explanation_ends_the_updates_and_not_the_training(self):
        X, y = data()
        model = nn.Linear(4, 1)
        with always(nbx.watch(model, X)) as watch:
            train(model, X, y, 2)
            with torch.no_grad():
                model.weight[0, 0] = torch.nan
            train(model, X, y, 2)
            assert watch.state == "failed"
            assert "not finite" in str(watch.error)
        assert watch.history.index.tolist() == [0, 1, 2]
        with pytest.raises(RuntimeError, match=r"An explanation failed: .*not finite"):
            watch.now()

    def test_an_interrupt_keeps_the_history_and_leaves_no_hook(self):
        X, y = data()
        model = nn.Linear(4, 1)
        before = len(optimizers._global_optimizer_post_hooks)
        watch = always(nbx.watch(model, X))
        with pytest.raises(KeyboardInterrupt), watch:
            train(model, X, y, 3, loss_of=interrupting(after=2))
        assert (watch.state, watch.history.index.tolist()) == ("finished", [0, 1, 2])
        train(model, X, y, 2)
        assert watch.step == 2
        assert len(optimizers._global_optimizer_post_hooks) == before

    def test_an_interrupt_inside_an_explanation_comes_through(self, monkeypatch):
        X, y = data()
        model = nn.Linear(4, 1)

        def interrupted(*_):
            raise KeyboardInterrupt

        with always(nbx.watch(model, X)) as watch:
            monkeypatch.setattr("nbexplain.live.watching.again", interrupted)
            with pytest.raises(KeyboardInterrupt):
                train(model, X, y, 1)
            monkeypatch.undo()
            train(model, X, y, 1)
            assert watch.history.index.tolist() == [0, 2]

    def test_of_sequences_it_holds_the_lags_too(self):
        X = torch.randn(60, 3, 2, generator=torch.Generator().manual_seed(0))
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(6, 1))
        weights = [model[1].weight.detach().clone()]
        with always(nbx.watch(model, X, scale="none")) as watch:
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            for _ in range(4):
                train(model, X, X[:, 0, :1], 1, optimizer)
                weights.append(model[1].weight.detach().clone())
        assert watch.lag_history.index.tolist() == [0, 1, 2, 3, 4]
        assert (watch.lag_history.columns.tolist(), watch.lag_history.columns.name) == (
            [0, 1, 2],
            "lag",
        )
        for weight, moment in zip(weights, watch.moments, strict=True):
            size = weight.abs().numpy().reshape(3, 2)[::-1]  # lag 0 is the last step
            cells = 100 * size / size.sum()
            np.testing.assert_allclose(moment.lags.map, cells, rtol=1e-5)
            np.testing.assert_allclose(watch.lag_history.loc[moment.step], cells.sum(1), rtol=1e-5)
            np.testing.assert_allclose(moment.share, cells.sum(0), rtol=1e-5)
            assert (moment.lags.low <= moment.lags.share + 1e-9).all()
        wanted = nbx.explain(model, X, scale="none").lag_importance()
        np.testing.assert_array_equal(watch.lag_history.iloc[-1], wanted["importance"])

    def test_the_lags_have_their_intervals(self):
        X = torch.randn(60, 3, 2, generator=torch.Generator().manual_seed(0))
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(6, 5), nn.Tanh(), nn.Linear(5, 1))
        with always(nbx.watch(model, X)) as watch:
            train(model, X, X[:, 0, :1], 2)
        found, wanted = watch.moments[-1].lags, nbx.explain(model, X).lag_importance()
        assert (found.low < found.high).all()
        for name in ("low", "high"):
            np.testing.assert_array_equal(getattr(found, name), wanted[name])

    def test_later_steps_that_a_model_comes_to_use_are_leads_from_then_on(self):
        X = torch.randn(40, 3, 1, generator=torch.Generator().manual_seed(0))
        model = nn.Sequential(nn.Flatten(), nn.Linear(3, 3), nn.Unflatten(1, (3, 1)))
        with torch.no_grad():
            model[1].weight.copy_(torch.eye(3))
        every = nbx.Sensitivity(steps="valid")
        with always(nbx.watch(model, X, method=every, scale="none")) as watch:
            train(model, X, X.flip(1), 2)
        assert watch.lag_history.columns.tolist() == [-2, -1, 0, 1, 2]
        assert watch.lag_history.loc[0].isna().tolist() == [True, True, False, False, False]
        assert watch.lag_history.loc[2].notna().all()

    def test_a_table_has_no_lags(self):
        X, _ = data()
        with pytest.raises(ValueError, match="There are no lags"):
            nbx.watch(nn.Linear(4, 1), X).lag_history  # noqa: B018

    def test_texts_are_followed_too(self):
        ids = torch.randint(0, 9, (50, 6), generator=torch.Generator().manual_seed(0))

        class Mean(nn.Module):
            def __init__(self):
                super().__init__()
                self.embedding, self.head = nn.Embedding(9, 4), nn.Linear(4, 1)

            def forward(self, x):
                return self.head(self.embedding(x).mean(1))

        model = Mean()
        with always(nbx.watch(model, ids)) as watch:
            train(model, ids, torch.randn(50, 1), 3)
        assert watch.history.index.tolist() == [0, 1, 2, 3]


class TestWhichSteps:
    def test_only_those_of_optimizers_with_parameters_of_this_model(self):
        X, y = data()
        one, other = nn.Linear(4, 1), nn.Linear(4, 1)
        with nbx.watch(one, X) as watch, nbx.watch(other, X) as second:
            train(one, X, y, 3)
            train(other, X, y, 5)
        assert (watch.step, second.step) == (3, 5)

    def test_two_optimizers_and_layers_that_join_later(self):
        X, y = data()
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        first = torch.optim.SGD(model[0].parameters(), lr=0.1)
        second = torch.optim.Adam(model[2].parameters())
        with nbx.watch(model, X) as watch:
            nn.functional.mse_loss(model(X), y).backward()
            first.step()
            second.step()
        assert watch.step == 2

    def test_frozen_layers_closures_and_scaled_gradients(self):
        X, y = data()
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        model[0].requires_grad_(False)
        bfgs = torch.optim.LBFGS(model[2].parameters(), max_iter=3)

        def closure():
            bfgs.zero_grad()
            loss = nn.functional.mse_loss(model(X), y)
            loss.backward()
            return loss

        scaler = torch.amp.GradScaler("cpu")
        sgd = torch.optim.SGD(model[2].parameters(), lr=0.01)
        with nbx.watch(model, X) as watch:
            bfgs.step(closure)
            scaler.scale(nn.functional.mse_loss(model(X), y)).backward()
            scaler.step(sgd)
            scaler.update()
        assert watch.step == 2

    def test_those_inside_a_trainer_that_gathers_gradients_of_several_batches(self):
        X, y = data()
        trainer = Trainer(nn.Linear(4, 1), gathered=4)
        with always(nbx.watch(trainer.model, X)) as watch:
            trainer.fit(X, y, batches=12)
        assert watch.history.index.tolist() == [0, 1, 2, 3]
        assert watch.log["epoch"].tolist()[1:] == [0, 0, 0]
        assert watch.log["loss"].tolist()[1:] == pytest.approx(trainer.told)

    @pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=pytest.mark.slow)])
    @JIT
    @pytest.mark.parametrize("named", ["plain", "compiled"])
    def test_those_of_a_training_that_is_compiled(self, backend, named):
        X, y = data()
        model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
        compiled = torch.compile(model, backend=backend)
        with always(nbx.watch({"plain": model, "compiled": compiled}[named], X)) as watch:
            optimizer = torch.optim.SGD(compiled.parameters(), lr=0.05)
            train(compiled, X, y, 3, optimizer)
        assert watch.history.index.tolist() == [0, 1, 2, 3]
        wanted = nbx.explain(model, X).importances().share
        np.testing.assert_allclose(watch.history.loc[3], wanted, rtol=1e-5)

    @JIT
    def test_those_of_a_whole_step_that_is_compiled(self):
        X, y = data()
        model = nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

        @torch.compile(backend="eager")
        def step():
            loss = nn.functional.mse_loss(model(X), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

        with always(nbx.watch(model, X)) as watch:
            for _ in range(3):
                step()
        assert watch.history.index.tolist() == [0, 1, 2, 3]
        begun = []
        with first_step(lambda: begun.append(1) is None):
            step()
            step()
        assert begun == [1]

    @pytest.mark.parametrize("workers", [0, 2])
    def test_those_of_a_training_on_a_loader(self, workers):
        X, y = data()

        def run(watched):
            torch.manual_seed(0)
            model = nn.Linear(4, 1)
            optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
            rows = torch.utils.data.TensorDataset(X, y)
            loader = torch.utils.data.DataLoader(rows, 50, shuffle=True, num_workers=workers)
            watch = always(nbx.watch(model, X)) if watched else None
            for _ in range(2):
                for x, target in loader:
                    optimizer.zero_grad()
                    nn.functional.mse_loss(model(x), target).backward()
                    optimizer.step()
            return model, watch

        model, watch = run(watched=True)
        watch.leave()
        assert watch.history.index.tolist() == list(range(9))
        assert torch.equal(model.weight, run(watched=False)[0].weight)


class Trainer:
    """Training inside methods of a class, as libraries do it."""

    def __init__(self, model, gathered):
        self.model, self.gathered = model, gathered
        self.optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        self.told = []

    def fit(self, X, y, batches):
        for epoch in range(1):
            for number in range(1, batches + 1):
                self.batch(X[number::7], y[number::7], number, epoch)

    def batch(self, X, y, number, epoch):
        loss = nn.functional.mse_loss(self.model(X), y)
        (loss / self.gathered).backward()
        if number % self.gathered == 0:
            self.told.append(loss.item())
            self.step()

    def step(self):
        self.optimizer.step()
        self.optimizer.zero_grad()


ARCHITECTURES = {
    "linear": lambda: nn.Linear(4, 1),
    "dropout and batch norm": lambda: nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 1)
    ),
    "weight norm": lambda: nn.Sequential(
        nn.utils.parametrizations.weight_norm(nn.Linear(4, 8)), nn.Tanh(), nn.Linear(8, 1)
    ),
    "recurrent": lambda: Last(nn.LSTM(1, 5, batch_first=True)),
    "attention": lambda: Last(
        nn.TransformerEncoderLayer(4, 2, 8, dropout=0.2, batch_first=True), width=4
    ),
}
OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, foreach=True),
    "fused": lambda p: torch.optim.AdamW(p, lr=0.01, fused=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.01),
}


class Last(nn.Module):
    """A network of sequences on the four columns of a table."""

    def __init__(self, inner, width=1):
        super().__init__()
        self.inner, self.width = inner, width
        self.head = nn.Linear(5 if width == 1 else 4, 1)

    def forward(self, x):
        x = x[..., None].expand(-1, -1, self.width)
        found = self.inner(x)
        return self.head((found[0] if isinstance(found, tuple) else found)[:, -1])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_training_is_the_same_bit_for_bit(architecture, optimizer):
    X, y = data()

    def run(watched):
        torch.manual_seed(1)
        model = ARCHITECTURES[architecture]()
        step = OPTIMIZERS[optimizer](model.parameters())
        if watched:
            with always(nbx.watch(model, X)) as watch:
                train(model, X, y, 8, step)
            assert len(watch.history) == 9
        else:
            train(model, X, y, 8, step)
        return [*flat(model.state_dict()), *flat(step.state_dict()), torch.get_rng_state()]

    plain, watched = run(False), run(True)
    assert len(plain) == len(watched)
    assert all(torch.equal(a, b) for a, b in zip(plain, watched, strict=True))


def flat(state):
    if isinstance(state, torch.Tensor):
        return [state.clone()]
    if isinstance(state, dict):
        return [x for key in sorted(state, key=str) for x in flat(state[key])]
    return [x for one in state for x in flat(one)] if isinstance(state, list | tuple) else []


def test_another_thread_trains_and_explanations_are_asked_for():
    X, y = data(rows=64)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    twin = copy.deepcopy(model)
    done = threading.Event()

    def steps(trained):
        optimizer = torch.optim.Adam(trained.parameters())
        generator = torch.Generator().manual_seed(0)
        while True:
            batch = torch.randint(0, len(X), (16,), generator=generator)
            optimizer.zero_grad()
            nn.functional.mse_loss(trained(X[batch]), y[batch]).backward()
            optimizer.step()
            yield

    def work():
        for _ in steps(model):
            if done.is_set():
                break

    watch = nbx.watch(model, X).start()
    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(1_000):
        share = watch.now().importances().share
        assert np.isfinite(share).all()
    done.set()
    thread.join()
    watch.stop()
    # As many steps without a watch lead to the same parameters.
    for _ in zip(range(watch.step), steps(twin), strict=False):
        pass
    for a, b in zip(model.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)


def test_each_that_asks_gets_the_model_of_after_it_asked():
    X, y = data()
    model = nn.Linear(4, 1)
    watch = nbx.watch(model, X).start()
    watch._budget.due = lambda now: False
    found = {}
    both = [threading.Thread(target=lambda k=k: found.update({k: watch.now()})) for k in range(2)]
    for asker in both:
        asker.start()
    while watch._asked < 2:  # until both wait
        pass
    assert not found
    train(model, X, y, 1)
    for asker in both:
        asker.join()
    assert (watch.history.index[-1], watch._answered) == (1, 2)
    wanted = nbx.explain(model, X).importances().share
    for ex in found.values():
        np.testing.assert_allclose(ex.importances().share, wanted, rtol=1e-5)
    # The thread that trains does not wait for itself.
    assert watch.now(timeout=3_600).count == len(X)
    watch.leave()


class TestHistory:
    def moment(self, step):
        return Moment(step, 0.1 * step, *np.full((3, 2), float(step)), rows=5)

    def test_it_is_thinned_at_equal_distances_and_keeps_its_ends(self):
        history = History(("a", "b"), most=100)
        for step in range(10_000):
            history.add(self.moment(step))
            assert len(history) <= 101
        steps = [moment.step for moment in history]
        assert (steps[0], steps[-1]) == (0, 9_999)
        assert len(set(np.diff(steps[:-1]))) == 1
        assert history.frame().loc[9_999].tolist() == [9_999, 9_999]

    def test_large_moments_are_fewer(self, monkeypatch):
        monkeypatch.setattr("nbexplain.live.history.MEMORY", 100 * self.moment(0).size)
        history = History(("a", "b"))
        for step in range(5_000):
            history.add(self.moment(step))
            assert len(history) <= 101
        monkeypatch.setattr("nbexplain.live.history.MEMORY", 0)
        for step in range(5_000, 9_000):
            history.add(self.moment(step))
        assert 30 <= len(history) <= 65

    def test_of_one_step_the_latest_is_kept(self):
        history = History(("a", "b"))
        history.add(self.moment(0))
        history.add(self.moment(0))
        assert len(history) == 1


class TestWhoHoldsTheModel:
    def watched(self, view=False):
        """A watch that runs on a model which nothing else holds, and a weak sight of it."""
        X, y = data()
        model = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1))
        watch = always(nbx.watch(model, X))
        shown = watch.explore() if view else None
        train(model, X, y, 3)
        assert watch.state == "live"
        return watch, weakref.ref(model), shown

    @pytest.mark.parametrize("view", [False, True])
    def test_a_watch_that_is_never_stopped_does_not(self, view):
        before = len(optimizers._global_optimizer_post_hooks)
        watch, model, shown = self.watched(view)
        gc.collect()
        assert model() is None
        assert (watch.state, watch.running) == ("finished", False)
        assert len(optimizers._global_optimizer_post_hooks) == before
        latest = watch.explanation
        assert watch.stop().explanation is latest
        assert watch.start().running is False
        with pytest.raises(RuntimeError, match=r"The model is gone.*watch\.explanation"):
            watch.now()
        if shown is not None:
            shown.close()

    def test_neither_is_kept_once_both_are_dropped(self):
        watch, model, _ = self.watched()
        watch = weakref.ref(watch)
        gc.collect()
        assert model() is watch() is None

    def test_a_watch_whose_views_are_closed_is_not_kept_either(self):
        watch, model, shown = self.watched(view=True)
        watch.stop()
        shown.close()
        watch = weakref.ref(watch)
        del shown
        gc.collect()
        assert model() is watch() is None

    def test_a_watch_that_nobody_holds_goes_on_with_its_model(self):
        X, y = data()
        model, told = nn.Linear(4, 1), []
        always(nbx.watch(model, X)).observe(lambda watch: told.append(watch.step))
        gc.collect()
        optimizer = train(model, X, y, 2)
        assert told == [1, 2]
        del model, optimizer
        gc.collect()

    def test_one_that_does_not_run_holds_it(self):
        X, y = data()
        model = nn.Linear(4, 1)
        watch = nbx.watch(model, X).start()
        optimizer = train(model, X, y, 2)
        watch.stop()
        del model, optimizer
        gc.collect()
        assert watch.now().count == 200


def test_what_cannot_be_watched_is_refused():
    X, _ = data()
    with pytest.raises(
        TypeError, match=r"model is function, but what trains is a torch\.nn\.Module"
    ):
        nbx.watch(lambda x: x, X)
    for budget in (0, 1, 5):
        with pytest.raises(ValueError, match=r"must lie between 0 and 1: 0\.05 means 5 %"):
            nbx.watch(nn.Linear(4, 1), X, budget=budget)
    with pytest.raises(TypeError, match="nope"):
        nbx.watch(nn.Linear(4, 1), X, nope=3)
