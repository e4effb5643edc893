"""What an explanation of sequences says of time: the shares of lags, and of lags by feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.engine.importances import Shares
from nbexplain.engine.lags import by_lag, lag_shares, lag_sizes
from nbexplain.engine.padding import aligned
from nbexplain.engine.profiles import Memory, memory

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation.record import Explanation


class Sequences:
    """The tables of lags; lag 0 is the last step of the window, "now"."""

    @property
    def _ex(self) -> Explanation:
        return cast("Explanation", self)

    def lag_importance(self, output: str | int | None = None, row: object = None) -> pd.DataFrame:
        r"""How much of the sensitivity each lag carries.

        $\gamma_k = 100 \sum_j M_{kj} / \sum_{lj} M_{lj}$ with
        $M_{kj} = \sqrt{\frac1N \sum_n (s_j\, \partial y_n / \partial x_{n,\tau-1-k,j})^2}$ (Horel
        et al., §2.5). At one row, the share of the squared derivatives, as in `local`.

        Args:
            output: an output's name or position; None combines all of them, or at one row takes
                the predicted class, else the first.
            row: a row's label, else its position in X, or a new row `[τ, p]`; None for all rows.

        Returns:
            A frame indexed by lag, 0 (the last step) to τ − 1: `importance` (percent), `low` and
            `high` (its interval over rows, overlapping windows left out together; NaN at one
            row). The index is called `lag`, with the unit where `lag_unit=` gave one.

        Raises:
            ValueError: X holds no sequences, or sequences of one step; no such row or output.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: 3 * x[:, -1] + x[:, -2]
        >>> X = torch.randn(50, 3, 1, generator=torch.Generator().manual_seed(0))
        >>> nbx.explain(model, X).lag_importance()["importance"].round(6).to_dict()
        {0: 75.0, 1: 25.0, 2: 0.0}
        """
        import pandas as pd

        if row is None:
            found = self.lag_shares(output)
            columns = (found.share, found.low, found.high)
        else:
            share = self._map(output, row).sum(1)
            columns = (share, *np.full((2, len(share)), np.nan))
        table = np.stack(columns, axis=1)
        return pd.DataFrame(table, index=self._index(), columns=["importance", "low", "high"])

    def lag_map(self, output: str | int | None = None, row: object = None) -> pd.DataFrame:
        """The share of each feature at each lag, of which lags and features are the two margins.

        Args:
            output: as `lag_importance` takes it.
            row: as `lag_importance` takes it.

        Returns:
            A frame lag × feature, percent of the total. Its rows add up to `lag_importance`, its
            columns to `importance` (at one row, to those of `local`).

        Raises:
            ValueError: as `lag_importance` does.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: 3 * x[:, -1, :1] + x[:, -2, 1:]
        >>> X = torch.randn(50, 2, 2, generator=torch.Generator().manual_seed(0))
        >>> nbx.explain(model, X, scale="none").lag_map().loc[1].to_dict()
        {'x0': 0.0, 'x1': 25.0}
        """
        import pandas as pd

        share = self._map(output, row)
        return pd.DataFrame(share, index=self._index(), columns=list(self._ex.features.names))

    def lag_shares(self, output: str | int | None = None) -> Shares:
        """γ of every lag with its interval, as arrays, lag 0 first; see `lag_importance`.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(lambda x: x[:, -1] + x[:, -3], torch.randn(50, 4, 1))
        >>> ex.lag_shares().select(0.9).tolist()
        [0, 2]
        """
        ex = self._ex
        check_lags(ex)
        sums, weights = ex.swept.sums[ex.response], ex.weights_of(output)
        return lag_shares(sums, ex.features, ex.scaling, weights, ex.confidence)

    def memory_length(self, share: float = 0.9, output: str | int | None = None) -> Memory:
        """How far back the model looks: the shortest window that ends now and carries this share.

        Args:
            share: of the sensitivity, above 0 and at most 1.
            output: an output's name or position; None combines all of them.

        Returns:
            `length`, a number of steps, and its interval over rows, `low` to `high`; NaN for a
            constant model. `select(share, by="lag")` may need fewer lags, those that carry most,
            but never a shorter window.

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
        sums, weights = ex.swept.sums[ex.response], ex.weights_of(output)
        return memory(sums, ex.features, ex.scaling, weights, ex.confidence, share)

    def _map(self, output: str | int | None, row: object) -> NDArray[np.float64]:
        """Percent of the total, `[lags, features]`; NaN where the response moves with nothing."""
        from nbexplain.explanation.local import derivatives, find

        ex = self._ex
        check_lags(ex)
        if row is None:
            sums, weights = ex.swept.sums[ex.response], ex.weights_of(output)
            size = lag_sizes(sums, ex.features, ex.scaling, weights)
        else:
            found = find(ex, row)
            entries = derivatives(ex, found, output)
            if found.spans is not None:
                shaped = torch.from_numpy(entries).view(1, 1, *ex.features.shape)
                entries = aligned(shaped, found.spans).flatten().numpy()
            size = by_lag(ex.features, entries**2)
        total = size.sum()
        return 100 * size / total if total > 0 else np.full_like(size, np.nan)

    def _index(self) -> pd.Index[int]:
        import pandas as pd

        unit = self._ex.features.lag_unit
        name = f"lag ({unit})" if isinstance(unit, str) else "lag"
        return pd.RangeIndex(self._ex.features.steps, name=name)


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
