"""The quiet "Pinned" of a message that is pinned. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import IconLabel, label
from app.gui.margins import margins
from app.gui.theme import Theme
from app.gui.tongue import tr


class PinMark(QWidget):
    """An icon with a word beside it, made when it is needed: few messages are pinned."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.hide()

    def show_for(self, is_pinned: bool) -> None:
        """Or hide it."""
        if is_pinned and self.layout() is None:
            row = QHBoxLayout(self)
            row.setContentsMargins(*margins(0, 0, 8, 0))
            row.setSpacing(4)
            row.addWidget(IconLabel(self._theme, "pin"))
            row.addWidget(label(tr("Pinned"), role=fonts.SMALL, tone="muted"))
        self.setVisible(is_pinned)
