"""One line of text that is asked for: a title, a name, some tags. GUI thread only."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import button, label
from app.gui.tongue import tr

_LEAST_WIDTH = 400


class TextDialog(QDialog):
    """`done` with the text, without the space around it; an empty one only where it `may_be_empty`."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        name: str,
        text: str,
        done: Callable[[str], object],
        *,
        may_be_empty: bool = False,
    ) -> None:
        super().__init__(parent)
        self._done, self._may_be_empty = done, may_be_empty
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.line = QLineEdit(text)
        self.line.setAccessibleName(name)
        self.line.selectAll()
        self._save = button(tr("Save"), self.accept, kind="main", role=fonts.UI_STRONG)
        self._save.setDefault(True)
        said = label(name, role=fonts.SMALL, tone="muted", wraps=True)
        said.setBuddy(self.line)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch()
        buttons.addWidget(button(tr("Cancel"), self.reject))
        buttons.addWidget(self._save)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(8)
        column.addWidget(label(title, role=fonts.TITLE, wraps=True))
        column.addSpacing(4)
        column.addWidget(said)
        column.addWidget(self.line)
        column.addSpacing(8)
        column.addLayout(buttons)
        self.line.textChanged.connect(self._refresh)
        self._refresh()
        self.line.setFocus()

    def accept(self) -> None:
        """Enter, or Save."""
        if self._save.isEnabled():
            super().accept()
            self._done(self.line.text().strip())

    def _refresh(self) -> None:
        self._save.setEnabled(self._may_be_empty or bool(self.line.text().strip()))
