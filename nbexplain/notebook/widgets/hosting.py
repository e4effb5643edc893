"""What ipywidgets and ipykernel leave to their users: a layout to close, a sender to answer."""

from __future__ import annotations

import contextlib
from typing import Any

import anywidget


def close_layout(widget: anywidget.AnyWidget) -> None:
    """Close the model that every widget has for its layout and leaves behind."""
    layout: Any = widget.layout
    layout.close()


def route_by_sender(comm: Any) -> None:
    """Let messages on a comm be answered while a cell runs, on ipykernel 7.4.

    It routes a comm's messages to the subshell that last *sent* on it, which for one made in a
    cell is the busy main one. None is its own sign for "by the sender's choice".
    """
    with contextlib.suppress(Exception):  # a private name: whatever it becomes, do without it
        if hasattr(comm, "_reply_subshell_for"):
            comm._reply_subshell_for = None
