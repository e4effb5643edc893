"""Any model → a differentiable snapshot with a chosen output."""

from nbexplain.model.checks import check_function, untouched
from nbexplain.model.copying import private_copy
from nbexplain.model.embedding import Embedded, Lookup, look_up
from nbexplain.model.outputs import Picked, describe, pick
from nbexplain.model.snapshot import Signature, Snapshot, modules_in
from nbexplain.model.steps import at_step, stepped_only

__all__ = [
    "Embedded",
    "Lookup",
    "Picked",
    "Signature",
    "Snapshot",
    "at_step",
    "check_function",
    "describe",
    "look_up",
    "modules_in",
    "pick",
    "private_copy",
    "stepped_only",
    "untouched",
]
