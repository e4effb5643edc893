"""The units that inputs move by: how far each spreads over the rows."""

import numpy as np

from nbexplain.engine.axes import Float64
from nbexplain.engine.swept import Swept
from nbexplain.features import Features


def deviations(swept: Swept, features: Features) -> Float64[np.ndarray, " entries"]:
    """The spread of each entry: a feature's over rows and existing steps, a state's over rows.

    Args:
        swept: what the pass left.
        features: of the input.
    """
    first = len(features.columns) if features.states else 0
    count = features.steps - bool(features.states)
    if swept.steps is None:
        steps = swept.inputs.part(slice(first, None)).over(count)
    else:
        steps = np.tile(swept.steps.deviation, count)
    # The steps are constant in the states' row, as the states are at the steps.
    return np.concatenate([swept.inputs.part(slice(first)).deviation, steps])
