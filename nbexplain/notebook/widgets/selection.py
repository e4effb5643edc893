"""What is chosen, by name: shared by the views of an explanation."""

from __future__ import annotations

import traitlets


class Selection(traitlets.HasTraits):
    """A feature, an output and a response, each by name.

    Attributes:
        feature: the picked feature, or None.
        output: the output that is shown; None is all of them combined.
        response: what is differentiated: "raw", "prob", "logodds", …
    """

    feature = traitlets.Unicode(None, allow_none=True)
    output = traitlets.Unicode(None, allow_none=True)
    response = traitlets.Unicode("")

    #: The traits, in the order in which they are set.
    NAMES = ("response", "output", "feature")

    def choose(self, **names: str | None) -> None:
        """Set several at once: observers see all of them set."""
        with self.hold_trait_notifications():
            for name, value in names.items():
                setattr(self, name, value)
