"""Any source (frame, array, tensor, loader) as batches of rows with names."""

from nbexplain.data.reading import read
from nbexplain.data.source import Batch, Source

__all__ = ["Batch", "Source", "read"]
