"""The keys of the window: one table, from which the shortcuts are made and which F1 shows. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label


@dataclass(frozen=True)
class Key:
    """`keys` are alternatives, as Qt writes them; without `do` another widget handles them."""

    keys: tuple[str, ...]
    does: str
    do: Callable[[], object] | None = None


def install(window: QWidget, table: tuple[Key, ...]) -> None:
    """Make the shortcuts of a window."""
    for key in table:
        for text in key.keys:
            if key.do is not None:
                shortcut = QShortcut(QKeySequence(text), window)
                shortcut.activated.connect(key.do)


class KeysDialog(QDialog):
    """The list of keys; not modal."""

    def __init__(self, parent: QWidget, table: tuple[Key, ...]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        for row, key in enumerate(table):
            cap = label("  or  ".join(_native(text) for text in key.keys), role=fonts.SMALL)
            cap.setObjectName("keyCap")
            grid.addWidget(cap, row % 10, 2 * (row // 10), Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label(key.does, role=fonts.UI), row % 10, 2 * (row // 10) + 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(label("Keys", role=fonts.TITLE))
        column.addLayout(grid)
        column.addWidget(button("Close", self.close), 0, Qt.AlignmentFlag.AlignRight)


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", "Enter")
