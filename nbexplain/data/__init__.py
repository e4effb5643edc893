"""Any source (frame, array, tensor, loader) as batches of rows with names."""

from nbexplain.data.arranged import Told, arranged, rows_first, telling
from nbexplain.data.forms import PLAIN, Form, Formed, padded, rows_of_states_first, taken_apart
from nbexplain.data.inputs import plural
from nbexplain.data.reading import read, read_in_memory
from nbexplain.data.source import Batch, Source
from nbexplain.data.states import States, states_of
from nbexplain.data.tokens import Padding, Tokens

__all__ = [
    "PLAIN",
    "Batch",
    "Form",
    "Formed",
    "Padding",
    "Source",
    "States",
    "Tokens",
    "Told",
    "arranged",
    "padded",
    "plural",
    "read",
    "read_in_memory",
    "rows_first",
    "rows_of_states_first",
    "states_of",
    "taken_apart",
    "telling",
]
