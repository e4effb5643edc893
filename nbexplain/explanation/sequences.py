"""What an explanation of sequences says of time: the shares of lags, and of lags by feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.engine.axes import Float64
from nbexplain.engine.contributions import lags_of
from nbexplain.engine.importances import Shares, percent, shares, weighed
from nbexplain.engine.lags import by_lag, lag_shares, lag_sizes
from nbexplain.engine.padding import aligned, from_first
from nbexplain.engine.profiles import Memory, memory
from nbexplain.engine.windows import Window, at_lag_0, pooled, time_sizes, window

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation.record import Explanation


class Sequences:
    """The tables of lags; lag 0 is the last step of the window, "now", or that of the output."""

    @property
    def _ex(self) -> Explanation:
        return cast("Explanation", self)

    def lag_importance(
        self, output: str | int | None = None, row: object = None, step: int | None = None
    ) -> pd.DataFrame:
        r"""How much of the sensitivity each lag carries.

        $\gamma_k = 100 \sum_j M_{kj} / \sum_{lj} M_{lj}$ with
        $M_{kj} = \sqrt{\frac1N \sum_n (s_j\, \partial y_n / \partial x_{n,\tau-1-k,j})^2}$ (Horel
        et al., §2.5). At one row, the share of the squared derivatives, as in `local`. Of outputs
        at every step (`nbx.Sensitivity(steps="valid")`) the mean is over all pairs of row n and
        output step s that have the lag: $\partial y_{ns} / \partial x_{n,s-k,j}$. What features
        contribute at a lag adds up with its signs: $\gamma_k$ is then the share of the mean
        $|\sum_j \varphi_{nkj}|$, at one row that of $|\sum_j \varphi_{kj}|$.

        Args:
            output: an output's name or position; None combines all of them, or at one row takes
                the predicted class, else the first.
            row: a row's label, else its position in X, or a new row `[τ, p]`; None for all rows.
            step: of outputs at every step, the one, counted from each row's first existing step;
                None for all of them, or at one row for its last.

        Returns:
            A frame indexed by lag, 0 (the last step, or the output's) to τ − 1: `importance`
            (percent), `low` and `high` (its interval over rows, overlapping windows left out
            together; NaN at one row). Of outputs at every step also `count`, the pairs of row and
            output step behind each lag; and where outputs use later steps, lags from −(τ − 1).
            With initial states, lag τ is theirs. The index is called `lag`, with the unit where
            `lag_unit=` gave one; `ex.features.lag_names` are the names of the lags.

        Raises:
            ValueError: X holds no sequences, or sequences of one step; no such row, output or
                step.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: 3 * x[:, -1] + x[:, -2]
        >>> X = torch.randn(50, 3, 1, generator=torch.Generator().manual_seed(0))
        >>> nbx.explain(model, X).lag_importance()["importance"].round(6).to_dict()
        {0: 75.0, 1: 25.0, 2: 0.0}
        """
        import pandas as pd

        ex, lags = self._ex, self.window(step).lags
        check_lags(ex)
        if row is None:
            found = self.lag_shares(output, step)
            columns = {"importance": found.share, "low": found.low, "high": found.high}
            if ex.asked.steps == "valid":
                columns["count"] = self.window(step).counts
            return pd.DataFrame(columns, index=self._index(lags))
        if ex.asked.additive:
            share = percent(np.abs(self._contributed(output, row).sum(1)))
        else:
            by_feature, lags = self._map(output, row, step)
            share = by_feature.sum(1)
        columns = {"importance": share, "low": np.nan, "high": np.nan}
        return pd.DataFrame(columns, index=self._index(lags))

    def lag_map(
        self, output: str | int | None = None, row: object = None, step: int | None = None
    ) -> pd.DataFrame:
        """The share of each feature at each lag, of which lags and features are the two margins.

        Args:
            output: as `lag_importance` takes it.
            row: as `lag_importance` takes it.
            step: as `lag_importance` takes it.

        Returns:
            A frame lag × feature, percent of the total. Its rows add up to `lag_importance`, its
            columns to `importance` (at one row, to those of `local`); not those of contributions,
            which add up with their signs there.

        Raises:
            ValueError: as `lag_importance` does.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: 3 * x[:, -1, :1] + x[:, -2, 1:]
        >>> X = torch.randn(50, 2, 2, generator=torch.Generator().manual_seed(0))
        >>> nbx.explain(model, X, scale="none").lag_map().loc[1].to_dict()
        {'x0': 0.0, 'x1': 25.0}
        """
        import pandas as pd

        share, lags = self._map(output, row, step)
        return pd.DataFrame(share, index=self._index(lags), columns=list(self._ex.features.names))

    def time_map(self, output: str | int | None = None) -> pd.DataFrame:
        r"""Which steps of the input move which steps of the output, features added up.

        $100\, T_{su} / \sum_{tv} T_{tv}$ with
        $T_{su} = \sum_j \sqrt{\frac1N \sum_n (s_j\, \partial y_{ns} / \partial x_{nuj})^2}$, over
        the rows that have both steps.

        Args:
            output: an output's name or position; None combines all of them.

        Returns:
            A frame output step × input step, percent of the total; steps are counted from each
            row's first existing one. What lies above the diagonal are leads: outputs that use
            later steps.

        Raises:
            ValueError: outputs at every step were not asked for; no such output.

        >>> import torch, nbexplain as nbx
        >>> every = nbx.Sensitivity(steps="valid")
        >>> ex = nbx.explain(lambda x: 2 * x.cumsum(1), torch.randn(50, 2, 1), method=every)
        >>> ex.time_map().round(6).to_numpy().tolist()
        [[33.333333, 0.0], [33.333333, 33.333333]]
        """
        import pandas as pd

        ex = self._ex
        check_step(ex, 0)
        weights = ex.weights_of(output)
        sizes = time_sizes(ex.swept, ex.response, ex.features, ex.scaling, weights)
        share = percent(sizes.ravel()).reshape(sizes.shape)
        there, here = (pd.RangeIndex(len(sizes), name=f"{of} step") for of in ("output", "input"))
        return pd.DataFrame(share, index=there, columns=here)

    def window(self, step: int | None = None) -> Window:
        """The sums that tables of all output steps, or of one, are made from, with their lags.

        >>> import torch, nbexplain as nbx
        >>> nbx.explain(lambda x: x[:, -1], torch.randn(50, 4, 1)).window().lags
        range(0, 4)
        """
        ex = self._ex
        check_step(ex, step)
        return window(ex.swept, ex.response, ex.features, ex.scaling, step)

    def ranked(self, step: int | None = None) -> Window:
        """The sums that features are ranked by: at all lags, or at lag 0 alone."""
        ex = self._ex
        if ex.asked.additive:
            return pooled(ex.swept, ex.response, ex.features)
        if ex.asked.definition == "lag0":
            return at_lag_0(ex.swept, ex.response, ex.features, ex.scaling, step)
        return self.window(step)

    def lag_shares(self, output: str | int | None = None, step: int | None = None) -> Shares:
        """γ of every lag with its interval, as arrays, by `window(step).lags`.

        Lag 0 is first, but for leads; see `lag_importance`.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(lambda x: x[:, -1] + x[:, -3], torch.randn(50, 4, 1))
        >>> ex.lag_shares().select(0.9).tolist()
        [0, 2]
        """
        ex, found = self._ex, self.window(step)
        check_lags(ex)
        weights = ex.weights_of(output)
        if ex.asked.additive:
            lags = lags_of(ex.swept.sums[ex.response], ex.features)
            groups = weighed(lags, np.ones(ex.features.steps), weights)
            return shares(groups, lags.seen, lags.root, ex.confidence)
        return lag_shares(found.sums, found.features, found.scale, weights, ex.confidence)

    def memory_length(
        self, share: float = 0.9, output: str | int | None = None, step: int | None = None
    ) -> Memory:
        """How far back the model looks: the shortest window that ends now and carries this share.

        Args:
            share: of the sensitivity, above 0 and at most 1.
            output: an output's name or position; None combines all of them.
            step: of outputs at every step, one; see `lag_importance`.

        Returns:
            `length`, a number of steps, and its interval over rows, `low` to `high`; τ + 1 where
            initial states are needed, too; NaN for a constant model. `select(share, by="lag")`
            may need fewer lags, those that carry most, but never a shorter window. Leads are left
            out.

        Raises:
            ValueError: X holds no sequences, or sequences of one step; no such output; a share
                outside (0, 1].

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(lambda x: 3 * x[:, -1] + x[:, -3], torch.randn(50, 4, 1))
        >>> ex.memory_length().length, ex.memory_length(0.7).length
        (3.0, 1.0)
        """
        ex = self._ex
        check_lags(ex)
        check_share(share)
        found, weights = self.window(step), ex.weights_of(output)
        return memory(found, weights, ex.confidence, share)

    def _map(
        self, output: str | int | None, row: object, step: int | None
    ) -> tuple[NDArray[np.float64], range]:
        """Percent of the total, `[lags, features]`, and the lags; NaN for a constant model."""
        from nbexplain.explanation.local import derivatives, find

        ex, wanted = self._ex, self.window(step)
        check_lags(ex)
        if row is None:
            weights = ex.weights_of(output)
            size = lag_sizes(wanted.sums, wanted.features, wanted.scale, weights)
            return percent(size.ravel()).reshape(size.shape), wanted.lags
        if ex.asked.additive:
            size = np.abs(self._contributed(output, row))
            return percent(size.ravel()).reshape(size.shape), range(ex.features.steps)
        found = find(ex, row, step)
        entries, features = derivatives(ex, found, output), ex.features
        shaped = torch.from_numpy(entries).view(1, 1, *features.shape)
        if step is not None:
            moved = shaped if found.spans is None else from_first(shaped, found.spans)
            entries = moved.flatten()[: len(wanted.scale)].numpy()
            size = by_lag(wanted.features, entries**2)
            return percent(size.ravel()).reshape(size.shape), wanted.lags
        if found.spans is not None:
            entries = aligned(shaped, found.spans).flatten().numpy()
        size = by_lag(features, entries**2)
        return percent(size.ravel()).reshape(size.shape), range(features.steps)

    def _contributed(
        self, output: str | int | None, row: object
    ) -> Float64[np.ndarray, "lags features"]:
        """Contributions at one row, by lag."""
        from nbexplain.explanation.local import derivatives, find

        ex = self._ex
        found = find(ex, row)
        entries = derivatives(ex, found, output)
        if found.spans is not None:
            shaped = torch.from_numpy(entries).view(1, 1, *ex.features.shape)
            entries = aligned(shaped, found.spans).flatten().numpy()
        return by_lag(ex.features, entries)

    def _index(self, lags: range) -> pd.Index[int]:
        import pandas as pd

        unit = self._ex.features.lag_unit
        return pd.RangeIndex(
            lags.start, lags.stop, name=f"lag ({unit})" if isinstance(unit, str) else "lag"
        )


def check_step(ex: Explanation, step: object) -> None:
    """Refuse an output step that was not explained.

    Raises:
        ValueError: outputs at every step were not asked for, or there is no such step.
        TypeError: a step that is no whole number.
    """
    if step is None:
        return
    if ex.asked.steps != "valid":
        raise ValueError(
            "Single output steps are at hand where outputs at every step were explained: call "
            "nbx.explain(…, method=nbx.Sensitivity(steps='valid')) on a model that returns them."
        )
    if isinstance(step, bool) or not isinstance(step, int | np.integer):
        raise TypeError(f"step={step!r} is not a position: pass 0 for the first step.")
    if not 0 <= step < ex.features.steps:
        raise ValueError(f"step={step} is outside the steps of X, 0 to {ex.features.steps - 1}.")


def check_share(share: float) -> None:
    """Refuse what is no share.

    Raises:
        ValueError: for a share outside (0, 1].
    """
    if not 0 < share <= 1:
        raise ValueError(f"share={share} must be above 0 and at most 1: 0.9 means 90 %.")


def check_lags(ex: Explanation) -> None:
    """Refuse data without lags.

    Raises:
        ValueError: X holds no sequences, or sequences of one step.
    """
    shape = list(ex.features.shape)
    if ex.features.kind != "sequence":
        raise ValueError(
            f"There are no lags: a row of X has the shape {shape}, and lags are those of "
            "sequences, X of shape [rows, steps, features]."
        )
    if ex.features.steps == 1:
        raise ValueError(ONE_STEP.format(shape=shape))


ONE_STEP = (
    "X's sequences have one step (rows of shape {shape}), so there are no lags to compare: pass "
    "windows of several steps, [rows, steps, features]."
)
