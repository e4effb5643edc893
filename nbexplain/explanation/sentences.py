"""A table that shows its sentences whole, where pandas cuts text off."""

import pandas as pd


class Sentences(pd.DataFrame):
    """A frame whose printed and HTML forms cut nothing off; parts of it are plain frames.

    >>> print(Sentences({"sentence": [f"{'long ' * 12}sentence"]}))
                                                                   sentence
    0  long long long long long long long long long long long long sentence
    """

    def __repr__(self) -> str:
        with pd.option_context("display.max_colwidth", None, "display.max_columns", None):
            return super().__repr__()

    def _repr_html_(self) -> str | None:
        with pd.option_context("display.max_colwidth", None, "display.max_columns", None):
            return super()._repr_html_()  # pyright: ignore[reportAttributeAccessIssue]
