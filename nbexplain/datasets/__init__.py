"""Small data sets with known answers, and loaders for real ones."""

from nbexplain.datasets.credit import credit_default
from nbexplain.datasets.measured import co2, sunspots
from nbexplain.datasets.planted import Planted, autoregression, delayed_effects, gated_memory
from nbexplain.datasets.simulated import AdditiveFunction, Simulated, simulation

__all__ = [
    "AdditiveFunction",
    "Planted",
    "Simulated",
    "autoregression",
    "co2",
    "credit_default",
    "delayed_effects",
    "gated_memory",
    "simulation",
    "sunspots",
]
