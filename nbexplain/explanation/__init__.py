"""The result: a frozen record of what was asked, of what was found, and of how."""

from nbexplain.explanation.origin import Origin, Row
from nbexplain.explanation.question import Question
from nbexplain.explanation.record import Explanation
from nbexplain.explanation.storage import from_parts, save, to_parts

__all__ = ["Explanation", "Origin", "Question", "Row", "from_parts", "save", "to_parts"]
