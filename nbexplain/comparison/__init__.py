"""Explanations against each other: what gained, what lost, and how sure that is."""

from nbexplain.comparison.agreement import LEADING, Agreement, agreed, agreement
from nbexplain.comparison.record import Comparison, compare

__all__ = ["LEADING", "Agreement", "Comparison", "agreed", "agreement", "compare"]
