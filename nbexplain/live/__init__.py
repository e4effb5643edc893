"""Watching a model while it trains: steps found, a budget kept, a history written."""

from nbexplain.live.watching import Watch, watch

__all__ = ["Watch", "watch"]
