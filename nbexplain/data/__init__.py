"""Any source (frame, array, tensor, loader) as batches of rows with names."""

from nbexplain.data.arranged import arranged, rows_first
from nbexplain.data.reading import read
from nbexplain.data.source import Batch, Source
from nbexplain.data.tokens import Padding, Tokens

__all__ = ["Batch", "Padding", "Source", "Tokens", "arranged", "read", "rows_first"]
