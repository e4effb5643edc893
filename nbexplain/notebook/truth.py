"""What y says of the rows, as a page reads it: beside what the outputs predict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from nbexplain.explanation.question import RESPONSES
from nbexplain.notebook.packing import text

if TYPE_CHECKING:
    from nbexplain.explanation import Explanation


@dataclass(frozen=True)
class Truth:
    """How y is read.

    Attributes:
        form: its values are what the page reads, one class a column ("one-hot"), or nothing that
            the outputs can be compared with (None).
        classes: names of the classes that the values are codes of, or None.
    """

    form: Literal["values", "one-hot"] | None
    classes: list[str] | None = None

    @classmethod
    def of(cls, explanation: Explanation) -> Truth:
        """How this explanation's y is read: as codes of classes, or as numbers.

        A response such as the loss, or the predicted output alone, is neither.
        """
        asked, y = explanation.asked, explanation.targets
        if y is None:
            return cls(None)
        if not asked.classifier:
            width = 1 if y.ndim == 1 else y.shape[1]
            return cls("values" if asked.response == "raw" and width == len(asked.names) else None)
        if not all_classes(explanation):
            return cls(None)
        if explanation.classes is not None:
            return cls("values", [text(name) for name in explanation.classes])
        # Numbers beside classes: float codes, or a column for each class.
        names = asked.names if len(asked.names) > 1 else ("0", "1")
        classes = [text(name) for name in names]
        if y.ndim == 1:
            return cls("values", classes) if np.isin(y, range(len(names))).all() else cls(None)
        if y.shape[1] != len(names) or not np.isin(y, (0, 1)).all():
            return cls(None)
        if (y.sum(1) == 1).all():
            return cls("one-hot", classes)
        # Each output says yes or no by itself.
        return cls("values" if asked.kind == "independent" and len(names) > 1 else None)

    def read(self, y: NDArray[Any] | Tensor | None) -> NDArray[np.float32] | None:
        """Values of y as the page reads them, `[n]` or `[n, outputs]`; None where it cannot."""
        if y is None or self.form is None:
            return None
        values = np.asarray(y)
        return (values.argmax(1) if self.form == "one-hot" else values).astype("<f4")


def all_classes(explanation: Explanation) -> bool:
    """Whether the swept outputs are classes, and all of them."""
    asked = explanation.asked
    if not asked.classifier or asked.kind != "values":
        return asked.classifier
    known = explanation.classes
    if asked.network in ("logit", "independent") and asked.response in RESPONSES:
        return len(asked.names) == 1 and (known is None or len(known) == 2)  # yes or no
    return known is not None and len(known) == len(asked.names)
