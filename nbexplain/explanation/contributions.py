"""What an explanation says of contributions: what they are held against, and how they add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from nbexplain.engine.samples import widened

if TYPE_CHECKING:
    from nbexplain.explanation.record import Explanation


class Contributions:
    """Baselines and gaps of methods that compare each row with something."""

    @property
    def _own(self) -> Explanation:
        return cast("Explanation", self)

    @property
    def base_values(self) -> NDArray[np.floating] | None:
        """The outputs at the baseline of the kept rows, `[kept, outputs]`; else None.

        What methods that compare hold each row against. A sensitivity has no baseline.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2), method="integrated_gradients")
        >>> bool(np.allclose(ex.predictions - ex.base_values, ex.attributions.sum(2), atol=1e-5))
        True
        """
        base = self._own.swept.sample.base
        return None if base is None else widened(base[:, list(self._own.asked.columns)]).numpy()

    @property
    def standard_errors(self) -> NDArray[np.floating] | None:
        """Standard errors of each feature's contribution, `[kept, outputs, features]`; or None.

        Of methods that draw: how far a contribution would move with other draws, at these rows and
        this model; four times as many draws halve it. Of texts one for each token,
        `[kept, outputs, steps]`.

        >>> import torch, nbexplain as nbx
        >>> ex = nbx.explain(torch.nn.Linear(2, 1), torch.eye(2), method="expected_gradients")
        >>> ex.standard_errors.shape, ex.local(0)["error"].shape
        ((2, 1, 2), (2,))
        """
        errors = self._own.swept.sample.errors
        if errors is None:
            return None
        return widened(errors[:, list(self._own.asked.columns)]).numpy()

    @property
    def gaps(self) -> NDArray[np.floating] | None:
        """By how much the contributions' sum misses prediction − base, `[kept, outputs]`; or None.

        >>> import torch, nbexplain as nbx
        >>> square = lambda x: (x**2).sum(1, keepdim=True)
        >>> nbx.explain(square, 3 * torch.eye(2), method="gradient_x_input").gaps.tolist()
        [[-9.0], [-9.0]]
        """
        base = self.base_values
        if base is None:
            return None
        total = self._own.attributions.reshape(*base.shape, -1).sum(2, dtype=np.float64)
        return self._own.predictions.astype(np.float64) - base - total
