"""The line that says that a chat is a temporary one, above the box to write in. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import IconLabel, label
from app.gui.theme import Theme
from app.gui.tongue import tr


class TemporaryNote(QWidget):
    """Hidden at first."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        said = tr("Temporary chat: nothing of it is written to the disk")
        self.setAccessibleName(said)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 0, 4, 8)
        row.setSpacing(8)
        row.addStretch()
        row.addWidget(IconLabel(theme, "message-square-dashed"))
        row.addWidget(label(said, role=fonts.SMALL, tone="muted", wraps=True), 1)
        row.addStretch()
        self.hide()
