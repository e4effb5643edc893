"""The forms of an explanation that need no kernel: plain text, a script-free fragment, one page."""

from __future__ import annotations

from nbexplain.notebook.report.fragment import static_html
from nbexplain.notebook.report.page import Part, save_html
from nbexplain.notebook.report.text import plain_text

__all__ = ["Part", "plain_text", "save_html", "static_html"]
