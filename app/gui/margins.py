"""What a layout keeps free around what is in it, where the page may begin at the right: Qt does not mirror it."""

from __future__ import annotations

from app.gui.tongue import is_right_to_left


def margins(start: int, top: int, end: int, bottom: int) -> tuple[int, int, int, int]:
    """For `setContentsMargins`, in pixels; `start`: where lines begin."""
    return (end, top, start, bottom) if is_right_to_left() else (start, top, end, bottom)
