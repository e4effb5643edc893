"""Any model → a differentiable snapshot with a chosen output."""

from nbexplain.model.checks import check_function, untouched
from nbexplain.model.copying import private_copy
from nbexplain.model.outputs import Picked, describe, pick
from nbexplain.model.snapshot import Signature, Snapshot
from nbexplain.model.steps import last_steps

__all__ = [
    "Picked",
    "Signature",
    "Snapshot",
    "check_function",
    "describe",
    "last_steps",
    "pick",
    "private_copy",
    "untouched",
]
