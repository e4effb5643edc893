"""Any model → a differentiable snapshot with a chosen output."""

from nbexplain.model.checks import check_function, untouched
from nbexplain.model.copying import private_copy
from nbexplain.model.outputs import Picked, describe, pick
from nbexplain.model.snapshot import Signature, Snapshot

__all__ = [
    "Picked",
    "Signature",
    "Snapshot",
    "check_function",
    "describe",
    "pick",
    "private_copy",
    "untouched",
]
