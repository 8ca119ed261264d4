"""The order in which Tab visits what is on a page: as it is read, whenever it was made. GUI thread only.

Qt keeps the order in which widgets came into being, which puts messages, cards and paragraphs after the status bar.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QWidget

from app.gui.lazy_page import LazyPage


def reading_order(root: QWidget) -> list[QWidget]:
    """Everything below `root` that Tab can reach now: layouts in their order, what floats in them by its place."""
    return list(_below(root))


def step(root: QWidget, forward: bool) -> bool:
    """Give the keyboard to the next or the one before, round the ends; False where the order does not know who has it.

    What it comes to is scrolled into view.
    """
    order, now = reading_order(root), QApplication.focusWidget()
    if now not in order:
        return False
    wanted = order[(order.index(now) + (1 if forward else -1)) % len(order)]
    wanted.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    parent = wanted.parentWidget()
    while parent is not None:
        if isinstance(parent, QScrollArea | LazyPage):
            parent.ensureWidgetVisible(wanted)
        parent = parent.parentWidget()
    return True


def _below(widget: QWidget) -> Iterator[QWidget]:
    if not widget.isVisible() or not widget.isEnabled():
        return
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and widget.focusProxy() is None:
        yield widget
    laid_out = list(_in_layout(widget.layout()))
    others = [
        child
        for child in widget.children()
        if isinstance(child, QWidget) and not child.isWindow() and child not in laid_out
    ]
    for child in (*laid_out, *sorted(others, key=lambda child: (child.y(), child.x()))):
        yield from _below(child)


def _in_layout(layout: QLayout | None) -> Iterator[QWidget]:
    for index in range(layout.count() if layout is not None else 0):
        item = layout.itemAt(index) if layout is not None else None
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            yield widget
        else:
            yield from _in_layout(item.layout())
