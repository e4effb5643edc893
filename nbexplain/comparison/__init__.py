"""Explanations against each other: what gained, what lost, and how sure that is."""

from nbexplain.comparison.agreement import Agreement, agreement
from nbexplain.comparison.record import Comparison, compare

__all__ = ["Agreement", "Comparison", "agreement", "compare"]
