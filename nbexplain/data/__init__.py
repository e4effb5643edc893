"""Any source (frame, array, tensor, loader) as batches of rows with names."""

from nbexplain.data.arranged import arranged, rows_first
from nbexplain.data.reading import read
from nbexplain.data.source import Batch, Source

__all__ = ["Batch", "Source", "arranged", "read", "rows_first"]
