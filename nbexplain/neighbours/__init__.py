"""Attributions that other libraries computed, in the tables and views of this one."""

from nbexplain.neighbours.captum import from_captum
from nbexplain.neighbours.shap import from_shap

__all__ = ["from_captum", "from_shap"]
