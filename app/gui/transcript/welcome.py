"""What an empty chat shows: one sentence and a hint. GUI thread only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import label
from app.gui.tongue import tr


class Welcome(QWidget):
    """Quiet, in the middle of the page."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(8)
        column.addStretch(2)
        self._lines = (
            label(tr("Ask anything. It stays on this machine."), role=fonts.TITLE, wraps=True),
            label(tr("Drop documents anywhere on the window to have them summarised."), tone="muted", wraps=True),
        )
        for line in self._lines:
            line.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(line)
        column.addStretch(3)
