"""The keys of the window: one table, from which the shortcuts are made and which F1 shows. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.tongue import tr

_ROWS = 14  # of the list; then comes the next column


@dataclass(frozen=True)
class Key:
    """`keys` are alternatives, as Qt writes them; without `do` another widget handles them. `does` is marked.

    Without keys it is an action that only Ctrl+K finds; one that is not `is_offered` makes no sense there.
    """

    keys: tuple[str, ...]
    does: str
    do: Callable[[], object] | None = None
    is_offered: bool = True


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
        self.setWindowTitle(tr("Keys"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(8)
        for row, key in enumerate(key for key in table if key.keys):
            cap = label(tr("  or  ").join(native(text) for text in key.keys), role=fonts.SMALL)
            cap.setObjectName("keyCap")
            grid.addWidget(cap, row % _ROWS, 2 * (row // _ROWS), Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(label(tr(key.does), role=fonts.UI), row % _ROWS, 2 * (row // _ROWS) + 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(16)
        column.addWidget(label(tr("Keys"), role=fonts.TITLE))
        column.addLayout(grid)
        column.addWidget(button(tr("Close"), self.close), 0, Qt.AlignmentFlag.AlignRight)


def native(keys: str) -> str:
    """As the system and the language write them: "Strg+L"."""
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText).replace("Return", tr("Enter"))
