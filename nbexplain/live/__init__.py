"""Watching a model while it trains: steps found, a budget kept, a history written."""

from nbexplain.live.marks import Mark
from nbexplain.live.record import TrainingRecord, record_of
from nbexplain.live.storage import load
from nbexplain.live.watching import Watch, watch

__all__ = ["Mark", "TrainingRecord", "Watch", "load", "record_of", "watch"]
