"""`watch`: a model's explanation, kept up to date while the model trains."""

from __future__ import annotations

import threading
import weakref
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self, cast

from torch import nn

from nbexplain.explain import explain
from nbexplain.explain.again import again
from nbexplain.live.budget import Budget
from nbexplain.live.history import Moment
from nbexplain.live.profile import lag_profile
from nbexplain.live.record import TrainingRecord
from nbexplain.live.rows import sampled
from nbexplain.live.steps import Steps, seen

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


class Watch(TrainingRecord):
    """A model's explanation while it trains; `nbx.watch` makes one.

    Attributes:
        explanation: the latest one. While the model trains it is of a part of the rows, in the
            units (the scale) of the first; afterwards of all rows.
        state: "waiting" before the first step, "live", "paused", "finished" or "failed".
        error: of an explanation that failed, which ends the updates but not the training.
        step: optimizer steps since the watch began.
        share: of the training's time that explanations took, with what they slowed the steps
            right after them, between 0 and 1.
    """

    def __init__(
        self, model: nn.Module, X: object, y: object | None, budget: float, options: dict[str, Any]
    ) -> None:
        super().__init__(explain(model, X, y, **options))
        self.state = "waiting"
        # Torch's hook holds a watch that runs, and that must not keep a dropped model alive.
        self._model, self._held = weakref.ref(model), cast(nn.Module | None, model)
        self._dropped: weakref.finalize[..., nn.Module] | None = None
        self._X, self._y, self._options = X, y, options
        self._share = budget
        self._steps: Steps | None = None
        self._trains_in: int | None = None
        self._told = threading.Condition()
        self._asked = self._answered = 0  # requests for an explanation, and how many have theirs
        self._rows = sampled(self.explanation, int(options.get("seed", 0)))
        self._began = self._last = perf_counter()
        self._budget = Budget(budget, len(self._rows), self._began)
        self._note()

    def start(self) -> Self:
        """Follow the optimizer's steps from here on, for as long as something holds the model."""
        model = self._model()
        if self._steps is None and model is not None:
            self.state = "waiting"
            self._began = perf_counter()
            self._budget = Budget(self._share, len(self._rows), self._began)
            self._steps, self._held = Steps(model, self._stepped), None
            self._dropped = weakref.finalize(model, self._gone)
            self._dropped.atexit = False
        return self

    def stop(self) -> Self:
        """Follow no more steps, and explain the model as it is on all rows.

        Of a model that nothing holds any longer, the latest explanation stays.
        """
        if self._end() and self.state != "failed":
            self.explanation = self._whole()
            self.state = "finished"
            self._note()
        return self

    def pause(self) -> None:
        """Explain nothing until `resume`; steps are counted."""
        if self.state in ("waiting", "live"):
            self.state = "paused"
            self._tell()

    def resume(self) -> None:
        """Go on after `pause`."""
        if self.state == "paused":
            self.state = "live" if self.step else "waiting"
            self._tell()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an interrupt or an error what there is is kept, and the user gets on at once.
        if kind is None:
            self.stop()
        else:
            self.leave()

    def leave(self) -> None:
        """Follow no more steps, and keep what there is."""
        if self._end() and self.state != "failed":
            self.state = "finished"
            self._tell()

    @property
    def running(self) -> bool:
        """Whether steps are followed."""
        return self._steps is not None

    def of(self, model: object) -> bool:
        """Whether this model is watched."""
        return self._model() is model

    @property
    def share(self) -> float:
        """Of the time since the watch began, what explanations cost the training."""
        return self._budget.total / max(self._last - self._began, 1e-9)

    def now(self, timeout: float = 10.0) -> Explanation:
        """An explanation of the model as it is, also while another thread trains it.

        It is made between two optimizer steps, by the thread that takes them; where that is this
        thread, or none is taken within `timeout` seconds, here.

        Raises:
            RuntimeError: an explanation failed before; the model is gone, as nothing held it.

        >>> import torch, nbexplain as nbx
        >>> nbx.watch(torch.nn.Linear(2, 1), torch.eye(2)).now(timeout=0).count
        2
        """
        if self.running and self._trains_in != threading.get_ident():
            with self._told:
                self._asked += 1
                mine = self._asked
                if self._told.wait_for(lambda: self._answered >= mine, timeout):
                    self._check()
                    return self.explanation
        self._check()
        return self._whole()

    def _whole(self) -> Explanation:
        """Of all rows, the model as it is."""
        return explain(self._there(), self._X, self._y, **self._options)

    def _there(self) -> nn.Module:
        if (model := self._model()) is None:
            raise RuntimeError(
                "The model is gone, for nothing held it while it was watched: the latest "
                "explanation of it is watch.explanation."
            )
        return model

    def _stepped(self) -> None:
        self.step += 1
        now = perf_counter()
        self._last = now
        self._budget.stepped(now)
        if self.state == "waiting":
            self.state = "live"
        self._trains_in = threading.get_ident()
        asked = self._asked > self._answered
        if asked or (self.state == "live" and self._budget.due(now)):
            self._update(now)

    def _update(self, began: float) -> None:
        served = self._asked  # those that ask from here on want a later step
        try:
            if self.explanation.asked.tokens:
                self.explanation = self._whole()
            else:
                rows, places = self._rows.first(self._budget.rows)
                self.explanation = again(self.explanation, self._there(), rows, places)
            self._note()
        except Exception as error:  # the user's training goes on, whatever an explanation meets
            self.error, self.state = error, "failed"
            self._end()
            self._tell()
        finally:
            self._last = perf_counter()
            self._budget.spent(self._last - began, self._last)
            with self._told:
                self._answered = served
                self._told.notify_all()

    def _note(self) -> None:
        found = self.explanation.importances(self.explanation.default_output)
        loss, epoch = seen() if self.step else (None, None)
        seconds, rows = perf_counter() - self._began, self.explanation.count
        shares = found.share, found.low, found.high
        told = loss, epoch, found.direction, lag_profile(self.explanation)
        self._history.add(Moment(self.step, seconds, *shares, rows, *told))
        if self.running:  # the last one, of all rows, may be of another sample of them
            self._marks.look(self.moments)
        self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener(self)

    def _check(self) -> None:
        if self.error is not None:
            raise RuntimeError(f"An explanation failed: {self.error}") from self.error

    def _end(self) -> bool:
        """Leave the optimizers; whether that was to be done."""
        if self._steps is None or self._dropped is None:
            return False
        self._steps.stop()
        self._dropped.detach()
        self._steps, self._held = None, self._model()
        return True

    def _gone(self) -> None:
        """Nothing holds the model any longer. Nobody is told: this comes at any moment."""
        if self._end() and self.state != "failed":
            self.state = "finished"


def watch(
    model: nn.Module, X: object, y: object | None = None, *, budget: float = 0.05, **options: Any
) -> Watch:
    """Follow a model while it trains: its importances after some of the optimizer's steps.

    No change to the code that trains: steps of every `torch.optim` optimizer that has parameters
    of the model are found, inside trainers too. Between two steps a copy of the model is
    explained, so the training ends with the parameters, the optimizer state and the random state
    that it would have without.

    Args:
        model: the module that is going to be trained.
        X: the rows, as `nbx.explain` takes them: a part of them is explained during the training,
            all of them before and after.
        y: the true values, as `nbx.explain` takes them.
        budget: share of the training's time that explanations may take; it decides how often and
            on how many rows they are made, several times a second where it can.
        **options: those of `nbx.explain`.

    Returns:
        The watch, which begins as a context manager or with `start()`: `.explanation` (the
        latest), `.history` (importance, step × feature), `.log` (loss, epoch and seconds),
        `.marks` (steps at which an importance jumped), `.explore()` (the linked panel, live).

    Raises:
        ValueError: for a budget outside (0, 1); for data or options that cannot be explained.
        TypeError: for a model that is no module.

    >>> import torch, nbexplain as nbx
    >>> X, y = torch.randn(100, 3), torch.randn(100, 1)
    >>> model = torch.nn.Linear(3, 1)
    >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    >>> with nbx.watch(model, X) as watch:
    ...     for _ in range(5):
    ...         optimizer.zero_grad()
    ...         loss = (model(X) - y).square().mean()
    ...         loss.backward()
    ...         optimizer.step()
    >>> watch.state, watch.step, list(watch.history.index)
    ('finished', 5, [0, 5])
    """
    if not isinstance(model, nn.Module):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(
            f"model is {type(model).__name__}, but what trains is a torch.nn.Module: pass it."
        )
    if not 0 < budget < 1:
        raise ValueError(
            f"budget={budget} must lie between 0 and 1: 0.05 means 5 % of the training's time."
        )
    return Watch(model, X, y, budget, options)
