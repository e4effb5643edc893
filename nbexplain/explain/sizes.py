"""How many rows a batch has when nobody says."""

import numpy as np

ENTRIES = 2**20
"""Derivatives formed at once: few enough to stay near the processor's caches."""

STEP_ENTRIES = 2**17
"""The same of sequences, whose steps leave more behind for the backward sweep."""


def rows_at_once(
    outputs: int, entries: int, *, sequences: bool = False, every_step: bool = False
) -> int:
    """How many rows a batch has when the user does not say."""
    most, fewest = ENTRIES, 128
    if sequences:
        # Adding up a sweep takes 64 groups of rows, however few rows there are.
        most, fewest = STEP_ENTRIES * (2 if every_step else 1), 64
    return int(np.clip(most // max(1, outputs * entries) // 64 * 64, fewest, 8192))
