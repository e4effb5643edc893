"""The front door: a model and data in, an explanation out."""

from nbexplain.explain.front import explain

__all__ = ["explain"]
