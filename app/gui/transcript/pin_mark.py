"""The quiet "Pinned" of a message that is pinned. GUI thread only."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.gui import fonts
from app.gui.buttons import IconLabel, label
from app.gui.theme import Theme
from app.gui.tongue import tr


class PinMark(QWidget):
    """An icon with a word beside it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 8, 0)
        row.setSpacing(4)
        row.addWidget(IconLabel(theme, "pin"))
        row.addWidget(label(tr("Pinned"), role=fonts.SMALL, tone="muted"))
