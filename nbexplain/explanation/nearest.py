"""The real rows nearest to one, and what a row can be changed to."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from numpy.typing import NDArray

from nbexplain.engine.padding import aligned
from nbexplain.engine.responses import respond
from nbexplain.engine.samples import widened
from nbexplain.engine.units import deviations
from nbexplain.explanation.edited import choices

if TYPE_CHECKING:
    import pandas as pd

    from nbexplain.explanation.origin import Row
    from nbexplain.explanation.record import Explanation

CHUNK = 2**17
"""Entries compared at once."""


class Nearby:
    """What is near a row."""

    @property
    def _ex(self) -> Explanation:
        return cast("Explanation", self)

    def nearest(self, row: object, n: int = 5, output: str | int | None = None) -> pd.DataFrame:
        r"""The kept rows nearest to a row, nearest first.

        $d(x, r) = \sqrt{\sum_e ((x_e - r_e) / s_e)^2}$ over the entries e of a row, with the
        explanation's scale s: by standard deviations with `scale="std"`, in X's own units with
        "none"; of contributions, which have no scale, by standard deviations. An entry that is the
        same in all rows (s = 0) does not count. Padded sequences are compared with their last
        steps together, and 0 where one has no step.

        Args:
            row: the row's label, or a new row, as `local` takes it. A row of X is not near itself.
            n: how many rows, at least 1.
            output: an output's name or position; None takes the one that `local` explains.

        Returns:
            A frame indexed by the rows' labels: `distance`, `prediction` (the response of the
            output there) and, of tables, each feature's value as `local` has it.

        Raises:
            ValueError: no such row, n below 1, or rows that are texts.

        >>> import torch, nbexplain as nbx
        >>> model = lambda x: x @ torch.tensor([[2.0], [-1.0]])
        >>> X = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0]])
        >>> ex = nbx.explain(model, X, scale="none")
        >>> ex.nearest(torch.zeros(1, 2), n=2)[["distance", "prediction"]].values.tolist()
        [[0.0, 0.0], [1.0, 2.0]]
        """
        import pandas as pd

        from nbexplain.explanation.local import column_of, find, is_data, position_of, values

        ex = self._ex
        if n < 1:
            raise ValueError(f"n={n}: ask for one row or more.")
        found = find(ex, row)
        places, distances = near(ex, found, n, None if is_data(row) else position_of(ex, row))
        sample = ex.swept.sample
        outputs = sample.outputs[places]
        column = column_of(ex, found, output)
        responses = widened(respond(outputs, ex.asked.kind, ex.response)[:, column]).numpy()
        told = {"distance": distances, "prediction": responses.astype(np.float64)}
        index = pd.Index([ex.labels[place] for place in places], name="row", tupleize_cols=False)
        table = pd.DataFrame(told, index=index)
        if ex.features.kind != "table":
            return table
        rows = [list(values(ex.features, sample.values[place])) for place in places]
        return pd.concat(
            [table, pd.DataFrame(rows, index=index, columns=list(ex.features.names))], axis=1
        )

    @cached_property
    def choices(self) -> dict[str, tuple[str | None, ...]]:
        """What one-hot groups choose between: their columns, and None where none may be on.

        A group is one-hot where, in the kept rows, its columns hold 0 and 1 and at most one is 1.

        >>> import torch, nbexplain as nbx
        >>> groups = {"colour": ["x1", "x2"]}
        >>> nbx.explain(torch.nn.Linear(3, 1), torch.eye(3), groups=groups).choices
        {'colour': ('x1', 'x2', None)}
        """
        return choices(self._ex)


def near(
    ex: Explanation, row: Row, n: int, but: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Places of the nearest kept rows among them, and how far they are.

    Args:
        ex: whose kept rows are looked at.
        row: what they are to be near to.
        n: how many, fewer where fewer were kept.
        but: position in X of a row that is not looked at.

    Raises:
        ValueError: rows are texts.
    """
    if ex.features.tokens:
        raise ValueError("Texts have no distance: rows are ids of tokens, which are only names.")
    sample = ex.swept.sample
    here, spans = row.values[:, None], row.spans
    here = (here if spans is None else aligned(here, spans)).reshape(-1).double()
    scale = deviations(ex.swept, ex.features) if ex.asked.additive else ex.scaling
    units = np.divide(1, scale, out=np.zeros_like(scale), where=scale > 0)
    unit, squares = torch.from_numpy(units), np.empty(sample.count)
    step = max(1, CHUNK // len(here))
    for start in range(0, sample.count, step):
        part = slice(start, start + step)
        there, spans = sample.values[part][:, None], sample.spans
        there = there if spans is None else aligned(there, spans[part])
        apart = (there.flatten(1).double() - here).mul_(unit)
        squares[part] = apart.square_().sum(1).numpy()
    if but is not None:
        squares[sample.positions == but] = np.inf
    few = np.arange(sample.count)
    if n < sample.count:  # of a hundred thousand only a few are put in order
        (few,) = np.nonzero(squares <= np.partition(squares, n - 1)[n - 1])
    order = few[np.lexsort((few, squares[few]))][:n]
    order = order[np.isfinite(squares[order])]
    return order.astype(np.int64), np.sqrt(squares[order])
